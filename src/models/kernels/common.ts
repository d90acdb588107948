import { type FixedStructure, type Moments, patternWeights } from "../design/moments.js";
import { addLogLikelihood, allocateCommonScratch, type CommonScratch, clearSums } from "./commonScratch.js";
import { finishLogits } from "./general.js";
import { applyInverse, computePattern, foldBetaInformation, foldVariance } from "./pattern.js";
import { addLogitInformation, logPriorInto } from "./prior.js";
import {
  type ClassParameters,
  clearEvaluation,
  type Evaluation,
  type EvaluationRequest,
  type Kernel,
} from "./types.js";

// With D and the residual variance common to the classes, and class-specific coefficients on the time basis
// alone, the quadratic part of the density is the same for every class. With mu_k the class's coefficients of
// the basis, delta_i = Delta w_i the shared covariate effects, and b_i = B'(y - B delta_i):
//   log f_k(i) = common_i + a_gk + l_gk'b_i,   l_gk = A'mu_k,   a_gk = -l_gk'(B'B mu_k) / 2,   A = B'V^-1 as a map of B'y
// so a class costs m multiply-adds per person. The gradient needs only, per pattern and class, the sum of posteriors
// P and of posterior-weighted b_i (F): the second moments summed over classes do not depend on the posteriors.

/**
 * Whether the fast kernel applies: covariances are common and class-specific coefficients carry no covariate.
 * @param fixed - structure of the means
 * @param commonCovariance - D and the residual variance equal over classes
 * @returns true when {@link commonKernel} computes this model
 */
export function isCommonKernelModel(fixed: FixedStructure, commonCovariance: boolean): boolean {
  if (!commonCovariance) return false;
  for (let j = 0; j < fixed.nFixed; j++) if (fixed.classSpecific[j] && fixed.person[j] !== 0) return false;
  return true;
}

/**
 * The likelihood of mixtures with one D and one residual variance for all classes; `plainKernel` is its faster twin for models without
 * covariates.
 * D and the variance are read from class 0; gradients of D and of the variance, and of coefficients that the
 * classes share and that carry a covariate, are totals, left in class 0.
 * @param moments - the data
 * @param fixed - structure of the means
 * @param nClasses - K
 * @returns the kernel
 */
export function commonKernel(moments: Moments, fixed: FixedStructure, nClasses: number): Kernel {
  const { nBasis: m, nPersonColumns: c } = moments;
  const x = allocateCommonScratch(moments, nClasses);
  const count = patternWeights(moments);
  return {
    nClasses,
    evaluate(parameters, out, request) {
      clearEvaluation(out);
      splitMeans(x, fixed, parameters, m, c);
      logPriorInto(x.logPrior, nClasses, parameters.logits, moments.nMembership, moments.v, 0);
      for (let g = 0; g < moments.nPatterns; g++) {
        computePattern(x.pattern, moments, g, parameters.factor, 0, parameters.residual[0]!);
        linearLogits(x, moments, g, nClasses);
        accumulatePattern(x, moments, parameters, g, count[g]!, out, request);
        foldPattern(x, moments, fixed, out, request.information);
      }
      finishLogits(out, moments, x.logPrior, request.information);
    },
  };
}

/** mu_k from coefficients without covariates, Delta from the shared ones with covariates. */
function splitMeans(
  x: CommonScratch,
  fixed: FixedStructure,
  parameters: ClassParameters,
  m: number,
  c: number,
): void {
  x.mu.fill(0);
  x.delta.fill(0);
  for (let j = 0; j < fixed.nFixed; j++) {
    const basis = fixed.basis[j]!;
    const person = fixed.person[j]!;
    if (person === 0)
      for (let k = 0; k < parameters.nClasses; k++)
        x.mu[k * m + basis]! += parameters.beta[k * fixed.nFixed + j]!;
    else x.delta[basis * c + person]! += parameters.beta[j]!;
  }
}

