import betainc from "@stdlib/math-base-special-betainc";
import betaincinv from "@stdlib/math-base-special-betaincinv";
import erfc from "@stdlib/math-base-special-erfc";
import erfcinv from "@stdlib/math-base-special-erfcinv";
import gammainc from "@stdlib/math-base-special-gammainc";

// Tails through the error function and the incomplete gamma and beta functions of @stdlib, to 1e-12 of their size. A tail as one
// less the other would be 0 beyond 8 standard errors.

/** Two-sided 95% point of the standard normal distribution. */
export const NORMAL_95 = 1.959963984540054;

/**
 * Standard normal upper tail P(Z > z), to 1e-12 of its size down to the smallest normal number.
 * @param z - where; infinities are allowed
 * @returns the probability; NaN for NaN
 */
export function normalUpperTail(z: number): number {
  return 0.5 * erfc(z * Math.SQRT1_2);
}

/**
 * Standard normal quantile: the z with P(Z <= z) = probability.
 * @param probability - from 0 to 1
 * @returns z; infinite at 0 and 1, NaN outside
 */
export function normalQuantile(probability: number): number {
  // erfcinv keeps its accuracy for small arguments only, so work in the nearer tail.
  if (probability > 0.5) return 0 + Math.SQRT2 * erfcinv(2 * (1 - probability));
  return 0 - Math.SQRT2 * erfcinv(2 * probability);
}

/**
 * Two-sided p value of a standard normal statistic.
 * @param z - the statistic
 * @returns P(|Z| > |z|)
 */
export function twoSidedP(z: number): number {
  return erfc(Math.abs(z) * Math.SQRT1_2);
}

/**
 * Upper tail of the chi-square distribution.
 * @param x - the statistic; at or below 0 gives 1
 * @param degreesOfFreedom - above 0
 * @returns P(X > x); NaN for impossible degrees of freedom
 */
export function chiSquareUpperTail(x: number, degreesOfFreedom: number): number {
  if (!(degreesOfFreedom > 0) || Number.isNaN(x)) return Number.NaN;
  if (x <= 0) return 1;
  if (x === Number.POSITIVE_INFINITY) return 0;
  return gammainc(x / 2, degreesOfFreedom / 2, true, true);
}

/**
 * Upper tail of Student's t distribution.
 * @param t - the statistic
 * @param degreesOfFreedom - above 0; infinity gives the normal distribution
 * @returns P(T > t); NaN for impossible degrees of freedom
 */
export function tUpperTail(t: number, degreesOfFreedom: number): number {
  if (!(degreesOfFreedom > 0) || Number.isNaN(t)) return Number.NaN;
  if (degreesOfFreedom === Number.POSITIVE_INFINITY) return normalUpperTail(t);
  if (t < 0) return 1 - tUpperTail(-t, degreesOfFreedom);
  const square = t * t;
  if (square === Number.POSITIVE_INFINITY) return 0;
  // The same probability as an incomplete beta of x or of 1 - x; take the argument that is not near 1.
  return square < degreesOfFreedom
    ? 0.5 * betainc(square / (degreesOfFreedom + square), 0.5, degreesOfFreedom / 2, true, true)
    : 0.5 * betainc(degreesOfFreedom / (degreesOfFreedom + square), degreesOfFreedom / 2, 0.5, true, false);
}

/**
 * Quantile of Student's t distribution: the t with P(T <= t) = probability.
 * @param probability - from 0 to 1
 * @param degreesOfFreedom - above 0; infinity gives the normal distribution
 * @returns t; infinite at 0 and 1, NaN outside or for impossible degrees of freedom
 */
export function tQuantile(probability: number, degreesOfFreedom: number): number {
  if (!(degreesOfFreedom > 0) || !(probability >= 0 && probability <= 1)) return Number.NaN;
  if (degreesOfFreedom === Number.POSITIVE_INFINITY) return normalQuantile(probability);
  if (probability === 0.5) return 0;
  if (probability > 0.5) return -tQuantile(1 - probability, degreesOfFreedom);
  if (probability === 0) return Number.NEGATIVE_INFINITY;
  // t^2 / (df + t^2) and its complement are beta quantiles; take the one, and the tail, that loses no digits.
  const central =
    probability < 0.25
      ? betaincinv(2 * probability, 0.5, degreesOfFreedom / 2, true)
      : betaincinv(1 - 2 * probability, 0.5, degreesOfFreedom / 2, false);
  if (central < 0.5) return -Math.sqrt((degreesOfFreedom * central) / (1 - central));
  const tail = betaincinv(2 * probability, degreesOfFreedom / 2, 0.5, false);
  return -Math.sqrt((degreesOfFreedom * (1 - tail)) / tail);
}

/**
 * Upper tail of the F distribution.
 * @param f - the statistic; at or below 0 gives 1
 * @param numeratorDf - degrees of freedom above 0
 * @param denominatorDf - degrees of freedom above 0; infinity gives chi-square / numeratorDf
 * @returns P(F > f); NaN for impossible degrees of freedom
 */
export function fUpperTail(f: number, numeratorDf: number, denominatorDf: number): number {
  if (!(numeratorDf > 0) || !(denominatorDf > 0) || Number.isNaN(f)) return Number.NaN;
  if (f <= 0) return 1;
  if (f === Number.POSITIVE_INFINITY) return 0;
  if (denominatorDf === Number.POSITIVE_INFINITY) return chiSquareUpperTail(f * numeratorDf, numeratorDf);
  const scaled = numeratorDf * f;
  return scaled < denominatorDf
    ? betainc(scaled / (denominatorDf + scaled), numeratorDf / 2, denominatorDf / 2, true, true)
    : betainc(denominatorDf / (denominatorDf + scaled), denominatorDf / 2, numeratorDf / 2, true, false);
}

/**
 * log(sum(exp(values))) without overflow or underflow.
 * @param values - logarithms; -Infinity counts as a zero term
 * @param start - index of the first entry used
 * @param count - number of entries used
 * @returns the logarithm of the sum; -Infinity for no entries
 */
export function logSumExp(
  values: ArrayLike<number>,
  start = 0,
  count: number = values.length - start,
): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (let k = start; k < start + count; k++) if (values[k]! > largest) largest = values[k]!;
  if (!Number.isFinite(largest)) {
    for (let k = start; k < start + count; k++) if (Number.isNaN(values[k]!)) return Number.NaN;
    return largest;
  }
  let sum = 0;
  for (let k = start; k < start + count; k++) sum += Math.exp(values[k]! - largest);
  return largest + Math.log(sum);
}

/**
 * Probabilities proportional to exp(logits), written into `out`.
 * @param out - receives `count` probabilities from `outStart` on; may be `logits` itself
 * @param logits - logarithms of weights
 * @param count - number of categories
 * @param outStart - first index written
 * @param logitStart - first index read
 * @returns log(sum(exp(logits))), the normalising constant
 */
export function softmaxInto(
  out: Float64Array,
  logits: ArrayLike<number>,
  count: number = logits.length,
  outStart = 0,
  logitStart = 0,
): number {
  const logSum = logSumExp(logits, logitStart, count);
  for (let k = 0; k < count; k++) out[outStart + k] = Math.exp(logits[logitStart + k]! - logSum);
  return logSum;
}
