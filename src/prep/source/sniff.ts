import { InputError } from "../../core/errors.js";
import type { DelimitedFormat } from "../duckdb.js";
import { emptyFile } from "./head.js";

const DELIMITERS = [",", "\t", ";", "|"] as const;

/**
 * Finds the separator and the column names from the first line that is not blank.
 * @param path - the file, for error messages
 * @param text - its beginning
 * @param gzip - whether it is compressed
 * @param delimiter - the separator, where it is known
 * @returns how to read the file
 * @throws InputError for an empty file, or a first line of numbers only
 */
export function sniff(
  path: string,
  text: string,
  gzip: boolean,
  delimiter: string | undefined,
): DelimitedFormat {
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
