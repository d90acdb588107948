import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { InputError, type Problem } from "../core/errors.js";
import type { Database, ReadFormat, RejectedLine } from "./duckdb.js";
import type { TextColumn } from "./intern.js";
import { findFiles, formatOfName } from "./source/find.js";
import { decodeHead, emptyFile, isEmptyJson, notUtf8, readHead } from "./source/head.js";
import { sniff } from "./source/sniff.js";
import type { DataSource, PrepSpec } from "./types.js";

/** One file of the study, looked at but not yet read. */
export interface SourceFile {
  readonly path: string;
  readonly format: ReadFormat;
  /** Column names in file order. */
  readonly columns: readonly string[];
}

/** A line that is no row, in which file and as which row it is counted. */
export interface RejectedRow extends RejectedLine {
  readonly path: string;
  readonly row: number;
}

/** Columns of all files, one after the other. */
export interface RawTable {
  readonly nRows: number;
  readonly columns: ReadonlyMap<string, TextColumn>;
  readonly rejected: readonly RejectedRow[];
  readonly sources: readonly DataSource[];
  /** First row of each file; length files + 1. */
  readonly fileStart: readonly number[];
  /**
   * Says where a row is.
   * @returns the file's path and the row's number in it, the first data row being 1
   */
  locate(row: number): { readonly path: string; readonly row: number };
}

/**
 * Finds the files of a study and looks at their columns.
 * @param db - the database
 * @param data - a path or several; `*` is allowed
 * @param format - the format, where it is not to be taken from the name
 * @returns the files
 * @throws InputError listing every file that does not exist, is empty, or is of no known format
 */
export async function openSources(
  db: Database,
  data: PrepSpec["data"],
  format?: PrepSpec["format"],
): Promise<SourceFile[]> {
  const problems: Problem[] = [];
  const files: SourceFile[] = [];
  for (const path of await findFiles(db, typeof data === "string" ? [data] : data))
    try {
      files.push(await openSource(db, path, format ?? formatOfName(path)));
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      problems.push(...error.problems);
    }
  if (problems.length > 0) throw new InputError(problems);
  return files;
}

/**
 * Reads the wanted columns of all files.
 * @param db - the database
 * @param files - from `openSources`
 * @param wanted - column names that every file has
 * @param limit - read this many rows of each file at most
 * @returns the columns as text, and the fingerprints of the files
 * @throws InputError for a file that cannot be read or is not UTF-8
 */
export async function readSources(
  db: Database,
  files: readonly SourceFile[],
  wanted: readonly string[],
  limit?: number,
): Promise<RawTable> {
  const parts: { nRows: number; columns: readonly TextColumn[] }[] = [];
  const rejected: RejectedRow[] = [];
  const sources: DataSource[] = [];
  const skips: number[][] = [];
  const fileStart = [0];
  for (const file of files) {
    const [part, print] = await Promise.all([
      db.load(file.path, file.format, wanted, limit),
      fingerprint(file.path),
    ]);
    refuseDamage(file.path, part.rejected);
    const header = file.format.kind === "delimited" ? file.format.skip + 1 : 0;
    const here = part.rejected.map((line) => ({
      ...line,
      path: file.path,
      row: Math.max(1, line.line - header),
    }));
    for (const line of here) rejected.push(line);
    skips.push(here.map(({ row }) => row));
    parts.push(part);
    fileStart.push(fileStart.at(-1)! + part.nRows);
    sources.push({ path: file.path, ...print, rows: part.nRows + here.length, columns: file.columns });
  }
  const columns = new Map(
    wanted.map((name, c) => [name, concatenate(parts.map((part) => part.columns[c]!))]),
  );
  return {
    nRows: fileStart.at(-1)!,
    columns,
    rejected,
    sources,
    fileStart,
    locate: (row) => {
      let f = 0;
      while (row >= fileStart[f + 1]!) f++;
      return { path: files[f]!.path, row: rowNumber(row - fileStart[f]!, skips[f]!) };
    },
  };
}

/**
 * Number of the k-th accepted row (from 0) when the rows numbered `skipped` (ascending, distinct) were rejected:
 * skip j lies before it when fewer than skipped[j] - j rows were accepted before that.
 */
function rowNumber(k: number, skipped: readonly number[]): number {
  let low = 0;
  let high = skipped.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (skipped[middle]! - middle <= k + 1) low = middle + 1;
    else high = middle;
  }
  return k + 1 + low;
}

function concatenate(parts: readonly TextColumn[]): TextColumn {
  if (parts.length === 1) return parts[0]!;
  const codeOf = new Map<string, number>();
  const codes = new Int32Array(parts.reduce((n, part) => n + part.codes.length, 0));
  let at = 0;
  for (const part of parts) {
    const recode = part.values.map((value) => {
      let code = codeOf.get(value);
      if (code === undefined) {
        code = codeOf.size;
        codeOf.set(value, code);
      }
      return code;
    });
    for (const code of part.codes) codes[at++] = recode[code]!;
  }
  return { codes, values: [...codeOf.keys()] };
}

async function openSource(
  db: Database,
  path: string,
  format: NonNullable<PrepSpec["format"]>,
): Promise<SourceFile> {
  const head = await readHead(path);
  if (head.bytes.length === 0 || (format === "json" && isEmptyJson(head))) throw emptyFile(path);
  if (format === "parquet" || format === "json")
    return { path, format: { kind: format }, columns: await db.columnNames(path, format) };
  const text = decodeHead(path, head);
  const delimited = sniff(path, text, head.gzip, format === "tsv" ? "\t" : undefined);
  return { path, format: delimited, columns: delimited.header };
}

/** Some damage cannot be set aside row by row, because it is not known which rows there are. */
function refuseDamage(path: string, rejected: readonly RejectedLine[]): void {
  const bad = rejected.find(({ kind }) => kind === "INVALID ENCODING");
  if (bad) throw notUtf8(path, `line ${bad.line}`);
  const open = rejected.find(({ kind, text }) => kind === "UNQUOTED VALUE" && text.includes("\n"));
  if (open)
    throw new InputError({
      code: "open-quote",
      where: `${path}, line ${open.line}`,
      message: `A quotation mark is opened and not closed on the line (${open.text.split("\n")[0]!.slice(0, 80)}), so the lines after it cannot be told apart.`,
      fix: 'Close it, or double it ("") when it is part of the text.',
    });
}

async function fingerprint(path: string): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const piece of createReadStream(path, { highWaterMark: 1 << 20 })) {
    hash.update(piece as Buffer);
    bytes += (piece as Buffer).length;
  }
  return { bytes, sha256: hash.digest("hex") };
}
