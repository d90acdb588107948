import { SPLIT_DISTANCES } from "../fit/split.js";
import { ranked, soundLogLikelihood } from "./ranking.js";
import type { Stages } from "./stages.js";
import type { StartOutcome } from "./startTasks.js";
import type { FitRequest, KnownSmaller } from "./types.js";

/** Random starts of each smaller model that is fitted only to be split, and how many of them are carried to convergence. */
const SMALLER_STARTS = { initial: 8, final: 2 };
/** Smaller models fitted on the way: those with up to three classes fewer. */
const SMALLER_MODELS = 3;
/** With more classes than this none are: their splits alone would cost more than the model's own starts. */
const MOST_CLASSES = 10;

/**
 * Finds the fit with one class fewer of every mixture: the one given with the request, else quick fits from two classes up (or from three
 * fewer), each started from splits of the one before.
 * @param stages - the stages of the search
 * @param requests - the models
 * @param oneClass - their one-class fits
 * @returns per request the fit with one class fewer; undefined where there is none to be had
 */
export async function fitSmaller(
  stages: Stages,
  requests: readonly FitRequest[],
  oneClass: readonly (StartOutcome | undefined)[],
): Promise<(KnownSmaller | undefined)[]> {
  const smaller = requests.map((request, r) => smallestOf(request, oneClass[r]));
  const largest = Math.max(...requests.map(({ shape }) => shape.classes));
  for (let classes = 2; classes < largest; classes++) {
    const asked = requests.map((request, r) =>
      smaller[r] !== undefined && isOnTheWay(request, classes)
        ? {
            ...request,
            shape: { ...request.shape, classes },
            label: `${request.label}: ${classes} classes first`,
          }
        : null,
    );
    if (asked.every((request) => request === null)) continue;
    const bases = requests.map((_, r) => ({
      oneClass: oneClass[r],
      smaller: smaller[r]?.classes === classes - 1 ? smaller[r] : undefined,
    }));
    const words = `${classes} classes first`;
    const screened = await stages.screen(`${words}: screening`, asked, bases, {
      round: 0,
      count: SMALLER_STARTS.initial,
      distances: SPLIT_DISTANCES,
    });
    const converged = await stages.converge(`${words}: converging`, asked, screened, SMALLER_STARTS.final);
    converged.forEach((list, r) => {
      const best = ranked(list)[0];
      if (best === undefined) return;
      const tried = smaller[r]!.tried + screened[r]!.length;
      smaller[r] = { x: best.x, logLikelihood: soundLogLikelihood(best), classes, tried };
    });
  }
  return smaller.map((each, r) => (each?.classes === requests[r]!.shape.classes - 1 ? each : undefined));
}

/** Where the way to the fit with one class fewer begins: at that fit where it was given, else at one class. */
function smallestOf(
  { previous, shape, options }: FitRequest,
  oneClass: StartOutcome | undefined,
): KnownSmaller | undefined {
  if (shape.classes === 1 || oneClass === undefined) return undefined;
  if (previous !== undefined) return { ...previous, classes: shape.classes - 1, tried: 0 };
  // Constraints are on the classes of this model: the model with fewer is another one.
  if (shape.restriction !== undefined) return undefined;
  if (options.startsInitial === 1 || shape.classes > MOST_CLASSES) return undefined;
  return { x: oneClass.x, logLikelihood: soundLogLikelihood(oneClass), classes: 1, tried: 0 };
}

/** Whether the model with so many classes is fitted on the way to a request's. */
function isOnTheWay({ previous, shape }: FitRequest, classes: number): boolean {
  const from = Math.max(2, shape.classes - SMALLER_MODELS);
  return previous === undefined && classes >= from && classes < shape.classes;
}
