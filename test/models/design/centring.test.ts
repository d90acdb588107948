import { describe, expect, test } from "vitest";
import type { LongTable } from "../../../src/core/table.js";
import { basisAtTimes, buildDesign, type Design, internalBasisAtTimes } from "../../../src/models/design.js";
import { fit } from "../../../src/models/fitModel.js";
import { predict } from "../../../src/models/predict.js";
import { type ModelSpecInput, resolveSpec } from "../../../src/models/spec.js";
import { cohort, ordinary, withColumns } from "../helpers.js";

const table = withColumns(cohort(40, 5, ordinary), {
  age: (_row, _r, person) => 30 + person,
  grp: (_row, _r, person) => "ab"[person % 2]!,
  mood: (row, r) => Math.sin(r) + row.time!,
  year: (row) => 2019 + row.time! / 10,
});

const resolve = (spec: Partial<ModelSpecInput>): ReturnType<typeof resolveSpec> =>
  resolveSpec({ outcome: "score", time: "time", ...spec });
const design = (spec: Partial<ModelSpecInput>, data: LongTable = table): Design =>
  buildDesign(data, resolve(spec));

describe("a model is centred when it is the same from any origin", () => {
  test.each<[string, Partial<ModelSpecInput>]>([
    ["powers with all lower ones", { fixed: "1 + time + time^2 + time^3", random: "1 + time" }],
    ["any order of terms", { fixed: "time^2 + time + 1" }],
    ["powers written as arithmetic", { fixed: "1 + I(time / 7) + I(time * time)", random: "1 + I(time/7)" }],
    ["a covariate with its slope", { fixed: "1 + time * age" }],
    ["group means and slopes", { fixed: "0 + grp + grp:time", random: "0" }],
    ["dummies that add up to the constant", { fixed: "0 + grp + time", random: "0" }],
    ["a time-varying covariate with its slope", { fixed: "1 + time + mood + time:mood" }],
    ["lower power freer than the higher", { fixed: "1 + time", classSpecific: "1", classes: 2 }],
    ["piecewise lines", { fixed: "1 + piecewise(time, 2)", random: "1 + piecewise(time, 2)" }],
    ["time by its quoted name", { fixed: '1 + column("time")' }],
    ["random effects of other curves, uncorrelated", { fixed: "1 + time", random: "1", diagonal: true }],
  ])("%s", (_, spec) => {
    const { centring } = design(spec).stored;
    expect(centring?.centre).toBe(2);
  });

  test.each<[string, Partial<ModelSpecInput>, RegExp]>([
    [
      "a power without a lower one",
      { fixed: "1 + time^2", random: "1" },
      /time\^2 stands .* without .*power 1/,
    ],
    ["no intercept", { fixed: "0 + time", random: "0" }, /time stands .* without the intercept/],
    ["a slope of a covariate alone", { fixed: "1 + time + age:time" }, /age:time stands .* without age/],
    ["a random slope alone", { fixed: "1 + time", random: "0 + time" }, /random effect of time stands/],
    ["uncorrelated random effects", { random: "1 + time", diagonal: true }, /uncorrelated/],
    [
      "a variance held at time zero",
      { random: "1 + time", constraints: ["var((Intercept)) = 4"] },
      /constraint is about the variances at time zero/,
    ],
    ["a shared intercept", { classSpecific: "0 + time", classes: 2 }, /time differs by class, but a lower/],
  ])("not for %s", (_, spec, reason) => {
    expect(design(spec).stored.centring).toBeUndefined();
    expect(design(spec).warnings).toEqual([]);
    // Far from zero the user is told, and why.
    const far = withColumns(table, { time: (row) => row.time! + 5000 });
    const [warning] = design(spec, far).warnings;
    expect(warning).toContain("time runs from 5000 to 5004, far from zero");
    expect(warning).toMatch(reason);
  });

  test("curves that do not depend on the origin need nothing", () => {
    for (const fixed of ["poly(time, 2)", "ns(time, 2)", "factor(time)", "1"])
      expect(design({ fixed }).stored.centring, fixed).toBeUndefined();
  });

  test("a column far from zero that is not a power of time is named", () => {
    const [warning] = design({ fixed: "1 + log(year - 1000) + time", random: "1" }).warnings;
    expect(warning).toMatch(/^log\(year-1000\) runs from .* Centre it\.$/);
  });

  test("where a lower power says nothing new, the model is fitted as written", () => {
    // The column before time takes its place, so the square has no power below it.
    const d = design({ fixed: "1 + I(time + 0) + time + time^2", random: "1" });
    expect(d.stored.dropped).toEqual(["time"]);
    expect(d.stored.centring).toBeUndefined();
    expect(d.stored.fixedColumns.map((c) => c.name)).toEqual(["(Intercept)", "I(time+0)", "time^2"]);
  });
});

