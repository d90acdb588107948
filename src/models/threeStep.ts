import { InputError, type Problem } from "../core/errors.js";
import type { PersonTable } from "../core/table.js";
import {
  assignmentFor,
  classify,
  hasPosterior,
  type ThreeStepCorrection,
} from "./regression/classification.js";
import { estimateRegression, type StandardErrorKind } from "./regression/estimate.js";
import { LeftOut, personDesign } from "./regression/personDesign.js";
import { estimatedPart, inWords, nothingEstimated } from "./regression/tables.js";
import type { FitResult, Posteriors, RegressionResult, Verdict } from "./result.js";

/** Options of {@link threeStep}. */
export interface ThreeStepOptions {
  /** Person-level covariates of class membership, e.g. `age + female + factor(site)`. */
  readonly formula: string;
  /** `ml` (default): Vermunt 2010; `bch`: Bolck, Croon & Hagenaars 2004; `none`: the assignment as the truth. */
  readonly correction?: ThreeStepCorrection;
  /** `modal` (default): each person to the most probable class; `proportional`: to every class by its posterior. */
  readonly assignment?: "modal" | "proportional";
  /**
   * `model`: observed information; `robust`: sandwich over persons. Default: `model`, but `robust` where the
   * likelihood is weighted (BCH, proportional) and the information alone is known to be wrong.
   */
  readonly standardErrors?: StandardErrorKind;
}

/** What {@link threeStep} reads of a fit: posteriors, and the model to see whether covariates were in it already. */
export type ThreeStepFit = Pick<FitResult, "posteriors"> & Partial<Pick<FitResult, "model">>;

const METHODS = {
  ml: "three-step ML",
  bch: "three-step BCH",
  none: "three-step uncorrected",
} as const;

/**
 * Regression of latent class membership on person-level covariates in three steps: the classes are those of
 * a fit made without the covariates, each person is assigned to a class, and the logit is corrected for the
 * error of that assignment. Standard errors take the classification table as known.
 * Source: Vermunt (2010), Political Analysis 18, 450-469; Bolck, Croon & Hagenaars (2004), ibid. 12, 3-27.
 * @param fit - a fit with at least two classes
 * @param persons - covariates, one row per person, matched to the fit by identifier
 * @param options - formula and kind of correction
 * @returns odds ratios for every ordered pair of classes, a Wald test per term, persons left out, verdicts
 * @throws InputError for one class, repeated identifiers, nobody in common, or a mistake in the formula
 */
export function threeStep(
  fit: ThreeStepFit,
  persons: PersonTable,
  options: ThreeStepOptions,
): RegressionResult {
  const correction = options.correction ?? "ml";
  const proportional = options.assignment === "proportional";
  const leftOut = new LeftOut();
  const matched = matchPersons(fit.posteriors, persons, leftOut);
  const { design, positions } = personDesign(options.formula, persons, matched.rows, leftOut);
  const step2 = classify(fit.posteriors, proportional);
  const levels = step2.classes.map((k) => `Class ${k + 1}`);
  const assignment = assignmentFor(
    step2,
    correction,
    positions.map((position) => matched.members[position]!),
  );
  const base = {
    method: METHODS[correction],
    outcome: "latent class",
    formula: options.formula,
    outcomeLevels: levels,
    nPersons: design.nPersons,
    leftOut: leftOut.list(),
    classificationTable: levels.map((_, t) => [
      ...step2.table.subarray(t * levels.length, (t + 1) * levels.length),
    ]),
  };
  const hindrance = hindranceOf(design.nPersons, levels.length, assignment === null);
  if (assignment === null || hindrance !== null)
    return { ...base, ...nothingEstimated([...step2.verdicts, ...(hindrance === null ? [] : [hindrance])]) };
  const estimate = estimateRegression(design, assignment);
  const kind = options.standardErrors ?? (correction === "bch" || proportional ? "robust" : "model");
  const estimated = estimatedPart(design, estimate, levels, orderedPairs(levels.length), kind);
  const later = estimated.convergence.verdicts.filter(
    (verdict) => step2.verdicts.length === 0 || verdict.name !== "converged",
  );
  return {
    ...base,
    ...estimated,
    convergence: { ...estimated.convergence, verdicts: [...step2.verdicts, ...later] },
    warnings: [...step2.verdicts.map(inWords), ...estimated.warnings, ...membershipWarning(fit)],
  };
}

/** Rows of the person table and of the fit that belong together, in the order of the fit. */
function matchPersons(
  posteriors: Posteriors,
  persons: PersonTable,
  leftOut: LeftOut,
): { rows: number[]; members: number[] } {
  const problems: Problem[] = [];
  if (posteriors.nClasses < 2)
    problems.push({
      code: "one-class",
      message: "The model has one class, so there is no class membership to predict.",
      expected: "a model with at least two classes",
      fix: "Choose a model with more classes, or leave the predictors of class membership out.",
    });
  const rowOf = new Map<string, number>();
  const repeated = new Set<string>();
  persons.personIds.forEach((id, row) => {
    if (rowOf.has(id)) repeated.add(id);
    rowOf.set(id, row);
  });
  if (repeated.size > 0)
    problems.push({
      code: "repeated-id",
      message: `${repeated.size} identifiers have several rows in the person table (${[...repeated].slice(0, 5).join(", ")}).`,
      expected: "one row per person",
    });
  const rows: number[] = [];
  const members: number[] = [];
  posteriors.personIds.forEach((id, member) => {
    const row = rowOf.get(id);
    if (row === undefined) leftOut.add("no row in the person table");
    else if (!hasPosterior(posteriors, member)) leftOut.add("no posterior probabilities");
    else {
      rows.push(row);
      members.push(member);
    }
  });
  const inFit = new Set(posteriors.personIds);
  leftOut.add("not in the trajectory model", persons.personIds.filter((id) => !inFit.has(id)).length);
  if (rows.length === 0 && problems.length === 0)
    problems.push({
      code: "nobody-in-common",
      message: `None of the ${posteriors.personIds.length} persons of the model is in the person table.`,
      expected: `identifiers such as ${JSON.stringify(posteriors.personIds[0] ?? "")}`,
      fix: "Check that both use the same identifier column.",
    });
  if (problems.length > 0) throw new InputError(problems);
  return { rows, members };
}

function hindranceOf(nPersons: number, nClasses: number, singularTable: boolean): Verdict | null {
  if (nPersons === 0)
    return {
      name: "not identified",
      sentence: "Everyone lacks at least one covariate, so nothing could be estimated.",
      advice: "Take covariates that are mostly missing out of the formula.",
    };
  if (nClasses < 2)
    return {
      name: "not identified",
      sentence: "Everyone is assigned to the same class, so there is nothing to predict.",
      advice: "Use a model whose classes are better separated, or with fewer classes.",
    };
  if (singularTable)
    return {
      name: "not identified",
      sentence: "The classes are told apart so badly that their predictors cannot be estimated.",
      advice: "Use a model whose classes are better separated, or with fewer classes.",
    };
  return null;
}

function orderedPairs(nClasses: number): (readonly [number, number])[] {
  const pairs: (readonly [number, number])[] = [];
  for (let reference = 0; reference < nClasses; reference++)
    for (let outcome = 0; outcome < nClasses; outcome++)
      if (outcome !== reference) pairs.push([outcome, reference]);
  return pairs;
}

function membershipWarning(fit: ThreeStepFit): string[] {
  const membership = fit.model?.membership.trim() ?? "1";
  if (membership === "1" || membership === "") return [];
  return [
    `The classes were formed with covariates of membership in the model (${membership}); three-step odds ratios assume classes formed without them.`,
  ];
}
