import { RunFailure } from "../core/errors.js";
import type { FinishedFit, FinishInput } from "./fit/finish.js";
import { SPLIT_DISTANCES } from "./fit/split.js";
import type { FitJob, JobRunner, Progress, RunOptions } from "./job.js";
import { layoutOf, type ProblemShape } from "./likelihood.js";
import type { Problem } from "./problem.js";
import type { StartsSummary } from "./result.js";
import type { FitOptions } from "./spec.js";
import type { ConvergeInput, OneClassInput, ScreenInput, SplitInput, StartOutcome } from "./tasks.js";

/** Finalists within this of the best log-likelihood have found the same maximum. */
export const REPLICATION_TOLERANCE = 1e-3;

/** One model to fit among several that are fitted together. */
export interface FitRequest {
  readonly problem: Problem;
  readonly shape: ProblemShape;
  readonly options: FitOptions;
  /** Words for progress and errors, e.g. `GMM, 3 classes`. */
  readonly label: string;
  /** Vector of the same model with one class fewer, where it is known: each of its classes is split in turn. */
  readonly previous?: readonly number[];
}

/** What the starts and the last stage found for one model. */
export interface FitSearch {
  readonly finished: FinishedFit;
  readonly starts: StartsSummary | null;
  /** Quasi-Newton iterations and evaluations of the start that won. */
  readonly iterations: number;
  readonly evaluations: number;
  /** True when even the best finalist ran into an unbounded likelihood. */
  readonly degenerate: boolean;
}

/** How a search is run. */
export interface SearchContext {
  readonly runner: JobRunner;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

/**
 * Finds the maximum of several models at once: one-class fits, then every random start of every model screened (with splits of the fit with one class fewer), then
 * the best of each carried to convergence, then the best of those finished. Each stage is one call of the runner, so all
 * workers stay busy; results depend neither on the runner nor on the number of workers.
 * @param requests - the models; those of one problem share its data
 * @param context - runner, cancellation, progress
 * @returns one search per request, or undefined where the run was cancelled before it was finished
 */
export async function searchAll(
  requests: readonly FitRequest[],
  context: SearchContext,
): Promise<(FitSearch | undefined)[]> {
  const keys = new Map<Problem, string>();
  for (const { problem } of requests)
    if (!keys.has(problem)) keys.set(problem, context.runner.share(problem.data));
  try {
    const search = new Search(requests, keys, context);
    const oneClass = await search.fitOneClass();
    const screened = await search.screen(oneClass);
    const split = await search.screenSplits();
    const finalists = await search.converge(screened, split);
    return await search.finish(oneClass, finalists);
  } finally {
    for (const key of keys.values()) context.runner.release(key);
  }
}

/** The stages, sharing requests and runner. */
class Search {
  private readonly requests: readonly FitRequest[];
  private readonly keys: ReadonlyMap<Problem, string>;
  private readonly context: SearchContext;

  constructor(requests: readonly FitRequest[], keys: ReadonlyMap<Problem, string>, context: SearchContext) {
    this.requests = requests;
    this.keys = keys;
    this.context = context;
  }

  /** Runs jobs that belong to requests; results per request, in job order, without those that were cancelled. */
  private async run<Input, Output>(
    stage: string,
    perRequest: readonly (readonly { task: string; label: string; input: Input; cost: number }[])[],
  ): Promise<Output[][]> {
    const jobs: FitJob<Input>[] = [];
    const owner: number[] = [];
    perRequest.forEach((list, r) => {
      for (const job of list) {
        jobs.push({ ...job, index: jobs.length, dataKey: this.keys.get(this.requests[r]!.problem)! });
        owner.push(r);
      }
    });
    const options: RunOptions = {
      stage,
      ...(this.context.signal === undefined ? {} : { signal: this.context.signal }),
      ...(this.context.onProgress === undefined ? {} : { onProgress: this.context.onProgress }),
    };
    const results = jobs.length === 0 ? [] : await this.context.runner.run<Input, Output>(jobs, options);
    const out: Output[][] = perRequest.map(() => []);
    results.forEach((result, j) => {
      if (result !== undefined) out[owner[j]!]!.push(result);
    });
    return out;
  }

  private cost({ problem, shape }: FitRequest): number {
    return problem.data.moments.nPersons * shape.classes;
  }

  /** The one-class fit: the model itself where it has one class, else what a mixture's starts are built around. */
  async fitOneClass(): Promise<StartOutcome[][]> {
    return this.run<OneClassInput, StartOutcome>(
      "one-class fits",
      this.requests.map((request) => [
        {
          task: "growthCurve",
          label: `${request.label}: one-class fit`,
          input: { shape: request.shape, maxIterations: request.options.maxIterations },
          cost: this.cost(request),
        },
      ]),
    );
  }

  async screen(oneClass: readonly StartOutcome[][]): Promise<StartOutcome[][]> {
    return this.run<ScreenInput, StartOutcome>(
      "screening starts",
      this.requests.map((request, r) => {
        const base = oneClass[r]![0];
        if (request.shape.classes === 1 || base === undefined) return [];
        return Array.from({ length: request.options.startsInitial }, (_, index) => ({
          task: "screen",
          label: `${request.label}: start ${index + 1}`,
          input: {
            shape: request.shape,
            oneClass: base.x,
            seed: request.options.seed,
            index,
            iterations: request.options.screeningIterations,
          },
          cost: this.cost(request) * request.options.screeningIterations,
        }));
      }),
    );
  }

