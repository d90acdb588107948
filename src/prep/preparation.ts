import type { RowAccount } from "./account.js";
import type { TextColumn } from "./intern.js";
import type { OccasionRows } from "./rows.js";
import type { RawTable } from "./source.js";
import { type TypedColumn, typeColumn } from "./typedColumn.js";
import type { CovariateSpec, PrepSpec } from "./types.js";

/** The rows as read and what has become of them. The rules take from it and add to `account`, `notes` and `typedColumns`. */
export interface Preparation {
  readonly spec: PrepSpec;
  /** Lines of the files. */
  readonly raw: RawTable;
  /** One row per occasion: a line of the long layout, a part of a line of the wide one. */
  readonly occasions: OccasionRows;
  /** Which occasions are set aside, and why. */
  readonly account: RowAccount;
  readonly notes: string[];
  /** Columns read as numbers or categories so far, in order of first use. */
  readonly typedColumns: Map<string, { readonly column: string; readonly typed: TypedColumn }>;
}

/**
 * A column of the files, one entry per occasion.
 * @param preparation - the rows
 * @param name - the column
 * @returns its text
 */
export function byOccasion({ raw, occasions }: Preparation, name: string): TextColumn {
  const column = raw.columns.get(name)!;
  const { source } = occasions;
  return source === null
    ? column
    : { codes: Int32Array.from(source, (r) => column.codes[r]!), values: column.values };
}

/**
 * The line of the files that an occasion is from.
 * @param preparation - the rows
 * @param row - occasion
 * @returns the line, over all files
 */
export function lineOf({ occasions }: Preparation, row: number): number {
  return occasions.source === null ? row : occasions.source[row]!;
}

/**
 * The lines of the files that occasions are from.
 * @param preparation - the rows
 * @param rows - occasions
 * @returns one line per occasion; the same array where every occasion has a line of its own
 */
export function linesOf({ occasions }: Preparation, rows: Int32Array): Int32Array {
  const { source } = occasions;
  return source === null ? rows : rows.map((row) => source[row]!);
}

/**
 * A column of the files as numbers or categories; read once, with its notes.
 * @param preparation - the rows
 * @param column - the column
 * @param covariate - the covariate that says how it is read; without one, as its values are
 * @returns the column
 */
export function typedColumn(
  { spec, raw, notes, typedColumns }: Preparation,
  column: string,
  covariate?: CovariateSpec,
): TypedColumn {
  const key = covariate === undefined ? `column ${column}` : `covariate ${covariate.name}`;
  const known = typedColumns.get(key);
  if (known !== undefined) return known.typed;
  const typed = typeColumn(raw.columns.get(column)!, column, covariate ?? {}, spec.missing);
  typedColumns.set(key, { column, typed });
  notes.push(...typed.notes);
  return typed;
}
