import { choleskyInPlace, choleskySolveInPlace } from "../../core/linalg.js";
import type { Objective, Point } from "./objective.js";

/**
 * Solves I d = g with a ridge that grows until I is positive definite.
 * @param information - n x n symmetric, positive semi-definite up to rounding
 * @param gradient - n
 * @returns the direction
 */
export function scoringDirection(information: Float64Array, gradient: Float64Array): Float64Array {
  const n = gradient.length;
  const scale = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const diagonal = information[i * n + i]!;
    scale[i] = diagonal > 1e-12 ? 1 / Math.sqrt(diagonal) : 1;
  }
  const direction = new Float64Array(n);
  const factor = new Float64Array(n * n);
  // On the unit-diagonal scale a relative ridge means the same for every parameter.
  for (let ridge = 1e-10; ridge < 1e3; ridge *= 100) {
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++)
        factor[i * n + j] = information[i * n + j]! * scale[i]! * scale[j]! + (i === j ? ridge : 0);
    if (!choleskyInPlace(factor, n)) continue;
    for (let i = 0; i < n; i++) direction[i] = gradient[i]! * scale[i]!;
    choleskySolveInPlace(factor, n, direction);
    for (let i = 0; i < n; i++) direction[i]! *= scale[i]!;
    return direction;
  }
  direction.set(gradient);
  return direction;
}

/** Standard deviations of random effects (outcome's SD 1) below this may grow by as much in a step. */
const SMALL_DEVIATION = 0.1;

/**
 * The complete-data information with the curvature that it lacks near a variance of zero. An entry l that counts squared has gradient 2 G l
 * and information of the order of l^2, so that a step g / I overshoots by any factor as l shrinks, and the halving that follows stops
 * every other parameter too. Its own curvature there is -g / l; with it the step is at most |l| (or, away from zero, {@link SMALL_DEVIATION}).
 * @param objective - says which entries count squared
 * @param point - a point with information
 * @returns n x n
 */
function dampedInformation(objective: Objective, point: Point): Float64Array {
  const n = objective.size;
  const out = point.information!.slice();
  for (const i of objective.squared) {
    const value = Math.abs(point.x[i]!);
    const slope = Math.abs(point.gradient[i]!);
    const towardsZero = point.gradient[i]! * point.x[i]! < 0;
    const reach = towardsZero ? value : Math.max(value, SMALL_DEVIATION);
    out[i * n + i]! += slope / Math.max(reach, 1e-12);
  }
  return out;
}

/**
 * Generalised EM: each step is one scoring step of the M-step's objective, x + I^-1 g, where I is the information
 * of the complete data (class labels known, random effects integrated out). Gradient steps of Q are gradient steps of the
 * log-likelihood (Fisher's identity), so a step that does not raise the log-likelihood is damped, then halved.
 * @param objective - the log-likelihood
 * @param start - where to begin
 * @param maxSteps - steps
 * @param tolerance - stops when a step gains less than this
 * @returns the last point, with information
 * Source: Lange (1995), EM gradient algorithm.
 */
export function emSteps(
  objective: Objective,
  start: Float64Array,
  maxSteps: number,
  tolerance: number,
): Point {
  let current = objective.evaluate(start, true);
  // In a mixture some variance is near zero more often than not; with one class damping is for overshoots only, as it would
  // lead away along directions in which a model that is not identified is flat.
  let damped = objective.parameters.nClasses > 1;
  for (let step = 0; step < maxSteps; step++) {
    let next = damped ? null : climb(objective, current, current.information!, 1);
    if (next === null) {
      // From the first overshoot on: a variance that runs to zero goes on overshooting.
      damped = true;
      next = climb(objective, current, dampedInformation(objective, current), 12);
    }
    if (next === null) return current;
    const gain = next.value - current.value;
    current = next;
    if (gain < tolerance || current.exactFit) break;
  }
  return current;
}

/** A scoring step, halved until the log-likelihood does not fall; null after so many trials. */
function climb(objective: Objective, from: Point, information: Float64Array, trials: number): Point | null {
  const direction = scoringDirection(information, from.gradient);
  const n = direction.length;
  let step = limitStep(direction);
  const x = new Float64Array(n);
  for (let trial = 0; trial < trials; trial++, step *= 0.5) {
    for (let i = 0; i < n; i++) x[i] = from.x[i]! + step * direction[i]!;
    const point = objective.evaluate(x, true);
    if (point.value >= from.value) return point;
  }
  return null;
}

/**
 * Longest step, at most 1, that moves no parameter by more than 5 (internal units: about 5 standard deviations).
 * @param direction - the move of a full step, one entry per parameter
 * @returns the factor for it
 */
export function limitStep(direction: Float64Array): number {
  let largest = 0;
  for (let i = 0; i < direction.length; i++) largest = Math.max(largest, Math.abs(direction[i]!));
  return largest > 5 ? 5 / largest : 1;
}
