import { RunFailure } from "../core/errors.js";
import type { LongTable } from "../core/table.js";
import { assembleResult } from "./fitModel/assemble.js";
import type { JobRunner, Progress } from "./jobs/job.js";
import { createLocalRunner } from "./localRunner.js";
import { searchAll } from "./multistart.js";
import { buildProblem, shapeOf } from "./problem.js";
import type { FitResult } from "./result.js";
import {
  type FitOptions,
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

function describeShape(spec: ModelSpec): string {
  return spec.classes === 1 ? "growth curve" : `${spec.classes} classes`;
}
