import { readdir, stat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { InputError, nearestName, type Problem } from "../../core/errors.js";
import type { Database } from "../duckdb.js";
import type { PrepSpec } from "../types.js";

/**
 * Finds the files that paths and patterns name.
 * @param db - the database, which knows patterns
 * @param patterns - paths; `*` is allowed
 * @returns paths, each once
 * @throws InputError listing every path that is no file and every pattern without one
 */
export async function findFiles(db: Database, patterns: readonly string[]): Promise<string[]> {
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

/**
 * Takes the format of a file from its name.
 * @param path - the file
 * @returns the format
 * @throws InputError for an extension that is not known
 */
export function formatOfName(path: string): NonNullable<PrepSpec["format"]> {
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
