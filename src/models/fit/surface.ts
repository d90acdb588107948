import { dot, multiplyInto } from "../../core/linalg.js";
import { limitStep } from "./em.js";
import type { Objective, Point } from "./objective.js";
import type { Scalar, ScalarPoint } from "./profileTarget.js";

/** A point of the log-likelihood with the quantity profiled and what the first-order conditions say there. */
export interface SurfacePoint {
  readonly point: Point;
  readonly scalar: ScalarPoint;
  /** Lagrange multiplier: the derivative of the profile log-likelihood by the quantity (scale of the search), at its maximum. */
  readonly multiplier: number;
  /** Gradient of l - multiplier * quantity. */
  readonly residual: Float64Array;
  /** H residual: the quasi-Newton step within the surface, to first order. */
  readonly tangent: Float64Array;
  /** residual' H residual: twice what the step should gain. */
  readonly gain: number;
  /** H gradient, and gradient' H gradient, of the quantity. */
  readonly normal: Float64Array;
  readonly normalLength: number;
}

/**
 * The surface on which a quantity has a given value, in the metric of an approximate inverse H of the information, which
 * learns from every step (BFGS on the Lagrangian). All points returned lie on the surface asked for.
 */
export interface SurfaceSearch {
  readonly objective: Objective;
  readonly scalar: Scalar;
  /** H, n x n; changed by the search. */
  readonly inverse: Float64Array;
}

/** Newton steps onto a surface: fewer than ten, or a great many. */
const RETRACTION_STEPS = 40;
/** Relative precision to which a point is put onto a surface. */
const ON_SURFACE = 1e-11;

/**
 * First-order conditions at a point.
 * @param search - objective, quantity, H
 * @param point - where
 * @param scalar - the quantity there
 * @returns multiplier, residual and steps
 */
export function describePoint(search: SurfaceSearch, point: Point, scalar: ScalarPoint): SurfacePoint {
  const n = point.x.length;
  const normal = new Float64Array(n);
  multiplyInto(normal, search.inverse, scalar.gradient, n);
  const normalLength = dot(normal, scalar.gradient, n);
  const multiplier = normalLength > 0 ? dot(normal, point.gradient, n) / normalLength : 0;
  const residual = point.gradient.map((g, i) => g - multiplier * scalar.gradient[i]!);
  const tangent = new Float64Array(n);
  multiplyInto(tangent, search.inverse, residual, n);
  const gain = Math.max(0, dot(tangent, residual, n));
  return { point, scalar, multiplier, residual, tangent, gain, normal, normalLength };
}

interface OnSurface {
  readonly x: Float64Array;
  readonly scalar: ScalarPoint;
}

/**
 * Moves a vector until the quantity has a given value: along H gradient, and where that circles (around a variance near zero), along
 * the gradient itself.
 */
function retract(search: SurfaceSearch, from: Float64Array, value: number): OnSurface | null {
  return retractAlong(search, from, value, search.inverse) ?? retractAlong(search, from, value, null);
}

function retractAlong(
  search: SurfaceSearch,
  from: Float64Array,
  value: number,
  metric: Float64Array | null,
): OnSurface | null {
  const n = from.length;
  const x = from.slice();
  const normal = new Float64Array(n);
  const tolerance = ON_SURFACE * Math.max(1, Math.abs(value));
  for (let iteration = 0; iteration < RETRACTION_STEPS; iteration++) {
    const scalar = search.scalar.at(x);
    const miss = value - scalar.value;
    if (Math.abs(miss) <= tolerance) return { x, scalar };
    if (metric === null) normal.set(scalar.gradient);
    else multiplyInto(normal, metric, scalar.gradient, n);
    const length = dot(normal, scalar.gradient, n);
    if (!(length > 0) || !Number.isFinite(length) || !Number.isFinite(miss)) return null;
    for (let i = 0; i < n; i++) x[i]! += (normal[i]! * miss) / length;
  }
  return null;
}

/** A point on the surface, not yet described. */
interface Landing {
  readonly point: Point;
  readonly scalar: ScalarPoint;
}

/**
 * Puts a vector onto the surface and evaluates the log-likelihood there.
 * @param search - objective, quantity, H
 * @param x - n
 * @param value - of the quantity
 * @returns the point, or null where the surface cannot be reached or the log-likelihood does not exist
 */
