import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { diagnose } from "../models/diagnostics.js";
import { enumerationKey } from "../models/enumeration.js";
import { fit } from "../models/fitModel.js";
import { logisticRegression } from "../models/logistic.js";
import { summarizeDiagnostics } from "../models/persons/summary.js";
import type { DiagnosticSummary } from "../models/persons/types.js";
import type { EnumerationResult, FitResult, RegressionResult } from "../models/result.js";
import { threeStep } from "../models/threeStep.js";
import { prepare, writeLong, writePersons, writeSetAside } from "../prep/index.js";
import type { Cohort } from "../prep/types.js";
import { fitToJson } from "../report/fitJson.js";
import { fileStem } from "../report/format.js";
import { writeReport } from "../report/index.js";
import type { FurtherInference } from "../report/input.js";
import { createRunner } from "../workers/index.js";
import { openCache } from "./cache.js";
import { compareModels, modelsOf } from "./compare.js";
import {
  fitContext,
  fitKey,
  isCancellation,
  noteStage,
  type Run,
  type RunStudyOptions,
  stage,
  stopIfCancelled,
} from "./context.js";
import { checkBeforeFitting, inferChosen } from "./inferChosen.js";
import { asksForInference } from "./inference.js";
import { joinLedgers } from "./ledger.js";
import { type Manifest, type RunRecord, writeManifest } from "./manifest.js";
import { reportInput } from "./reportInput.js";
import type { ResolvedStudy } from "./resolve.js";
import { readEarlierFiles, removeStale } from "./stale.js";

export type { RunStudyOptions } from "./context.js";

/** What a study came to. Parts that were not reached, or not asked for, are null or empty. */
export interface StudyResult {
  readonly status: "complete" | "cancelled";
  /** The output folder. */
  readonly directory: string;
  readonly cohort: Cohort | null;
  readonly enumeration: EnumerationResult | null;
  /** The model that the report is about. */
  readonly chosen: FitResult | null;
  /** Intervals and tests of the chosen model that the study asks for. */
  readonly inference: FurtherInference | null;
  /** The growth curve with covariates. */
  readonly growth: FitResult | null;
  readonly regressions: readonly RegressionResult[];
  readonly manifest: Manifest;
}

/**
 * Runs a whole study: prepares the data, compares models, chooses one, fits the growth curve with covariates, predicts
 * class membership and outcomes, and writes the report folder. Fits that the folder holds from an earlier run
 * with the same data, settings and program are reused; files that only an earlier run wrote (as its manifest lists
 * them) are deleted when this one is complete.
 * @param study - a study with every default filled, from `resolveStudy`
 * @param options - where it runs, whom it tells, how it is cancelled
 * @returns what it came to; a cancelled run has status `cancelled` and holds what was finished
 * @throws InputError for data or settings that cannot be used; RunFailure for work that cannot be done; either is
 *   also told in the manifest, where the folder can be written to
 */
export async function runStudy(study: ResolvedStudy, options: RunStudyOptions = {}): Promise<StudyResult> {
  await mkdir(study.output, { recursive: true });
  const run: Run = {
    study,
    runner: options.runner ?? createRunner(study.workers),
    cache: openCache(join(study.output, ".symtraj"), options.reuse ?? true),
    options,
    started: new Date(),
    finished: {
      cohort: null,
      enumeration: null,
      chosen: null,
      inference: null,
      growth: null,
      regressions: [],
      diagnostics: null,
      files: [],
      stages: [],
      warnings: [],
      choiceWarnings: [],
    },
  };
  const earlier = await readEarlierFiles(study.output);
  let status: StudyResult["status"] = "complete";
  try {
    await runStages(run);
  } catch (error) {
    if (!isCancellation(error, options.signal)) {
      await noteFailure(run, error, earlier);
      throw error;
    }
    status = "cancelled";
    await keepUnfinished(run);
  } finally {
    if (options.runner === undefined) await run.runner.close();
  }
  const { cohort, enumeration, chosen, inference, growth, regressions } = run.finished;
  const left = status === "complete" ? await clearStale(run, earlier) : earlier;
  const manifest = await writeManifest(study, recordOf(run, status, left));
  const directory = study.output;
  return { status, directory, cohort, enumeration, chosen, inference, growth, regressions, manifest };
}

/** Puts the failure into the manifest. A folder that cannot be written to must not hide what went wrong first. */
async function noteFailure(run: Run, error: unknown, earlier: readonly string[]): Promise<void> {
  const reason = error instanceof Error ? error.message : String(error);
  await writeManifest(run.study, recordOf(run, "failed", earlier, reason)).catch(() => {});
}

/** Deletes what only earlier runs wrote; returns what could not be deleted. */
async function clearStale(
  { study, finished, options }: Run,
  earlier: readonly string[],
): Promise<readonly string[]> {
  const sources = finished.cohort?.sources.map(({ path }) => resolve(path)) ?? [];
  const keep = [...finished.files, ...sources, study.studyFile];
  const { removed, left } = await removeStale(study.output, earlier, keep);
  const files = (n: number): string => `${n} ${n === 1 ? "file" : "files"} of an earlier run`;
  if (removed.length > 0) options.onNote?.(`${files(removed.length)} removed from the output folder.`);
  if (left.length > 0)
    finished.warnings.push(
      `${files(left.length)} could not be removed from the output folder: ${left.join(", ")}.`,
    );
  return left;
}

