import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { RunFailure } from "../core/errors.js";
import { VERSION } from "../core/version.js";
import { compareFits, enumerate, enumerationKey } from "../models/enumeration.js";
import { type FitContext, fit } from "../models/fitModel.js";
import type { JobRunner, Progress } from "../models/job.js";
import { logisticRegression } from "../models/logistic.js";
import type { EnumerationResult, FitResult, RegressionResult } from "../models/result.js";
import { threeStep } from "../models/threeStep.js";
import { prepare, writeLong, writePersons, writeSetAside } from "../prep/index.js";
import type { Cohort } from "../prep/types.js";
import { fitToJson } from "../report/fitJson.js";
import { fileStem } from "../report/format.js";
import { writeReport } from "../report/index.js";
import type { ReportInput } from "../report/input.js";
import { createRunner } from "../workers/index.js";
import { cacheKey, engineFingerprint, openCache, type WorkCache } from "./cache.js";
import { joinLedgers } from "./ledger.js";
import { type Manifest, type StageRecord, writeManifest } from "./manifest.js";
import type { ResolvedStudy } from "./resolve.js";
import { timeLabelOf } from "./words.js";

/** Where a study runs and whom it tells. */
export interface RunStudyOptions {
  /** Runs the fitting jobs; default: threads as the study's `workers` says, ended when the study is done. */
  readonly runner?: JobRunner;
  /** Cancels the run; what is finished is kept. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
  /** Sentences about what was done, found or reused. */
  readonly onNote?: (sentence: string) => void;
  /** False: fit everything anew, whatever the output folder keeps. Default true. */
  readonly reuse?: boolean;
}

/** What a study came to. Parts that were not reached, or not asked for, are null or empty. */
export interface StudyResult {
  readonly status: "complete" | "cancelled";
  /** The output folder. */
  readonly directory: string;
  readonly cohort: Cohort | null;
  readonly enumeration: EnumerationResult | null;
  /** The model that the report is about. */
  readonly chosen: FitResult | null;
  /** The growth curve with covariates. */
  readonly growth: FitResult | null;
  readonly regressions: readonly RegressionResult[];
  readonly manifest: Manifest;
}

/** What is finished so far; filled step by step, so that a cancelled run can say what it has. */
type Finished = {
  -readonly [K in "cohort" | "enumeration" | "chosen" | "growth" | "regressions"]: StudyResult[K];
} & { readonly files: string[]; readonly stages: StageRecord[]; readonly warnings: string[] };

/** What every step needs. */
interface Run {
  readonly study: ResolvedStudy;
  readonly runner: JobRunner;
  readonly cache: WorkCache;
  readonly options: RunStudyOptions;
  readonly started: Date;
  readonly finished: Finished;
}

/**
 * Runs a whole study: prepares the data, compares models, chooses one, fits the growth curve with covariates, predicts
 * class membership and outcomes, and writes the report folder. Fits that the folder holds from an earlier run
 * with the same data, settings and program are reused.
 * @param study - a study with every default filled, from `resolveStudy`
 * @param options - where it runs, whom it tells, how it is cancelled
 * @returns what it came to; a cancelled run has status `cancelled` and holds what was finished
 * @throws InputError for data or settings that cannot be used; RunFailure for work that cannot be done
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
      growth: null,
      regressions: [],
      files: [],
      stages: [],
      warnings: [],
    },
  };
  let status: StudyResult["status"] = "complete";
  try {
    await runStages(run);
  } catch (error) {
    if (options.signal?.aborted !== true) throw error;
    status = "cancelled";
    await keepUnfinished(run);
  } finally {
    if (options.runner === undefined) await run.runner.close();
  }
  const { cohort, enumeration, chosen, growth, regressions, stages, files, warnings } = run.finished;
  const manifest = await writeManifest(study, {
    status,
    started: run.started,
    sources: cohort?.sources ?? [],
    stages,
    files,
    warnings,
    notFinished: status === "complete" ? [] : notFinished(run),
  });
  return { status, directory: study.output, cohort, enumeration, chosen, growth, regressions, manifest };
}

async function runStages(run: Run): Promise<void> {
  const { study, finished } = run;
  const cohort = await stage(run, "preparing the data", () => prepare(study.prep));
  finished.cohort = cohort;
  finished.files.push(...(await writeCohort(cohort, study.output)));
  finished.warnings.push(...cohort.notes);
  const { enumeration, chosen } = await compareModels(run, cohort);
  if (study.growth !== null) finished.growth = await fitGrowthCurve(run, cohort);
  finished.regressions = await stage(run, "predicting membership and outcomes", () =>
    predictFrom(run, cohort, chosen),
  );
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

/** Runs one step: says that it began, notes how long it took, and stops where the run was cancelled. */
async function stage<T>(run: Run, name: string, work: () => Promise<T> | T): Promise<T> {
  const { options, finished } = run;
  const begun = performance.now();
  const elapsed = (): number => (performance.now() - begun) / 1000;
  options.onProgress?.({ stage: name, done: 0, total: 1, elapsedSeconds: 0, remainingSeconds: null });
  stopIfCancelled(run);
  const result = await work();
  finished.stages.push({ name, seconds: elapsed() });
  stopIfCancelled(run);
  return result;
}

