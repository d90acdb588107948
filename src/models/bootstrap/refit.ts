import { checkVariances } from "../fit/degenerate.js";
import { emSteps } from "../fit/em.js";
import { freeVector, fullVector } from "../fit/freeSpace.js";
import { quasiNewton } from "../fit/quasiNewton.js";
import { type FreeLikelihood, freeLikelihoodOf, type ProblemData, type ProblemShape } from "../likelihood.js";
import {
  allocateFor,
  type ParameterLayout,
  residualVariances,
  unpackInto,
  withSomeAutocorrelation,
} from "../parameters.js";

/** Why a replicate gives no estimates. */
export type ReplicateFailure = "no likelihood" | "not converged" | "class vanished" | "likelihood unbounded";

/** A sample with the log-likelihood of a model on it. */
export interface SampleLikelihood {
  readonly data: ProblemData;
  readonly shape: ProblemShape;
  readonly likelihood: FreeLikelihood;
}

/** Where a refit ended. */
export interface Refit {
  /** Full vector. */
  readonly x: Float64Array;
  readonly logLikelihood: number;
  /** K: people of each class, by posterior probability and weight. */
  readonly weight: Float64Array;
  /** Null where it is a proper maximum. */
  readonly failure: ReplicateFailure | null;
}

/**
 * The log-likelihood of a model on a sample. What is summed over persons is summed now, so every sample needs its own.
 * @param data - the sample
 * @param shape - the model
 * @returns both, with scratch of its own
 */
export function sampleLikelihood(data: ProblemData, shape: ProblemShape): SampleLikelihood {
  return { data, shape, likelihood: freeLikelihoodOf(data, shape) };
}

/**
 * g' H g / n below which a refit has converged: estimates within a ten-thousandth of a standard error, far below the noise of
 * any number of replicates.
 */
export const ESTIMATES_SETTLED = 1e-8;
/** The same where the log-likelihood alone is wanted: it is then known to about n times this. */
export const VALUE_SETTLED = 1e-6;
/** EM steps of the second try. */
const RETRY_STEPS = 40;
/** A class with less than this many persons' worth of posterior probability has nobody in it. */
const EMPTY_CLASS = 1;
/** Diagonal entries of a start's factor of D below this many residual standard deviations are set to it. */
const SMALLEST_START = 0.1;

/**
 * Carries a start to a maximum of the log-likelihood of a sample; a start that leads nowhere is tried once more with EM steps
 * before it.
 * @param sample - the sample and its likelihood
 * @param x - full vector to start from
 * @param maxIterations - limit of quasi-Newton iterations
 * @param tolerance - g' H g / n at which it has converged
 * @param inverse - inverse information to begin with, of what the constraints leave free, where that of data like these is known
 * @returns where it ended
 */
export function refit(
  sample: SampleLikelihood,
  x: Float64Array,
  maxIterations: number,
  tolerance: number = ESTIMATES_SETTLED,
  inverse?: Float64Array,
): Refit {
  const { objective, space } = sample.likelihood;
  const start = freeVector(space, x);
  const begin = objective.evaluate(start, inverse === undefined);
  let result = quasiNewton(objective, begin, maxIterations, tolerance, inverse);
  if (!result.converged && !result.point.exactFit)
    result = quasiNewton(objective, emSteps(objective, start, RETRY_STEPS, 1e-4), maxIterations, tolerance);
  // The last evaluation of a line search need not be that of the point it returned.
  const point = objective.evaluate(result.point.x, false);
  const end = fullVector(space, point.x);
  const weight = objective.last.weight.slice();
  return {
    x: end,
    logLikelihood: point.value,
    weight,
    failure: failureOf(sample, end, point.value, weight, result.converged),
  };
}

function failureOf(
  { data, shape }: SampleLikelihood,
  x: Float64Array,
  value: number,
  weight: Float64Array,
  converged: boolean,
): ReplicateFailure | null {
  if (!Number.isFinite(value)) return "no likelihood";
  if (checkVariances(data, shape, x).degenerate) return "likelihood unbounded";
  if (!weight.every((people) => people >= EMPTY_CLASS)) return "class vanished";
  return converged ? null : "not converged";
}

/**
 * A fit's vector as a start for other data: where a random effect has (next to) no variance the log-likelihood is stationary
 * in the factor of D, whatever the data, so such entries are moved off zero, and so is an autocorrelation by time.
 * @param layout - the layout
 * @param x - full vector of the fit
 * @returns the start
 */
export function warmStart(layout: ParameterLayout, x: Float64Array): Float64Array {
  const out = x.slice();
  const parameters = allocateFor(layout);
  unpackInto(layout, x, parameters);
  const smallest = SMALLEST_START * Math.sqrt(Math.min(...residualVariances(layout, parameters)));
  const nEntries = layout.factorRow.length;
  for (let f = 0; f < layout.nFactors; f++)
    for (let e = 0; e < nEntries; e++) {
      const at = layout.factorAt + f * nEntries + e;
      if (layout.factorRow[e] === layout.factorColumn[e] && Math.abs(out[at]!) < smallest) out[at] = smallest;
    }
  return withSomeAutocorrelation(layout, out);
}
