import { expect, test } from "vitest";
import { fit } from "../../../src/models/fitModel.js";
import { waldTest } from "../../../src/models/inference/wald.js";
import { cohort, ordinary, QUICK, withColumns } from "../../models/helpers.js";

// People of a service are alike: their level differs by service, which the model does not know.
const table = withColumns(
  cohort(120, 5, (i, stream) => {
    const person = ordinary(i, stream);
    const service = 2.5 * Math.sin(1 + (i % 12));
    return (session, own) => person(session, own) + service;
  }),
  { service: (_row, _r, person) => `s${person % 12}` },
);
const spec = { outcome: "score", time: "time", fixed: "1 + time", random: "1" };

test("with clusters z, p, intervals, bands and tests rest on the robust errors", async () => {
  const plain = await fit(table, spec, QUICK);
  const clustered = await fit(table, { ...spec, cluster: "service" }, QUICK);
  for (const p of clustered.parameters) {
    const error = p.robustStandardError!;
    expect(p.upper! - p.lower!).toBeCloseTo(2 * 1.959963984540054 * error, 10);
    if (p.z !== null) expect(p.z).toBeCloseTo(p.estimate / error, 10);
  }
  const [intercept] = clustered.parameters;
  expect(intercept!.standardError).toBe(plain.parameters[0]!.standardError);
  expect(intercept!.robustStandardError!).toBeGreaterThan(1.3 * intercept!.standardError!);
  // At the first session the mean is the intercept.
  const { lower, upper } = clustered.classes[0]!.meanTrajectory;
  expect(upper[0]! - lower[0]!).toBeCloseTo(intercept!.upper! - intercept!.lower!, 8);
  const wald = waldTest(clustered, "(Intercept) = 0");
  expect(wald.covariance).toBe("robust");
  expect(wald.statistic! / intercept!.z! ** 2).toBeCloseTo(1, 10);
  expect(clustered.termTests.every(({ covariance }) => covariance === "robust")).toBe(true);
  expect(waldTest(plain, "(Intercept) = 0").covariance).toBe("observed");
});
