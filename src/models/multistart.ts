import { RunFailure } from "../core/errors.js";
import type { JobRunner } from "./jobs/job.js";
import { type ProblemData, shardCount } from "./likelihood.js";
import { ranked } from "./multistart/ranking.js";
import { firstRound, secondRound } from "./multistart/rounds.js";
import { samplePersons } from "./multistart/sample.js";
import { fitSmaller } from "./multistart/smaller.js";
import { type PlacedData, Stages } from "./multistart/stages.js";
import { type SearchRecord, summarizeSearch } from "./multistart/summary.js";
import type { FitRequest, FitSearch, SearchContext, StartBasis } from "./multistart/types.js";
import type { Problem } from "./problem.js";

/**
 * Finds the maximum of several models at once: one-class fits, then quick fits with fewer classes where they are not known, then every
 * random start of every model screened (with splits of the fit with one class fewer), then the best of each carried to convergence; once
 * more with as many new starts where that did not show a maximum twice, or showed none as good as the fit with one class fewer; then the
 * best of those finished. Each stage is one call of the runner, so all workers stay busy; results depend neither on the
 * runner nor on the number of workers.
 * @param requests - the models; those of one problem share its data
 * @param context - runner, cancellation, progress
 * @returns one search per request, or undefined where the run was cancelled before it was finished
 * @throws RunFailure `no-start` where no start of a model has a finite log-likelihood
 */
export async function searchAll(
  requests: readonly FitRequest[],
  context: SearchContext,
): Promise<(FitSearch | undefined)[]> {
  const placed = new Map<Problem, PlacedData>();
  for (const { problem, options } of requests)
    if (!placed.has(problem)) placed.set(problem, place(problem, options.seed, context.runner));
  try {
    return await searchInStages(requests, new Stages(requests, placed, context), context.signal);
  } finally {
    for (const { key, sample } of placed.values()) {
      context.runner.release(key);
      if (sample !== null) context.runner.release(sample.key);
    }
  }
}

function place(problem: Problem, seed: number, runner: JobRunner): PlacedData {
  const sample = samplePersons(problem.data, seed);
  const shared = (data: ProblemData): { key: string; parts: number } => ({
    key: runner.share(data),
    parts: shardCount(data),
  });
  return {
    ...shared(problem.data),
    sample: sample === null ? null : { ...shared(sample.data), ratio: sample.ratio },
  };
}

async function searchInStages(
  requests: readonly FitRequest[],
  stages: Stages,
  signal: AbortSignal | undefined,
): Promise<(FitSearch | undefined)[]> {
  const oneClass = await stages.fitOneClass();
  const smaller = await fitSmaller(stages, requests, oneClass);
  const bases = requests.map((_, r): StartBasis => ({ oneClass: oneClass[r], smaller: smaller[r] }));
  const first = await firstRound(stages, requests, bases);
  const second = await secondRound(stages, requests, bases, first);
  const records = requests.map(({ shape }, r): SearchRecord => {
    const ofOneClass = oneClass[r] === undefined ? [] : [oneClass[r]];
    const order =
      shape.classes === 1 ? ofOneClass : ranked([...first[r]!.finalists, ...second[r]!.finalists]);
    return { smaller: smaller[r], first: first[r]!, second: second[r]!, order };
  });
  const finished = await stages.finish(records.map(({ order }) => order[0]));
  return requests.map((request, r) => {
    const fit = finished[r];
    if (fit !== undefined) return summarizeSearch(request, records[r]!, fit, stages.executionOf(r));
    if (signal?.aborted) return undefined;
    throw new RunFailure("no-start", `${request.label}: no start gave a finite log-likelihood.`);
  });
}
