import { LARGEST_LOG_RATIO, PEOPLE_PER_BLOCK } from "./engine.js";
import { exponential } from "./exponential.js";

// Loops over a block of people. Columns (of data, or one per class) follow one another, PEOPLE_PER_BLOCK numbers each.

/** Products of sums of ratios become logarithms before they leave the range of a double. */
export const LARGEST_PRODUCT = 1e150;

/**
 * Log ratios of a class: constant and coefficients times columns, three at a time.
 * @param out - column `k` is overwritten
 * @param k - class
 * @param ratios - constant and coefficients at `at`
 * @param at - position
 * @param columns - the data
 * @param nColumns - how many, a multiple of three (fill up with coefficients of zero)
 * @param n - people
 */
export function ratiosOfClass(
  out: Float64Array,
  k: number,
  ratios: Float64Array,
  at: number,
  columns: Float64Array,
  nColumns: number,
  n: number,
): void {
  const to = k * PEOPLE_PER_BLOCK;
  let base = ratios[at]!;
  for (let c = 0; c < nColumns; c += 3) {
    const r0 = ratios[at + 1 + c]!;
    const r1 = ratios[at + 2 + c]!;
    const r2 = ratios[at + 3 + c]!;
    const c0 = c * PEOPLE_PER_BLOCK;
    const c1 = c0 + PEOPLE_PER_BLOCK;
    const c2 = c1 + PEOPLE_PER_BLOCK;
    if (c === 0)
      for (let i = 0; i < n; i++)
        out[to + i] = base + r0 * columns[i]! + r1 * columns[c1 + i]! + r2 * columns[c2 + i]!;
    else
      for (let i = 0; i < n; i++)
        out[to + i]! += r0 * columns[c0 + i]! + r1 * columns[c1 + i]! + r2 * columns[c2 + i]!;
    base = 0;
  }
}

/**
 * Log ratios to posteriors.
 * @param block - K columns, those of classes 1 .. K - 1 log ratios; overwritten
 * @param totals - n: becomes the sum of ratios
 * @param nClasses - K
 * @param n - people
 * @returns false where a ratio is extreme: the block is of no use then
 */
export function posteriorsOfBlock(
  block: Float64Array,
  totals: Float64Array,
  nClasses: number,
  n: number,
): boolean {
  totals.fill(1, 0, n);
  let largest = 0;
  for (let k = 1; k < nClasses; k++) {
    const from = k * PEOPLE_PER_BLOCK;
    for (let i = 0; i < n; i++) {
      const x = block[from + i]!;
      // NaN is no extreme: it stays NaN on either way.
      if (x > largest) largest = x;
      const ratio = exponential(x);
      block[from + i] = ratio;
      totals[i]! += ratio;
    }
  }
  if (largest > LARGEST_LOG_RATIO) return false;
  for (let i = 0; i < n; i++) block[i] = 1 / totals[i]!;
  for (let k = 1; k < nClasses; k++) {
    const from = k * PEOPLE_PER_BLOCK;
    for (let i = 0; i < n; i++) block[from + i]! *= block[i]!;
  }
  return true;
}

/**
 * {@link posteriorsOfBlock} for any ratios, relative to each person's largest.
 * @param block - as there
 * @param totals - n: becomes the sum of ratios over the largest
 * @param largest - n: becomes the largest log ratio, at least 0
 * @param nClasses - K
 * @param n - people
 */
export function extremePosteriorsOfBlock(
  block: Float64Array,
  totals: Float64Array,
  largest: Float64Array,
  nClasses: number,
  n: number,
): void {
  for (let i = 0; i < n; i++) {
    let most = 0;
    for (let k = 1; k < nClasses; k++) most = Math.max(most, block[k * PEOPLE_PER_BLOCK + i]!);
    largest[i] = most;
    block[i] = exponential(-most);
    totals[i] = block[i]!;
    for (let k = 1; k < nClasses; k++) {
      const ratio = exponential(block[k * PEOPLE_PER_BLOCK + i]! - most);
      block[k * PEOPLE_PER_BLOCK + i] = ratio;
      totals[i]! += ratio;
    }
    for (let k = 0; k < nClasses; k++) block[k * PEOPLE_PER_BLOCK + i]! /= totals[i]!;
  }
}

/**
 * Sum of the logarithms of a column, one logarithm for many.
 * @param values - n positive numbers
 * @param n - how many
 * @returns the sum; NaN where a number is not positive
 */
export function sumOfLogs(values: Float64Array, n: number): number {
  let sum = 0;
  let product = 1;
  for (let i = 0; i < n; i++) {
    product *= values[i]!;
    if (product > 1 / LARGEST_PRODUCT && product < LARGEST_PRODUCT) continue;
    sum += Math.log(product);
    product = 1;
  }
  return sum + Math.log(product);
}

/**
 * Adds the sum of a class's column and of its products with columns of the data, three at a time.
 * @param sums - added to at `at`: of the class, then with each column
 * @param at - position
 * @param block - K columns
 * @param k - class
 * @param columns - the data
 * @param nColumns - how many, a multiple of three
 * @param n - people
 */
export function addSumsOfClass(
  sums: Float64Array,
  at: number,
  block: Float64Array,
  k: number,
  columns: Float64Array,
  nColumns: number,
  n: number,
): void {
  const from = k * PEOPLE_PER_BLOCK;
  let total = 0;
  for (let c = 0; c < nColumns; c += 3) {
    const c0 = c * PEOPLE_PER_BLOCK;
    const c1 = c0 + PEOPLE_PER_BLOCK;
    const c2 = c1 + PEOPLE_PER_BLOCK;
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    total = 0;
    for (let i = 0; i < n; i++) {
      const p = block[from + i]!;
      total += p;
      s0 += p * columns[c0 + i]!;
      s1 += p * columns[c1 + i]!;
      s2 += p * columns[c2 + i]!;
    }
    sums[at + 1 + c]! += s0;
    sums[at + 2 + c]! += s1;
    sums[at + 3 + c]! += s2;
  }
  sums[at]! += total;
}
