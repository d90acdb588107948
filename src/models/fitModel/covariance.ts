import type { StoredDesign } from "../design/types.js";
import type { ClassParameters } from "../kernels/types.js";
import { covarianceOfClass } from "../parameters/reported.js";
import type { ParameterLayout } from "../parameters.js";
import type { RandomEffectCovariance } from "../result.js";

/**
 * Covariances and correlations of the random effects.
 * @param layout - the layout
 * @param stored - the design
 * @param parameters - the estimates, internal scale
 * @returns one matrix, or one per class where they differ, on the user's scale; null without random effects. A correlation with an effect
 *   of no variance is null
 */
export function covarianceResult(
  layout: ParameterLayout,
  stored: StoredDesign,
  parameters: ClassParameters,
): RandomEffectCovariance | null {
  const q = layout.nRandom;
  if (q === 0) return null;
  const shared = layout.covariance === "equal" || layout.nClasses === 1;
  const matrices = Array.from({ length: shared ? 1 : layout.nClasses }, (_, k) => {
    const d = covarianceOfClass(layout, stored, parameters, k);
    return Array.from({ length: q }, (_row, a) => Array.from(d.subarray(a * q, (a + 1) * q)));
  });
  return {
    names: stored.basisNames.slice(0, q),
    matrices,
    correlations: matrices.map((matrix) =>
      matrix.map((row, a) =>
        row.map((value, b) => {
          const product = matrix[a]![a]! * matrix[b]![b]!;
          return product > 0 ? value / Math.sqrt(product) : null;
        }),
      ),
    ),
  };
}
