import { describe, expect, test } from "vitest";
import { fit } from "../../../src/models/fitModel.js";
import {
  degreesOfFreedom,
  jointDegreesOfFreedom,
  withDegreesOfFreedom,
} from "../../../src/models/inference/satterthwaite.js";
import { waldTest } from "../../../src/models/inference/wald.js";
import type { FitResult, ParameterEstimate } from "../../../src/models/result.js";
import { cohort, ordinary, QUICK, twoKinds, withColumns } from "../helpers.js";

const base = { outcome: "score", time: "time", fixed: "1 + time", random: "1", reml: true };
const dfOf = (result: FitResult, name: string): number | null =>
  result.parameters.find((p) => p.name === name)!.df;

describe("balanced data have exact degrees of freedom", () => {
  const people = withColumns(cohort(20, 5, ordinary), {
    // Time with mean zero, so that intercept and slope are independent.
    time: (row) => row.time! - 2,
    group: (_row, _r, person) => (person % 2 === 0 ? 1 : -1),
  });

  test("with random intercepts: people and residuals are counted as in an analysis of variance", async () => {
    const own = await fit(people, { ...base, fixed: "1 + time + group" });
    // 20 people less two means; 100 scores less 20 people less one slope. The curvature is by differences: good to 1e-4.
    expect(dfOf(own, "(Intercept)")!).toBeCloseTo(18, 2);
    expect(dfOf(own, "group")!).toBeCloseTo(18, 2);
    expect(dfOf(own, "time")!).toBeCloseTo(79, 2);
    expect(waldTest(own, "(Intercept) = 12, group = 0").denominatorDf!).toBeCloseTo(18, 2);
  });

  test("with random slopes: slopes are counted as people are", async () => {
    const own = await fit(people, { ...base, fixed: "1 + time + group", random: "1 + time" });
    expect(dfOf(own, "time")!).toBeCloseTo(19, 2);
    expect(dfOf(own, "group")!).toBeCloseTo(18, 2);
  });

  test("without random effects: scores less coefficients", async () => {
    const own = await fit(people, { ...base, random: "0" });
    expect(dfOf(own, "time")!).toBeCloseTo(98, 2);
  });
});

describe("laws", () => {
  const people = cohort(30, (i) => 3 + (i % 4), ordinary);

  test("another unit or origin of time changes no degrees of freedom of the slope", async () => {
    const spec = { ...base, random: "1 + time" };
    const own = dfOf(await fit(people, spec), "time")!;
    for (const time of [(t: number): number => t * 7, (t: number): number => t + 20]) {
      const other = await fit(withColumns(people, { time: (row) => time(row.time!) }), spec);
      expect(dfOf(other, "time")! / own).toBeCloseTo(1, 4);
    }
  });

  test("a random effect without variance changes nothing", async () => {
    const flat = withColumns(people, { score: (row, r) => row.time! + ((r * 7919) % 13) });
    const [own, without] = [await fit(flat, base), await fit(flat, { ...base, random: "0" })];
    expect(own.convergence.verdicts[0]!.name).toBe("converged on a boundary");
    expect(dfOf(own, "time")! / dfOf(without, "time")!).toBeCloseTo(1, 4);
  });

  test("only where they hold: REML for the coefficients, one class, nothing constrained", async () => {
    const ml = await fit(people, { ...base, reml: false });
    expect(ml.parameters.every((p) => p.df === null)).toBe(true);
    expect(waldTest(ml, "time").distribution).toBe("chi-square");
    const asked = waldTest(ml, "time", { degreesOfFreedom: "satterthwaite" });
    expect([asked.distribution, asked.denominatorDf! > 0]).toEqual(["F", true]);
    const mixed = await fit(cohort(60, 4, twoKinds), { ...base, reml: false, classes: 2 }, QUICK);
    expect(mixed.satterthwaite).toBeNull();
    expect(waldTest(mixed, "time@1", { degreesOfFreedom: "satterthwaite" }).distribution).toBe("chi-square");
    const held = await fit(people, { ...base, constraints: ["residual sd = 1.5"] });
    expect(held.satterthwaite).toBeNull();
    // Variances have no t test.
    expect(waldTest(await fit(people, base), "residual sd = 2").distribution).toBe("chi-square");
  });
});

describe("from given terms", () => {
  const terms = (derivative: number) => ({
    covariance: [
      [4, 0],
      [0, 1],
    ],
    derivatives: [
      [
        [derivative, 0],
        [0, 0.1],
      ],
    ],
    varianceCovariance: [[2]],
  });

  test("2 f^2 / (g'A g)", () => {
    expect(degreesOfFreedom(terms(0.5), [1, 0])!).toBeCloseTo((2 * 16) / (0.25 * 2), 12);
    expect(degreesOfFreedom(terms(0.5), [1, 2])!).toBeCloseTo((2 * 64) / (0.81 * 2), 12);
    expect(degreesOfFreedom(terms(0), [1, 0])).toBeNull();
    expect(degreesOfFreedom(terms(1), [0, 0])).toBeNull();
  });

  test("several at once: the mean of F is that of the squared t", () => {
    const rows = [
      [1, 0],
      [0, 1],
    ];
    const [first, second] = [(2 * 16) / (0.25 * 2), 2 / (0.01 * 2)];
    const mean = first / (first - 2) + second / (second - 2);
    const joint = jointDegreesOfFreedom(terms(0.5), rows)!;
    expect(joint).toBeCloseTo((2 * mean) / (mean - 2), 9);
    expect((2 * joint) / (joint - 2)).toBeCloseTo(mean, 9);
    // Two degrees of freedom or fewer on one axis: no mean exists.
    expect(jointDegreesOfFreedom(terms(4), rows)).toBe(2);
    expect(jointDegreesOfFreedom(terms(0), rows)).toBeNull();
  });

  test("at both ends: very many degrees of freedom, and next to none", () => {
    const certain = { ...terms(0.5), varianceCovariance: [[1e-18]] };
    const rows = [
      [1, 0],
      [0, 1],
    ];
    const joint = jointDegreesOfFreedom(certain, rows)!;
    const each = rows.map((row) => degreesOfFreedom(certain, row)!);
    expect(joint).toBeGreaterThan(Math.min(...each));
    expect(joint).toBeLessThan(Math.max(...each));
    const parameter: ParameterEstimate = {
      name: "x",
      block: "fixed",
      class: null,
      estimate: 3,
      standardError: 2,
      robustStandardError: null,
      z: 1.5,
      df: null,
      p: 0.13,
      lower: -1,
      upper: 7,
    };
    const uncertain = { ...terms(0.5), varianceCovariance: [[1e6]] };
    const [tested] = withDegreesOfFreedom([parameter], uncertain);
    expect(tested!.df).toBeLessThan(0.01);
    expect([tested!.lower, tested!.upper]).toEqual([null, null]);
    expect(tested!.p).toBeGreaterThan(0.9);
  });
});
