import type { Moments } from "../design/moments.js";
import type { GeneralScratch } from "./generalScratch.js";
import type { PatternAlgebra } from "./pattern.js";
import type { Evaluation, EvaluationRequest } from "./types.js";

// The persons of a pattern in the kernel of `general.ts` where nobody has covariates. Log densities are then linear in what a person's scores
// are summed up by, f = (b, y'y, z z'), b = B'y and z its first q:
//   log pi_k f_k = a_gk + l_gk'b - y'y / (2 s2_k) + z'M_gk z / (2 s2_k),   l_gk = A_k'mu_k,   A_k = B'V_k^-1 as a map of B'y,
//   a_gk = log pi_k - (n log 2 pi + log|V_k| + l_gk'B'B mu_k) / 2,
// and gradient and information need no more than the posterior-weighted sums of f.

const LOG_2PI = Math.log(2 * Math.PI);
/** Persons whose features and posteriors are held at once: small enough for the fastest cache. */
const PERSONS_PER_BLOCK = 128;
/** Above this a likelihood ratio against class 0 could overflow, so the largest is found first. */
const LARGEST_LOG_RATIO = 300;
/** The product of likelihood sums is turned into a logarithm before it leaves the range of a double. */
const LARGEST_PRODUCT = 1e150;

/** Work space of {@link accumulatePlainPersons}. F = m + 1 + q (q + 1) / 2 features. */
export interface PlainScratch {
  readonly nFeatures: number;
  /** PERSONS_PER_BLOCK x F. */
  readonly features: Float64Array;
  /** PERSONS_PER_BLOCK x K: log ratios against class 0, then posteriors times weights. */
  readonly block: Float64Array;
  /** K: a_gk. */
  readonly offset: Float64Array;
  /** K x F: what the features count for. */
  readonly slope: Float64Array;
  /** F: the same less those of class 0, of one class. */
  readonly relative: Float64Array;
  /** K x F: posterior-weighted sums of the features. */
  readonly sums: Float64Array;
  /** m: B'B mu. */
  readonly btbMu: Float64Array;
  /** K x m. */
  readonly mu: Float64Array;
}

/**
 * Allocates the work space.
 * @param moments - the data
 * @param nClasses - K
 * @returns arrays of zeros
 */
export function allocatePlainScratch({ nBasis: m, nRandom: q }: Moments, nClasses: number): PlainScratch {
  const nFeatures = m + 1 + (q * (q + 1)) / 2;
  return {
    nFeatures,
    features: new Float64Array(PERSONS_PER_BLOCK * nFeatures),
    block: new Float64Array(PERSONS_PER_BLOCK * nClasses),
    offset: new Float64Array(nClasses),
    slope: new Float64Array(nClasses * nFeatures),
    relative: new Float64Array(nFeatures),
    sums: new Float64Array(nClasses * nFeatures),
    btbMu: new Float64Array(m),
    mu: new Float64Array(nClasses * m),
  };
}

/**
 * Posteriors, their sums and the log-likelihood of a pattern's persons: the same as `accumulatePattern` of `general.ts`, for models without
 * covariates. Densities are taken relative to class 0 (one exponential less), one logarithm serves many persons, and persons go
 * through in blocks, first all posteriors, then all sums.
 * @param x - scratch with the algebra of the pattern in each class and log prior probabilities; receives the sums
 * @param plain - scratch with the means
 * @param moments - the data
 * @param g - pattern
 * @param out - receives the log-likelihood
 * @param request - information, posteriors
 */
