import { type FixedStructure, type Moments, totalWeight } from "../design/moments.js";
import { accumulatePlainPersons, allocatePlainScratch } from "./generalPlain.js";
import { allocateGeneralScratch, type GeneralScratch } from "./generalScratch.js";
import { basisMeansInto } from "./means.js";
import { applyInverse, computePattern, foldBetaInformation, foldVariance } from "./pattern.js";
import { addLogitInformation, logPriorInto } from "./prior.js";
import {
  type ClassParameters,
  clearEvaluation,
  clearGradient,
  type Evaluation,
  type EvaluationRequest,
  type Kernel,
} from "./types.js";

const LOG_2PI = Math.log(2 * Math.PI);

/**
 * The likelihood of any normal mixture of growth curves: D and residual variance may differ by class, and so
 * may covariate effects. Complete; `commonKernel` is its fast twin for models with a common
 * covariance, and the two agree to rounding.
 * @param moments - the data
 * @param fixed - structure of the means
 * @param nClasses - K
 * @returns the kernel
 * Source: Verbeke & Lesaffre (1996) heterogeneity model; gradients by Fisher's identity (Louis 1982).
 */
export function generalKernel(moments: Moments, fixed: FixedStructure, nClasses: number): Kernel {
  const q = moments.nRandom;
  const scratch = allocateGeneralScratch(moments, nClasses, false);
  const isPlain = moments.nPersonColumns === 1 && moments.nMembership === 1;
  const plain = isPlain ? allocatePlainScratch(moments, nClasses) : null;
  return {
    nClasses,
    evaluate(parameters, out, request) {
      clearEvaluation(out);
      const { logPrior, patterns } = scratch;
      if (plain !== null) basisMeansInto(plain.mu, fixed, parameters.beta, nClasses, moments.nBasis);
      logPriorInto(logPrior, nClasses, parameters.logits, moments.nMembership, moments.v, 0);
      for (let g = 0; g < moments.nPatterns; g++) {
        for (let k = 0; k < nClasses; k++)
          computePattern(patterns[k]!, moments, g, parameters.factor, k * q * q, parameters.residual[k]!);
        if (plain !== null) accumulatePlainPersons(scratch, plain, moments, g, out, request);
        else {
          const first = moments.patternStart[g]!;
          const end = moments.patternStart[g + 1]!;
          accumulatePattern(scratch, moments, fixed, parameters, g, first, end, out, request);
        }
        foldPattern(scratch, moments, fixed, out, request.information);
      }
      finishLogits(out, moments, logPrior, request.information);
    },
  };
}

/**
 * Visits the gradient of each person's log-likelihood (the score), in the order of the moments. Weights are left to the
 * visitor: a score is that of the person once.
 * @param moments - the data
 * @param fixed - structure of the means
 * @param parameters - where
 * @param out - filled for one person at a time
 * @param visit - called once per person after `out` is filled
 */
export function visitPersonScores(
  moments: Moments,
  fixed: FixedStructure,
  parameters: ClassParameters,
  out: Evaluation,
  visit: (person: number) => void,
): void {
  const { nRandom: q } = moments;
  const nClasses = parameters.nClasses;
  const once = moments.weights.length === 0 ? moments : { ...moments, weights: new Float64Array(0) };
  const scratch = allocateGeneralScratch(moments, nClasses, false);
  const request: EvaluationRequest = { information: false };
  logPriorInto(scratch.logPrior, nClasses, parameters.logits, moments.nMembership, moments.v, 0);
  for (let g = 0; g < moments.nPatterns; g++) {
    for (let k = 0; k < nClasses; k++)
      computePattern(scratch.patterns[k]!, moments, g, parameters.factor, k * q * q, parameters.residual[k]!);
    for (let i = moments.patternStart[g]!; i < moments.patternStart[g + 1]!; i++) {
      clearGradient(out);
      accumulatePattern(scratch, once, fixed, parameters, g, i, i + 1, out, request);
      foldPattern(scratch, moments, fixed, out, false);
      if (moments.nMembership === 1)
        for (let k = 0; k < nClasses; k++)
          out.gradientLogits[k] = out.weight[k]! - Math.exp(scratch.logPrior[k]!);
      visit(i);
    }
  }
}

