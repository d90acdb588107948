import { describe, expect, test } from "vitest";
import type { RandomStream } from "../../src/core/random.js";
import { type LongTable, tableFromArrays } from "../../src/core/table.js";
import { diagnose } from "../../src/models/diagnostics.js";
import { fit } from "../../src/models/fitModel.js";
import { summarizeDiagnostics } from "../../src/models/persons/summary.js";
import type { Diagnostics } from "../../src/models/persons/types.js";
import { predict } from "../../src/models/predict.js";
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

async function diagnosed(
  table: LongTable,
  changes: Partial<ModelSpecInput> = {},
  limits: { minimum?: number; maximum?: number } = {},
): Promise<Diagnostics> {
  return diagnose(await fit(table, { ...base, ...changes }, QUICK), table, limits);
}

/** The same people with their rows in order of time. */
function inOrderOfTime(table: LongTable): LongTable {
  const ids = table.personIds.flatMap((id, i) =>
    new Array<string>(table.personStart[i + 1]! - table.personStart[i]!).fill(id),
  );
  const values = (name: string): Float64Array => {
    const column = table.columns.get(name)!;
    return column.kind === "numeric" ? column.values : new Float64Array(0);
  };
  return tableFromArrays(ids, { time: values("time"), score: values("score") }, "time");
}

const names = ({ findings }: Diagnostics): string[] => findings.map(({ name }) => name);

describe("residuals", () => {
  test("are what prediction leaves of the scores", async () => {
    const table = withColumns(
      cohort(80, (i) => 1 + (i % 6), twoKinds),
      { age: (_r, _i, p) => (p * 37) % 50 },
    );
    const result = await fit(
      table,
      { ...base, fixed: "1 + time + age", classes: 2, covariance: "free" },
      QUICK,
    );
    const { rows, effects, personIds } = diagnose(result, table);
    const prediction = predict(result, table, { effects: true });
    prediction.rows.personIds.forEach((id, r) => {
      expect(personIds[rows.person[r]!]).toBe(id);
      expect(rows.conditional[r]!).toBeCloseTo(rows.observed[r]! - prediction.rows.predicted[r]!, 9);
      expect(rows.marginal[r]!).toBeCloseTo(rows.observed[r]! - prediction.rows.fitted[r]!, 9);
    });
    effects.forEach(({ estimate }, a) => {
      estimate.forEach((value, i) => {
        const own = [0, 1].map((k) => prediction.effects!.values[4 * i + 2 * k + a]!);
        const [p, q] = prediction.posteriors.values.subarray(2 * i);
        expect(value).toBeCloseTo(p! * own[0]! + q! * own[1]!, 8);
      });
    });
  });

  test("are divided by the standard deviation of the dense formula R V^-1 R", async () => {
    const table = cohort(40, (i) => 1 + (i % 5), ordinary, 4);
    const result = await fit(table, base);
    const { rows, effects } = diagnose(result, table);
    const d = result.covariance!.matrices[0]!;
    const s2 = result.residual.sd[0]! ** 2;
    const zdz = (a: number, b: number): number => d[0]![0]! + (a + b) * d[0]![1]! + a * b * d[1]![1]!;
    for (let i = 0; i < table.nPersons; i++) {
      const [first, end] = [table.personStart[i]!, table.personStart[i + 1]!];
      const t = Array.from(rows.time.subarray(first, end));
      const v = t.map((a, r) => t.map((b, s) => zdz(a, b) + (r === s ? s2 : 0)));
      t.forEach((a, r) => {
        const column = solve(
          v,
          t.map((_, s) => (s === r ? s2 : 0)),
        );
        expect(rows.standardized[first + r]!).toBeCloseTo(
          rows.conditional[first + r]! / Math.sqrt(s2 * column[r]!),
          6,
        );
        expect(rows.marginalStandardized[first + r]!).toBeCloseTo(
          rows.marginal[first + r]! / Math.sqrt(zdz(a, a) + s2),
          6,
        );
      });
      // Variance of the predicted intercept: D Z'V^-1 Z D.
      const row = t.map((b) => d[0]![0]! + b * d[0]![1]!);
      const weights = solve(v, row);
      const variance = row.reduce((sum, value, s) => sum + value * weights[s]!, 0);
      expect(effects[0]!.standardized[i]!).toBeCloseTo(effects[0]!.estimate[i]! / Math.sqrt(variance), 5);
    }
  });

  test("have the spread and the correlation that the model expects, however few scores people have", async () => {
    for (const [generate, changes] of [
      [ordinary, {}],
      [twoKinds, { classes: 2, random: "1" }],
    ] as const) {
      const { residuals, effects } = await diagnosed(
        cohort(400, (i) => 1 + (i % 6), generate, 8),
        changes,
      );
      // 1400 residuals: standard error of a standard deviation about 0.02.
      expect(Math.abs(residuals.shape.sd - 1)).toBeLessThan(0.06);
      expect(Math.abs(residuals.autocorrelation!.z)).toBeLessThan(3);
      expect(residuals.autocorrelation!.expected).toBeLessThan(-0.1);
      for (const { classes } of effects)
        for (const { sd, expectedSd } of classes) expect(Math.abs(sd / expectedSd - 1)).toBeLessThan(0.15);
    }
  });

  test("do not depend on unit and origin of scores and time, or on the order of people", async () => {
    const table = cohort(90, (i) => 2 + (i % 5), twoKinds, 2);
    const moved = withColumns(table, {
      score: (row) => 5 * row.score! - 60,
      time: (row) => row.time! / 7 + 3,
    });
    const other = inOrderOfTime(shuffledRows(moved, 4));
    const [own, changed] = [await diagnosed(table), await diagnosed(other)];
    expect(changed.residuals.shape.skewness).toBeCloseTo(own.residuals.shape.skewness, 4);
    expect(changed.residuals.autocorrelation!.z).toBeCloseTo(own.residuals.autocorrelation!.z, 3);
    own.occasions.groups.forEach((group, g) => {
      expect(changed.occasions.groups[g]!.varianceRatio).toBeCloseTo(group.varianceRatio, 4);
      expect(changed.occasions.groups[g]!.n).toBe(group.n);
    });
    own.personIds.forEach((id, i) => {
      const j = changed.personIds.indexOf(id);
      expect(changed.effects[1]!.standardized[j]!).toBeCloseTo(own.effects[1]!.standardized[i]!, 3);
    });
    expect(names(changed)).toEqual(names(own));
  });
});

