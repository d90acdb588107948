import type { FixedStructure, Moments } from "../design/moments.js";
import { personDensity } from "./general.js";
import { scoreInto } from "./generalObserved.js";
import { allocateGeneralScratch, type GeneralScratch } from "./generalScratch.js";
import { type ObservedLayout, observedLayout } from "./observed.js";
import { computePattern } from "./pattern.js";
import { logPriorInto } from "./prior.js";
import type { ClassParameters } from "./types.js";

/**
 * Adds the sum over persons, each as often as their weight says, of s s', s the score of a person in the parameters of the classes: of
 * models whose residuals are independent with one variance per class.
 * @param moments - the data
 * @param fixed - structure of the means
 * @param commonCovariance - D and residual variance equal over classes: what is of them is a total, in class 0
 * @param parameters - where
 * @param out - square matrix laid out by `observedLayout`; its lower triangle is added to
 */
export function addScoreProducts(
  moments: Moments,
  fixed: FixedStructure,
  commonCovariance: boolean,
  parameters: ClassParameters,
  out: Float64Array,
): void {
  const { nRandom: q, nMembership } = moments;
  const { nClasses } = parameters;
  const layout = observedLayout({ nClasses, nFixed: fixed.nFixed, nRandom: q, nMembership });
  const x = allocateGeneralScratch(moments, nClasses, commonCovariance);
  const used = usedEntries(layout, nClasses, commonCovariance);
  const n = used.length;
  const scores = new Float64Array(layout.size);
  const score = new Float64Array(n);
  const products = new Float64Array(n * n);
  logPriorInto(x.logPrior, nClasses, parameters.logits, nMembership, moments.v, 0);
  for (let g = 0; g < moments.nPatterns; g++) {
    for (let k = 0; k < (commonCovariance ? 1 : nClasses); k++)
      computePattern(x.patterns[k]!, moments, g, parameters.factor, k * q * q, parameters.residual[k]!);
    for (let i = moments.patternStart[g]!; i < moments.patternStart[g + 1]!; i++) {
      const weight = moments.weights.length > 0 ? moments.weights[i]! : 1;
      if (weight === 0) continue;
      personScoreInto(scores, x, layout, moments, fixed, parameters, g, i);
      if (commonCovariance) gatherCovariance(scores, layout, nClasses);
      for (let a = 0; a < n; a++) score[a] = scores[used[a]!]!;
      for (let a = 0; a < n; a++) {
        const value = weight * score[a]!;
        const row = a * n;
        for (let b = 0; b <= a; b++) products[row + b]! += value * score[b]!;
      }
    }
  }
  for (let a = 0; a < n; a++)
    for (let b = 0; b <= a; b++) out[used[a]! * layout.size + used[b]!]! += products[a * n + b]!;
}

/** Rows of the matrix that scores are kept for: with a common covariance those of D and residual variance in class 0 alone. */
function usedEntries(layout: ObservedLayout, nClasses: number, commonCovariance: boolean): Int32Array {
  const entries: number[] = [];
  for (let k = 0; k < nClasses; k++) {
    const end = commonCovariance && k > 0 ? layout.covarianceAt : layout.width;
    for (let e = 0; e < end; e++) entries.push(k * layout.width + e);
  }
  return Int32Array.from(entries);
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
  let largest = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < nClasses; k++) {
    const density = logPrior[k]! + personDensity(x, moments, fixed, parameters, g, i, k);
    logDensity[k] = density;
    if (density > largest) largest = density;
  }
  let sum = 0;
  for (let k = 0; k < nClasses; k++) {
    const share = Math.exp(logDensity[k]! - largest);
    logDensity[k] = share;
    sum += share;
  }
  for (let k = 0; k < nClasses; k++) {
    const p = logDensity[k]! / sum;
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
