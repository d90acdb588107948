import type { FinishedFit, FinishInput } from "../fit/finish.js";
import { type FitJob, runOptions } from "../jobs/job.js";
import { layoutOf } from "../likelihood.js";
import type { Problem } from "../problem.js";
import { finalistsOf } from "./ranking.js";
import type { ConvergeInput, OneClassInput, ScreenInput, SplitInput, StartOutcome } from "./startTasks.js";
import type { FitRequest, SearchContext, StartBasis } from "./types.js";

/** Iterations to convergence that the time left is reckoned with. */
const TYPICAL_ITERATIONS = 60;

/** Which starts to screen. */
export interface StartDraw {
  /** First random start, in units of `count`: round 0 draws the first `count` starts, round 1 those after them. */
  readonly round: number;
  /** Random starts per model; null: as many as its options say. */
  readonly count: number | null;
  /** How far the halves of a split class are moved apart; one split of each class per distance. */
  readonly distances: readonly number[];
}

/** A job before it has its place among those of the call and the key of its data. */
type StageJob<Input> = Pick<FitJob<Input>, "task" | "label" | "input"> & { readonly cost: number };

/**
 * The stages of a search. Each is one call of the runner with the jobs of all requests, so that all workers stay busy. A request that is null
 * where a stage is asked for has no jobs in it; results come back per request, in job order, without those that were cancelled.
 */
export class Stages {
  private readonly requests: readonly FitRequest[];
  /** Of the data placed with the runner. */
  private readonly keys: ReadonlyMap<Problem, string>;
  private readonly context: SearchContext;

  constructor(requests: readonly FitRequest[], keys: ReadonlyMap<Problem, string>, context: SearchContext) {
    this.requests = requests;
    this.keys = keys;
    this.context = context;
  }

  /** The one-class fit: the model itself where it has one class, else what a mixture's starts are drawn around. */
  async fitOneClass(): Promise<(StartOutcome | undefined)[]> {
    const fits = await this.run<OneClassInput, StartOutcome>(
      "one-class fits",
      this.requests.map((request) => [
        {
          task: "growthCurve",
          label: `${request.label}: one-class fit`,
          input: { shape: request.shape, maxIterations: request.options.maxIterations },
          cost: costOf(request),
        },
      ]),
    );
    return fits.map(([fit]) => fit);
  }

  /** A few steps from random starts, and from splits of the fit with one class fewer. */
  async screen(
    stage: string,
    asked: readonly (FitRequest | null)[],
    bases: readonly StartBasis[],
    draw: StartDraw,
  ): Promise<StartOutcome[][]> {
    return this.run<ScreenInput | SplitInput, StartOutcome>(
      stage,
      asked.map((request, r) =>
        request === null
          ? []
          : [...randomStarts(request, bases[r]!, draw), ...splitStarts(request, bases[r]!, draw)],
      ),
    );
  }

  /** The best of the screened starts carried to convergence; `nFinal` null: as many as the options of each model say. */
  async converge(
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
        const { maxIterations } = options;
        return finalistsOf(screened[r]!, nFinal ?? options.startsFinal).map(
          ({ x, fromSplit, grouping, kind }, rank) => ({
            task: "converge",
            label: `${label}: finalist ${rank + 1}`,
            input: { shape, x, fromSplit, grouping, kind, maxIterations },
            cost: costOf(request) * TYPICAL_ITERATIONS,
          }),
        );
      }),
    );
  }

  /** The best start of each model polished by Newton steps, with its Hessian. */
  async finish(best: readonly (StartOutcome | undefined)[]): Promise<(FinishedFit | undefined)[]> {
    const finished = await this.run<FinishInput, FinishedFit>(
      "finishing",
      this.requests.map((request, r) => {
        const start = best[r];
        if (start === undefined) return [];
        const { nParameters } = layoutOf(request.problem.data, request.shape);
        return [
          {
            task: "finish",
            label: `${request.label}: Newton finish`,
            input: { shape: request.shape, x: start.x },
            cost: costOf(request) * 2 * nParameters,
          },
        ];
      }),
    );
    return finished.map(([fit]) => fit);
  }

  private async run<Input, Output>(
    stage: string,
    perRequest: readonly (readonly StageJob<Input>[])[],
  ): Promise<Output[][]> {
    const jobs: FitJob<Input>[] = [];
    const owner: number[] = [];
    perRequest.forEach((list, r) => {
      for (const job of list) {
        jobs.push({ ...job, index: jobs.length, dataKey: this.keys.get(this.requests[r]!.problem)! });
        owner.push(r);
      }
    });
    const { runner, ...context } = this.context;
    const options = runOptions(stage, context);
    const results = jobs.length === 0 ? [] : await runner.run<Input, Output>(jobs, options);
    const out: Output[][] = perRequest.map(() => []);
    results.forEach((result, j) => {
      if (result !== undefined) out[owner[j]!]!.push(result);
    });
    return out;
  }
}

/** Rough cost of one evaluation of the likelihood. */
function costOf({ problem, shape }: FitRequest): number {
  return problem.data.moments.nPersons * shape.classes;
}

function randomStarts(
  request: FitRequest,
  { oneClass }: StartBasis,
  { round, count }: StartDraw,
): StageJob<ScreenInput>[] {
  if (oneClass === undefined) return [];
  const { shape, label, options } = request;
  const { seed, screeningIterations: iterations, startsInitial } = options;
  const n = count ?? startsInitial;
  return Array.from({ length: n }, (_, s) => {
    const index = round * n + s;
    return {
      task: "screen",
      label: `${label}: start ${index + 1}`,
      input: { shape, oneClass: oneClass.x, seed, index, iterations },
      cost: costOf(request) * iterations,
    };
  });
}

/** Starts from each class of the fit with one class fewer, one per distance. */
function splitStarts(
  request: FitRequest,
  { oneClass, smaller }: StartBasis,
  { distances }: StartDraw,
): StageJob<SplitInput>[] {
  if (oneClass === undefined || smaller === undefined) return [];
  const { shape, label, options } = request;
  const iterations = options.screeningIterations;
  return Array.from({ length: shape.classes - 1 }, (_, split) => split)
    .flatMap((split) => distances.map((distance) => ({ split, distance })))
    .map(({ split, distance }, s) => ({
      task: "split",
      label: `${label}: split ${s + 1}`,
      input: { shape, previous: smaller.x, split, distance, iterations },
      cost: costOf(request) * iterations,
    }));
}
