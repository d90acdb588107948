import { InputError } from "../core/errors.js";
import type { FitResult, Posteriors } from "../models/result.js";
import type { FurtherInference } from "./input.js";

/** Where the posteriors of a stored fit are. */
export type PosteriorStorage = "inline" | "none" | { readonly file: string };

/** A fit as stored: {@link FitResult} in plain JSON, with posteriors inline, left out, or in a file beside it. */
export type StoredFit = { readonly [key: string]: unknown };

/**
 * Turns a fit into plain JSON. Numbers that JSON lacks (NaN, infinities) and typed arrays are tagged, so nothing is lost.
 * @param fit - the fit
 * @param options - `posteriors`: `inline` (all of them in the JSON), `none`, or the file that holds them,
 *   relative to the JSON file; default `none`; `inference`: kept beside the fit, its parts as keys of their own
 * @returns an object for JSON.stringify
 */
export function fitToJson(
  fit: FitResult,
  options: { readonly posteriors?: PosteriorStorage; readonly inference?: FurtherInference } = {},
): StoredFit {
  const storage = options.posteriors ?? "none";
  const { posteriors, ...rest } = fit;
  const stored =
    storage === "inline"
      ? posteriors
      : storage === "none"
        ? { nClasses: posteriors.nClasses, stored: "none" }
        : { nClasses: posteriors.nClasses, stored: "file", file: storage.file };
  return encode({ ...rest, ...options.inference, posteriors: stored }) as StoredFit;
}

/**
 * The inverse of {@link fitToJson}.
 * @param json - what JSON.parse gave for a stored fit
 * @param posteriors - the posteriors, where they were stored elsewhere (see `readMemberships`); default: none,
 *   and the fit then has an empty list of persons
 * @returns the fit
 * @throws InputError when it is not a stored fit of a known format
 */
export function fitFromJson(json: unknown, posteriors?: Posteriors): FitResult {
  if (typeof json !== "object" || json === null || Array.isArray(json))
    throw new InputError({
      code: "not-a-fit",
      message: "This is not a stored model.",
      expected: "a JSON object written by symtraj (models/*.json or --json)",
    });
  const stored = decode(json) as Record<string, unknown>;
  const missing = ["model", "parameters", "classes", "criteria", "posteriors"].filter(
    (key) => !(key in stored),
  );
  if (stored.formatVersion !== 1 || missing.length > 0)
    throw new InputError({
      code: "not-a-fit",
      message:
        stored.formatVersion !== 1
          ? `The stored model has format version ${String(stored.formatVersion)}.`
          : `The stored model lacks ${missing.join(", ")}.`,
      expected: "format version 1 with all its fields",
      fix: "Fit the model again with this version, or use the version that wrote the file.",
    });
  return { ...stored, posteriors: posteriors ?? decodePosteriors(stored.posteriors) } as unknown as FitResult;
}

/**
 * The file that holds the posteriors of a stored fit.
 * @param json - what JSON.parse gave for a stored fit
 * @returns the path as written, relative to the JSON file; null when they are inline or left out
 */
export function posteriorFile(json: unknown): string | null {
  const posteriors = (json as { posteriors?: { stored?: unknown; file?: unknown } } | null)?.posteriors;
  return posteriors?.stored === "file" && typeof posteriors.file === "string" ? posteriors.file : null;
}

function decodePosteriors(stored: unknown): Posteriors {
  const found = stored as Partial<Posteriors> | null;
  if (found?.values instanceof Float64Array && found.modalClass instanceof Int32Array)
    return found as Posteriors;
  return {
    personIds: [],
    nClasses: found?.nClasses ?? 1,
    values: new Float64Array(0),
    modalClass: new Int32Array(0),
  };
}

/** Keys of the tags; plain objects of a fit never have them. */
const NUMBER = "$number";
const ARRAYS = { $float64: Float64Array, $int32: Int32Array } as const;

function encode(value: unknown): unknown {
  if (typeof value === "number") return Number.isFinite(value) ? value : { [NUMBER]: String(value) };
  if (value instanceof Float64Array) return { $float64: Array.from(value, encode) };
  if (value instanceof Int32Array) return { $int32: Array.from(value) };
  if (Array.isArray(value)) return value.map(encode);
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(
      Object.entries(value).flatMap(([key, each]) => (each === undefined ? [] : [[key, encode(each)]])),
    );
  return value;
}

function decode(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(decode);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value);
  if (entries.length === 1) {
    const [key, content] = entries[0]!;
    if (key === NUMBER) return Number(content);
    if (key in ARRAYS && Array.isArray(content))
      return ARRAYS[key as keyof typeof ARRAYS].from(content.map(decode) as number[]);
  }
  return Object.fromEntries(entries.map(([key, each]) => [key, decode(each)]));
}
