import { dot, multiplyInto, symmetricEigen, symmetriseInPlace } from "../../core/linalg.js";
import type { Objective, Point } from "./objective.js";

/** The observed information and what it says of the maximum. */
export interface ObservedInformation {
  /** Eigenvalues of the observed information relative to the complete-data information, ascending: the share left per direction. */
  readonly eigenvalues: Float64Array;
  /**
   * n x n, columns: moves of the free vector, one per eigenvalue. Each has complete-data information 1 (or length 1 in units of
   * `scale`, where the complete data say nothing of it), and the observed information between two of them is zero.
   */
  readonly directions: Float64Array;
  /** Complete-data standard error of each parameter were the others known. */
  readonly scale: Float64Array;
}

/** Directions with less than this share of the complete-data information count as flat. */
export const FLAT_CURVATURE = 1e-7;
/**
 * Directions of which the complete data know less than this (each parameter on its own being 1) are flat: even with
 * the classes known, the parameters could not be told apart. Well above rounding, well below what a far-off origin of time does.
 */
const UNINFORMED = 1e-13;
/**
 * Where the complete data know less than this of a direction (each parameter on its own being 1), parameters are so nearly collinear that an
 * information computed parameter by parameter loses the digits that differences along the direction keep.
 */
const WELL_INFORMED = 1e-8;
/** Curvatures below this are measured again, by a formula whose error is far smaller. */
const DOUBTFUL = 1e-4;

/**
 * Observed information, exactly where the model has it in closed form; else by central differences of the exact gradient along the principal directions of the complete-data
 * information, each step a thousandth of the direction's standard error (truncation error about 1e-6). Differences
 * along the parameters themselves would lose all digits where two of them are nearly collinear, as intercept and slope
 * are when time is counted from far away.
 * @param objective - the log-likelihood
 * @param point - where; its information is computed if absent
 * @returns the information's eigenvalues and directions
 */
export function observedInformation(objective: Objective, point: Point): ObservedInformation {
  const n = objective.size;
  const complete = finiteInformation(point.information ?? objective.evaluate(point.x, true).information!, n);
  const scale = parameterScale(complete, objective.deviations, n);
  const { whitened, nFlat, wellInformed } = whiteningDirections(complete, scale, n);
  const nInformed = n - nFlat;
  const exact = wellInformed ? (objective.observed?.(point.x) ?? null) : null;
  const matrix = new Float64Array(nInformed * nInformed);
  for (let j = 0; j < nInformed; j++) {
    const direction = column(whitened, nFlat + j, n);
    const change =
      exact === null ? gradientChange(objective, point.x, direction, 2) : multiplied(exact, direction, n);
    for (let i = 0; i < nInformed; i++) {
      let sum = 0;
      for (let a = 0; a < n; a++) sum += whitened[a * n + nFlat + i]! * change[a]!;
      matrix[i * nInformed + j] = Number.isFinite(sum) ? sum : 0;
    }
  }
  symmetriseInPlace(matrix, nInformed);
  const eigen = symmetricEigen(matrix, nInformed);
  const eigenvalues = new Float64Array(n);
  eigenvalues.set(eigen.values, nFlat);
  const directions = whitened.slice();
  for (let i = 0; i < n; i++)
    for (let d = 0; d < nInformed; d++) {
      let sum = 0;
      for (let a = 0; a < nInformed; a++)
        sum += whitened[i * n + nFlat + a]! * eigen.vectors[a * nInformed + d]!;
      directions[i * n + nFlat + d] = sum;
    }
  for (let d = nFlat; d < n; d++) {
    if (Math.abs(eigenvalues[d]!) > DOUBTFUL) continue;
    const direction = column(directions, d, n);
    const refined = dot(direction, gradientChange(objective, point.x, direction, 4), n);
    if (Number.isFinite(refined)) eigenvalues[d] = refined;
  }
  return sortedByCurvature({ eigenvalues, directions, scale });
}

/** Information that left the range of numbers says nothing: what it belongs to is then flat, which is a verdict. */
function finiteInformation(information: Float64Array, n: number): Float64Array {
  if (information.every(Number.isFinite)) return information;
  const out = information.slice();
  for (let i = 0; i < n; i++) {
    if (Number.isFinite(information[i * n + i]!)) continue;
    for (let j = 0; j < n; j++) {
      out[i * n + j] = 0;
      out[j * n + i] = 0;
    }
  }
  return out.map((value) => (Number.isFinite(value) ? value : 0));
}

/**
 * Complete-data standard errors. Those of entries of the factors of D, of which complete data know next to nothing where a variance is
 * zero, are at most 1, the standard deviation of the scores: in units of thousands their curvatures would drown all others in rounding.
 */
