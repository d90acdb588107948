import { describe, expect, test } from "vitest";
import type { Design } from "../../../src/models/design/types.js";
import { buildDesign } from "../../../src/models/design.js";
import { fit } from "../../../src/models/fitModel.js";
import {
  explainedVariance,
  meanResidualVariance,
  rowSums,
} from "../../../src/models/inference/explainedVariance.js";
import type { FitResult } from "../../../src/models/result.js";
import { type ModelSpecInput, resolveSpec } from "../../../src/models/spec.js";
import { cohort, ordinary, QUICK, twoKinds, withColumns } from "../helpers.js";

const table = withColumns(
  cohort(90, (i) => 3 + (i % 4), twoKinds),
  {
    age: (_row, _r, person) => (person * 37) % 50,
    dose: (row, r) => (row.time! + ((r * 31) % 7)) / 3,
  },
);

/** Sums over the rows, one by one: the long way. */
function sumsByRow(design: Design): ReturnType<typeof rowSums> {
  const { fixed, moments } = design;
  const q = moments.nRandom;
  const out = {
    nRows: 0,
    fixed: new Float64Array(fixed.nFixed),
    fixedProducts: new Float64Array(fixed.nFixed ** 2),
    randomProducts: new Float64Array(q * q),
  };
  for (let i = 0; i < design.keptPersons.length; i++)
    for (let r = design.keptStart[i]!; r < design.keptStart[i + 1]!; r++) {
      const x = Array.from(
        fixed.basis,
        (b, j) => design.rowBasis[b]![r]! * design.personColumns[fixed.person[j]!]![i]!,
      );
      out.nRows++;
      x.forEach((value, a) => {
        out.fixed[a]! += value;
        x.forEach((other, b) => {
          out.fixedProducts[a * fixed.nFixed + b]! += value * other;
        });
      });
      for (let a = 0; a < q; a++)
        for (let b = 0; b < q; b++)
          out.randomProducts[a * q + b]! += design.rowBasis[a]![r]! * design.rowBasis[b]![r]!;
    }
  return out;
}

function expectClose(actual: Float64Array, expected: Float64Array): void {
  const size = Math.max(...expected.map(Math.abs));
  expect(actual.length).toBe(expected.length);
  actual.forEach((value, i) => {
    expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-10 * size);
  });
}

describe("sums over the rows", () => {
  test.each([
    ["with covariates", "1 + time + time^2 + age + age:time", "1 + time"],
    ["with a covariate that varies in time", "1 + time + dose + age:dose", "1 + dose"],
    ["without an intercept", "0 + time + age", "0 + time"],
    ["without random effects", "1 + time", "0"],
  ])("from the moments are those of the rows, %s", (_, fixed, random) => {
    const design = buildDesign(table, resolveSpec({ outcome: "score", time: "time", fixed, random }));
    const [quick, slow] = [rowSums(design), sumsByRow(design)];
    expect(quick.nRows).toBe(slow.nRows);
    expectClose(quick.fixed, slow.fixed);
    expectClose(quick.fixedProducts, slow.fixedProducts);
    expectClose(quick.randomProducts, slow.randomProducts);
  });

  test("count each person with their weight", () => {
    const spec = resolveSpec({ outcome: "score", time: "time", fixed: "1 + time + age" });
    const once = buildDesign(table, spec);
    const twice = { ...once, moments: { ...once.moments, weights: new Float64Array(90).fill(2) } };
    const [one, two] = [rowSums(once), rowSums(twice)];
    expect(two.nRows).toBe(2 * one.nRows);
    expectClose(
      two.fixed,
      one.fixed.map((value) => 2 * value),
    );
    expectClose(
      two.randomProducts,
      one.randomProducts.map((value) => 2 * value),
    );
  });
});

const base = { outcome: "score", time: "time", fixed: "1 + time + age", random: "1 + time" };
const shares = ({ explainedVariance: e }: FitResult): (number | null)[] => [
  e!.marginalR2,
  e!.classR2,
  e!.conditionalR2,
  e!.intraclassCorrelation,
  e!.interceptIntraclassCorrelation,
];

