import type { FitResult } from "../../src/models/result.js";

/** Standard errors on lcmm's scale of the random effects. */
export interface FactorErrors {
  /** Of the lower triangle of the Cholesky factor of D, by rows; of its diagonal alone where random effects are uncorrelated. */
  readonly entries: readonly number[];
  /** Of the factor by which each class multiplies the standard deviations of the base class (0 for the base itself). */
  readonly scales: readonly number[];
}

/**
 * Standard errors of the Cholesky factor of D, which lcmm reports in place of those of D, by the delta method from the covariance of
 * the reported entries of D and of the scales of classes.
 * @param fit - our fit, with one D or proportional ones
 * @param base - the class whose D lcmm reports, from 0
 * @returns the errors; empty without random effects
 */
export function choleskyErrors(fit: FitResult, base: number): FactorErrors {
  const at = fit.parameters.flatMap((p, i) => (p.block === "covariance" ? [i] : []));
  const q = fit.covariance?.names.length ?? 0;
  if (at.length === 0 || fit.parameterCovariance === null) return { entries: [], scales: [] };
  const diagonal = fit.model.diagonal;
  const nEntries = diagonal ? q : (q * (q + 1)) / 2;
  const values = at.map((i) => fit.parameters[i]!.estimate);
  const quantities = (x: readonly number[]): number[] => {
    const scales = [...x.slice(nEntries), 1];
    const baseScale = x.length > nEntries ? scales[base]! : 1;
    const entries = x.slice(0, nEntries).map((entry) => entry * baseScale ** 2);
    const factor = diagonal ? entries.map(Math.sqrt) : lowerFactor(entries, q);
    return [...factor, ...(x.length > nEntries ? scales.map((scale) => scale / baseScale) : [])];
  };
  const size = quantities(values).length;
  const jacobian = values.map((value, j) => {
    const step = 1e-5 * Math.max(Math.abs(value), 1e-3);
    const moved = (by: number): number[] => quantities(values.map((each, i) => (i === j ? each + by : each)));
    const [up, down] = [moved(step), moved(-step)];
    return up.map((each, r) => (each - down[r]!) / (2 * step));
  });
  const errors = Array.from({ length: size }, (_, r) => {
    let variance = 0;
    at.forEach((i, a) => {
      at.forEach((j, b) => {
        variance += jacobian[a]![r]! * fit.parameterCovariance![i]![j]! * jacobian[b]![r]!;
      });
    });
    return Math.sqrt(Math.max(variance, 0));
  });
  return { entries: errors.slice(0, nEntries), scales: errors.slice(nEntries) };
}

/** Cholesky factor of a matrix given by its lower triangle by rows, in the same order. */
function lowerFactor(entries: readonly number[], q: number): number[] {
  const index = (r: number, c: number): number => (r * (r + 1)) / 2 + c;
  const out = new Array<number>(entries.length).fill(0);
  for (let r = 0; r < q; r++)
    for (let c = 0; c <= r; c++) {
      let sum = entries[index(r, c)]!;
      for (let k = 0; k < c; k++) sum -= out[index(r, k)]! * out[index(c, k)]!;
      out[index(r, c)] = r === c ? Math.sqrt(sum) : sum / out[index(c, c)]!;
    }
  return out;
}
