import { RunFailure } from "../core/errors.js";
import type { FinishedFit, FinishInput } from "./fit/finish.js";
import { SPLIT_DISTANCES } from "./fit/split.js";
import type { FitJob, JobRunner, Progress, RunOptions } from "./jobs/job.js";
import type { ConvergeInput, OneClassInput, ScreenInput, SplitInput, StartOutcome } from "./jobs/tasks.js";
import { layoutOf, type ProblemShape } from "./likelihood.js";
import {
  distinctMaxima,
  type FoundMaximum,
  independentStarts,
  REPLICATION_TOLERANCE,
  RUNNER_UP_WITHIN,
} from "./multistart/maxima.js";
import type { Problem } from "./problem.js";
import type { StartsSummary } from "./result.js";
import type { FitOptions } from "./spec.js";

/** Random starts of each smaller model that is fitted only to be split, and how many of them are carried to convergence. */
const FEWER_STARTS = { initial: 8, final: 2 };
/** Smaller models fitted on the way: those with up to three classes fewer. */
const FEWER_MODELS = 3;
/** With more classes than this none are: their splits alone would cost more than the model's own starts. */
const MOST_CLASSES = 10;
/** Half the usual small step: as near to the smaller model as rounding leaves a direction to climb in. */
const NEAREST_SPLIT = [0.01];

/** The same model with one class fewer. */
export interface SmallerFit {
  readonly x: readonly number[];
  /** Internal scale; null where its likelihood is unbounded. */
  readonly logLikelihood: number | null;
}

/** One model to fit among several that are fitted together. */
export interface FitRequest {
  readonly problem: Problem;
  readonly shape: ProblemShape;
  readonly options: FitOptions;
  /** Words for progress and errors, e.g. `GMM, 3 classes`. */
  readonly label: string;
  /** The same model with one class fewer, where it is known: each of its classes is split in turn. Made where it is not. */
  readonly previous?: SmallerFit;
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
  /** The next best maximum, where it is close. */
  readonly runnerUp: FoundMaximum | null;
  /** The model with one class fewer fits better still: what was found is not the maximum. */
  readonly fewerIsBetter: boolean;
}

/** How a search is run. */
export interface SearchContext {
  readonly runner: JobRunner;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

/**
 * Finds the maximum of several models at once: one-class fits, then quick fits with fewer classes where they are not known, then every
 * random start of every model screened (with splits of the fit with one class fewer), then the best of each carried to convergence; once
 * more with as many new starts where that did not show a maximum twice, or showed none as good as the fit with one class fewer; then the
 * best of those finished. Each stage is one call of the runner, so all workers stay busy; results depend neither on the
 * runner nor on the number of workers.
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
    const smaller = await search.fitSmaller(oneClass);
    const first = await search.round(oneClass, smaller, 0);
    const second = await search.round(oneClass, smaller, 1, first);
    return await search.finish(oneClass, smaller, first, second);
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

  /** Quick fits with fewer classes, one number of classes after the other, for models whose smaller fit is not known. */
  async fitSmaller(oneClass: readonly StartOutcome[][]): Promise<(Smaller | undefined)[]> {
    const smaller = this.requests.map(({ previous, shape, options }, r): Smaller | undefined => {
      const base = oneClass[r]![0];
      if (shape.classes === 1 || base === undefined) return undefined;
      if (previous !== undefined) return { ...previous, classes: shape.classes - 1, tried: 0 };
      // Constraints are on the classes of this model: the model with fewer is another one.
      if (shape.restriction !== undefined) return undefined;
      if (options.startsInitial === 1 || shape.classes > MOST_CLASSES) return undefined;
      return { x: base.x, logLikelihood: soundValue(base), classes: 1, tried: 0 };
    });
    const largest = Math.max(...this.requests.map((request) => request.shape.classes));
    for (let classes = 2; classes < largest; classes++) {
      const asked = this.requests.map((request, r): FitRequest | null => {
        const { shape, previous } = request;
        const from = Math.max(2, shape.classes - FEWER_MODELS);
        if (smaller[r] === undefined || previous !== undefined || classes < from || classes >= shape.classes)
          return null;
        return {
          ...request,
          shape: { ...shape, classes },
          label: `${request.label}: ${classes} classes first`,
        };
      });
      if (asked.every((request) => request === null)) continue;
      const known = smaller.map((each) => (each?.classes === classes - 1 ? each : undefined));
      const words = `${classes} classes first`;
      const screened = await this.screen(`${words}: screening`, asked, oneClass, known, {
        from: 0,
        count: FEWER_STARTS.initial,
        distances: SPLIT_DISTANCES,
      });
      const converged = await this.converge(`${words}: converging`, asked, screened, FEWER_STARTS.final);
      converged.forEach((list, r) => {
        const best = ranked(list)[0];
        if (best === undefined) return;
        const tried = smaller[r]!.tried + screened[r]!.length;
        smaller[r] = { x: best.x, logLikelihood: soundValue(best), classes, tried };
      });
    }
    return smaller.map((each, r) =>
      each?.classes === this.requests[r]!.shape.classes - 1 ? each : undefined,
    );
  }

