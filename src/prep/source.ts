import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, readdir, stat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { createGunzip } from "node:zlib";
import { InputError, nearestName, type Problem } from "../core/errors.js";
import type { Database, DelimitedFormat, ReadFormat, RejectedLine } from "./duckdb.js";
import type { TextColumn } from "./intern.js";
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

const HEAD_BYTES = 1 << 20;
const DELIMITERS = [",", "\t", ";", "|"] as const;

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
    rejected.push(...here);
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

async function findFiles(db: Database, patterns: readonly string[]): Promise<string[]> {
  const problems: Problem[] = [];
  const found: string[] = [];
  for (const pattern of patterns) {
    const info = await stat(pattern).catch(() => null);
    if (info?.isFile()) found.push(pattern);
    else if (info?.isDirectory())
      problems.push({
        code: "not-a-file",
        where: pattern,
        message: "This is a folder.",
        fix: `Name a file, or a pattern such as ${pattern}/*.csv.`,
      });
    else if (/[*?[]/.test(pattern)) {
      const matches = await db.glob(pattern);
      found.push(...matches);
      if (matches.length === 0)
        problems.push({ code: "no-such-file", where: pattern, message: "No file matches the pattern." });
    } else problems.push(await noSuchFile(pattern));
  }
  if (patterns.length === 0)
    problems.push({ code: "no-data", where: "data", message: "No data file is given." });
  if (problems.length > 0) throw new InputError(problems);
  return [...new Set(found)];
}

async function noSuchFile(path: string): Promise<Problem> {
  const siblings = await readdir(dirname(path)).catch(() => null);
  const near = siblings === null ? undefined : nearestName(basename(path), siblings);
  return {
    code: "no-such-file",
    where: path,
    message: siblings === null ? `There is no folder ${dirname(path)}.` : "There is no such file.",
    ...(near === undefined ? {} : { fix: `Did you mean ${near}?` }),
  };
}

function formatOfName(path: string): NonNullable<PrepSpec["format"]> {
  const extension = /\.([a-z0-9]+)(?:\.gz)?$/i.exec(path)?.[1]?.toLowerCase() ?? "";
  if (extension === "csv" || extension === "txt" || extension === "dat") return "csv";
  if (extension === "tsv" || extension === "tab") return "tsv";
  if (extension === "parquet" || extension === "pq") return "parquet";
  if (extension === "json" || extension === "jsonl" || extension === "ndjson") return "json";
  throw new InputError({
    code: "unknown-format",
    where: path,
    message: extension === "" ? "The name has no extension." : `The extension .${extension} is not known.`,
    expected: ".csv, .tsv, .txt, .parquet, .json or .jsonl, each also with .gz",
    fix: /^xlsx?$/.test(extension)
      ? "Save the sheet as CSV (UTF-8)."
      : "Rename the file, or say what it is with format.",
  });
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

function isEmptyJson(head: Head): boolean {
  return head.bytes.length < 100 && /^\s*(?:\[\s*\]|\{\s*\})?\s*$/.test(head.bytes.toString("utf8"));
}

function emptyFile(path: string): InputError {
  return new InputError({
    code: "empty-file",
    where: path,
    message: "The file is empty.",
    expected: "a header line and rows",
  });
}

interface Head {
  /** The first bytes, uncompressed. */
  readonly bytes: Buffer;
  readonly gzip: boolean;
  /** True when the file goes on after them. */
  readonly more: boolean;
}

async function readHead(path: string): Promise<Head> {
  const handle = await open(path);
  const start = Buffer.alloc(2);
  const { bytesRead } = await handle.read(start, 0, 2, 0);
  await handle.close();
  const gzip = bytesRead === 2 && start[0] === 0x1f && start[1] === 0x8b;
  const file = createReadStream(path);
  const stream = gzip ? file.pipe(createGunzip()) : file;
  const pieces: Buffer[] = [];
  let length = 0;
  try {
    for await (const piece of stream) {
      pieces.push(piece as Buffer);
      length += (piece as Buffer).length;
      if (length >= HEAD_BYTES) break;
    }
  } catch (error) {
    if ((error as { code?: string }).code?.startsWith("Z_") !== true) throw error;
    throw new InputError({
      code: "unreadable-file",
      where: path,
      message: `The gzip file is damaged: ${(error as Error).message}.`,
      fix: "Compress or download it again.",
    });
  } finally {
    file.destroy();
  }
  return { bytes: Buffer.concat(pieces), gzip, more: length >= HEAD_BYTES };
}

function decodeHead(path: string, head: Head): string {
  const { bytes } = head;
  const refuse = (message: string, fix: string): InputError =>
    new InputError({ code: "not-text", where: path, message, expected: "text in UTF-8", fix });
  if (bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2]! < 9)
    throw refuse("This is a zip archive or an Excel workbook.", "Save the sheet as CSV (UTF-8).");
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff))
    throw refuse("The text is in UTF-16.", "Save it as CSV UTF-8, or convert it: iconv -f UTF-16 -t UTF-8.");
  if (bytes.includes(0)) throw refuse("The file is binary.", "Name its format, if it is Parquet.");
  try {
    // With more to come, the last character may be cut in two: `stream` leaves it out.
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: head.more });
  } catch {
    throw notUtf8(path, `line ${lineOfBadByte(bytes)}`);
  }
}

