import { choleskyInPlace, choleskySolveInPlace } from "../../core/linalg.js";

/** What is known of a person's random effects in one class, given their scores and the parameters. */
export interface EffectsPosterior {
  /** q: b, their posterior mean (empirical Bayes prediction). */
  readonly mean: Float64Array;
  /** q x q: their posterior covariance C. */
  readonly covariance: Float64Array;
}

/**
 * Posterior mean and covariance of random effects, with D = L L' and residual covariance R:
 * A = I + L'Z'R^-1 Z L,  b = L A^-1 L'Z'R^-1 r,  C = L A^-1 L' (so D may be singular).
 * @param z - n x q: rows of the random effects
 * @param residual - n: score less class mean
 * @param factor - q x q at `factorAt`: L
 * @param factorAt - position of L
 * @param residualCovariance - n x n: R, positive definite
 * @returns b and C
 * Source: Laird & Ware (1982, equations 3.2-3.3), in the factored form of Bates et al. (2015).
 */
export function effectsPosterior(
  z: Float64Array,
  residual: Float64Array,
  factor: Float64Array,
  factorAt: number,
  residualCovariance: Float64Array,
): EffectsPosterior {
  const n = residual.length;
  const q = n === 0 ? 0 : z.length / n;
  const root = residualCovariance.slice();
  choleskyInPlace(root, n);
  const zl = whitened(timesFactor(z, factor, factorAt, n, q), root, n, q);
  const r = whitened(residual, root, n, 1);
  const inner = new Float64Array(q * q);
  const right = new Float64Array(q);
  for (let a = 0; a < q; a++) {
    for (let i = 0; i < n; i++) right[a]! += zl[i * q + a]! * r[i]!;
    for (let b = 0; b < q; b++) {
      let sum = a === b ? 1 : 0;
      for (let i = 0; i < n; i++) sum += zl[i * q + a]! * zl[i * q + b]!;
      inner[a * q + b] = sum;
    }
  }
  choleskyInPlace(inner, q);
  choleskySolveInPlace(inner, q, right);
  const mean = new Float64Array(q);
  for (let a = 0; a < q; a++)
    for (let b = 0; b <= a; b++) mean[a]! += factor[factorAt + a * q + b]! * right[b]!;
  return { mean, covariance: posteriorCovariance(inner, factor, factorAt, q) };
}

/** Z L, n x q. */
function timesFactor(
  z: Float64Array,
  factor: Float64Array,
  factorAt: number,
  n: number,
  q: number,
): Float64Array {
  const out = new Float64Array(n * q);
  for (let i = 0; i < n; i++)
    for (let b = 0; b < q; b++)
      for (let a = b; a < q; a++) out[i * q + b]! += z[i * q + a]! * factor[factorAt + a * q + b]!;
  return out;
}

/** G^-1 A by forward substitution, R = G G'; A is n x width. */
function whitened(a: Float64Array, root: Float64Array, n: number, width: number): Float64Array {
  const out = a.slice();
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      const g = root[i * n + j]!;
      if (g !== 0) for (let c = 0; c < width; c++) out[i * width + c]! -= g * out[j * width + c]!;
    }
    for (let c = 0; c < width; c++) out[i * width + c]! /= root[i * n + i]!;
  }
  return out;
}

/** L (G G')^-1 L' = (L G^-T)(L G^-T)', G the Cholesky factor of A. */
function posteriorCovariance(
  rootInner: Float64Array,
  factor: Float64Array,
  factorAt: number,
  q: number,
): Float64Array {
  const half = new Float64Array(q * q);
  for (let a = 0; a < q; a++)
    for (let b = 0; b < q; b++) {
      let sum = b <= a ? factor[factorAt + a * q + b]! : 0;
      for (let c = 0; c < b; c++) sum -= rootInner[b * q + c]! * half[a * q + c]!;
      half[a * q + b] = sum / rootInner[b * q + b]!;
    }
  const out = new Float64Array(q * q);
  for (let a = 0; a < q; a++)
    for (let b = 0; b < q; b++)
      for (let c = 0; c < q; c++) out[a * q + b]! += half[a * q + c]! * half[b * q + c]!;
  return out;
}

/**
 * z'C z of a symmetric matrix.
 * @param z - rows of length q; the one at `at` is used
 * @param at - position of the row
 * @param c - q x q
 * @param q - size
 * @param other - position of a second row, for z'C w; default the same row
 * @returns the form
 */
export function quadraticForm(
  z: Float64Array,
  at: number,
  c: Float64Array,
  q: number,
  other: number = at,
): number {
  let sum = 0;
  for (let a = 0; a < q; a++) for (let b = 0; b < q; b++) sum += z[at + a]! * c[a * q + b]! * z[other + b]!;
  return sum;
}
