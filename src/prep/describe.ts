import { Database } from "./duckdb.js";
import { openSources, readSources } from "./source.js";
import { DEFAULT_MISSING } from "./spec.js";
import type { PrepSpec } from "./types.js";
import { allDates, allNumbers, CELL_OK, missingTest, readDates, readNumbers } from "./values.js";

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
      notes.push(...(isDate ? readDates(text, isMissing, name).notes : numbers.notes));
      const summary = all.columns[c]!;
      // Decimal commas are numbers to us, not to the database.
      const seen = numbers.numbers.filter((_, v) => numbers.status[v] === CELL_OK);
      return {
        name,
        kind: isNumber ? "number" : isDate ? "date" : present.length === 0 ? "empty" : "text",
        distinct: look.nRows < LOOK_ROWS ? present.length : Math.max(present.length, summary.distinct),
        missing: summary.missing,
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