/** Persons first .. end - 1 of pattern g: densities, posteriors, and their sums by posterior and weight of the person. */
function accumulatePattern(
  x: GeneralScratch,
  moments: Moments,
  fixed: FixedStructure,
  parameters: ClassParameters,
  g: number,
  first: number,
  end: number,
  out: Evaluation,
  request: EvaluationRequest,
): void {
  const { nBasis: m, nRandom: q, nPersonColumns: c, nMembership, weights } = moments;
  const nClasses = parameters.nClasses;
  const weighted = weights.length > 0;
  x.weight.fill(0);
  x.rr.fill(0);
  x.zz.fill(0);
  x.wr.fill(0);
  if (request.information) x.ww.fill(0);
  for (let i = first; i < end; i++) {
    const weight = weighted ? weights[i]! : 1;
    if (weight === 0 && request.posteriors === undefined) continue;
    if (nMembership > 1)
      logPriorInto(x.logPrior, nClasses, parameters.logits, nMembership, moments.v, i * nMembership);
    let largest = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < nClasses; k++) {
      const density = x.logPrior[k]! + personDensity(x, moments, fixed, parameters, g, i, k);
      x.logDensity[k] = density;
      if (density > largest) largest = density;
    }
    let sum = 0;
    for (let k = 0; k < nClasses; k++) {
      const share = Math.exp(x.logDensity[k]! - largest);
      x.logDensity[k] = share;
      sum += share;
    }
    out.logLikelihood += weight * (largest + Math.log(sum));
    // Shares over their sum: exp(log density - log sum) would lose digits where densities are extreme.
    const inverse = 1 / sum;
    for (let k = 0; k < nClasses; k++) {
      const posterior = x.logDensity[k]! * inverse;
      if (request.posteriors !== undefined) request.posteriors[i * nClasses + k] = posterior;
      const p = weight * posterior;
      x.weight[k]! += p;
      x.rr[k]! += p * x.residualSquares[k]!;
      const r = k * m;
      for (let a = 0; a < q; a++)
        for (let b = 0; b < q; b++) x.zz[(k * q + a) * q + b]! += p * x.residual[r + a]! * x.residual[r + b]!;
      for (let j = 0; j < c; j++) {
        const pw = j === 0 ? p : p * moments.w[i * c + j]!;
        const at = (k * c + j) * m;
        for (let b = 0; b < m; b++) x.wr[at + b]! += pw * x.residual[r + b]!;
        if (request.information)
          for (let l = 0; l < c; l++) x.ww[(k * c + j) * c + l]! += l === 0 ? pw : pw * moments.w[i * c + l]!;
      }
      if (nMembership > 1) {
        const excess = p - weight * Math.exp(x.logPrior[k]!);
        out.gradientLogits[k * nMembership]! += excess;
        for (let j = 1; j < nMembership; j++)
          out.gradientLogits[k * nMembership + j]! += excess * moments.v[i * nMembership + j]!;
      }
    }
    if (request.information && nMembership > 1)
      addLogitInformation(out, nClasses, nMembership, x.logPrior, moments.v, i * nMembership, weight);
  }
}

/**
 * Log density of person i in class k.
 * @param x - work space with the algebra of the pattern; receives B'r and r'r
 * @param moments - the data
 * @param fixed - structure of the means
 * @param parameters - where
 * @param g - pattern
 * @param i - person
 * @param k - class
 * @returns log f_ik
 */
export function personDensity(
  x: GeneralScratch,
  moments: Moments,
  fixed: FixedStructure,
  parameters: ClassParameters,
  g: number,
  i: number,
  k: number,
): number {
  const { nBasis: m, nRandom: q, nPersonColumns: c, btb, by } = moments;
  const { eta, residual } = x;
  eta.fill(0);
  for (let j = 0; j < fixed.nFixed; j++) {
    const person = fixed.person[j]!;
    const coefficient = parameters.beta[k * fixed.nFixed + j]!;
    eta[fixed.basis[j]!]! += person === 0 ? coefficient : coefficient * moments.w[i * c + person]!;
  }
  const r = k * m;
  let squares = moments.yy[i]!;
  for (let a = 0; a < m; a++) {
    const b0 = by[i * m + a]!;
    let value = b0;
    for (let b = 0; b < m; b++) value -= btb[(g * m + a) * m + b]! * eta[b]!;
    residual[r + a] = value;
    squares -= eta[a]! * (b0 + value);
  }
  x.residualSquares[k] = squares;
  const pattern = x.patterns[k]!;
  let quad = squares;
  for (let a = 0; a < q; a++)
    for (let b = 0; b < q; b++) quad -= pattern.m[a * q + b]! * residual[r + a]! * residual[r + b]!;
  return -0.5 * (pattern.sessions * LOG_2PI + pattern.logDeterminant + quad / pattern.variance);
}

/** From the pattern's sums to gradient and information. */
function foldPattern(
  x: GeneralScratch,
  moments: Moments,
  fixed: FixedStructure,
  out: Evaluation,
  information: boolean,
): void {
  const { nBasis: m, nRandom: q, nPersonColumns: c } = moments;
  const nClasses = x.patterns.length;
  for (let k = 0; k < nClasses; k++) {
    const pattern = x.patterns[k]!;
    out.weight[k]! += x.weight[k]!;
    foldVariance(out, k, pattern, q, x.weight[k]!, x.zz, k * q * q, x.rr[k]!, information);
    for (let w = 0; w < c; w++) {
      applyInverse(x.score, 0, pattern, x.wr, (k * c + w) * m, q, m);
      for (let j = 0; j < fixed.nFixed; j++)
        if (fixed.person[j] === w) out.gradientBeta[k * fixed.nFixed + j]! += x.score[fixed.basis[j]!]!;
    }
    if (information) foldBetaInformation(out, k, pattern, c, fixed, x.ww, k * c * c, x.bvb);
  }
}

/**
 * Logit gradient and information when the prior is the same for everyone.
 * @param out - evaluation with the class weights filled; logit parts are overwritten (information: added to)
 * @param moments - the data; nothing is done where membership has covariates
 * @param logPrior - K log prior probabilities
 * @param information - whether the information is wanted
 */
export function finishLogits(
  out: Evaluation,
  moments: Moments,
  logPrior: Float64Array,
  information: boolean,
): void {
  if (moments.nMembership > 1) return;
  const nClasses = logPrior.length;
  const nPersons = totalWeight(moments);
  for (let k = 0; k < nClasses; k++)
    out.gradientLogits[k] = out.weight[k]! - nPersons * Math.exp(logPrior[k]!);
  if (information) addLogitInformation(out, nClasses, 1, logPrior, moments.v, 0, nPersons);
}
