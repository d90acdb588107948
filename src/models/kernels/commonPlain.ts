import { type Moments, patternWeights } from "../design/moments.js";
import { addLogLikelihood, type CommonScratch, clearSums, PERSONS_PER_BLOCK } from "./commonScratch.js";
import type { Evaluation } from "./types.js";

// The persons of a pattern in the kernel of `common.ts` where no covariate and no predictor of membership takes part:
// the case of most models and of the largest data, so the one written for speed.

/** Above this a likelihood ratio against class 0 could overflow, so the largest is found first. */
const LARGEST_LOG_RATIO = 300;
/** The product of likelihood sums is turned into a logarithm before it leaves the range of a double. */
const LARGEST_PRODUCT = 1e150;

/** Sums over the persons of each pattern that no parameter changes: weights, y'y, and z z' (q x q). */
export interface PatternTotals {
  readonly count: Float64Array;
  readonly yy: Float64Array;
  readonly zz: Float64Array;
}

/**
 * Sums each pattern once for all evaluations.
 * @param moments - the data
 * @returns the totals by pattern
 */
export function patternTotals(moments: Moments): PatternTotals {
  const { nPatterns, nBasis: m, nRandom: q, by, weights } = moments;
  const weighted = weights.length > 0;
  const yy = new Float64Array(nPatterns);
  const zz = new Float64Array(nPatterns * q * q);
  for (let g = 0; g < nPatterns; g++)
    for (let i = moments.patternStart[g]!; i < moments.patternStart[g + 1]!; i++) {
      const weight = weighted ? weights[i]! : 1;
      if (weight === 0) continue;
      yy[g]! += weight * moments.yy[i]!;
      for (let a = 0; a < q; a++)
        for (let d = 0; d < q; d++) zz[(g * q + a) * q + d]! += weight * by[i * m + a]! * by[i * m + d]!;
    }
  return { count: patternWeights(moments), yy, zz };
}

/**
 * Posteriors, their sums P and F, and the log-likelihood of a pattern's persons: the same as `accumulatePattern` of
 * `common.ts`, for the model without covariates. Densities are taken relative to class 0 (one exponential less), one
 * logarithm serves many persons, and persons go through in blocks, first all posteriors, then all sums.
 * @param x - scratch holding a_gk and l_gk of the pattern; receives the sums
 * @param moments - the data
 * @param totals - from {@link patternTotals}
 * @param g - pattern
 * @param out - receives the log-likelihood
 * @param posteriors - persons x K, filled for the pattern's persons; or undefined
 */
export function accumulatePlainPattern(
  x: CommonScratch,
  moments: Moments,
  totals: PatternTotals,
  g: number,
  out: Evaluation,
  posteriors: Float64Array | undefined,
): void {
  const { nBasis: m, nRandom: q, by, weights } = moments;
  const { offset, slope, first, relative } = x;
  const nClasses = offset.length;
  clearSums(x, false);
  for (let k = 0; k < nClasses; k++) {
    x.relativeOffset[k] = offset[k]! - offset[0]!;
    for (let a = 0; a < m; a++) relative[k * m + a] = slope[k * m + a]! - slope[a]!;
  }
  const firstPerson = moments.patternStart[g]!;
  const end = moments.patternStart[g + 1]!;
  let logSums = 0;
  for (let from = firstPerson; from < end; from += PERSONS_PER_BLOCK) {
    const to = Math.min(from + PERSONS_PER_BLOCK, end);
    if (m === 3) logRatiosOfQuadratics(x, by, from, to, nClasses);
    else logRatios(x, by, from, to, m, nClasses);
    if (weights.length > 0) logSums += weighBlock(x.block, weights, from, to, nClasses, posteriors);
    else {
      logSums += posteriorsOfBlock(x.block, to - from, nClasses);
      posteriors?.set(x.block.subarray(0, (to - from) * nClasses), from * nClasses);
    }
    for (let k = 0; k < nClasses; k++) {
      if (m === 3) sumQuadratics(x, by, from, to, k, nClasses);
      else sumBlock(x, by, from, to, k, m, nClasses);
    }
  }
  x.yy = totals.yy[g]!;
  x.zz.set(totals.zz.subarray(g * q * q, (g + 1) * q * q));
  // Class 0's own part of every person's log-likelihood, from the pattern's totals.
  logSums += totals.count[g]! * offset[0]!;
  for (let k = 0; k < nClasses; k++) for (let a = 0; a < m; a++) logSums += slope[a]! * first[k * m + a]!;
  addLogLikelihood(x, q, totals.count[g]!, logSums, out);
}

