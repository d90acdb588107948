import type { FixedStructure } from "../design/moments.js";
import type { ObservedLayout } from "./observed.js";
import type { PatternAlgebra } from "./pattern.js";

// Minus the second derivatives of the log densities in models with one D and one residual variance for all classes and no covariates, from sums
// over people that are folded once. With W = B'V^-1 B, S its first q x q, e_k = B'V^-1 r_k (its first q entries u_k = Z'V^-1 r_k), and
// N = sum_k p_k u_k u_k' - S / 2 of a person, `observed.ts` gives, by V^-1 = (I - Z D Z'V^-1) / s2,
//   beta_k, beta_k   sum p_k W            beta_k, D    sum p_k W_(.a) u_kb          beta_k, s2   (sum p_k e_k - sum p_k W_(.a) D_ab u_kb) / s2
//   D, D             sum of S and N       D, s2        (sum N - sum N D S) / s2     s2, s2       (sum p_k r_k'V^-2 r_k - sum p_k u_k'M u_k) / s2 - tr(V^-2) / 2
// so that sums of p_k W, p_k W (x) e_k, N and S (x) N over all people, whatever their patterns, are all that is needed.

/** Sums over people of all patterns; nS = q (q + 1) / 2 entries of a symmetric q x q matrix, row by row. */
export interface DensitySums {
  /** K x m x m: p W. */
  readonly w: Float64Array;
  /** K x m: p e. */
  readonly e: Float64Array;
  /** K x m x nS: p (W_ja e_b + W_jb e_a), once where a = b. */
  readonly we: Float64Array;
  /** nS: N; nS x nS: S (x) N. */
  readonly n: Float64Array;
  readonly sn: Float64Array;
  /** 1: the entry of the residual variance. */
  readonly variance: Float64Array;
}

/**
 * Allocates the sums.
 * @param nClasses - K
 * @param m - columns of the basis
 * @param q - random effects
 * @returns zeros
 */
export function allocateDensity(nClasses: number, m: number, q: number): DensitySums {
  const nS = (q * (q + 1)) / 2;
  return {
    w: new Float64Array(nClasses * m * m),
    e: new Float64Array(nClasses * m),
    we: new Float64Array(nClasses * m * nS),
    n: new Float64Array(nS),
    sn: new Float64Array(nS * nS),
    variance: new Float64Array(1),
  };
}

/**
 * Sets the sums to zero.
 * @param sums - changed
 */
export function clearDensity(sums: DensitySums): void {
  for (const part of Object.values(sums)) (part as Float64Array).fill(0);
}

/**
 * Adds a pattern.
 * @param sums - added to
 * @param p - the pattern's algebra
 * @param w - W, m x m
 * @param weight - K: sums of posteriors
 * @param e - K x m: posterior-weighted sums of e
 * @param uu - nS: the sum of p_k u_k u_k'; overwritten with N
 * @param squared - sum of p_k r_k'V^-2 r_k
 */
export function addDensity(
  sums: DensitySums,
  p: PatternAlgebra,
  w: Float64Array,
  weight: Float64Array,
  e: Float64Array,
  uu: Float64Array,
  squared: number,
): void {
  const { nBasis: m, nRandom: q } = p;
  const nClasses = weight.length;
  let total = 0;
  for (let k = 0; k < nClasses; k++) {
    const share = weight[k]!;
    total += share;
    for (let f = 0; f < m * m; f++) sums.w[k * m * m + f]! += share * w[f]!;
    for (let j = 0; j < m; j++) sums.e[k * m + j]! += e[k * m + j]!;
    let at = k * m * uu.length;
    for (let j = 0; j < m; j++)
      for (let a = 0; a < q; a++)
        for (let b = 0; b <= a; b++)
          sums.we[at++]! += w[j * m + a]! * e[k * m + b]! + (a === b ? 0 : w[j * m + b]! * e[k * m + a]!);
  }
  let spread = 0;
  let x = 0;
  for (let a = 0; a < q; a++)
    for (let b = 0; b <= a; b++, x++) {
      spread += (a === b ? 1 : 2) * p.m[a * q + b]! * uu[x]!;
      uu[x]! -= 0.5 * total * p.s[a * q + b]!;
      sums.n[x]! += uu[x]!;
    }
  sums.variance[0]! += (squared - spread) / p.variance - 0.5 * total * p.traceInverse2;
  x = 0;
  for (let a = 0; a < q; a++)
    for (let b = 0; b <= a; b++) {
      const s = p.s[a * q + b]!;
      for (let y = 0; y < uu.length; y++) sums.sn[x++]! += s * uu[y]!;
    }
}

