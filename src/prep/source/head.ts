import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { createGunzip } from "node:zlib";
import { InputError } from "../../core/errors.js";

const HEAD_BYTES = 1 << 20;

/** The beginning of a file. */
export interface Head {
  /** The first bytes, uncompressed. */
  readonly bytes: Buffer;
  readonly gzip: boolean;
  /** True when the file goes on after them. */
  readonly more: boolean;
}

/**
 * Reads the first megabyte of a file, uncompressed.
 * @param path - the file
 * @returns its bytes; none for an empty file
 * @throws InputError for a damaged gzip file
 */
export async function readHead(path: string): Promise<Head> {
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

/**
 * Reads the beginning of a file as text.
 * @param path - the file, for error messages
 * @param head - its beginning
 * @returns the text
 * @throws InputError for a file that is no text in UTF-8, with the line where that is known
 */
export function decodeHead(path: string, head: Head): string {
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

/**
 * Whether a JSON file holds nothing.
 * @param head - its beginning
 * @returns true for white space, `[]` and `{}`
 */
export function isEmptyJson(head: Head): boolean {
  return head.bytes.length < 100 && /^\s*(?:\[\s*\]|\{\s*\})?\s*$/.test(head.bytes.toString("utf8"));
}

/**
 * The error for a file without rows and header.
 * @param path - the file
 * @returns the error
 */
export function emptyFile(path: string): InputError {
  return new InputError({
    code: "empty-file",
    where: path,
    message: "The file is empty.",
    expected: "a header line and rows",
  });
}

/**
 * The error for a file in another encoding.
 * @param path - the file
 * @param where - where in it
 * @returns the error
 */
export function notUtf8(path: string, where: string): InputError {
  return new InputError({
    code: "not-utf8",
    where: `${path}, ${where}`,
    message: "There is a character that is not UTF-8; the file is probably in Latin-1 or Windows-1252.",
    expected: "UTF-8",
    fix: "Save it as CSV UTF-8, or convert it: iconv -f WINDOWS-1252 -t UTF-8 OLD > NEW.",
  });
}
