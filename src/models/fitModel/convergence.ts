import { checkVariances, SMALLEST_VARIANCE_RATIO } from "../fit/degenerate.js";
import { judge, type VerdictEvidence } from "../fit/verdict.js";
import type { FitSearch } from "../multistart/types.js";
import type { Problem } from "../problem.js";
import { residualParts } from "../residuals.js";
import type { Convergence, VarianceBound } from "../result.js";
import type { FitOptions, ModelSpec } from "../spec.js";

/**
 * The verdict on a finished search, and the figures behind it.
 * @param search - what the search found
 * @param options - as fitted
 * @param bound - the bound on residual variances, where there is one
 * @param estimates - what the estimates look like
 * @returns verdicts and figures
 */
export function convergenceResult(
  search: FitSearch,
  options: FitOptions,
  bound: VarianceBound | null,
  estimates: Pick<VerdictEvidence, "emptyClasses" | "boundary" | "separated" | "unidentified">,
): Convergence {
  const { gradientCriterion, eigenvalues } = search.finished;
  const smallestCurvature = eigenvalues[0] ?? 1;
  const { converged, verdicts } = judge({
    gradientCriterion,
    gradientTolerance: options.gradientTolerance,
    smallestCurvature,
    ...estimates,
    degenerate: search.degenerate,
    fewerIsBetter: search.fewerIsBetter,
    starts: search.starts,
  });
  return {
    converged,
    verdicts,
    gradientCriterion,
    smallestCurvature,
    iterations: search.iterations,
    evaluations: search.evaluations,
    varianceBound: bound,
  };
}

/**
 * The bound on residual variances, and how near the fit came to it.
 * @param problem - design and moments
 * @param spec - the model
 * @param search - what the search found
 * @returns the bound on the user's scale; null for a model whose likelihood has no need of one
 */
export function varianceBound(problem: Problem, spec: ModelSpec, search: FitSearch): VarianceBound | null {
  const { byClass, byOccasion } = residualParts(spec.residual);
  if (!byOccasion && (spec.classes === 1 || !byClass)) return null;
  const { ratio, pooled } = checkVariances(problem.data, spec, search.finished.x);
  return {
    ratio: SMALLEST_VARIANCE_RATIO,
    smallestAllowed: SMALLEST_VARIANCE_RATIO * pooled * problem.design.stored.scaling.outcomeSd ** 2,
    smallestRatio: ratio,
    refused: search.starts?.refused ?? 0,
  };
}
