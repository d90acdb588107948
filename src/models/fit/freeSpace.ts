import { scoringDirection } from "./em.js";
import type { Objective, Point } from "./objective.js";

/**
 * The vectors that satisfy a set of linear constraints: x = offset + N u, u free. Plain numbers, so that it travels with
 * each task; N has as many rows as x has entries, most of them holding a single 1.
 */
export interface FreeSpace {
  readonly nFull: number;
  readonly nFree: number;
  /** Entry of x that each entry of u is. */
  readonly free: readonly number[];
  /** nFull. */
  readonly offset: readonly number[];
  /** The entries of N that are not zero: N[row[e], column[e]] = value[e], by row. */
  readonly row: readonly number[];
  readonly column: readonly number[];
  readonly value: readonly number[];
}

/** One linear constraint: coefficients'x = value. */
export interface LinearConstraint {
  readonly coefficients: Float64Array;
  readonly value: number;
}

/** What became of a set of constraints. */
export interface SolvedConstraints {
  readonly space: FreeSpace;
  /** Of each constraint: it took a direction away, it followed from those before it, or it contradicts them. */
  readonly outcomes: readonly ("new" | "redundant" | "contradictory")[];
}

/** Share of a constraint's largest coefficient below which what earlier constraints leave of it is rounding. */
const ROUNDING = 1e-12;
/** Largest difference of two values (relative to their size) that still counts as one. */
const SAME_VALUE = 1e-9;

/** A constraint solved for one entry, which no other solved constraint contains. */
interface SolvedRow {
  readonly pivot: number;
  readonly coefficients: Float64Array;
  value: number;
}

/**
 * Solves constraints for as many entries as they determine (Gauss-Jordan elimination, the largest coefficient of each
 * constraint as its pivot). Unlike an orthonormal null space, this leaves "fixed" and "equal" as exact zeros and ones.
 * @param constraints - linear constraints on a vector of length n, in the order in which they were stated
 * @param n - length of the vector
 * @returns the space of solutions, and which constraints said something new; contradictory ones are left out of it
 * Source: Golub & Van Loan (2013), section 3.4.
 */
export function solveConstraints(constraints: readonly LinearConstraint[], n: number): SolvedConstraints {
  const solved: SolvedRow[] = [];
  const outcomes = constraints.map((constraint) => addConstraint(solved, constraint, n));
  return { space: spaceOf(solved, n), outcomes };
}

function addConstraint(
  solved: SolvedRow[],
  constraint: LinearConstraint,
  n: number,
): SolvedConstraints["outcomes"][number] {
  const row = constraint.coefficients.slice();
  let value = constraint.value;
  let size = largestOf(row);
  let valueSize = Math.abs(value);
  for (const earlier of solved) {
    const factor = row[earlier.pivot]!;
    if (factor === 0) continue;
    subtract(row, earlier.coefficients, factor);
    row[earlier.pivot] = 0;
    value -= factor * earlier.value;
    size = Math.max(size, Math.abs(factor) * largestOf(earlier.coefficients));
    valueSize = Math.max(valueSize, Math.abs(factor * earlier.value));
  }
  for (let j = 0; j < n; j++) if (Math.abs(row[j]!) <= ROUNDING * size) row[j] = 0;
  const pivot = pivotOf(row);
  if (pivot < 0)
    return Math.abs(value) <= SAME_VALUE * Math.max(size, valueSize) ? "redundant" : "contradictory";
  const scale = row[pivot]!;
  for (let j = 0; j < n; j++) row[j] = exactUnit(row[j]! / scale);
  value /= scale;
  for (const earlier of solved) {
    const factor = earlier.coefficients[pivot]!;
    if (factor === 0) continue;
    subtract(earlier.coefficients, row, factor);
    earlier.coefficients[pivot] = 0;
    earlier.value -= factor * value;
  }
  solved.push({ pivot, coefficients: row, value });
  return "new";
}

