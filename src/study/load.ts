import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { type Document, isCollection, isMap, isPair, isScalar, LineCounter, parseDocument } from "yaml";
import type { z } from "zod";
import { InputError, nearestName, type Problem } from "../core/errors.js";
import { checkStudy, type FoundProblem } from "./check.js";
import { STUDY_SECTIONS, type StudyFile } from "./schema.js";
import { expectedAt, isOptional, keysAt } from "./schemaKeys.js";

type Path = readonly PropertyKey[];

/** A study file that was read and found right. */
export interface LoadedStudy {
  readonly study: StudyFile;
  /** Absolute path of the study file. */
  readonly path: string;
  /** Its folder: relative paths in it start here. */
  readonly directory: string;
}

/**
 * Reads and checks a study file.
 * @param path - path of the YAML file
 * @returns the validated study
 * @throws InputError with every mistake in the file: its path and line, what was expected, and the nearest
 *   known name for a misspelt one
 */
export async function loadStudy(path: string): Promise<LoadedStudy> {
  const absolute = resolve(path);
  let text: string;
  try {
    text = await readFile(absolute, "utf8");
  } catch (cause) {
    throw new InputError({
      code: "no-study-file",
      where: path,
      message: `The study file could not be read (${(cause as NodeJS.ErrnoException).code ?? "error"}).`,
      expected: "the path of a YAML file",
      fix: "`symtraj init DATA` writes one from a look at a data file.",
    });
  }
  return { study: parseStudy(text, path), path: absolute, directory: dirname(absolute) };
}

/**
 * Checks the text of a study file.
 * @param text - YAML
 * @param name - what to call it in messages
 * @returns the validated study
 * @throws InputError with every mistake, as {@link loadStudy}
 */
export function parseStudy(text: string, name = "study.yaml"): StudyFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const syntax = document.errors.map((error) => ({
    line: lines.linePos(error.pos[0]).line,
    problem: { code: "yaml-syntax", message: `${endSentence(error.message)}`, expected: "valid YAML" },
  }));
  // Beyond a syntax error the rest of the file means something else than was written.
  if (syntax.length > 0) throw located(name, syntax);
  const raw: unknown = document.toJS() ?? {};
  if (typeof raw !== "object" || raw === null || Array.isArray(raw))
    throw new InputError({
      code: "bad-study",
      where: name,
      message: "The study file holds no keys.",
      expected: `keys such as ${keysAt([]).slice(0, 4).join(", ")}`,
      fix: "`symtraj init DATA` writes a study file to start from.",
    });
  const tidy = withoutNulls(raw as Record<string, unknown>);
  const { sections, found } = validate(tidy);
  found.push(...checkStudy(sections));
  if (found.length > 0)
    throw located(
      name,
      found.map(({ path, problem, atKey }) => ({
        line: lineAt(document, lines, path, atKey === true),
        path,
        problem,
      })),
    );
  return sections as StudyFile;
}

/**
 * `key:` with nothing after it means "the defaults": an empty mapping where the user names the keys
 * (`covariates: {age: }`), absent elsewhere.
 */
function withoutNulls(raw: Record<string, unknown>): Record<string, unknown> {
  const named = new Set(["measures", "covariates", "models"]);
  const tidy = (value: unknown, keepNames: boolean): unknown => {
    if (Array.isArray(value)) return value.map((entry) => tidy(entry, false));
    if (typeof value !== "object" || value === null || value instanceof Date) return value;
    const entries = Object.entries(value).filter(([, v]) => v !== null || keepNames);
    return Object.fromEntries(entries.map(([key, v]) => [key, v === null ? {} : tidy(v, false)]));
  };
  const entries = Object.entries(raw).filter(([, value]) => value !== null);
  return Object.fromEntries(entries.map(([key, value]) => [key, tidy(value, named.has(key))]));
}

/** Each section on its own, so that the sections that are right can be checked against each other. */
function validate(raw: Record<string, unknown>): { sections: Partial<StudyFile>; found: FoundProblem[] } {
  const found: FoundProblem[] = [];
  const sections: Record<string, unknown> = {};
  for (const key of Object.keys(raw)) if (!(key in STUDY_SECTIONS)) found.push(unknownKey([], key));
  for (const [key, schema] of Object.entries(STUDY_SECTIONS)) {
    if (!(key in raw)) {
      if (isOptional(schema)) continue;
      found.push({
        path: [key],
        problem: { code: "missing-key", message: "This section is missing.", expected: expectedAt([key]) },
      });
      continue;
    }
    const parsed = schema.safeParse(raw[key]);
    if (parsed.success) sections[key] = parsed.data;
    else {
      for (const issue of parsed.error.issues) found.push(...explain(issue, [key], raw));
      const rest = schema.safeParse(withoutMistakes(raw[key], parsed.error.issues));
      if (rest.success) sections[key] = rest.data;
    }
  }
  return { sections: sections as Partial<StudyFile>, found };
}

