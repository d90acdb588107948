import { SPLIT_DISTANCES } from "../fit/split.js";
import { isBelowSmaller, ranked, replications } from "./ranking.js";
import type { Stages } from "./stages.js";
import type { StartOutcome } from "./startTasks.js";
import type { FitRequest, KnownSmaller, Round, StartBasis } from "./types.js";

/** Half the usual small step: as near to the smaller model as rounding leaves a direction to climb in. */
const NEAREST_SPLIT = [0.01];

/**
 * Screens the starts of every mixture and carries the best of them to convergence.
 * @param stages - the stages of the search
 * @param requests - the models
 * @param bases - what their starts are made from
 * @returns one round per request; empty for models of one class
 */
export async function firstRound(
  stages: Stages,
  requests: readonly FitRequest[],
  bases: readonly StartBasis[],
): Promise<Round[]> {
  const asked = requests.map((request) => (request.shape.classes > 1 ? request : null));
  return runRound(stages, asked, bases, { round: 0, distances: SPLIT_DISTANCES, again: "" });
}

/**
 * Does the same once more, with new starts and the nearest splits, for the mixtures whose first round did not suffice.
 * @param stages - the stages of the search
 * @param requests - the models
 * @param bases - what their starts are made from
 * @param first - their first rounds
 * @returns one round per request; empty where the first sufficed
 */
export async function secondRound(
  stages: Stages,
  requests: readonly FitRequest[],
  bases: readonly StartBasis[],
  first: readonly Round[],
): Promise<Round[]> {
  const asked = requests.map((request, r) =>
    request.shape.classes > 1 && needsMore(request, first[r]!.finalists, bases[r]!.smaller) ? request : null,
  );
  const again = " again, with new starts";
  return runRound(stages, asked, bases, { round: 1, distances: NEAREST_SPLIT, again });
}

async function runRound(
  stages: Stages,
  asked: readonly (FitRequest | null)[],
  bases: readonly StartBasis[],
  {
    again,
    ...draw
  }: { readonly round: number; readonly distances: readonly number[]; readonly again: string },
): Promise<Round[]> {
  const screened = await stages.screen(`screening starts${again}`, asked, bases, { ...draw, count: null });
  const finalists = await stages.converge(`converging the best starts${again}`, asked, screened, null);
  return asked.map((_, r) => ({ screened: screened[r]!, finalists: finalists[r]! }));
}

/** Nothing sound, nothing as good as a class fewer, or the best reached by fewer than three (two where fewer than 15 are carried on). */
function needsMore(
  { options }: FitRequest,
  finalists: readonly StartOutcome[],
  smaller: KnownSmaller | undefined,
): boolean {
  if (options.startsInitial === 1 || finalists.length === 0) return false;
  const order = ranked(finalists);
  if (order[0]?.exact) return false;
  const sound = order.filter((start) => !start.degenerate);
  const best = sound[0]?.logLikelihood ?? Number.NEGATIVE_INFINITY;
  const wanted = Math.max(2, Math.min(3, Math.floor(options.startsFinal / 5)));
  return isBelowSmaller(best, smaller) || replications(sound, best) < wanted;
}
