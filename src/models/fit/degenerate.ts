import type { ClassParameters } from "../kernels/types.js";
import { layoutOf, objectiveOf, type ProblemData, type ProblemShape } from "../likelihood.js";
import {
  allocateFor,
  innovationVariances,
  type ParameterLayout,
  residualVariances,
  unpackInto,
} from "../parameters.js";
import { residualParts } from "../residuals.js";
import { EXACT_FIT_VARIANCE } from "./objective.js";

/**
 * Smallest residual variance allowed, relative to the pooled residual variance (a hundredth of its standard deviation). Where variances
 * are free the likelihood has no maximum: it grows without limit as a class shrinks onto scores that it reproduces exactly.
 * Source: constraint on variances of Hathaway (1985), Ann Stat 13:795, here as a bound that refuses.
 */
export const SMALLEST_VARIANCE_RATIO = 1e-4;

/** How near a point is to a degenerate one. */
export interface VarianceCheck {
  /** Smallest residual variance relative to the pooled one; 1 where there is one variance. */
  readonly ratio: number;
  /** Residual variance pooled over classes by their sizes, and over occasions, internal scale. */
  readonly pooled: number;
  /** The ratio is at or below the bound, or the scores are reproduced exactly. */
  readonly degenerate: boolean;
  /** The scores of everybody are reproduced exactly: no better solution is to be had by refusing this one. */
  readonly exact: boolean;
}

/**
 * Compares the residual variances of a point with the pooled one.
 * @param data - the data
 * @param shape - classes and sharing
 * @param x - free vector
 * @returns ratio, pooled variance and whether the point is refused
 */
export function checkVariances(data: ProblemData, shape: ProblemShape, x: Float64Array): VarianceCheck {
  const layout = layoutOf(data, shape);
  const parameters = allocateFor(layout);
  unpackInto(layout, x, parameters);
  if (shape.classes === 1 || !residualParts(shape.residual).byClass)
    return judgeVariances(layout, parameters, [1, ...new Array<number>(shape.classes - 1).fill(0)]);
  const { objective } = objectiveOf(data, shape);
  objective.evaluate(x, false);
  return judgeVariances(layout, parameters, objective.last.weight);
}

function judgeVariances(
  layout: ParameterLayout,
  parameters: ClassParameters,
  weight: ArrayLike<number>,
): VarianceCheck {
  const variances = residualVariances(layout, parameters);
  let pooled = 0;
  let total = 0;
  for (let k = 0; k < layout.nClasses; k++) {
    total += weight[k]!;
    for (let o = 0; o < layout.nVariances; o++)
      pooled += (weight[k]! * variances[k * layout.nVariances + o]!) / layout.nVariances;
  }
  const smallest = Math.min(...variances);
  const largest = Math.max(...variances);
  pooled = total > 0 ? pooled / total : largest;
  const ratio = pooled > 0 ? smallest / pooled : 0;
  const exact = !(Math.max(...innovationVariances(layout, parameters)) > EXACT_FIT_VARIANCE);
  return { ratio, pooled, degenerate: exact || !(ratio > SMALLEST_VARIANCE_RATIO), exact };
}
