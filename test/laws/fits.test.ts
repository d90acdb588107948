import { describe, expect, test } from "vitest";
import { type LongTable, tableFromArrays } from "../../src/core/table.js";
import { emSteps } from "../../src/models/fit/em.js";
import { quasiNewton } from "../../src/models/fit/quasiNewton.js";
import { startVector } from "../../src/models/fit/starts.js";
import { fit } from "../../src/models/fitModel.js";
import { layoutOf, objectiveOf } from "../../src/models/likelihood.js";
import { permuteClasses } from "../../src/models/parameters.js";
import { buildProblem } from "../../src/models/problem.js";
import type { FitResult } from "../../src/models/result.js";
import { type ModelSpecInput, resolveSpec } from "../../src/models/spec.js";
import { cohort, QUICK, shuffledRows, twoKinds, withColumns } from "../models/helpers.js";

// What must hold for any data and any correct program: no reference numbers here.

const table = withColumns(
  cohort(80, (i) => 3 + (i % 4), twoKinds),
  { age: (_row, _r, person) => ((person * 37) % 50) / 10, grp: (_row, _r, person) => "ab"[person % 2]! },
);
const base = { outcome: "score", time: "time", fixed: "1 + time + time^2", random: "1 + time" };

const MODELS: [string, Partial<ModelSpecInput>][] = [
  ["growth curve", {}],
  ["growth curve by REML", { reml: true }],
  ["LCGA", { classes: 2, random: "0" }],
  ["LCGA, own residuals", { classes: 2, random: "0", residual: "class" }],
  ["GMM", { classes: 2 }],
  ["GMM, diagonal", { classes: 2, diagonal: true }],
  ["GMM, proportional", { classes: 2, random: "1", covariance: "proportional" }],
  [
    "GMM, covariates",
    { classes: 2, random: "1", fixed: "1 + time + time^2 + grp + age:time", membership: "age" },
  ],
];

const run = (data: LongTable, spec: Partial<ModelSpecInput>, options = {}): Promise<FitResult> =>
  fit(data, { ...base, ...spec }, { ...QUICK, ...options });

function expectNear(actual: number, expected: number, relative: number, what: string): void {
  expect(Math.abs(actual - expected), `${what}: ${actual} against ${expected}`).toBeLessThanOrEqual(
    relative * Math.max(1, Math.abs(expected)),
  );
}

describe.each(MODELS)("%s", (_, spec) => {
  test("shuffled rows and persons give the same fit", async () => {
    const [a, b] = [await run(table, spec), await run(shuffledRows(table, 4), spec)];
    expectNear(b.logLikelihood, a.logLikelihood, 1e-8, "log-likelihood");
    a.parameters.forEach((p, j) => {
      expect(b.parameters[j]!.name).toBe(p.name);
      expectNear(b.parameters[j]!.estimate, p.estimate, 1e-4, p.name);
      if (p.standardError !== null)
        expectNear(b.parameters[j]!.standardError!, p.standardError, 1e-3, `SE of ${p.name}`);
    });
    expect(b.classes.map((c) => c.assigned)).toEqual(a.classes.map((c) => c.assigned));
  });

  test("another unit of time rescales slopes and nothing else", async () => {
    const perMonth = 52 / 12;
    const weeks = withColumns(table, { time: (row) => row.time! * perMonth });
    const [a, b] = [await run(table, spec), await run(weeks, spec)];
    expectNear(
      b.logLikelihood,
      a.logLikelihood - (spec.reml ? 3 * Math.log(perMonth) : 0),
      1e-8,
      "log-likelihood",
    );
    a.parameters.forEach((p, j) => {
      const power = (p.name.match(/time\^2|time/g) ?? []).reduce((sum, t) => sum + (t === "time" ? 1 : 2), 0);
      const factor = perMonth ** (p.name === "var(time)" ? 2 : power);
      expectNear(b.parameters[j]!.estimate * factor, p.estimate, 1e-4, p.name);
    });
  });

  test("scores shifted and scaled: the log-likelihood changes by -n log s", async () => {
    const [shift, scale] = [100, 2.5];
    const moved = withColumns(table, { score: (row) => shift + scale * row.score! });
    const [a, b] = [await run(table, spec), await run(moved, spec)];
    const n = spec.reml ? a.nObservations - 3 : a.nObservations;
    expectNear(b.logLikelihood, a.logLikelihood - n * Math.log(scale), 1e-8, "log-likelihood");
    a.parameters.forEach((p, j) => {
      if (p.block === "membership" || p.name === "random-effect scale")
        expectNear(b.parameters[j]!.estimate, p.estimate, 1e-4, p.name);
      else {
        const factor = p.block === "covariance" ? scale ** 2 : scale;
        const added = p.name === "(Intercept)" ? shift : 0;
        expectNear(b.parameters[j]!.estimate, factor * p.estimate + added, 1e-4, p.name);
      }
    });
    for (const name of ["entropy"] as const)
      expect(b.criteria[name] ?? 0).toBeCloseTo(a.criteria[name] ?? 0, 6);
  });

  test("the same seed gives the same answer, bit for bit", async () => {
    const [a, b] = [await run(table, spec, { seed: 5 }), await run(table, spec, { seed: 5 })];
    const { elapsedSeconds: _a, ...one } = a;
    const { elapsedSeconds: _b, ...other } = b;
    expect(other).toEqual(one);
  });
});

