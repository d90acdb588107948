import { InputError, type Problem } from "../core/errors.js";
import type { LongTable } from "../core/table.js";
import { blocksOf, countProblems, oneClassVector, shapeOfFit } from "./bootstrap/jobs.js";
import type { RatioInput, RatioReplicate } from "./bootstrap/likelihoodRatio.js";
import type { ReplicateFailure } from "./bootstrap/refit.js";
import type { FailedReplicates, ReplicateCounts } from "./bootstrap/types.js";
import type { FitContext } from "./fitModel.js";
import { parseFormula } from "./formula.js";
import { type FitJob, runOptions } from "./jobs/job.js";
import { createLocalRunner } from "./localRunner.js";
import { readFittedPeople } from "./persons/people.js";
import type { FitResult } from "./result.js";
import type { ModelSpec } from "./spec.js";

/** What {@link bootstrapLikelihoodRatio} is asked for. */
export interface BootstrapLikelihoodRatioOptions extends FitContext {
  /** Samples drawn from the smaller model; default 99, enough to tell p below 0.05. */
  readonly replicates?: number;
  /** Default: that of the larger fit. */
  readonly seed?: number;
  /** Random starts of the larger model in each replicate, beside all splits of the smaller one; default 20. */
  readonly startsPerReplicate?: number;
}

/** Result of {@link bootstrapLikelihoodRatio}. */
export interface BootstrapLikelihoodRatio {
  readonly smallerClasses: number;
  readonly largerClasses: number;
  /** Twice the difference of the two log-likelihoods. */
  readonly statistic: number;
  /** Share of samples from the smaller model with a statistic at least as large, the data themselves counted as one; null where unknown. */
  readonly p: number | null;
  /** Monte Carlo standard error of p. */
  readonly pStandardError: number | null;
  /** The statistics of the replicates used, in order of the replicates. */
  readonly statistics: readonly number[];
  readonly replicates: Pick<ReplicateCounts, "requested" | "finished" | "used" | "failed">;
  readonly seed: number;
  readonly startsPerReplicate: number;
  /** The result in a sentence, and what to do about it where something is to be done. */
  readonly sentence: string;
  readonly advice: string;
  readonly elapsedSeconds: number;
}

const DEFAULT_REPLICATES = 99;
const DEFAULT_STARTS = 20;
/** Log-likelihoods that differ by less count as equal. */
const EQUAL = 1e-4;
/** Fits of a replicate of the test against one of a plain bootstrap, for the size of jobs. */
const FITS_PER_REPLICATE = 30;

/**
 * Tests K - 1 against K classes: many samples are drawn from the smaller model, both models are fitted to each, and
 * p = (1 + number of statistics at least as large as that of the data) / (replicates + 1).
 * @param table - the long table that both models were fitted to
 * @param smaller - fit with K - 1 classes
 * @param larger - fit with K classes, otherwise the same model
 * @param options - number of replicates, seed, starts, and where to run
 * @returns the test; when cancelled, from the replicates finished so far
 * @throws InputError where the models differ in more than one class, and where the table is not the one fitted
 * Source: McLachlan (1987); Nylund, Asparouhov & Muthén (2007).
 */
export async function bootstrapLikelihoodRatio(
  table: LongTable,
  smaller: FitResult,
  larger: FitResult,
  options: BootstrapLikelihoodRatioOptions = {},
): Promise<BootstrapLikelihoodRatio> {
  const started = performance.now();
  const { replicates = DEFAULT_REPLICATES, startsPerReplicate = DEFAULT_STARTS } = options;
  const seed = options.seed ?? larger.seed;
  const problems = [
    ...countProblems("bootstrapLikelihoodRatio", { replicates, startsPerReplicate, seed }),
    ...differences(smaller.model, larger.model),
  ];
  if (problems.length > 0) throw new InputError(problems);
  const finished =
    obstacle(smaller, larger) === null
      ? await runAll(table, smaller, larger, { ...options, replicates, startsPerReplicate, seed })
      : [];
  const statistics = finished.flatMap(({ statistic }) => statistic ?? []);
  return {
    smallerClasses: smaller.model.classes,
    largerClasses: larger.model.classes,
    statistic: statisticOf(smaller, larger),
    ...judge(smaller, larger, statistics),
    statistics,
    replicates: {
      requested: replicates,
      finished: finished.length,
      used: statistics.length,
      failed: failuresOf(finished),
    },
    seed,
    startsPerReplicate,
    elapsedSeconds: (performance.now() - started) / 1000,
  };
}

/** What may differ between the two models: the number of classes, what names them, and what estimates do not depend on. */
const MAY_DIFFER: readonly (keyof ModelSpec)[] = ["classes", "cluster"];

const FORMULAS: readonly (keyof ModelSpec)[] = ["fixed", "random", "classSpecific", "membership"];

function differences(smaller: ModelSpec, larger: ModelSpec): Problem[] {
  const where = "bootstrapLikelihoodRatio";
  const problems: Problem[] = [];
  if (larger.classes !== smaller.classes + 1)
    problems.push({
      code: "not-one-class-more",
      where,
      message: `The models have ${smaller.classes} and ${larger.classes} classes.`,
      expected: "a second model with one class more than the first",
    });
  const keys = new Set([...Object.keys(smaller), ...Object.keys(larger)] as (keyof ModelSpec)[]);
  const other = [...keys].filter(
    (key) => !MAY_DIFFER.includes(key) && meaningOf(smaller, key) !== meaningOf(larger, key),
  );
  if (other.length > 0)
    problems.push({
      code: "different-models",
      where,
      message: `The models differ in ${other.join(", ")}.`,
      expected: "models that differ in the number of classes alone",
    });
  return problems;
}

