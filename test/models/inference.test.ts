import { beforeAll, describe, expect, test } from "vitest";
import { tQuantile } from "../../src/core/distributions.js";
import { symmetricEigen } from "../../src/core/linalg.js";
import { fit } from "../../src/models/fitModel.js";
import type { FitResult, ParameterEstimate } from "../../src/models/result.js";
import type { ModelSpecInput } from "../../src/models/spec.js";
import { simulateTable } from "../../src/simulate/index.js";
import { cohort, expectAllFinite, ordinary, QUICK, twoKinds, withColumns } from "./helpers.js";

const base = { outcome: "score", time: "time", fixed: "1 + time", random: "1 + time" };

function get(result: FitResult, name: string, label: number | null = null): ParameterEstimate {
  const found = result.parameters.find((p) => p.name === name && p.class === label);
  expect(found, `${name} of class ${label}`).toBeDefined();
  return found!;
}

describe("the covariance of the estimates", () => {
  const table = withColumns(cohort(120, 6, twoKinds), {
    age: (_row, r, person) => ((person * 37) % 50) + 0 * r,
  });
  const specs: [string, Partial<ModelSpecInput>][] = [
    ["growth curve", {}],
    ["REML", { reml: true }],
    ["LCGA", { classes: 2, random: "0", residual: "class" }],
    ["GMM with covariates", { classes: 2, random: "1", membership: "age", fixed: "1 + time + age" }],
    ["GMM, proportional", { classes: 2, covariance: "proportional" }],
    ["GMM, free", { classes: 2, random: "1", covariance: "free", residual: "class" }],
  ];

  test.each(specs)(
    "is symmetric, positive semi-definite, and its diagonal the squared errors: %s",
    async (_, spec) => {
      const result = await fit(table, { ...base, ...spec }, QUICK);
      expectAllFinite(result);
      const covariance = result.parameterCovariance!;
      const n = result.parameters.length;
      expect(covariance).toHaveLength(n);
      const scale = covariance.map((row, i) => Math.sqrt(Math.max(row[i]!, 1e-300)));
      const correlation = Float64Array.from({ length: n * n }, (_entry, e) => {
        const [i, j] = [Math.floor(e / n), e % n];
        expect(Math.abs(covariance[i]![j]! - covariance[j]![i]!)).toBeLessThanOrEqual(
          1e-9 * scale[i]! * scale[j]!,
        );
        return covariance[i]![j]! / (scale[i]! * scale[j]!);
      });
      expect(symmetricEigen(correlation, n).values[0]!).toBeGreaterThan(-1e-9);
      result.parameters.forEach((p, i) => {
        if (p.standardError === null) return;
        expect(p.standardError).toBeCloseTo(scale[i]!, 9);
        // Fixed effects of REML fits have t intervals.
        expect(p.df !== null).toBe(spec.reml === true && p.block === "fixed");
        const half = tQuantile(0.975, p.df ?? Number.POSITIVE_INFINITY) * p.standardError;
        expect(p.lower!).toBeCloseTo(p.estimate - half, 9);
        if (p.z !== null) expect(p.z).toBeCloseTo(p.estimate / p.standardError, 9);
        if (p.block === "covariance" || p.block === "residual") expect(p.z).toBeNull();
        if (spec.reml) expect(p.robustStandardError).toBeNull();
        else expect(p.robustStandardError).toBeGreaterThan(0);
      });
    },
  );

  test("of fixed effects of one class is (X'V^-1 X)^-1 with balanced data", async () => {
    // Balanced times, no covariates: generalised and ordinary least squares agree, V the same for everybody.
    const result = await fit(cohort(80, 5, ordinary), base);
    const d = result.covariance!.matrices[0]!;
    const s2 = result.residual.sd[0]! ** 2;
    // Var(beta) = (D + s2 (Z'Z)^-1) / n
    const zz = [
      [5, 10],
      [10, 30],
    ];
    const det = zz[0]![0]! * zz[1]![1]! - zz[0]![1]! ** 2;
    const inverse = [
      [zz[1]![1]! / det, -zz[0]![1]! / det],
      [-zz[0]![1]! / det, zz[0]![0]! / det],
    ];
    for (const i of [0, 1])
      for (const j of [0, 1])
        expect(result.parameterCovariance![i]![j]!).toBeCloseTo((d[i]![j]! + s2 * inverse[i]![j]!) / 80, 6);
  });
});