function lineOfBadByte(bytes: Buffer): number {
  let line = 1;
  let begin = 0;
  for (let end = bytes.indexOf(10); ; end = bytes.indexOf(10, begin)) {
    try {
      new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(begin, end < 0 ? undefined : end));
    } catch {
      return line;
    }
    if (end < 0) return line;
    begin = end + 1;
    line++;
  }
}

function notUtf8(path: string, where: string): InputError {
  return new InputError({
    code: "not-utf8",
    where: `${path}, ${where}`,
    message: "There is a character that is not UTF-8; the file is probably in Latin-1 or Windows-1252.",
    expected: "UTF-8",
    fix: "Save it as CSV UTF-8, or convert it: iconv -f WINDOWS-1252 -t UTF-8 OLD > NEW.",
  });
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

/** Finds the separator and the column names from the first line that is not blank. */
function sniff(path: string, text: string, gzip: boolean, delimiter: string | undefined): DelimitedFormat {
  const whole = text.replace(/^\ufeff/, "");
  // Excel may begin a file with a line that names the separator.
  const start = /^(?:[ \t]*(?:\r\n|\r|\n))*(?:sep=([,;|\t])(?:\r\n|\r|\n))?/.exec(whole)!;
  const body = whole.slice(start[0].length);
  const skip = start[0].replaceAll("\r\n", "\n").length - start[0].replace(/[\r\n]/g, "").length;
  if (body.trim() === "") throw emptyFile(path);
  const candidates = start[1] !== undefined ? [start[1]] : delimiter === undefined ? DELIMITERS : [delimiter];
  const readings = candidates.map((candidate) => ({ candidate, fields: firstRecord(body, candidate) }));
  const best = readings.reduce((a, b) => (b.fields.length > a.fields.length ? b : a));
  const header = best.fields.map((name, i) => (name.trim() === "" ? `column${i + 1}` : name.trim()));
  if (header.every((name) => /^[+-]?\d+([.,]\d+)?$/.test(name)))
    throw new InputError({
      code: "no-header",
      where: `${path}, line ${skip + 1}`,
      message: `The first line has only numbers (${header.slice(0, 5).join(", ")}).`,
      expected: "the names of the columns",
      fix: "Put a line of column names at the top.",
    });
  return { kind: "delimited", delimiter: best.candidate, header, gzip, skip };
}

/** Fields of the first record; quotes may hold separators, line ends and doubled quotes (RFC 4180). */
function firstRecord(text: string, delimiter: string): string[] {
  const fields: string[] = [];
  let field = "";
  let inQuotes = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (inQuotes) {
      if (c !== '"') field += c;
      else if (text[i + 1] === '"') {
        field += '"';
        i++;
      } else inQuotes = false;
    } else if (c === '"' && field.trim() === "") {
      inQuotes = true;
      field = "";
    } else if (c === delimiter) {
      fields.push(field);
      field = "";
    } else if (c === "\n" || c === "\r") break;
    else field += c;
  }
  fields.push(field);
  return fields;
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
