import type { Design } from "../design/types.js";
import type { ClassParameters } from "../kernels/types.js";

/**
 * Covariance of a person's residuals in a class, given the random effects (internal scale).
 * @param design - the people
 * @param parameters - the fit
 * @param person - position among the people kept
 * @param k - class from 0
 * @returns n x n over the person's rows: R
 */
export function residualCovariance(
  design: Design,
  parameters: ClassParameters,
  person: number,
  k: number,
): Float64Array {
  const n = design.keptStart[person + 1]! - design.keptStart[person]!;
  const nResidual = parameters.residual.length / parameters.nClasses;
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++) out[i * n + i] = parameters.residual[k * nResidual]!;
  return out;
}