/** Each person: intercept and slope, and residuals made by `residual` from the session and the residual before. */
function withResiduals(
  residual: (session: number, before: number, stream: RandomStream) => number,
): (index: number, stream: RandomStream) => Person {
  return (_, stream) => {
    const [intercept, slope] = [14 + 3 * stream.normal(), -0.5 + 0.3 * stream.normal()];
    let before = 0;
    return (session, own) => {
      before = residual(session, before, own);
      return intercept + slope * session + before;
    };
  };
}

describe("findings", () => {
  test("are none where the model is right", async () => {
    for (let seed = 1; seed <= 15; seed++)
      expect(
        names(await diagnosed(cohort(150, (i) => 4 + (i % 5), ordinary, 100 + seed))),
        `seed ${seed}`,
      ).toEqual([]);
  });

  test.each<[string, (session: number, before: number, stream: RandomStream) => number]>([
    ["autocorrelation", (_, before, stream) => 0.5 * before + 1.5 * stream.normal()],
    ["spread differs by occasion", (session, _, stream) => (session === 0 ? 3 : 1.2) * stream.normal()],
    ["skewed residuals", (_, __, stream) => -1.5 * Math.log(1 - stream.uniform()) - 1.5],
    ["heavy tails", (_, __, stream) => (stream.uniform() < 0.05 ? 5 : 1) * stream.normal()],
    ["mean misses an occasion", (session, _, stream) => stream.normal() + (session === 1 ? 1.5 : 0)],
  ])("name what was put in: %s", async (name, residual) => {
    const found = await diagnosed(cohort(250, 7, withResiduals(residual), 5));
    expect(names(found)).toContain(name);
    for (const { sentence, advice } of found.findings) {
      expect(sentence).toMatch(/^[A-Z].*\.$/);
      expect(advice).toMatch(/^[A-Z].*\.$/);
    }
  });

  test("are gone where the model has what was put in", async () => {
    const correlated = cohort(
      250,
      7,
      withResiduals((session, before, s) =>
        session === 0 ? 1.7 * s.normal() : 0.5 * before + 1.5 * s.normal(),
      ),
      5,
    );
    expect(names(await diagnosed(correlated, { residual: "ar1" }))).toEqual([]);
    const uneven = cohort(
      250,
      7,
      withResiduals((session, _, s) => (session === 0 ? 3 : 1.2) * s.normal()),
      5,
    );
    expect(names(await diagnosed(uneven, { residual: "occasion" }))).toEqual([]);
  });

  test("name random effects that are not normal, limits of the measure, and residuals that are less alike", async () => {
    const skewed = cohort(300, 8, (_, stream) => {
      const level = 10 - 4 * Math.log(1 - stream.uniform());
      return (session, own) => level - 0.3 * session + own.normal();
    });
    expect(names(await diagnosed(skewed, { random: "1" }))).toContain("skewed random effect");
    const floored = withColumns(cohort(200, 6, ordinary), {
      score: (row) => Math.min(15, Math.max(9, Math.round(row.score!))),
    });
    const found = await diagnosed(floored, {}, { minimum: 9, maximum: 15 });
    expect(names(found)).toEqual(expect.arrayContaining(["floor", "ceiling"]));
    expect(found.findings.find(({ name }) => name === "floor")!.sentence).toMatch(
      /^\d+% of the scores are the lowest possible \(9\)\.$/,
    );
    const turning = await diagnosed(
      cohort(
        250,
        7,
        withResiduals((_, before, s) => -0.5 * before + s.normal()),
        3,
      ),
    );
    expect(turning.findings.find(({ name }) => name === "autocorrelation")!.sentence).toContain("less alike");
  });
});

