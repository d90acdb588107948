import type { Problem } from "../../core/errors.js";
import type { MaximumInput, MaximumOutcome } from "../fit/profile.js";
import type { FitContext } from "../fitModel.js";
import { type FitJob, type JobRunner, runOptions } from "../jobs/job.js";
import type { ProblemShape } from "../likelihood.js";
import type { OneClassInput, StartOutcome } from "../multistart/startTasks.js";
import type { People } from "../persons/people.js";
import { shapeOf } from "../problem.js";
import type { FitResult } from "../result.js";

/** Most replicates in one job. */
const LARGEST_BLOCK = 20;
/** Work (people times classes times fits) that makes one replicate worth a job of its own. */
const WORK_OF_A_JOB = 40_000;

/**
 * Replicates in blocks: several to a job where each is quick, so that handing out jobs costs nothing.
 * @param replicates - how many
 * @param work - of one replicate: people times classes times fits
 * @returns first replicate and length of each block
 */
export function blocksOf(replicates: number, work: number): { first: number; count: number }[] {
  const size = Math.min(LARGEST_BLOCK, Math.max(1, Math.round(WORK_OF_A_JOB / work)));
  return Array.from({ length: Math.ceil(replicates / size) }, (_, b) => ({
    first: b * size,
    count: Math.min(size, replicates - b * size),
  }));
}

/**
 * The shape of a stored fit, its constraints included.
 * @param people - the fit joined to its people
 * @param result - the fit
 * @returns the shape
 */
export function shapeOfFit({ design, data }: People, result: FitResult): ProblemShape {
  return shapeOf({ spec: result.model, design, data }, result.model);
}

/**
 * Fits one class to the data of a fit: what random starts are built around.
 * @param runner - where
 * @param dataKey - key of the shared data
 * @param people - the fit joined to its people
 * @param result - the fit
 * @param context - signal and progress callback
 * @returns the vector; null when cancelled
 */
export async function oneClassVector(
  runner: JobRunner,
  dataKey: string,
  people: People,
  result: FitResult,
  context: FitContext,
): Promise<readonly number[] | null> {
  const outcome = await runAlone<OneClassInput, StartOutcome>(
    runner,
    {
      task: "growthCurve",
      label: "bootstrap: one-class fit",
      dataKey,
      input: { shape: shapeOfFit(people, result), maxIterations: result.options.maxIterations },
    },
    "one-class fit",
    context,
  );
  return outcome?.x ?? null;
}

/**
 * Inverse observed information at a fit: what refits to samples begin with.
 * @param runner - where
 * @param dataKey - key of the shared data
 * @param people - the fit joined to its people
 * @param result - the fit
 * @param context - signal and progress callback
 * @returns the inverse, of what the constraints leave free; null when cancelled
 */
export async function inverseInformation(
  runner: JobRunner,
  dataKey: string,
  people: People,
  result: FitResult,
  context: FitContext,
): Promise<readonly number[] | null> {
  const outcome = await runAlone<MaximumInput, MaximumOutcome>(
    runner,
    {
      task: "profileMaximum",
      label: "bootstrap: observed information",
      dataKey,
      input: { shape: shapeOfFit(people, result), x: result.internal },
    },
    "observed information",
    context,
  );
  return outcome?.inverse ?? null;
}

/** Runs a stage of one job; undefined when cancelled. */
async function runAlone<Input, Output>(
  runner: JobRunner,
  job: Omit<FitJob<Input>, "index">,
  stage: string,
  context: FitContext,
): Promise<Output | undefined> {
  const [outcome] = await runner.run<Input, Output>([{ ...job, index: 0 }], runOptions(stage, context));
  return outcome;
}

/** Numbers that a bootstrap is given. */
export interface Counts {
  readonly replicates: number;
  readonly startsPerReplicate: number;
  readonly seed: number;
}

/**
 * What is wrong with the numbers of a bootstrap.
 * @param where - words for the messages
 * @param counts - as given
 * @returns one problem per number that cannot be used
 */
export function countProblems(where: string, counts: Counts): Problem[] {
  const problems: Problem[] = [];
  const check = (name: keyof Counts, right: boolean, expected: string): void => {
    if (!right)
      problems.push({ code: "bad-option", where, message: `${name} is ${counts[name]}.`, expected });
  };
  const { replicates, startsPerReplicate, seed } = counts;
  check("replicates", Number.isInteger(replicates) && replicates >= 1, "a whole number of at least 1");
  check(
    "startsPerReplicate",
    Number.isInteger(startsPerReplicate) && startsPerReplicate >= 0,
    "a whole number of at least 0",
  );
  check("seed", Number.isSafeInteger(seed), "a whole number");
  return problems;
}