  /** Starts from the fit with one class fewer; the best of them always goes on, so that a class more is never worse. */
  async screenSplits(): Promise<StartOutcome[][]> {
    return this.run<SplitInput, StartOutcome>(
      "splitting classes",
      this.requests.map((request) =>
        splitsOf(request).map((input, s) => ({
          task: "split",
          label: `${request.label}: split ${s + 1}`,
          input,
          cost: this.cost(request) * input.iterations,
        })),
      ),
    );
  }

  async converge(
    screened: readonly StartOutcome[][],
    split: readonly StartOutcome[][],
  ): Promise<StartOutcome[][]> {
    return this.run<ConvergeInput, StartOutcome>(
      "converging the best starts",
      this.requests.map((request, r) =>
        finalistsOf(screened[r]!, split[r]!, request.options.startsFinal).map((start, rank) => ({
          task: "converge",
          label: `${request.label}: finalist ${rank + 1}`,
          input: {
            shape: request.shape,
            x: start.x,
            fromSplit: start.fromSplit,
            maxIterations: request.options.maxIterations,
          },
          cost: this.cost(request) * 60,
        })),
      ),
    );
  }

  async finish(
    oneClass: readonly StartOutcome[][],
    finalists: readonly StartOutcome[][],
  ): Promise<(FitSearch | undefined)[]> {
    const order = finalists.map((list, r) =>
      this.requests[r]!.shape.classes === 1 ? oneClass[r]! : ranked(list),
    );
    const finished = await this.run<FinishInput, FinishedFit>(
      "finishing",
      this.requests.map((request, r) => {
        const best = order[r]![0];
        if (best === undefined) return [];
        const nParameters = layoutOf(request.problem.data, request.shape).nParameters;
        return [
          {
            task: "finish",
            label: `${request.label}: Newton finish`,
            input: { shape: request.shape, x: best.x },
            cost: this.cost(request) * 2 * nParameters,
          },
        ];
      }),
    );
    return this.requests.map((request, r) => {
      const done = finished[r]![0];
      const best = order[r]![0];
      if (done === undefined || best === undefined) {
        if (this.context.signal?.aborted) return undefined;
        throw new RunFailure("no-start", `${request.label}: no start gave a finite log-likelihood.`);
      }
      return {
        finished: done,
        starts: request.shape.classes === 1 ? null : summarise(request, order[r]!, done),
        iterations: best.iterations + done.iterations,
        evaluations: best.evaluations + done.evaluations,
        degenerate: best.degenerate,
      };
    });
  }
}

/** Two starts for each class of the fit with one class fewer. */
function splitsOf({ shape, previous, options }: FitRequest): SplitInput[] {
  if (previous === undefined || shape.classes === 1) return [];
  return Array.from({ length: shape.classes - 1 }, (_, split) => split).flatMap((split) =>
    SPLIT_DISTANCES.map((distance) => ({
      shape,
      previous,
      split,
      distance,
      iterations: options.screeningIterations,
    })),
  );
}

/** The best starts of both kinds, the best split among them. */
function finalistsOf(
  screened: readonly StartOutcome[],
  split: readonly StartOutcome[],
  nFinal: number,
): StartOutcome[] {
  const best = ranked([...screened, ...split]).slice(0, nFinal);
  const bestSplit = ranked(split)[0];
  return bestSplit === undefined || best.includes(bestSplit) ? best : [...best, bestSplit];
}

/** Best first: finite before infinite, sound before degenerate, then by log-likelihood, then by index. */
function ranked(starts: readonly StartOutcome[]): StartOutcome[] {
  return starts
    .map((start, index) => ({ start, index }))
    .filter(({ start }) => Number.isFinite(start.logLikelihood))
    .sort(
      (a, b) =>
        Number(a.start.degenerate) - Number(b.start.degenerate) ||
        b.start.logLikelihood - a.start.logLikelihood ||
        a.index - b.index,
    )
    .map(({ start }) => start);
}

function summarise(
  request: FitRequest,
  finalists: readonly StartOutcome[],
  finished: FinishedFit,
): StartsSummary {
  const { scaling } = request.problem.design.stored;
  const shift = request.problem.data.moments.nObservations * Math.log(scaling.outcomeSd);
  return {
    tried: request.options.startsInitial + splitsOf(request).length,
    finalists: finalists.length,
    converged: finalists.filter((start) => start.converged).length,
    replicatedBest: replications(finalists, finished.logLikelihood),
    logLikelihoods: finalists.map((start) => start.logLikelihood - shift),
  };
}

/** Finalists at the best value; all splits together count once, because splits of one class tend to find the same maximum. */
function replications(finalists: readonly StartOutcome[], best: number): number {
  const reached = finalists.filter(
    (start) => !start.degenerate && start.logLikelihood > best - REPLICATION_TOLERANCE,
  );
  const random = reached.filter((start) => !start.fromSplit).length;
  return random + (reached.length > random ? 1 : 0);
}