/** Log density ratios against class 0 of a block of persons. */
function logRatios(
  x: CommonScratch,
  by: Float64Array,
  from: number,
  to: number,
  m: number,
  nClasses: number,
): void {
  const { block, relative, relativeOffset } = x;
  for (let i = from, at = 0; i < to; i++, at += nClasses)
    for (let k = 1; k < nClasses; k++) {
      let value = relativeOffset[k]!;
      for (let a = 0; a < m; a++) value += relative[k * m + a]! * by[i * m + a]!;
      block[at + k] = value;
    }
}

/** {@link logRatios} for three basis columns (quadratic trajectories), written out. */
function logRatiosOfQuadratics(
  x: CommonScratch,
  by: Float64Array,
  from: number,
  to: number,
  nClasses: number,
): void {
  const { block, relative, relativeOffset } = x;
  for (let k = 1; k < nClasses; k++) {
    const r0 = relative[k * 3]!;
    const r1 = relative[k * 3 + 1]!;
    const r2 = relative[k * 3 + 2]!;
    const base = relativeOffset[k]!;
    for (let i = from, at = k, b = from * 3; i < to; i++, at += nClasses, b += 3)
      block[at] = base + r0 * by[b]! + r1 * by[b + 1]! + r2 * by[b + 2]!;
  }
}

/** Log ratios to posteriors, in place; returns the sum over persons of log sum_k ratio_k. */
function posteriorsOfBlock(block: Float64Array, count: number, nClasses: number): number {
  let product = 1;
  let logSums = 0;
  for (let i = 0, at = 0; i < count; i++, at += nClasses) {
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
    logSums += largest;
    product *= sum;
    if (product > LARGEST_PRODUCT) {
      logSums += Math.log(product);
      product = 1;
    }
  }
  return logSums + Math.log(product);
}

/**
 * {@link posteriorsOfBlock} for persons with weights: leaves the posteriors times the weight in the block and, where
 * they are asked for, the posteriors themselves in `posteriors`.
 */
function weighBlock(
  block: Float64Array,
  weights: Float64Array,
  from: number,
  to: number,
  nClasses: number,
  posteriors: Float64Array | undefined,
): number {
  let logSums = 0;
  for (let i = from, at = 0; i < to; i++, at += nClasses) {
    const weight = weights[i]!;
    if (weight === 0 && posteriors === undefined) {
      for (let k = 0; k < nClasses; k++) block[at + k] = 0;
      continue;
    }
    let largest = 0;
    for (let k = 1; k < nClasses; k++) if (block[at + k]! > largest) largest = block[at + k]!;
    const own = Math.exp(-largest);
    let sum = own;
    block[at] = own;
    for (let k = 1; k < nClasses; k++) {
      const value = Math.exp(block[at + k]! - largest);
      block[at + k] = value;
      sum += value;
    }
    logSums += weight * (largest + Math.log(sum));
    const inverse = 1 / sum;
    for (let k = 0; k < nClasses; k++) {
      const p = block[at + k]! * inverse;
      if (posteriors !== undefined) posteriors[i * nClasses + k] = p;
      block[at + k] = weight * p;
    }
  }
  return logSums;
}

/** Adds a block's posteriors and posterior-weighted B'y of class k. */
function sumBlock(
  x: CommonScratch,
  by: Float64Array,
  from: number,
  to: number,
  k: number,
  m: number,
  nClasses: number,
): void {
  const { block, first } = x;
  let total = 0;
  for (let i = from, at = k; i < to; i++, at += nClasses) {
    const p = block[at]!;
    total += p;
    for (let a = 0; a < m; a++) first[k * m + a]! += p * by[i * m + a]!;
  }
  x.weight[k]! += total;
}

/** {@link sumBlock} for three basis columns, written out. */
function sumQuadratics(
  x: CommonScratch,
  by: Float64Array,
  from: number,
  to: number,
  k: number,
  nClasses: number,
): void {
  const { block, first } = x;
  let total = 0;
  let f0 = 0;
  let f1 = 0;
  let f2 = 0;
  for (let i = from, at = k, b = from * 3; i < to; i++, at += nClasses, b += 3) {
    const p = block[at]!;
    total += p;
    f0 += p * by[b]!;
    f1 += p * by[b + 1]!;
    f2 += p * by[b + 2]!;
  }
  x.weight[k]! += total;
  first[k * 3]! += f0;
  first[k * 3 + 1]! += f1;
  first[k * 3 + 2]! += f2;
}
