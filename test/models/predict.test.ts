import { describe, expect, test } from "vitest";
import type { RandomStream } from "../../src/core/random.js";
import { type LongTable, tableFromArrays } from "../../src/core/table.js";
import { fit } from "../../src/models/fitModel.js";
import { predict, predictTrajectories } from "../../src/models/predict.js";
import type { FitResult } from "../../src/models/result.js";
import type { ModelSpecInput } from "../../src/models/spec.js";
import {
  cohort,
  expectAllFinite,
  ordinary,
  type Person,
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

describe("the standard error of a person's trajectory", () => {
  const spec = { ...base, fixed: "1 + time + age", classes: 2 };

  test("is that of the mixture of the classes' posteriors, from effects and parameters on the user's scale", async () => {
    const result = await fit(table, { ...spec, covariance: "free", residual: "class" }, QUICK);
    const { rows, effects, posteriors } = predict(result, table, { effects: true });
    const coefficient = (name: string, k: number): number =>
      result.parameters.find((p) => p.name === name && (p.class === null || p.class === k + 1))!.estimate;
    const age = table.columns.get("age")!;
    let i = 0;
    rows.personIds.forEach((id, r) => {
      while (posteriors.personIds[i] !== id) i++;
      const t = rows.time[r]!;
      const years = age.kind === "numeric" ? age.values[table.personStart[i]!]! : Number.NaN;
      const own = [0, 1].map((k) => {
        const [a, b] = effects!.values.subarray(4 * i + 2 * k);
        const mean =
          coefficient("(Intercept)", k) + coefficient("time", k) * t + coefficient("age", k) * years;
        return mean + a! + b! * t;
      });
      const variance = [0, 1].map((k) => {
        const [c00, c01, c10, c11] = effects!.covariance.subarray(8 * i + 4 * k);
        expect(c01!).toBeCloseTo(c10!, 12);
        return c00! + 2 * t * c01! + t * t * c11!;
      });
      const p = [0, 1].map((k) => posteriors.values[2 * i + k]!);
      const predicted = p[0]! * own[0]! + p[1]! * own[1]!;
      const total = [0, 1].reduce((sum, k) => sum + p[k]! * (variance[k]! + (own[k]! - predicted) ** 2), 0);
      expect(rows.predicted[r]!).toBeCloseTo(predicted, 8);
      expect(rows.predictedStandardError[r]!).toBeCloseTo(Math.sqrt(total), 8);
    });
    expect(effects!.names).toEqual(["(Intercept)", "time"]);
  });

  test("is that of the dense formula D - D Z'V^-1 Z D with one class", async () => {
    const people = cohort(30, (i) => 1 + (i % 5), ordinary, 4);
    const result = await fit(people, base);
    const { rows } = predict(result, people);
    const d = result.covariance!.matrices[0]!;
    const s2 = result.residual.sd[0]! ** 2;
    const zdz = (a: number, b: number): number => d[0]![0]! + (a + b) * d[0]![1]! + a * b * d[1]![1]!;
    for (let i = 0; i < people.nPersons; i++) {
      const [first, end] = [people.personStart[i]!, people.personStart[i + 1]!];
      const t = Array.from(rows.time.subarray(first, end));
      const v = t.map((a, r) => t.map((b, s) => zdz(a, b) + (r === s ? s2 : 0)));
      t.forEach((a, r) => {
        const row = t.map((b) => zdz(a, b));
        const weights = solve(v, row);
        const variance = zdz(a, a) - row.reduce((sum, value, s) => sum + value * weights[s]!, 0);
        expect(rows.predictedStandardError[first + r]!).toBeCloseTo(Math.sqrt(variance), 8);
      });
    }
  });

  test("covers 95% of the true trajectories, at times seen and not seen", async () => {
    const truth: number[][] = [];
    const people = cohort(
      400,
      (i) => 2 + (i % 5),
      (_, stream) => {
        const [intercept, slope] = [12 + 3 * stream.normal(), -0.5 + 0.3 * stream.normal()];
        truth.push([0, 3, 8].map((t) => intercept + slope * t));
        return (session, own) => intercept + slope * session + 1.5 * own.normal();
      },
      11,
    );
    const result = await fit(people, base);
    const { predicted, standardError, personIds } = predictTrajectories(result, people, [0, 3, 8]);
    expect(personIds).toEqual(people.personIds);
    const held = Array.from(predicted, (value, e) => {
      const miss = Math.abs(value - truth[Math.floor(e / 3)]![e % 3]!);
      return miss < 1.96 * standardError[e]! ? 1 : 0;
    });
    // 1200 intervals, three of each person: binomial standard error at most 1.1%.
    expect(Math.abs(held.reduce<number>((sum, value) => sum + value, 0) / held.length - 0.95)).toBeLessThan(
      0.025,
    );
  });

  test("on a grid is that of the rows at the same times", async () => {
    const result = await fit(table, spec, QUICK);
    const { rows, posteriors } = predict(result, table);
    const times = [0, 1, 2, 3, 4, 5];
    const grid = predictTrajectories(result, table, times);
    expectAllFinite(grid);
    rows.personIds.forEach((id, r) => {
      const at = posteriors.personIds.indexOf(id) * times.length + rows.time[r]!;
      expect(grid.fitted[at]!).toBeCloseTo(rows.fitted[r]!, 9);
      expect(grid.predicted[at]!).toBeCloseTo(rows.predicted[r]!, 9);
      expect(grid.standardError[at]!).toBeCloseTo(rows.predictedStandardError[r]!, 9);
    });
    expect(predictTrajectories(result, table).times).toEqual(result.design.times.grid);
  });

  test("follows the unit of the scores and not that of time", async () => {
    const other = withColumns(table, { score: (row) => 10 * row.score! - 7, time: (row) => 7 * row.time! });
    const [own, changed] = await Promise.all([fit(table, spec, QUICK), fit(other, spec, QUICK)]);
    const before = predict(own, table).rows.predictedStandardError;
    const after = predict(changed, other).rows.predictedStandardError;
    // Both maxima are settled to about 1e-6 standard errors.
    before.forEach((value, r) => {
      expect(Math.abs(after[r]! / (10 * value) - 1)).toBeLessThan(1e-4);
    });
  });

  test("is the doubt about the class alone without random effects, and nothing with one class", async () => {
    const two = await fit(table, { ...spec, random: "0" }, QUICK);
    const { rows, effects, posteriors } = predict(two, table, { effects: true });
    expect(effects).toBeUndefined();
    expectAllFinite(rows);
    const sure = posteriors.personIds.filter(
      (_, i) => posteriors.values[2 * i]! > 0.4 && posteriors.values[2 * i]! < 0.6,
    );
    rows.personIds.forEach((id, r) => {
      if (sure.includes(id)) expect(rows.predictedStandardError[r]!).toBeGreaterThan(0.3);
    });
    const one = await fit(table, { ...base, random: "0" });
    expect([...predict(one, table).rows.predictedStandardError]).toEqual(new Array(table.nRows).fill(0));
  });

  test("times that are no numbers are refused", async () => {
    const result = await fit(table, base);
    const [problem] = await problemsOf(() => predictTrajectories(result, table, [0, Number.NaN]));
    expect(problem).toMatchObject({ code: "bad-times", where: "times" });
  });
});

describe("with structured residuals", () => {
  const people = cohort(90, (i) => 2 + (i % 5), autocorrelated, 12);
  const varied = withColumns(people, { time: (row, r) => row.time! + (r % 3) / 5 });

  test.each<[string, LongTable, Partial<ModelSpecInput>]>([
    ["by occasion", people, { residual: "occasion", random: "1" }],
    ["AR(1)", people, { residual: "ar1" }],
    ["continuous-time AR(1)", varied, { residual: "car1" }],
    ["AR(1) and by occasion", people, { residual: "ar1+occasion", random: "1" }],
    ["by class", people, { residual: "ar1+class", classes: 2, random: "1" }],
  ])(
    "random effects, errors and posteriors are those of the dense formulas: %s",
    async (_, data, changes) => {
      const spec = { ...base, ...changes };
      const result = await fit(data, spec, QUICK);
      const { rows, effects, posteriors } = predict(result, data, { effects: true });
      expectAllFinite(rows);
      const K = result.model.classes;
      const q = result.design.nRandom;
      const d = result.covariance!.matrices[0]!;
      const z = (t: number): number[] => [1, t].slice(0, q);
      const zdz = (a: number, b: number): number =>
        z(a).reduce((sum, za, r) => sum + z(b).reduce((inner, zb, s) => inner + za * d[r]![s]! * zb, 0), 0);
      for (let i = 0; i < data.nPersons; i++) {
        const [first, end] = [data.personStart[i]!, data.personStart[i + 1]!];
        const t = Array.from(rows.time.subarray(first, end));
        for (let k = 0; k < K; k++) {
          const r = residualMatrix(result, t, k);
          const v = t.map((a, j) => t.map((b, l) => zdz(a, b) + r[j]![l]!));
          const of = (name: string): number =>
            result.parameters.find((p) => p.name === name && (p.class === null || p.class === k + 1))!
              .estimate;
          const weighted = solve(
            v,
            t.map((a, j) => rows.observed[first + j]! - of("(Intercept)") - of("time") * a),
          );
          for (let a = 0; a < q; a++) {
            const row = t.map((b) => z(b).reduce((sum, zb, s) => sum + d[a]![s]! * zb, 0));
            const effect = row.reduce((sum, value, j) => sum + value * weighted[j]!, 0);
            const spread = solve(v, row);
            const variance = d[a]![a]! - row.reduce((sum, value, j) => sum + value * spread[j]!, 0);
            const at = (i * K + k) * q + a;
            expect(effects!.values[at]!).toBeCloseTo(effect, 6);
            expect(effects!.covariance[at * q + a]!).toBeCloseTo(variance, 6);
          }
        }
      }
      posteriors.values.forEach((value, j) => {
        expect(Math.abs(value - result.posteriors.values[j]!)).toBeLessThan(1e-9);
      });
    },
  );

  test("and a latent time basis, the grid agrees with the rows", async () => {
    const result = await fit(people, { ...base, fixed: "1 + latent(time)", random: "1 + latent(time)" });
    const { rows } = predict(result, people);
    const times = [0, 1, 2, 3, 4, 5];
    const grid = predictTrajectories(result, people, times);
    rows.personIds.forEach((id, r) => {
      const at = people.personIds.indexOf(id) * times.length + rows.time[r]!;
      expect(grid.predicted[at]!).toBeCloseTo(rows.predicted[r]!, 8);
      expect(grid.standardError[at]!).toBeCloseTo(rows.predictedStandardError[r]!, 8);
    });
  });
});

/** An ordinary person whose residuals correlate by 0.6 from session to session. */
function autocorrelated(_index: number, stream: RandomStream): Person {
  const level = 12 + 3 * stream.normal();
  let residual = 1.5 * stream.normal();
  return (session, own) => {
    if (session > 0) residual = 0.6 * residual + 1.2 * own.normal();
    return level - 0.5 * session + residual;
  };
}

/** R of a class over times, from the reported residual standard deviations and autocorrelation. */
function residualMatrix(result: FitResult, t: readonly number[], k: number): number[][] {
  const sds = result.parameters.filter(
    (p) =>
      p.block === "residual" && p.name.startsWith("residual sd") && (p.class === null || p.class === k + 1),
  );
  const rho = result.parameters.find((p) => p.name.includes("autocorrelation"))?.estimate ?? 0;
  const sd = (time: number): number =>
    (sds.length === 1
      ? sds[0]!
      : sds.find((p) => p.name.includes(`[${time}]`) || p.name.endsWith(` ${time}`))!
    ).estimate;
  return t.map((a) => t.map((b) => sd(a) * sd(b) * (a === b ? 1 : rho === 0 ? 0 : rho ** Math.abs(a - b))));
}
