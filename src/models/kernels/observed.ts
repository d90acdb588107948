import type { FixedStructure } from "../design/moments.js";
import { applyInverse, type PatternAlgebra } from "./pattern.js";
import type { ParameterSizes } from "./types.js";

// Observed information in the parameters of the classes, exactly and in one pass over the people. With s_ik the score of the complete data
// of person i in class k (of log pi_ik f_ik) and p_ik the posterior probability of the class:
//   -H = sum_i { sum_k p_ik (-d2 log f_ik) + (-d2 log pi_i) - [ sum_k p_ik s_ik s_ik' - s_i s_i' ] },   s_i = sum_k p_ik s_ik.
// The first part needs the sums that the gradient needs; the last is what the classes are not known costs.
// Source: Louis (1982), equation 3.2.
//
// A class has its logits, its P fixed coefficients, the lower triangle of its D row by row (an entry off the diagonal stands for both), and its
// residual variance, in this order. Kernels of a common covariance leave totals in class 0. Only the lower triangle of the matrix is used.

/** Where the parameters of a class are in a row of the matrix. */
export interface ObservedLayout {
  /** Parameters of a class. */
  readonly width: number;
  /** Rows and columns of the matrix: K times the width. */
  readonly size: number;
  readonly betaAt: number;
  readonly covarianceAt: number;
  readonly residualAt: number;
}

/**
 * Lays out the observed information of a model in the parameters of its classes.
 * @param sizes - of the model; one residual parameter per class
 * @returns the layout
 */
export function observedLayout(
  sizes: Pick<ParameterSizes, "nClasses" | "nFixed" | "nRandom" | "nMembership">,
): ObservedLayout {
  const betaAt = sizes.nMembership;
  const covarianceAt = betaAt + sizes.nFixed;
  const residualAt = covarianceAt + (sizes.nRandom * (sizes.nRandom + 1)) / 2;
  const width = residualAt + 1;
  return { width, size: sizes.nClasses * width, betaAt, covarianceAt, residualAt };
}

/** Work space of the functions below. */
export interface CurvatureScratch {
  /** m x m: B'V^-1 B. */
  readonly bvb: Float64Array;
  /** m: B'V^-1 r and B'V^-2 r. */
  readonly u: Float64Array;
  readonly v: Float64Array;
  /** q x q: sum of u u', u = Z'V^-1 r, and that less half of the weighted S. */
  readonly uu: Float64Array;
  readonly middle: Float64Array;
  readonly half: Float64Array;
}

/**
 * Allocates the work space.
 * @param nRandom - q
 * @param nBasis - m
 * @returns the work space
 */
export function allocateCurvature(nRandom: number, nBasis: number): CurvatureScratch {
  const q2 = nRandom * nRandom;
  return {
    bvb: new Float64Array(nBasis * nBasis),
    u: new Float64Array(nBasis),
    v: new Float64Array(nBasis),
    uu: new Float64Array(q2),
    middle: new Float64Array(q2),
    half: new Float64Array(q2),
  };
}

// With dV = Z dD Z' + ds2 I, u = Z'V^-1 r and S = Z'V^-1 Z, minus the second derivatives of the log density are
//   beta, beta   X'V^-1 X                          beta, D   X'V^-1 Z dD u        beta, s2   X'V^-2 r
//   D, D         u'dD S dD u - tr(S dD S dD) / 2   D, s2     u'dD Z'V^-2 r - tr(dD Z'V^-2 Z) / 2
//   s2, s2       r'V^-3 r - tr(V^-2) / 2
// Source: Jennrich & Schluchter (1986), with V linear in D and s2.

/**
 * Fills B'V^-1 B of a pattern, which {@link foldMeanCurvature} reads.
 * @param x - work space
 * @param p - the pattern's algebra
 */
export function weighBasis(x: CurvatureScratch, p: PatternAlgebra): void {
  const { nBasis: m } = p;
  for (let b = 0; b < m; b++) applyInverse(x.bvb, b * m, p, p.btb, p.base + b * m, p.nRandom, m);
}