describe("one class", () => {
  test("follows from estimates and rows", async () => {
    const people = withColumns(
      cohort(80, (i) => 3 + (i % 4), ordinary),
      { age: (_row, _r, p) => (p * 37) % 50 },
    );
    const own = await fit(people, base);
    const get = (name: string): number => own.parameters.find((p) => p.name === name)!.estimate;
    const time = people.columns.get("time")!;
    const age = people.columns.get("age")!;
    if (time.kind !== "numeric" || age.kind !== "numeric") throw new TypeError("not numeric");
    const fitted = Array.from(time.values, (t, r) => get("time") * t + get("age") * age.values[r]!);
    const mean = fitted.reduce((a, b) => a + b, 0) / fitted.length;
    const fixedEffects = fitted.reduce((sum, value) => sum + (value - mean) ** 2, 0) / fitted.length;
    const [v0, c, v1] = [get("var((Intercept))"), get("cov((Intercept),time)"), get("var(time)")];
    const randomEffects =
      Array.from(time.values, (t) => v0 + 2 * c * t + v1 * t * t).reduce((a, b) => a + b, 0) / fitted.length;
    const residual = get("residual sd") ** 2;
    const total = fixedEffects + randomEffects + residual;
    const result = own.explainedVariance!;
    expect(result.components.fixedEffects / fixedEffects).toBeCloseTo(1, 9);
    expect(result.components.randomEffects / randomEffects).toBeCloseTo(1, 9);
    expect(result.components).toMatchObject({ classes: 0 });
    expect(result.components.total / total).toBeCloseTo(1, 9);
    expect(result.classR2).toBeNull();
    expect(result.interceptIntraclassCorrelation!).toBeCloseTo(v0 / (v0 + residual), 9);
  });

  test("does not depend on units, on the origin of time or on doubled data", async () => {
    const own = await fit(table, base);
    const scaled = withColumns(table, { score: (row) => 3 * row.score! + 7, time: (row) => row.time! / 4 });
    const moved = withColumns(table, { time: (row) => row.time! + 10 });
    for (const other of [await fit(scaled, base), await fit(moved, base)])
      shares(other)
        // The intercept is another point in time when time is counted from elsewhere.
        .slice(0, 4)
        .forEach((value, i) => {
          if (value === null) expect(shares(own)[i]).toBeNull();
          else expect(value).toBeCloseTo(shares(own)[i]!, 5);
        });
    expect(shares(await fit(scaled, base))[4]!).toBeCloseTo(shares(own)[4]!, 5);
  });

  test("without random effects nothing is shared within people", async () => {
    const own = await fit(table, { ...base, random: "0" });
    expect(own.explainedVariance).toMatchObject({
      intraclassCorrelation: 0,
      interceptIntraclassCorrelation: null,
    });
    expect(own.explainedVariance!.conditionalR2).toBe(own.explainedVariance!.marginalR2);
  });
});

describe("several classes", () => {
  const fitTwo = (change: Partial<ModelSpecInput> = {}): Promise<FitResult> =>
    fit(table, { ...base, random: "1", classes: 2, ...change }, QUICK);

  test("the classes are a component of their own", async () => {
    const own = await fitTwo({ residual: "class", covariance: "free" });
    const share = own.classes.map((c) => c.proportion);
    const get = (name: string, k: number): number =>
      own.parameters.find((p) => p.name === name && (p.class ?? k) === k && p.block !== "membership")!
        .estimate;
    const time = table.columns.get("time")!;
    const age = table.columns.get("age")!;
    if (time.kind !== "numeric" || age.kind !== "numeric") throw new TypeError("not numeric");
    const means = [1, 2].map((k) =>
      Array.from(
        time.values,
        (t, r) => get("(Intercept)", k) + get("time", k) * t + get("age", k) * age.values[r]!,
      ),
    );
    const overall = means[0]!.map((value, r) => share[0]! * value + share[1]! * means[1]![r]!);
    const n = overall.length;
    const mean = overall.reduce((a, b) => a + b, 0) / n;
    const average = (value: (k: number) => number): number => share[0]! * value(1) + share[1]! * value(2);
    const expected = {
      fixedEffects: overall.reduce((sum, value) => sum + (value - mean) ** 2, 0) / n,
      classes: average(
        (k) => means[k - 1]!.reduce((sum, value, r) => sum + (value - overall[r]!) ** 2, 0) / n,
      ),
      randomEffects: average((k) => get("var((Intercept))", k)),
      residual: average((k) => get("residual sd", k) ** 2),
    };
    const { components, ...result } = own.explainedVariance!;
    for (const [name, value] of Object.entries(expected))
      expect(components[name as keyof typeof expected] / value, name).toBeCloseTo(1, 8);
    const total = Object.values(expected).reduce((a, b) => a + b, 0);
    expect(result.classR2!).toBeCloseTo((expected.fixedEffects + expected.classes) / total, 8);
    expect(result.conditionalR2!).toBeCloseTo(1 - expected.residual / total, 8);
    const between = average((k) => (get("(Intercept)", k) - average((l) => get("(Intercept)", l))) ** 2);
    const atStart = between + expected.randomEffects;
    expect(result.interceptIntraclassCorrelation!).toBeCloseTo(atStart / (atStart + expected.residual), 8);
  });

  test("growth classes without random effects: everything between people is between classes", async () => {
    const own = await fitTwo({ random: "0" });
    const { components, classR2, conditionalR2 } = own.explainedVariance!;
    expect(components.randomEffects).toBe(0);
    expect(components.classes).toBeGreaterThan(0);
    expect(classR2).toBe(conditionalR2);
  });
});

