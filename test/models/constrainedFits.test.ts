import { beforeAll, describe, expect, test } from "vitest";
import type { LongTable } from "../../src/core/table.js";
import { enumerate } from "../../src/models/enumeration.js";
import { fit } from "../../src/models/fitModel.js";
import { likelihoodRatioTest } from "../../src/models/inference/likelihoodRatio.js";
import { predict } from "../../src/models/predict.js";
import type { FitResult, ParameterEstimate } from "../../src/models/result.js";
import type { ModelSpecInput } from "../../src/models/spec.js";
import {
  cohort,
  expectAllFinite,
  problemsOf,
  QUICK,
  shuffledRows,
  twoKinds,
  withColumns,
} from "./helpers.js";

let table: LongTable;
beforeAll(() => {
  table = withColumns(
    cohort(150, (i) => 4 + (i % 4), twoKinds),
    {
      age: (_row, _r, person) => ((person * 37) % 50) / 10,
      days: (row) => 7 * row.time!,
    },
  );
});

const base = { outcome: "score", time: "time", fixed: "1 + time", random: "1 + time", classes: 2 };

function get(
  result: FitResult,
  name: string,
  label: number | null = null,
  block = "fixed",
): ParameterEstimate {
  const found = result.parameters.find(
    (p) => p.name === name && p.class === label && (block === "membership") === (p.block === "membership"),
  );
  expect(found, `${name} of class ${label}`).toBeDefined();
  return found!;
}

/** The same maximum by two routes: log-likelihood, degrees of freedom, and every parameter the first has. */
function expectSame(plain: FitResult, held: FitResult): void {
  expect(Math.abs(plain.logLikelihood - held.logLikelihood)).toBeLessThan(1e-8);
  expect(held.nParameters).toBe(plain.nParameters);
  expect(held.criteria.bic).toBeCloseTo(plain.criteria.bic, 6);
  expect(held.convergence.verdicts.map((v) => v.name)).toEqual(plain.convergence.verdicts.map((v) => v.name));
  for (const theirs of plain.parameters) {
    const same = held.parameters.filter((p) => p.name === theirs.name && p.block === theirs.block);
    // A parameter that one model shares and the other sets equal stands once per class.
    const ours = same.filter((p) => theirs.class === null || p.class === null || p.class === theirs.class);
    expect(ours.length, theirs.name).toBeGreaterThan(0);
    for (const own of ours) {
      const scale = theirs.standardError ?? 1;
      expect(Math.abs(own.estimate - theirs.estimate) / scale, theirs.name).toBeLessThan(1e-5);
      // Observed information by differences is good to about 1e-5 where a variance is nearly zero.
      expect(Math.abs(own.standardError! / theirs.standardError! - 1), theirs.name).toBeLessThan(5e-5);
      expect(Math.abs(own.robustStandardError! / theirs.robustStandardError! - 1), theirs.name).toBeLessThan(
        1e-4,
      );
    }
  }
  plain.classes.forEach((theirs, k) => {
    expect(held.classes[k]!.proportion).toBeCloseTo(theirs.proportion, 6);
    theirs.meanTrajectory.lower.forEach((lower, t) => {
      expect(held.classes[k]!.meanTrajectory.lower[t]!).toBeCloseTo(lower!, 4);
    });
  });
}

