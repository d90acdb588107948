/** A column of numbers; a missing value is NaN. */
export interface NumericColumn {
  readonly kind: "numeric";
  /** One value per row (or per person, in a person table). */
  readonly values: Float64Array;
}

/** A column of categories; a missing value has code -1. */
export interface FactorColumn {
  readonly kind: "factor";
  /** Index into `levels` per row (or per person); -1 where missing. */
  readonly codes: Int32Array;
  /** The categories, in order; the first is the reference category of a model. */
  readonly levels: readonly string[];
}

/** One column of a table. */
export type Column = NumericColumn | FactorColumn;

/**
 * One row per person and occasion, the rows of a person together and in order of time. The hand-over from
 * `prep` to `models`; it is never changed once made.
 */
export interface LongTable {
  readonly nRows: number;
  readonly nPersons: number;
  /** Person identifiers as text, by person index. */
  readonly personIds: readonly string[];
  /** First row of each person; length nPersons + 1, so person i has rows start[i] .. start[i + 1] - 1. */
  readonly personStart: Int32Array;
  /** Columns by name, each of length nRows; person-level covariates are repeated on each row. */
  readonly columns: ReadonlyMap<string, Column>;
}

/** One row per person: outcomes, baseline covariates, memberships. */
export interface PersonTable {
  readonly nPersons: number;
  readonly personIds: readonly string[];
  /** Columns by name, each of length nPersons. */
  readonly columns: ReadonlyMap<string, Column>;
}

/** Rows read, used and set aside, with reasons; `read = used + sum(setAside.rows)` always holds. */
export interface RowLedger {
  readonly read: number;
  readonly used: number;
  readonly setAside: readonly SetAsideReason[];
}

/** Why rows were set aside, and how many. */
export interface SetAsideReason {
  /** Stable name, e.g. `score-out-of-range`. */
  readonly reason: string;
  /** The rule in words. */
  readonly description: string;
  readonly rows: number;
  /** Distinct persons among those rows, where known. */
  readonly persons?: number;
}

/**
 * Builds a LongTable from plain arrays, one entry per row: groups rows by person (in order of first
 * appearance) and sorts each person's rows by time, keeping the given order among ties.
 * @param ids - person identifier of each row
 * @param columns - named columns; arrays of numbers become numeric, arrays of text become factors with
 *   levels in alphabetical order, null, undefined and NaN are missing
 * @param time - name of the column to sort by within person; omit to keep the given order
 * @returns the table
 * @throws RangeError when a column's length differs from that of `ids` or `time` is not a numeric column
 */
export function tableFromArrays(
  ids: readonly (string | number)[],
  columns: Readonly<Record<string, ArrayLike<number | string | null | undefined>>>,
  time?: string,
): LongTable {
  const nRows = ids.length;
  const personIndex = new Map<string, number>();
  const personIds: string[] = [];
  const personOfRow = new Int32Array(nRows);
  for (let r = 0; r < nRows; r++) {
    const id = String(ids[r]);
    let person = personIndex.get(id);
    if (person === undefined) {
      person = personIds.length;
      personIndex.set(id, person);
      personIds.push(id);
    }
    personOfRow[r] = person;
  }
  const built = new Map<string, Column>();
  for (const [name, values] of Object.entries(columns)) {
    if (values.length !== nRows)
      throw new RangeError(`tableFromArrays: column ${name} has ${values.length} values, expected ${nRows}`);
    built.set(name, columnFromArray(values));
  }
  const order = Array.from({ length: nRows }, (_, r) => r);
  const timeColumn = time === undefined ? undefined : built.get(time);
  if (time !== undefined && timeColumn?.kind !== "numeric")
    throw new RangeError(`tableFromArrays: time column ${time} is not a numeric column`);
  const times = timeColumn?.kind === "numeric" ? timeColumn.values : undefined;
  // Rows without a time come last, in the given order: a difference with NaN would be no order at all.
  const timeOf = (row: number): number => {
    const t = times?.[row] ?? 0;
    return Number.isNaN(t) ? Number.POSITIVE_INFINITY : t;
  };
  const later = (a: number, b: number): number =>
    Number(timeOf(a) > timeOf(b)) - Number(timeOf(a) < timeOf(b));
  order.sort((a, b) => personOfRow[a]! - personOfRow[b]! || later(a, b) || a - b);
  const personStart = new Int32Array(personIds.length + 1);
  for (let r = 0; r < nRows; r++) personStart[personOfRow[r]! + 1]!++;
  for (let p = 0; p < personIds.length; p++) personStart[p + 1]! += personStart[p]!;
  const sorted = new Map<string, Column>();
  for (const [name, column] of built) sorted.set(name, takeRows(column, order));
  return { nRows, nPersons: personIds.length, personIds, personStart, columns: sorted };
}

/**
 * Picks rows of a column by index.
 * @param column - the column
 * @param rows - indices into the column, in the wanted order
 * @returns a new column of length rows.length
 */
export function takeRows(column: Column, rows: ArrayLike<number>): Column {
  const n = rows.length;
  if (column.kind === "numeric") {
    const values = new Float64Array(n);
    for (let r = 0; r < n; r++) values[r] = column.values[rows[r]!]!;
    return { kind: "numeric", values };
  }
  const codes = new Int32Array(n);
  for (let r = 0; r < n; r++) codes[r] = column.codes[rows[r]!]!;
  return { kind: "factor", codes, levels: column.levels };
}

/**
 * Makes a column of plain values.
 * @param values - numbers, or text (text becomes a factor with levels in alphabetical order)
 * @returns the column; null, undefined, NaN and empty text are missing
 */
export function columnFromArray(values: ArrayLike<number | string | null | undefined>): Column {
  const n = values.length;
  let hasText = false;
  for (let r = 0; r < n && !hasText; r++) hasText = typeof values[r] === "string" && values[r] !== "";
  if (!hasText) {
    const numbers = new Float64Array(n);
    for (let r = 0; r < n; r++) {
      const value = values[r];
      numbers[r] = typeof value === "number" ? value : Number.NaN;
    }
    return { kind: "numeric", values: numbers };
  }
  const seen = new Set<string>();
  for (let r = 0; r < n; r++) {
    const value = values[r];
    if (value !== null && value !== undefined && value !== "") seen.add(String(value));
  }
  const levels = [...seen].sort();
  const codeOf = new Map(levels.map((level, code) => [level, code]));
  const codes = new Int32Array(n);
  for (let r = 0; r < n; r++) {
    const value = values[r];
    codes[r] = value === null || value === undefined || value === "" ? -1 : codeOf.get(String(value))!;
  }
  return { kind: "factor", codes, levels };
}