function subtract(row: Float64Array, other: Float64Array, factor: number): void {
  for (let j = 0; j < row.length; j++) row[j]! -= factor * other[j]!;
}

function largestOf(row: Float64Array): number {
  let largest = 0;
  for (const value of row) largest = Math.max(largest, Math.abs(value));
  return largest;
}

/** The largest coefficient, the last of equal ones: the first parameter of an equality stays the free one. */
function pivotOf(row: Float64Array): number {
  const largest = largestOf(row) * (1 - ROUNDING);
  for (let j = row.length - 1; j >= 0; j--) if (row[j] !== 0 && Math.abs(row[j]!) >= largest) return j;
  return -1;
}

/** Coefficients come from divided differences: what is 1 up to rounding is 1. */
function exactUnit(value: number): number {
  return Math.abs(Math.abs(value) - 1) < ROUNDING ? Math.sign(value) : value;
}

function spaceOf(solved: readonly SolvedRow[], n: number): FreeSpace {
  const byPivot = new Map(solved.map((row) => [row.pivot, row]));
  const free = Array.from({ length: n }, (_, j) => j).filter((j) => !byPivot.has(j));
  const columnOf = new Int32Array(n).fill(-1);
  free.forEach((j, c) => {
    columnOf[j] = c;
  });
  const space = {
    nFull: n,
    nFree: free.length,
    free,
    offset: Array.from({ length: n }, (_, j) => byPivot.get(j)?.value ?? 0),
    row: [] as number[],
    column: [] as number[],
    value: [] as number[],
  };
  const add = (row: number, column: number, value: number): void => {
    space.row.push(row);
    space.column.push(column);
    space.value.push(value);
  };
  for (let i = 0; i < n; i++) {
    const row = byPivot.get(i);
    if (row === undefined) add(i, columnOf[i]!, 1);
    else
      for (let j = 0; j < n; j++)
        if (columnOf[j]! >= 0 && row.coefficients[j] !== 0) add(i, columnOf[j]!, -row.coefficients[j]!);
  }
  return space;
}

/**
 * The full vector of a free one, offset + N u.
 * @param space - the space; undefined where nothing is constrained
 * @param u - nFree
 * @returns nFull; u itself where nothing is constrained
 */
export function fullVector(space: FreeSpace | undefined, u: Float64Array): Float64Array {
  if (space === undefined) return u;
  const x = Float64Array.from(space.offset);
  for (let e = 0; e < space.row.length; e++) x[space.row[e]!]! += space.value[e]! * u[space.column[e]!]!;
  return x;
}

/**
 * The free vector of a full one that satisfies the constraints.
 * @param space - the space; undefined where nothing is constrained
 * @param x - nFull, inside the space
 * @returns nFree; x itself where nothing is constrained
 */
export function freeVector(space: FreeSpace | undefined, x: Float64Array): Float64Array {
  return space === undefined ? x : Float64Array.from(space.free, (j) => x[j]!);
}

/**
 * The free vector whose full vector is nearest to one that need not satisfy the constraints: the least
 * (x - offset - N u)' M (x - offset - N u).
 * @param space - the space
 * @param x - nFull
 * @param metric - M, nFull x nFull, positive semi-definite; the identity when left out
 * @returns nFree
 */
export function nearestFreeVector(space: FreeSpace, x: Float64Array, metric?: Float64Array): Float64Array {
  const { nFull } = space;
  // Where M is flat, the nearest vector in the plain metric stays.
  const base = metric === undefined ? freeVector(space, x) : nearestFreeVector(space, x);
  const full = fullVector(space, base);
  const weights = metric ?? identity(nFull);
  const weighted = new Float64Array(nFull);
  for (let i = 0; i < nFull; i++)
    for (let j = 0; j < nFull; j++) weighted[i]! += weights[i * nFull + j]! * (x[j]! - full[j]!);
  const step = scoringDirection(freeInformation(space, weights), freeGradient(space, weighted));
  return base.map((value, c) => value + step[c]!);
}