/** l_gk, a_gk and B'B mu_k of pattern g. */
function linearLogits(x: CommonScratch, moments: Moments, g: number, nClasses: number): void {
  const { nBasis: m, nRandom: q, btb } = moments;
  const { mu, btbMu, slope, pattern } = x;
  const inverse = 1 / pattern.variance;
  for (let k = 0; k < nClasses; k++) {
    const at = k * m;
    for (let a = 0; a < m; a++) {
      let sum = 0;
      for (let b = 0; b < m; b++) sum += btb[(g * m + a) * m + b]! * mu[at + b]!;
      btbMu[at + a] = sum;
    }
    let offset = moments.nMembership > 1 ? 0 : x.logPrior[k]!;
    for (let a = 0; a < m; a++) {
      let value = mu[at + a]!;
      if (a < q) for (let b = 0; b < m; b++) value -= pattern.h[a * m + b]! * mu[at + b]!;
      value *= inverse;
      slope[at + a] = value;
      offset -= 0.5 * value * btbMu[at + a]!;
    }
    x.offset[k] = offset;
  }
}

/** Persons of pattern g (`count` by weight): posteriors and the sums F, P, and those of shared covariate effects. */
function accumulatePattern(
  x: CommonScratch,
  moments: Moments,
  parameters: ClassParameters,
  g: number,
  count: number,
  out: Evaluation,
  request: EvaluationRequest,
): void {
  const { nBasis: m, nRandom: q, nPersonColumns: c, nMembership, by, w, v, weights } = moments;
  const nClasses = parameters.nClasses;
  const { b, logit, offset, slope, weight, first, zz } = x;
  const posteriors = request.posteriors;
  const weighted = weights.length > 0;
  clearSums(x, request.information);
  let yy = 0;
  let logSums = 0;
  const end = moments.patternStart[g + 1]!;
  for (let i = moments.patternStart[g]!; i < end; i++) {
    const own = weighted ? weights[i]! : 1;
    if (own === 0 && posteriors === undefined) continue;
    yy += own * moments.yy[i]!;
    if (c > 1) yy -= own * residualiseShared(x, moments, g, i);
    else for (let a = 0; a < m; a++) b[a] = by[i * m + a]!;
    if (nMembership > 1)
      logPriorInto(x.logPrior, nClasses, parameters.logits, nMembership, v, i * nMembership);
    for (let a = 0; a < q; a++) for (let d = 0; d <= a; d++) zz[a * q + d]! += own * b[a]! * b[d]!;
    let largest = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < nClasses; k++) {
      let value = offset[k]!;
      if (nMembership > 1) value += x.logPrior[k]!;
      for (let a = 0; a < m; a++) value += slope[k * m + a]! * b[a]!;
      logit[k] = value;
      if (value > largest) largest = value;
    }
    let sum = 0;
    for (let k = 0; k < nClasses; k++) {
      const value = Math.exp(logit[k]! - largest);
      logit[k] = value;
      sum += value;
    }
    logSums += own * (largest + Math.log(sum));
    const inverse = 1 / sum;
    for (let k = 0; k < nClasses; k++) {
      const posterior = logit[k]! * inverse;
      if (posteriors !== undefined) posteriors[i * nClasses + k] = posterior;
      const p = own * posterior;
      logit[k] = p;
      weight[k]! += p;
      for (let a = 0; a < m; a++) first[k * m + a]! += p * b[a]!;
    }
    if (c > 1) accumulateShared(x, own, w, i, c, m, nClasses, request.information);
    if (nMembership > 1) accumulateMembership(x, own, v, i, nMembership, nClasses, out, request.information);
  }
  x.yy = yy;
  for (let a = 0; a < q; a++) for (let d = 0; d < a; d++) zz[d * q + a] = zz[a * q + d]!;
  addLogLikelihood(x, q, count, logSums, out);
}

/** Leaves b_i = B'(y - B delta_i) in the scratch; returns what to take from y'y. */
function residualiseShared(x: CommonScratch, moments: Moments, g: number, i: number): number {
  const { nBasis: m, nPersonColumns: c, btb, by, w } = moments;
  for (let a = 0; a < m; a++) {
    let sum = 0;
    for (let j = 1; j < c; j++) sum += x.delta[a * c + j]! * w[i * c + j]!;
    x.deltaI[a] = sum;
  }
  let taken = 0;
  for (let a = 0; a < m; a++) {
    const raw = by[i * m + a]!;
    let value = raw;
    for (let b = 0; b < m; b++) value -= btb[(g * m + a) * m + b]! * x.deltaI[b]!;
    x.b[a] = value;
    taken += x.deltaI[a]! * (raw + value);
  }
  return taken;
}