function parameterScale(complete: Float64Array, deviations: readonly number[], n: number): Float64Array {
  const scale = new Float64Array(n);
  let largest = 0;
  for (let i = 0; i < n; i++) largest = Math.max(largest, complete[i * n + i]!);
  for (let i = 0; i < n; i++) {
    const diagonal = complete[i * n + i]!;
    scale[i] = 1 / Math.sqrt(diagonal > 1e-10 * largest ? diagonal : Math.max(largest * 1e-10, 1e-10));
  }
  for (const i of deviations) scale[i] = Math.min(scale[i]!, 1);
  return scale;
}

/**
 * Columns W with W' C W = I, C the complete-data information; the first `nFlat`, where C is as good as singular, have
 * length 1 in units of `scale` instead.
 */
function whiteningDirections(
  complete: Float64Array,
  scale: Float64Array,
  n: number,
): { whitened: Float64Array; nFlat: number; wellInformed: boolean } {
  const scaled = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++)
      // A variance at zero has no complete-data information: it keeps its own direction.
      scaled[i * n + j] = i === j ? 1 : complete[i * n + j]! * scale[i]! * scale[j]!;
  const { values, vectors } = symmetricEigen(scaled, n);
  let nFlat = 0;
  for (let j = 0; j < n; j++) {
    const flat = !(values[j]! > UNINFORMED);
    if (flat) nFlat++;
    const length = flat ? 1 : 1 / Math.sqrt(values[j]!);
    for (let i = 0; i < n; i++) vectors[i * n + j]! *= length * scale[i]!;
  }
  return { whitened: vectors, nFlat, wellInformed: nFlat === n || values[nFlat]! > WELL_INFORMED };
}

/** Minus the derivative of the gradient along a direction, by 2 or 4 points (errors of the order of step^2 or step^4). */
function gradientChange(
  objective: Objective,
  x: Float64Array,
  direction: Float64Array,
  points: 2 | 4,
): Float64Array {
  const n = x.length;
  let longest = 1;
  for (let i = 0; i < n; i++)
    longest = Math.max(longest, Math.abs(direction[i]!) / Math.max(1, Math.abs(x[i]!)));
  const step = 1e-3 / longest;
  const moved = new Float64Array(n);
  const gradientAt = (steps: number): Float64Array => {
    for (let i = 0; i < n; i++) moved[i] = x[i]! + steps * step * direction[i]!;
    return objective.evaluate(moved, false).gradient;
  };
  const below = gradientAt(-1);
  const above = gradientAt(1);
  const near = below.map((value, i) => (value - above[i]!) / (2 * step));
  if (points === 2) return near;
  const farBelow = gradientAt(-2);
  const farAbove = gradientAt(2);
  return near.map((value, i) => (4 * value - (farBelow[i]! - farAbove[i]!) / (4 * step)) / 3);
}

function multiplied(matrix: Float64Array, vector: Float64Array, n: number): Float64Array {
  const out = new Float64Array(n);
  multiplyInto(out, matrix, vector, n);
  return out;
}

function column(matrix: Float64Array, j: number, n: number): Float64Array {
  return Float64Array.from({ length: n }, (_, i) => matrix[i * n + j]!);
}

function sortedByCurvature({ eigenvalues, directions, scale }: ObservedInformation): ObservedInformation {
  const n = scale.length;
  const order = Array.from(eigenvalues, (_, d) => d).sort((a, b) => eigenvalues[a]! - eigenvalues[b]!);
  const sorted = new Float64Array(n * n);
  order.forEach((from, to) => {
    for (let i = 0; i < n; i++) sorted[i * n + to] = directions[i * n + from]!;
  });
  return { eigenvalues: Float64Array.from(order, (d) => eigenvalues[d]!), directions: sorted, scale };
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
  while (
    iterations < maxIterations &&
    !point.exactFit &&
    !(criterion < SETTLED && information.eigenvalues[0]! > -1e-5)
  ) {
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
  const { eigenvalues, directions } = information;
  const direction = new Float64Array(n);
  let criterion = 0;
  for (let j = 0; j < n; j++) {
    const value = eigenvalues[j]!;
    let along = 0;
    for (let i = 0; i < n; i++) along += directions[i * n + j]! * gradient[i]!;
    if (Math.abs(value) < FLAT_CURVATURE) continue;
    criterion += (along * along) / Math.abs(value);
    // At an exact saddle the gradient is zero along the rising direction: push off it by a fixed amount.
    const push = value < -1e-5 && Math.abs(along) < 1e-6 ? 0.1 : along / Math.abs(value);
    for (let i = 0; i < n; i++) direction[i]! += push * directions[i * n + j]!;
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