export function land(search: SurfaceSearch, x: Float64Array, value: number): Landing | null {
  const put = retract(search, x, value);
  if (put === null) return null;
  const point = search.objective.evaluate(put.x, false);
  return Number.isFinite(point.value) ? { point, scalar: put.scalar } : null;
}

/**
 * A step along the surface by a share of the quasi-Newton step, and across to another value of the quantity.
 * @param search - objective, quantity, H
 * @param from - where from
 * @param value - of the quantity at the end
 * @param share - of the step along the surface
 * @returns the point, or null where there is none
 */
export function moveTo(
  search: SurfaceSearch,
  from: SurfacePoint,
  value: number,
  share: number,
): Landing | null {
  const across = from.normalLength > 0 ? (value - from.scalar.value) / from.normalLength : 0;
  const x = from.point.x.map((x, i) => x + share * from.tangent[i]! + across * from.normal[i]!);
  return land(search, x, value);
}

/**
 * Teaches H the change of the Lagrangian's gradient over a step, and describes the step's end.
 * @param search - H is updated
 * @param from - where the step began
 * @param to - where it ended
 * @returns the end, described
 */
export function learn(search: SurfaceSearch, from: SurfacePoint, to: Landing): SurfacePoint {
  const { point, scalar } = to;
  const n = point.x.length;
  const { multiplier } = describePoint(search, point, scalar);
  const s = new Float64Array(n);
  const y = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    s[i] = point.x[i]! - from.point.x[i]!;
    const before = from.point.gradient[i]! - multiplier * from.scalar.gradient[i]!;
    y[i] = before - (point.gradient[i]! - multiplier * scalar.gradient[i]!);
  }
  updateInverse(search.inverse, s, y, n);
  return describePoint(search, point, scalar);
}

/** BFGS update of the inverse (Nocedal & Wright 2006, eq. 6.17); skipped where the curvature along the step is not positive. */
function updateInverse(inverse: Float64Array, s: Float64Array, y: Float64Array, n: number): void {
  const sy = dot(s, y, n);
  const hy = new Float64Array(n);
  multiplyInto(hy, inverse, y, n);
  const yhy = dot(y, hy, n);
  // Also skipped where the curvature is tiny against what H says of it: differences of rounding.
  if (!(sy > 1e-10 * Math.sqrt(dot(s, s, n) * dot(y, y, n))) || !(yhy < 1e8 * sy)) return;
  const scale = (1 + yhy / sy) / sy;
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++)
      inverse[i * n + j]! += scale * s[i]! * s[j]! - (hy[i]! * s[j]! + s[i]! * hy[j]!) / sy;
}

/** Why a climb ended. */
export interface Climb {
  readonly end: SurfacePoint;
  /** The gain still expected is below the tolerance. */
  readonly converged: boolean;
}

/**
 * Maximises the log-likelihood on the surface: quasi-Newton steps within it, each put back onto it exactly and halved until the
 * log-likelihood rises.
 * @param search - objective, quantity, H (updated)
 * @param start - a point of the surface
 * @param options - expected gain at which to stop, limit of steps, and what else ends the climb
 * @returns where the climb ended
 * Source: quasi-Newton within a constraint surface: Gabay (1982) J Optim Theory Appl 37:177.
 */
export function climbSurface(
  search: SurfaceSearch,
  start: SurfacePoint,
  options: {
    readonly tolerance: number;
    readonly maxSteps: number;
    readonly stop?: (point: SurfacePoint) => boolean;
  },
): Climb {
  let current = start;
  const { value } = start.scalar;
  for (let step = 0; step < options.maxSteps; step++) {
    if (options.stop?.(current)) return { end: current, converged: true };
    if (current.gain < options.tolerance) return { end: current, converged: true };
    const next = rise(search, current, value);
    if (next === null) return { end: current, converged: false };
    current = next;
  }
  return { end: current, converged: current.gain < options.tolerance };
}

function rise(search: SurfaceSearch, from: SurfacePoint, value: number): SurfacePoint | null {
  let share = limitStep(from.tangent);
  const allowance = 1e-14 * Math.abs(from.point.value);
  for (let trial = 0; trial < 25; trial++, share *= trial < 3 ? 0.5 : 0.2) {
    const next = moveTo(search, from, value, share);
    if (next !== null && next.point.value >= from.point.value + 1e-4 * share * from.gain - allowance)
      return learn(search, from, next);
  }
  return null;
}
