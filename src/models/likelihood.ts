import { createObjective, type Objective } from "./fit/objective.js";
import type { SharedData } from "./job.js";
import { gaussianKernel } from "./kernels/gaussian.js";
import type { FixedStructure, Moments } from "./moments.js";
import { createLayout, type ParameterLayout } from "./parameters.js";
import type { ModelSpec } from "./spec.js";

// What workers load: no formulas, no tables, so that a thread starts fast.

/** The data of a fit as every task sees it: placed once in shared memory. */
export interface ProblemData extends SharedData {
  readonly moments: Moments;
  readonly fixed: FixedStructure;
  /** Basis at the last common time and mean person columns (internal scale): classes are ordered by this mean. */
  readonly orderBasis: Float64Array;
  readonly orderPerson: Float64Array;
  /** Cluster of each person, from 0, in the order of the moments; null: every person on their own. */
  readonly clusters: Int32Array | null;
}

/** The part of a specification that shapes the parameter vector; small, so it travels with each task. */
export type ProblemShape = Pick<ModelSpec, "classes" | "diagonal" | "covariance" | "residual" | "reml">;

/**
 * The layout of a shape on given data.
 * @param data - the data
 * @param shape - classes and sharing
 * @returns the layout
 */
export function layoutOf(data: ProblemData, shape: ProblemShape): ParameterLayout {
  return createLayout({
    nClasses: shape.classes,
    fixed: data.fixed,
    nRandom: data.moments.nRandom,
    nMembership: shape.classes === 1 ? 1 : data.moments.nMembership,
    diagonal: shape.diagonal,
    covariance: shape.covariance,
    residual: shape.residual,
    nOccasions: 1,
    nLoadings: 0,
  });
}

/**
 * The log-likelihood of a shape on given data, with scratch of its own.
 * @param data - the data
 * @param shape - classes and sharing
 * @returns objective and layout
 */
export function objectiveOf(
  data: ProblemData,
  shape: ProblemShape,
): { objective: Objective; layout: ParameterLayout } {
  const layout = layoutOf(data, shape);
  const moments = shape.classes === 1 ? { ...data.moments, nMembership: 1 } : data.moments;
  const kernel = gaussianKernel(moments, data.fixed, {
    nClasses: shape.classes,
    commonCovariance: layout.commonCovariance,
    reml: shape.reml,
  });
  return { objective: createObjective(kernel, layout), layout };
}
