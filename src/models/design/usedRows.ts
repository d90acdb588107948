import { wholePower } from "../../core/expression/operators.js";
import { type RowIndex, rootMeanSquare, takeValues } from "./columns.js";

/** A whole power of time from where powers are counted: a column that is never written out for all rows at once. */
export interface TimePower {
  /** 0 for the constant. */
  readonly power: number;
}

/** A basis column over the rows of the long table. */
export type BasisColumn = Float64Array | TimePower;

/** The rows that a model uses, as columns of the long table (user's scale) and which of their rows. */
export interface UsedRows {
  /** Number of rows used. */
  readonly nRows: number;
  /** Row of the table of each row used. */
  readonly rows: RowIndex;
  readonly outcome: Float64Array;
  readonly time: Float64Array;
  /** What powers of time are counted from; 0: as recorded. */
  readonly centre: number;
  readonly basis: readonly BasisColumn[];
}

/** Scale of rows: what {@link fillRows} takes off and divides by; a part of `Scaling`. */
export interface RowScale {
  readonly outcomeMean: number;
  readonly outcomeSd: number;
  readonly basis: readonly number[];
}

/**
 * Tells a power of time from a column that is written out.
 * @param column - a basis column
 * @returns true for a power
 */
export function isPower(column: BasisColumn): column is TimePower {
  return "power" in column;
}

/**
 * Root mean square of a basis column over the rows used.
 * @param used - the rows
 * @param j - the column
 * @returns the root; 1 where it is 0 or not finite
 */
export function basisScale(used: UsedRows, j: number): number {
  const column = used.basis[j]!;
  if (!isPower(column)) return rootMeanSquare(column, 0, used.rows);
  if (column.power === 0) return 1;
  const { rows, time, centre, nRows } = used;
  const { power } = column;
  let sum = 0;
  for (let r = 0; r < nRows; r++) {
    const z = time[rows === null ? r : rows[r]!]! - centre;
    const value = power === 1 ? z : power === 2 ? z * z : wholePower(z, power);
    sum += value * value;
  }
  const root = Math.sqrt(sum / nRows);
  return root > 0 && Number.isFinite(root) ? root : 1;
}

/**
 * Writes a stretch of rows on the internal scale.
 * @param used - the rows
 * @param scale - their scale
 * @param first - first row wanted
 * @param end - one after the last
 * @param basis - receives the basis columns, each of at least end - first
 * @param outcome - receives the outcome, likewise
 */
export function fillRows(
  used: UsedRows,
  scale: RowScale,
  first: number,
  end: number,
  basis: readonly Float64Array[],
  outcome: Float64Array,
): void {
  fillScaled(outcome, used.outcome, used.rows, first, end, scale.outcomeMean, 1 / scale.outcomeSd);
  for (let j = 0; j < basis.length; j++) {
    const column = used.basis[j]!;
    const inverse = 1 / scale.basis[j]!;
    if (isPower(column)) fillPower(basis[j]!, used, column.power, first, end, inverse);
    else fillScaled(basis[j]!, column, used.rows, first, end, 0, inverse);
  }
}

/**
 * Writes all rows out, for models that look at each.
 * @param used - the rows
 * @param scale - their scale
 * @returns basis columns and outcome over the rows used, internal scale
 */
export function writeOutRows(
  used: UsedRows,
  scale: RowScale,
): { readonly basis: Float64Array[]; readonly outcome: Float64Array } {
  const basis = used.basis.map(() => new Float64Array(used.nRows));
  const outcome = new Float64Array(used.nRows);
  fillRows(used, scale, 0, used.nRows, basis, outcome);
  return { basis, outcome };
}

/**
 * Values of a basis column over the rows used, on the user's scale.
 * @param used - the rows
 * @param j - the column
 * @returns its values; a column that holds exactly these rows is returned itself
 */
export function basisValues(used: UsedRows, j: number): Float64Array {
  const column = used.basis[j]!;
  if (!isPower(column)) return takeValues(column, used.rows);
  const out = new Float64Array(used.nRows);
  fillPower(out, used, column.power, 0, used.nRows, 1);
  return out;
}

function fillScaled(
  out: Float64Array,
  column: Float64Array,
  rows: RowIndex,
  first: number,
  end: number,
  centre: number,
  inverse: number,
): void {
  if (rows === null) for (let r = first; r < end; r++) out[r - first] = (column[r]! - centre) * inverse;
  else for (let r = first; r < end; r++) out[r - first] = (column[rows[r]!]! - centre) * inverse;
}

function fillPower(
  out: Float64Array,
  { time, centre, rows }: UsedRows,
  power: number,
  first: number,
  end: number,
  inverse: number,
): void {
  if (power === 0) {
    out.fill(inverse, 0, end - first);
    return;
  }
  fillScaled(out, time, rows, first, end, centre, power === 1 ? inverse : 1);
  const n = end - first;
  if (power === 2) for (let r = 0; r < n; r++) out[r] = out[r]! * out[r]! * inverse;
  else if (power > 2) for (let r = 0; r < n; r++) out[r] = wholePower(out[r]!, power) * inverse;
}
