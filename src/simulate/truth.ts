import { createStream } from "../core/random.js";
import { drawCovariates } from "./covariates.js";
import { COVARIATES, REFERENCE } from "./population.js";
import type { SimulationSpec } from "./spec.js";

/** First index of every random stream of a simulation, so that none is used for two purposes. */
export const STREAM: { readonly calibration: number; readonly person: number; readonly dirt: number } = {
  calibration: 0,
  person: 1,
  dirt: 2,
};

/** The true parameters of a simulation, as a fitted model would estimate them. Plain JSON. */
export interface SimulationTruth {
  readonly spec: SimulationSpec;
  /** Covariate values at which the class curves and the logit intercepts hold. */
  readonly reference: Readonly<Record<string, number>>;
  /**
   * P(class k | covariates x) = softmax_k( intercepts[k] + sum over covariates of effects[c][k] (x_c - reference_c) ).
   * The first class is the reference: its entries are 0.
   */
  readonly classLogits: {
    readonly intercepts: readonly number[];
    readonly effects: Readonly<Record<string, readonly number[]>>;
  };
  /** Covariance of (intercept, slope) of each measure, the same in every class. */
  readonly covariance: {
    readonly phq9: readonly (readonly number[])[];
    readonly gad7: readonly (readonly number[])[];
  };
  readonly residualVariance: { readonly phq9: number; readonly gad7: number };
}

/**
 * The true parameters of a simulation.
 *
 * The logit intercepts are those that give the classes their proportions over the distribution of the
 * covariates: found by iterative proportional adjustment on 4000 fixed persons, the same for every seed.
 * @param spec - a resolved specification
 * @returns the parameters
 */
export function simulationTruth(spec: SimulationSpec): SimulationTruth {
  const effects: Record<string, readonly number[]> = {};
  for (const name of COVARIATES) effects[name] = spec.effects.class[name] ?? spec.classes.map(() => 0);
  const { interceptSlopeCorrelation: correlation } = spec.variation;
  const covariance = (measure: "phq9" | "gad7"): number[][] => {
    const { interceptSd, slopeSd } = spec.variation[measure];
    const off = correlation * interceptSd * slopeSd;
    return [
      [interceptSd ** 2, off],
      [off, slopeSd ** 2],
    ];
  };
  return {
    spec,
    reference: REFERENCE,
    classLogits: { intercepts: calibrate(spec, effects), effects },
    covariance: { phq9: covariance("phq9"), gad7: covariance("gad7") },
    residualVariance: {
      phq9: spec.variation.phq9.residualSd ** 2,
      gad7: spec.variation.gad7.residualSd ** 2,
    },
  };
}

/**
 * Class probabilities of a person, up to a constant: exp of the logits less the largest.
 * @param intercepts - one per class
 * @param effects - per covariate, one per class
 * @param covariates - the person's values in the order of `COVARIATES`
 * @param out - one per class; overwritten
 */
export function classWeightsInto(
  out: Float64Array,
  intercepts: readonly number[],
  effects: readonly (readonly number[])[],
  covariates: Float64Array,
): void {
  let largest = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < out.length; k++) {
    let logit = intercepts[k]!;
    for (let c = 0; c < COVARIATES.length; c++)
      logit += effects[c]![k]! * (covariates[c]! - REFERENCE[COVARIATES[c]!]);
    out[k] = logit;
    largest = Math.max(largest, logit);
  }
  for (let k = 0; k < out.length; k++) out[k] = Math.exp(out[k]! - largest);
}

function calibrate(spec: SimulationSpec, effects: Readonly<Record<string, readonly number[]>>): number[] {
  const nClasses = spec.classes.length;
  const intercepts = spec.classes.map((each) => Math.log(each.proportion / spec.classes[0]!.proportion));
  const slopes = COVARIATES.map((name) => effects[name]!);
  if (slopes.every((logOdds) => logOdds.every((value) => value === 0))) return intercepts;
  const persons = Array.from({ length: 4000 }, (_, i) => {
    const covariates = new Float64Array(COVARIATES.length);
    drawCovariates(createStream(0, STREAM.calibration, i), covariates);
    return covariates;
  });
  const weights = new Float64Array(nClasses);
  for (let iteration = 0; iteration < 100; iteration++) {
    const means = new Float64Array(nClasses);
    for (const covariates of persons) {
      classWeightsInto(weights, intercepts, slopes, covariates);
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      for (let k = 0; k < nClasses; k++) means[k]! += weights[k]! / total / persons.length;
    }
    let furthest = 0;
    const base = Math.log(spec.classes[0]!.proportion / means[0]!);
    for (let k = 0; k < nClasses; k++) {
      const step = Math.log(spec.classes[k]!.proportion / means[k]!) - base;
      intercepts[k]! += step;
      furthest = Math.max(furthest, Math.abs(step));
    }
    if (furthest < 1e-10) break;
  }
  return intercepts;
}