describe("the internal basis", () => {
  test("is the user's in other coordinates", () => {
    const spec = resolve({ fixed: "1 + time + time^2 + mood * time", random: "1 + time" });
    const { stored } = buildDesign(table, spec);
    const times = [-1, 0, 2.5, 10];
    const user = basisAtTimes(spec, stored, times);
    const internal = internalBasisAtTimes(spec, stored, times);
    const { centre, fixed } = stored.centring!;
    expect(centre).toBe(2);
    // Row by row: user coefficients of arbitrary internal ones give the same curve.
    const coefficients = stored.fixedColumns.map((_, j) => j + 1);
    const scaled = coefficients.map((c, j) => c / stored.scaling.basis[stored.fixedColumns[j]!.basis]!);
    const back = scaled.slice();
    for (const { target, source, weight } of fixed) back[target]! += weight * scaled[source]!;
    times.forEach((_, t) => {
      const value = (basis: Float64Array[], weights: number[]): number =>
        stored.fixedColumns.reduce((sum, { basis: b }, j) => sum + weights[j]! * basis[b]![t]!, 0);
      expect(value(user, back)).toBeCloseTo(value(internal, coefficients), 10);
    });
  });

  test("keeps its digits a million away", () => {
    const spec = resolve({ fixed: "1 + time + time^2", random: "1" });
    const near = buildDesign(table, spec);
    const far = buildDesign(withColumns(table, { time: (row) => row.time! + 1e6 }), spec);
    const [a, b] = [
      internalBasisAtTimes(spec, near.stored, [0, 1.5, 4]),
      internalBasisAtTimes(spec, far.stored, [1e6, 1e6 + 1.5, 1e6 + 4]),
    ];
    a.forEach((column, j) => {
      expect([...b[j]!]).toEqual([...column]);
    });
    expect([...far.moments.by]).toEqual([...near.moments.by]);
  });
});

test("knots are those of the rows used", () => {
  // Rows without a score lie at times that would move both boundary and quantiles.
  const holes = withColumns(cohort(40, 8, ordinary), {
    score: (row) => (row.time! >= 5 ? null : row.score!),
  });
  const spec = { fixed: "1 + ns(time, 2)", random: "1" };
  const { coding } = design(spec, holes).stored;
  expect(coding).toEqual(design(spec, cohort(40, 5, ordinary)).stored.coding);
  expect(coding.knots["ns(time,2)"]).toEqual({ boundary: [0, 4], interior: [2] });
});

test("predictions of new people use the stored centre and knots", async () => {
  const fixed = "1 + time + time^2 + ns(mood, 2)";
  const result = await fit(table, { outcome: "score", time: "time", fixed, random: "1 + time" });
  const stored = JSON.parse(JSON.stringify(result.design)) as typeof result.design;
  expect(stored).toEqual(result.design);
  const reloaded = { ...result, design: stored };
  // Half of the people and their first sessions, whose mean time and range of mood differ from those of the fit.
  const half = withColumns(table, {
    score: (row, _r, person) => (person < 20 || row.time! > 2 ? null : row.score!),
  });
  const means = (data: LongTable): Map<string, number> => {
    const { rows } = predict(reloaded, data);
    return new Map(rows.personIds.map((id, r) => [`${id} ${rows.time[r]}`, rows.fitted[r]!]));
  };
  const all = means(table);
  const some = means(half);
  expect(some.size).toBe(60);
  for (const [key, mean] of some) expect(mean).toBeCloseTo(all.get(key)!, 10);
});

test("random effects are reported at the user's origin", async () => {
  const spec = { outcome: "score", time: "time", fixed: "1 + time", random: "1 + time" };
  const result = await fit(table, spec);
  const { rows, effects } = predict(result, table, { effects: true });
  const [intercept, slope] = result.parameters.map((p) => p.estimate);
  rows.personIds.forEach((id, r) => {
    const person = table.personIds.indexOf(id);
    const [level, change] = [effects!.values[2 * person]!, effects!.values[2 * person + 1]!];
    const line = intercept! + level + (slope! + change) * rows.time[r]!;
    expect(rows.predicted[r]!).toBeCloseTo(line, 9);
  });
  // The variance of a prediction is z'C z with the covariance as reported.
  const [a, b, , d] = effects!.covariance;
  rows.predictedStandardError.slice(0, 5).forEach((error, r) => {
    const t = rows.time[r]!;
    expect(error ** 2).toBeCloseTo(a! + 2 * b! * t + d! * t * t, 9);
  });
});
