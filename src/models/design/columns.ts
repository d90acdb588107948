import type { LongTable } from "../../core/table.js";

/**
 * Values of a numeric column.
 * @param table - the table
 * @param name - an existing numeric column
 * @returns its values
 * @throws RangeError where there is no such column
 */
export function numericValues(table: LongTable, name: string): Float64Array {
  const column = table.columns.get(name);
  if (column?.kind !== "numeric") throw new RangeError(`numericValues: ${name} is not a numeric column`);
  return column.values;
}

/** Rows of a table by index; null: all of them, in order. */
export type RowIndex = Int32Array | null;

/**
 * Values at given rows (a loop: `Float64Array.from` with a function takes ten times as long).
 * @param values - a column
 * @param rows - indices into it
 * @returns a new array of rows.length; the column itself where all rows are wanted, since a copy of millions of rows costs more
 *   than most that is done with them: it must not be written to
 */
export function takeValues(values: Float64Array, rows: RowIndex): Float64Array {
  if (rows === null) return values;
  const out = new Float64Array(rows.length);
  for (let r = 0; r < rows.length; r++) out[r] = values[rows[r]!]!;
  return out;
}

/**
 * Mean.
 * @param values - a column without missing values
 * @param rows - which of its rows; default all
 * @returns its mean; 0 where it is empty
 */
export function mean(values: Float64Array, rows: RowIndex = null): number {
  const n = rows === null ? values.length : rows.length;
  let sum = 0;
  for (let r = 0; r < n; r++) sum += values[rows === null ? r : rows[r]!]!;
  return n === 0 ? 0 : sum / n;
}

/**
 * Root mean square around a centre.
 * @param values - a column without missing values
 * @param centre - what the squares are taken around
 * @param rows - which of its rows; default all
 * @returns the root; 1 where it is 0 or not finite, since columns are divided by it
 */
export function rootMeanSquare(values: Float64Array, centre: number, rows: RowIndex = null): number {
  const n = rows === null ? values.length : rows.length;
  let sum = 0;
  for (let r = 0; r < n; r++) sum += (values[rows === null ? r : rows[r]!]! - centre) ** 2;
  const root = Math.sqrt(sum / Math.max(n, 1));
  return root > 0 && Number.isFinite(root) ? root : 1;
}
