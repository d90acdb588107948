import type { FixedStructure, Moments } from "../design/moments.js";
import { personDensity } from "./general.js";
import { scoreInto } from "./generalObserved.js";
import { allocateGeneralScratch, type GeneralScratch } from "./generalScratch.js";
import { type ObservedLayout, observedLayout } from "./observed.js";
import { computePattern } from "./pattern.js";
import { isPlainModel } from "./plain.js";
import { visitPlainScores } from "./plainScores.js";
import { logPriorInto, posteriorsInPlace } from "./prior.js";
import type { ClassParameters, ParameterSizes } from "./types.js";

/**
 * Entries of `observedLayout` that scores are kept for: with a common covariance D and residual variance in class 0 alone.
 * @param sizes - of the model; one residual parameter per class
 * @param commonCovariance - D and residual variance equal over classes
 * @returns rows of the layout, ascending
 */
export function scoreEntries(
  sizes: Pick<ParameterSizes, "nClasses" | "nFixed" | "nRandom" | "nMembership">,
  commonCovariance: boolean,
): Int32Array {
  const layout = observedLayout(sizes);
  const entries: number[] = [];
  for (let k = 0; k < sizes.nClasses; k++) {
    const end = commonCovariance && k > 0 ? layout.covarianceAt : layout.width;
    for (let e = 0; e < end; e++) entries.push(k * layout.width + e);
  }
  return Int32Array.from(entries);
}

/**
 * Visits the score of every person in the parameters of the classes, in the order of the moments; weights are left to the visitor. For models
 * whose residuals are independent with one variance per class.
 * @param moments - the data
 * @param fixed - structure of the means
 * @param commonCovariance - D and residual variance equal over classes
 * @param parameters - where
 * @param score - filled for one person at a time: the entries of {@link scoreEntries}
 * @param visit - called once per person after `score` is filled
 */
export function visitClassScores(
  moments: Moments,
  fixed: FixedStructure,
  commonCovariance: boolean,
  parameters: ClassParameters,
  score: Float64Array,
  visit: (person: number) => void,
): void {
  if (isPlainModel(moments, commonCovariance)) {
    visitPlainScores(moments, fixed, parameters, score, visit);
    return;
  }
  const { nRandom: q, nMembership } = moments;
  const { nClasses } = parameters;
  const sizes = { nClasses, nFixed: fixed.nFixed, nRandom: q, nMembership };
  const layout = observedLayout(sizes);
  const used = scoreEntries(sizes, commonCovariance);
  const x = allocateGeneralScratch(moments, nClasses, commonCovariance);
  const scores = new Float64Array(layout.size);
  logPriorInto(x.logPrior, nClasses, parameters.logits, nMembership, moments.v, 0);
  for (let g = 0; g < moments.nPatterns; g++) {
    for (let k = 0; k < (commonCovariance ? 1 : nClasses); k++)
      computePattern(x.patterns[k]!, moments, g, parameters.factor, k * q * q, parameters.residual[k]!);
    for (let i = moments.patternStart[g]!; i < moments.patternStart[g + 1]!; i++) {
      personScoreInto(scores, x, layout, moments, fixed, parameters, g, i);
      if (commonCovariance) gatherCovariance(scores, layout, nClasses);
      for (let a = 0; a < used.length; a++) score[a] = scores[used[a]!]!;
      visit(i);
    }
  }
}

/** The score of person i: the scores in each class by posterior, and for logits less what the prior expects. */
function personScoreInto(
  scores: Float64Array,
  x: GeneralScratch,
  layout: ObservedLayout,
  moments: Moments,
  fixed: FixedStructure,
  parameters: ClassParameters,
  g: number,
  i: number,
): void {
  const { nMembership, v } = moments;
  const { nClasses } = parameters;
  const { logPrior, logDensity } = x;
  if (nMembership > 1) logPriorInto(logPrior, nClasses, parameters.logits, nMembership, v, i * nMembership);
  for (let k = 0; k < nClasses; k++)
    logDensity[k] = logPrior[k]! + personDensity(x, moments, fixed, parameters, g, i, k);
  posteriorsInPlace(logDensity, nClasses);
  for (let k = 0; k < nClasses; k++) {
    const p = logDensity[k]!;
    const first = k * layout.width;
    scoreInto(scores, layout, x, moments, fixed, i, k);
    const excess = p - Math.exp(logPrior[k]!);
    for (let e = 0; e < nMembership; e++) scores[first + e]! *= excess;
    for (let e = nMembership; e < layout.width; e++) scores[first + e]! *= p;
  }
}

/** Sums what is of D and residual variance over classes, into class 0. */
function gatherCovariance(
  scores: Float64Array,
  { width, covarianceAt }: ObservedLayout,
  nClasses: number,
): void {
  for (let k = 1; k < nClasses; k++)
    for (let e = covarianceAt; e < width; e++) scores[e]! += scores[k * width + e]!;
}
