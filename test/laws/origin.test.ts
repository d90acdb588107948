import { describe, expect, test } from "vitest";
import type { LongTable } from "../../src/core/table.js";
import { fit } from "../../src/models/fitModel.js";
import type { FitResult } from "../../src/models/result.js";
import type { ModelSpecInput } from "../../src/models/spec.js";
import { cohort, type Person, QUICK, withColumns } from "../models/helpers.js";

// A model that is the same from every origin of time must give the same answer from every origin: time is centred inside.

/** People whose level, slope and curvature differ, two thirds of them improving. */
const curved = (index: number, stream: { normal: () => number }): Person => {
  const level = (index % 3 === 0 ? 20 : 14) + 1.5 * stream.normal();
  const slope = (index % 3 === 0 ? 0 : -1.5) + 0.5 * stream.normal();
  const bend = (index % 3 === 0 ? 0 : 0.1) + 0.15 * stream.normal();
  return (t, own) => level + slope * t + bend * t * t + own.normal();
};

const table = withColumns(
  cohort(90, (i) => 5 + (i % 3), curved),
  {
    age: (_row, _r, person) => ((person * 37) % 50) / 10,
    grp: (_row, _r, person) => "ab"[person % 2]!,
    mood: (row, r) => Math.sin(3 * r) + 0.1 * row.time!,
  },
);

const moved = (unit: number, shift: number): LongTable =>
  withColumns(table, { time: (row) => unit * row.time! + shift });

/** Units and origins: near, calendar years, a counter, days in weeks or seconds, years and Unix time of weeks. */
const CLOCKS: [number, number][] = [
  [1, 50],
  [1, 2000],
  [1, -1e6],
  [1 / 7, 0],
  [86_400, 0],
  [1 / 52, 2019.5],
  [604_800, 1.7e9],
];

const QUADRATIC = { fixed: "1 + time + time^2", random: "1 + time + time^2" };
const MODELS: [string, Partial<ModelSpecInput>][] = [
  ["random quadratic", QUADRATIC],
  ["random quadratic by REML", { ...QUADRATIC, reml: true }],
  ["cubic", { fixed: "1 + time + time^2 + time^3", random: "1 + time" }],
  ["LCGA, cubic", { fixed: "1 + time + time^2 + time^3", random: "0", classes: 2 }],
  ["GMM", { fixed: "1 + time + time^2", random: "1 + time", classes: 2 }],
  ["GMM, free D", { fixed: "1 + time", random: "1 + time", classes: 2, covariance: "free" }],
  ["covariate", { fixed: "1 + time + time^2 + age * time", random: "1 + time" }],
  ["time-varying covariate", { fixed: "1 + time + mood + mood:time", random: "1 + time" }],
  ["group means", { fixed: "0 + grp + time + time^2", random: "1 + time" }],
  ["scaled powers", { fixed: "1 + I(time / 10) + I((time / 10)^2)", random: "1 + I(time / 10)" }],
];

const run = (data: LongTable, spec: Partial<ModelSpecInput>): Promise<FitResult> =>
  fit(data, { outcome: "score", time: "time", ...spec }, QUICK);

/** Largest relative distance of two lists of numbers. */
function apart(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(b.length).toBe(a.length);
  return Math.max(0, ...Array.from(a, (value, i) => Math.abs(b[i]! - value) / Math.max(1, Math.abs(value))));
}

/** REML values change with the columns: by the log of the unit, once per power of time. */
function remlShift(result: FitResult, unit: number): number {
  if (!result.model.reml) return 0;
  const powers = result.design.fixedColumns.reduce(
    (sum, { name }) => sum + (name === "time" ? 1 : Number(/^time\^(\d)$/.exec(name)?.[1] ?? 0)),
    0,
  );
  return powers * Math.log(unit);
}

describe.each(MODELS)("%s", (_, spec) => {
  const base = run(table, spec);

  test.each(CLOCKS)("in a unit of 1/%d from origin %d", async (unit, shift) => {
    const [a, b] = [await base, await run(moved(unit, shift), spec)];
    expect(a.warnings).toEqual([]);
    expect(b.warnings).toEqual([]);
    expect(b.design.dropped).toEqual([]);
    expect(apart([a.logLikelihood - remlShift(a, unit)], [b.logLikelihood])).toBeLessThan(1e-8);
    expect(apart(a.posteriors.values, b.posteriors.values)).toBeLessThan(1e-6);
    a.classes.forEach(({ meanTrajectory }, k) => {
      const other = b.classes[k]!.meanTrajectory;
      expect(
        apart(
          meanTrajectory.time.map((t) => unit * t + shift),
          other.time,
        ),
      ).toBeLessThan(1e-12);
      expect(apart(meanTrajectory.mean, other.mean)).toBeLessThan(1e-6);
      expect(apart(meanTrajectory.lower as number[], other.lower as number[])).toBeLessThan(1e-6);
      expect(apart(meanTrajectory.upper as number[], other.upper as number[])).toBeLessThan(1e-6);
    });
    expect(b.residual.sd[0]).toBeCloseTo(a.residual.sd[0]!, 6);
  });
});

