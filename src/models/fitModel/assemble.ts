import type { LongTable } from "../../core/table.js";
import { VERSION } from "../../core/version.js";
import { describeClasses, posteriorsOf } from "../classes.js";
import { informationCriteria } from "../criteria.js";
import { clusterWarnings, countClusters } from "../design/clusters.js";
import { classWarnings } from "../design/identifiability.js";
import { designAsFitted } from "../design/loadings.js";
import { boundaryOf } from "../fit/boundary.js";
import { inferenceOfFit } from "../inference/ofFit.js";
import { infer } from "../inference.js";
import { layoutOf } from "../likelihood.js";
import { describeRunnerUp } from "../multistart/maxima.js";
import type { FitSearch } from "../multistart/types.js";
import { describeResidual } from "../parameters/reported.js";
import { allocateFor, unpackInto } from "../parameters.js";
import { constraintsOf, type Problem } from "../problem.js";
import type { FitResult } from "../result.js";
import { type FitOptions, familyOf, type ModelSpec } from "../spec.js";
import { convergenceResult, varianceBound } from "./convergence.js";
import { covarianceResult } from "./covariance.js";

/**
 * Puts a finished search into words and numbers on the user's scale.
 * @param table - the table fitted
 * @param problem - design and moments
 * @param spec - the model (its number of classes may differ from the problem's)
 * @param options - as fitted
 * @param search - what the search found
 * @param elapsedSeconds - time taken
 * @returns the result
 */
export function assembleResult(
  table: LongTable,
  problem: Problem,
  spec: ModelSpec,
  options: FitOptions,
  search: FitSearch,
  elapsedSeconds: number,
): FitResult {
  const { finished } = search;
  const layout = layoutOf(problem.data, spec);
  const parameters = allocateFor(layout);
  unpackInto(layout, finished.x, parameters);
  const design = designAsFitted(table, spec, problem.design, parameters);
  const constraints = constraintsOf(problem, spec);
  const inference = infer(layout, design.stored, finished, constraints, problem.data.clusters !== null);
  const posteriors = posteriorsOf(table, design, finished.posteriors, spec.classes);
  const classes = describeClasses({ table, spec, design, layout, parameters, inference, posteriors });
  const logLikelihood = userLogLikelihood(problem, spec, finished.logLikelihood);
  const { nPersons, nObservations } = problem.data.moments;
  const nParameters = constraints?.space.nFree ?? layout.nParameters;
  return {
    formatVersion: 1,
    version: VERSION,
    family: familyOf(spec, layout.nRandom),
    model: spec,
    design: design.stored,
    options,
    seed: options.seed,
    internal: Array.from(finished.x),
    nPersons,
    nObservations,
    nParameters,
    rows: design.ledger,
    logLikelihood,
    criteria: informationCriteria(logLikelihood, nParameters, nPersons, spec.classes, posteriors.values),
    ...inferenceOfFit({
      problem,
      design,
      spec,
      layout,
      finished,
      parameters,
      inference,
      proportions: classes.map((each) => each.proportion),
    }),
    clusters: clustersOf(problem),
    covariance: covarianceResult(layout, problem.design.stored, parameters),
    residual: describeResidual(layout, design.stored, parameters),
    classes,
    ...(constraints === null || constraints.exchangeable
      ? {}
      : { classOrder: "as named by constraints" as const }),
    posteriors,
    starts: search.starts,
    runnerUp:
      search.runnerUp === null
        ? null
        : describeRunnerUp(table, problem, spec, search.runnerUp, {
            logLikelihood: finished.logLikelihood,
            userLogLikelihood: logLikelihood,
            classes,
            posteriors,
          }),
    convergence: convergenceResult(search, options, varianceBound(problem, spec, search), {
      emptyClasses: classes.filter((c) => c.proportion * nPersons < 1).map((c) => c.label),
      boundary: boundaryOf(layout, design.stored, parameters, constraints?.space),
      separated: inference.separated,
      unidentified: inference.unidentified,
    }),
    warnings: [
      ...design.warnings,
      ...classWarnings(problem.data.moments, spec.classes),
      ...clusterWarningsOf(problem),
      ...(constraints?.notes ?? []),
    ],
    elapsedSeconds,
    execution: search.execution,
  };
}

function clustersOf({ spec, data }: Problem): FitResult["clusters"] {
  if (spec.cluster === undefined || data.clusters === null) return null;
  return { column: spec.cluster, count: countClusters(data.clusters) };
}

function clusterWarningsOf(problem: Problem): readonly string[] {
  const clusters = clustersOf(problem);
  return clusters === null ? [] : clusterWarnings(clusters.column, clusters.count);
}

/** The log-likelihood of the user's scores: the density of y is that of y / s divided by s, once per score. */
function userLogLikelihood(problem: Problem, spec: ModelSpec, internal: number): number {
  const { scaling, fixedColumns } = problem.design.stored;
  let value = internal - problem.data.moments.nObservations * Math.log(scaling.outcomeSd);
  if (spec.reml) {
    // |X'V^-1 X| is that of the internal columns times (scale / s)^2 per coefficient.
    for (const column of fixedColumns)
      value -= Math.log((scaling.basis[column.basis]! * scaling.person[column.person]!) / scaling.outcomeSd);
  }
  return value;
}
