import { type FixedStructure, type Moments, totalWeight } from "../design/moments.js";
import { personDensity } from "./general.js";
import { allocateGeneralScratch, type GeneralScratch } from "./generalScratch.js";
import {
  addPriorCurvature,
  allocateCurvature,
  foldMeanCurvature,
  foldVarianceCurvature,
  type ObservedLayout,
  observedLayout,
  weighBasis,
} from "./observed.js";
import { applyInverse, computePattern, type PatternAlgebra } from "./pattern.js";
import { logPriorInto, posteriorsInPlace } from "./prior.js";
import type { ClassParameters } from "./types.js";

/** Posteriors below this have no say: times the square of any score they are far below rounding. */
const NO_POSTERIOR = 1e-40;

/**
 * Observed information of any mixture whose residuals are independent with one variance per class, from the scores of each person in
 * each class.
 * @param moments - the data
 * @param fixed - structure of the means
 * @param nClasses - K
 * @param commonCovariance - D and residual variance equal over classes
 * @returns a function that adds the lower triangle of the matrix of `observed.ts`
 * Source: Louis (1982), equation 3.2.
 */
export function generalObserved(
  moments: Moments,
  fixed: FixedStructure,
  nClasses: number,
  commonCovariance: boolean,
): (parameters: ClassParameters, out: Float64Array) => void {
  const { nRandom: q, nBasis, nMembership, nPersonColumns: c } = moments;
  const layout = observedLayout({ nClasses, nFixed: fixed.nFixed, nRandom: q, nMembership });
  const x = allocateGeneralScratch(moments, nClasses, commonCovariance);
  const nCovariances = commonCovariance ? 1 : nClasses;
  const curvature = allocateCurvature(q, nBasis);
  const scores = new Float64Array(layout.size);
  return (parameters, out) => {
    logPriorInto(x.logPrior, nClasses, parameters.logits, nMembership, moments.v, 0);
    if (nMembership === 1) addPriorCurvature(out, layout, 1, x.logPrior, moments.v, 0, totalWeight(moments));
    for (let g = 0; g < moments.nPatterns; g++) {
      for (let k = 0; k < nCovariances; k++)
        computePattern(x.patterns[k]!, moments, g, parameters.factor, k * q * q, parameters.residual[k]!);
      addPersons(x, moments, fixed, parameters, layout, scores, g, out);
      for (let k = 0; k < nClasses; k++) {
        const p = x.patterns[k]!;
        if (k < nCovariances) weighBasis(curvature, p);
        foldMeanCurvature(out, layout, k, k, p, fixed, c, x.wr, k * c * nBasis, x.ww, k * c * c, curvature);
        foldVarianceCurvature(out, layout, k, p, x.weight[k]!, x.zz, k * q * q, x.rr[k]!, curvature);
      }
    }
  };
}

/** Persons of pattern g: sums by posterior, and what the classes are not known takes away. */
function addPersons(
  x: GeneralScratch,
  moments: Moments,
  fixed: FixedStructure,
  parameters: ClassParameters,
  layout: ObservedLayout,
  scores: Float64Array,
  g: number,
  out: Float64Array,
): void {
  const { nMembership, weights, v } = moments;
  const { nClasses } = parameters;
  const { logPrior, logDensity } = x;
  x.weight.fill(0);
  x.rr.fill(0);
  x.zz.fill(0);
  x.wr.fill(0);
  x.ww.fill(0);
  const end = moments.patternStart[g + 1]!;
  for (let i = moments.patternStart[g]!; i < end; i++) {
    const weight = weights.length > 0 ? weights[i]! : 1;
    if (weight === 0) continue;
    if (nMembership > 1) {
      logPriorInto(logPrior, nClasses, parameters.logits, nMembership, v, i * nMembership);
      addPriorCurvature(out, layout, nMembership, logPrior, v, i * nMembership, weight);
    }
    for (let k = 0; k < nClasses; k++)
      logDensity[k] = logPrior[k]! + personDensity(x, moments, fixed, parameters, g, i, k);
    posteriorsInPlace(logDensity, nClasses);
    for (let k = 0; k < nClasses; k++) {
      const posterior = logDensity[k]!;
      if (posterior < NO_POSTERIOR) continue;
      addSums(x, moments, i, k, weight * posterior);
      if (nClasses > 1) scoreInto(scores, layout, x, moments, fixed, i, k);
    }
    if (nClasses > 1) takeUncertainty(out, layout, scores, logDensity, nClasses, weight);
  }
}