function stopIfCancelled({ options }: Run): void {
  if (options.signal?.aborted === true) throw new RunFailure("cancelled", "The study was cancelled.");
}

async function writeCohort(cohort: Cohort, directory: string): Promise<string[]> {
  await writeLong(cohort, join(directory, "long.csv"));
  await writePersons(cohort, join(directory, "persons.csv"));
  await writeSetAside(cohort, join(directory, "set-aside.csv"));
  return ["long.csv", "persons.csv", "set-aside.csv"];
}

function fitContext({ runner, options }: Run, words: string): FitContext {
  const { signal, onProgress } = options;
  return {
    runner,
    ...(signal === undefined ? {} : { signal }),
    ...(onProgress === undefined
      ? {}
      : { onProgress: (progress) => onProgress({ ...progress, stage: `${words}, ${progress.stage}` }) }),
  };
}

/** The key of a fit: everything that its numbers depend on. */
async function fitKey(run: Run, cohort: Cohort, spec: unknown): Promise<string> {
  const { data: _, ...prep } = run.study.prep;
  const fingerprints = cohort.sources.map(({ sha256 }) => sha256);
  return cacheKey(VERSION, await engineFingerprint(), fingerprints, prep, run.study.fit, spec);
}

async function compareModels(
  run: Run,
  cohort: Cohort,
): Promise<{ enumeration: EnumerationResult; chosen: FitResult }> {
  const { study, finished } = run;
  const begun = performance.now();
  const { fits, reused } = await fitAll(run, cohort);
  const entries = modelsOf(study).flatMap(({ structure, classes }) => {
    const found = fits.get(enumerationKey(structure, classes));
    if (found === undefined) return [];
    return [{ structure, fit: { ...found, rows: joinLedgers(cohort.ledger, found.rows) } }];
  });
  const enumeration = compareFits(entries, study.rule);
  finished.enumeration = enumeration;
  noteStage(run, "comparing models", begun, reused, fits.size - reused);
  stopIfCancelled(run);
  const choice = chooseModel(study, enumeration);
  if (choice.warning !== undefined) finished.warnings.push(choice.warning);
  finished.enumeration = { ...enumeration, ...choice.enumeration };
  finished.chosen = enumeration.fits[choice.index]!;
  return { enumeration: finished.enumeration, chosen: finished.chosen };
}

/** Every model of the comparison, in the order of tables. */
function modelsOf({ structures, classes }: ResolvedStudy): { structure: string; classes: number }[] {
  const range = Array.from({ length: classes.to - classes.from + 1 }, (_, i) => classes.from + i);
  return structures.flatMap(({ name }) => range.map((k) => ({ structure: name, classes: k })));
}

/** Fits what the output folder does not hold yet, and keeps each number of classes as soon as it is done. */
async function fitAll(run: Run, cohort: Cohort): Promise<{ fits: Map<string, FitResult>; reused: number }> {
  const { study, cache, options } = run;
  const keys = new Map<string, string>();
  const fits = new Map<string, FitResult>();
  for (const { structure, classes } of modelsOf(study)) {
    const spec = study.structures.find(({ name }) => name === structure)!.spec;
    const key = await fitKey(run, cohort, { ...spec, classes });
    keys.set(enumerationKey(structure, classes), key);
    const kept = await cache.get<FitResult>(key);
    if (kept !== undefined) fits.set(enumerationKey(structure, classes), kept);
  }
  const reused = fits.size;
  for (let classes = study.classes.from; classes <= study.classes.to; classes++) {
    const structures = study.structures.filter(({ name }) => !fits.has(enumerationKey(name, classes)));
    if (structures.length === 0 || options.signal?.aborted === true) continue;
    const words = `${classes} ${classes === 1 ? "class" : "classes"} (of ${study.classes.to})`;
    const { rows, fits: made } = await enumerate(
      cohort.long,
      { structures, classes: { from: classes, to: classes }, rule: study.rule },
      { ...study.fit, ...fitContext(run, words) },
    );
    for (const [i, { structure }] of rows.entries()) {
      const name = enumerationKey(structure, classes);
      fits.set(name, made[i]!);
      await cache.put(keys.get(name)!, made[i]!);
    }
  }
  return { fits, reused };
}