const ROUTES: [string, Partial<ModelSpecInput>, Partial<ModelSpecInput>][] = [
  [
    "a coefficient at 0 is a model without the term",
    { fixed: "1 + time + age", classes: 1 },
    { fixed: "1 + time + age + age:time", classes: 1, constraints: ["age:time = 0"] },
  ],
  [
    "a class-specific coefficient at 0 in all classes is a model without the term",
    { fixed: "1 + time" },
    { fixed: "1 + time + time^2", constraints: ["time^2@1 = time^2@2 = 0"] },
  ],
  [
    "equal slopes are a shared slope",
    { classSpecific: "1", random: "1" },
    { random: "1", constraints: ["time@1 = time@2"] },
  ],
  [
    "equal residuals are a common residual",
    { residual: "common" },
    { residual: "class", constraints: ["residual sd@1 = residual sd@2"] },
  ],
  [
    "a random effect without variance is a model without it",
    { random: "1" },
    { random: "1 + time", constraints: ["var(time) = 0"] },
  ],
  [
    "a random intercept without variance is a model without it",
    { random: "0 + time", classes: 1 },
    { random: "1 + time", classes: 1, constraints: ["var((Intercept)) = 0"] },
  ],
  [
    "random effects without variance are a latent class growth analysis",
    { random: "0" },
    { random: "1 + time", covariance: "free", constraints: ["var(time) = 0", "var((Intercept)) = 0"] },
  ],
  [
    "one of three correlated random effects left out",
    { random: "1 + time^2", fixed: "1 + time + time^2", classes: 1 },
    { random: "1 + time + time^2", fixed: "1 + time + time^2", classes: 1, constraints: ["var(time) = 0"] },
  ],
  [
    "a membership covariate at 0 is a model without it",
    { membership: "1" },
    { membership: "age", constraints: ["membership: age@1 = 0"] },
  ],
  ["orders of 1 everywhere are a straight line", {}, { fixed: "1 + time + time^2 + time^3", orders: [1, 1] }],
  [
    "scales of 1 are one covariance",
    {},
    { covariance: "proportional", constraints: ["random-effect scale@1 = 1"] },
  ],
];

describe("two routes to one model", () => {
  test.each(ROUTES)("%s", async (_, plain, held) => {
    const [a, b] = [
      await fit(table, { ...base, ...plain }, QUICK),
      await fit(table, { ...base, ...held }, QUICK),
    ];
    expectSame(a, b);
    expectAllFinite(b);
  });

  test("under REML too", async () => {
    const one = { ...base, classes: 1, reml: true };
    const plain = await fit(table, { ...one, random: "1" });
    const held = await fit(table, { ...one, constraints: ["var(time) = 0"] });
    expect(held.logLikelihood).toBeCloseTo(plain.logLikelihood, 8);
    expect(held.nParameters).toBe(plain.nParameters);
    expect(get(held, "time").standardError!).toBeCloseTo(get(plain, "time").standardError!, 6);
  });
});

describe("what results say of constraints", () => {
  const spec = { ...base, random: "1", constraints: ["time@1 = 0", "(Intercept)@2 = 14"] };
  let result: FitResult;
  beforeAll(async () => {
    result = await fit(table, spec, QUICK);
  });

  test("fixed parameters stand exactly at their value, without error, test or interval", () => {
    for (const [name, label, value] of [
      ["time", 1, 0],
      ["(Intercept)", 2, 14],
    ] as const) {
      const found = get(result, name, label);
      expect(found).toMatchObject({
        estimate: value,
        standardError: null,
        robustStandardError: null,
        z: null,
        p: null,
        lower: null,
        upper: null,
        constraint: "fixed",
      });
      const at = result.parameters.indexOf(found);
      expect(result.parameterCovariance![at]!.every((entry) => entry === 0)).toBe(true);
    }
    expect(get(result, "time", 2).constraint).toBeUndefined();
    expect(get(result, "time", 2).standardError).toBeGreaterThan(0);
  });

  test("classes keep the order in which constraints name them, and the result says so", () => {
    // The class that does not change ends highest: by its mean it would stand last.
    const last = result.classes.map((c) => c.meanTrajectory.mean.at(-1)!);
    expect(last[0]).toBeGreaterThan(last[1]!);
    expect(result.classOrder).toBe("as named by constraints");
    expect(result.warnings.join()).toContain("in the order of the constraints");
    expect(result.convergence.verdicts[0]!.name).toBe("converged");
  });

  test("the mirrored model finds the mirrored classes", async () => {
    const mirrored = await fit(table, { ...spec, constraints: ["time@2 = 0", "(Intercept)@1 = 14"] }, QUICK);
    expect(mirrored.logLikelihood).toBeCloseTo(result.logLikelihood, 7);
    expect(mirrored.classes[0]!.proportion).toBeCloseTo(result.classes[1]!.proportion, 6);
  });

  test("bands are as narrow as what is known: a class held still has a level band of one width", () => {
    const { lower, upper } = result.classes[0]!.meanTrajectory;
    const widths = lower.map((low, t) => upper[t]! - low!);
    expect(widths[0]).toBeGreaterThan(0.1);
    for (const width of widths) expect(width).toBeCloseTo(widths[0]!, 8);
  });

  test("shuffled rows change nothing", async () => {
    const again = await fit(shuffledRows(table, 3), spec, QUICK);
    expect(again.logLikelihood).toBeCloseTo(result.logLikelihood, 7);
    again.parameters.forEach((p, i) => {
      expect(p.estimate).toBeCloseTo(result.parameters[i]!.estimate, 4);
    });
  });

  test("another unit of time changes nothing but the unit", async () => {
    const inDays = await fit(
      table,
      { ...spec, time: "days", fixed: "1 + days", constraints: ["days@1 = 0", "(Intercept)@2 = 14"] },
      QUICK,
    );
    expect(inDays.logLikelihood).toBeCloseTo(result.logLikelihood, 7);
    expect(7 * get(inDays, "days", 2).estimate).toBeCloseTo(get(result, "time", 2).estimate, 5);
  });

  test("predict classifies the same people alike", () => {
    const { posteriors } = predict(result, table);
    result.posteriors.values.forEach((p, i) => {
      expect(posteriors.values[i]).toBeCloseTo(p, 12);
    });
  });
});

