import { createStream } from "../../core/random.js";
import { totalWeight } from "../design/moments.js";
import { subsetMoments, subsetRows } from "../design/subset.js";
import type { ProblemData } from "../likelihood.js";
import { distinctMaxima } from "./maxima.js";
import { ranked } from "./ranking.js";
import type { StartOutcome } from "./startTasks.js";
import type { FitRequest } from "./types.js";

/**
 * People of the sample on which starts are screened and climb first. On so many, maxima are where they are on everybody to within a few
 * standard errors, and a class of one in a hundred still has 200 people.
 */
export const SAMPLE_PERSONS = 20_000;

/** Some of the people, for the first stages of a search. */
export interface PersonSample {
  readonly data: ProblemData;
  /** People for each of the sample, by weight: log-likelihoods times this are on the scale of everybody's. */
  readonly ratio: number;
}

/**
 * Draws the sample: one person at random of each of so many equal stretches of the order of the moments, so that every pattern of
 * occasions has its share.
 * @param data - of everybody
 * @param seed - of the run
 * @returns the sample, the same for the same seed; null where there are fewer than twice as many people
 */
export function samplePersons(data: ProblemData, seed: number): PersonSample | null {
  const { moments, rows } = data;
  if (moments.nPersons < 2 * SAMPLE_PERSONS) return null;
  // Starts draw from streams of one class or more.
  const stream = createStream(seed, 0, SAMPLE_PERSONS);
  const stretch = moments.nPersons / SAMPLE_PERSONS;
  const persons = Int32Array.from({ length: SAMPLE_PERSONS }, (_, s) =>
    Math.min(Math.floor((s + stream.uniform()) * stretch), moments.nPersons - 1),
  );
  const chosen = subsetMoments(moments, persons);
  const ratio = totalWeight(moments) / totalWeight(chosen);
  if (!Number.isFinite(ratio)) return null;
  return {
    data: {
      ...data,
      moments: chosen,
      rows: rows === null ? null : subsetRows(rows, moments, persons),
      clusters: null,
    },
    ratio,
  };
}

/**
 * Groups starts that climbed on a sample by where they met. Those beyond the bound on variances have no maximum to be carried to: they
 * are left out, unless there are no others; the first then stands for all.
 * @param request - the model
 * @param starts - where they ended on the sample
 * @returns groups, the best of each first
 */
export function meetingsOf(
  { problem, shape }: Pick<FitRequest, "problem" | "shape">,
  starts: readonly StartOutcome[],
): (readonly StartOutcome[])[] {
  const order = ranked(starts);
  const sound = order.filter((start) => !start.degenerate);
  if (sound.length === 0) return order.length === 0 ? [] : [order];
  return distinctMaxima(problem, shape, sound).map(({ finalists }) => finalists);
}