export function accumulatePlainPersons(
  x: GeneralScratch,
  plain: PlainScratch,
  moments: Moments,
  g: number,
  out: Evaluation,
  request: EvaluationRequest,
): void {
  const nClasses = x.patterns.length;
  const { nFeatures, block, sums, slope, offset } = plain;
  sums.fill(0);
  x.weight.fill(0);
  for (let k = 0; k < nClasses; k++) logitInto(plain, x.patterns[k]!, moments, g, k, x.logPrior[k]!);
  const end = moments.patternStart[g + 1]!;
  let logSums = 0;
  for (let from = moments.patternStart[g]!; from < end; from += PERSONS_PER_BLOCK) {
    const to = Math.min(from + PERSONS_PER_BLOCK, end);
    featuresInto(plain.features, moments, from, to);
    for (let k = 1; k < nClasses; k++) logRatios(plain, to - from, k, nClasses);
    logSums += posteriorsOfBlock(block, moments.weights, from, to, nClasses, request.posteriors);
    for (let k = 0; k < nClasses; k++) x.weight[k]! += sumFeatures(plain, to - from, k, nClasses);
  }
  // Class 0's own part of every person's log-likelihood.
  for (let k = 0; k < nClasses; k++) {
    logSums += x.weight[k]! * offset[0]!;
    for (let e = 0; e < nFeatures; e++) logSums += slope[e]! * sums[k * nFeatures + e]!;
  }
  out.logLikelihood += logSums;
  for (let k = 0; k < nClasses; k++) residualSums(x, plain, moments, g, k);
}

/** a_gk and what each feature counts for. */
function logitInto(
  plain: PlainScratch,
  p: PatternAlgebra,
  { nBasis: m, nRandom: q, btb }: Moments,
  g: number,
  k: number,
  logPrior: number,
): void {
  const { mu, slope, nFeatures } = plain;
  const inverse = 1 / p.variance;
  let offset = logPrior - 0.5 * (p.sessions * LOG_2PI + p.logDeterminant);
  let at = k * nFeatures;
  for (let a = 0; a < m; a++) {
    let value = mu[k * m + a]!;
    let total = 0;
    if (a < q) for (let b = 0; b < m; b++) value -= p.h[a * m + b]! * mu[k * m + b]!;
    for (let b = 0; b < m; b++) total += btb[(g * m + a) * m + b]! * mu[k * m + b]!;
    value *= inverse;
    slope[at++] = value;
    offset -= 0.5 * value * total;
  }
  plain.offset[k] = offset;
  slope[at++] = -0.5 * inverse;
  for (let a = 0; a < q; a++)
    for (let b = 0; b <= a; b++) slope[at++] = p.m[a * q + b]! * inverse * (a === b ? 0.5 : 1);
}

/** b, y'y and z z' of persons from .. to - 1. */
function featuresInto(
  features: Float64Array,
  { nBasis: m, nRandom: q, by, yy }: Moments,
  from: number,
  to: number,
): void {
  let at = 0;
  for (let i = from; i < to; i++) {
    const b = i * m;
    for (let a = 0; a < m; a++) features[at++] = by[b + a]!;
    features[at++] = yy[i]!;
    for (let a = 0; a < q; a++) for (let d = 0; d <= a; d++) features[at++] = by[b + a]! * by[b + d]!;
  }
}

/** Log density ratios of class k against class 0. */
function logRatios(plain: PlainScratch, count: number, k: number, nClasses: number): void {
  const { nFeatures, features, block, relative, slope, offset } = plain;
  for (let e = 0; e < nFeatures; e++) relative[e] = slope[k * nFeatures + e]! - slope[e]!;
  const first = offset[k]! - offset[0]!;
  if (nFeatures === 4) {
    const r0 = relative[0]!;
    const r1 = relative[1]!;
    const r2 = relative[2]!;
    const r3 = relative[3]!;
    for (let i = 0, at = k, f = 0; i < count; i++, at += nClasses, f += 4)
      block[at] =
        first + r0 * features[f]! + r1 * features[f + 1]! + r2 * features[f + 2]! + r3 * features[f + 3]!;
    return;
  }
  for (let i = 0, at = k, f = 0; i < count; i++, at += nClasses) {
    let value = first;
    for (let e = 0; e < nFeatures; e++) value += relative[e]! * features[f++]!;
    block[at] = value;
  }
}

