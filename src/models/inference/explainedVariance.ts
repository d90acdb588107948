import type { Moments } from "../design/moments.js";
import type { Design } from "../design/types.js";
import type { ClassParameters } from "../kernels/types.js";
import type { ExplainedVariance, VarianceComponents } from "./types.js";

/** Sums over all rows, internal scale, of x (one entry per fixed coefficient) and of the random-effect columns z. */
export interface RowSums {
  nRows: number;
  /** P: sum of x. */
  readonly fixed: Float64Array;
  /** P x P: sum of x x'. */
  readonly fixedProducts: Float64Array;
  /** q x q: sum of z z'. */
  readonly randomProducts: Float64Array;
}

/** What {@link explainedVariance} needs. */
export interface ExplainedInput {
  readonly sums: RowSums;
  /** Class parameters, internal scale. */
  readonly parameters: ClassParameters;
  readonly nFixed: number;
  readonly nRandom: number;
  /** K: class proportions, summing to 1. */
  readonly proportions: readonly number[];
  /** Residual variance, internal scale, averaged over rows and (by proportion) over classes. */
  readonly residualVariance: number;
  /** Variance on the user's scale per unit of internal variance. */
  readonly outcomeVariance: number;
  /** On the user's scale, one entry per class: intercept and variance of the random intercept; null where there is none. */
  readonly intercept: { readonly fixed: readonly number[] | null; readonly random: readonly number[] | null };
}

/**
 * Sums over the rows from the moments: a row's x is the product of a basis and a person column, so x x' summed over a pattern is
 * B'B times the sum of w w' over its persons. Of the rows themselves only one person per pattern is looked at.
 * @param design - the design with its moments
 * @param fromRows - B'B from these rows, not from the moments: where loadings of a latent basis were estimated
 * @returns the sums
 */
export function rowSums(design: Design, fromRows = false): RowSums {
  const { moments, fixed } = design;
  const { nPatterns, nBasis: m, nRandom: q, nPersonColumns: c } = moments;
  const { nFixed } = fixed;
  const patterns = patternSums(design, fromRows);
  const products = patterns.products ?? moments.btb;
  const out: RowSums = {
    nRows: 0,
    fixed: new Float64Array(nFixed),
    fixedProducts: new Float64Array(nFixed * nFixed),
    randomProducts: new Float64Array(q * q),
  };
  for (let g = 0; g < nPatterns; g++) {
    const people = personSums(moments, g);
    out.nRows += people.count * moments.patternSessions[g]!;
    for (let i = 0; i < nFixed; i++) {
      const row = (g * m + fixed.basis[i]!) * m;
      const wi = fixed.person[i]!;
      out.fixed[i]! += patterns.sums[g * m + fixed.basis[i]!]! * people.sum[wi]!;
      for (let j = 0; j < nFixed; j++)
        out.fixedProducts[i * nFixed + j]! +=
          products[row + fixed.basis[j]!]! * people.products[wi * c + fixed.person[j]!]!;
    }
    for (let a = 0; a < q; a++)
      for (let b = 0; b < q; b++)
        out.randomProducts[a * q + b]! += people.count * products[(g * m + a) * m + b]!;
  }
  return out;
}

/**
 * Each pattern's column sums, nPatterns x m: beside an intercept they stand in B'B. On request, and where there is no intercept, from
 * the rows of the pattern's first person, with products, nPatterns x m x m.
 */
function patternSums(
  design: Design,
  fromRows: boolean,
): { sums: Float64Array; products: Float64Array | null } {
  const { nPatterns, nBasis: m, btb } = design.moments;
  const constant = design.stored.basisNames.indexOf("(Intercept)");
  if (fromRows || constant < 0) return sumRows(design, fromRows);
  const sums = new Float64Array(nPatterns * m);
  for (let g = 0; g < nPatterns; g++)
    for (let a = 0; a < m; a++) sums[g * m + a] = btb[(g * m + constant) * m + a]!;
  return { sums, products: null };
}

function sumRows(
  { moments, rowBasis, keptPersons, keptStart }: Design,
  withProducts: boolean,
): { sums: Float64Array; products: Float64Array | null } {
  const { nPatterns, nBasis: m, patternStart, personIndex } = moments;
  const rankOf = new Int32Array(keptPersons.reduce((most, person) => Math.max(most, person), -1) + 1);
  keptPersons.forEach((person, rank) => {
    rankOf[person] = rank;
  });
  const sums = new Float64Array(nPatterns * m);
  const products = withProducts ? new Float64Array(nPatterns * m * m) : null;
  for (let g = 0; g < nPatterns; g++) {
    const rank = rankOf[personIndex[patternStart[g]!]!]!;
    for (let r = keptStart[rank]!; r < keptStart[rank + 1]!; r++)
      for (let a = 0; a < m; a++) {
        const value = rowBasis[a]![r]!;
        sums[g * m + a]! += value;
        if (products !== null)
          for (let b = 0; b < m; b++) products[(g * m + a) * m + b]! += value * rowBasis[b]![r]!;
      }
  }
  return { sums, products };
}

