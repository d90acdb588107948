import type { RegressionResult } from "../models/result.js";
import { outcomeLabel } from "./outcomes.js";

/**
 * Whether a regression predicts latent classes.
 * @param regression - the regression
 * @returns true for every three-step method
 */
export function predictsClasses(regression: RegressionResult): boolean {
  return regression.method !== "logistic";
}

/**
 * What a regression predicts, in words.
 * @param regression - the regression
 * @returns `class membership`, or the outcome, e.g. `reliable recovery`
 */
export function predictedThing(regression: RegressionResult): string {
  return predictsClasses(regression) ? "class membership" : outcomeLabel(regression.outcome).toLowerCase();
}

/**
 * How a regression was estimated, as a clause with its source.
 * @param regression - the regression
 * @returns e.g. `three-step maximum likelihood, corrected for classification error (Vermunt, 2010)`
 */
export function regressionMethod(regression: RegressionResult): string {
  switch (regression.method) {
    case "three-step ML":
      return "three-step maximum likelihood, corrected for classification error (Vermunt, 2010)";
    case "three-step BCH":
      return "the three-step BCH method, corrected for classification error (Bolck, Croon & Hagenaars, 2004; Vermunt, 2010)";
    case "three-step uncorrected":
      return "classify–analyse, with the most likely class taken as known and no correction for classification error";
    default:
      return "logistic regression";
  }
}
