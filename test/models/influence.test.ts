import { describe, expect, test } from "vitest";
import { type LongTable, tableFromArrays } from "../../src/core/table.js";
import { fit } from "../../src/models/fitModel.js";
import { influence } from "../../src/models/influence.js";
import { readPeople } from "../../src/models/persons/people.js";
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

const base = { outcome: "score", time: "time", fixed: "1 + time", random: "1" };
const table = cohort(120, (i) => 3 + (i % 5), twoKinds, 3);

function without(people: LongTable, left: string): LongTable {
  const ids: string[] = [];
  const columns: Record<string, number[]> = { time: [], score: [] };
  people.personIds.forEach((id, i) => {
    if (id === left) return;
    for (let r = people.personStart[i]!; r < people.personStart[i + 1]!; r++) {
      ids.push(id);
      for (const [name, values] of Object.entries(columns)) {
        const column = people.columns.get(name)!;
        if (column.kind === "numeric") values.push(column.values[r]!);
      }
    }
  });
  return tableFromArrays(ids, columns, "time");
}

function meanAt(result: FitResult, k: number, time: number): number {
  const of = (name: string): number =>
    result.parameters.find((p) => p.name === name && (p.class === null || p.class === k + 1))!.estimate;
  return of("(Intercept)") + of("time") * time;
}

function correlation(a: readonly number[], b: readonly number[]): number {
  const mean = (x: readonly number[]): number => x.reduce((sum, value) => sum + value, 0) / x.length;
  const [ma, mb] = [mean(a), mean(b)];
  const cross = (x: readonly number[], mx: number, y: readonly number[], my: number): number =>
    x.reduce((sum, value, i) => sum + (value - mx) * (y[i]! - my), 0);
  return cross(a, ma, b, mb) / Math.sqrt(cross(a, ma, a, ma) * cross(b, mb, b, mb));
}

describe("leaving out each of the ten most influential people", () => {
  test.each<[string, Partial<ModelSpecInput>]>([
    ["growth mixture model", { classes: 2 }],
    ["growth curve", { random: "1 + time" }],
  ])("moves means, proportions and likelihood as foretold: %s", async (_, changes) => {
    const spec = { ...base, ...changes };
    const full = await fit(table, spec, QUICK);
    const found = influence(full, table);
    expectAllFinite(found);
    const foretold: number[] = [];
    const true_: number[] = [];
    const displacement: number[] = [];
    const trueDisplacement: number[] = [];
    for (const person of found.top.slice(0, 10)) {
      const refit = await fit(without(table, person.personId), spec, QUICK);
      for (let k = 0; k < full.model.classes; k++) {
        const change = meanAt(refit, k, found.time) - meanAt(full, k, found.time);
        foretold.push(person.meanChange[k]!);
        true_.push(change);
        // First order: a tenth of what the most influential do is about the error of leaving out curvature.
        expect(Math.abs(person.meanChange[k]! - change)).toBeLessThan(0.1 * Math.abs(change) + 0.01);
        expect(person.proportionChange[k]!).toBeCloseTo(
          refit.classes[k]!.proportion - full.classes[k]!.proportion,
          3,
        );
      }
      // The estimates without the person, judged by everybody's likelihood.
      displacement.push(person.displacement);
      const others = readPeople({ ...full, internal: rescaled(refit, full) }, table);
      trueDisplacement.push(2 * (full.logLikelihood - others.logLikelihood));
    }
    expect(correlation(foretold, true_)).toBeGreaterThan(0.99);
    expect(correlation(displacement, trueDisplacement)).toBeGreaterThan(0.97);
    displacement.forEach((value, i) => {
      expect(Math.abs(value / trueDisplacement[i]! - 1)).toBeLessThan(0.35);
    });
  });
});

/** The free vector of a refit in the internal units of the full fit; no covariates, so that columns are 1 and time. */
function rescaled(refit: FitResult, full: FitResult): number[] {
  const [from, to] = [refit.design.scaling, full.design.scaling];
  const nLogits = full.model.classes - 1;
  const K = full.model.classes;
  const ratio = from.outcomeSd / to.outcomeSd;
  const q = full.design.nRandom;
  return refit.internal.map((value, j) => {
    if (j < nLogits) return value;
    if (j < nLogits + K) {
      const score = (value * from.outcomeSd) / from.basis[0]! + from.outcomeMean;
      return ((score - to.outcomeMean) / to.outcomeSd) * to.basis[0]!;
    }
    if (j < nLogits + 2 * K) return (value * ratio * to.basis[1]!) / from.basis[1]!;
    if (j === refit.internal.length - 1) return value + Math.log(ratio);
    // Factor entries by rows: (0,0), then (1,0) and (1,1).
    const row = q === 1 || j === nLogits + 2 * K ? 0 : 1;
    return (value * ratio * to.basis[row]!) / from.basis[row]!;
  });
}