describe.each(MODELS.filter(([, spec]) => !spec.diagonal))("%s", (_, spec) => {
  test("another origin of time is the same model", async () => {
    const later = withColumns(table, { time: (row) => row.time! + 7 });
    // With a covariate's slope its intercept must be there too, or the origin matters.
    const complete =
      spec.fixed === undefined ? spec : { ...spec, fixed: "1 + time + time^2 + grp + age + age:time" };
    const [a, b] = [await run(table, complete), await run(later, complete)];
    expectNear(b.logLikelihood, a.logLikelihood, 1e-7, "log-likelihood");
    const last = (result: FitResult): number[] => result.classes.map((c) => c.meanTrajectory.mean.at(-1)!);
    last(a).forEach((value, k) => {
      expectNear(last(b)[k]!, value, 1e-4, "mean at the last time");
    });
    const band = (result: FitResult): number => result.classes[0]!.meanTrajectory.upper.at(-1)!;
    expectNear(band(b), band(a), 1e-3, "band at the last time");
  });
});

describe("relabelled classes", () => {
  test.each(MODELS.filter(([, spec]) => (spec.classes ?? 1) > 1))(
    "%s: the log-likelihood stays",
    async (_, spec) => {
      const result = await run(table, spec);
      const problem = buildProblem(table, result.model);
      const { objective, layout } = objectiveOf(problem.data, result.model);
      const x = Float64Array.from(result.internal);
      const value = objective.evaluate(x, false).value;
      const swapped = permuteClasses(layout, x, [1, 0]);
      expectNear(objective.evaluate(swapped, false).value, value, 1e-12, "log-likelihood");
      expectNear(
        objective.evaluate(permuteClasses(layout, swapped, [1, 0]), false).value,
        value,
        1e-12,
        "back",
      );
    },
  );
});

describe("doubled data", () => {
  test.each(MODELS.filter(([, spec]) => !spec.reml))(
    "%s: twice the log-likelihood, the same estimates",
    async (_, spec) => {
      const ids: string[] = [];
      const columns: Record<string, (number | string)[]> = { time: [], score: [], age: [], grp: [] };
      for (const copy of ["a", "b"])
        for (let i = 0; i < table.nPersons; i++)
          for (let r = table.personStart[i]!; r < table.personStart[i + 1]!; r++) {
            ids.push(`${copy}${table.personIds[i]}`);
            for (const [name, values] of Object.entries(columns)) {
              const column = table.columns.get(name)!;
              values.push(column.kind === "numeric" ? column.values[r]! : column.levels[column.codes[r]!]!);
            }
          }
      const [one, two] = [await run(table, spec), await run(tableFromArrays(ids, columns), spec)];
      expectNear(two.logLikelihood, 2 * one.logLikelihood, 1e-8, "log-likelihood");
      one.parameters.forEach((p, j) => {
        expectNear(two.parameters[j]!.estimate, p.estimate, 1e-4, p.name);
        if (p.standardError !== null)
          expectNear(
            two.parameters[j]!.standardError! * Math.SQRT2,
            p.standardError,
            2e-3,
            `SE of ${p.name}`,
          );
        if (p.robustStandardError !== null)
          expectNear(
            two.parameters[j]!.robustStandardError! * Math.SQRT2,
            p.robustStandardError,
            2e-3,
            p.name,
          );
      });
    },
  );
});

