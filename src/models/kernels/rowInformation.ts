import type { PatternAlgebra } from "./pattern.js";
import type { Evaluation } from "./types.js";
import type { Whitening } from "./whitening.js";

// Expected information of the residual parameters r, s of a class from one pattern. With P = R^-1 (tridiagonal),
// G = R V^-1 Z = Z T' and N = R V^-1 R = R - Z M Z':
//   Z'V^-1 dV_r V^-1 Z          = -G' dP_r G
//   tr(V^-1 dV_r V^-1 dV_s)     = tr(dP_r N dP_s N)
// because dV = dR = -R dP R.

/** Work space of {@link foldResidualInformation}. */
export interface InformationScratch {
  /** n: diagonal and lower neighbour of dP. */
  readonly diagonal: Float64Array;
  readonly off: Float64Array;
  /** n x q. */
  readonly g: Float64Array;
  /** n x n. */
  readonly dense: Float64Array;
  /** nResidual x n x n: dP_r N. */
  readonly products: Float64Array;
  /** nResidual: whether the pattern has rows that the parameter touches. */
  readonly present: Uint8Array;
}

/**
 * Allocates the work space.
 * @param maxRows - most rows of a pattern
 * @param nRandom - q
 * @param nResidual - residual parameters of a class
 * @returns the work space
 */
export function allocateInformation(maxRows: number, nRandom: number, nResidual: number): InformationScratch {
  return {
    diagonal: new Float64Array(maxRows),
    off: new Float64Array(maxRows),
    g: new Float64Array(maxRows * nRandom),
    dense: new Float64Array(maxRows * maxRows),
    products: new Float64Array(nResidual * maxRows * maxRows),
    present: new Uint8Array(nResidual),
  };
}

/**
 * Adds a pattern's share to the information of the residual parameters of class k, and of them with D.
 * @param out - added to
 * @param k - class
 * @param x - work space
 * @param w - the whitening
 * @param p - algebra of the whitened rows
 * @param basis - B, n x m
 * @param nVariances - variances of a class
 * @param nResidual - residual parameters of a class
 * @param weight - sum of posteriors
 */
export function foldResidualInformation(
  out: Evaluation,
  k: number,
  x: InformationScratch,
  w: Whitening,
  p: PatternAlgebra,
  basis: Float64Array,
  nVariances: number,
  nResidual: number,
  weight: number,
): void {
  const { n } = w;
  const { nRandom: q } = p;
  spreadRandomEffects(x, w, p, basis);
  for (let r = 0; r < nResidual; r++) {
    x.present[r] = r < nVariances ? changeByVariance(x, w, r) : changeByCorrelation(x, w);
    if (x.present[r] === 0) continue;
    const at = (k * nResidual + r) * q * q;
    for (let t = 0; t < n; t++)
      for (let a = 0; a < q; a++)
        for (let b = 0; b < q; b++) {
          let sum = x.diagonal[t]! * x.g[t * q + a]! * x.g[t * q + b]!;
          if (t > 0)
            sum +=
              x.off[t]! * (x.g[t * q + a]! * x.g[(t - 1) * q + b]! + x.g[(t - 1) * q + a]! * x.g[t * q + b]!);
          out.informationDResidual[at + a * q + b]! -= weight * sum;
        }
    multiplyChange(x, n, r);
    for (let s = 0; s <= r; s++) {
      if (x.present[s] === 0) continue;
      const value = weight * traceOfProducts(x, n, r, s);
      out.informationResidual[(k * nResidual + r) * nResidual + s]! += value;
      if (s < r) out.informationResidual[(k * nResidual + s) * nResidual + r]! += value;
    }
  }
}

/** G = Z T' and N = R - Z M Z'. */
function spreadRandomEffects(
  x: InformationScratch,
  w: Whitening,
  p: PatternAlgebra,
  basis: Float64Array,
): void {
  const { n } = w;
  const { nRandom: q, nBasis: m } = p;
  for (let t = 0; t < n; t++)
    for (let a = 0; a < q; a++) {
      let sum = 0;
      for (let b = 0; b < q; b++) sum += basis[t * m + b]! * p.t[a * q + b]!;
      x.g[t * q + a] = sum;
    }
  for (let s = 0; s < n; s++) {
    // Column s of R below the diagonal: each row follows from the one above it.
    let r = w.sd[s]! ** 2;
    for (let t = s; t < n; t++) {
      if (t > s) r *= (w.phi[t]! * w.sd[t]!) / w.sd[t - 1]!;
      let shared = 0;
      for (let a = 0; a < q; a++)
        for (let b = 0; b < q; b++) shared += basis[t * m + a]! * p.m[a * q + b]! * basis[s * m + b]!;
      x.dense[t * n + s] = r - shared;
      x.dense[s * n + t] = r - shared;
    }
  }
}

/** dP for the residual variance v; 0 where no row has it. */
function changeByVariance(x: InformationScratch, w: Whitening, v: number): number {
  let present = 0;
  for (let t = 0; t < w.n; t++) {
    const s2 = w.sd[t]! ** 2;
    const here = w.variance[t] === v ? 1 / s2 : 0;
    const after = t + 1 < w.n ? w.phi[t + 1]! ** 2 / (1 - w.phi[t + 1]! ** 2) : 0;
    x.diagonal[t] = -here * (1 / (1 - w.phi[t]! ** 2) + after) * (1 / s2);
    if (here > 0) present = 1;
    if (t === 0) continue;
    const above = w.variance[t - 1] === v ? 1 / w.sd[t - 1]! ** 2 : 0;
    // P_(t, t-1) = -a_t c_t is proportional to 1 / (s_t s_(t-1)).
    x.off[t] = 0.5 * w.own[t]! * w.before[t]! * (here + above);
  }
  return present;
}

/** dP for rho; 0 where the pattern has one row. */
function changeByCorrelation(x: InformationScratch, w: Whitening): number {
  for (let t = 0; t < w.n; t++) {
    const own = correlationChange(w, t);
    const after = t + 1 < w.n ? correlationChange(w, t + 1) : 0;
    x.diagonal[t] = (own + after) / w.sd[t]! ** 2;
    if (t === 0) continue;
    const phi2 = w.phi[t]! ** 2;
    x.off[t] = (-w.phiSlope[t]! * (1 + phi2)) / (w.sd[t]! * w.sd[t - 1]! * (1 - phi2) ** 2);
  }
  return w.n > 1 ? 1 : 0;
}

/** d / d rho of 1 / (1 - phi_t^2). */
function correlationChange(w: Whitening, t: number): number {
  const phi = w.phi[t]!;
  return (w.phiSlope[t]! * 2 * phi) / (1 - phi * phi) ** 2;
}

/** products_r = dP_r N. */
function multiplyChange(x: InformationScratch, n: number, r: number): void {
  const { diagonal, off, dense, products } = x;
  const at = r * n * n;
  for (let t = 0; t < n; t++)
    for (let s = 0; s < n; s++) {
      let sum = diagonal[t]! * dense[t * n + s]!;
      if (t > 0) sum += off[t]! * dense[(t - 1) * n + s]!;
      if (t + 1 < n) sum += off[t + 1]! * dense[(t + 1) * n + s]!;
      products[at + t * n + s] = sum;
    }
}

function traceOfProducts({ products }: InformationScratch, n: number, r: number, s: number): number {
  let sum = 0;
  for (let t = 0; t < n; t++)
    for (let u = 0; u < n; u++) sum += products[(r * n + t) * n + u]! * products[(s * n + u) * n + t]!;
  return sum;
}
