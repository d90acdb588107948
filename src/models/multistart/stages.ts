import type { FinishedFit, FinishInput } from "../fit/finish.js";
import { type FitJob, type JobPlace, runOptions } from "../jobs/job.js";
import { layoutOf, shardCount } from "../likelihood.js";
import type { Problem } from "../problem.js";
import type { Execution } from "../result.js";
import { finalistsOf } from "./ranking.js";
import { meetingsOf, SAMPLE_PERSONS } from "./sample.js";
import {
  type ConvergeInput,
  type OneClassInput,
  oneClassShape,
  type ScreenInput,
  type SplitInput,
  type StartOutcome,
} from "./startTasks.js";
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
type StageJob<Input> = Pick<FitJob<Input>, "task" | "label" | "input"> & {
  readonly cost: number;
  /** It runs on the sample of the people, where there is one. */
  readonly onSample?: boolean;
};

/** Data placed with the runner: everybody's and, where there are many people, those of a sample. */
export interface PlacedData {
  readonly key: string;
  /** Shards: parts that jobs on them divide into. */
  readonly parts: number;
  readonly sample: { readonly key: string; readonly parts: number; readonly ratio: number } | null;
}

/**
 * The stages of a search. Each is one call of the runner with the jobs of all requests, so that all workers stay busy. A request that is null
 * where a stage is asked for has no jobs in it; results come back per request, in job order, without those that were cancelled.
 */
export class Stages {
  private readonly requests: readonly FitRequest[];
  private readonly placed: ReadonlyMap<Problem, PlacedData>;
  private readonly context: SearchContext;
  /** Finished jobs of each request, by where they were done. */
  private readonly jobs: readonly Record<JobPlace, number>[];

  constructor(
    requests: readonly FitRequest[],
    placed: ReadonlyMap<Problem, PlacedData>,
    context: SearchContext,
  ) {
    this.requests = requests;
    this.placed = placed;
    this.context = context;
    this.jobs = requests.map(() => ({ callingThread: 0, oneWorker: 0, severalWorkers: 0 }));
  }

  /**
   * How the work for a model was spread, so far.
   * @param r - its request
   * @returns counts of its jobs
   */
  executionOf(r: number): Execution {
    return {
      workers: this.context.runner.workers,
      jobs: { ...this.jobs[r]! },
      shards: shardCount(this.requests[r]!.problem.data),
    };
  }

  /** The one-class fit: the model itself where it has one class, else what a mixture's starts are drawn around. */
  async fitOneClass(): Promise<(StartOutcome | undefined)[]> {
    const job = (request: FitRequest, onSample: boolean): StageJob<OneClassInput> => ({
      task: "growthCurve",
      label: `${request.label}: one-class fit`,
      input: {
        shape: request.shape,
        maxIterations: request.options.maxIterations,
        ...(onSample ? { wantsInverse: true } : {}),
      },
      cost: costOf(request),
      onSample,
    });
    const samples = this.requests.map((request) => this.sampleOf(request) !== null && visitsPeople(request));
    const fits = await this.run<OneClassInput, StartOutcome>(
      "one-class fits",
      this.requests.map((request, r) => [job(request, samples[r]!)]),
    );
    const polished = await this.polish(
      "one-class fits on all people",
      this.requests.map((request) => ({ ...request, shape: oneClassShape(request.shape) })),
      fits.map((list, r) => (samples[r] ? list : [])),
    );
    return fits.map((list, r) => (samples[r] ? polished[r] : list)![0]);
  }

  /** A few steps from random starts, and from splits of the fit with one class fewer. */
  async screen(
    stage: string,
    asked: readonly (FitRequest | null)[],
    bases: readonly StartBasis[],
    draw: StartDraw,
  ): Promise<StartOutcome[][]> {
    const screened = await this.run<ScreenInput | SplitInput, StartOutcome>(
      stage,
      asked.map((request, r) =>
        request === null
          ? []
          : [...randomStarts(request, bases[r]!, draw), ...splitStarts(request, bases[r]!, draw)],
      ),
    );
    return screened.map((starts, r) => this.onScaleOfAll(this.requests[r]!, starts));
  }