/** Log ratios to posteriors times weights, in place; returns the weighted sum over persons of log sum_k ratio_k. */
function posteriorsOfBlock(
  block: Float64Array,
  weights: Float64Array,
  from: number,
  to: number,
  nClasses: number,
  posteriors: Float64Array | undefined,
): number {
  const weighted = weights.length > 0;
  let product = 1;
  let logSums = 0;
  for (let i = from, at = 0; i < to; i++, at += nClasses) {
    let largest = 0;
    for (let k = 1; k < nClasses; k++) if (block[at + k]! > largest) largest = block[at + k]!;
    if (largest < LARGEST_LOG_RATIO) largest = 0;
    const own = largest === 0 ? 1 : Math.exp(-largest);
    let sum = own;
    for (let k = 1; k < nClasses; k++) {
      const value = Math.exp(block[at + k]! - largest);
      block[at + k] = value;
      sum += value;
    }
    const inverse = 1 / sum;
    block[at] = own * inverse;
    for (let k = 1; k < nClasses; k++) block[at + k]! *= inverse;
    if (posteriors !== undefined)
      for (let k = 0; k < nClasses; k++) posteriors[i * nClasses + k] = block[at + k]!;
    if (weighted) {
      const weight = weights[i]!;
      for (let k = 0; k < nClasses; k++) block[at + k]! *= weight;
      logSums += weight === 0 ? 0 : weight * (largest + Math.log(sum));
      continue;
    }
    logSums += largest;
    product *= sum;
    if (product > LARGEST_PRODUCT) {
      logSums += Math.log(product);
      product = 1;
    }
  }
  return logSums + Math.log(product);
}

/** Adds a block's posterior-weighted features of class k; returns the sum of its posteriors. */
function sumFeatures(plain: PlainScratch, count: number, k: number, nClasses: number): number {
  const { nFeatures, features, block, sums } = plain;
  const to = k * nFeatures;
  let total = 0;
  if (nFeatures === 4) {
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    for (let i = 0, at = k, f = 0; i < count; i++, at += nClasses, f += 4) {
      const p = block[at]!;
      total += p;
      s0 += p * features[f]!;
      s1 += p * features[f + 1]!;
      s2 += p * features[f + 2]!;
      s3 += p * features[f + 3]!;
    }
    sums[to]! += s0;
    sums[to + 1]! += s1;
    sums[to + 2]! += s2;
    sums[to + 3]! += s3;
    return total;
  }
  for (let i = 0, at = k, f = 0; i < count; i++, at += nClasses) {
    const p = block[at]!;
    total += p;
    for (let e = 0; e < nFeatures; e++) sums[to + e]! += p * features[f++]!;
  }
  return total;
}

/** From sums of features to those of residuals: B'r, r'r and z z' of r = y - B mu. */
function residualSums(
  x: GeneralScratch,
  plain: PlainScratch,
  { nBasis: m, nRandom: q, btb }: Moments,
  g: number,
  k: number,
): void {
  const { sums, mu, btbMu, nFeatures } = plain;
  const p = x.weight[k]!;
  let at = k * nFeatures;
  let rr = sums[at + m]!;
  for (let a = 0; a < m; a++) {
    let total = 0;
    for (let b = 0; b < m; b++) total += btb[(g * m + a) * m + b]! * mu[k * m + b]!;
    btbMu[a] = total;
    const raw = sums[at + a]!;
    const residual = raw - p * total;
    x.wr[k * m + a] = residual;
    rr -= mu[k * m + a]! * (raw + residual);
  }
  x.rr[k] = rr;
  x.ww[k] = p;
  at += m + 1;
  for (let a = 0; a < q; a++)
    for (let b = 0; b <= a; b++, at++) {
      const value =
        sums[at]! - x.wr[k * m + a]! * btbMu[b]! - btbMu[a]! * x.wr[k * m + b]! - p * btbMu[a]! * btbMu[b]!;
      x.zz[(k * q + a) * q + b] = value;
      x.zz[(k * q + b) * q + a] = value;
    }
}
