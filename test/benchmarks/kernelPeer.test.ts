import { spawnSync } from "node:child_process";
import { simulateTable } from "symptom-trajectories/simulate";
import { describe, expect, it } from "vitest";
import { quadratic } from "../../benchmarks/suite/cohorts.js";
import { momentsOf } from "../../benchmarks/suite/engine.js";
import { cPass, type PassParameters, passDifference, passSums } from "../../benchmarks/suite/kernelPeer.js";
import { kernelsOf, type NamedKernel } from "../../benchmarks/suite/kernels.js";

const hasCompiler = spawnSync("cc", ["--version"]).status === 0;

/** Evaluating leaves the parameters of the point in the objective. */
function parametersAt({ objective }: NamedKernel, x: Float64Array): PassParameters {
  objective.evaluate(x, false);
  return objective.parameters;
}

// A second implementation, from the algebra in c/estep.c, of what the kernels compute: log-likelihood and gradient.
describe.skipIf(!hasCompiler)("the pass in C", () => {
  it.each([
    { name: "regular sessions, 4 classes", regular: true, classes: 4, apart: 1 },
    { name: "irregular weeks, 4 classes", regular: false, classes: 4, apart: 1 },
    { name: "regular sessions, 2 classes", regular: true, classes: 2, apart: 1 },
    { name: "classes so far apart that exp overflows, regular", regular: true, classes: 3, apart: 200 },
    { name: "classes so far apart that exp overflows, irregular", regular: false, classes: 3, apart: 200 },
  ])("agrees with every kernel: $name", ({ regular, classes, apart }) => {
    // A number that is no multiple of the lanes, in patterns that are none either.
    const { table } = simulateTable({ nPersons: 2003, seed: 11, regular });
    const problem = momentsOf(table, quadratic(regular ? "session" : "week", { classes }));
    const kernels = kernelsOf(problem);
    const x = new Float64Array(kernels[0]!.objective.size).fill(0.3);
    for (let j = 0; j < 3 * classes; j++) x[j] = apart * (((j * 7) % 11) / 11 - 0.5);
    const c = cPass(problem, parametersAt(kernels[0]!, x), 1)!;
    for (const { name, objective } of kernels) {
      objective.evaluate(x, false);
      // The same sums in another order, of terms that cancel where classes are far apart.
      expect(passDifference(passSums(objective.last), c.sums), name).toBeLessThan(1e-11);
    }
  });
});