  /**
   * The best of the screened starts carried to convergence; `nFinal` null: as many as the options of each model say. Where there is a sample
   * they climb on it first, and each maximum that they find there is then carried to that of everybody.
   */
  async converge(
    stage: string,
    asked: readonly (FitRequest | null)[],
    screened: readonly StartOutcome[][],
    nFinal: number | null,
  ): Promise<StartOutcome[][]> {
    const climbed = await this.run<ConvergeInput, StartOutcome>(
      stage,
      asked.map((request, r) => {
        if (request === null) return [];
        const { options } = request;
        const wantsInverse = this.sampleOf(request) === null ? {} : ({ wantsInverse: true } as const);
        return finalistsOf(screened[r]!, nFinal ?? options.startsFinal).map((start, rank) => ({
          ...climbJob(request, start, `finalist ${rank + 1}`, wantsInverse),
          onSample: true,
        }));
      }),
    );
    const onSample = asked.map((request) => request !== null && this.sampleOf(request) !== null);
    const polished = await this.polish(
      `${stage} on all people`,
      asked,
      climbed.map((starts, r) => (onSample[r] ? starts : [])),
    );
    return climbed.map((starts, r) => (onSample[r] ? polished[r]! : starts));
  }

  /** Carries the maxima of the sample to those of everybody. Starts that met on the sample go on as one. */
  private async polish(
    stage: string,
    asked: readonly (FitRequest | null)[],
    climbed: readonly StartOutcome[][],
  ): Promise<StartOutcome[][]> {
    const met = climbed.map((starts, r) => (starts.length === 0 ? [] : meetingsOf(asked[r]!, starts)));
    const polished = await this.run<ConvergeInput, StartOutcome>(
      stage,
      met.map((maxima, r) =>
        maxima.map(([first], i) => {
          const { ratio } = this.sampleOf(asked[r]!)!;
          const inverse = first!.inverse!.map((value) => value / ratio);
          return climbJob(asked[r]!, first!, `maximum ${i + 1}`, { inverse });
        }),
      ),
    );
    return climbed.map((starts, r) =>
      starts.flatMap((start) => {
        const maximum = met[r]!.findIndex((meeting) => meeting.includes(start));
        // Refused on the sample: it stays where it is, for the count.
        if (maximum < 0) return this.onScaleOfAll(asked[r]!, [start]);
        const reached = polished[r]![maximum];
        return reached === undefined ? [] : [joined(start, reached)];
      }),
    );
  }

  /** The sample of a model's people, where there is one. */
  private sampleOf({ problem }: FitRequest): PlacedData["sample"] {
    return this.placed.get(problem)!.sample;
  }

  private onScaleOfAll(request: FitRequest, starts: readonly StartOutcome[]): StartOutcome[] {
    const ratio = this.sampleOf(request)?.ratio ?? 1;
    return starts.map((start) => ({ ...start, logLikelihood: start.logLikelihood * ratio }));
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
    // A runner may hand jobs on under another number.
    const ownerOfInput = new Map<unknown, number>();
    perRequest.forEach((list, r) => {
      const { sample, ...all } = this.placed.get(this.requests[r]!.problem)!;
      for (const { onSample = false, ...job } of list) {
        const { key: dataKey, parts } = onSample && sample !== null ? sample : all;
        jobs.push({ ...job, index: jobs.length, dataKey, parts });
        owner.push(r);
        ownerOfInput.set(job.input, r);
      }
    });
    const { runner, ...context } = this.context;
    const onPlaced = ({ input }: FitJob, place: JobPlace): void => {
      this.jobs[ownerOfInput.get(input)!]![place]++;
    };
    const options = { ...runOptions(stage, context), onPlaced };
    const results = jobs.length === 0 ? [] : await runner.run<Input, Output>(jobs, options);
    const out: Output[][] = perRequest.map(() => []);
    results.forEach((result, j) => {
      if (result !== undefined) out[owner[j]!]!.push(result);
    });
    return out;
  }
}

/** A climb to convergence. */
function climbJob(
  request: FitRequest,
  { x, fromSplit, grouping, kind }: StartOutcome,
  words: string,
  more: Pick<ConvergeInput, "inverse" | "wantsInverse">,
): StageJob<ConvergeInput> {
  const { shape, options, label } = request;
  return {
    task: "converge",
    label: `${label}: ${words}`,
    input: { shape, x, fromSplit, grouping, kind, maxIterations: options.maxIterations, ...more },
    cost: costOf(request) * TYPICAL_ITERATIONS,
  };
}

/** A start that climbed on the sample, at the maximum of everybody. */
function joined(start: StartOutcome, reached: StartOutcome): StartOutcome {
  const { fromSplit, grouping, kind } = start;
  return {
    ...reached,
    iterations: start.iterations + reached.iterations,
    evaluations: start.evaluations + reached.evaluations,
    fromSplit,
    grouping,
    kind,
  };
}

/** Whether a fit with one class looks at more than a few totals. */
function visitsPeople({ problem }: FitRequest): boolean {
  return problem.data.rows !== null || problem.data.moments.nPatterns > SAMPLE_PERSONS;
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
      onSample: true,
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
      onSample: true,
    }));
}
