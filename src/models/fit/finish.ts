import { sharable } from "../design/moments.js";
import type { ClassParameters } from "../kernels/types.js";
import { freeLikelihoodOf, type ProblemData, type ProblemShape } from "../likelihood.js";
import { allocateFor, type ParameterLayout, permuteClasses, unpackInto } from "../parameters.js";
import { freeVector, fullDirections, fullScale, fullVector } from "./freeSpace.js";
import { newtonFinish } from "./newton.js";
import { sumScoreProducts } from "./scoreProducts.js";

/** Input of the last stage: the best start, polished and described. */
export interface FinishInput {
  readonly shape: ProblemShape;
  readonly x: readonly number[];
}

/** A maximum with everything inference needs; typed arrays travel as they are. */
export interface FinishedFit {
  /** Full vector of the layout (n entries), classes in their final order. */
  readonly x: Float64Array;
  readonly logLikelihood: number;
  readonly gradientCriterion: number;
  /**
   * Observed information relative to the complete-data information: see `ObservedInformation`. As many eigenvalues as
   * parameters are free; one direction (n entries) for each; scale 0 for what is fixed.
   */
  readonly eigenvalues: Float64Array;
  readonly directions: Float64Array;
  readonly scale: Float64Array;
  /** Sum over persons (or clusters: see `sumScoreProducts`) of score score'; null under REML, and with one cluster. */
  readonly scoreProducts: Float64Array | null;
  /** nPersons x K in the order of the moments. */
  readonly posteriors: Float64Array;
  readonly iterations: number;
  readonly evaluations: number;
}

/**
 * Polishes a maximum by Newton steps, puts the classes in order, and computes what inference needs.
 * @param data - the data
 * @param input - shape and the converged vector
 * @returns the finished fit
 */
export function finish(data: ProblemData, input: FinishInput): FinishedFit {
  const { objective, layout, space } = freeLikelihoodOf(data, input.shape);
  const given = Float64Array.from(input.x);
  const ordered = input.shape.restriction?.exchangeable === false ? given : orderClasses(data, layout, given);
  const result = newtonFinish(objective, objective.evaluate(freeVector(space, ordered), true), 10);
  const x = fullVector(space, result.point.x);
  // On memory that threads share, so that they are handed over and not copied.
  const posteriors = sharable(data.moments.nPersons * layout.nClasses);
  objective.evaluatePosteriors(result.point.x, posteriors);
  return {
    x,
    logLikelihood: result.point.value,
    gradientCriterion: result.criterion,
    eigenvalues: result.information.eigenvalues,
    directions: fullDirections(space, result.information.directions),
    scale: fullScale(space, result.information.scale),
    scoreProducts: input.shape.reml ? null : sumScoreProducts(data, layout, x),
    posteriors,
    iterations: result.iterations,
    evaluations: objective.evaluations,
  };
}

/**
 * Classes in order of their mean at the last common time, lowest first; ties by the first basis coefficient that differs.
 * @param data - the data
 * @param layout - the layout
 * @param x - free vector
 * @returns the vector with classes relabelled
 */
export function orderClasses(data: ProblemData, layout: ParameterLayout, x: Float64Array): Float64Array {
  if (layout.nClasses === 1) return x;
  const parameters = allocateFor(layout);
  unpackInto(layout, x, parameters);
  const means = Array.from({ length: layout.nClasses }, (_, k) => meanAtLastTime(data, parameters, k));
  const order = means.map((_, k) => k).sort((a, b) => means[a]! - means[b]! || a - b);
  return order.every((old, k) => old === k) ? x : permuteClasses(layout, x, order);
}

/**
 * Mean of a class at the last common time, covariates at their means.
 * @param data - the data
 * @param parameters - where
 * @param k - class from 0
 * @returns the mean, internal scale
 */
export function meanAtLastTime(data: ProblemData, parameters: ClassParameters, k: number): number {
  const { fixed, orderBasis, orderPerson, orderOccasion, rows } = data;
  let sum = 0;
  for (let j = 0; j < fixed.nFixed; j++) {
    const b = fixed.basis[j]!;
    const value =
      orderOccasion >= 0 && b === rows?.latentBasis ? parameters.loadings[orderOccasion]! : orderBasis[b]!;
    sum += parameters.beta[k * fixed.nFixed + j]! * value * orderPerson[fixed.person[j]!]!;
  }
  return sum;
}