/** What is left of a section without its mistakes, so that the rest can be checked against other sections. */
function withoutMistakes(section: unknown, issues: readonly z.core.$ZodIssue[]): unknown {
  const copy: unknown = structuredClone(section);
  for (const issue of issues) {
    const wrong =
      issue.code === "unrecognized_keys" ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];
    for (const path of wrong) {
      const parent = valueAt(copy, path.slice(0, -1));
      if (typeof parent === "object" && parent !== null)
        delete (parent as Record<PropertyKey, unknown>)[path.at(-1)!];
    }
  }
  return copy;
}

function explain(issue: z.core.$ZodIssue, section: Path, raw: unknown): FoundProblem[] {
  const path = [...section, ...issue.path];
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => unknownKey(path, key));
  if (issue.code === "invalid_key")
    return [
      {
        path,
        atKey: true,
        problem: {
          code: "bad-name",
          message: `"${String(path.at(-1))}" cannot be used as a name.`,
          expected: "letters, digits and _, not starting with a digit",
        },
      },
    ];
  const value = valueAt(raw, path);
  const parent = valueAt(raw, path.slice(0, -1));
  // A part of a short form, such as the 99 of `1-99`: the key holds text, and the mistake is in it.
  if (value === undefined && (typeof parent === "string" || typeof parent === "number"))
    return [
      {
        path: path.slice(0, -1),
        problem: {
          code: "bad-value",
          message: `The value is ${show(parent)}.`,
          expected: `${expectedAt(path.slice(0, -1))}; ${String(path.at(-1))}: ${expectedAt(path)}`,
        },
      },
    ];
  if (value === undefined)
    return [
      {
        path,
        problem: {
          code: "missing-key",
          message: `The key ${String(path.at(-1))} is missing.`,
          expected: expectedAt(path),
        },
      },
    ];
  const near = typeof value === "string" ? nearestName(value, wordsAllowed(issue)) : undefined;
  return [
    {
      path,
      problem: {
        code: "bad-value",
        message: `The value is ${show(value)}.`,
        expected: expectedAt(path),
        ...(near === undefined ? {} : { fix: `Did you mean "${near}"?` }),
      },
    },
  ];
}

/** The words that a value may be, as the schema lists them. */
function wordsAllowed(issue: z.core.$ZodIssue): readonly string[] {
  if (issue.code === "invalid_value") return issue.values.map(String);
  const values: unknown = issue.code === "custom" ? issue.params?.values : undefined;
  return Array.isArray(values) ? values.map(String) : [];
}

function unknownKey(path: Path, key: string): FoundProblem {
  const known = keysAt(path);
  const near = nearestName(key, known);
  return {
    path: [...path, key],
    atKey: true,
    problem: {
      code: "unknown-key",
      message: "There is no such key.",
      ...(near === undefined
        ? { expected: `one of ${known.join(", ")}` }
        : { fix: `Did you mean "${near}"?` }),
    },
  };
}

function located(
  name: string,
  found: readonly { readonly line: number; readonly path?: Path; readonly problem: Problem }[],
): InputError {
  const sorted = [...found].sort((a, b) => a.line - b.line);
  return new InputError(
    sorted.map(({ line, path, problem }) => ({
      ...problem,
      where: `${name}:${line}${path === undefined ? "" : `: ${showPath(path)}`}`,
    })),
  );
}

/** The line of a path; of its nearest parent where it is not in the file. */
function lineAt(document: Document, lines: LineCounter, path: Path, atKey: boolean): number {
  let node: unknown = document.contents;
  let offset = 0;
  for (const [depth, key] of path.entries()) {
    if (!isCollection(node)) break;
    const pair = isMap(node)
      ? node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(key))
      : node.items[Number(key)];
    if (pair === undefined) break;
    const last = depth === path.length - 1;
    if (isPair(pair)) {
      offset = offsetOf(pair.key) ?? offset;
      // A value on the same or a later line: the reader looks for the value, unless the key is the mistake.
      if (last && !atKey && isScalar(pair.value)) offset = offsetOf(pair.value) ?? offset;
      node = pair.value;
    } else {
      offset = offsetOf(pair) ?? offset;
      node = pair;
    }
  }
  return lines.linePos(offset).line;
}

function offsetOf(node: unknown): number | undefined {
  return (node as { range?: readonly number[] | null }).range?.[0];
}

function valueAt(raw: unknown, path: Path): unknown {
  let value = raw;
  for (const key of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}

function show(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (value instanceof Date) return "a date";
  if (typeof value === "object") return "a group of keys";
  return typeof value === "string" ? `"${value}"` : String(value);
}

/**
 * Writes a path as the messages show it, e.g. `models.GMM.fixed` or `exclusions[2].keep` (counted from 1).
 * @param path - keys and list positions
 * @returns the text
 */
export function showPath(path: Path): string {
  return path
    .map((key, depth) =>
      typeof key === "number" ? `[${key + 1}]` : `${depth === 0 ? "" : "."}${String(key)}`,
    )
    .join("");
}

function endSentence(message: string): string {
  return /[.!?]$/.test(message) ? message : `${message}.`;
}
