import { choleskyInPlace } from "../../core/linalg.js";
import type { FixedStructure, Moments } from "../design/moments.js";
import type { Evaluation } from "./types.js";

// Algebra of one pattern (persons with the same basis rows) under one D = L L' and residual variance s2.
// With S0 = Z'Z, everything follows from M = (s2 D^-1 + Z'Z)^-1, written so that D may be singular:
//   G = s2 I + L' S0 L,  M = L G^-1 L',  log|V| = (n - q) log s2 + log|G|
//   V^-1 y        = (y - Z M Z'y) / s2                        (Woodbury)
//   B'V^-1 r      = (B'r - H' Z'r) / s2,   H = M Z'B
//   Z'V^-1 r      = T Z'r,                 T = (I - S0 M) / s2
//   Z'V^-1 Z      = S = T S0
//   r'V^-1 r      = (r'r - z'M z) / s2,    z = Z'r
//   r'V^-2 r      = (r'r - z'(2M - M S0 M) z) / s2^2
// Source: Lindstrom & Bates (1988), with the factored form for singular D of Bates et al. (2015).

/** Work space for the algebra of one pattern and one class. */
export interface PatternAlgebra {
  readonly nRandom: number;
  readonly nBasis: number;
  /** B'B, m x m at `base`. */
  btb: Float64Array;
  base: number;
  /** q x q. */
  readonly m: Float64Array;
  /** q x q. */
  readonly t: Float64Array;
  /** q x q. */
  readonly s: Float64Array;
  /** q x m. */
  readonly h: Float64Array;
  /** q x q: 2M - M S0 M. */
  readonly m2: Float64Array;
  /** q x q, factor of G. */
  readonly g: Float64Array;
  /** q x q scratch. */
  readonly scratch: Float64Array;
  logDeterminant: number;
  /** trace V^-1. */
  traceInverse: number;
  /** trace V^-2. */
  traceInverse2: number;
  variance: number;
  sessions: number;
}

/**
 * Allocates the work space.
 * @param nRandom - q
 * @param nBasis - m
 * @returns the work space
 */
export function allocatePatternAlgebra(nRandom: number, nBasis: number): PatternAlgebra {
  const q2 = nRandom * nRandom;
  return {
    nRandom,
    nBasis,
    btb: new Float64Array(0),
    base: 0,
    m: new Float64Array(q2),
    t: new Float64Array(q2),
    s: new Float64Array(q2),
    h: new Float64Array(nRandom * nBasis),
    m2: new Float64Array(q2),
    g: new Float64Array(q2),
    scratch: new Float64Array(q2),
    logDeterminant: 0,
    traceInverse: 0,
    traceInverse2: 0,
    variance: 1,
    sessions: 0,
  };
}

/**
 * Computes the algebra of pattern `g`.
 * @param p - filled
 * @param moments - the data
 * @param g - pattern index
 * @param factor - L, q x q at `factorOffset`
 * @param factorOffset - position of L
 * @param variance - residual variance s2
 */
export function computePattern(
  p: PatternAlgebra,
  moments: Moments,
  g: number,
  factor: Float64Array,
  factorOffset: number,
  variance: number,
): void {
  const base = g * moments.nBasis * moments.nBasis;
  computeAlgebra(p, moments.btb, base, moments.patternSessions[g]!, factor, factorOffset, variance);
}

/**
 * Computes the algebra of rows with given cross-products.
 * @param p - filled
 * @param btb - B'B, m x m at `base`
 * @param base - position of B'B
 * @param n - rows
 * @param factor - L, q x q at `factorOffset`
 * @param factorOffset - position of L
 * @param variance - residual variance s2
 */
