import type { ProblemData } from "../likelihood.js";
import { allocateFor, type ParameterLayout, pack } from "../parameters.js";
import { emSteps } from "./em.js";
import type { Objective } from "./objective.js";
import { type QuasiNewtonResult, quasiNewton } from "./quasiNewton.js";

/**
 * Start values of a growth curve: no fixed effects yet, half of the variance to the random intercept, a weak
 * autocorrelation, a straight line for a latent basis.
 * @param data - the data (internal scale: outcome variance about 1)
 * @param layout - a one-class layout
 * @returns the start vector
 */
export function oneClassStart(data: ProblemData, layout: ParameterLayout): Float64Array {
  const q = data.moments.nRandom;
  const start = allocateFor(layout);
  start.residual.fill(0.5, 0, layout.nVariances);
  start.residual.fill(0.2, layout.nVariances);
  for (let o = 0; o < layout.nLoadings; o++) start.loadings[o] = o / (layout.nLoadings - 1);
  for (let a = 0; a < q; a++) start.factor[a * q + a] = a === 0 ? 0.7 : 0.3;
  return pack(layout, start);
}

/**
 * Fits one class to near convergence; {@link finish} does the rest.
 * @param objective - its likelihood
 * @param start - start vector
 * @param maxIterations - limit of quasi-Newton iterations
 * @returns the maximum, to about a ten-thousandth of a standard error
 */
export function fitOneClass(
  objective: Objective,
  start: Float64Array,
  maxIterations: number,
): QuasiNewtonResult {
  return quasiNewton(objective, emSteps(objective, start, 6, 1e-2), maxIterations, 1e-9);
}