  /**
   * Starts screened and the best of them converged; the second round is for models whose first did not suffice, with new starts and the
   * nearest splits.
   */
  async round(
    oneClass: readonly StartOutcome[][],
    smaller: readonly (Smaller | undefined)[],
    index: 0 | 1,
    first?: Round,
  ): Promise<Round> {
    const asked = this.requests.map((request, r) =>
      request.shape.classes > 1 &&
      (first === undefined || needsMore(request, first.finalists[r]!, smaller[r]))
        ? request
        : null,
    );
    const again = index === 0 ? "" : " again, with new starts";
    const screened = await this.screen(`screening starts${again}`, asked, oneClass, smaller, {
      from: index,
      count: null,
      distances: index === 0 ? SPLIT_DISTANCES : NEAREST_SPLIT,
    });
    const finalists = await this.converge(`converging the best starts${again}`, asked, screened, null);
    return { screened, finalists };
  }

  /** A few steps from random starts, and from splits of the fit with one class fewer. */
  private async screen(
    stage: string,
    asked: readonly (FitRequest | null)[],
    oneClass: readonly StartOutcome[][],
    smaller: readonly (Smaller | undefined)[],
    draw: { readonly from: number; readonly count: number | null; readonly distances: readonly number[] },
  ): Promise<StartOutcome[][]> {
    return this.run<ScreenInput | SplitInput, StartOutcome>(
      stage,
      asked.map((request, r) => {
        const base = oneClass[r]![0];
        if (request === null || base === undefined) return [];
        const { shape, label, options } = request;
        const iterations = options.screeningIterations;
        const cost = this.cost(request) * iterations;
        const count = draw.count ?? options.startsInitial;
        const random = Array.from({ length: count }, (_, s) => {
          const index = draw.from * count + s;
          const input = { shape, oneClass: base.x, seed: options.seed, index, iterations };
          return { task: "screen", label: `${label}: start ${index + 1}`, input, cost };
        });
        const splits = splitsOf(request, smaller[r], draw.distances).map((input, s) => ({
          task: "split",
          label: `${label}: split ${s + 1}`,
          input,
          cost,
        }));
        return [...random, ...splits];
      }),
    );
  }

  private async converge(
    stage: string,
    asked: readonly (FitRequest | null)[],
    screened: readonly StartOutcome[][],
    nFinal: number | null,
  ): Promise<StartOutcome[][]> {
    return this.run<ConvergeInput, StartOutcome>(
      stage,
      asked.map((request, r) => {
        if (request === null) return [];
        const { shape, options, label } = request;
        return finalistsOf(screened[r]!, nFinal ?? options.startsFinal).map((start, rank) => ({
          task: "converge",
          label: `${label}: finalist ${rank + 1}`,
          input: {
            shape,
            x: start.x,
            fromSplit: start.fromSplit,
            grouping: start.grouping,
            kind: start.kind,
            maxIterations: options.maxIterations,
          },
          cost: this.cost(request) * 60,
        }));
      }),
    );
  }

