import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { InputError } from "../core/errors.js";
import type { Prediction } from "../models/predict.js";
import type { FitResult } from "../models/result.js";
import { fitFromJson, posteriorFile } from "../report/fitJson.js";
import { readMemberships } from "../report/write.js";

/**
 * Reads a stored model.
 * @param path - a JSON file that symtraj wrote
 * @param options - `posteriors`: also read them where they lie in a file beside it (default false)
 * @returns the fit
 * @throws InputError when the file cannot be read or is no stored model
 */
export async function readStoredFit(
  path: string,
  options: { readonly posteriors?: boolean } = {},
): Promise<FitResult> {
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, "utf8"));
  } catch (error) {
    const reason = error instanceof SyntaxError ? "it is not JSON" : (error as Error).message;
    throw new InputError({
      code: "no-model",
      where: path,
      message: `The stored model could not be read: ${reason}.`,
      expected: "model.json of `symtraj fit --out`, or a file of a report's models folder",
    });
  }
  const file = posteriorFile(json);
  if (file === null || options.posteriors !== true) return fitFromJson(json);
  return fitFromJson(json, await readMemberships(join(dirname(path), file)));
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
  const lines = ["id,time,observed,fitted,predicted"];
  for (const [r, id] of rows.personIds.entries()) {
    const values = [rows.time[r]!, rows.observed[r]!, rows.fitted[r]!, rows.predicted[r]!];
    lines.push([quote(id), ...values.map(number)].join(","));
  }
  await writeFile(path, `${lines.join("\r\n")}\r\n`);
}
