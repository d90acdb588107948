import type { FixedStructure } from "../design/moments.js";
import type { ObservedScratch, ObservedSizes } from "./commonObservedScratch.js";

// Patterns of many people in `commonObserved.ts`: sums over people first, scores afterwards.

/**
 * Adds a block's products of (1, c), each person times a number.
 * @param x - work space
 * @param sums - added to
 * @param at - first entry of the sums
 * @param times - a number per person of the block
 * @param count - persons of the block
 */
export function addProducts(
  x: ObservedScratch,
  sums: Float64Array,
  at: number,
  times: Float64Array,
  count: number,
): void {
  const n = x.total.length;
  if (n === 10) addTen(sums, at, times, x.products, count);
  else
    for (let i = 0, c = 0; i < count; i++)
      for (let e = 0; e < n; e++) sums[at + e]! += times[i]! * x.products[c++]!;
}

/**
 * Adds p_k p_l (1, c)(1, c)' of a block to the sums of every pair.
 * @param x - work space
 * @param nClasses - K
 * @param count - persons of the block
 */
export function addPairs(x: ObservedScratch, nClasses: number, count: number): void {
  const n = x.total.length;
  let at = 0;
  for (let k = 1; k < nClasses; k++)
    for (let l = 0; l < k; l++, at += n) {
      for (let i = 0, p = 0; i < count; i++, p += nClasses)
        x.both[i] = x.own[i]! * x.posteriors[p + k]! * x.posteriors[p + l]!;
      addProducts(x, x.pairs, at, x.both, count);
    }
}

/** {@link addProducts} for three basis columns (quadratic trajectories), written out. */
function addTen(
  sums: Float64Array,
  at: number,
  times: Float64Array,
  products: Float64Array,
  count: number,
): void {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let s4 = 0;
  let s5 = 0;
  let s6 = 0;
  let s7 = 0;
  let s8 = 0;
  let s9 = 0;
  for (let i = 0, c = 0; i < count; i++, c += 10) {
    const p = times[i]!;
    s0 += p;
    s1 += p * products[c + 1]!;
    s2 += p * products[c + 2]!;
    s3 += p * products[c + 3]!;
    s4 += p * products[c + 4]!;
    s5 += p * products[c + 5]!;
    s6 += p * products[c + 6]!;
    s7 += p * products[c + 7]!;
    s8 += p * products[c + 8]!;
    s9 += p * products[c + 9]!;
  }
  sums[at]! += s0;
  sums[at + 1]! += s1;
  sums[at + 2]! += s2;
  sums[at + 3]! += s3;
  sums[at + 4]! += s4;
  sums[at + 5]! += s5;
  sums[at + 6]! += s6;
  sums[at + 7]! += s7;
  sums[at + 8]! += s8;
  sums[at + 9]! += s9;
}

/**
 * Adds to what is taken away: differences of scores of each pair of classes, times the pair's sums, times the differences.
 * @param x - work space with the sums of a pattern
 * @param sizes - of the model
 * @param fixed - structure of the means
 */
export function foldPairs(x: ObservedScratch, sizes: ObservedSizes, fixed: FixedStructure): void {
  const { nClasses, nPhi, nSpecific, nShared, nTaken } = sizes;
  const { difference, product, square, pairs, taken, rows } = x;
  const n = 2 * nSpecific + nShared;
  let at = 0;
  for (let k = 1; k < nClasses; k++)
    for (let l = 0; l < k; l++, at += x.total.length) {
      // Where the classes never compete for a person of the pattern there is nothing to take away.
      if (pairs[at] === 0) continue;
      differencesInto(x, sizes, fixed, k, l);
      for (let a = 0; a < nPhi; a++)
        for (let b = 0; b < nPhi; b++) square[a * nPhi + b] = pairs[at + x.productAt[a * nPhi + b]!]!;
      for (let r = 0; r < n; r++) {
        rows[r] = rowOfPair(sizes, k, l, r);
        for (let c = 0; c < nPhi; c++) {
          let sum = 0;
          for (let e = 0; e < nPhi; e++) sum += difference[r * nPhi + e]! * square[e * nPhi + c]!;
          product[r * nPhi + c] = sum;
        }
      }
      for (let r = 0; r < n; r++) {
        const row = rows[r]! * nTaken;
        for (let s = 0; s <= r; s++) {
          let sum = 0;
          for (let e = 0; e < nPhi; e++) sum += product[r * nPhi + e]! * difference[s * nPhi + e]!;
          taken[row + rows[s]!]! += sum;
        }
      }
    }
}

/** Row in `taken` of row r of a pair's differences: class l, class k (l < k), shared. */
function rowOfPair({ nClasses, nSpecific }: ObservedSizes, k: number, l: number, r: number): number {
  if (r < nSpecific) return l * nSpecific + r;
  if (r < 2 * nSpecific) return k * nSpecific + r - nSpecific;
  return nClasses * nSpecific + r - 2 * nSpecific;
}

/** Scores of class k less those of class l as coefficients of (1, c). */
function differencesInto(
  x: ObservedScratch,
  sizes: ObservedSizes,
  fixed: FixedStructure,
  k: number,
  l: number,
): void {
  const { m, q, nPhi, nSpecific } = sizes;
  const { difference, shift, deviation, d, pattern } = x;
  const rows = nSpecific * nPhi;
  difference.fill(0);
  difference[0] = -1;
  difference[rows] = 1;
  for (let j = 0; j < fixed.nFixed; j++) {
    const basis = fixed.basis[j]!;
    const at = (1 + j) * nPhi;
    difference[at] = -shift[l * m + basis]!;
    difference[at + 1 + basis] = -1;
    difference[rows + at] = shift[k * m + basis]!;
    difference[rows + at + 1 + basis] = 1;
  }
  let at = 2 * rows;
  for (let a = 0; a < q; a++)
    for (let b = 0; b <= a; b++, at += nPhi) {
      const da = shift[k * m + a]! - shift[l * m + a]!;
      const db = a === b ? 0 : shift[k * m + b]! - shift[l * m + b]!;
      difference[at] =
        0.5 * (da * (shift[k * m + b]! + shift[l * m + b]!) + db * (shift[k * m + a]! + shift[l * m + a]!));
      difference[at + 1 + b]! += da;
      difference[at + 1 + a]! += db;
    }
  for (let a = 0; a < m; a++) {
    let sum = deviation[k * m + a]! - deviation[l * m + a]!;
    if (a < q) for (let b = 0; b < q; b++) sum += d[a * q + b]! * (shift[k * m + b]! - shift[l * m + b]!);
    sum /= -pattern.variance;
    difference[at + 1 + a] = sum;
    difference[at]! += 0.5 * sum * (shift[k * m + a]! + shift[l * m + a]!);
  }
}
