import type { Design } from "../design/types.js";
import type { ClassParameters } from "../kernels/types.js";
import type { ParameterLayout } from "../parameters.js";

/** Occasion and lag of each row kept, for models that look at single rows. */
export interface RowOccasions {
  /** Occasion from 0. */
  readonly occasion: Int32Array;
  /** Time since the person's row before, in units of the autocorrelation; 0 for the first. */
  readonly lag: Float64Array;
}

/**
 * Occasions and lags in the order of the kept rows; the row data hold them pattern by pattern.
 * @param design - the people
 * @returns one entry per kept row; null where the model needs none
 */
export function rowOccasions({ rows, moments, keptPersons, keptStart }: Design): RowOccasions | null {
  if (rows === null) return null;
  const n = keptStart[keptPersons.length]!;
  const out = { occasion: new Int32Array(n), lag: new Float64Array(n) };
  const rankOf = new Map(Array.from(keptPersons, (person, rank) => [person, rank]));
  for (let g = 0; g < moments.nPatterns; g++)
    for (let position = moments.patternStart[g]!; position < moments.patternStart[g + 1]!; position++) {
      const to = keptStart[rankOf.get(moments.personIndex[position]!)!]!;
      const [from, end] = [rows.patternRow[g]!, rows.patternRow[g + 1]!];
      out.occasion.set(rows.occasion.subarray(from, end), to);
      out.lag.set(rows.lag.subarray(from, end), to);
    }
  return out;
}

/**
 * Covariance of residuals of neighbouring rows in a class, given the random effects (internal scale): s_t s_u times the
 * product of rho^lag over the rows from u + 1 to t.
 * @param layout - the layout
 * @param parameters - the fit
 * @param rows - occasions of the rows; null: one variance for all
 * @param first - first row
 * @param n - number of rows, all of one person
 * @param k - class from 0
 * @returns n x n: R
 * Source: Jones & Boadi-Boateng (1991), Pinheiro & Bates (2000, section 5.3).
 */
export function residualCovariance(
  layout: ParameterLayout,
  parameters: ClassParameters,
  rows: RowOccasions | null,
  first: number,
  n: number,
  k: number,
): Float64Array {
  const { nResidual, nVariances } = layout;
  const variance = (t: number): number =>
    parameters.residual[k * nResidual + (nVariances > 1 ? rows!.occasion[first + t]! : 0)]!;
  const rho = nResidual > nVariances ? parameters.residual[k * nResidual + nVariances]! : 0;
  const out = new Float64Array(n * n);
  for (let t = 0; t < n; t++) {
    out[t * n + t] = variance(t);
    if (rho === 0) continue;
    const ratio = rho ** rows!.lag[first + t]!;
    for (let u = 0; u < t; u++) {
      // Row t - 1 correlates with u as far as the chain reached; the last link is that from t - 1 to t.
      const chain = out[(t - 1) * n + u]! * Math.sqrt(variance(t) / variance(t - 1)) * ratio;
      out[t * n + u] = chain;
      out[u * n + t] = chain;
    }
  }
  return out;
}