describe("residual structures and latent bases", () => {
  test("residual variances by occasion are averaged over the rows of a fit", async () => {
    const own = await fit(table, { ...base, random: "1", residual: "occasion" });
    const time = table.columns.get("time")!;
    if (time.kind !== "numeric") throw new TypeError("not numeric");
    const { sd, occasions } = own.residual;
    const mean =
      Array.from(time.values, (t) => sd[occasions!.indexOf(t)]! ** 2).reduce((a, b) => a + b, 0) /
      time.values.length;
    expect(own.explainedVariance!.components.residual / mean).toBeCloseTo(1, 9);
  });

  test("an autocorrelation changes no variance", async () => {
    const own = await fit(table, { ...base, random: "1", residual: "ar1" });
    expect(own.explainedVariance!.components.residual / own.residual.sd[0]! ** 2).toBeCloseTo(1, 9);
  });

  test("the loadings of a latent basis are used as estimated", async () => {
    const spec = { ...base, fixed: "1 + latent(time)", random: "1 + latent(time)" };
    const own = await fit(table, spec);
    const time = table.columns.get("time")!;
    if (time.kind !== "numeric") throw new TypeError("not numeric");
    const get = (name: string): number => own.parameters.find((p) => p.name === name)!.estimate;
    const { occasions, values } = own.design.coding.loadings!["latent(time)"]!;
    const loading = Array.from(time.values, (t) => values[occasions.indexOf(t)]!);
    const n = loading.length;
    const mean = loading.reduce((a, b) => a + b, 0) / n;
    const spread = loading.reduce((sum, value) => sum + (value - mean) ** 2, 0) / n;
    const { components } = own.explainedVariance!;
    expect(components.fixedEffects / (get("latent(time)") ** 2 * spread)).toBeCloseTo(1, 8);
    const random = loading.reduce(
      (sum, l) =>
        sum +
        get("var((Intercept))") +
        2 * l * get("cov((Intercept),latent(time))") +
        l * l * get("var(latent(time))"),
      0,
    );
    expect(components.randomEffects / (random / n)).toBeCloseTo(1, 8);
  });
});

describe("residual variances by occasion", () => {
  test("are averaged over classes and rows", () => {
    const variances = Float64Array.from([1, 2, 3, 10, 20, 30]);
    expect(meanResidualVariance(variances, [0.25, 0.75], [0.5, 0.3, 0.2])).toBeCloseTo(
      0.25 * (0.5 + 0.6 + 0.6) + 0.75 * (5 + 6 + 6),
      12,
    );
  });

  test("no variance at all leaves no share", () => {
    const empty = explainedVariance({
      sums: {
        nRows: 10,
        fixed: Float64Array.of(10),
        fixedProducts: Float64Array.of(10),
        randomProducts: new Float64Array(0),
      },
      parameters: {
        nClasses: 1,
        beta: Float64Array.of(3),
        factor: new Float64Array(0),
        residual: Float64Array.of(0),
        logits: Float64Array.of(0),
        loadings: new Float64Array(0),
      },
      nFixed: 1,
      nRandom: 0,
      proportions: [1],
      residualVariance: 0,
      outcomeVariance: 4,
      intercept: { fixed: [3], random: null },
    });
    expect(empty).toMatchObject({ marginalR2: null, conditionalR2: null, intraclassCorrelation: null });
  });
});