describe("influence", () => {
  test("shares out the whole log-likelihood, and displacement averages the parameters per person", async () => {
    const result = await fit(table, { ...base, classes: 2 }, QUICK);
    const found = influence(result, table, 5);
    expect(found.logLikelihood.reduce((sum, value) => sum + value, 0)).toBeCloseTo(result.logLikelihood, 7);
    const mean = found.displacement!.reduce((sum, value) => sum + value, 0) / result.nPersons;
    // The information identity, to its sampling error.
    expect(mean / (result.nParameters / result.nPersons)).toBeGreaterThan(0.8);
    expect(mean / (result.nParameters / result.nPersons)).toBeLessThan(1.25);
    expect(found.top).toHaveLength(5);
    expect(found.top[0]!.displacement).toBe(Math.max(...found.displacement!));
    // Scores sum to zero at the maximum, so leaving out everybody in turn moves nothing on average.
    for (const changes of [found.meanChange!, found.proportionChange!])
      for (let k = 0; k < 2; k++) {
        let sum = 0;
        for (let i = 0; i < result.nPersons; i++) sum += changes[2 * i + k]!;
        expect(Math.abs(sum)).toBeLessThan(1e-5);
      }
    for (let i = 0; i < result.nPersons; i++)
      expect(found.proportionChange![2 * i]! + found.proportionChange![2 * i + 1]!).toBeCloseTo(0, 12);
  });

  test("belongs to the person, whatever the order of people and the unit of scores and time", async () => {
    const spec = { ...base, classes: 2, membership: "age" };
    const aged = withColumns(table, { age: (_row, _r, person) => (person * 37) % 50 });
    const plain = influence(await fit(aged, spec, QUICK), aged);
    const other = shuffledRows(
      withColumns(aged, { score: (row) => 3 * row.score! + 1, time: (row) => row.time! / 7 }),
      2,
    );
    const changed = influence(await fit(other, spec, QUICK), other);
    plain.personIds.forEach((id, i) => {
      const j = changed.personIds.indexOf(id);
      expect(changed.displacement![j]!).toBeCloseTo(plain.displacement![i]!, 4);
      expect(changed.meanChange![2 * j]! / 3).toBeCloseTo(plain.meanChange![2 * i]!, 4);
      expect(changed.proportionChange![2 * j]!).toBeCloseTo(plain.proportionChange![2 * i]!, 5);
    });
  });

  test.each<[string, Partial<ModelSpecInput>]>([
    ["autocorrelated residuals", { residual: "ar1" }],
    ["residuals by occasion", { residual: "occasion" }],
    ["a latent time basis", { fixed: "1 + latent(time)" }],
    ["constraints", { random: "1 + time", diagonal: true, constraints: ["time = -0.7", "var(time) = 0.3"] }],
  ])("follows the model: %s", async (_, changes) => {
    const result = await fit(table, { ...base, ...changes }, QUICK);
    const found = influence(result, table);
    expectAllFinite(found);
    expect(found.logLikelihood.reduce((sum, value) => sum + value, 0)).toBeCloseTo(result.logLikelihood, 6);
    expect(Math.abs(found.meanChange!.reduce((sum, value) => sum + value, 0))).toBeLessThan(1e-3);
    const { personId, meanChange } = [...found.top].sort(
      (a, b) => Math.abs(b.meanChange[0]!) - Math.abs(a.meanChange[0]!),
    )[0]!;
    const refit = await fit(without(table, personId), { ...base, ...changes }, QUICK);
    const mean = (fitted: FitResult): number => {
      const { time, mean: means } = fitted.classes[0]!.meanTrajectory;
      return means[time.indexOf(found.time)]!;
    };
    expect(Math.abs(meanChange[0]! / (mean(refit) - mean(result)) - 1)).toBeLessThan(0.15);
  });

  test("finds the person who does not belong", async () => {
    const odd = withColumns(cohort(60, 5, ordinary, 6), {
      score: (row, _r, person) => (person === 17 ? 40 - row.score! : row.score!),
    });
    const found = influence(await fit(odd, { ...base, random: "1 + time" }), odd);
    expect(found.top[0]!.personId).toBe("p17");
    expect(found.top[0]!.meanChange[0]!).toBeLessThan(0);
  });

  test("has no figures where the likelihood has no curvature to go by", async () => {
    const constant = withColumns(table, { score: () => 7 });
    const found = influence(await fit(constant, base), constant);
    expectAllFinite({ ...found, logLikelihood: null });
  });

  test("is refused for REML and for another table", async () => {
    const reml = await fit(table, { ...base, reml: true });
    expect(await problemsOf(() => influence(reml, table))).toMatchObject([{ code: "reml-influence" }]);
    const result = await fit(table, base);
    const rounded = withColumns(table, { score: (row, r) => (r === 5 ? row.score! + 1 : row.score!) });
    expect(await problemsOf(() => influence(result, rounded))).toMatchObject([
      { code: "other-people", message: expect.stringContaining("other scores") as unknown },
    ]);
    expect(await problemsOf(() => influence(result, without(table, "p3")))).toMatchObject([
      { code: "other-people" },
    ]);
  });
});