/**
 * Adds a pattern's share of minus the second derivatives of the log density of class k that the fixed coefficients take part in.
 * @param out - lower triangle added to
 * @param layout - of the matrix
 * @param k - class
 * @param v - class whose D and residual variance these are
 * @param p - the pattern's algebra in the class
 * @param fixed - basis and person column of each coefficient
 * @param nPersonColumns - c
 * @param wr - posterior-weighted sum of w (B'r)': c x m at `wrAt`
 * @param wrAt - first entry of `wr` read
 * @param ww - posterior-weighted sum of w w': c x c at `wwAt`
 * @param wwAt - first entry of `ww` read
 * @param x - work space after {@link weighBasis}
 */
export function foldMeanCurvature(
  out: Float64Array,
  layout: ObservedLayout,
  k: number,
  v: number,
  p: PatternAlgebra,
  fixed: FixedStructure,
  nPersonColumns: number,
  wr: Float64Array,
  wrAt: number,
  ww: Float64Array,
  wwAt: number,
  x: CurvatureScratch,
): void {
  const { nBasis: m, nRandom: q } = p;
  const { size, width, betaAt } = layout;
  const firstBeta = k * width + betaAt;
  const firstEntry = v * width + layout.covarianceAt;
  const variance = v * width + layout.residualAt;
  const { bvb, u, v: twice } = x;
  for (let i = 0; i < fixed.nFixed; i++)
    for (let j = 0; j <= i; j++)
      out[(firstBeta + i) * size + firstBeta + j]! +=
        bvb[fixed.basis[i]! * m + fixed.basis[j]!]! *
        ww[wwAt + fixed.person[i]! * nPersonColumns + fixed.person[j]!]!;
  for (let w = 0; w < nPersonColumns; w++) {
    applyInverse(u, 0, p, wr, wrAt + w * m, q, m);
    applyInverse(twice, 0, p, u, 0, q, m);
    for (let j = 0; j < fixed.nFixed; j++) {
      if (fixed.person[j] !== w) continue;
      const basis = fixed.basis[j]! * m;
      let entry = firstEntry;
      for (let a = 0; a < q; a++)
        for (let b = 0; b <= a; b++) {
          const value = bvb[basis + a]! * u[b]! + (a === b ? 0 : bvb[basis + b]! * u[a]!);
          addLower(out, size, firstBeta + j, entry++, value);
        }
      addLower(out, size, firstBeta + j, variance, twice[fixed.basis[j]!]!);
    }
  }
}

/**
 * Adds a pattern's share of minus the second derivatives of the log density in D and the residual variance of a class.
 * @param out - lower triangle added to
 * @param layout - of the matrix
 * @param v - class
 * @param p - the pattern's algebra in the class
 * @param weight - sum of posteriors
 * @param zz - posterior-weighted sum of z z', z = Z'r: q x q at `zzAt`
 * @param zzAt - first entry of `zz` read
 * @param rr - posterior-weighted sum of r'r
 * @param x - work space
 */
export function foldVarianceCurvature(
  out: Float64Array,
  layout: ObservedLayout,
  v: number,
  p: PatternAlgebra,
  weight: number,
  zz: Float64Array,
  zzAt: number,
  rr: number,
  x: CurvatureScratch,
): void {
  const { nRandom: q, m, t, s } = p;
  const { size, width } = layout;
  const { uu, middle } = x;
  const inverse = 1 / p.variance;
  sandwich(uu, x.half, t, zz, zzAt, q);
  let squared = rr;
  let spread = 0;
  for (let e = 0; e < q * q; e++) {
    middle[e] = uu[e]! - 0.5 * weight * s[e]!;
    squared -= p.m2[e]! * zz[zzAt + e]!;
    spread += m[e]! * uu[e]!;
  }
  // r'V^-3 r = (r'V^-2 r - u'M u) / s2
  const cubed = (squared * inverse * inverse - spread) * inverse;
  const variance = v * width + layout.residualAt;
  out[variance * size + variance]! += cubed - 0.5 * weight * p.traceInverse2;
  const first = v * width + layout.covarianceAt;
  let row = first;
  for (let a = 0; a < q; a++)
    for (let b = 0; b <= a; b++, row++) {
      // The middle times T' is the sum of u (Z'V^-2 r)' less half of the weighted Z'V^-2 Z.
      let towards = 0;
      for (let e = 0; e < q; e++)
        towards += 0.5 * (middle[a * q + e]! * t[b * q + e]! + middle[b * q + e]! * t[a * q + e]!);
      out[variance * size + row]! += a === b ? towards : 2 * towards;
      let column = first;
      for (let d = 0; d <= a; d++)
        for (let e = 0; e <= d && column <= row; e++, column++)
          out[row * size + column]! += curvatureOfEntries(s, middle, q, a, b, d, e);
    }
}

