import { dot, invertPositiveDefinite, multiplyInto } from "../../core/linalg.js";
import { limitStep, scoringDirection } from "./em.js";
import type { Objective, Point } from "./objective.js";

/** How a quasi-Newton run ended. */
export interface QuasiNewtonResult {
  readonly point: Point;
  readonly iterations: number;
  /** g' H g / n at the end, H the approximate inverse information. */
  readonly criterion: number;
  readonly converged: boolean;
}

/**
 * BFGS on the exact gradient, preconditioned by the complete-data information: its first step is an EM step, the
 * later ones learn what the missing class labels take away from that information.
 * @param objective - the log-likelihood
 * @param start - a point (its information is computed if absent)
 * @param maxIterations - iterations
 * @param tolerance - stop when g' H g / n falls below this
 * @param known - approximate inverse information to begin with (n x n), where one is known
 * @returns the last point and how it was reached
 * Source: Nocedal & Wright (2006) ch. 6; preconditioning as in Jamshidian & Jennrich (1997, QN2).
 */
export function quasiNewton(
  objective: Objective,
  start: Point,
  maxIterations: number,
  tolerance: number,
  known?: Float64Array,
): QuasiNewtonResult {
  const n = objective.size;
  let current = start;
  let inverse = known?.slice() ?? startInverse(objective, current);
  const direction = new Float64Array(n);
  let criterion = Number.POSITIVE_INFINITY;
  // A matrix from elsewhere is not a fresh one: where it leads nowhere, a fresh one is tried.
  let sinceRestart = known === undefined ? 0 : 1;
  for (let iteration = 0; iteration < maxIterations; iteration++) {
    multiplyInto(direction, inverse, current.gradient, n);
    const slope = dot(direction, current.gradient, n);
    criterion = slope / n;
    if (current.exactFit) return { point: current, iterations: iteration, criterion, converged: false };
    if (criterion >= 0 && criterion < tolerance)
      return { point: current, iterations: iteration, criterion, converged: true };
    const next = slope > 0 ? lineSearch(objective, current, direction, slope) : null;
    if (next === null || sinceRestart > 4 * n + 20) {
      // A stalled line search with a fresh matrix means that rounding is all that is left.
      if (sinceRestart === 0)
        return { point: current, iterations: iteration, criterion, converged: criterion < 1e3 * tolerance };
      inverse = startInverse(objective, next ?? current);
      current = next ?? current;
      sinceRestart = 0;
      continue;
    }
    updateInverse(inverse, current, next, n);
    current = next;
    sinceRestart++;
  }
  return { point: current, iterations: maxIterations, criterion, converged: false };
}

/** Inverse complete-data information; by columns of scoring directions when it is singular. */
function startInverse(objective: Objective, point: Point): Float64Array {
  const n = objective.size;
  const information = point.information ?? objective.evaluate(point.x, true).information!;
  const inverse = invertPositiveDefinite(information, n);
  if (inverse?.every(Number.isFinite)) return inverse;
  const out = new Float64Array(n * n);
  const unit = new Float64Array(n);
  for (let j = 0; j < n; j++) {
    unit.fill(0);
    unit[j] = 1;
    const column = scoringDirection(information, unit);
    for (let i = 0; i < n; i++) out[i * n + j]! += 0.5 * column[i]!;
    for (let i = 0; i < n; i++) out[j * n + i]! += 0.5 * column[i]!;
  }
  return out;
}

/** Backtracking with quadratic interpolation; lengthens the step while the slope hardly falls. */
function lineSearch(objective: Objective, from: Point, direction: Float64Array, slope: number): Point | null {
  const n = direction.length;
  const x = new Float64Array(n);
  const at = (step: number): Point => {
    for (let i = 0; i < n; i++) x[i] = from.x[i]! + step * direction[i]!;
    return objective.evaluate(x, false);
  };
  const longest = limitStep(direction);
  let step = longest;
  for (let trial = 0; trial < 25; trial++) {
    let point = at(step);
    if (point.value >= from.value + 1e-4 * step * slope) {
      for (let extension = 0; extension < 6; extension++) {
        if (dot(point.gradient, direction, n) < 0.9 * slope) break;
        const longer = at(step * 2);
        if (!(longer.value > point.value)) break;
        step *= 2;
        point = longer;
      }
      return point;
    }
    const curvature = point.value - from.value - step * slope;
    const interpolated = Number.isFinite(curvature) ? (-0.5 * slope * step * step) / curvature : 0;
    step = Math.min(Math.max(interpolated, 0.1 * step), 0.5 * step);
  }
  return null;
}

/** BFGS update of the inverse information; skipped where the curvature along the step is not positive. */
function updateInverse(inverse: Float64Array, from: Point, to: Point, n: number): void {
  const s = new Float64Array(n);
  const y = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    s[i] = to.x[i]! - from.x[i]!;
    y[i] = from.gradient[i]! - to.gradient[i]!;
  }
  const sy = dot(s, y, n);
  const hy = new Float64Array(n);
  multiplyInto(hy, inverse, y, n);
  const yhy = dot(y, hy, n);
  if (!(sy > 1e-12 * Math.sqrt(dot(s, s, n) * dot(y, y, n)))) return;
  const scale = (1 + yhy / sy) / sy;
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++)
      inverse[i * n + j]! += scale * s[i]! * s[j]! - (hy[i]! * s[j]! + s[i]! * hy[j]!) / sy;
}
