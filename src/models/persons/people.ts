import { InputError } from "../../core/errors.js";
import type { LongTable } from "../../core/table.js";
import { posteriorsOf } from "../classes.js";
import { numericValues, takeValues } from "../design/columns.js";
import type { Design } from "../design/types.js";
import { buildDesign } from "../design.js";
import type { ClassParameters } from "../kernels/types.js";
import { objectiveOf, type ProblemData } from "../likelihood.js";
import { allocateFor, type ParameterLayout, unpackInto } from "../parameters.js";
import { problemData } from "../problem.js";
import type { FitResult, Posteriors } from "../result.js";
import { type EffectsPosterior, effectsPosterior } from "./effects.js";
import { type RowOccasions, residualCovariance, rowOccasions } from "./residualCovariance.js";

/** A stored fit joined to people: all that a result about single persons is computed from. */
export interface People {
  readonly design: Design;
  readonly data: ProblemData;
  readonly layout: ParameterLayout;
  /** Free vector of the fit, nParameters. */
  readonly x: Float64Array;
  /** Internal scale. */
  readonly parameters: ClassParameters;
  /** Of these people's scores, user's scale; not restricted under REML. */
  readonly logLikelihood: number;
  readonly posteriors: Posteriors;
  /** Null where the model does not look at single rows. */
  readonly rows: RowOccasions | null;
  /** Time and score of each row kept, user's scale. */
  readonly time: Float64Array;
  readonly observed: Float64Array;
}

/**
 * Joins a stored fit to people, new or those it was fitted to.
 * @param result - a fit (its posteriors are not needed)
 * @param table - long table with the columns of the model; the cluster column may be missing
 * @returns design, parameters and posteriors of the people
 * @throws InputError for missing columns or categories the model has not seen
 */
export function readPeople(result: FitResult, table: LongTable): People {
  const { cluster: _, ...spec } = result.model;
  return peopleOf(result, table, spec);
}

/**
 * Joins a stored fit to the very people that it was fitted to.
 * @param result - a fit
 * @param table - the long table fitted
 * @returns design, parameters and posteriors of the people
 * @throws InputError where the table holds other people or scores
 */
export function readFittedPeople(result: FitResult, table: LongTable): People {
  const people = peopleOf(result, table, result.model);
  const { nPersons, nObservations } = people.data.moments;
  const sameNumbers = nPersons === result.nPersons && nObservations === result.nObservations;
  if (!sameNumbers || !hasFittedLikelihood(people, result))
    throw new InputError({
      code: "other-people",
      message: sameNumbers
        ? "The table holds other scores, times or covariates than those fitted."
        : `The table has ${nObservations} usable scores of ${nPersons} people.`,
      expected: `the table that was fitted, ${result.nObservations} scores of ${result.nPersons} people`,
      fix: "Give the very table that the model was fitted to.",
    });
  return people;
}

/** Other scores have another likelihood; REML's is another function of the same scores. */
function hasFittedLikelihood(
  { logLikelihood }: People,
  { logLikelihood: fitted, model }: FitResult,
): boolean {
  if (model.reml || !Number.isFinite(fitted)) return true;
  return Math.abs(logLikelihood - fitted) < 1e-4 + 1e-6 * Math.abs(fitted);
}

function peopleOf(result: FitResult, table: LongTable, spec: FitResult["model"]): People {
  const design = buildDesign(table, spec, result.design);
  const data = problemData(table, spec, design);
  // Posteriors are those of the likelihood, also where the parameters are REML estimates.
  const { objective, layout } = objectiveOf(data, { ...spec, reml: false });
  const x = Float64Array.from(result.internal);
  const values = new Float64Array(data.moments.nPersons * spec.classes);
  const { value } = objective.evaluatePosteriors(x, values);
  const parameters = allocateFor(layout);
  unpackInto(layout, x, parameters);
  return {
    design,
    data,
    layout,
    x,
    parameters,
    logLikelihood: value - data.moments.nObservations * Math.log(design.stored.scaling.outcomeSd),
    posteriors: posteriorsOf(table, design, values, spec.classes),
    rows: rowOccasions(design),
    time: takeValues(numericValues(table, spec.time), design.used.rows),
    observed: takeValues(numericValues(table, spec.outcome), design.used.rows),
  };
}

/** One person as a member of one class, internal scale. */
export interface PersonInClass {
  /** n: class mean of each row. */
  readonly means: Float64Array;
  /** n x q: rows of the random effects. */
  readonly z: Float64Array;
  /** n x n: R. */
  readonly residualCovariance: Float64Array;
  readonly effects: EffectsPosterior;
}

/**
 * Means, random effects and residual covariance of a person, given a class.
 * @param people - fit and people
 * @param person - position among the people kept
 * @param k - class from 0
 * @returns the person as a member of the class
 */
export function personInClass(people: People, person: number, k: number): PersonInClass {
  const { design, layout, parameters, observed } = people;
  const { fixed, rowBasis, personColumns, moments } = design;
  const { outcomeMean, outcomeSd } = design.stored.scaling;
  const q = moments.nRandom;
  const first = design.keptStart[person]!;
  const n = design.keptStart[person + 1]! - first;
  const means = new Float64Array(n);
  const residual = new Float64Array(n);
  const z = new Float64Array(n * q);
  for (let r = 0; r < n; r++) {
    for (let j = 0; j < fixed.nFixed; j++)
      means[r]! +=
        parameters.beta[k * fixed.nFixed + j]! *
        rowBasis[fixed.basis[j]!]![first + r]! *
        personColumns[fixed.person[j]!]![person]!;
    residual[r] = (observed[first + r]! - outcomeMean) / outcomeSd - means[r]!;
    for (let a = 0; a < q; a++) z[r * q + a] = rowBasis[a]![first + r]!;
  }
  const r = residualCovariance(layout, parameters, people.rows, first, n, k);
  return {
    means,
    z,
    residualCovariance: r,
    effects: effectsPosterior(z, residual, parameters.factor, k * q * q, r),
  };
}
