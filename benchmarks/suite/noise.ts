import type { Timing } from "../measure.js";

/** Expected range of n standard normal draws, n = 2 to 8 (Tippett 1925): a range divided by it estimates the standard deviation. */
const EXPECTED_RANGE = [1.128, 1.693, 2.059, 2.326, 2.534, 2.704, 2.847];
/** Spread assumed where there is one run only, on the log scale. */
const UNKNOWN_SPREAD = 0.1;
/** From one process to the next even the same program differs by some per cent (memory layout, temperature). */
const LEAST_BAND = 0.05;
/** Standard errors that a difference must exceed: the spread of few runs is itself uncertain, and a suite has some thirty measures. */
const STANDARD_ERRORS = 4;

/**
 * Standard deviation of the logarithm of a time, estimated from several runs: from the median absolute deviation (times 1.4826)
 * with nine runs or more, from the range with two to eight (where that deviation is too often near zero).
 * @param timing - the runs
 * @returns log units: 0.05 is about 5%
 */
export function logSpread({ runs }: Timing): number {
  const logs = runs.map(Math.log).sort((a, b) => a - b);
  const n = logs.length;
  if (n < 2) return UNKNOWN_SPREAD;
  if (n - 2 < EXPECTED_RANGE.length) return (logs[n - 1]! - logs[0]!) / EXPECTED_RANGE[n - 2]!;
  const centre = medianOf(logs);
  return 1.4826 * medianOf(logs.map((value) => Math.abs(value - centre)).sort((a, b) => a - b));
}

/**
 * Standard error of the median on the log scale: 1.2533 s / sqrt(n), as for the median of a normal sample.
 * @param timing - the runs
 * @returns log units
 */
export function logStandardError(timing: Timing): number {
  return (1.2533 * logSpread(timing)) / Math.sqrt(Math.max(1, timing.runs.length));
}

/** How two times of the same work compare. */
export interface Difference {
  /** New median over old. */
  readonly ratio: number;
  /** Ratios from 1 / band to band are noise. */
  readonly band: number;
  readonly verdict: "slower" | "faster" | "same";
}

/**
 * Compares two timings with a noise band from the spread of both: exp(max(0.05, 4 sqrt(e_old^2 + e_new^2))), e the standard error of
 * the log of a median.
 * @param before - the old
 * @param after - the new
 * @returns ratio, band and which side of it the ratio is on
 */
export function compareTimings(before: Timing, after: Timing): Difference {
  const error = Math.hypot(logStandardError(before), logStandardError(after));
  const band = Math.exp(Math.max(LEAST_BAND, STANDARD_ERRORS * error));
  const ratio = after.median / before.median;
  return { ratio, band, verdict: ratio > band ? "slower" : ratio < 1 / band ? "faster" : "same" };
}

function medianOf(sorted: readonly number[]): number {
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
