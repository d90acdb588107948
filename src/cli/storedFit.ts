import { access, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { InputError } from "../core/errors.js";
import type { Prediction } from "../models/predict.js";
import type { FitResult } from "../models/result.js";
import type { MeasureSpec } from "../prep/types.js";
import { fitFromJson, posteriorFile } from "../report/fitJson.js";
import { readMemberships } from "../report/write.js";

/**
 * Reads a stored model.
 * @param path - a JSON file that symtraj wrote, or a folder with a `model.json`
 * @param options - `posteriors`: also read them where they lie in a file beside it (default false)
 * @returns the fit
 * @throws InputError when the file cannot be read or is no stored model
 */
export async function readStoredFit(
  path: string,
  options: { readonly posteriors?: boolean } = {},
): Promise<FitResult> {
  const model = await modelFile(path);
  let json: unknown;
  try {
    json = JSON.parse(await readFile(model, "utf8"));
  } catch (error) {
    throw new InputError({
      code: "no-model",
      where: path,
      message: `The stored model could not be read: ${whyUnread(error)}.`,
      expected: "model.json of `symtraj fit --out`, or a file of a report's models folder",
    });
  }
  const file = posteriorFile(json);
  if (file === null || options.posteriors !== true) return fitFromJson(json);
  return fitFromJson(json, await readMemberships(join(dirname(model), file)));
}

/** A folder of `symtraj fit --out` stands for the model in it. */
async function modelFile(path: string): Promise<string> {
  const inside = join(path, "model.json");
  return access(inside).then(
    () => inside,
    () => path,
  );
}

function whyUnread(error: unknown): string {
  if (error instanceof SyntaxError) return "it is not JSON";
  switch ((error as NodeJS.ErrnoException).code) {
    case "ENOENT":
    case "ENOTDIR":
      return "there is no such file";
    case "EISDIR":
      return "it is a folder";
    case "EACCES":
      return "reading it is not permitted";
    default:
      return (error as Error).message;
  }
}

/** What is known of the data behind a stored model. */
export interface ModelOrigin {
  /** Column of the person identifier. */
  readonly id?: string;
  /** Measures of the study, with its cut-offs. */
  readonly measures?: readonly MeasureSpec[];
}

/**
 * Finds out which data a stored model was fitted to: `fit --out` notes it in the model, a study in the manifest of
 * its folder.
 * @param path - the stored model, or a folder with a `model.json`
 * @returns what was found; nothing for models of elsewhere
 */
export async function readOrigin(path: string): Promise<ModelOrigin> {
  const noted = ((await readJson(await modelFile(path))) as { data?: ModelOrigin } | null)?.data?.id;
  if (typeof noted === "string") return { id: noted };
  const manifest = (await readJson(join(dirname(path), "..", "manifest.json"))) as {
    readonly study?: { readonly prep?: ModelOrigin };
  } | null;
  const { id, measures } = manifest?.study?.prep ?? {};
  return {
    ...(typeof id === "string" ? { id } : {}),
    ...(Array.isArray(measures) ? { measures: measures as readonly MeasureSpec[] } : {}),
  };
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, "utf8"));
  } catch {
    return null;
  }
}

/**
 * Writes predicted trajectories, one row per person and occasion.
 * @param prediction - from `predict`
 * @param path - the CSV file to write
 */
export async function writeTrajectories({ rows }: Prediction, path: string): Promise<void> {
  const quote = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const number = (value: number): string =>
    Number.isFinite(value) ? String(Number(value.toPrecision(8))) : "";
  const lines = ["id,time,observed,fitted,predicted,predicted_se"];
  for (const [r, id] of rows.personIds.entries()) {
    const values = [
      rows.time[r]!,
      rows.observed[r]!,
      rows.fitted[r]!,
      rows.predicted[r]!,
      rows.predictedStandardError[r]!,
    ];
    lines.push([quote(id), ...values.map(number)].join(","));
  }
  await writeFile(path, `${lines.join("\r\n")}\r\n`);
}
