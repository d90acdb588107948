import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { fit } from "../../src/models/fitModel.js";
import type { ModelSpecInput } from "../../src/models/spec.js";
import { sim600 } from "./fixtures.js";

/** A model with parameters held, fitted by lavaan or OpenMx: estimate and standard error by name. */
interface ConstrainedReference {
  readonly name: string;
  readonly package: string;
  readonly nPersons: number;
  readonly nObservations: number;
  readonly spec: ModelSpecInput;
  readonly logLik: number;
  readonly npar: number;
  readonly parameters: Readonly<Record<string, readonly [number, number]>>;
}

const file = new URL("constraints-sim600.json", import.meta.url);
const references = JSON.parse(readFileSync(file, "utf8")) as ConstrainedReference[];

test.each(references.map((each) => [each.name, each] as const))("%s", async (_, theirs) => {
  const ours = await fit(sim600(6), theirs.spec);
  expect(ours.nPersons).toBe(theirs.nPersons);
  expect(ours.nObservations).toBe(theirs.nObservations);
  expect(ours.nParameters).toBe(theirs.npar);
  // Both are at the maximum; what is left is where their optimiser stops.
  expect(Math.abs(ours.logLikelihood - theirs.logLik)).toBeLessThan(1e-6);
  for (const [key, [estimate, standardError]] of Object.entries(theirs.parameters)) {
    const own = ours.parameters.find(({ name, block, class: label }) => {
      const base = block === "membership" ? `membership: ${name}` : name;
      return key === (label === null ? base : `${base}@${label}`);
    });
    expect(own, key).toBeDefined();
    if (standardError === 0) {
      expect(own!.estimate, key).toBe(estimate);
      expect(own!.standardError, key).toBeNull();
      expect(own!.constraint).toBe("fixed");
      continue;
    }
    // In standard errors: OpenMx stops a thousandth away; its errors come from numerical derivatives.
    expect(Math.abs(own!.estimate - estimate) / standardError, key).toBeLessThan(1e-3);
    expect(Math.abs(own!.standardError! / standardError - 1), `standard error of ${key}`).toBeLessThan(2e-3);
  }
});

test("every reference was looked at", () => {
  expect(references.map((each) => each.package.split(" ")[0]).sort()).toEqual([
    ...new Array<string>(2).fill("OpenMx"),
    ...new Array<string>(6).fill("lavaan"),
  ]);
});
