import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { fit } from "../../src/models/fitModel.js";
import { predict } from "../../src/models/predict.js";
import { sim600 } from "./fixtures.js";

/** See README.md and r/persons.R in this folder. */
interface Reference {
  readonly ranef: {
    readonly logLik: number;
    readonly ids: readonly string[];
    readonly effects: readonly (readonly number[])[];
    readonly covariance: readonly (readonly (readonly number[])[])[];
  };
  readonly cluster: {
    readonly clusters: number;
    readonly logLik: number;
    readonly names: readonly string[];
    readonly estimates: readonly number[];
    readonly se: readonly number[];
    readonly robust: readonly number[];
    readonly cluster: readonly number[];
    readonly clubSandwichCR1: readonly number[];
  };
}

const reference = JSON.parse(
  readFileSync(new URL("persons-sim600.json", import.meta.url), "utf8"),
) as Reference;

test("random effects and their covariances are those of lme4's ranef(condVar = TRUE)", async () => {
  const table = sim600();
  const result = await fit(table, {
    outcome: "phq9",
    time: "session",
    fixed: "1 + session + session^2",
    random: "1 + session",
  });
  const { ranef } = reference;
  expect(result.logLikelihood).toBeCloseTo(ranef.logLik, 6);
  const { effects, posteriors } = predict(result, table, { effects: true });
  ranef.ids.forEach((id, j) => {
    const i = posteriors.personIds.indexOf(id);
    for (let a = 0; a < 2; a++) {
      // Both optimisers stop within about 1e-5 of the parameters.
      expect(Math.abs(effects!.values[2 * i + a]! - ranef.effects[j]![a]!)).toBeLessThan(1e-4);
      for (let b = 0; b < 2; b++)
        expect(Math.abs(effects!.covariance[4 * i + 2 * a + b]! - ranef.covariance[j]![a]![b]!)).toBeLessThan(
          1e-4,
        );
    }
  });
});

test("cluster-robust errors are those of scores differentiated numerically and summed by cluster", async () => {
  const { cluster } = reference;
  const spec = { outcome: "phq9", time: "session", fixed: "1 + session + agec", random: "1 + session" };
  const table = sim600();
  const plain = await fit(table, spec);
  const result = await fit(table, { ...spec, cluster: "imd" });
  expect(result.clusters).toEqual({ column: "imd", count: cluster.clusters });
  expect(result.logLikelihood).toBeCloseTo(cluster.logLik, 6);
  cluster.names.forEach((name, j) => {
    const own = result.parameters.find((p) => p.name === name)!;
    expect(Math.abs(own.estimate / cluster.estimates[j]! - 1), name).toBeLessThan(1e-4);
    expect(Math.abs(own.standardError! / cluster.se[j]! - 1), name).toBeLessThan(1e-4);
    expect(Math.abs(own.robustStandardError! / cluster.cluster[j]! - 1), name).toBeLessThan(1e-4);
    const person = plain.parameters.find((p) => p.name === name)!;
    expect(Math.abs(person.robustStandardError! / cluster.robust[j]! - 1), name).toBeLessThan(1e-4);
    // clubSandwich takes the variances as known: fixed effects differ by what their estimation adds.
    if (j < 3)
      expect(Math.abs(own.robustStandardError! / cluster.clubSandwichCR1[j]! - 1), name).toBeLessThan(0.02);
  });
});