  async finish(
    oneClass: readonly StartOutcome[][],
    smaller: readonly (Smaller | undefined)[],
    first: Round,
    second: Round,
  ): Promise<(FitSearch | undefined)[]> {
    const order = first.finalists.map((list, r) =>
      this.requests[r]!.shape.classes === 1 ? oneClass[r]! : ranked([...list, ...second.finalists[r]!]),
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
      const isMixture = request.shape.classes > 1;
      const sound = order[r]!.filter((start) => !start.degenerate);
      const maxima = isMixture ? distinctMaxima(request.problem, request.shape, sound) : [];
      const screened = [...first.screened[r]!, ...second.screened[r]!];
      return {
        finished: done,
        starts: isMixture
          ? summarise(
              request,
              { order: order[r]!, maxima, screened, nFirst: first.screened[r]!.length },
              smaller[r],
              done,
            )
          : null,
        iterations: best.iterations + done.iterations,
        evaluations: best.evaluations + done.evaluations,
        degenerate: best.degenerate,
        runnerUp: runnerUpOf(maxima),
        fewerIsBetter: isMixture && !best.degenerate && isBelow(done.logLikelihood, smaller[r]),
      };
    });
  }
}

/** What is known of the model with one class fewer. */
interface Smaller extends SmallerFit {
  readonly classes: number;
  /** Starts screened to find it and the fits before it; 0 where it was known. */
  readonly tried: number;
}

/** One round of starts, per request. */
interface Round {
  readonly screened: readonly StartOutcome[][];
  readonly finalists: readonly StartOutcome[][];
}

/** Starts for each class of the fit with one class fewer, one per distance. */
function splitsOf(
  { shape, options }: FitRequest,
  smaller: Smaller | undefined,
  distances: readonly number[],
): SplitInput[] {
  if (smaller === undefined) return [];
  return Array.from({ length: shape.classes - 1 }, (_, split) => split).flatMap((split) =>
    distances.map((distance) => ({
      shape,
      previous: smaller.x,
      split,
      distance,
      iterations: options.screeningIterations,
    })),
  );
}

function soundValue(start: StartOutcome): number | null {
  return start.degenerate ? null : start.logLikelihood;
}

/** Whether a log-likelihood is below that of the model with one class fewer, which can never be of a maximum. */
function isBelow(logLikelihood: number, smaller: Smaller | undefined): boolean {
  const known = smaller?.logLikelihood ?? null;
  return known !== null && logLikelihood < known - REPLICATION_TOLERANCE;
}

/** Nothing sound, nothing as good as a class fewer, or the best reached by fewer than three (two where fewer than 15 are carried on). */
function needsMore(
  { options }: FitRequest,
  finalists: readonly StartOutcome[],
  smaller: Smaller | undefined,
): boolean {
  if (options.startsInitial === 1 || finalists.length === 0) return false;
  const order = ranked(finalists);
  if (order[0]?.exact) return false;
  const sound = order.filter((start) => !start.degenerate);
  const best = sound[0]?.logLikelihood ?? Number.NEGATIVE_INFINITY;
  const wanted = Math.max(2, Math.min(3, Math.floor(options.startsFinal / 5)));
  return isBelow(best, smaller) || replications(sound, best) < wanted;
}

/**
 * Half of them the best starts of every kind in turn, the best split among them; half spread evenly over the ranks of the others. A few
 * steps do not tell how far a start will get: a small class takes long to grow, and the quickest way up often leads to a lower maximum.
 */