/** A formula by its terms, so that spaces make no difference; anything else as it stands. */
function meaningOf(model: ModelSpec, key: keyof ModelSpec): string {
  const value = model[key];
  if (!FORMULAS.includes(key) || typeof value !== "string") return JSON.stringify(value) ?? "";
  const { intercept, terms } = parseFormula(value);
  return JSON.stringify([intercept, ...terms.map(({ label }) => label)]);
}

async function runAll(
  table: LongTable,
  smaller: FitResult,
  larger: FitResult,
  options: BootstrapLikelihoodRatioOptions & { replicates: number; startsPerReplicate: number; seed: number },
): Promise<RatioReplicate[]> {
  const people = readFittedPeople(smaller, table);
  const more = readFittedPeople(larger, table);
  const runner = options.runner ?? createLocalRunner();
  const dataKey = runner.share(people.data);
  try {
    const oneClass = await oneClassVector(runner, dataKey, people, smaller, options);
    if (oneClass === null) return [];
    const input = {
      smaller: { shape: shapeOfFit(people, smaller), x: smaller.internal },
      larger: { shape: shapeOfFit(more, larger) },
      seed: options.seed,
      randomStarts: options.startsPerReplicate,
      maxIterations: larger.options.maxIterations,
      oneClass,
    };
    const work = people.data.moments.nPersons * larger.model.classes * FITS_PER_REPLICATE;
    const jobs: FitJob<RatioInput>[] = blocksOf(options.replicates, work).map(({ first, count }, index) => ({
      index,
      task: "bootstrapRatio",
      label: `likelihood ratio: replicates ${first + 1} to ${first + count}`,
      dataKey,
      input: { ...input, first, count },
      cost: count,
    }));
    const blocks = await runner.run<RatioInput, RatioReplicate[]>(
      jobs,
      runOptions("bootstrap likelihood ratio", options),
    );
    return blocks.flatMap((block) => block ?? []);
  } finally {
    runner.release(dataKey);
  }
}

function failuresOf(replicates: readonly RatioReplicate[]): FailedReplicates[] {
  const numbers = new Map<ReplicateFailure, number[]>();
  for (const { failure, number } of replicates)
    if (failure !== null) numbers.set(failure, [...(numbers.get(failure) ?? []), number + 1]);
  return Array.from(numbers, ([reason, list]) => ({ reason, numbers: list }));
}

/** Twice the difference of the log-likelihoods; rounding below zero is zero. */
function statisticOf(smaller: FitResult, larger: FitResult): number {
  const raw = 2 * (larger.logLikelihood - smaller.logLikelihood);
  return raw < 0 && raw > -2 * EQUAL ? 0 : raw;
}

/** Why the statistic means nothing, so that simulating it would be wasted; null when it does. */
function obstacle(smaller: FitResult, larger: FitResult): string | null {
  if (statisticOf(smaller, larger) < 0)
    return "The larger model fits worse than the smaller one, which is impossible at its maximum: its estimation is not finished.";
  if (!smaller.convergence.converged)
    return "The smaller model did not reach a proper maximum of its likelihood.";
  if (!larger.convergence.converged)
    return "The larger model did not reach a proper maximum of its likelihood.";
  return null;
}

type Judgement = Pick<BootstrapLikelihoodRatio, "p" | "pStandardError" | "sentence" | "advice">;

function judge(smaller: FitResult, larger: FitResult, statistics: readonly number[]): Judgement {
  const unknown = (sentence: string, advice: string): Judgement => ({
    p: null,
    pStandardError: null,
    sentence,
    advice,
  });
  const why = obstacle(smaller, larger);
  if (why !== null) return unknown(why, "Fit it again with more starts or iterations, or simplify it.");
  const n = statistics.length;
  if (n === 0)
    return unknown("No replicate was finished, so the statistic cannot be judged.", "Run it again.");
  const statistic = statisticOf(smaller, larger);
  const p = (1 + statistics.filter((value) => value >= statistic - 2 * EQUAL).length) / (n + 1);
  return {
    p,
    pStandardError: Math.sqrt((p * (1 - p)) / (n + 1)),
    ...conclusion(smaller.model.classes, larger.model.classes, p, n),
  };
}

function conclusion(fewer: number, more: number, p: number, n: number): { sentence: string; advice: string } {
  const classes = (count: number): string => (count === 1 ? "1 class" : `${count} classes`);
  const words = `p = ${p.toFixed(3)} from ${n} simulated samples`;
  const smallest = 1 / (n + 1);
  return {
    sentence:
      p < 0.05
        ? `${classes(more)} describe the data better than ${classes(fewer)} and chance would explain (${words}).`
        : `The data do not show that ${classes(more)} are needed in place of ${classes(fewer)} (${words}).`,
    advice:
      smallest >= 0.05
        ? `With ${n} samples p cannot be below ${smallest.toFixed(3)}: ask for at least 99.`
        : "",
  };
}
