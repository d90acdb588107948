import { RunFailure } from "../core/errors.js";
import { VERSION } from "../core/version.js";
import type { FitContext } from "../models/fitModel.js";
import type { JobRunner, Progress } from "../models/jobs/job.js";
import type { DiagnosticSummary } from "../models/persons/types.js";
import type { EnumerationResult, FitResult, JobCounts, RegressionResult } from "../models/result.js";
import type { Cohort } from "../prep/types.js";
import type { FurtherInference } from "../report/input.js";
import { cacheKey, engineFingerprint, type WorkCache } from "./cache.js";
import type { StageRecord } from "./manifest.js";
import type { ResolvedStudy } from "./resolve.js";

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

/** What is finished so far; filled step by step, so that a cancelled run can say what it has. */
export interface Finished {
  cohort: Cohort | null;
  enumeration: EnumerationResult | null;
  chosen: FitResult | null;
  inference: FurtherInference | null;
  growth: FitResult | null;
  regressions: readonly RegressionResult[];
  diagnostics: DiagnosticSummary | null;
  readonly files: string[];
  readonly stages: StageRecord[];
  readonly warnings: string[];
  /** What the run says of its choice of model: for the manifest, since the report has its own words for it. */
  readonly choiceWarnings: string[];
}

/** What every step of a run needs. */
export interface Run {
  readonly study: ResolvedStudy;
  readonly runner: JobRunner;
  readonly cache: WorkCache;
  readonly options: RunStudyOptions;
  readonly started: Date;
  readonly finished: Finished;
}

/**
 * Runs one step: says that it began, notes how long it took, and stops where the run was cancelled.
 * @param run - the run
 * @param name - words for the step
 * @param work - the step
 * @returns what the step returns
 * @throws RunFailure `cancelled` before or after a step of a cancelled run
 */
export async function stage<T>(run: Run, name: string, work: () => Promise<T> | T): Promise<T> {
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

/**
 * Stops a run that was cancelled.
 * @param run - the run
 * @throws RunFailure `cancelled`
 */
export function stopIfCancelled({ options }: Run): void {
  if (options.signal?.aborted === true) throw new RunFailure("cancelled", "The study was cancelled.");
}

/**
 * Tells whether an error means that the run was cancelled, and not that something else went wrong meanwhile.
 * @param error - what was thrown
 * @param signal - the run's signal
 * @returns true for the signal's own reason, an AbortError or a RunFailure `cancelled`, once the signal is given
 */
export function isCancellation(error: unknown, signal: AbortSignal | undefined): boolean {
  if (signal?.aborted !== true) return false;
  if (error === signal.reason) return true;
  return error instanceof RunFailure
    ? error.code === "cancelled"
    : error instanceof Error && error.name === "AbortError";
}

/**
 * Says where a fit of the run works and whom it tells.
 * @param run - the run
 * @param words - put before the words of its progress, e.g. `3 classes (of 5)`
 * @returns the context for `fit` and `enumerate`
 */
export function fitContext({ runner, options }: Run, words?: string): FitContext {
  const { signal, onProgress } = options;
  return {
    runner,
    ...(signal === undefined ? {} : { signal }),
    ...(onProgress === undefined
      ? {}
      : {
          onProgress: (progress) =>
            onProgress(
              words === undefined ? progress : { ...progress, stage: `${words}, ${progress.stage}` },
            ),
        }),
  };
}

/**
 * Makes the key of a fit: everything that its numbers depend on (data, preparation, model, options, code).
 * @param run - the run
 * @param cohort - the prepared data
 * @param spec - the model
 * @returns the key for the run's cache
 */
export async function fitKey(run: Run, cohort: Cohort, spec: unknown): Promise<string> {
  const { data: _, ...prep } = run.study.prep;
  const fingerprints = cohort.sources.map(({ sha256 }) => sha256);
  return cacheKey(VERSION, await engineFingerprint(), fingerprints, prep, run.study.fit, spec);
}

/**
 * Notes a step that fits models, and tells of the fits taken over from an earlier run.
 * @param run - the run
 * @param name - words for the step
 * @param begun - `performance.now()` when it began
 * @param reused - fits taken over
 * @param made - fits made
 */
export function noteStage(
  run: Run,
  name: string,
  begun: number,
  reused: number,
  made: readonly FitResult[],
): void {
  const fitted = made.length;
  const countOf = (place: keyof JobCounts): number =>
    made.reduce((sum, { execution }) => sum + (execution?.jobs[place] ?? 0), 0);
  const jobs = {
    callingThread: countOf("callingThread"),
    oneWorker: countOf("oneWorker"),
    severalWorkers: countOf("severalWorkers"),
  };
  const seconds = (performance.now() - begun) / 1000;
  run.finished.stages.push({ name, seconds, reused, fitted, jobs });
  if (reused === 0) return;
  const models = `${reused} ${reused === 1 ? "model" : "models"}`;
  run.options.onNote?.(
    `${name}: ${models} taken over from an earlier run with the same data, settings and program` +
      `${fitted > 0 ? `, ${fitted} fitted` : ""}.`,
  );
}
