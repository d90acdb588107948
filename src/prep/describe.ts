import { Database } from "./duckdb.js";
import type { TextColumn } from "./intern.js";
import { openSources, readSources } from "./source.js";
import { DEFAULT_MISSING } from "./spec.js";
import type { PrepSpec } from "./types.js";
import {
  allDates,
  allNumbers,
  CELL_MISSING,
  CELL_OK,
  compareLevels,
  missingTest,
  readDates,
  readNumbers,
} from "./values.js";

/** What a column of a data file looks like. */
export interface ColumnDescription {
  readonly name: string;
  /** `number` and `date` when every value looked at is one. */
  readonly kind: "number" | "date" | "text" | "empty";
  /** Number of different values; approximate in long files. */
  readonly distinct: number;
  readonly missing: number;
  /** Up to five different values, as they are written. */
  readonly examples: readonly string[];
  /** Share of the filled cells looked at that are numbers, and that are dates. */
  readonly numberShare: number;
  readonly dateShare: number;
  /** How often each value occurs in the rows looked at, most frequent first; empty beyond 200 values. */
  readonly frequencies: readonly { readonly value: string; readonly rows: number }[];
  /** Range of the numbers in the whole file; null without any. */
  readonly minimum: number | null;
  readonly maximum: number | null;
}

/** What a data file looks like. */
export interface FileDescription {
  readonly path: string;
  readonly rows: number;
  readonly columns: readonly ColumnDescription[];
  /** How dates and numbers would be read, where there is a choice. */
  readonly notes: readonly string[];
}

/** Rows from which kinds and examples are taken. */
const LOOK_ROWS = 20_000;
/** Most different values that are counted one by one. */
const COUNTED_VALUES = 200;

/**
 * Looks at a data file: its columns, their kinds, ranges, missing values and examples.
 * @param path - the file, or a pattern (then the first file is looked at)
 * @param options - its format, where it is not to be taken from the name; values that mean missing
 * @returns the description; kinds and examples come from the first 20,000 rows, counts and ranges from all
 * @throws InputError when the file cannot be read
 */
export async function describeFile(
  path: string,
  options: Partial<Pick<PrepSpec, "format" | "missing">> = {},
): Promise<FileDescription> {
  const missing = options.missing ?? DEFAULT_MISSING;
  const db = await Database.open();
  try {
    const [file] = await openSources(db, path, options.format);
    const names = [...new Set(file!.columns)];
    const look = await readSources(db, [file!], names, LOOK_ROWS);
    const all = await db.summarise(
      file!.path,
      file!.format,
      names,
      missing.map((token) => token.trim().toLowerCase()),
    );
    const isMissing = missingTest(missing);
    const notes: string[] = [];
    const columns = names.map((name, c): ColumnDescription => {
      const text = look.columns.get(name)!;
      const present = text.values.filter((value) => !isMissing(value));
      const numbers = readNumbers(text, isMissing, name);
      const isNumber = allNumbers(numbers);
      const isDate = !isNumber && allDates(text, isMissing);
      const dates =
        isNumber || !text.values.some((value) => /[0-9]/.test(value))
          ? null
          : readDates(text, isMissing, name);
      notes.push(...(isDate ? dates!.notes : numbers.notes));
      const rows = rowsOfValues(text);
      const summary = all.columns[c]!;
      // Decimal commas are numbers to us, not to the database.
      const seen = numbers.numbers.filter((_, v) => numbers.status[v] === CELL_OK);
      return {
        name,
        kind: isNumber ? "number" : isDate ? "date" : present.length === 0 ? "empty" : "text",
        distinct: look.nRows < LOOK_ROWS ? present.length : Math.max(present.length, summary.distinct),
        missing: summary.missing,
        numberShare: shareOk(numbers.status, rows),
        dateShare: dates === null ? 0 : shareOk(dates.status, rows),
        frequencies: frequencies(text, rows, isMissing),
        examples: present.slice(0, 5).map((value) => value.trim()),
        minimum: summary.minimum ?? (seen.length === 0 ? null : Math.min(...seen)),
        maximum: summary.maximum ?? (seen.length === 0 ? null : Math.max(...seen)),
      };
    });
    return { path: file!.path, rows: all.nRows, columns, notes };
  } finally {
    db.close();
  }
}

function rowsOfValues(text: TextColumn): Float64Array {
  const rows = new Float64Array(text.values.length);
  for (const code of text.codes) rows[code]!++;
  return rows;
}

/** Share of the rows with something in them whose value could be read. */
function shareOk(status: Uint8Array, rows: Float64Array): number {
  let ok = 0;
  let filled = 0;
  status.forEach((s, v) => {
    if (s === CELL_OK) ok += rows[v]!;
    if (s !== CELL_MISSING) filled += rows[v]!;
  });
  return filled === 0 ? 0 : ok / filled;
}

function frequencies(
  text: TextColumn,
  rows: Float64Array,
  isMissing: (value: string) => boolean,
): ColumnDescription["frequencies"] {
  const count = new Map<string, number>();
  text.values.forEach((raw, v) => {
    const value = raw.trim();
    if (!isMissing(raw)) count.set(value, (count.get(value) ?? 0) + rows[v]!);
  });
  if (count.size > COUNTED_VALUES) return [];
  return [...count]
    .map(([value, n]) => ({ value, rows: n }))
    .sort((a, b) => b.rows - a.rows || compareLevels(a.value, b.value));
}
