import { beforeAll, describe, expect, test } from "vitest";
import { meanDesign, posteriorsOf } from "../../src/models/classes.js";
import { buildDesign } from "../../src/models/design.js";
import { fit } from "../../src/models/fitModel.js";
import type { FitResult } from "../../src/models/result.js";
import { resolveSpec } from "../../src/models/spec.js";
import { cohort, QUICK, twoKinds, withColumns } from "./helpers.js";

const table = withColumns(
  cohort(90, (i) => 2 + (i % 4), twoKinds),
  { age: (_row, _r, person) => (person * 37) % 50 },
);
const base = { outcome: "score", time: "time", fixed: "1 + time + age", random: "1", classes: 2 };

describe("classes", () => {
  let result: FitResult;
  beforeAll(async () => {
    result = await fit(table, base, QUICK);
  });

  test("sizes and certainty follow from the posteriors", () => {
    const { values, modalClass } = result.posteriors;
    for (const [k, summary] of result.classes.entries()) {
      const own = Array.from({ length: 90 }, (_, i) => values[2 * i + k]!);
      const members = own.filter((_, i) => modalClass[i] === k + 1);
      expect(summary.label).toBe(k + 1);
      expect(summary.assigned).toBe(members.length);
      const proportion = own.reduce((a, b) => a + b, 0) / 90;
      expect(summary.proportion).toBeCloseTo(proportion, 12);
      const average = members.reduce((a, b) => a + b, 0) / members.length;
      expect(summary.averagePosterior).toBeCloseTo(average, 12);
      const odds = average / (1 - average) / (proportion / (1 - proportion));
      expect(summary.oddsOfCorrectClassification! / odds).toBeCloseTo(1, 9);
    }
    modalClass.forEach((label, i) => {
      expect(values[2 * i + label - 1]!).toBeGreaterThanOrEqual(values[2 * i + 2 - label]!);
    });
  });

  test("mean trajectories hold covariates at their mean over persons, with bands by the delta method", () => {
    const meanAge = Array.from({ length: 90 }, (_, i) => (i * 37) % 50).reduce((a, b) => a + b, 0) / 90;
    const find = (name: string, k: number): number =>
      result.parameters.findIndex((p) => p.name === name && (p.class ?? k) === k);
    for (const [k, { meanTrajectory }] of result.classes.entries()) {
      const at = ["(Intercept)", "time", "age"].map((name) => find(name, k + 1));
      expect(meanTrajectory.time).toEqual([0, 1, 2, 3, 4]);
      meanTrajectory.time.forEach((t, j) => {
        const row = [1, t, meanAge];
        const mean = row.reduce((sum, value, a) => sum + value * result.parameters[at[a]!]!.estimate, 0);
        expect(meanTrajectory.mean[j]!).toBeCloseTo(mean, 9);
        let variance = 0;
        for (const a of [0, 1, 2])
          for (const b of [0, 1, 2])
            variance += row[a]! * row[b]! * result.parameterCovariance![at[a]!]![at[b]!]!;
        expect(meanTrajectory.upper[j]! - mean).toBeCloseTo(1.959963984540054 * Math.sqrt(variance), 9);
        expect(mean - meanTrajectory.lower[j]!).toBeCloseTo(1.959963984540054 * Math.sqrt(variance), 9);
      });
    }
  });

  test("observed means are weighted by the posteriors", () => {
    const score = table.columns.get("score")!;
    const time = table.columns.get("time")!;
    if (score.kind !== "numeric" || time.kind !== "numeric") throw new TypeError("not numeric");
    for (const [k, { observedMeans }] of result.classes.entries()) {
      expect(observedMeans.time).toEqual([0, 1, 2, 3, 4]);
      for (const t of [0, 3]) {
        let weight = 0;
        let sum = 0;
        for (let i = 0; i < 90; i++)
          for (let r = table.personStart[i]!; r < table.personStart[i + 1]!; r++)
            if (time.values[r] === t) {
              weight += result.posteriors.values[2 * i + k]!;
              sum += result.posteriors.values[2 * i + k]! * score.values[r]!;
            }
        expect(observedMeans.weight[t]!).toBeCloseTo(weight, 9);
        expect(observedMeans.observed[t]!).toBeCloseTo(sum / weight, 9);
        expect(Math.abs(observedMeans.fitted[t]! - observedMeans.observed[t]!)).toBeLessThan(2);
      }
    }
  });

  test("without covariates fitted means at a time are those of the trajectory, however the basis is written", async () => {
    const curve = { ...base, fixed: "1 + time + time^2", random: "1" };
    const powers = await fit(table, curve, QUICK);
    const orthogonal = await fit(table, { ...curve, fixed: "1 + poly(time, 2)" }, QUICK);
    for (const [k, { observedMeans, meanTrajectory }] of powers.classes.entries()) {
      const other = orthogonal.classes[k]!.observedMeans;
      expect(observedMeans.time).toEqual(meanTrajectory.time);
      meanTrajectory.mean.forEach((mean, t) => {
        expect(observedMeans.fitted[t]!).toBeCloseTo(mean, 9);
        // The same model by another basis, which is read row by row: both end at the maximum up to its tolerance.
        expect(other.fitted[t]!).toBeCloseTo(mean, 4);
        expect(other.observed[t]!).toBeCloseTo(observedMeans.observed[t]!, 4);
        expect(other.weight[t]!).toBeCloseTo(observedMeans.weight[t]!, 3);
      });
    }
  });

  test("with many times observed means come in bins that hold every row", async () => {
    const irregular = withColumns(table, { time: (row, r) => row.time! + ((r * 7919) % 1000) / 1000 });
    const own = await fit(irregular, base, QUICK);
    const total = own.classes.reduce((sum, c) => sum + c.observedMeans.weight.reduce((a, b) => a + b, 0), 0);
    expect(total).toBeCloseTo(table.nRows, 6);
    for (const c of own.classes) {
      expect(c.observedMeans.time.length).toBeLessThanOrEqual(20);
      expect([...c.observedMeans.time].sort((a, b) => a - b)).toEqual([...c.observedMeans.time]);
      expect(c.meanTrajectory.time).toHaveLength(61);
    }
  });
});

test("posteriors come back in the order of the table, a tie going to the lower label", () => {
  const spec = resolveSpec({ ...base, fixed: "1 + time" });
  const design = buildDesign(table, spec);
  // Person i gets i / 200 for class 1 and the rest for class 2, given in the order of the moments.
  const values = Float64Array.from({ length: 180 }, (_, e) => {
    const person = design.moments.personIndex[e >> 1]!;
    return e % 2 === 0 ? person / 200 : 1 - person / 200;
  });
  const tie = design.moments.personIndex.indexOf(5);
  values.fill(0.5, 2 * tie, 2 * tie + 2);
  const posteriors = posteriorsOf(table, design, values, 2);
  expect(posteriors.personIds).toEqual(table.personIds);
  for (const i of [0, 1, 44, 89]) expect(posteriors.values[2 * i]).toBe(i / 200);
  expect(posteriors.modalClass[5]).toBe(1);
  expect(posteriors.modalClass[6]).toBe(2);
});

test("the mean design is the basis times the mean of the person columns", () => {
  const spec = resolveSpec({ ...base, fixed: "1 + time + age:time" });
  const { stored } = buildDesign(table, spec);
  const rows = meanDesign(spec, stored, [0, 2]);
  expect(rows.map((row) => [...row])).toEqual([
    [1, 1],
    [0, 2],
    [0, 2 * stored.personMeans[1]!],
  ]);
});