test("another origin of time: what is held is the user's coefficient, whatever stands inside", async () => {
  const late = withColumns(table, { later: (row) => row.time! + 40 });
  const spec = { ...base, classes: 1, fixed: "1 + later + later^2", random: "1 + later", time: "later" };
  // The slope at time 40 of one is the slope at 0 of the other: held there, both are the same model.
  const free = await fit(late, { ...spec, constraints: ["later^2 = 0.05"] });
  const shifted = await fit(table, {
    ...base,
    classes: 1,
    fixed: "1 + time + time^2",
    constraints: ["time^2 = 0.05"],
  });
  expect(free.logLikelihood).toBeCloseTo(shifted.logLikelihood, 6);
  const slope = get(free, "later");
  expect(slope.estimate + 2 * 40 * 0.05).toBeCloseTo(get(shifted, "time").estimate, 5);
});

test("a random effect left out far from the origin of time leaves the others their variance and its error", async () => {
  const spec = { ...base, classes: 1, fixed: "1 + time", random: "1 + time", constraints: ["var(time) = 0"] };
  const near = await fit(table, spec);
  for (const origin of [2e4, 1e6]) {
    const far = await fit(withColumns(table, { time: (row) => row.time! + origin }), spec);
    const [expected, actual] = [get(near, "var((Intercept))"), get(far, "var((Intercept))")];
    expect(actual.constraint).toBeUndefined();
    expect(actual.estimate).toBeCloseTo(expected.estimate, 5);
    expect(actual.standardError).toBeCloseTo(expected.standardError!, 5);
    expect(get(far, "var(time)")).toMatchObject({ estimate: 0, standardError: null, constraint: "fixed" });
    expect(get(far, "cov((Intercept),time)")).toMatchObject({ estimate: 0, constraint: "fixed" });
  }
});