/**
 * From the sums to the observed information.
 * @param sums - over all people
 * @param layout - of the matrix; what is of D and residual variance goes to class 0
 * @param fixed - structure of the means
 * @param d - D, q x q
 * @param m - columns of the basis
 * @param q - random effects
 * @param variance - s2
 * @param out - lower triangle added to
 */
export function foldDensity(
  sums: DensitySums,
  layout: ObservedLayout,
  fixed: FixedStructure,
  d: Float64Array,
  m: number,
  q: number,
  variance: number,
  out: Float64Array,
): void {
  const { size, width, betaAt, covarianceAt, residualAt } = layout;
  const nS = sums.n.length;
  const add = (row: number, column: number, value: number): void => {
    out[Math.max(row, column) * size + Math.min(row, column)]! += value;
  };
  for (let k = 0; k < size / width; k++)
    for (let i = 0; i < fixed.nFixed; i++) {
      const row = k * width + betaAt + i;
      const basis = fixed.basis[i]!;
      for (let j = 0; j <= i; j++)
        add(row, k * width + betaAt + j, sums.w[(k * m + basis) * m + fixed.basis[j]!]!);
      let twice = sums.e[k * m + basis]!;
      for (let x = 0, a = 0; a < q; a++)
        for (let b = 0; b <= a; b++, x++) {
          const value = sums.we[(k * m + basis) * nS + x]!;
          twice -= d[a * q + b]! * value;
          add(row, covarianceAt + x, value);
        }
      add(row, residualAt, twice / variance);
    }
  for (let x = 0, a = 0; a < q; a++)
    for (let b = 0; b <= a; b++, x++) {
      // (sum N - sum N D S) / s2, made symmetric
      let towards = sums.n[x]!;
      for (let c = 0; c < q; c++)
        for (let f = 0; f < q; f++)
          towards -= 0.5 * d[c * q + f]! * (product(sums, f, b, a, c) + product(sums, f, a, b, c));
      add(residualAt, covarianceAt + x, ((a === b ? 1 : 2) * towards) / variance);
      for (let y = 0, c = 0; c < q; c++)
        for (let f = 0; f <= c; f++, y++) {
          if (y > x) continue;
          let sum = pair(sums, a, b, c, f);
          if (a !== b) sum += pair(sums, b, a, c, f);
          if (c !== f) sum += pair(sums, a, b, f, c);
          if (a !== b && c !== f) sum += pair(sums, b, a, f, c);
          add(covarianceAt + x, covarianceAt + y, sum);
        }
    }
  add(residualAt, residualAt, sums.variance[0]!);
}

/** Sum of S_ab N_cf. */
function product({ sn, n }: DensitySums, a: number, b: number, c: number, f: number): number {
  return sn[entryOf(a, b) * n.length + entryOf(c, f)]!;
}

/** tr(dD S dD' N) of single entries (a, b) and (c, f) of D, made symmetric in S and N. */
function pair(sums: DensitySums, a: number, b: number, c: number, f: number): number {
  return 0.5 * (product(sums, b, c, a, f) + product(sums, a, f, b, c));
}

/** Position of an entry of a symmetric matrix in its lower triangle. */
function entryOf(a: number, b: number): number {
  return a >= b ? (a * (a + 1)) / 2 + b : (b * (b + 1)) / 2 + a;
}
