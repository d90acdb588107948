import { tQuantile, tUpperTail } from "../../core/distributions.js";
import { invertPositiveDefinite, symmetricEigen } from "../../core/linalg.js";
import type { Objective } from "../fit/objective.js";
import type { ParameterEstimate } from "../result.js";
import type { SatterthwaiteTerms } from "./types.js";

/** What {@link satterthwaiteTerms} needs: a finished one-class fit. */
export interface SatterthwaiteInput {
  /** Its log-likelihood, restricted or not. */
  readonly objective: Objective;
  /** Free vector at the maximum. */
  readonly x: Float64Array;
  /** Number of fixed coefficients, P; they are the first of the free vector and of the reported parameters. */
  readonly nFixed: number;
  /** nReported x nParameters: derivative of the reported parameters in the free vector. */
  readonly jacobian: Float64Array;
  /** nParameters^2: inverse observed information of the free vector. */
  readonly inverse: Float64Array;
  /** Complete-data standard error of each parameter of the free vector. */
  readonly scale: Float64Array;
}

/** Step of the differences in standard errors, which may be no larger than 1 (the parameters are of that order at most). */
const STEP = 1e-3;

/**
 * The derivatives of the covariance of the fixed effects, C = (X'V^-1 X)^-1, in the variance parameters by central
 * differences, and the covariance of those parameters: the block of the inverse observed information, which is the inverse
 * of the information of the likelihood with the fixed effects maximised out.
 * @param input - a one-class fit
 * @returns what degrees of freedom are computed from; null where X'V^-1 X is singular
 * Source: Giesbrecht & Burns (1985); Kuznetsova, Brockhoff & Christensen (2017), section 3.
 */
export function satterthwaiteTerms(input: SatterthwaiteInput): SatterthwaiteTerms | null {
  const { x, nFixed, inverse, scale } = input;
  const n = x.length;
  const covariance = covarianceAt(input, x);
  if (covariance === null) return null;
  const derivatives: number[][][] = [];
  const moved = x.slice();
  for (let j = nFixed; j < n; j++) {
    const step = STEP * Math.min(1, scale[j]!);
    moved[j] = x[j]! + step;
    const above = covarianceAt(input, moved);
    moved[j] = x[j]! - step;
    const below = covarianceAt(input, moved);
    moved[j] = x[j]!;
    if (above === null || below === null) return null;
    derivatives.push(above.map((row, a) => row.map((value, b) => (value - below[a]![b]!) / (2 * step))));
  }
  return {
    covariance,
    derivatives,
    varianceCovariance: Array.from({ length: n - nFixed }, (_, i) =>
      Array.from(inverse.subarray((nFixed + i) * n + nFixed, (nFixed + i + 1) * n)),
    ),
  };
}

/** C at x, on the user's scale. */
function covarianceAt(
  { objective, nFixed, jacobian }: SatterthwaiteInput,
  x: Float64Array,
): number[][] | null {
  objective.evaluate(x, true);
  const internal = invertPositiveDefinite(objective.last.informationBeta, nFixed);
  if (internal === null) return null;
  const n = x.length;
  const entry = (a: number, b: number): number => {
    let sum = 0;
    for (let i = 0; i < nFixed; i++)
      for (let j = 0; j < nFixed; j++)
        sum += jacobian[a * n + i]! * internal[i * nFixed + j]! * jacobian[b * n + j]!;
    return sum;
  };
  return Array.from({ length: nFixed }, (_, a) => Array.from({ length: nFixed }, (_row, b) => entry(a, b)));
}

/**
 * Satterthwaite's degrees of freedom of one combination c'beta: 2 (c'Cc)^2 / (g'A g), g the derivatives of c'Cc in the variance
 * parameters, A their covariance.
 * @param terms - see {@link satterthwaiteTerms}
 * @param weights - c, one per fixed coefficient
 * @returns degrees of freedom above 0; null where the variance of c'beta or the uncertainty about it is not known
 * Source: Satterthwaite (1946); Giesbrecht & Burns (1985).
 */
