import { InputError, type Problem } from "../core/errors.js";
import type { LongTable } from "../core/table.js";
import { describeBootstrap } from "./bootstrap/describe.js";
import type { Replicate, ReplicateInput } from "./bootstrap/replicate.js";
import type { BootstrapOptions, BootstrapResult } from "./bootstrap/types.js";
import type { FitJob, JobRunner, RunOptions } from "./job.js";
import { createLocalRunner } from "./localRunner.js";
import { type People, readFittedPeople } from "./persons/people.js";
import { shapeOf } from "./problem.js";
import type { FitResult } from "./result.js";
import type { OneClassInput, StartOutcome } from "./tasks.js";

/** Replicates when nothing else is asked for. */
const DEFAULT_REPLICATES = 500;
/** Most replicates in one job. */
const LARGEST_BLOCK = 20;
/** People times classes that make one replicate worth a job of its own. */
const WORK_OF_A_JOB = 40_000;

/**
 * Bootstrap of a fit: the model is fitted again to many samples drawn from the people (or from the model), its classes are
 * matched to those of the fit, and the spread of the estimates gives their standard errors and intervals. Samples are
 * drawn from streams of their own, so the result does not depend on the runner.
 * @param table - the long table fitted
 * @param result - the fit
 * @param options - number and kind of replicates, seed, starts, and where to run
 * @returns errors, intervals and covariance of every reported parameter, class proportion and mean trajectory; when cancelled,
 *   those of the replicates finished so far
 * @throws InputError for options that cannot be used, and where the table is not the one fitted
 * Source: Efron & Tibshirani (1993); matching of classes: {@link matchClasses}.
 */
export async function bootstrap(
  table: LongTable,
  result: FitResult,
  options: BootstrapOptions = {},
): Promise<BootstrapResult> {
  const started = performance.now();
  const { kind = "nonparametric", replicates = DEFAULT_REPLICATES, startsPerReplicate = 0 } = options;
  const seed = options.seed ?? result.seed;
  checkOptions({ kind, replicates, startsPerReplicate, seed });
  const people = readFittedPeople(result, table);
  const runner = options.runner ?? createLocalRunner();
  const key = runner.share(people.data);
  try {
    const oneClass =
      startsPerReplicate > 0 && result.model.classes > 1
        ? await fitOneClass(runner, key, people, result, options)
        : null;
    const input = {
      shape: shapeOfFit(people, result),
      x: result.internal,
      kind,
      seed,
      extraStarts: startsPerReplicate,
      maxIterations: result.options.maxIterations,
      oneClass,
    };
    const finished = await runAll(runner, key, people, input, replicates, options);
    return {
      kind,
      seed,
      startsPerReplicate,
      clusters: kind === "nonparametric" ? (result.model.cluster ?? null) : null,
      ...describeBootstrap(result, people, finished, replicates),
      elapsedSeconds: (performance.now() - started) / 1000,
    };
  } finally {
    runner.release(key);
  }
}

/**
 * The shape of a stored fit, its constraints included.
 * @param people - the fit joined to its people
 * @param result - the fit
 * @returns the shape
 */
export function shapeOfFit({ design, data }: People, result: FitResult): ReplicateInput["shape"] {
  return shapeOf({ spec: result.model, design, data }, result.model);
}

function checkOptions(given: {
  kind: string;
  replicates: number;
  startsPerReplicate: number;
  seed: number;
}): void {
  const problems: Problem[] = [];
  const wrong = (name: keyof typeof given, expected: string): void => {
    problems.push({
      code: "bad-option",
      where: "bootstrap",
      message: `${name} is ${given[name]}.`,
      expected,
    });
  };
  if (given.kind !== "nonparametric" && given.kind !== "parametric")
    wrong("kind", "nonparametric or parametric");
  if (!Number.isInteger(given.replicates) || given.replicates < 1)
    wrong("replicates", "a whole number of at least 1");
  if (!Number.isInteger(given.startsPerReplicate) || given.startsPerReplicate < 0)
    wrong("startsPerReplicate", "a whole number of at least 0");
  if (!Number.isSafeInteger(given.seed)) wrong("seed", "a whole number");
  if (problems.length > 0) throw new InputError(problems);
}

/** The one-class fit that random starts are built around; null when cancelled. */
async function fitOneClass(
  runner: JobRunner,
  dataKey: string,
  people: People,
  result: FitResult,
  options: BootstrapOptions,
): Promise<readonly number[] | null> {
  const job: FitJob<OneClassInput> = {
    index: 0,
    task: "growthCurve",
    label: "bootstrap: one-class fit",
    dataKey,
    input: { shape: shapeOfFit(people, result), maxIterations: result.options.maxIterations },
  };
  const [outcome] = await runner.run<OneClassInput, StartOutcome>(
    [job],
    runOptions("one-class fit", options),
  );
  return outcome?.x ?? null;
}

async function runAll(
  runner: JobRunner,
  dataKey: string,
  people: People,
  input: Omit<ReplicateInput, "first" | "count">,
  replicates: number,
  options: BootstrapOptions,
): Promise<Replicate[]> {
  const jobs: FitJob<ReplicateInput>[] = blocksOf(replicates, people).map(({ first, count }, index) => ({
    index,
    task: "bootstrap",
    label: `bootstrap: replicates ${first + 1} to ${first + count}`,
    dataKey,
    input: { ...input, first, count },
    cost: count,
  }));
  const blocks = await runner.run<ReplicateInput, Replicate[]>(jobs, runOptions("bootstrap", options));
  return blocks.flatMap((block) => block ?? []);
}

/**
 * Replicates in blocks: several to a job where each is quick, so that handing out jobs costs nothing.
 * @param replicates - how many
 * @param people - the fit joined to its people
 * @returns first replicate and length of each block
 */
export function blocksOf(
  replicates: number,
  { data, layout }: Pick<People, "data" | "layout">,
): { first: number; count: number }[] {
  const work = data.moments.nPersons * layout.nClasses;
  const size = Math.min(LARGEST_BLOCK, Math.max(1, Math.round(WORK_OF_A_JOB / work)));
  return Array.from({ length: Math.ceil(replicates / size) }, (_, b) => ({
    first: b * size,
    count: Math.min(size, replicates - b * size),
  }));
}

/**
 * Options of a runner from those of a bootstrap.
 * @param stage - words for progress
 * @param options - signal and progress callback
 * @returns what the runner takes
 */
export function runOptions(
  stage: string,
  { signal, onProgress }: Pick<BootstrapOptions, "signal" | "onProgress">,
): RunOptions {
  return {
    stage,
    ...(signal === undefined ? {} : { signal }),
    ...(onProgress === undefined ? {} : { onProgress }),
  };
}