/** Sums of a person whose posteriors, times the weight `own`, are in the scratch. */
function accumulateShared(
  x: CommonScratch,
  own: number,
  w: Float64Array,
  i: number,
  c: number,
  m: number,
  nClasses: number,
  information: boolean,
): void {
  for (let j = 1; j < c; j++) {
    const wij = w[i * c + j]!;
    for (let a = 0; a < m; a++) x.wb[j * m + a]! += own * wij * x.b[a]!;
    for (let k = 0; k < nClasses; k++) x.pw[k * c + j]! += x.logit[k]! * wij;
  }
  if (!information) return;
  for (let k = 0; k < nClasses; k++)
    for (let j = 0; j < c; j++) {
      const pw = x.logit[k]! * w[i * c + j]!;
      for (let l = 0; l < c; l++) x.ww[(k * c + j) * c + l]! += pw * w[i * c + l]!;
    }
}

/** As {@link accumulateShared}, for the logits. */
function accumulateMembership(
  x: CommonScratch,
  own: number,
  v: Float64Array,
  i: number,
  nMembership: number,
  nClasses: number,
  out: Evaluation,
  information: boolean,
): void {
  for (let k = 0; k < nClasses; k++) {
    const excess = x.logit[k]! - own * Math.exp(x.logPrior[k]!);
    out.gradientLogits[k * nMembership]! += excess;
    for (let j = 1; j < nMembership; j++)
      out.gradientLogits[k * nMembership + j]! += excess * v[i * nMembership + j]!;
  }
  if (information) addLogitInformation(out, nClasses, nMembership, x.logPrior, v, i * nMembership, own);
}

/** From the pattern's sums to gradient and information. */
function foldPattern(
  x: CommonScratch,
  moments: Moments,
  fixed: FixedStructure,
  out: Evaluation,
  information: boolean,
): void {
  const { nBasis: m, nRandom: q, nPersonColumns: c } = moments;
  const nClasses = x.weight.length;
  const nFixed = fixed.nFixed;
  const { btbMu, first, mu, pattern, weight, zz, score } = x;
  let rr = x.yy;
  let total = 0;
  for (let k = 0; k < nClasses; k++) {
    const at = k * m;
    const p = weight[k]!;
    total += p;
    out.weight[k]! += p;
    // first becomes R = F - P B'B mu, the posterior-weighted sum of B'r
    for (let a = 0; a < m; a++) {
      const f = first[at + a]!;
      const r = f - p * btbMu[at + a]!;
      first[at + a] = r;
      rr -= mu[at + a]! * (f + r);
    }
    for (let a = 0; a < q; a++)
      for (let b = 0; b < q; b++)
        zz[a * q + b]! -=
          first[at + a]! * btbMu[at + b]! +
          btbMu[at + a]! * first[at + b]! +
          p * btbMu[at + a]! * btbMu[at + b]!;
    applyInverse(score, 0, pattern, first, at, q, m);
    for (let j = 0; j < nFixed; j++)
      if (fixed.person[j] === 0) out.gradientBeta[k * nFixed + j]! += score[fixed.basis[j]!]!;
  }
  foldVariance(out, 0, pattern, q, total, zz, 0, rr, information);
  for (let w = 1; w < c; w++) {
    // Sum over persons of w_i (b_i - B'B sum_k p_ik mu_k)
    for (let a = 0; a < m; a++)
      for (let k = 0; k < nClasses; k++) x.wb[w * m + a]! -= x.pw[k * c + w]! * btbMu[k * m + a]!;
    applyInverse(score, 0, pattern, x.wb, w * m, q, m);
    for (let j = 0; j < nFixed; j++)
      if (fixed.person[j] === w) out.gradientBeta[j]! += score[fixed.basis[j]!]!;
  }
  if (!information) return;
  for (let k = 0; k < nClasses; k++) {
    if (c === 1) x.ww[k] = weight[k]!;
    foldBetaInformation(out, k, pattern, c, fixed, x.ww, k * c * c, x.bvb);
  }
}
