import { oncePer } from "../core/memo.js";
import type { FixedStructure, Moments } from "./design/moments.js";
import type { RowData } from "./design/rowData.js";
import { momentsOfShard, PERSONS_PER_SHARD, rowsOfShard, shardBounds } from "./design/shards.js";
import { constrainObjective, type FreeSpace } from "./fit/freeSpace.js";
import { createObjective, type Objective } from "./fit/objective.js";
import type { SharedData } from "./jobs/job.js";
import { type PassKind, preparePass, sumParts } from "./jobs/passes.js";
import { gaussianKernel } from "./kernels/gaussian.js";
import {
  evaluationPass,
  observedPass,
  type ShardKernels,
  shardedKernel,
  shardKernels,
} from "./kernels/sharded.js";
import type { Kernel } from "./kernels/types.js";
import { createLayout, type ParameterLayout } from "./parameters.js";
import type { ModelSpec } from "./spec.js";

// What workers load: no formulas, no tables, so that a thread starts fast.

/**
 * The data of a fit as every task sees it: placed once in shared memory. Never changed: what is summed once over people is remembered per
 * object, so other scores or weights take a new one.
 */
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
  /** Most persons of a shard; default {@link PERSONS_PER_SHARD}. */
  readonly personsPerShard?: number;
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
 * The log-likelihood of the full vector of a shape on given data, whatever its constraints.
 * @param data - the data
 * @param shape - classes and sharing
 * @returns objective and layout
 */
export function objectiveOf(
  data: ProblemData,
  shape: ProblemShape,
): { objective: Objective; layout: ParameterLayout } {
  const layout = layoutOf(data, shape);
  return { objective: createObjective(kernelOf(data, shape, layout), layout), layout };
}

/** The part of a shape that a kernel depends on. */
export type KernelShape = Pick<ProblemShape, "classes" | "diagonal" | "covariance" | "residual" | "reml">;

function kernelShape({ classes, diagonal, covariance, residual, reml }: KernelShape): KernelShape {
  return { classes, diagonal, covariance, residual, reml };
}

/** The kernel of a shape, made once per data object: shard by shard where the people are many and their shares add up. */
function kernelOf(data: ProblemData, shape: ProblemShape, layout: ParameterLayout): Kernel {
  const own = kernelShape(shape);
  return oncePer(data, JSON.stringify(["kernel", own]), () => {
    // The restricted likelihood has a term that is of all people together.
    if (own.reml || shardCount(data) === 1) return wholeKernel(data, own, layout);
    const evaluations = preparePass(data, likelihoodPass, own);
    const observed = preparePass(data, informationPass, own);
    return shardedKernel(
      shardKernelsOf(data, own),
      (input, out) => sumParts(evaluations, input, out),
      (input, out) => sumParts(observed, input, out),
    );
  });
}

/** Evaluates a likelihood shard by shard. */
export const likelihoodPass: PassKind<ProblemData, KernelShape> = {
  name: "likelihood",
  make: (data, shape) => evaluationPass(shardKernelsOf(data, shape)),
};

/** Computes the observed information shard by shard. */
export const informationPass: PassKind<ProblemData, KernelShape> = {
  name: "information",
  make: (data, shape) => observedPass(shardKernelsOf(data, shape)),
};

function shardKernelsOf(data: ProblemData, shape: KernelShape): ShardKernels {
  return oncePer(data, JSON.stringify(["shards", kernelShape(shape)]), () => {
    const layout = layoutOf(data, shape);
    const shards = shardsOf(data);
    return shardKernels(boundsOf(data), layout, (s) => wholeKernel(shards[s]!, shape, layout));
  });
}

/** The kernel of people that are not cut into shards. */
function wholeKernel(data: ProblemData, shape: KernelShape, layout: ParameterLayout): Kernel {
  const moments = shape.classes === 1 ? { ...data.moments, nMembership: 1 } : data.moments;
  return gaussianKernel(moments, data.rows, data.fixed, {
    nClasses: shape.classes,
    commonCovariance: layout.commonCovariance,
    residual: shape.residual,
    reml: shape.reml,
  });
}

/**
 * How many shards the people of a data set make; threads can share the work on them where it is more than one.
 * @param data - the data
 * @returns the number of shards
 */
export function shardCount(data: ProblemData): number {
  return boundsOf(data).length - 1;
}

function boundsOf({ moments, personsPerShard }: ProblemData): Int32Array {
  return shardBounds(moments.nPersons, personsPerShard ?? PERSONS_PER_SHARD);
}

/**
 * Cuts the data into shards over the same memory.
 * @param data - the data
 * @returns the shards in order, the same objects each time; the data alone where one shard holds all people
 */
export function shardsOf(data: ProblemData): readonly ProblemData[] {
  return oncePer(data, "shards", () => {
    const bounds = boundsOf(data);
    const nShards = bounds.length - 1;
    if (nShards === 1) return [data];
    return Array.from({ length: nShards }, (_, s): ProblemData => {
      const shard = momentsOfShard(data.moments, bounds[s]!, bounds[s + 1]!);
      return {
        ...data,
        moments: shard.moments,
        rows: data.rows === null ? null : rowsOfShard(data.rows, shard, bounds[s]!),
        clusters: data.clusters === null ? null : data.clusters.subarray(bounds[s]!, bounds[s + 1]!),
        personsPerShard: Number.POSITIVE_INFINITY,
      };
    });
  });
}
