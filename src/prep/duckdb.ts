import { stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import type { DuckDBConnection, DuckDBDataChunk, DuckDBInstance, DuckDBType } from "@duckdb/node-api";
import { InputError } from "../core/errors.js";
import { type TextColumn, TextInterner } from "./intern.js";
import { NumberInterner, type NumberKind } from "./internNumbers.js";

// The one home of DuckDB: it reads and writes files and glob patterns. Everything comes out of it as codes of texts,
// so that what a value means is decided in one place (values.ts), and identifiers stay as they were written. Cells are
// taken out of its vectors as they lie in memory: a string is made for each distinct value only.

// Required, not imported: to import CommonJS, Node first looks through each of its 180 files for names, which takes as long as
// loading them.
const DuckDB = createRequire(import.meta.url)("@duckdb/node-api") as typeof import("@duckdb/node-api");

/** How the text of a delimited file is laid out. */
export interface DelimitedFormat {
  readonly kind: "delimited";
  readonly delimiter: string;
  /** Names of all columns, in file order. */
  readonly header: readonly string[];
  readonly gzip: boolean;
  /** Lines before the header. */
  readonly skip: number;
}

/** A file format DuckDB can read. */
export type ReadFormat = DelimitedFormat | { readonly kind: "parquet" } | { readonly kind: "json" };

/** A line of a delimited file that is no row of the table. */
export interface RejectedLine {
  /** Line in the file, from 1 (the header). */
  readonly line: number;
  /** DuckDB's name of the trouble, e.g. `MISSING COLUMNS`. */
  readonly kind: string;
  readonly text: string;
}

/** Columns of a file as text, an empty text standing for NULL. */
export interface LoadedColumns {
  readonly nRows: number;
  readonly columns: readonly TextColumn[];
  readonly rejected: readonly RejectedLine[];
}

/** A column to be written: numbers (NaN is written as NULL) or text. */
export interface OutputColumn {
  readonly name: string;
  readonly kind: "number" | "text";
  /** The value of a row; null is NULL. */
  readonly at: (row: number) => number | string | null;
}

/** A look over one column. */
export interface ColumnSummary {
  readonly minimum: number | null;
  readonly maximum: number | null;
  readonly missing: number;
  /** Approximate. */
  readonly distinct: number;
}

const CHUNK_ROWS = 2048;

/** An in-memory DuckDB; close it after use. */
export class Database {
  private constructor(
    private readonly instance: DuckDBInstance,
    private readonly connection: DuckDBConnection,
    private readonly inlineCells: boolean,
  ) {}

  /** Opens a database. */
  static async open(): Promise<Database> {
    const instance = await DuckDB.DuckDBInstance.create(":memory:", { temp_directory: tmpdir() });
    const connection = await instance.connect();
    return new Database(instance, connection, await cellsAreInline(connection));
  }

  /** Frees the database's memory. */
  close(): void {
    this.connection.closeSync();
    this.instance.closeSync();
  }

  /**
   * Lists the files a pattern stands for.
   * @param pattern - a path with `*`, `?` or `[...]`
   * @returns paths in alphabetical order
   */
  async glob(pattern: string): Promise<string[]> {
    const reader = await this.connection.runAndReadAll(
      `SELECT file FROM glob(${literal(pattern)}) ORDER BY file`,
    );
    return (reader.getColumns()[0] ?? []).map(String);
  }

  /**
   * Names the columns of a Parquet or JSON file.
   * @param path - the file
   * @param format - `parquet` or `json`
   * @returns the names, in file order
   * @throws InputError when the file cannot be read as that
   */
  async columnNames(path: string, format: "parquet" | "json"): Promise<string[]> {
    const source =
      format === "parquet"
        ? `read_parquet(${fileLiteral(path)})`
        : `read_json_auto(${fileLiteral(path)}, sample_size = -1)`;
    return readable(path, async () => {
      const reader = await this.connection.runAndReadAll(`DESCRIBE SELECT * FROM ${source}`);
      return (reader.getColumns()[0] ?? []).map(String);
    });
  }

  /**
   * Reads columns of a file as text.
   * @param path - the file
   * @param format - how it is laid out
   * @param columns - names, which the file must have
   * @param limit - read this many rows at most
   * @returns one text column per name, rows in file order
   * @throws InputError when the file cannot be read
   */
  async load(
    path: string,
    format: ReadFormat,
    columns: readonly string[],
    limit?: number,
  ): Promise<LoadedColumns> {
    return readable(path, async () => {
      const source = await this.sourceSql(path, format, columns);
      const tail = limit === undefined ? "" : ` LIMIT ${limit}`;
      // Before the stream, which another query would end.
      const expected = Math.min(limit ?? Number.POSITIVE_INFINITY, await this.rowsAtMost(path, format));
      const result = await this.connection.stream(
        `SELECT ${source.select.map(({ sql }) => sql).join(", ")} FROM ${source.from}${tail}`,
      );
      const interners = source.select.map(({ kind }) =>
        kind === "text" ? new TextInterner(expected) : new NumberInterner(kind, expected),
      );
      let nRows = 0;
      for (;;) {
        const chunk = await result.fetchChunk();
        if (chunk === null || chunk.rowCount === 0) break;
        interners.forEach((interner, c) => {
          this.addChunk(interner, chunk, c);
        });
        nRows += chunk.rowCount;
      }
      const rejected = format.kind === "delimited" ? await this.takeRejected() : [];
      return { nRows, columns: interners.map((interner) => interner.finish()), rejected };
    });
  }

  /**
   * Looks over columns of a whole file without taking them out of the database.
   * @param path - the file
   * @param format - how it is laid out
   * @param columns - names, which the file must have
   * @param missing - values that mean missing, in lower case
   * @returns the number of rows, and per column the range of its numbers (null without any), the number of missing
   *   values and roughly that of distinct ones
   */
  async summarise(
    path: string,
    format: ReadFormat,
    columns: readonly string[],
    missing: readonly string[],
  ): Promise<{ nRows: number; columns: ColumnSummary[] }> {
    return readable(path, async () => {
      const { from, select } = await this.sourceSql(path, format, columns, false);
      const tokens = ["", ...missing].map(literal).join(", ");
      const parts = select.flatMap(({ sql: value }) => {
        const number = `TRY_CAST(${value} AS DOUBLE)`;
        const finite = `FILTER (WHERE isfinite(${number}))`;
        return [
          `min(${number}) ${finite}`,
          `max(${number}) ${finite}`,
          `count_if(lower(trim(${value})) IN (${tokens}))::DOUBLE`,
          `approx_count_distinct(${value})::DOUBLE`,
        ];
      });
      const reader = await this.connection.runAndReadAll(
        `SELECT ${["count(*)::DOUBLE", ...parts].join(", ")} FROM ${from}`,
      );
      if (format.kind === "delimited") await this.takeRejected();
      const row = reader.getRows()[0]!;
      const numberAt = (i: number): number | null => (row[i] === null ? null : Number(row[i]));
      return {
        nRows: Number(row[0]),
        columns: columns.map((_, c) => ({
          minimum: numberAt(4 * c + 1),
          maximum: numberAt(4 * c + 2),
          missing: numberAt(4 * c + 3) ?? 0,
          distinct: numberAt(4 * c + 4) ?? 0,
        })),
      };
    });
  }

  /**
   * Writes a table as a Parquet file.
   * @param path - the file, replaced if it exists
   * @param columns - the columns
   * @param nRows - number of rows
   */
  async writeParquet(path: string, columns: readonly OutputColumn[], nRows: number): Promise<void> {
    const types: DuckDBType[] = columns.map(({ kind }) =>
      kind === "number" ? DuckDB.DOUBLE : DuckDB.VARCHAR,
    );
    const definitions = columns.map(
      ({ name, kind }) => `${quoted(name)} ${kind === "number" ? "DOUBLE" : "VARCHAR"}`,
    );
    await this.connection.run(`CREATE OR REPLACE TEMP TABLE output (${definitions.join(", ")})`);
    const appender = await this.connection.createAppender("output");
    for (let begin = 0; begin < nRows; begin += CHUNK_ROWS) {
      const count = Math.min(CHUNK_ROWS, nRows - begin);
      const chunk = DuckDB.DuckDBDataChunk.create(types, count);
      columns.forEach(({ at }, c) => {
        const values = Array.from({ length: count }, (_, r) => at(begin + r));
        chunk.setColumnValues(c, values);
      });
      appender.appendDataChunk(chunk);
    }
    appender.closeSync();
    await this.connection.run(`COPY output TO ${literal(path)} (FORMAT parquet)`);
    await this.connection.run("DROP TABLE output");
  }

  private addChunk(interner: TextInterner | NumberInterner, chunk: DuckDBDataChunk, column: number): void {
    const vector = chunk.getColumnVector(column);
    if (interner instanceof NumberInterner) {
      const isMissing = (row: number): boolean => vector.getItem(row) === null;
      interner.addCells(wordsOf(vector)!, chunk.rowCount, hasEveryCell(vector) ? null : isMissing);
      return;
    }
    const text = (row: number): string => String(vector.getItem(row) ?? "");
    const cells = this.inlineCells ? cellsOf(vector, chunk.rowCount) : undefined;
    if (cells) interner.addCells(cells, chunk.rowCount, text);
    else interner.addTexts(chunk.rowCount, text);
  }

  private async sourceSql(
    path: string,
    format: ReadFormat,
    columns: readonly string[],
    asNumbers = this.inlineCells,
  ): Promise<{ select: SelectedColumn[]; from: string }> {
    const text = (sql: string): SelectedColumn => ({ sql, kind: "text" });
    const file = fileLiteral(path);
    if (format.kind === "delimited") {
      // Positions as names: DuckDB's own names ignore case, a file's need not.
      const types = format.header.map((_, i) => `'k${i}': 'VARCHAR'`).join(", ");
      const options = [
        "auto_detect = false",
        `columns = {${types}}`,
        "header = true",
        `skip = ${format.skip}`,
        `delim = ${literal(format.delimiter)}`,
        `quote = '"', escape = '"'`,
        "store_rejects = true",
        `compression = '${format.gzip ? "gzip" : "none"}'`,
      ];
      return {
        select: columns.map((name) => text(`coalesce(k${format.header.indexOf(name)}, '')`)),
        from: `read_csv(${file}, ${options.join(", ")})`,
      };
    }
    if (format.kind === "json") {
      const types = columns.map((name) => `${literal(name)}: 'VARCHAR'`).join(", ");
      return {
        select: columns.map((name) => text(`coalesce(${quoted(name)}, '')`)),
        from: columns.length === 0 ? `read_json_auto(${file})` : `read_json(${file}, columns = {${types}})`,
      };
    }
    const reader = await this.connection.runAndReadAll(`DESCRIBE SELECT * FROM read_parquet(${file})`);
    const described = reader.getColumns();
    const typeOf = new Map(described[0]!.map((name, i) => [String(name), String(described[1]![i])]));
    return {
      select: columns.map((name) => {
        const type = typeOf.get(name) ?? "VARCHAR";
        const kind = asNumbers ? NUMBER_TYPES.get(type) : undefined;
        if (kind === undefined) return text(parquetText(quoted(name), type));
        return { sql: kind === "whole" ? `${quoted(name)}::BIGINT` : quoted(name), kind };
      }),
      from: `read_parquet(${file})`,
    };
  }

  /** A number of rows that a file cannot have more of, where that is cheap to say; 0 where it is not. */
  private async rowsAtMost(path: string, format: ReadFormat): Promise<number> {
    if (format.kind === "parquet") {
      const reader = await this.connection.runAndReadAll(
        `SELECT count(*)::DOUBLE FROM read_parquet(${fileLiteral(path)})`,
      );
      return Number(reader.getRows()[0]![0]);
    }
    if (format.kind === "json" || format.gzip) return 0;
    // A line has at least its separators and its end.
    return Math.ceil((await stat(path)).size / format.header.length) + 1;
  }

  private async takeRejected(): Promise<RejectedLine[]> {
    const reader = await this.connection.runAndReadAll(
      "SELECT line::DOUBLE, any_value(error_type)::VARCHAR, any_value(csv_line) FROM reject_errors GROUP BY line ORDER BY line",
    );
    await this.connection.run("DROP TABLE reject_errors; DROP TABLE reject_scans");
    return reader
      .getRows()
      .map((row) => ({ line: Number(row[0]), kind: String(row[1]), text: String(row[2] ?? "").trim() }));
  }
}

/** A column to be read: its expression, and what its cells are. */
interface SelectedColumn {
  readonly sql: string;
  readonly kind: "text" | NumberKind;
}

/** Types of Parquet columns whose numbers need not become text one by one. */
const NUMBER_TYPES: ReadonlyMap<string, NumberKind> = new Map([
  ...["TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"].map(
    (type) => [type, "whole"] as const,
  ),
  ["DOUBLE", "double"],
]);

/** A number that holds a whole number is written as one (`10008`, not `10008.0`): it may be an identifier. */
function parquetText(name: string, type: string): string {
  if (type !== "DOUBLE" && type !== "FLOAT" && !type.startsWith("DECIMAL"))
    return `coalesce(${name}::VARCHAR, '')`;
  const whole = `isfinite(${name}::DOUBLE) AND abs(${name}) < 1e15 AND ${name} = trunc(${name})`;
  return `coalesce(CASE WHEN ${whole} THEN ${name}::BIGINT::VARCHAR ELSE ${name}::VARCHAR END, '')`;
}

/** The 16-byte cells behind a vector of text (`duckdb_string_t` of DuckDB's C interface). */
function cellsOf(vector: unknown, count: number): Int32Array | undefined {
  const view = (vector as { dataView?: unknown }).dataView;
  if (!(view instanceof DataView) || view.byteLength < 16 * count || view.byteOffset % 4 !== 0)
    return undefined;
  return new Int32Array(view.buffer, view.byteOffset, 4 * count);
}

/** The 64-bit numbers behind a vector, two words each. */
function wordsOf(vector: unknown): Int32Array | undefined {
  const { items } = vector as { items?: unknown };
  return items instanceof Float64Array || items instanceof BigInt64Array
    ? new Int32Array(items.buffer, items.byteOffset, 2 * items.length)
    : undefined;
}

/** Whether a vector is known to have no NULL; the client library keeps no mask for such vectors. */
function hasEveryCell(vector: unknown): boolean {
  return (vector as { validity?: { data?: unknown } }).validity?.data === null;
}

/**
 * Whether the cells look as the C interface describes them: reading them saves making a string per cell,
 * but the client library does not promise access to them, so this is looked at, not assumed.
 */
async function cellsAreInline(connection: DuckDBConnection): Promise<boolean> {
  const result = await connection.run(
    "SELECT unnest(['', 'abc', 'abcdefghijkl', 'abcdefghijklm']), -2::BIGINT, 1.5::DOUBLE",
  );
  const chunk = await result.fetchChunk();
  if (chunk === null) return false;
  const cells = cellsOf(chunk.getColumnVector(0), 4);
  const whole = wordsOf(chunk.getColumnVector(1));
  const double = wordsOf(chunk.getColumnVector(2));
  if (cells === undefined || whole?.[0] !== -2 || whole[1] !== -1) return false;
  if (double?.[0] !== 0 || double[1] !== 0x3ff80000) return false;
  const abcd = 0x64636261;
  const expected = [0, 0, 0, 0, 3, 0x636261, 0, 0, 12, abcd, 0x68676665, 0x6c6b6a69, 13, abcd];
  return expected.every((word, i) => cells[i] === word);
}

async function readable<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    // DuckDB's own errors are plain Errors; anything else is a fault of ours.
    if (!(error instanceof Error) || error.constructor !== Error) throw error;
    throw new InputError({
      code: "unreadable-file",
      where: path,
      message: `The file cannot be read: ${error.message.split("\n")[0]}`,
      fix: "Check that the file is complete, and of the format its name says (or give format).",
    });
  }
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** The path of one file: without brackets around them, DuckDB would take `*`, `?` and `[` as a pattern. */
function fileLiteral(path: string): string {
  return literal(path.replace(/[*?[]/g, "[$&]"));
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