describe("two ways to the maximum", () => {
  // Maxima inside the parameter space: at a variance of zero the plain EM steps come to a halt.
  test.each<[string, Partial<ModelSpecInput>]>([
    ["LCGA", { classes: 2, random: "0" }],
    ["LCGA, own residuals", { classes: 2, random: "0", residual: "class" }],
    ["GMM", { classes: 2, random: "1" }],
    ["GMM, proportional", { classes: 2, random: "1", covariance: "proportional" }],
    ["GMM, covariates", { classes: 2, random: "1", fixed: "1 + time + age:time + grp", membership: "age" }],
  ])("%s: EM and quasi-Newton meet", (_, spec) => {
    const resolved = resolveSpec({ ...base, ...spec });
    const { data } = buildProblem(table, resolved);
    const layout = layoutOf(data, resolved);
    const single = { ...resolved, classes: 1 };
    const curve = objectiveOf(data, single);
    const oneStart = new Float64Array(curve.layout.nParameters).fill(0.3);
    const oneClass = { x: emSteps(curve.objective, oneStart, 200, 1e-9).x, layout: curve.layout };
    const start = startVector(data, layout, oneClass, 1, 0).x;
    const em = emSteps(objectiveOf(data, resolved).objective, start, 5000, 1e-12);
    const { objective } = objectiveOf(data, resolved);
    const near = emSteps(objective, start, 12, 1e-4);
    const newton = quasiNewton(objective, near, 500, 1e-10);
    expectNear(newton.point.value, em.value, 1e-6, "log-likelihood");
  });
});

describe("models within models", () => {
  test("more starts never end lower", async () => {
    let previous = Number.NEGATIVE_INFINITY;
    for (const startsInitial of [1, 3, 10, 30]) {
      const { logLikelihood } = await run(
        table,
        { classes: 3, random: "1" },
        { startsInitial, startsFinal: startsInitial },
      );
      expect(logLikelihood).toBeGreaterThanOrEqual(previous - 1e-6);
      previous = logLikelihood;
    }
  });

  test("more classes never fit worse", async () => {
    for (const random of ["0", "1"]) {
      let previous = Number.NEGATIVE_INFINITY;
      for (const classes of [1, 2, 3, 4, 5]) {
        const { logLikelihood } = await run(
          table,
          { classes, random },
          { startsInitial: 40, startsFinal: 10 },
        );
        expect(logLikelihood).toBeGreaterThan(previous - 1e-5);
        previous = logLikelihood;
      }
    }
  });

  test("a larger covariance structure never fits worse", async () => {
    const value = async (spec: Partial<ModelSpecInput>): Promise<number> =>
      (await run(table, { classes: 2, ...spec }, { startsInitial: 40, startsFinal: 10 })).logLikelihood;
    const none = await value({ random: "0" });
    const intercept = await value({ random: "1" });
    const diagonal = await value({ diagonal: true });
    const full = await value({});
    const proportional = await value({ covariance: "proportional" });
    expect(intercept).toBeGreaterThan(none - 1e-6);
    expect(diagonal).toBeGreaterThan(intercept - 1e-6);
    expect(full).toBeGreaterThan(diagonal - 1e-6);
    expect(proportional).toBeGreaterThan(full - 1e-6);
  });

  test("orthogonal polynomials span what powers span", async () => {
    for (const spec of [{}, { classes: 2, random: "1" }]) {
      const powers = await run(table, { ...spec, fixed: "1 + time + time^2" });
      const poly = await run(table, { ...spec, fixed: "poly(time, 2)" });
      expectNear(poly.logLikelihood, powers.logLikelihood, 1e-8, "log-likelihood");
      expectNear(
        poly.classes[0]!.meanTrajectory.mean.at(-1)!,
        powers.classes[0]!.meanTrajectory.mean.at(-1)!,
        1e-5,
        "mean",
      );
    }
  });

  test("any coding of a factor is the same model", async () => {
    const value = async (fixed: string): Promise<number> => (await run(table, { fixed })).logLikelihood;
    const expected = await value("1 + time + grp + time:grp");
    for (const fixed of ["grp * time", "0 + grp + grp:time", "1 + grp + time:grp", "factor(grp) * time"])
      expectNear(await value(fixed), expected, 1e-9, fixed);
  });

  test("a fixed effect of time as a factor is at least as good as any curve", async () => {
    const curve = await run(table, { fixed: "1 + time + time^2", random: "1" });
    const free = await run(table, { fixed: "0 + factor(time)", random: "1" });
    expect(free.logLikelihood).toBeGreaterThan(curve.logLikelihood - 1e-8);
    // A mean for every time, near what was observed there.
    const { observedMeans } = free.classes[0]!;
    expect(observedMeans.time).toHaveLength(6);
    observedMeans.observed.forEach((value, t) => {
      expect(Math.abs(value - observedMeans.fitted[t]!)).toBeLessThan(1.5);
    });
  });
});
