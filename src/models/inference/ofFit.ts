import { patternWeights } from "../design/moments.js";
import type { Design } from "../design/types.js";
import type { FinishedFit } from "../fit/finish.js";
import type { Inference } from "../inference.js";
import type { ClassParameters } from "../kernels/types.js";
import { objectiveOf, type ProblemData } from "../likelihood.js";
import { covarianceOfClass } from "../parameters/reported.js";
import { type ParameterLayout, residualVariances } from "../parameters.js";
import type { Problem } from "../problem.js";
import type { FitResult } from "../result.js";
import type { ModelSpec } from "../spec.js";
import { explainedVariance, meanResidualVariance, rowSums } from "./explainedVariance.js";
import { satterthwaiteTerms, withDegreesOfFreedom } from "./satterthwaite.js";
import { termTests } from "./termTests.js";
import type { ExplainedVariance, SatterthwaiteTerms } from "./types.js";

/** A finished fit with its standard errors. */
export interface FitForInference {
  readonly problem: Problem;
  /** Its design, with the loadings of a latent basis as estimated. */
  readonly design: Design;
  readonly spec: ModelSpec;
  readonly layout: ParameterLayout;
  readonly finished: FinishedFit;
  /** Class parameters at the maximum, internal scale. */
  readonly parameters: ClassParameters;
  readonly inference: Inference;
  /** Class proportions. */
  readonly proportions: readonly number[];
}

/** The part of a result that is inference. */
export type InferenceResult = Pick<
  FitResult,
  | "parameters"
  | "parameterCovariance"
  | "robustCovariance"
  | "termTests"
  | "explainedVariance"
  | "satterthwaite"
  | "robust"
>;

/**
 * Estimates with their degrees of freedom, covariances, tests of the terms and explained variance of a fit.
 * @param fit - the fit
 * @returns the part of its result that is inference
 */
export function inferenceOfFit(fit: FitForInference): InferenceResult {
  const { spec, design, inference } = fit;
  const satterthwaite = satterthwaiteOf(fit);
  const estimates = {
    parameters: withDegreesOfFreedom(inference.parameters, spec.reml ? satterthwaite : null),
    parameterCovariance: inference.covariance,
    robustCovariance: inference.robustCovariance,
    satterthwaite,
    robust: robustKind(fit),
  };
  return {
    ...estimates,
    termTests: termTests({ ...estimates, model: spec, design: design.stored }),
    explainedVariance: explainedVarianceOf(fit),
  };
}

/** Units over which the sandwich sums the scores. */
function robustKind({ problem, finished }: FitForInference): FitResult["robust"] {
  if (finished.scoreProducts === null) return null;
  return problem.data.clusters === null ? "person" : "cluster";
}

/** Beyond so many people t is normal to three digits, and a maximum likelihood fit does without what it costs to know better. */
const MANY_PEOPLE = 2000;

/** One class, nothing constrained, and a mean that the fixed effects alone make. */
function satterthwaiteOf({
  problem,
  spec,
  layout,
  finished,
  inference,
}: FitForInference): SatterthwaiteTerms | null {
  const { internalInverse: inverse, jacobian } = inference;
  const constrained = finished.eigenvalues.length < finished.x.length;
  if (layout.nClasses > 1 || layout.nLoadings > 0 || inverse === null || constrained) return null;
  if (!spec.reml && problem.data.moments.nPersons > MANY_PEOPLE) return null;
  return satterthwaiteTerms({
    objective: objectiveOf(problem.data, spec).objective,
    x: finished.x,
    nFixed: layout.fixed.nFixed,
    jacobian,
    inverse,
    scale: finished.scale,
  });
}

function explainedVarianceOf({
  problem,
  design,
  layout,
  parameters,
  inference,
  proportions,
}: FitForInference): ExplainedVariance {
  const { stored } = design;
  const q = layout.nRandom;
  const classes = proportions.map((_, k) => k);
  const intercepts = classes.map((k) =>
    inference.parameters.find(
      ({ name, block, class: label }) =>
        name === "(Intercept)" && block === "fixed" && (label ?? k + 1) === k + 1,
    ),
  );
  const random = stored.basisNames.slice(0, q).indexOf("(Intercept)");
  return explainedVariance({
    sums: rowSums(design, layout.nLoadings > 0),
    parameters,
    nFixed: layout.fixed.nFixed,
    nRandom: q,
    proportions,
    residualVariance: meanResidualVariance(
      residualVariances(layout, parameters),
      proportions,
      occasionShares(layout, problem.data),
    ),
    outcomeVariance: stored.scaling.outcomeSd ** 2,
    intercept: {
      fixed: intercepts.every((each) => each !== undefined) ? intercepts.map((each) => each.estimate) : null,
      random:
        random < 0
          ? null
          : classes.map((k) => covarianceOfClass(layout, stored, parameters, k)[random * q + random]!),
    },
  });
}

/** Share of the rows at each occasion that has a residual variance of its own. */
function occasionShares({ nVariances }: ParameterLayout, { moments, rows }: ProblemData): readonly number[] {
  if (nVariances === 1 || rows === null) return [1];
  const shares = new Array<number>(nVariances).fill(0);
  const weights = patternWeights(moments);
  let total = 0;
  weights.forEach((weight, g) => {
    for (let r = rows.patternRow[g]!; r < rows.patternRow[g + 1]!; r++) {
      shares[rows.occasion[r]!]! += weight;
      total += weight;
    }
  });
  return shares.map((share) => share / total);
}