function identity(n: number): Float64Array {
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++) out[i * n + i] = 1;
  return out;
}

/**
 * Gradient with respect to the free vector, N'g.
 * @param space - the space
 * @param gradient - nFull
 * @returns nFree
 */
export function freeGradient(space: FreeSpace, gradient: Float64Array): Float64Array {
  const out = new Float64Array(space.nFree);
  for (let e = 0; e < space.row.length; e++)
    out[space.column[e]!]! += space.value[e]! * gradient[space.row[e]!]!;
  return out;
}

/**
 * Information on the free vector, N'IN.
 * @param space - the space
 * @param information - nFull x nFull
 * @returns nFree x nFree
 */
export function freeInformation(space: FreeSpace, information: Float64Array): Float64Array {
  const { nFull, nFree, row, column, value } = space;
  const out = new Float64Array(nFree * nFree);
  for (let e = 0; e < row.length; e++)
    for (let f = 0; f < row.length; f++)
      out[column[e]! * nFree + column[f]!]! +=
        value[e]! * value[f]! * information[row[e]! * nFull + row[f]!]!;
  return out;
}

/**
 * Directions of the free vector as directions of the full one, N times each column.
 * @param space - the space; undefined where nothing is constrained
 * @param directions - nFree x m
 * @returns nFull x m; the same array where nothing is constrained
 */
export function fullDirections(space: FreeSpace | undefined, directions: Float64Array): Float64Array {
  if (space === undefined) return directions;
  const m = directions.length / space.nFree;
  const out = new Float64Array(space.nFull * m);
  for (let e = 0; e < space.row.length; e++)
    for (let d = 0; d < m; d++)
      out[space.row[e]! * m + d]! += space.value[e]! * directions[space.column[e]! * m + d]!;
  return out;
}

/**
 * Scales of the free vector as scales of the full one: how far entry i moves when each free entry moves by its scale.
 * @param space - the space; undefined where nothing is constrained
 * @param scale - nFree
 * @returns nFull, 0 for what is fixed; the same array where nothing is constrained
 */
export function fullScale(space: FreeSpace | undefined, scale: Float64Array): Float64Array {
  if (space === undefined) return scale;
  const out = new Float64Array(space.nFull);
  for (let e = 0; e < space.row.length; e++)
    out[space.row[e]!]! += (space.value[e]! * scale[space.column[e]!]!) ** 2;
  return out.map(Math.sqrt);
}

/**
 * The log-likelihood as a function of the free vector alone: the optimisers run on it unchanged.
 * @param objective - the log-likelihood of the full vector
 * @param space - the space; undefined where nothing is constrained
 * @returns value, N'g and N'IN at offset + N u; the points' `x` is u
 */
export function constrainObjective(objective: Objective, space: FreeSpace | undefined): Objective {
  if (space === undefined) return objective;
  const lower = (u: Float64Array, point: Point): Point => ({
    ...point,
    x: u.slice(),
    gradient: freeGradient(space, point.gradient),
    information: point.information === null ? null : freeInformation(space, point.information),
  });
  return {
    size: space.nFree,
    squared: space.free.flatMap((entry, u) => (objective.squared.includes(entry) ? [u] : [])),
    deviations: space.free.flatMap((entry, u) => (objective.deviations.includes(entry) ? [u] : [])),
    get evaluations() {
      return objective.evaluations;
    },
    evaluate: (u, information) => lower(u, objective.evaluate(fullVector(space, u), information)),
    evaluatePosteriors: (u, posteriors) =>
      lower(u, objective.evaluatePosteriors(fullVector(space, u), posteriors)),
    observed: (u) => {
      const full = objective.observed?.(fullVector(space, u)) ?? null;
      return full === null ? null : freeInformation(space, full);
    },
    last: objective.last,
    parameters: objective.parameters,
  };
}