export function computeAlgebra(
  p: PatternAlgebra,
  btb: Float64Array,
  base: number,
  n: number,
  factor: Float64Array,
  factorOffset: number,
  variance: number,
): void {
  const { nRandom: q, nBasis, m, t, s, h, m2, g: gFactor, scratch } = p;
  p.btb = btb;
  p.base = base;
  p.variance = variance;
  p.sessions = n;
  // scratch = S0 L, then G = s2 I + L'(S0 L)
  for (let a = 0; a < q; a++)
    for (let b = 0; b < q; b++) {
      let sum = 0;
      for (let c = b; c < q; c++) sum += btb[base + a * nBasis + c]! * factor[factorOffset + c * q + b]!;
      scratch[a * q + b] = sum;
    }
  for (let a = 0; a < q; a++)
    for (let b = 0; b <= a; b++) {
      let sum = a === b ? variance : 0;
      for (let c = a; c < q; c++) sum += factor[factorOffset + c * q + a]! * scratch[c * q + b]!;
      gFactor[a * q + b] = sum;
    }
  // Where rounding has eaten s2 there is no likelihood: NaN makes the objective refuse the point.
  let logDeterminant = choleskyInPlace(gFactor, q) ? (n - q) * Math.log(variance) : Number.NaN;
  for (let a = 0; a < q; a++) logDeterminant += 2 * Math.log(gFactor[a * q + a]!);
  p.logDeterminant = logDeterminant;
  // Rows of scratch = L G^-T/2 (forward substitution of L' by the factor of G); M = scratch scratch'
  for (let a = 0; a < q; a++)
    for (let b = 0; b < q; b++) {
      let sum = b <= a ? factor[factorOffset + a * q + b]! : 0;
      for (let c = 0; c < b; c++) sum -= gFactor[b * q + c]! * scratch[a * q + c]!;
      scratch[a * q + b] = sum / gFactor[b * q + b]!;
    }
  for (let a = 0; a < q; a++)
    for (let b = 0; b <= a; b++) {
      let sum = 0;
      for (let c = 0; c < q; c++) sum += scratch[a * q + c]! * scratch[b * q + c]!;
      m[a * q + b] = sum;
      m[b * q + a] = sum;
    }
  // H = M Z'B; its first q columns are M S0
  for (let a = 0; a < q; a++)
    for (let b = 0; b < nBasis; b++) {
      let sum = 0;
      for (let c = 0; c < q; c++) sum += m[a * q + c]! * btb[base + c * nBasis + b]!;
      h[a * nBasis + b] = sum;
    }
  const inverse = 1 / variance;
  let trace = 0;
  let trace2 = 0;
  for (let a = 0; a < q; a++) {
    trace += h[a * nBasis + a]!;
    for (let b = 0; b < q; b++) {
      trace2 += h[a * nBasis + b]! * h[b * nBasis + a]!;
      t[a * q + b] = ((a === b ? 1 : 0) - h[b * nBasis + a]!) * inverse;
      let sum = 2 * m[a * q + b]!;
      for (let c = 0; c < q; c++) sum -= h[a * nBasis + c]! * m[c * q + b]!;
      m2[a * q + b] = sum;
    }
  }
  p.traceInverse = (n - trace) * inverse;
  p.traceInverse2 = (n - 2 * trace + trace2) * inverse * inverse;
  for (let a = 0; a < q; a++)
    for (let b = 0; b <= a; b++) {
      let sum = 0;
      for (let c = 0; c < q; c++) sum += t[a * q + c]! * btb[base + c * nBasis + b]!;
      s[a * q + b] = sum;
      s[b * q + a] = sum;
    }
}

/**
 * B'V^-1 r from B'r.
 * @param out - m numbers at `outOffset`
 * @param p - the pattern
 * @param outOffset - first entry of `out` written
 * @param r - B'r, m numbers at `rOffset` (z is its first q)
 * @param rOffset - first entry of `r` read
 * @param nRandom - q
 * @param nBasis - m
 */
export function applyInverse(
  out: Float64Array,
  outOffset: number,
  p: PatternAlgebra,
  r: Float64Array,
  rOffset: number,
  nRandom: number,
  nBasis: number,
): void {
  const inverse = 1 / p.variance;
  for (let b = 0; b < nBasis; b++) {
    let sum = r[rOffset + b]!;
    for (let a = 0; a < nRandom; a++) sum -= p.h[a * nBasis + b]! * r[rOffset + a]!;
    out[outOffset + b] = sum * inverse;
  }
}

/**
 * Adds one pattern's share to the gradient (and information) of D and of the residual variance of class k:
 *   dl/dD = (T R T' - w S) / 2,   dl/ds2 = (r'V^-2 r - w trace V^-1) / 2,
 * with R = sum of posterior-weighted z z' and rr = sum of posterior-weighted r'r.
 * @param out - added to
 * @param k - class
 * @param p - the pattern
 * @param nRandom - q
 * @param weight - w, sum of posteriors
 * @param zz - R, q x q at `zzOffset`
 * @param zzOffset - first entry of `zz` read
 * @param rr - posterior-weighted r'r
 * @param information - whether the information is wanted
 */
