import type { RowData } from "../design/rowData.js";
import type { Evaluation } from "./types.js";

// Residual covariance of the rows of a pattern: R = S C S, S = diag(s_t) the residual standard deviations and C a first-order
// autocorrelation: neighbours t - 1, t correlate by phi_t = rho^lag_t. Then r'R^-1 r = sum_t rw_t^2 with
//   rw_t = a_t r_t - c_t r_(t-1),   a_t = 1 / (s_t sqrt(1 - phi_t^2)),   c_t = phi_t / (s_(t-1) sqrt(1 - phi_t^2)),
//   log|R| = sum_t { 2 log s_t + log(1 - phi_t^2) },   phi_1 = 0,
// so rows are whitened two at a time, whatever their number.
// Source: Jones & Boadi-Boateng (1991) for the continuous-time form; Pinheiro & Bates (2000, section 5.3).

/** Autocorrelations as near to one as this are refused. */
const NEAREST_TO_ONE = 1e-12;

/** What whitens the rows of one pattern under one class. */
export interface Whitening {
  n: number;
  /** s_t. */
  readonly sd: Float64Array;
  /** phi_t; 0 for the first row. */
  readonly phi: Float64Array;
  /** d phi_t / d rho. */
  readonly phiSlope: Float64Array;
  /** a_t and c_t. */
  readonly own: Float64Array;
  readonly before: Float64Array;
  /** Index of the residual variance of each row. */
  readonly variance: Int32Array;
  logDeterminant: number;
}

/**
 * Allocates the work space.
 * @param maxRows - most rows of a pattern
 * @returns the work space
 */
export function allocateWhitening(maxRows: number): Whitening {
  return {
    n: 0,
    sd: new Float64Array(maxRows),
    phi: new Float64Array(maxRows),
    phiSlope: new Float64Array(maxRows),
    own: new Float64Array(maxRows),
    before: new Float64Array(maxRows),
    variance: new Int32Array(maxRows),
    logDeterminant: 0,
  };
}

/**
 * Computes what whitens the rows of pattern `g`.
 * @param w - filled
 * @param rows - row data
 * @param g - pattern
 * @param residual - residual parameters of the class at `offset`: variances, then rho where `correlated`
 * @param offset - position of the class's parameters
 * @param nVariances - variances: 1, or one per occasion
 * @param correlated - whether rho follows
 */
export function computeWhitening(
  w: Whitening,
  rows: RowData,
  g: number,
  residual: Float64Array,
  offset: number,
  nVariances: number,
  correlated: boolean,
): void {
  const first = rows.patternRow[g]!;
  const n = rows.patternRow[g + 1]! - first;
  const rho = correlated ? residual[offset + nVariances]! : 0;
  w.n = n;
  // NaN makes the objective refuse the point.
  const isRefused = correlated && 1 - Math.abs(rho) < NEAREST_TO_ONE;
  let logDeterminant = isRefused ? Number.NaN : 0;
  for (let t = 0; t < n; t++) {
    const v = nVariances > 1 ? rows.occasion[first + t]! : 0;
    const variance = residual[offset + v]!;
    const sd = Math.sqrt(variance);
    const lag = rows.lag[first + t]!;
    const linked = correlated && t > 0;
    const phi = linked ? rho ** lag : 0;
    const innovation = 1 - phi * phi;
    const root = Math.sqrt(innovation);
    w.variance[t] = v;
    w.sd[t] = sd;
    w.phi[t] = phi;
    // At 0 the slope of a lag below 1 is infinite; no parameter moves there.
    w.phiSlope[t] = linked && (rho !== 0 || lag >= 1) ? lag * rho ** (lag - 1) : 0;
    w.own[t] = 1 / (sd * root);
    w.before[t] = t > 0 ? phi / (w.sd[t - 1]! * root) : 0;
    logDeterminant += Math.log(variance) + Math.log(innovation);
  }
  w.logDeterminant = logDeterminant;
}

/**
 * Whitens one column: out_t = a_t r_t - c_t r_(t-1).
 * @param out - n numbers, every `stride`-th from `outAt`
 * @param outAt - first entry written
 * @param w - the whitening
 * @param r - n numbers, every `stride`-th from `rAt`; not `out`
 * @param rAt - first entry read
 * @param stride - distance between neighbours in both
 */
export function whitenInto(
  out: Float64Array,
  outAt: number,
  w: Whitening,
  r: Float64Array,
  rAt: number,
  stride: number,
): void {
  let previous = 0;
  for (let t = 0; t < w.n; t++) {
    const value = r[rAt + t * stride]!;
    out[outAt + t * stride] = w.own[t]! * value - w.before[t]! * previous;
    previous = value;
  }
}

/**
 * Adds a pattern's share to the gradient of the residual parameters of class k. With E the expected products of residuals
 * given the random effects (E11_t of row t with itself, E10_t with the row before), the share is that of
 *   -1/2 sum_t { weight (2 log s_t + log(1 - phi_t^2)) + Q_t / (1 - phi_t^2) },
 *   Q_t = E11_t / s_t^2 - 2 phi_t E10_t / (s_t s_(t-1)) + phi_t^2 E11_(t-1) / s_(t-1)^2.
 * @param out - `gradientResidual` of class k is added to, at `at`
 * @param at - first residual parameter of the class
 * @param nVariances - its variances
 * @param w - the whitening
 * @param weight - sum of posteriors (0: only the part of the products)
 * @param e11 - n numbers at `eAt`
 * @param e10 - n numbers at `eAt`; the first is not read
 * @param eAt - first entry read
 * Source: Fisher's identity with the random effects as missing data (Laird & Ware 1982).
 */
export function foldResidual(
  out: Evaluation,
  at: number,
  nVariances: number,
  w: Whitening,
  weight: number,
  e11: Float64Array,
  e10: Float64Array,
  eAt: number,
): void {
  const { gradientResidual } = out;
  for (let t = 0; t < w.n; t++) {
    const s = w.sd[t]!;
    const own = e11[eAt + t]! / (s * s);
    const phi = w.phi[t]!;
    const toVariance = 1 / (2 * s * s);
    if (phi === 0 && w.phiSlope[t] === 0) {
      gradientResidual[at + w.variance[t]!]! += (own - weight) * toVariance;
      continue;
    }
    const s0 = w.sd[t - 1]!;
    const cross = e10[eAt + t]! / (s * s0);
    const before = e11[eAt + t - 1]! / (s0 * s0);
    const inverse = 1 / (1 - phi * phi);
    const q = own - 2 * phi * cross + phi * phi * before;
    gradientResidual[at + w.variance[t]!]! += ((own - phi * cross) * inverse - weight) * toVariance;
    gradientResidual[at + w.variance[t - 1]!]! +=
      ((phi * phi * before - phi * cross) * inverse) / (2 * s0 * s0);
    gradientResidual[at + nVariances]! +=
      w.phiSlope[t]! * inverse * (weight * phi + cross - phi * before - phi * q * inverse);
  }
}
