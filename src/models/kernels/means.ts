import type { FixedStructure } from "../design/moments.js";

/**
 * Coefficients of the time basis in each class, where nobody has covariates.
 * @param out - K x m, overwritten
 * @param fixed - structure of the means, of basis columns alone
 * @param beta - K x nFixed
 * @param nClasses - K
 * @param m - columns of the basis
 */
export function basisMeansInto(
  out: Float64Array,
  fixed: FixedStructure,
  beta: Float64Array,
  nClasses: number,
  m: number,
): void {
  out.fill(0);
  for (let k = 0; k < nClasses; k++)
    for (let j = 0; j < fixed.nFixed; j++) out[k * m + fixed.basis[j]!]! += beta[k * fixed.nFixed + j]!;
}
