import { RunFailure } from "../core/errors.js";
import type { LongTable } from "../core/table.js";
import { VERSION } from "../core/version.js";
import { describeClasses, posteriorsOf } from "./classes.js";
import { informationCriteria } from "./criteria.js";
import { clusterWarnings, countClusters } from "./design/clusters.js";
import { classWarnings } from "./design/identifiability.js";
import { designAsFitted } from "./design/loadings.js";
import { boundaryOf } from "./fit/boundary.js";
import { checkVariances, SMALLEST_VARIANCE_RATIO } from "./fit/degenerate.js";
import { judge, type VerdictEvidence } from "./fit/verdict.js";
import { inferenceOfFit } from "./inference/ofFit.js";
import { infer } from "./inference.js";
import type { JobRunner, Progress } from "./jobs/job.js";
import { createLocalRunner } from "./jobs/localRunner.js";
import type { ClassParameters } from "./kernels/types.js";
import { layoutOf } from "./likelihood.js";
import { describeRunnerUp } from "./multistart/maxima.js";
import type { FitSearch } from "./multistart/types.js";
import { searchAll } from "./multistart.js";
import { covarianceOfClass, describeResidual } from "./parameters/reported.js";
import { residualParts } from "./parameters/residuals.js";
import { allocateFor, type ParameterLayout, unpackInto } from "./parameters.js";
import { buildProblem, constraintsOf, type Problem, shapeOf } from "./problem.js";
import type { Convergence, FitResult, RandomEffectCovariance, VarianceBound } from "./result.js";
import {
  type FitOptions,
  type ModelFamily,
  type ModelSpec,
  type ModelSpecInput,
  resolveFitOptions,
  resolveSpec,
} from "./spec.js";

/** Where and how a fit runs; all optional. */
export interface FitContext {
  /** Default: in the calling thread. */
  readonly runner?: JobRunner;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

/**
 * Fits one trajectory model: growth curve, latent class growth analysis or growth mixture model.
 * @param table - long table
 * @param specInput - the model
 * @param optionsInput - starts, seed, limits; and where to run
 * @returns the fit, classes in order of their mean at the last common time (or as constraints name them); numerical trouble
 *   is a verdict in it
 * @throws InputError for a model or table that cannot be used; RunFailure when cancelled
 */
export async function fit(
  table: LongTable,
  specInput: ModelSpecInput,
  optionsInput: Partial<FitOptions> & FitContext = {},
): Promise<FitResult> {
  const { runner, signal, onProgress, ...rest } = optionsInput;
  const spec = resolveSpec(specInput);
  const options = resolveFitOptions(rest);
  const started = performance.now();
  const problem = buildProblem(table, spec);
  const request = { problem, shape: shapeOf(problem, spec), options, label: describeShape(spec) };
  const [search] = await searchAll([request], {
    runner: runner ?? createLocalRunner(),
    ...(signal === undefined ? {} : { signal }),
    ...(onProgress === undefined ? {} : { onProgress }),
  });
  if (search === undefined)
    throw new RunFailure("cancelled", "The fit was cancelled before it was finished.");
  return assembleResult(table, problem, spec, options, search, (performance.now() - started) / 1000);
}

/**
 * The usual name of a model's structure.
 * @param spec - the model
 * @param nRandom - number of random effects in its design
 * @returns its family
 */
export function familyOf(spec: Pick<ModelSpec, "classes" | "random">, nRandom: number): ModelFamily {
  if (spec.classes === 1) return "growth curve";
  return nRandom === 0 ? "latent class growth analysis" : "growth mixture model";
}

function describeShape(spec: ModelSpec): string {
  return spec.classes === 1 ? "growth curve" : `${spec.classes} classes`;
}

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
  const inference = infer(layout, design.stored, finished, constraints);
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
    robust: finished.scoreProducts === null ? null : problem.data.clusters === null ? "person" : "cluster",
    clusters: clustersOf(problem),
    covariance: covarianceResult(layout, problem, parameters),
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
    }),
    warnings: [
      ...design.warnings,
      ...classWarnings(problem.data.moments, spec.classes),
      ...clusterWarningsOf(problem),
      ...(constraints?.notes ?? []),
    ],
    elapsedSeconds,
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

/** The verdict on a finished search, given what its estimates look like, and the figures behind it. */
function convergenceResult(
  search: FitSearch,
  options: FitOptions,
  bound: VarianceBound | null,
  estimates: Pick<VerdictEvidence, "emptyClasses" | "boundary" | "separated">,
): Convergence {
  const { gradientCriterion, eigenvalues } = search.finished;
  const smallestCurvature = eigenvalues[0] ?? 1;
  const { converged, verdicts } = judge({
    gradientCriterion,
    gradientTolerance: options.gradientTolerance,
    smallestCurvature,
    ...estimates,
    degenerate: search.degenerate,
    fewerIsBetter: search.fewerIsBetter,
    starts: search.starts,
  });
  return {
    converged,
    verdicts,
    gradientCriterion,
    smallestCurvature,
    iterations: search.iterations,
    evaluations: search.evaluations,
    varianceBound: bound,
  };
}

/** The bound on residual variances, and how near the fit came to it. */
function varianceBound(problem: Problem, spec: ModelSpec, search: FitSearch): VarianceBound | null {
  const { byClass, byOccasion } = residualParts(spec.residual);
  if (!byOccasion && (spec.classes === 1 || !byClass)) return null;
  const { ratio, pooled } = checkVariances(problem.data, spec, search.finished.x);
  return {
    ratio: SMALLEST_VARIANCE_RATIO,
    smallestAllowed: SMALLEST_VARIANCE_RATIO * pooled * problem.design.stored.scaling.outcomeSd ** 2,
    smallestRatio: ratio,
    refused: search.starts?.refused ?? 0,
  };
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

function covarianceResult(
  layout: ParameterLayout,
  problem: Problem,
  parameters: ClassParameters,
): RandomEffectCovariance | null {
  const q = layout.nRandom;
  if (q === 0) return null;
  const { stored } = problem.design;
  const shared = layout.covariance === "equal" || layout.nClasses === 1;
  const matrices = Array.from({ length: shared ? 1 : layout.nClasses }, (_, k) => {
    const d = covarianceOfClass(layout, stored, parameters, k);
    return Array.from({ length: q }, (_row, a) => Array.from(d.subarray(a * q, (a + 1) * q)));
  });
  return {
    names: stored.basisNames.slice(0, q),
    matrices,
    correlations: matrices.map((matrix) =>
      matrix.map((row, a) =>
        row.map((value, b) => {
          const product = matrix[a]![a]! * matrix[b]![b]!;
          return product > 0 ? value / Math.sqrt(product) : null;
        }),
      ),
    ),
  };
}
