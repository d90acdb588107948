import type { Problem } from "../../core/errors.js";
import type { FitResult } from "../result.js";

/** The parts of a fit that a likelihood-ratio test reads. */
export type NestedFit = Pick<
  FitResult,
  "model" | "design" | "nPersons" | "nObservations" | "nParameters" | "logLikelihood" | "convergence"
>;

/**
 * Whether two fits are of the same rows.
 * @param smaller - a fit
 * @param larger - another
 * @returns what differs; empty where nothing does
 */
export function differentData(smaller: NestedFit, larger: NestedFit): Problem[] {
  const problems: Problem[] = [];
  const where = "likelihood-ratio test";
  const fix = "Fit both models to the same table; leave out beforehand the rows that one of them cannot use.";
  if (smaller.model.outcome !== larger.model.outcome)
    problems.push({
      code: "different-data",
      where,
      message: `The models are of ${smaller.model.outcome} and of ${larger.model.outcome}.`,
      expected: "the same outcome",
    });
  else if (smaller.nPersons !== larger.nPersons || smaller.nObservations !== larger.nObservations)
    problems.push({
      code: "different-data",
      where,
      message: `One model uses ${smaller.nPersons} people with ${smaller.nObservations} rows, the other ${larger.nPersons} with ${larger.nObservations}.`,
      expected: "the same rows",
      fix,
    });
  else if (Math.abs(meanSquare(smaller) - meanSquare(larger)) > 1e-9 * meanSquare(smaller))
    problems.push({
      code: "different-data",
      where,
      message: `The models have as many rows, but not the same values of ${smaller.model.outcome}.`,
      expected: "the same rows",
      fix,
    });
  return problems;
}

/** Mean square of the outcome over the rows: scores scaled around their mean, or around zero without an intercept, agree in it. */
function meanSquare({ design: { scaling } }: NestedFit): number {
  return scaling.outcomeMean ** 2 + scaling.outcomeSd ** 2;
}

/**
 * Whether the log-likelihoods of two fits are of the same thing.
 * @param smaller - a fit
 * @param larger - another
 * @returns what differs: REML against ML, or REML with other fixed effects
 */
export function differentMethods(smaller: NestedFit, larger: NestedFit): Problem[] {
  const where = "likelihood-ratio test";
  if (smaller.model.reml !== larger.model.reml)
    return [
      {
        code: "different-method",
        where,
        message: "One model was fitted by REML, the other by ML: their likelihoods are of different things.",
        fix: "Fit both by REML, or both by ML.",
      },
    ];
  const names = ({ design }: NestedFit): string =>
    design.fixedColumns
      .map(({ name }) => name)
      .sort()
      .join(", ");
  if (smaller.model.reml && names(smaller) !== names(larger))
    return [
      {
        code: "reml-fixed-effects",
        where,
        message:
          "The models have different fixed effects, and REML likelihoods of such models cannot be compared.",
        fix: "Fit both by ML (reml: false).",
      },
    ];
  return [];
}
