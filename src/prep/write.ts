import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { InputError } from "../core/errors.js";
import type { Column } from "../core/table.js";
import { Database, type OutputColumn } from "./duckdb.js";
import type { Cohort, FindingTable } from "./types.js";

/**
 * Writes the long table: the identifier, then time, measures and covariates; missing values are empty.
 * @param cohort - from `prepare`
 * @param path - a `.csv`, `.csv.gz`, `.tsv` or `.parquet` file; replaced if it exists
 * @throws InputError for another extension
 */
export async function writeLong(cohort: Cohort, path: string): Promise<void> {
  const { long } = cohort;
  const personOf = new Int32Array(long.nRows);
  for (let p = 0; p < long.nPersons; p++) personOf.fill(p, long.personStart[p]!, long.personStart[p + 1]!);
  const id: OutputColumn = {
    name: idName(cohort.id, long.columns),
    kind: "text",
    at: (row) => long.personIds[personOf[row]!]!,
  };
  await writeTable(path, [id, ...outputColumns(long.columns)], long.nRows);
}

/**
 * Writes the person table: the identifier, then covariates, numbers of sessions, first and last scores, outcomes.
 * @param cohort - from `prepare`
 * @param path - as for `writeLong`
 * @throws InputError for another extension
 */
export async function writePersons(cohort: Cohort, path: string): Promise<void> {
  const { persons } = cohort;
  const id: OutputColumn = {
    name: idName(cohort.id, persons.columns),
    kind: "text",
    at: (row) => persons.personIds[row]!,
  };
  await writeTable(path, [id, ...outputColumns(persons.columns)], persons.nPersons);
}

/**
 * Writes everything that was set aside: rows (`kind` row) and single cells taken as missing in rows that are
 * used (`kind` cell), with file, row number, identifier, reason, column and value.
 * @param cohort - from `prepare`
 * @param path - as for `writeLong`
 * @throws InputError for another extension
 */
export async function writeSetAside(cohort: Cohort, path: string): Promise<void> {
  const { setAsideTable: rows, blankedTable: cells } = cohort;
  const pick = <T>(take: (table: FindingTable) => ArrayLike<T>): ((row: number) => T) => {
    const [ofRows, ofCells] = [take(rows), take(cells)];
    return (row) => (row < rows.count ? ofRows[row]! : ofCells[row - rows.count]!);
  };
  const columns: OutputColumn[] = [
    { name: "kind", kind: "text", at: (row) => (row < rows.count ? "row" : "cell") },
    { name: "file", kind: "text", at: pick((table) => table.file) },
    { name: "row", kind: "number", at: pick((table) => table.row) },
    { name: "id", kind: "text", at: pick((table) => table.id) },
    { name: "reason", kind: "text", at: pick((table) => table.reason) },
    { name: "column", kind: "text", at: pick((table) => table.column) },
    { name: "value", kind: "text", at: pick((table) => table.value) },
  ];
  await writeTable(path, columns, rows.count + cells.count);
}

function idName(wanted: string, columns: ReadonlyMap<string, Column>): string {
  return columns.has(wanted) ? `${wanted}_id` : wanted;
}

function outputColumns(columns: ReadonlyMap<string, Column>): OutputColumn[] {
  return [...columns].map(([name, column]) =>
    column.kind === "numeric"
      ? {
          name,
          kind: "number",
          at: (row) => (Number.isNaN(column.values[row]!) ? null : column.values[row]!),
        }
      : { name, kind: "text", at: (row) => column.levels[column.codes[row]!] ?? null },
  );
}

async function writeTable(path: string, columns: readonly OutputColumn[], nRows: number): Promise<void> {
  if (/\.(parquet|pq)$/i.test(path)) {
    const db = await Database.open();
    try {
      await db.writeParquet(path, columns, nRows);
    } finally {
      db.close();
    }
    return;
  }
  const delimited = /\.(csv|tsv|txt)(\.gz)?$/i.exec(path);
  if (delimited === null)
    throw new InputError({
      code: "unknown-format",
      where: path,
      message: "The extension is not known.",
      expected: ".csv, .tsv or .parquet (the first two also with .gz)",
    });
  const lines = Readable.from(
    delimitedText(columns, nRows, delimited[1]!.toLowerCase() === "tsv" ? "\t" : ","),
    {
      objectMode: false,
    },
  );
  const file = createWriteStream(path);
  await (delimited[2] === undefined ? pipeline(lines, file) : pipeline(lines, createGzip(), file));
}

/** Text in pieces of about a thousand lines (RFC 4180 quoting, line feeds). */
function* delimitedText(
  columns: readonly OutputColumn[],
  nRows: number,
  delimiter: string,
): Generator<string> {
  const quote = (text: string): string =>
    /["\r\n,\t;]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  let piece = `${columns.map(({ name }) => quote(name)).join(delimiter)}\n`;
  for (let r = 0; r < nRows; r++) {
    for (let c = 0; c < columns.length; c++) {
      const value = columns[c]!.at(r);
      if (c > 0) piece += delimiter;
      if (value !== null) piece += typeof value === "number" ? value : quote(value);
    }
    piece += "\n";
    if (r % 1024 === 1023) {
      yield piece;
      piece = "";
    }
  }
  yield piece;
}
