import { dot, symmetricEigen, symmetriseInPlace } from "../../core/linalg.js";
import type { Objective, Point } from "./objective.js";

/** The observed information and what it says of the maximum. */
export interface ObservedInformation {
  /** nParameters^2: minus the Hessian of the log-likelihood. */
  readonly matrix: Float64Array;
  /** Eigenvalues of the matrix scaled to unit complete-data information: the share of information left per direction. */
  readonly eigenvalues: Float64Array;
  /** Eigenvectors of the scaled matrix, columns. */
  readonly vectors: Float64Array;
  /** Scale s with scaled = s_i matrix_ij s_j. */
  readonly scale: Float64Array;
}

/** Directions with less than this share of the complete-data information count as flat. */
export const FLAT_CURVATURE = 1e-7;

/**
 * Observed information by central differences of the exact gradient, each step a thousandth of the parameter's
 * complete-data standard error (truncation and rounding errors are then both about 1e-7 relative).
 * @param objective - the log-likelihood
 * @param point - where; its information is computed if absent
 * @returns the information with its scaled eigenvalues
 */
export function observedInformation(objective: Objective, point: Point): ObservedInformation {
  const n = objective.size;
  const complete = point.information ?? objective.evaluate(point.x, true).information!;
  const scale = new Float64Array(n);
  let largest = 0;
  for (let i = 0; i < n; i++) largest = Math.max(largest, complete[i * n + i]!);
  for (let i = 0; i < n; i++) {
    const diagonal = complete[i * n + i]!;
    scale[i] = 1 / Math.sqrt(diagonal > 1e-10 * largest ? diagonal : Math.max(largest * 1e-10, 1e-10));
  }
  const matrix = new Float64Array(n * n);
  const x = point.x.slice();
  for (let j = 0; j < n; j++) {
    const step = 1e-3 * Math.min(scale[j]!, 1);
    x[j] = point.x[j]! + step;
    const above = objective.evaluate(x, false).gradient;
    x[j] = point.x[j]! - step;
    const below = objective.evaluate(x, false).gradient;
    x[j] = point.x[j]!;
    for (let i = 0; i < n; i++) matrix[i * n + j] = (below[i]! - above[i]!) / (2 * step);
  }
  symmetriseInPlace(matrix, n);
  const scaled = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      const value = matrix[i * n + j]! * scale[i]! * scale[j]!;
      scaled[i * n + j] = Number.isFinite(value) ? value : 0;
    }
  const eigen = symmetricEigen(scaled, n);
  return { matrix, eigenvalues: eigen.values, vectors: eigen.vectors, scale };
}

/** Result of {@link newtonFinish}. */
export interface NewtonResult {
  readonly point: Point;
  readonly information: ObservedInformation;
  /** g' H^-1 g / n at the point, over the directions that are not flat. */
  readonly criterion: number;
  readonly iterations: number;
}

/**
 * Newton steps with the observed information until the relative gradient criterion g'H^-1 g / n is at rounding level;
 * directions of negative curvature are climbed, flat ones left alone.
 * @param objective - the log-likelihood
 * @param start - a point near a maximum
 * @param maxIterations - Newton steps
 * @returns the maximum with its information
 */
export function newtonFinish(objective: Objective, start: Point, maxIterations: number): NewtonResult {
  let point = start;
  let information = observedInformation(objective, point);
  let { direction, criterion } = newtonDirection(information, point.gradient);
  let iterations = 0;
  while (iterations < maxIterations && !(criterion < SETTLED && information.eigenvalues[0]! > -1e-5)) {
    const next = climbNewton(objective, point, direction);
    if (next === null) break;
    iterations++;
    // From this close the step moves no estimate by more than 1e-4 standard errors: the curvature stands.
    const curvatureStands = criterion < 1e-8 && information.eigenvalues[0]! > -1e-5;
    point = next;
    if (!curvatureStands) information = observedInformation(objective, point);
    ({ direction, criterion } = newtonDirection(information, point.gradient));
  }
  return { point, information, criterion, iterations };
}

/** g'H^-1 g / n of a settled maximum: estimates within 1e-6 standard errors. */
const SETTLED = 1e-13;

function newtonDirection(
  information: ObservedInformation,
  gradient: Float64Array,
): { direction: Float64Array; criterion: number } {
  const n = gradient.length;
  const { eigenvalues, vectors, scale } = information;
  const direction = new Float64Array(n);
  let criterion = 0;
  for (let j = 0; j < n; j++) {
    const value = eigenvalues[j]!;
    let along = 0;
    for (let i = 0; i < n; i++) along += vectors[i * n + j]! * gradient[i]! * scale[i]!;
    if (Math.abs(value) < FLAT_CURVATURE) continue;
    criterion += (along * along) / Math.abs(value);
    // At an exact saddle the gradient is zero along the rising direction: push off it by a fixed amount.
    const push = value < -1e-5 && Math.abs(along) < 1e-6 ? 0.1 : along / Math.abs(value);
    for (let i = 0; i < n; i++) direction[i]! += push * vectors[i * n + j]! * scale[i]!;
  }
  return { direction, criterion: criterion / n };
}

function climbNewton(objective: Objective, from: Point, direction: Float64Array): Point | null {
  const n = direction.length;
  const x = new Float64Array(n);
  let largest = Math.sqrt(dot(direction, direction, n));
  largest = largest > 5 ? 5 / largest : 1;
  for (let step = largest, trial = 0; trial < 20; trial++, step *= 0.5) {
    for (let i = 0; i < n; i++) x[i] = from.x[i]! + step * direction[i]!;
    const point = objective.evaluate(x, true);
    // Near the maximum gains are below the rounding of the log-likelihood itself.
    if (point.value >= from.value - 1e-13 * Math.abs(from.value)) return point;
  }
  return null;
}