describe("a polynomial of a different order per class", () => {
  const spec = { ...base, fixed: "1 + time + time^2", random: "1", orders: [0, 2] };

  test("fixes what is above the order, and finds the classes where they are", async () => {
    const result = await fit(table, spec, QUICK);
    expect(get(result, "time", 1)).toMatchObject({ estimate: 0, constraint: "fixed" });
    expect(get(result, "time^2", 1)).toMatchObject({ estimate: 0, constraint: "fixed" });
    expect(get(result, "time", 2).estimate).toBeCloseTo(-1.5, 0);
    expect(get(result, "(Intercept)", 1).estimate).toBeCloseTo(18, 0);
    expect(result.classes[0]!.proportion).toBeCloseTo(1 / 3, 1);
    expect(result.starts!.replicatedBest).toBeGreaterThan(1);
    const swapped = await fit(table, { ...spec, orders: [2, 0] }, QUICK);
    expect(swapped.logLikelihood).toBeCloseTo(result.logLikelihood, 7);
  });

  test("is what the same constraints by name are", async () => {
    const byOrder = await fit(table, spec, QUICK);
    const { orders: _, ...rest } = spec;
    const byName = await fit(table, { ...rest, constraints: ["time@1 = 0", "time^2@1 = 0"] }, QUICK);
    expect(byName.internal).toEqual(byOrder.internal);
  });
});

test("likelihood-ratio and Wald test of one constraint nearly agree", async () => {
  const spec = { ...base, classes: 1, fixed: "1 + time + age" };
  const free = await fit(table, spec);
  const held = await fit(table, { ...spec, constraints: ["age = 0"] });
  const ratio = 2 * (free.logLikelihood - held.logLikelihood);
  const wald = get(free, "age").z! ** 2;
  expect(free.nParameters - held.nParameters).toBe(1);
  expect(ratio).toBeGreaterThan(0);
  expect(Math.abs(wald / ratio - 1)).toBeLessThan(0.03);
  const lrt = likelihoodRatioTest(held, free);
  expect(lrt).toMatchObject({ df: 1, differences: ["freed: age = 0"] });
  expect(lrt.statistic).toBeCloseTo(ratio, 12);
  expect(lrt.p!).toBeCloseTo(get(free, "age").p!, 2);
});

test("every start in the right space, with any number of classes named", async () => {
  const spec = { ...base, classes: 3, random: "0", fixed: "1 + time + time^2", orders: [2, 1, 0] };
  const first = await fit(table, spec, { ...QUICK, seed: 5 });
  const second = await fit(table, spec, { ...QUICK, seed: 5 });
  expect(second.internal).toEqual(first.internal);
  expect(get(first, "time", 3).estimate).toBe(0);
});

test.each([
  ["a mean far from any score", { constraints: ["(Intercept)@1 = 1e6"] }],
  ["a very small residual", { constraints: ["residual sd = 0.2"] }],
  ["a very large residual", { constraints: ["residual sd = 150"] }],
  ["an enormous random effect", { diagonal: true, constraints: ["var(time) = 5000"] }],
  [
    "everything but one mean",
    {
      random: "0",
      fixed: "1",
      constraints: ["(Intercept)@1 = 12", "residual sd = 3", "membership: (Intercept)@1 = 0"],
    },
  ],
])("%s gives finite results and a named verdict", async (_, extra) => {
  const result = await fit(table, { ...base, ...extra }, { ...QUICK, maxIterations: 200 });
  expectAllFinite(result);
  expect(result.convergence.verdicts.length).toBeGreaterThan(0);
});

describe("enumerations", () => {
  const options = { ...QUICK, startsInitial: 6, startsFinal: 2 };

  test("refuse constraints that name classes while classes vary, and take those that do not", async () => {
    const [problem] = await problemsOf(() =>
      enumerate(
        table,
        {
          structures: [{ name: "LCGA", spec: { ...base, random: "0", constraints: ["time@1 = 0"] } }],
          classes: { from: 1, to: 2 },
        },
        options,
      ),
    );
    expect(problem!.code).toBe("constraint-names-class");
    const held = await enumerate(
      table,
      {
        structures: [
          {
            name: "LCGA",
            spec: { ...base, random: "0", residual: "class", constraints: ["residual sd = 2"] },
          },
        ],
        classes: { from: 1, to: 2 },
      },
      options,
    );
    for (const result of held.fits) for (const sd of result.residual.sd) expect(sd).toBeCloseTo(2, 12);
    expect(held.fits.map((result) => result.nParameters)).toEqual([2, 5]);
    expect(held.fits[1]!.logLikelihood).toBeGreaterThan(held.fits[0]!.logLikelihood);
  });
});
