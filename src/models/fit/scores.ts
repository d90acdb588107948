import { visitGaussianScores } from "../kernels/gaussian.js";
import { allocateEvaluation } from "../kernels/types.js";
import type { ProblemData } from "../likelihood.js";
import { pullGradientInto } from "../parameters/chainRule.js";
import { allocateFor, type ParameterLayout, unpackInto } from "../parameters.js";

/**
 * Receives one person's share of the log-likelihood and its gradient.
 * @param person - position in the order of the moments
 * @param score - nParameters: gradient of the person's log-likelihood; overwritten for the next person
 * @param logLikelihood - the person's log-likelihood, internal scale
 */
export type ScoreVisitor = (person: number, score: Float64Array, logLikelihood: number) => void;

/**
 * Visits the score of every person: the gradient of their log-likelihood in the free vector.
 * @param data - the data
 * @param layout - the layout
 * @param x - free vector, nParameters
 * @param visit - called once per person, in the order of the moments
 */
export function visitScores(
  data: ProblemData,
  layout: ParameterLayout,
  x: Float64Array,
  visit: ScoreVisitor,
): void {
  const parameters = allocateFor(layout);
  unpackInto(layout, x, parameters);
  const score = new Float64Array(layout.nParameters);
  const evaluation = allocateEvaluation(layout);
  const { nMembership } = layout;
  // A score is that of the person once; weights are the visitor's business.
  const moments = { ...data.moments, nMembership, weights: new Float64Array(0) };
  visitGaussianScores(moments, data.rows, data.fixed, layout, parameters, evaluation, (person) => {
    pullGradientInto(layout, parameters, evaluation, score);
    visit(person, score, evaluation.logLikelihood);
  });
}
