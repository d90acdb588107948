import { InputError, type Problem } from "../core/errors.js";
import type { LongTable } from "../core/table.js";
import { describeBootstrap } from "./bootstrap/describe.js";
import {
  blocksOf,
  type Counts,
  countProblems,
  inverseInformation,
  oneClassVector,
  shapeOfFit,
} from "./bootstrap/jobs.js";
import type { Replicate, ReplicateInput } from "./bootstrap/replicate.js";
import type { BootstrapOptions, BootstrapResult } from "./bootstrap/types.js";
import { type FitJob, type JobRunner, runOptions } from "./jobs/job.js";
import { createLocalRunner } from "./localRunner.js";
import { type People, readFittedPeople } from "./persons/people.js";
import type { FitResult } from "./result.js";

/** Replicates when nothing else is asked for. */
const DEFAULT_REPLICATES = 500;

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
 * Source: Efron & Tibshirani (1993); matching of classes: `bootstrap/align.ts`.
 */
export async function bootstrap(
  table: LongTable,
  result: FitResult,
  options: BootstrapOptions = {},
): Promise<BootstrapResult> {
  const started = performance.now();
  const { kind = "nonparametric", replicates = DEFAULT_REPLICATES, startsPerReplicate = 0 } = options;
  const seed = options.seed ?? result.seed;
  checkOptions(kind, { replicates, startsPerReplicate, seed });
  const people = readFittedPeople(result, table);
  const runner = options.runner ?? createLocalRunner();
  const key = runner.share(people.data);
  try {
    const oneClass =
      startsPerReplicate > 0 && result.model.classes > 1
        ? await oneClassVector(runner, key, people, result, options)
        : null;
    const inverse = await inverseInformation(runner, key, people, result, options);
    const input = {
      shape: shapeOfFit(people, result),
      x: result.internal,
      inverse: inverse ?? [],
      kind,
      seed,
      extraStarts: startsPerReplicate,
      maxIterations: result.options.maxIterations,
      oneClass,
    };
    const finished = inverse === null ? [] : await runAll(runner, key, people, input, replicates, options);
    return {
      kind,
      seed,
      startsPerReplicate,
      clusters: kind === "nonparametric" ? (result.model.cluster ?? null) : null,
      ...describeBootstrap(result, people, finished, replicates, kind),
      elapsedSeconds: (performance.now() - started) / 1000,
    };
  } finally {
    runner.release(key);
  }
}

function checkOptions(kind: string, counts: Counts): void {
  const problems: Problem[] = countProblems("bootstrap", counts);
  if (kind !== "nonparametric" && kind !== "parametric")
    problems.push({
      code: "bad-option",
      where: "bootstrap",
      message: `kind is ${kind}.`,
      expected: "nonparametric or parametric",
    });
  if (problems.length > 0) throw new InputError(problems);
}

async function runAll(
  runner: JobRunner,
  dataKey: string,
  people: People,
  input: Omit<ReplicateInput, "first" | "count">,
  replicates: number,
  options: BootstrapOptions,
): Promise<Replicate[]> {
  const work = people.data.moments.nPersons * people.layout.nClasses;
  const jobs: FitJob<ReplicateInput>[] = blocksOf(replicates, work).map(({ first, count }, index) => ({
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
