import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { FitResult } from "../models/result.js";
import { writeSetAside } from "../prep/index.js";
import type { Cohort } from "../prep/types.js";
import { fitToJson } from "../report/fitJson.js";
import type { FurtherInference } from "../report/input.js";
import { writeMemberships } from "../report/write.js";
import { writeInference } from "../study/inferenceFiles.js";

/** What `--out` left in its folder. */
export interface KeptFit {
  /** File names, relative to the folder. */
  readonly files: readonly string[];
  /** Path of the memberships, from the working folder. */
  readonly memberships: string;
}

/**
 * Keeps a fit in a folder: `model.json` (for `symtraj predict` and `compare`), `memberships.csv`, `set-aside.csv`, and the files of
 * further inference.
 * @param folder - the folder, made where it does not exist
 * @param fit - the fit
 * @param inference - what was done beyond it
 * @param cohort - the data it was made from
 * @returns what was written
 */
export async function keepFit(
  folder: string,
  fit: FitResult,
  inference: FurtherInference,
  cohort: Cohort,
): Promise<KeptFit> {
  await mkdir(folder, { recursive: true });
  const stored = fitToJson(fit, { posteriors: { file: "memberships.csv" }, inference });
  // The column of the identifier, so that predict need not ask for it.
  const json = { ...stored, data: { id: cohort.id } };
  await writeFile(join(folder, "model.json"), `${JSON.stringify(json, null, 1)}\n`);
  const memberships = join(folder, "memberships.csv");
  await writeMemberships(fit.posteriors, memberships);
  await writeSetAside(cohort, join(folder, "set-aside.csv"));
  const further = await writeInference(inference, folder);
  return { files: ["model.json", "memberships.csv", "set-aside.csv", ...further], memberships };
}
