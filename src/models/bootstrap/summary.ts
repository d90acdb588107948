import type { BootstrapSummary } from "./types.js";

/** Share of the replicates beyond each end of an interval. */
const TAIL = 0.025;
/** Relative range below which a number (one that is held fixed) does not vary. */
const ROUNDING = 1e-12;
/** Fewest replicates for which the ends of the interval lie within them. */
export const FEWEST_FOR_INTERVAL = 39;

/**
 * Standard error, bias and 95% percentile interval of one number.
 * @param estimate - of the fit
 * @param values - of the replicates
 * @returns the summary
 * Source: Efron & Tibshirani (1993): standard error, chapter 6; bias, 10; percentile interval, 13. The ends are the
 *   order statistics (B + 1) 0.025 and (B + 1) 0.975, interpolated (Davison & Hinkley 1997, section 2.4).
 */
export function summarise(estimate: number, values: Float64Array): BootstrapSummary {
  const n = values.length;
  const sorted = values.slice().sort();
  const mean = meanOf(values);
  let squares = 0;
  for (const value of values) squares += (value - mean) ** 2;
  const [smallest, largest] = [sorted[0]!, sorted[n - 1]!];
  const varies = n > 1 && largest - smallest > ROUNDING * Math.max(Math.abs(smallest), Math.abs(largest));
  const interval = varies && n >= FEWEST_FOR_INTERVAL;
  return {
    estimate,
    standardError: varies ? Math.sqrt(squares / (n - 1)) : null,
    bias: varies ? mean - estimate : null,
    lower: interval ? orderStatistic(sorted, TAIL) : null,
    upper: interval ? orderStatistic(sorted, 1 - TAIL) : null,
  };
}

/** Order statistic (n + 1) share, counted from 1, between its neighbours. */
function orderStatistic(sorted: Float64Array, share: number): number {
  const at = Math.min(Math.max((sorted.length + 1) * share, 1), sorted.length);
  const below = Math.floor(at);
  const above = Math.min(below + 1, sorted.length);
  return sorted[below - 1]! + (at - below) * (sorted[above - 1]! - sorted[below - 1]!);
}

/**
 * Mean of some numbers.
 * @param values - the numbers
 * @returns their mean; NaN of none
 */
export function meanOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
}

/**
 * Sample covariance of the columns of a matrix.
 * @param values - n x p row-major
 * @param p - columns
 * @returns p x p; null with fewer than two rows
 */
export function covarianceOfColumns(values: Float64Array, p: number): number[][] | null {
  const n = p === 0 ? 0 : values.length / p;
  if (n < 2) return null;
  const means = Array.from({ length: p }, (_, j) => meanOf(columnOf(values, p, j)));
  const out = means.map(() => new Array<number>(p).fill(0));
  for (let r = 0; r < n; r++)
    for (let i = 0; i < p; i++) {
      const deviation = (values[r * p + i]! - means[i]!) / (n - 1);
      for (let j = 0; j <= i; j++) out[i]![j]! += deviation * (values[r * p + j]! - means[j]!);
    }
  for (let i = 0; i < p; i++) for (let j = 0; j < i; j++) out[j]![i] = out[i]![j]!;
  return out;
}

/**
 * A column of a matrix.
 * @param values - n x p row-major
 * @param p - columns
 * @param j - which
 * @returns n numbers
 */
export function columnOf(values: Float64Array, p: number, j: number): Float64Array {
  return Float64Array.from({ length: values.length / p }, (_, r) => values[r * p + j]!);
}