function recordOf(
  run: Run,
  status: Manifest["status"],
  earlier: readonly string[],
  error: string | null = null,
): RunRecord {
  const { cohort, stages, files, warnings, choiceWarnings } = run.finished;
  return {
    status,
    error,
    started: run.started,
    sources: cohort?.sources ?? [],
    stages,
    files,
    earlierFiles: earlier.filter((file) => file !== "manifest.json" && !files.includes(file)),
    warnings: [...warnings, ...choiceWarnings],
    notFinished: status === "complete" ? [] : notFinished(run),
  };
}

async function runStages(run: Run): Promise<void> {
  const { study, finished } = run;
  const cohort = await stage(run, "preparing the data", () => prepare(study.prep));
  finished.cohort = cohort;
  finished.files.push(...(await writeCohort(cohort, study.output)));
  finished.warnings.push(...cohort.notes);
  checkBeforeFitting(run, cohort);
  const { enumeration, chosen } = await compareModels(run, cohort);
  if (study.growth !== null) finished.growth = await fitGrowthCurve(run, cohort);
  finished.regressions = await stage(run, "predicting membership and outcomes", () =>
    predictFrom(run, cohort, chosen),
  );
  finished.inference = await inferChosen(run, cohort, chosen);
  finished.diagnostics = await stage(run, "checking residuals", () => checkResiduals(run, cohort, chosen));
  await stage(run, "writing the report", async () => {
    const input = reportInput(run, cohort, enumeration, chosen);
    await run.cache.put(REPORT_KEY, input);
    const { signal } = run.options;
    const onFile = (file: string): void => void finished.files.push(file);
    await writeReport(input, study.output, { onFile, ...(signal === undefined ? {} : { signal }) });
  });
}

/** Under this key the output folder keeps what its report is made of. */
export const REPORT_KEY = "report";

async function writeCohort(cohort: Cohort, directory: string): Promise<string[]> {
  await writeLong(cohort, join(directory, "long.csv"));
  await writePersons(cohort, join(directory, "persons.csv"));
  await writeSetAside(cohort, join(directory, "set-aside.csv"));
  return ["long.csv", "persons.csv", "set-aside.csv"];
}

async function fitGrowthCurve(run: Run, cohort: Cohort): Promise<FitResult> {
  const spec = run.study.growth!;
  const begun = performance.now();
  const key = await fitKey(run, cohort, spec);
  const kept = await run.cache.get<FitResult>(key);
  const result =
    kept ?? (await fit(cohort.long, spec, { ...run.study.fit, ...fitContext(run, "growth curve") }));
  if (kept === undefined) await run.cache.put(key, result);
  const made = kept === undefined ? [result] : [];
  noteStage(run, "growth curve with covariates", begun, 1 - made.length, made);
  stopIfCancelled(run);
  return { ...result, rows: joinLedgers(cohort.ledger, result.rows) };
}

/** Residuals and random effects of the chosen model, for figures and words of the report. */
function checkResiduals({ study }: Run, cohort: Cohort, chosen: FitResult): DiagnosticSummary {
  const measure = cohort.measures.find(({ name }) => name === study.outcome);
  const limits = measure === undefined ? {} : { minimum: measure.minimum, maximum: measure.maximum };
  return summarizeDiagnostics(diagnose(chosen, cohort.long, limits), study.seed);
}

function predictFrom({ study, finished }: Run, cohort: Cohort, chosen: FitResult): RegressionResult[] {
  const results: RegressionResult[] = [];
  if (study.membership !== null) {
    if (chosen.model.classes === 1)
      finished.warnings.push("The chosen model has one class, so there is no membership to predict.");
    else
      results.push(
        withReferences(threeStep(chosen, cohort.persons, study.membership), study.membership.references),
      );
  }
  for (const outcome of study.outcomes?.names ?? [])
    results.push(logisticRegression(cohort.persons, { outcome, formula: study.outcomes!.formula }));
  return results;
}

/** Keeps the contrasts against the reference classes that the study asks for. */
function withReferences(result: RegressionResult, references: "all" | readonly number[]): RegressionResult {
  if (references === "all") return result;
  // By name: an empty class is missing from the levels, so positions would slip.
  const wanted = references.map((k) => `Class ${k}`);
  return { ...result, oddsRatios: result.oddsRatios.filter(({ reference }) => wanted.includes(reference)) };
}

/** Writes the models that a cancelled run did finish. */
async function keepUnfinished({ study, finished }: Run): Promise<void> {
  const { enumeration } = finished;
  if (enumeration === null || enumeration.fits.length === 0) return;
  await mkdir(join(study.output, "models"), { recursive: true });
  for (const [i, row] of enumeration.rows.entries()) {
    const file = `models/${fileStem(`${row.structure} ${row.classes}`)}.json`;
    const json = JSON.stringify(fitToJson(enumeration.fits[i]!, { posteriors: "inline" }));
    await writeFile(join(study.output, file), `${json}\n`);
    finished.files.push(file);
  }
}

function notFinished({ study, finished }: Run): string[] {
  const done = new Set(finished.enumeration?.rows.map((row) => enumerationKey(row.structure, row.classes)));
  const left: string[] = finished.cohort === null ? ["the preparation of the data"] : [];
  for (const { structure, classes } of modelsOf(study))
    if (!done.has(enumerationKey(structure, classes)))
      left.push(`${structure} with ${classes} ${classes === 1 ? "class" : "classes"}`);
  if (study.growth !== null && finished.growth === null) left.push("the growth curve with covariates");
  if (study.membership !== null && finished.regressions.length === 0) left.push("the predictors");
  if (asksForInference(study.inference) && finished.inference === null)
    left.push("intervals and tests of the chosen model");
  return [...left, "the report"];
}