/** Rows r, columns p: the user's coefficient of t^p becomes, at t' = unit t + shift, this times it for (t')^r. */
function transformation(size: number, unit: number, shift: number): number[][] {
  const choose = (n: number, k: number): number => (k === 0 ? 1 : (choose(n - 1, k - 1) * n) / k);
  return Array.from({ length: size }, (_row, r) =>
    Array.from({ length: size }, (_column, p) =>
      r > p ? 0 : (choose(p, r) * (-shift) ** (p - r)) / unit ** p,
    ),
  );
}

/** T M T', and the size of the parts it is a sum of. */
function carried(t: number[][], m: readonly (readonly number[])[], r: number, s: number): [number, number] {
  let value = 0;
  let size = 0;
  for (let a = 0; a < t.length; a++)
    for (let b = 0; b < t.length; b++) {
      const part = t[r]![a]! * m[a]![b]! * t[s]![b]!;
      value += part;
      size += Math.abs(part);
    }
  return [value, size];
}

describe("what is reported changes exactly with the origin and the unit", () => {
  const POWERS = ["(Intercept)", "time", "time^2"];
  const base = run(table, QUADRATIC);
  const fixedCovariance = (result: FitResult): number[][] =>
    POWERS.map((_r, i) => POWERS.map((_c, j) => result.parameterCovariance![i]![j]!));
  const fixedErrors = (result: FitResult, i: number): number => result.parameters[i]!.standardError!;

  test.each([[1, 0] as [number, number], ...CLOCKS])("unit %d, origin %d", async (unit, shift) => {
    const [a, b] = [await base, await run(moved(unit, shift), QUADRATIC)];
    const t = transformation(3, unit, shift);
    const covariance = fixedCovariance(a);
    POWERS.forEach((name, r) => {
      expect(b.parameters[r]!.name).toBe(name);
      const parts = POWERS.map((_p, p) => t[r]![p]! * a.parameters[p]!.estimate);
      const size = parts.reduce((sum, part) => sum + Math.abs(part), 0);
      const expected = parts.reduce((sum, part) => sum + part, 0);
      expect(Math.abs(b.parameters[r]!.estimate - expected) / size, name).toBeLessThan(1e-6);
      const [variance] = carried(t, covariance, r, r);
      expect(fixedErrors(b, r) / Math.sqrt(variance), `error of ${name}`).toBeCloseTo(1, 4);
      const z = b.parameters[r]!.estimate / fixedErrors(b, r);
      expect(b.parameters[r]!.z).toBeCloseTo(z, 10);
    });
    const [da, db] = [a.covariance!.matrices[0]!, b.covariance!.matrices[0]!];
    POWERS.forEach((_row, r) => {
      POWERS.forEach((_column, s) => {
        const [value, size] = carried(t, da, r, s);
        expect(Math.abs(db[r]![s]! - value) / size, `D ${r} ${s}`).toBeLessThan(1e-6);
      });
    });
    // Standard errors of the variances: those of the highest power only change their unit.
    const errorOf = (result: FitResult, name: string): number =>
      result.parameters.find((p) => p.name === name)!.standardError!;
    expect((errorOf(b, "var(time^2)") * unit ** 4) / errorOf(a, "var(time^2)")).toBeCloseTo(1, 4);
    expect(errorOf(b, "residual sd") / errorOf(a, "residual sd")).toBeCloseTo(1, 5);
  });
});

describe("curves that do not depend on the origin", () => {
  test.each([
    ["poly(time, 3)", (text: string) => text],
    ["ns(time, 3)", (text: string) => text],
    [
      "ns(time, [2, 4])",
      (text: string, shift: number) => text.replace("[2, 4]", `[${2 + shift}, ${4 + shift}]`),
    ],
    ["piecewise(time, 2)", (text: string, shift: number) => text.replace("2)", `${2 + shift})`)],
  ])("%s", async (curve, shifted) => {
    const spec = (text: string): Partial<ModelSpecInput> => ({
      fixed: `1 + ${text} + age * ${text}`,
      random: text.startsWith("piecewise") ? `1 + ${text}` : "1",
    });
    const a = await run(table, spec(curve));
    for (const shift of [2000, 1e6]) {
      const b = await run(moved(1, shift), spec(shifted(curve, shift)));
      expect(b.warnings).toEqual([]);
      expect(apart([a.logLikelihood], [b.logLikelihood])).toBeLessThan(1e-8);
      expect(apart(a.classes[0]!.meanTrajectory.mean, b.classes[0]!.meanTrajectory.mean)).toBeLessThan(1e-6);
      expect(
        apart(a.classes[0]!.meanTrajectory.upper as number[], b.classes[0]!.meanTrajectory.upper as number[]),
      ).toBeLessThan(1e-6);
      // Slopes (and all but the constant) are the same.
      a.parameters.slice(1, 3).forEach((p, j) => {
        if (p.name === "age") return;
        expect(b.parameters[j + 1]!.estimate).toBeCloseTo(p.estimate, 5);
        expect(b.parameters[j + 1]!.standardError!).toBeCloseTo(p.standardError!, 5);
      });
    }
  });
});