export function degreesOfFreedom(terms: SatterthwaiteTerms, weights: ArrayLike<number>): number | null {
  const variance = quadratic(terms.covariance, weights);
  const gradient = terms.derivatives.map((derivative) => quadratic(derivative, weights));
  const uncertainty = quadratic(terms.varianceCovariance, gradient);
  const df = (2 * variance ** 2) / uncertainty;
  return variance > 0 && uncertainty > 0 && Number.isFinite(df) ? df : null;
}

/**
 * Denominator degrees of freedom of the F test of several combinations at once: their covariance is turned to its principal axes,
 * each axis has a t with degrees of freedom nu_m, and those of F give it the mean that the t^2 have:
 * 2 E / (E - q), E = sum of nu_m / (nu_m - 2). Depends a little on the units of the coefficients, as the axes do.
 * @param terms - see {@link satterthwaiteTerms}
 * @param rows - q independent combinations, one weight per fixed coefficient each
 * @returns degrees of freedom; 2 where some axis has no more than 2 (F then has no mean); null where they are not known
 * Source: Fai & Cornelius (1996); as in Kuznetsova, Brockhoff & Christensen (2017).
 */
export function jointDegreesOfFreedom(
  terms: SatterthwaiteTerms,
  rows: readonly ArrayLike<number>[],
): number | null {
  const q = rows.length;
  const products = new Float64Array(q * q);
  rows.forEach((left, a) => {
    rows.forEach((right, b) => {
      products[a * q + b] = bilinear(terms.covariance, left, right);
    });
  });
  const { vectors } = symmetricEigen(products, q);
  const each = rows.map((_, m) =>
    degreesOfFreedom(
      terms,
      Array.from({ length: rows[0]!.length }, (_weight, j) =>
        rows.reduce((sum, row, a) => sum + vectors[a * q + m]! * row[j]!, 0),
      ),
    ),
  );
  const known = each.filter((df) => df !== null);
  if (known.length < q) return null;
  const spread = Math.max(...known) - Math.min(...known);
  if (spread < 1e-8 * known[0]!) return known[0]!;
  if (known.some((df) => df <= 2)) return 2;
  // E - q, summed as such: with very many degrees of freedom E is q to the last digit.
  const excess = known.reduce((sum, df) => sum + 2 / (df - 2), 0);
  return (2 * (q + excess)) / excess;
}

/**
 * Puts t tests in place of normal ones where degrees of freedom are known.
 * @param parameters - reported parameters, the fixed effects first
 * @param terms - see {@link satterthwaiteTerms}; null leaves everything as it is
 * @returns the parameters with `df`, and `p` and the 95% interval from t with so many degrees of freedom
 */
export function withDegreesOfFreedom(
  parameters: readonly ParameterEstimate[],
  terms: SatterthwaiteTerms | null,
): readonly ParameterEstimate[] {
  if (terms === null) return parameters;
  const nFixed = terms.covariance.length;
  return parameters.map((parameter, i) => {
    const { estimate, standardError, z } = parameter;
    if (parameter.block !== "fixed" || standardError === null || z === null || i >= nFixed) return parameter;
    const unit = Array.from({ length: nFixed }, (_, j) => (j === i ? 1 : 0));
    const df = degreesOfFreedom(terms, unit);
    if (df === null) return parameter;
    const half = tQuantile(0.975, df) * standardError;
    const p = 2 * tUpperTail(Math.abs(z), df);
    // With a small share of one degree of freedom every value is as good as another.
    if (!Number.isFinite(half)) return { ...parameter, df, p, lower: null, upper: null };
    return { ...parameter, df, p, lower: estimate - half, upper: estimate + half };
  });
}

function quadratic(matrix: readonly (readonly number[])[], weights: ArrayLike<number>): number {
  return bilinear(matrix, weights, weights);
}

function bilinear(
  matrix: readonly (readonly number[])[],
  left: ArrayLike<number>,
  right: ArrayLike<number>,
): number {
  let sum = 0;
  for (let i = 0; i < left.length; i++)
    if (left[i] !== 0) for (let j = 0; j < right.length; j++) sum += left[i]! * matrix[i]![j]! * right[j]!;
  return sum;
}
