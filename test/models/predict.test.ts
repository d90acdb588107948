import { describe, expect, test } from "vitest";
import { tableFromArrays } from "../../src/core/table.js";
import { fit } from "../../src/models/fitModel.js";
import { predict } from "../../src/models/predict.js";
import type { FitResult } from "../../src/models/result.js";
import type { ModelSpecInput } from "../../src/models/spec.js";
import {
  cohort,
  expectAllFinite,
  ordinary,
  problemsOf,
  QUICK,
  shuffledRows,
  twoKinds,
  withColumns,
} from "./helpers.js";
import { solve } from "./kernels/dense.js";

const base = { outcome: "score", time: "time", fixed: "1 + time", random: "1 + time" };
const table = withColumns(
  cohort(90, (i) => 1 + (i % 6), twoKinds),
  {
    age: (_row, _r, person) => (person * 37) % 50,
    grp: (_row, _r, person) => ["a", "b", "c"][person % 3]!,
    mood: (row, r) => Math.sin(3 * r) + row.time! / 10,
  },
);

/** What survives a file: numbers and text, no typed arrays. */
function fromFile(result: FitResult): FitResult {
  const { posteriors: _, ...rest } = result;
  return JSON.parse(JSON.stringify(rest)) as FitResult;
}

describe("the table that was fitted", () => {
  test.each<[string, Partial<ModelSpecInput>]>([
    ["growth curve", {}],
    ["REML", { reml: true }],
    ["LCGA", { classes: 2, random: "0" }],
    ["GMM", { classes: 3 }],
    ["free covariances and residuals", { classes: 2, covariance: "free", residual: "class", random: "1" }],
    [
      "covariates, interactions, membership",
      { classes: 2, fixed: "1 + time + grp + age:time + mood", random: "1", membership: "age + grp" },
    ],
    ["polynomial and factor", { classes: 2, fixed: "poly(time, 2) + factor(grp)", random: "1" }],
    ["no intercept", { fixed: "0 + grp + grp:time", random: "1" }],
    [
      "collinear terms",
      { fixed: "1 + time + I(2 * time) + age", membership: "age + I(age / 2)", classes: 2 },
    ],
  ])("gets the posteriors of the fit back, from a file too: %s", async (_, spec) => {
    const result = await fit(table, { ...base, ...spec }, QUICK);
    for (const stored of [result, fromFile(result)]) {
      const prediction = predict(stored, table);
      expectAllFinite(prediction);
      expect(prediction.posteriors.personIds).toEqual(result.posteriors.personIds);
      prediction.posteriors.values.forEach((value, i) => {
        expect(Math.abs(value - result.posteriors.values[i]!)).toBeLessThan(1e-10);
      });
      expect([...prediction.posteriors.modalClass]).toEqual([...result.posteriors.modalClass]);
      expect(prediction.rows.observed).toHaveLength(result.nObservations);
    }
  });

  test("in another order of persons the same people get the same", async () => {
    const result = await fit(table, { ...base, classes: 2, random: "1", membership: "age" }, QUICK);
    const prediction = predict(result, shuffledRows(table, 8));
    const known = new Map(result.posteriors.personIds.map((id, i) => [id, result.posteriors.values[2 * i]!]));
    prediction.posteriors.personIds.forEach((id, i) => {
      expect(Math.abs(prediction.posteriors.values[2 * i]! - known.get(id)!)).toBeLessThan(1e-10);
    });
  });
});

test("random effects of one class are the best linear unbiased predictions of the dense formula", async () => {
  const people = cohort(50, (i) => 1 + (i % 5), ordinary);
  const result = await fit(people, base);
  const { rows } = predict(result, people);
  const [intercept, slope] = result.parameters.map((p) => p.estimate);
  const d = result.covariance!.matrices[0]!;
  const s2 = result.residual.sd[0]! ** 2;
  let first = 0;
  for (let i = 0; i < people.nPersons; i++) {
    const n = people.personStart[i + 1]! - people.personStart[i]!;
    const t = Array.from(rows.time.subarray(first, first + n));
    const mean = t.map((value) => intercept! + slope! * value);
    const zdz = (a: number, b: number): number => d[0]![0]! + (a + b) * d[0]![1]! + a * b * d[1]![1]!;
    const v = t.map((a, r) => t.map((b, s) => zdz(a, b) + (r === s ? s2 : 0)));
    const weighted = solve(
      v,
      mean.map((value, r) => rows.observed[first + r]! - value),
    );
    t.forEach((a, r) => {
      expect(rows.fitted[first + r]!).toBeCloseTo(mean[r]!, 8);
      const effect = t.reduce((sum, b, s) => sum + zdz(a, b) * weighted[s]!, 0);
      expect(rows.predicted[first + r]!).toBeCloseTo(mean[r]! + effect, 8);
    });
    first += n;
  }
  expect(first).toBe(people.nRows);
});

describe("new people", () => {
  test("with one session are classified, however odd their score", async () => {
    const result = await fit(table, { ...base, classes: 2, random: "1" }, QUICK);
    const fresh = tableFromArrays([7, 8, 9], { time: [0, 3, 100], score: [5, -1e6, 1e6] });
    const prediction = predict(result, fresh);
    expectAllFinite(prediction);
    expect(prediction.posteriors.personIds).toEqual(["7", "8", "9"]);
    for (let i = 0; i < 3; i++)
      expect(prediction.posteriors.values[2 * i]! + prediction.posteriors.values[2 * i + 1]!).toBeCloseTo(
        1,
        12,
      );
  });

  test("a covariate that happens to be constant in the new data stays what it was", async () => {
    const result = await fit(table, { ...base, fixed: "1 + time + mood", classes: 2, random: "1" }, QUICK);
    const fresh = tableFromArrays(["x", "x"], { time: [0, 1], score: [14, 12], mood: [0.5, 0.5] });
    expectAllFinite(predict(result, fresh));
  });

  test("without a covariate are set aside and counted", async () => {
    const result = await fit(table, { ...base, fixed: "1 + time + age" }, QUICK);
    const fresh = tableFromArrays(["x", "y"], { time: [0, 0], score: [14, 12], age: [30, null] });
    const { posteriors, ledger } = predict(result, fresh);
    expect(posteriors.personIds).toEqual(["x"]);
    expect(ledger).toMatchObject({
      read: 2,
      used: 1,
      setAside: [{ reason: "missing age", rows: 1, persons: 1 }],
    });
  });

  test("of a category never seen, or without a column, are refused by name", async () => {
    const result = await fit(table, { ...base, fixed: "1 + time + grp" }, QUICK);
    const odd = tableFromArrays(["x"], { time: [0], score: [14], grp: ["z"] });
    expect((await problemsOf(() => predict(result, odd)))[0]).toMatchObject({ code: "unseen-level" });
    const bare = tableFromArrays(["x"], { time: [0], score: [14] });
    expect((await problemsOf(() => predict(result, bare)))[0]).toMatchObject({ code: "missing-column" });
  });
});
