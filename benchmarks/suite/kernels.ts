import { createObjective, type Objective } from "#dist/models/fit/objective.js";
import { scalarEngine } from "#dist/models/kernels/plain/scalarEngine.js";
import { vectorEngine } from "#dist/models/kernels/plain/vectorEngine.js";
import { plainKernel } from "#dist/models/kernels/plain.js";
import { layoutOf } from "#dist/models/likelihood.js";
import type { Moments } from "./engine.js";

/** A kernel behind the objective that the optimisers see. */
export interface NamedKernel {
  readonly name: "JavaScript" | "WebAssembly";
  readonly objective: Objective;
}

/**
 * The kernels that compute a mixture with one D, one residual variance and no covariates, each with memory of its own.
 * @param problem - moments of the model
 * @returns JavaScript, and WebAssembly where this machine has vectors
 */
export function kernelsOf({ data: { moments, fixed, ...data }, spec }: Moments): readonly NamedKernel[] {
  const layout = layoutOf({ moments, fixed, ...data }, spec);
  const vectors = vectorEngine(moments, spec.classes);
  const makers = [
    { name: "JavaScript", make: scalarEngine },
    ...(vectors === null ? [] : [{ name: "WebAssembly", make: () => vectors } as const]),
  ] as const;
  return makers.map(({ name, make }) => ({
    name,
    objective: createObjective(plainKernel(moments, fixed, spec.classes, make), layout),
  }));
}