function noteStage(run: Run, name: string, begun: number, reused: number, fitted: number): void {
  run.finished.stages.push({ name, seconds: (performance.now() - begun) / 1000, reused, fitted });
  if (reused === 0) return;
  const models = `${reused} ${reused === 1 ? "model" : "models"}`;
  run.options.onNote?.(
    `${name}: ${models} taken over from an earlier run with the same data, settings and program` +
      `${fitted > 0 ? `, ${fitted} fitted` : ""}.`,
  );
}

interface Choice {
  readonly index: number;
  /** What the choice changes in the enumeration's own words. */
  readonly enumeration: Partial<EnumerationResult>;
  readonly warning?: string;
}

/** The user's choice where there is one, else the rule's; else the lowest criterion, with a warning. */
function chooseModel({ choose, rule }: ResolvedStudy, enumeration: EnumerationResult): Choice {
  const { rows, explanation } = enumeration;
  const pick = (index: number, sentence: string, warning?: string): Choice => ({
    index,
    enumeration: {
      chosen: index,
      rows: rows.map((row, i) => ({ ...row, chosen: i === index })),
      explanation: `${explanation} ${sentence}`,
    },
    ...(warning === undefined ? {} : { warning }),
  });
  if (choose !== null) {
    const index = rows.findIndex((row) => row.structure === choose.model && row.classes === choose.classes);
    const reasons = rows[index]!.excludedBecause.join("; ");
    return pick(
      index,
      `The study file chose ${choose.model} with ${choose.classes} classes in place of the rule.`,
      reasons === "" ? undefined : `The model that the study file chose did not meet the rule: ${reasons}.`,
    );
  }
  if (enumeration.chosen !== null) return { index: enumeration.chosen, enumeration: {} };
  const values = rows.map((row) => row.criteria[rule.criterion]);
  const index = Math.max(0, values.indexOf(Math.min(...values.filter(Number.isFinite))));
  const sentence = `The report shows the model of the lowest criterion; do not rely on it: ${rows[index]!.excludedBecause.join("; ")}.`;
  return pick(index, sentence, `No model met the rule of selection. ${sentence}`);
}

async function fitGrowthCurve(run: Run, cohort: Cohort): Promise<FitResult> {
  const spec = run.study.growth!;
  const begun = performance.now();
  const key = await fitKey(run, cohort, spec);
  const kept = await run.cache.get<FitResult>(key);
  const result =
    kept ?? (await fit(cohort.long, spec, { ...run.study.fit, ...fitContext(run, "growth curve") }));
  if (kept === undefined) await run.cache.put(key, result);
  noteStage(
    run,
    "growth curve with covariates",
    begun,
    kept === undefined ? 0 : 1,
    kept === undefined ? 1 : 0,
  );
  stopIfCancelled(run);
  return { ...result, rows: joinLedgers(cohort.ledger, result.rows) };
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
  const wanted = references.map((k) => result.outcomeLevels[k - 1]);
  return { ...result, oddsRatios: result.oddsRatios.filter(({ reference }) => wanted.includes(reference)) };
}

function reportInput(
  { study, finished, started }: Run,
  cohort: Cohort,
  enumeration: EnumerationResult,
  chosen: FitResult,
): ReportInput {
  return {
    title: study.title,
    date: started.toISOString(),
    version: VERSION,
    seed: study.seed,
    measure: cohort.measures.find(({ name }) => name === study.outcome)!,
    timeLabel: timeLabelOf(cohort.time),
    timeUnit: cohort.time.unit,
    long: cohort.long,
    persons: cohort.persons,
    cohort: {
      ledger: cohort.ledger,
      notes: [...finished.warnings],
      descriptives: cohort.descriptives,
      outcomes: cohort.outcomes,
      sources: cohort.sources,
    },
    enumeration,
    chosen,
    otherFits:
      finished.growth === null ? [] : [{ name: "Growth curve with covariates", fit: finished.growth }],
    regressions: finished.regressions,
    elapsedSeconds: (Date.now() - started.getTime()) / 1000,
  };
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
  return [...left, "the report"];
}
