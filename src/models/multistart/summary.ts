import type { FinishedFit } from "../fit/finish.js";
import type { Execution, StartsSummary } from "../result.js";
import { distinctMaxima, type FoundMaximum, independentStarts, RUNNER_UP_WITHIN } from "./maxima.js";
import { isBelowSmaller, ranked, replications } from "./ranking.js";
import type { StartOutcome } from "./startTasks.js";
import type { FitRequest, FitSearch, KnownSmaller, Round } from "./types.js";

/** All that was tried for one model. */
export interface SearchRecord {
  readonly smaller: KnownSmaller | undefined;
  readonly first: Round;
  readonly second: Round;
  /** The finalists of both rounds (of a model with one class: its fit), best first; not empty. */
  readonly order: readonly StartOutcome[];
}

/**
 * Says what the search for one model found.
 * @param request - the model
 * @param record - what was tried
 * @param finished - the best start, polished
 * @param execution - how the work was spread
 * @returns the search
 */
export function summarizeSearch(
  request: FitRequest,
  record: SearchRecord,
  finished: FinishedFit,
  execution: Execution,
): FitSearch {
  const best = record.order[0]!;
  const isMixture = request.shape.classes > 1;
  const sound = record.order.filter((start) => !start.degenerate);
  const maxima = isMixture ? distinctMaxima(request.problem, request.shape, sound) : [];
  return {
    finished,
    starts: isMixture ? summarizeStarts(request, record, maxima.length, finished) : null,
    iterations: best.iterations + finished.iterations,
    evaluations: best.evaluations + finished.evaluations,
    degenerate: best.degenerate,
    runnerUp: runnerUpOf(maxima),
    fewerIsBetter: isMixture && !best.degenerate && isBelowSmaller(finished.logLikelihood, record.smaller),
    execution,
  };
}

/** The second maximum, where it is close to the first. */
function runnerUpOf([best, next]: readonly FoundMaximum[]): FoundMaximum | null {
  if (best === undefined || next === undefined) return null;
  return best.start.logLikelihood - next.start.logLikelihood <= RUNNER_UP_WITHIN ? next : null;
}

function summarizeStarts(
  { problem }: FitRequest,
  { smaller, first, second, order }: SearchRecord,
  nMaxima: number,
  finished: FinishedFit,
): StartsSummary {
  // Log-likelihoods of the internal scale are of scores over their standard deviation.
  const shift = problem.data.moments.nObservations * Math.log(problem.design.stored.scaling.outcomeSd);
  const screened = [...first.screened, ...second.screened];
  return {
    tried: screened.length,
    drawnLater: second.screened.length,
    groupings: independentStarts(screened),
    finalists: order.length,
    converged: order.filter((start) => start.converged).length,
    refused: order.filter((start) => start.degenerate).length,
    refusedWhenScreened: screened.filter((start) => start.degenerate).length,
    replicatedBest: replications(order, finished.logLikelihood),
    distinctMaxima: nMaxima,
    logLikelihoods: order.map((start) => start.logLikelihood - shift),
    screenedLogLikelihoods: ranked(screened).map((start) => start.logLikelihood - shift),
    fewerClasses:
      smaller === undefined || smaller.logLikelihood === null
        ? null
        : { logLikelihood: smaller.logLikelihood - shift, tried: smaller.tried },
  };
}
