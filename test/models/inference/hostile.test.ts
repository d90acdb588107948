import { describe, expect, test } from "vitest";
import type { LongTable } from "../../../src/core/table.js";
import { fit } from "../../../src/models/fitModel.js";
import { waldTest } from "../../../src/models/inference/wald.js";
import type { ModelSpecInput } from "../../../src/models/spec.js";
import { cohort, expectAllFinite, ordinary, QUICK, twoKinds, withColumns } from "../helpers.js";

const base = { outcome: "score", time: "time", fixed: "1 + time", random: "1 + time" };
const people = cohort(60, (i) => 3 + (i % 3), twoKinds);
const cases: [string, LongTable, Partial<ModelSpecInput>][] = [
  ["times of a million", withColumns(people, { time: (row) => row.time! + 1e6 }), { reml: true }],
  ["three people", cohort(3, 4, ordinary), { reml: true, random: "1" }],
  [
    "scores that are a straight line",
    withColumns(people, { score: (row) => 3 + row.time! }),
    { reml: true, random: "1" },
  ],
  [
    "scores constant within a class",
    withColumns(people, { score: (_row, _r, person) => (person % 3 === 0 ? 18 : 5) }),
    { classes: 2, random: "0", residual: "class" },
  ],
  ["more classes than the data have", cohort(30, 3, ordinary), { classes: 6, random: "0" }],
  [
    "a predictor that separates the classes",
    withColumns(people, { kind: (_row, _r, person) => Number(person % 3 === 0) }),
    { classes: 2, random: "0", membership: "kind" },
  ],
  [
    "collinear covariates",
    withColumns(people, { a: (_row, _r, p) => p % 7, b: (_row, _r, p) => 2 * (p % 7) }),
    {
      fixed: "1 + time + a + b",
      reml: true,
    },
  ],
];

describe("hostile data leave numbers or reasons, never NaN", () => {
  test.each(cases)("%s", async (_, table, change) => {
    const own = await fit(table, { ...base, ...change }, QUICK);
    expectAllFinite(own.termTests);
    expectAllFinite(own.explainedVariance);
    expectAllFinite(own.satterthwaite);
    expectAllFinite(own.parameters);
    for (const { meanTrajectory } of own.classes) expectAllFinite(meanTrajectory);
    for (const each of own.termTests) {
      expect(each.statistic === null).toBe(each.reason !== null);
      expect(each.p === null).toBe(each.statistic === null);
      if (each.p !== null) expect(each.p >= 0 && each.p <= 1).toBe(true);
    }
    const { marginalR2, conditionalR2, intraclassCorrelation } = own.explainedVariance!;
    for (const share of [marginalR2, conditionalR2, intraclassCorrelation])
      expect(share === null || (share >= 0 && share <= 1)).toBe(true);
    const slope = own.parameters.find((p) => p.name === "time")!;
    expectAllFinite(waldTest(own, slope.class === null ? "time = 1" : "time@1 = 1"));
  });
});