describe("the summary for figures", () => {
  test("holds at most 2,000 rows and 400 quantiles, the same for the same seed, from all over the table", async () => {
    const found = await diagnosed(cohort(700, 6, ordinary, 2));
    const summary = summarizeDiagnostics(found, 3);
    expectAllFinite(summary);
    expect(summary.points).toHaveLength(2000);
    expect(summarizeDiagnostics(found, 3)).toEqual(summary);
    expect(summarizeDiagnostics(found, 4).points).not.toEqual(summary.points);
    const mean = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length;
    expect(mean(summary.points.map((p) => p.predicted))).toBeCloseTo(mean([...found.rows.predicted]), 0);
    expect(summary.quantiles.map((q) => [q.name, q.n, q.observed.length])).toEqual([
      ["residuals", 4200, 400],
      ["(Intercept)", 700, 400],
      ["time", 700, 400],
    ]);
    for (const { normal, observed, n } of summary.quantiles) {
      expect(normal).toEqual([...normal].sort((a, b) => a - b));
      expect(new Set(normal).size).toBe(normal.length);
      expect(observed).toEqual([...observed].sort((a, b) => a - b));
      // Standard normal quantiles: a value is near its own, but for the tails.
      observed.forEach((value, i) => {
        if (i > 40 && i < 360) expect(Math.abs(value - normal[i]!)).toBeLessThan(n > 1000 ? 0.15 : 0.3);
      });
    }
    expect(summary.trend.reduce((sum, { n }) => sum + n, 0)).toBe(4200);
    expect(JSON.stringify(summary).length).toBeLessThan(300_000);
  });

  test("and diagnostics are finite for one score a person, no random effects, few people and no variation", async () => {
    const cases: readonly [LongTable, Partial<ModelSpecInput>][] = [
      [cohort(40, 1, ordinary), { fixed: "1", random: "0" }],
      [cohort(60, (i) => 1 + (i % 3), twoKinds), { classes: 2, random: "0" }],
      [cohort(4, 3, ordinary), { random: "1" }],
      [withColumns(cohort(30, 4, ordinary), { score: () => 7 }), { random: "1" }],
      [cohort(30, 60, ordinary), {}],
      [withColumns(cohort(50, 8, ordinary), { time: (row, r) => row.time! + (r % 97) / 1000 }), {}],
    ];
    for (const [table, changes] of cases) {
      const found = await diagnosed(table, changes, { minimum: 0, maximum: 27 });
      expectAllFinite(found);
      expectAllFinite(summarizeDiagnostics(found, 1));
      expect(found.occasions.groups.length).toBeLessThanOrEqual(25);
    }
  });

  test("needs the table that was fitted", async () => {
    const table = cohort(30, 4, ordinary);
    const result = await fit(table, base);
    expect(await problemsOf(() => diagnose(result, cohort(29, 4, ordinary)))).toMatchObject([
      { code: "other-people" },
    ]);
  });
});
