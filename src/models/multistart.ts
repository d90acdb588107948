import { RunFailure } from "../core/errors.js";
import { ranked } from "./multistart/ranking.js";
import { firstRound, secondRound } from "./multistart/rounds.js";
import { fitSmaller } from "./multistart/smaller.js";
import { Stages } from "./multistart/stages.js";
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
  const keys = new Map<Problem, string>();
  for (const { problem } of requests)
    if (!keys.has(problem)) keys.set(problem, context.runner.share(problem.data));
  try {
    return await searchInStages(requests, new Stages(requests, keys, context), context.signal);
  } finally {
    for (const key of keys.values()) context.runner.release(key);
  }
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
    if (fit !== undefined) return summarizeSearch(request, records[r]!, fit);
    if (signal?.aborted) return undefined;
    throw new RunFailure("no-start", `${request.label}: no start gave a finite log-likelihood.`);
  });
}