function finalistsOf(screened: readonly StartOutcome[], nFinal: number): StartOutcome[] {
  const order = ranked(screened);
  const sound = order.filter((start) => !start.degenerate);
  const leading = inTurn(sound).slice(0, Math.ceil(nFinal / 2));
  const others = sound.filter((start) => !leading.includes(start));
  const spread = evenlySpaced(others, Math.min(nFinal - leading.length, others.length));
  const best = [...leading, ...spread, ...order.filter((start) => start.degenerate)].slice(0, nFinal);
  const bestSplit = order.find((start) => start.fromSplit);
  return bestSplit === undefined || best.includes(bestSplit) ? best : [...best, bestSplit];
}

/** Entries at even distances. */
function evenlySpaced<Entry>(entries: readonly Entry[], n: number): Entry[] {
  return Array.from({ length: n }, (_, i) => entries[Math.floor(((i + 0.5) * entries.length) / n)]!);
}

/** The first of each kind, then the second of each, and so on; the kinds in the order of their first. */
function inTurn(starts: readonly StartOutcome[]): StartOutcome[] {
  const kinds = new Map<number, StartOutcome[]>();
  for (const start of starts) {
    const kind = kinds.get(start.kind);
    if (kind === undefined) kinds.set(start.kind, [start]);
    else kind.push(start);
  }
  const longest = Math.max(0, ...[...kinds.values()].map((kind) => kind.length));
  return Array.from({ length: longest }, (_, i) => i).flatMap((i) =>
    [...kinds.values()].flatMap((kind) => kind.slice(i, i + 1)),
  );
}

/** Beyond the bound on variances; an exact fit is what the data ask for. */
function isRefused(start: StartOutcome): boolean {
  return start.degenerate && !start.exact;
}

/** Best first: finite before infinite, not refused before refused, then by log-likelihood, then by index. */
function ranked(starts: readonly StartOutcome[]): StartOutcome[] {
  return starts
    .map((start, index) => ({ start, index }))
    .filter(({ start }) => Number.isFinite(start.logLikelihood))
    .sort(
      (a, b) =>
        Number(isRefused(a.start)) - Number(isRefused(b.start)) ||
        b.start.logLikelihood - a.start.logLikelihood ||
        a.index - b.index,
    )
    .map(({ start }) => start);
}

/** The second maximum, where it is close to the first. */
function runnerUpOf(maxima: readonly FoundMaximum[]): FoundMaximum | null {
  const [best, next] = maxima;
  if (best === undefined || next === undefined) return null;
  return best.start.logLikelihood - next.start.logLikelihood <= RUNNER_UP_WITHIN ? next : null;
}

function summarise(
  request: FitRequest,
  found: {
    readonly order: readonly StartOutcome[];
    readonly maxima: readonly FoundMaximum[];
    readonly screened: readonly StartOutcome[];
    readonly nFirst: number;
  },
  smaller: Smaller | undefined,
  finished: FinishedFit,
): StartsSummary {
  const { scaling } = request.problem.design.stored;
  const shift = request.problem.data.moments.nObservations * Math.log(scaling.outcomeSd);
  const { order, maxima, screened } = found;
  return {
    tried: screened.length,
    drawnLater: screened.length - found.nFirst,
    groupings: independentStarts(screened),
    finalists: order.length,
    converged: order.filter((start) => start.converged).length,
    refused: order.filter((start) => start.degenerate).length,
    refusedWhenScreened: screened.filter((start) => start.degenerate).length,
    replicatedBest: replications(order, finished.logLikelihood),
    distinctMaxima: maxima.length,
    logLikelihoods: order.map((start) => start.logLikelihood - shift),
    screenedLogLikelihoods: ranked(screened).map((start) => start.logLikelihood - shift),
    fewerClasses:
      smaller === undefined || smaller.logLikelihood === null
        ? null
        : { logLikelihood: smaller.logLikelihood - shift, tried: smaller.tried },
  };
}

/** Independent finalists at the best value. */
function replications(finalists: readonly StartOutcome[], best: number): number {
  return independentStarts(
    finalists.filter((start) => !start.degenerate && start.logLikelihood > best - REPLICATION_TOLERANCE),
  );
}