/** tr(dD S dD' N), N the middle, of entries (a, b) and (d, e) of D: each off the diagonal stands for both. */
function curvatureOfEntries(
  s: Float64Array,
  n: Float64Array,
  q: number,
  a: number,
  b: number,
  d: number,
  e: number,
): number {
  let sum = pairOfEntries(s, n, q, a, b, d, e);
  if (a !== b) sum += pairOfEntries(s, n, q, b, a, d, e);
  if (d !== e) sum += pairOfEntries(s, n, q, a, b, e, d);
  if (a !== b && d !== e) sum += pairOfEntries(s, n, q, b, a, e, d);
  return sum;
}

function pairOfEntries(
  s: Float64Array,
  n: Float64Array,
  q: number,
  a: number,
  b: number,
  d: number,
  e: number,
): number {
  return 0.5 * (s[b * q + d]! * n[a * q + e]! + n[b * q + d]! * s[a * q + e]!);
}

/** out = T Z T', Z the q x q numbers at `at`. */
function sandwich(
  out: Float64Array,
  half: Float64Array,
  t: Float64Array,
  z: Float64Array,
  at: number,
  q: number,
): void {
  for (let a = 0; a < q; a++)
    for (let b = 0; b < q; b++) {
      let sum = 0;
      for (let c = 0; c < q; c++) sum += t[a * q + c]! * z[at + c * q + b]!;
      half[a * q + b] = sum;
    }
  for (let a = 0; a < q; a++)
    for (let b = 0; b < q; b++) {
      let sum = 0;
      for (let c = 0; c < q; c++) sum += half[a * q + c]! * t[b * q + c]!;
      out[a * q + b] = sum;
    }
}

/**
 * Adds minus the second derivatives of the log class probabilities, (diag(pi) - pi pi') (x) v v', `scale` times.
 * @param out - lower triangle added to
 * @param layout - of the matrix
 * @param nMembership - columns of the membership design, the intercept among them
 * @param logPrior - K log prior probabilities
 * @param v - membership row at `vOffset` (nMembership > 1)
 * @param vOffset - first entry of `v` read
 * @param scale - factor of what is added, e.g. a number of persons
 */
export function addPriorCurvature(
  out: Float64Array,
  { size, width }: ObservedLayout,
  nMembership: number,
  logPrior: Float64Array,
  v: Float64Array,
  vOffset: number,
  scale: number,
): void {
  for (let k = 0; k < logPrior.length; k++) {
    const pk = Math.exp(logPrior[k]!);
    for (let l = 0; l <= k; l++) {
      const weight = scale * pk * ((k === l ? 1 : 0) - Math.exp(logPrior[l]!));
      for (let a = 0; a < nMembership; a++) {
        const va = a === 0 ? weight : weight * v[vOffset + a]!;
        const row = (k * width + a) * size + l * width;
        for (let b = 0; b < nMembership; b++) out[row + b]! += b === 0 ? va : va * v[vOffset + b]!;
      }
    }
  }
}

function addLower(out: Float64Array, size: number, row: number, column: number, value: number): void {
  out[row > column ? row * size + column : column * size + row]! += value;
}