export function foldVariance(
  out: Evaluation,
  k: number,
  p: PatternAlgebra,
  nRandom: number,
  weight: number,
  zz: Float64Array,
  zzOffset: number,
  rr: number,
  information: boolean,
): void {
  const q = nRandom;
  const { m2 } = p;
  const inverse = 1 / p.variance;
  let squared = rr;
  for (let e = 0; e < q * q; e++) squared -= m2[e]! * zz[zzOffset + e]!;
  out.gradientResidual[k]! += 0.5 * (squared * inverse * inverse - weight * p.traceInverse);
  foldCovariance(out, k, p, q, weight, zz, zzOffset);
  if (!information) return;
  foldCovarianceInformation(out, k, p, q, weight);
  const { t, s } = p;
  // Z'V^-2 Z = T S0 T' = S T'
  for (let a = 0; a < q; a++)
    for (let b = 0; b < q; b++) {
      let sum = 0;
      for (let c = 0; c < q; c++) sum += s[a * q + c]! * t[b * q + c]!;
      out.informationDResidual[(k * q + a) * q + b]! += weight * sum;
    }
  out.informationResidual[k]! += weight * p.traceInverse2;
}

/**
 * Adds one pattern's share to the gradient of D of class k: (T R T' - w S) / 2.
 * @param out - added to
 * @param k - class
 * @param p - the pattern
 * @param q - random effects
 * @param weight - w, sum of posteriors
 * @param zz - R, q x q at `zzOffset`
 * @param zzOffset - first entry of `zz` read
 */
export function foldCovariance(
  out: Evaluation,
  k: number,
  p: PatternAlgebra,
  q: number,
  weight: number,
  zz: Float64Array,
  zzOffset: number,
): void {
  const { t, s, scratch } = p;
  for (let a = 0; a < q; a++)
    for (let b = 0; b < q; b++) {
      let sum = 0;
      for (let c = 0; c < q; c++) sum += t[a * q + c]! * zz[zzOffset + c * q + b]!;
      scratch[a * q + b] = sum;
    }
  const at = k * q * q;
  for (let a = 0; a < q; a++)
    for (let b = 0; b < q; b++) {
      let sum = -weight * s[a * q + b]!;
      for (let c = 0; c < q; c++) sum += scratch[a * q + c]! * t[b * q + c]!;
      out.gradientD[at + a * q + b]! += 0.5 * sum;
    }
}

/**
 * Adds one pattern's share to the information of D of class k: w S (x) S.
 * @param out - added to
 * @param k - class
 * @param p - the pattern
 * @param q - random effects
 * @param weight - w, sum of posteriors
 */
export function foldCovarianceInformation(
  out: Evaluation,
  k: number,
  p: PatternAlgebra,
  q: number,
  weight: number,
): void {
  const { s } = p;
  let at = k * q ** 4;
  for (let a = 0; a < q; a++)
    for (let c = 0; c < q; c++) {
      const sac = weight * s[a * q + c]!;
      for (let b = 0; b < q; b++) for (let d = 0; d < q; d++) out.informationD[at++]! += sac * s[b * q + d]!;
    }
}

/**
 * Adds one pattern's share to the information of the fixed coefficients of class k:
 * sum of posterior-weighted X'V^-1 X, with X's column j = B[, basis j] w[person j].
 * @param out - added to
 * @param k - class
 * @param p - the pattern
 * @param nPersonColumns - c
 * @param fixed - basis and person column of each coefficient
 * @param ww - c x c: posterior-weighted sum of w w', at `wwOffset`
 * @param wwOffset - first entry of `ww` read
 * @param scratch - m x m, overwritten with B'V^-1 B
 */
export function foldBetaInformation(
  out: Evaluation,
  k: number,
  p: PatternAlgebra,
  nPersonColumns: number,
  fixed: FixedStructure,
  ww: Float64Array,
  wwOffset: number,
  scratch: Float64Array,
): void {
  const { nBasis } = p;
  for (let b = 0; b < nBasis; b++)
    applyInverse(scratch, b * nBasis, p, p.btb, p.base + b * nBasis, p.nRandom, nBasis);
  const nFixed = fixed.nFixed;
  const at = k * nFixed * nFixed;
  for (let i = 0; i < nFixed; i++) {
    const rowBasis = fixed.basis[i]! * nBasis;
    const rowPerson = wwOffset + fixed.person[i]! * nPersonColumns;
    for (let j = 0; j < nFixed; j++)
      out.informationBeta[at + i * nFixed + j]! +=
        scratch[rowBasis + fixed.basis[j]!]! * ww[rowPerson + fixed.person[j]!]!;
  }
}
