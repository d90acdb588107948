/** Moments of weighted values. */
export interface DistributionShape {
  /** Sum of weights. */
  readonly weight: number;
  readonly mean: number;
  readonly sd: number;
  /** m3 / m2^(3/2); 0 where the values do not vary. */
  readonly skewness: number;
  /** m4 / m2^2 - 3; 0 where the values do not vary. */
  readonly excessKurtosis: number;
}

/**
 * Mean, standard deviation, skewness and excess kurtosis.
 * @param values - the values
 * @param weights - one weight per value; default 1 each
 * @returns the moments; zeros where there is nothing
 */
export function shapeOf(values: Float64Array, weights?: Float64Array): DistributionShape {
  let weight = 0;
  let sum = 0;
  for (let i = 0; i < values.length; i++) {
    const w = weights === undefined ? 1 : weights[i]!;
    weight += w;
    sum += w * values[i]!;
  }
  if (!(weight > 0)) return { weight: 0, mean: 0, sd: 0, skewness: 0, excessKurtosis: 0 };
  const mean = sum / weight;
  let m2 = 0;
  let m3 = 0;
  let m4 = 0;
  for (let i = 0; i < values.length; i++) {
    const w = weights === undefined ? 1 : weights[i]!;
    const d = values[i]! - mean;
    m2 += w * d ** 2;
    m3 += w * d ** 3;
    m4 += w * d ** 4;
  }
  m2 /= weight;
  const varies = m2 > 1e-20 * mean ** 2 && m2 > 0;
  return {
    weight,
    mean,
    sd: Math.sqrt(m2),
    skewness: varies ? m3 / weight / m2 ** 1.5 : 0,
    excessKurtosis: varies ? m4 / weight / m2 ** 2 - 3 : 0,
  };
}