/** Number of persons of a pattern, and their sums of w and w w', each person counted with their weight. */
function personSums(
  moments: Moments,
  g: number,
): { count: number; sum: Float64Array; products: Float64Array } {
  const { nPersonColumns: c, w, weights, patternStart } = moments;
  const sum = new Float64Array(c);
  const products = new Float64Array(c * c);
  if (c === 1 && weights.length === 0) {
    const count = patternStart[g + 1]! - patternStart[g]!;
    return { count, sum: sum.fill(count), products: products.fill(count) };
  }
  for (let i = patternStart[g]!; i < patternStart[g + 1]!; i++) {
    const weight = weights.length === 0 ? 1 : weights[i]!;
    for (let a = 0; a < c; a++) {
      const wa = a === 0 ? weight : weight * w[i * c + a]!;
      sum[a]! += wa;
      for (let b = 0; b < c; b++) products[a * c + b]! += wa * (b === 0 ? 1 : w[i * c + b]!);
    }
  }
  return { count: sum[0]!, sum, products };
}

/**
 * Residual variance averaged over rows and classes.
 * @param variances - K x occasions: residual variance of each class at each occasion that has its own (one for all: K x 1)
 * @param proportions - K: class proportions, summing to 1
 * @param occasionShares - share of the rows at each of these occasions, summing to 1
 * @returns the average, on the scale of `variances`
 */
export function meanResidualVariance(
  variances: Float64Array,
  proportions: readonly number[],
  occasionShares: readonly number[],
): number {
  const nOccasions = occasionShares.length;
  return proportions.reduce(
    (sum, proportion, k) =>
      sum +
      proportion * occasionShares.reduce((own, share, o) => own + share * variances[k * nOccasions + o]!, 0),
    0,
  );
}

/**
 * Splits the variance of the scores over the rows, and from it R^2 and the intraclass correlation. With b_k the fixed effects of
 * class k, pi_k its proportion, b = sum of pi_k b_k, and mean and variance taken over the rows (divisor n):
 *   fixed effects:  variance of x'b            classes:  mean of sum of pi_k (x'b_k - x'b)^2
 *   random effects: mean of sum of pi_k z'D_k z   residual: mean of sum of pi_k s2_k
 * @param input - sums over rows and estimates
 * @returns components on the user's scale and shares
 * Source: one class: Nakagawa & Schielzeth (2013), with random slopes Johnson (2014); classes as a component: ours, by
 * the law of total variance.
 */
export function explainedVariance(input: ExplainedInput): ExplainedVariance {
  const components = varianceComponents(input);
  const { fixedEffects, classes, randomEffects, residual, total } = components;
  const share = (part: number, whole: number): number | null =>
    whole > 0 ? Math.min(part / whole, 1) : null;
  const between = classes + randomEffects;
  const atIntercept = interceptVariance(input);
  return {
    components,
    marginalR2: share(fixedEffects, total),
    classR2: input.parameters.nClasses === 1 ? null : share(fixedEffects + classes, total),
    conditionalR2: share(fixedEffects + between, total),
    intraclassCorrelation: share(between, between + residual),
    interceptIntraclassCorrelation: atIntercept === null ? null : share(atIntercept, atIntercept + residual),
  };
}

function varianceComponents(input: ExplainedInput): VarianceComponents {
  const { sums, parameters, nFixed, nRandom: q, proportions, residualVariance } = input;
  const outcome = input.outcomeVariance;
  const n = sums.nRows;
  const average = averageCoefficients(input);
  let mean = 0;
  for (let j = 0; j < nFixed; j++) mean += (average[j]! * sums.fixed[j]!) / n;
  const fixedEffects = Math.max(quadratic(sums.fixedProducts, average) / n - mean ** 2, 0) * outcome;
  let classes = 0;
  let randomEffects = 0;
  proportions.forEach((proportion, k) => {
    const apart = average.map((value, j) => parameters.beta[k * nFixed + j]! - value);
    classes += (proportion * quadratic(sums.fixedProducts, apart) * outcome) / n;
    // trace(L'S L), column by column of L.
    for (let c = 0; c < q; c++) {
      const column = Float64Array.from({ length: q }, (_, a) => parameters.factor[(k * q + a) * q + c]!);
      randomEffects += (proportion * quadratic(sums.randomProducts, column) * outcome) / n;
    }
  });
  const residual = residualVariance * outcome;
  return {
    fixedEffects,
    classes,
    randomEffects,
    residual,
    total: fixedEffects + classes + randomEffects + residual,
  };
}

/** Variance of the intercepts between people: of the classes and of the random intercept; null where there is neither. */
function interceptVariance({ proportions, intercept, parameters }: ExplainedInput): number | null {
  const { fixed, random } = intercept;
  if (random === null && (fixed === null || parameters.nClasses === 1)) return null;
  const average = (values: readonly number[]): number =>
    values.reduce((sum, value, k) => sum + proportions[k]! * value, 0);
  const mean = average(fixed ?? proportions.map(() => 0));
  return (
    (random === null ? 0 : average(random)) +
    (fixed === null ? 0 : average(fixed.map((value) => (value - mean) ** 2)))
  );
}

function averageCoefficients({ parameters, nFixed, proportions }: ExplainedInput): Float64Array {
  return Float64Array.from({ length: nFixed }, (_, j) =>
    proportions.reduce((sum, proportion, k) => sum + proportion * parameters.beta[k * nFixed + j]!, 0),
  );
}

function quadratic(matrix: Float64Array, x: Float64Array): number {
  const n = x.length;
  let sum = 0;
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) sum += x[i]! * matrix[i * n + j]! * x[j]!;
  return Math.max(sum, 0);
}