describe("boundaries", () => {
  test("a variance of zero has no standard error; the fixed effects keep theirs", async () => {
    // Scores of a person are more alike than chance only by a shared cohort mean, so the intercept's variance is 0.
    const table = cohort(40, 4, (i) => (session, own) => 10 + session + own.normal() + 0 * i, 5);
    const centred = withColumns(table, {
      score: (row, r) => row.score! + (r % 4 < 2 ? 0.8 : -0.8) * (Math.floor(r / 4) % 2 ? 1 : -1),
    });
    const result = await fit(centred, { ...base, random: "1" });
    expect(result.convergence.verdicts[0]!.name).toBe("converged on a boundary");
    expect(result.convergence.verdicts[0]!.sentence).toContain("(Intercept)");
    const variance = get(result, "var((Intercept))");
    expect(variance.estimate).toBeLessThan(1e-6);
    expect(variance.standardError).toBeNull();
    expect(variance.lower).toBeNull();
    expect(get(result, "time").standardError).toBeGreaterThan(0);
    expectAllFinite(result);
    expect(result.classes[0]!.meanTrajectory.lower.every((value) => value !== null)).toBe(true);
  });
});

describe("standard errors from far-off origins of time", () => {
  test.each([10, 100])(
    "slope, its variance and the residual do not depend on an origin %s away",
    async (origin) => {
      const near = await fit(cohort(80, 6, ordinary), base);
      const table = withColumns(cohort(80, 6, ordinary), { time: (row) => row.time! + origin });
      const far = await fit(table, base);
      expect(far.logLikelihood).toBeCloseTo(near.logLikelihood, 5);
      for (const name of ["time", "residual sd"]) {
        expect(get(far, name).estimate).toBeCloseTo(get(near, name).estimate, 3);
        expect(get(far, name).standardError! / get(near, name).standardError!).toBeCloseTo(1, 2);
      }
    },
  );
});

describe("simulated data with known truth", () => {
  let result: FitResult;
  let truth: ReturnType<typeof simulateTable>;
  beforeAll(async () => {
    truth = simulateTable({
      nPersons: 1500,
      seed: 3,
      separation: "well-separated",
      rounding: false,
      regular: true,
      dropout: { rate: 0, strength: 0 },
      effects: { class: {} },
    });
    result = await fit(
      truth.table,
      { outcome: "phq9", time: "week", fixed: "1 + week + week^2", random: "1 + week", classes: 3 },
      QUICK,
    );
  });

  test("estimates are within four standard errors of the truth", () => {
    const { classes, variation } = truth.truth.spec;
    // Ours are ordered by the mean at the last common time; the truth is matched by its curve.
    const atLast = classes.map(({ phq9 }) => phq9.intercept + 12 * phq9.slope + 144 * phq9.curvature);
    const order = classes.map((_, k) => k).sort((a, b) => atLast[a]! - atLast[b]!);
    const near = (p: ParameterEstimate, value: number): void => {
      expect(Math.abs(p.estimate - value) / p.standardError!, `${p.name} ${p.class}`).toBeLessThan(4);
    };
    order.forEach((old, k) => {
      const { phq9, proportion } = classes[old]!;
      near(get(result, "(Intercept)", k + 1), phq9.intercept);
      near(get(result, "week", k + 1), phq9.slope);
      near(get(result, "week^2", k + 1), phq9.curvature);
      expect(Math.abs(result.classes[k]!.proportion - proportion)).toBeLessThan(0.05);
    });
    near(get(result, "var((Intercept))"), variation.phq9.interceptSd ** 2);
    near(get(result, "var(week)"), variation.phq9.slopeSd ** 2);
    near(get(result, "residual sd"), variation.phq9.residualSd);
  });

  test("robust and model standard errors agree, for the model is right", () => {
    for (const p of result.parameters) {
      if (p.block === "membership") continue;
      const ratio = p.robustStandardError! / p.standardError!;
      expect(ratio, `${p.name} ${p.class}`).toBeGreaterThan(0.85);
      expect(ratio, `${p.name} ${p.class}`).toBeLessThan(1.15);
    }
  });

  test("people are classified as they were made", () => {
    const agreement = adjustedRand(Array.from(result.posteriors.modalClass), Array.from(truth.classOf));
    expect(agreement).toBeGreaterThan(0.7);
    // Average posteriors tell the truth about how often the modal class is right.
    for (const c of result.classes) expect(c.averagePosterior!).toBeGreaterThan(0.8);
  });
});

/** Adjusted Rand index (Hubert & Arabie 1985). */
function adjustedRand(a: readonly number[], b: readonly number[]): number {
  const pairs = (n: number): number => (n * (n - 1)) / 2;
  const count = (keys: readonly string[]): number[] => {
    const counts = new Map<string, number>();
    for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
    return [...counts.values()];
  };
  const sum = (keys: readonly string[]): number => count(keys).reduce((total, n) => total + pairs(n), 0);
  const both = sum(a.map((value, i) => `${value} ${b[i]}`));
  const [ofA, ofB] = [sum(a.map(String)), sum(b.map(String))];
  const expected = (ofA * ofB) / pairs(a.length);
  return (both - expected) / ((ofA + ofB) / 2 - expected);
}
