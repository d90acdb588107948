import type { LongTable } from "symptom-trajectories/models";
import {
  type FitOptions,
  type FitResult,
  type JobRunner,
  type ModelSpec,
  type ModelSpecInput,
  resolveFitOptions,
  resolveSpec,
} from "symptom-trajectories/models";
import { assembleResult } from "#dist/models/fitModel/assemble.js";
import { objectiveOf } from "#dist/models/likelihood.js";
import { searchAll } from "#dist/models/multistart.js";
import { buildProblem, type Problem, shapeOf } from "#dist/models/problem.js";

// `fit` taken apart, so that moments and search are timed each by itself.

/** A model joined to its data: the moments and what goes with them. */
export type Moments = Problem;

/**
 * The first half of `fit`: design and moments.
 * @param table - long table
 * @param model - the model
 * @returns what the second half works on
 */
export function momentsOf(table: LongTable, model: ModelSpecInput): Moments {
  return buildProblem(table, resolveSpec(model));
}

/**
 * The second half of `fit`: the search, and the result with its standard errors.
 * @param table - long table
 * @param problem - of {@link momentsOf}
 * @param options - starts and the rest
 * @param runner - where it runs
 * @param classes - number of classes; default that of the problem
 * @returns the fit
 */
export async function fitMoments(
  table: LongTable,
  problem: Moments,
  options: Partial<FitOptions>,
  runner: JobRunner,
  classes: number = problem.spec.classes,
): Promise<FitResult> {
  const spec: ModelSpec = { ...problem.spec, classes };
  const resolved = resolveFitOptions(options);
  const request = { problem, shape: shapeOf(problem, spec), options: resolved, label: "benchmark" };
  const [search] = await searchAll([request], { runner });
  return assembleResult(table, problem, spec, resolved, search!, 0);
}

/**
 * The log-likelihood with its gradient as the optimisers see it, with memory of its own.
 * @param problem - of {@link momentsOf}
 * @returns the objective of the full parameter vector
 */
export function objectiveFor(problem: Moments): ReturnType<typeof objectiveOf>["objective"] {
  return objectiveOf(problem.data, problem.spec).objective;
}
