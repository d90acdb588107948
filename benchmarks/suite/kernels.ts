import { createObjective, type Objective } from "#dist/models/fit/objective.js";
import { commonKernel } from "#dist/models/kernels/common.js";
import { layoutOf } from "#dist/models/likelihood.js";
import type { Moments } from "./engine.js";

/** A kernel behind the objective that the optimisers see. */
export interface NamedKernel {
  readonly name: string;
  readonly objective: Objective;
}

/**
 * The kernels that compute a mixture with one D and one residual variance, each with memory of its own.
 * @param problem - moments of the model
 * @returns JavaScript first
 */
export async function kernelsOf({ data, spec }: Moments): Promise<readonly NamedKernel[]> {
  const layout = layoutOf(data, spec);
  const javaScript = commonKernel(data.moments, data.fixed, spec.classes);
  return [{ name: "JavaScript", objective: createObjective(javaScript, layout) }];
}
