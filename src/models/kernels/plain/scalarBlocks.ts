import { LARGEST_LOG_RATIO } from "./engine.js";
import { exponential } from "./exponential.js";

/** A product of sums of ratios is turned into a logarithm before it leaves the range of a double. */
export const LARGEST_PRODUCT = 1e150;

// Loops over a block of people: ratios, posteriors, sums. `block` holds K numbers per person.

/** Log ratios of class k of a block of people, from B'y. */
export function lineRatios(
  block: Float64Array,
  ratios: Float64Array,
  by: Float64Array,
  from: number,
  to: number,
  k: number,
  m: number,
  nClasses: number,
): void {
  const r = k * (1 + m);
  for (let i = from, at = k; i < to; i++, at += nClasses) {
    let value = ratios[r]!;
    for (let a = 0; a < m; a++) value += ratios[r + 1 + a]! * by[i * m + a]!;
    block[at] = value;
  }
}

/** {@link lineRatios} for three basis columns (quadratic trajectories), written out. */
export function quadraticRatios(
  block: Float64Array,
  ratios: Float64Array,
  by: Float64Array,
  from: number,
  to: number,
  k: number,
  nClasses: number,
): void {
  const base = ratios[k * 4]!;
  const r0 = ratios[k * 4 + 1]!;
  const r1 = ratios[k * 4 + 2]!;
  const r2 = ratios[k * 4 + 3]!;
  for (let i = from, at = k, b = from * 3; i < to; i++, at += nClasses, b += 3)
    block[at] = base + r0 * by[b]! + r1 * by[b + 1]! + r2 * by[b + 2]!;
}

/** Log ratios to posteriors, in place; returns the sum over persons of log sum_k ratio_k. */
export function posteriorsOfBlock(block: Float64Array, count: number, nClasses: number): number {
  let product = 1;
  let logSums = 0;
  for (let i = 0, at = 0; i < count; i++, at += nClasses) {
    let largest = 0;
    for (let k = 1; k < nClasses; k++) if (block[at + k]! > largest) largest = block[at + k]!;
    if (largest < LARGEST_LOG_RATIO) largest = 0;
    const own = largest === 0 ? 1 : exponential(-largest);
    let sum = own;
    for (let k = 1; k < nClasses; k++) {
      const value = exponential(block[at + k]! - largest);
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
export function weighBlock(
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
    const own = exponential(-largest);
    let sum = own;
    block[at] = own;
    for (let k = 1; k < nClasses; k++) {
      const value = exponential(block[at + k]! - largest);
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

/** Sums of a block's posteriors of class k, and of these times B'y. */
export function lineSums(
  sums: Float64Array,
  block: Float64Array,
  by: Float64Array,
  from: number,
  to: number,
  k: number,
  m: number,
  nClasses: number,
): void {
  const out = k * (1 + m);
  sums.fill(0, out, out + 1 + m);
  for (let i = from, at = k; i < to; i++, at += nClasses) {
    const p = block[at]!;
    sums[out]! += p;
    for (let a = 0; a < m; a++) sums[out + 1 + a]! += p * by[i * m + a]!;
  }
}

/** {@link lineSums} for three basis columns, written out. */
export function quadraticSums(
  sums: Float64Array,
  block: Float64Array,
  by: Float64Array,
  from: number,
  to: number,
  k: number,
  nClasses: number,
): void {
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
  sums[k * 4] = total;
  sums[k * 4 + 1] = f0;
  sums[k * 4 + 2] = f1;
  sums[k * 4 + 3] = f2;
}
