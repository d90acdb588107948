import type { FixedStructure, Moments } from "./design/moments.js";
import type { RowData } from "./design/rowData.js";
import { constrainObjective, type FreeSpace } from "./fit/freeSpace.js";
import { createObjective, type Objective } from "./fit/objective.js";
import type { SharedData } from "./jobs/job.js";
import { gaussianKernel } from "./kernels/gaussian.js";
import { createLayout, type ParameterLayout } from "./parameters.js";
import type { ModelSpec } from "./spec.js";

// What workers load: no formulas, no tables, so that a thread starts fast.

/** The data of a fit as every task sees it: placed once in shared memory. */
export interface ProblemData extends SharedData {
  readonly moments: Moments;
  /** Rows of every person, where the model looks at each; null where their sums suffice. */
  readonly rows: RowData | null;
  readonly fixed: FixedStructure;
  /** Basis at the last common time and mean person columns (internal scale): classes are ordered by this mean. */
  readonly orderBasis: Float64Array;
  readonly orderPerson: Float64Array;
  /** Occasion of the last common time, where the time basis has loadings; else -1. */
  readonly orderOccasion: number;
  /** Cluster of each person, from 0, in the order of the moments; null: every person on their own. */
  readonly clusters: Int32Array | null;
}

/** Constraints as the optimisers see them. */
export interface Restriction {
  readonly space: FreeSpace;
  /** Relabelling the classes leaves the constraints as they are. */
  readonly exchangeable: boolean;
}

/** The part of a specification that shapes the parameter vector; small, so it travels with each task. */
export type ProblemShape = Pick<ModelSpec, "classes" | "diagonal" | "covariance" | "residual" | "reml"> & {
  /** Made by `restrictionOf`, for this number of classes; left out where nothing is constrained. */
  readonly restriction?: Restriction;
};

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
    nOccasions: data.rows?.nOccasions ?? 1,
    nLoadings: data.rows !== null && data.rows.latentBasis >= 0 ? data.rows.nOccasions : 0,
  });
}

/** A log-likelihood of what the constraints leave free. */
export interface FreeLikelihood {
  /** Of the free vector. */
  readonly objective: Objective;
  /** Of the full vector, sharing the scratch. */
  readonly full: Objective;
  readonly layout: ParameterLayout;
  /** From the free vector to the full one; undefined where nothing is constrained and they are the same. */
  readonly space: FreeSpace | undefined;
}

/**
 * The log-likelihood as a function of what the constraints of a shape leave free: what optimisers run on.
 * @param data - the data
 * @param shape - classes, sharing, constraints
 * @returns both objectives, the layout of the full vector and the way from one to the other
 */
export function freeLikelihoodOf(data: ProblemData, shape: ProblemShape): FreeLikelihood {
  const { objective: full, layout } = objectiveOf(data, shape);
  const space = shape.restriction?.space;
  return { objective: constrainObjective(full, space), full, layout, space };
}

/**
 * The log-likelihood of the full vector of a shape on given data, whatever its constraints, with scratch of its own.
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
  const kernel = gaussianKernel(moments, data.rows, data.fixed, {
    nClasses: shape.classes,
    commonCovariance: layout.commonCovariance,
    residual: shape.residual,
    reml: shape.reml,
  });
  return { objective: createObjective(kernel, layout), layout };
}