/** Adds person i to the sums of class k. */
function addSums(x: GeneralScratch, moments: Moments, i: number, k: number, p: number): void {
  const { nBasis: m, nRandom: q, nPersonColumns: c, w } = moments;
  const { residual } = x;
  const r = k * m;
  x.weight[k]! += p;
  x.rr[k]! += p * x.residualSquares[k]!;
  for (let a = 0; a < q; a++)
    for (let b = 0; b < q; b++) x.zz[(k * q + a) * q + b]! += p * residual[r + a]! * residual[r + b]!;
  for (let j = 0; j < c; j++) {
    const pw = j === 0 ? p : p * w[i * c + j]!;
    const at = (k * c + j) * m;
    for (let b = 0; b < m; b++) x.wr[at + b]! += pw * residual[r + b]!;
    for (let l = 0; l < c; l++) x.ww[(k * c + j) * c + l]! += l === 0 ? pw : pw * w[i * c + l]!;
  }
}

/**
 * Score of the complete data of person i in class k, but for minus the prior probabilities, which are the same in every class: v,
 * w B'V^-1 r, (u u' - S) / 2, (r'V^-2 r - tr V^-1) / 2.
 * @param scores - filled in the entries of the class
 * @param layout - of the scores
 * @param x - work space after `personDensity`
 * @param moments - the data
 * @param fixed - structure of the means
 * @param i - person
 * @param k - class
 */
export function scoreInto(
  scores: Float64Array,
  layout: ObservedLayout,
  x: GeneralScratch,
  moments: Moments,
  fixed: FixedStructure,
  i: number,
  k: number,
): void {
  const { nBasis: m, nRandom: q, nPersonColumns: c, nMembership, w, v } = moments;
  const { residual, score } = x;
  const p: PatternAlgebra = x.patterns[k]!;
  let at = k * layout.width;
  scores[at++] = 1;
  for (let j = 1; j < nMembership; j++) scores[at++] = v[i * nMembership + j]!;
  applyInverse(score, 0, p, residual, k * m, q, m);
  for (let j = 0; j < fixed.nFixed; j++) {
    const person = fixed.person[j]!;
    const value = score[fixed.basis[j]!]!;
    scores[at++] = person === 0 ? value : value * w[i * c + person]!;
  }
  let squared = x.residualSquares[k]!;
  for (let a = 0; a < q; a++) {
    const za = residual[k * m + a]!;
    for (let b = 0; b < q; b++) squared -= p.m2[a * q + b]! * za * residual[k * m + b]!;
    for (let b = 0; b <= a; b++)
      scores[at++] = (score[a]! * score[b]! - p.s[a * q + b]!) * (a === b ? 0.5 : 1);
  }
  scores[at] = 0.5 * (squared / (p.variance * p.variance) - p.traceInverse);
}

/** Subtracts sum_k p_k s_k s_k' - s s' of a person, s_k being zero outside the parameters of class k: blocks (p_k [k = l] - p_k p_l) s_k s_l'. */
function takeUncertainty(
  out: Float64Array,
  { size, width }: ObservedLayout,
  scores: Float64Array,
  posteriors: Float64Array,
  nClasses: number,
  weight: number,
): void {
  for (let k = 0; k < nClasses; k++) {
    const p = posteriors[k]!;
    if (p < NO_POSTERIOR) continue;
    const first = k * width;
    // 1 - p from the others: p itself may be next to 1.
    let others = 0;
    for (let l = 0; l < nClasses; l++) if (l !== k) others += posteriors[l]!;
    const own = -weight * p * others;
    for (let a = 0; a < width; a++) {
      const value = own * scores[first + a]!;
      const row = (first + a) * size + first;
      for (let b = 0; b <= a; b++) out[row + b]! += value * scores[first + b]!;
    }
    for (let l = 0; l < k; l++) {
      const q = posteriors[l]!;
      if (q < NO_POSTERIOR) continue;
      const both = weight * p * q;
      const other = l * width;
      for (let a = 0; a < width; a++) {
        const value = both * scores[first + a]!;
        const row = (first + a) * size + other;
        for (let b = 0; b < width; b++) out[row + b]! += value * scores[other + b]!;
      }
    }
  }
}
