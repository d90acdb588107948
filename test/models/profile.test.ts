import { describe, expect, test } from "vitest";
import type { LongTable } from "../../src/core/table.js";
import { fullVector } from "../../src/models/fit/freeSpace.js";
import type { Objective } from "../../src/models/fit/objective.js";
import type { LimitInput, LimitOutcome } from "../../src/models/fit/profile.js";
import { quasiNewton } from "../../src/models/fit/quasiNewton.js";
import { fit } from "../../src/models/fitModel.js";
import type { JobRunner } from "../../src/models/jobs/job.js";
import { freeLikelihoodOf } from "../../src/models/likelihood.js";
import { createLocalRunner } from "../../src/models/localRunner.js";
import { reportedParameters, reportedValues } from "../../src/models/parameters/reported.js";
import { allocateFor, unpackInto } from "../../src/models/parameters.js";
import { buildProblem, shapeOf } from "../../src/models/problem.js";
import { type ProfileInterval, profileIntervals } from "../../src/models/profile.js";
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

const base = { outcome: "score", time: "time", fixed: "1 + time", random: "1 + time" };
const THRESHOLD = 1.9207294103470618;

function named(
  intervals: readonly ProfileInterval[],
  name: string,
  label: number | null = null,
): ProfileInterval {
  const found = intervals.find((interval) => interval.name === name && interval.class === label);
  expect(found, name).toBeDefined();
  return found!;
}

/** A runner that keeps what its profile tasks were given and gave, and can force one of the two searches. */
function spyingRunner(method?: "quick" | "path"): {
  runner: JobRunner;
  limits: [LimitInput, LimitOutcome][];
} {
  const inner = createLocalRunner();
  const limits: [LimitInput, LimitOutcome][] = [];
  const runner: JobRunner = {
    ...inner,
    async run<Input, Output>(
      jobs: Parameters<JobRunner["run"]>[0],
      options: Parameters<JobRunner["run"]>[1],
    ) {
      const forced = jobs.map((job) =>
        job.task === "profileLimit" && method !== undefined
          ? { ...job, input: { ...(job.input as LimitInput), method } }
          : job,
      );
      const results = await inner.run<Input, Output>(forced as never, options);
      jobs.forEach((job, j) => {
        if (job.task === "profileLimit") limits.push([job.input as LimitInput, results[j] as LimitOutcome]);
      });
      return results;
    },
  };
  return { runner, limits };
}

const CASES: readonly (readonly [string, Partial<ModelSpecInput>, () => LongTable])[] = [
  ["growth curve", {}, () => cohort(80, 9, ordinary)],
  ["growth curve, REML", { reml: true }, () => cohort(80, 9, ordinary)],
  [
    "latent class growth analysis",
    { classes: 2, random: "0", residual: "class" },
    () => cohort(90, 5, twoKinds),
  ],
  [
    "growth mixture, proportional",
    { classes: 2, random: "1", covariance: "proportional" },
    () => cohort(90, 5, twoKinds),
  ],
  ["growth mixture, free", { classes: 2, random: "1", covariance: "free" }, () => cohort(90, 5, twoKinds)],
];

describe("each limit", () => {
  test.each(CASES)(
    "lies on the threshold, at a maximum under its value, by both searches: %s",
    async (_, spec, make) => {
      const table = make();
      const result = await fit(table, { ...base, ...spec }, QUICK);
      const problem = buildProblem(table, result.model);
      const shape = shapeOf(problem, result.model);
      const { objective, layout, space } = freeLikelihoodOf(problem.data, shape);
      const best = objective.evaluate(Float64Array.from(result.internal), false).value;
      const names = reportedParameters(layout, problem.design.stored);
      const parameters = allocateFor(layout);
      const byMethod: ProfileInterval[][] = [];
      for (const method of ["quick", "path"] as const) {
        const { runner, limits } = spyingRunner(method);
        const intervals = await profileIntervals(problem, result, { runner });
        expect(intervals.length).toBeGreaterThan(0);
        expectAllFinite(intervals);
        for (const interval of intervals) {
          expect(interval.reason, `${method}: ${interval.name}`).toBeNull();
          expect(interval.lower!).toBeLessThan(interval.estimate!);
          expect(interval.upper!).toBeGreaterThan(interval.estimate!);
        }
        for (const [input, outcome] of limits) {
          if (outcome.boundary) continue;
          const point = objective.evaluate(Float64Array.from(outcome.x!), false);
          expect(point.value - (best - THRESHOLD)).toBeCloseTo(0, 5);
          expect(outcome.criterion!).toBeLessThan(1e-8);
          expect(outcome.curvature!).toBeGreaterThan(0);
          if (input.target.kind === "correlation") continue;
          unpackInto(layout, fullVector(space, point.x), parameters);
          const values = reportedValues(layout, problem.design.stored, parameters);
          expect(values[input.target.at]! / outcome.limit!, names[input.target.at]!.name).toBeCloseTo(1, 9);
        }
        byMethod.push(intervals);
      }
      byMethod[0]!.forEach((quick, i) => {
        const path = byMethod[1]![i]!;
        const width = quick.upper! - quick.lower!;
        expect(Math.abs(quick.lower! - path.lower!)).toBeLessThan(1e-5 * width);
        expect(Math.abs(quick.upper! - path.upper!)).toBeLessThan(1e-5 * width);
      });
    },
  );

  test("is where maximisation by an augmented Lagrangian meets the threshold", async () => {
    // A third route that shares nothing with the searches but the likelihood: quasi-Newton on l - m (g - v) - w (g - v)^2 / 2.
    const table = cohort(90, 5, twoKinds);
    const result = await fit(table, { ...base, classes: 2, random: "1" }, QUICK);
    const problem = buildProblem(table, result.model);
    const { objective, layout } = freeLikelihoodOf(problem.data, shapeOf(problem, result.model));
    const at = reportedParameters(layout, problem.design.stored).findIndex(
      ({ name }) => name === "var((Intercept))",
    );
    const parameters = allocateFor(layout);
    const g = (x: Float64Array): number => {
      unpackInto(layout, x, parameters);
      return reportedValues(layout, problem.design.stored, parameters)[at]!;
    };
    const best = Float64Array.from(result.internal);
    const profile = (value: number): number => {
      let x: Float64Array = best;
      let multiplier = 0;
      const weight = 200;
      for (let round = 0; round < 25; round++) {
        const penalised: Objective = {
          ...objective,
          observed: undefined,
          evaluate: (at, information) => {
            const point = objective.evaluate(at, information);
            const miss = g(at) - value;
            const slope = multiplier + weight * miss;
            const gradient = point.gradient.map((entry, j) => {
              const moved = at.slice();
              moved[j]! += 1e-5;
              const above = g(moved);
              moved[j]! -= 2e-5;
              return entry - (slope * (above - g(moved))) / 2e-5;
            });
            return { ...point, value: point.value - multiplier * miss - 0.5 * weight * miss ** 2, gradient };
          },
        };
        x = quasiNewton(penalised, penalised.evaluate(x, true), 300, 1e-12).point.x;
        multiplier += weight * (g(x) - value);
      }
      expect(g(x)).toBeCloseTo(value, 6);
      return objective.evaluate(x, false).value;
    };
    const top = objective.evaluate(best, false).value;
    const { lower, upper } = named(await profileIntervals(table, result), "var((Intercept))");
    for (const limit of [lower!, upper!]) expect(top - profile(limit)).toBeCloseTo(THRESHOLD, 4);
  });
});

describe("laws", () => {
  const table = cohort(80, 9, ordinary);

  test("order of rows, unit and origin of the score do not matter", async () => {
    const result = await fit(table, base);
    const intervals = await profileIntervals(table, result);
    const shuffled = shuffledRows(table, 4);
    const again = await profileIntervals(shuffled, await fit(shuffled, base));
    const scaled = withColumns(table, { score: (row) => 10 * row.score! - 40 });
    const larger = await profileIntervals(scaled, await fit(scaled, base));
    intervals.forEach((interval, i) => {
      const factor = interval.name.startsWith("cor") ? 1 : interval.name === "residual sd" ? 10 : 100;
      for (const side of ["lower", "upper"] as const) {
        expect(again[i]![side]! / interval[side]!).toBeCloseTo(1, 5);
        expect(larger[i]![side]! / (factor * interval[side]!)).toBeCloseTo(1, 5);
      }
    });
  });

  test("a higher level gives a wider interval, and four times the people one about half as wide", async () => {
    const result = await fit(table, base);
    const [usual, wide] = await Promise.all([
      profileIntervals(table, result),
      profileIntervals(table, result, { level: 0.99 }),
    ]);
    usual.forEach((interval, i) => {
      expect(wide[i]!.lower!).toBeLessThan(interval.lower!);
      expect(wide[i]!.upper!).toBeGreaterThan(interval.upper!);
    });
    const more = cohort(320, 9, ordinary);
    const narrow = await profileIntervals(more, await fit(more, base), { parameters: ["residual sd"] });
    const own = named(usual, "residual sd");
    expect(narrow[0]!.upper! - narrow[0]!.lower!).toBeLessThan(0.7 * (own.upper! - own.lower!));
  });

  test("with many people, profile and Wald intervals of a fixed effect agree", async () => {
    const many = cohort(800, 5, ordinary);
    const result = await fit(many, base);
    const [interval] = await profileIntervals(many, result, { parameters: ["time"] });
    const wald = result.parameters.find(({ name }) => name === "time")!;
    const width = wald.upper! - wald.lower!;
    expect(Math.abs(interval!.lower! - wald.lower!)).toBeLessThan(0.005 * width);
    expect(Math.abs(interval!.upper! - wald.upper!)).toBeLessThan(0.005 * width);
  });

  test("membership logits have intervals, of each class", async () => {
    const kinds = cohort(90, 5, twoKinds);
    const result = await fit(kinds, { ...base, classes: 2, random: "0" }, QUICK);
    const intervals = await profileIntervals(kinds, result, {
      parameters: [{ name: "time", class: 2 }, "(Intercept)"],
    });
    // (Intercept) is a fixed effect of each class and the logit of the first.
    expect(intervals.map(({ name, class: label }) => [name, label])).toEqual([
      ["(Intercept)", 1],
      ["(Intercept)", 2],
      ["time", 2],
      ["(Intercept)", 1],
    ]);
    for (const { reason } of intervals) expect(reason).toBeNull();
  });
});

test("limits are the same, bit for bit, wherever they are found", async () => {
  // The pool runs the built package, as its users do.
  const { createRunner } = (await import(
    new URL("../../dist/workers/index.js", import.meta.url).href
  )) as typeof import("../../src/workers/index.js");
  const table = cohort(60, 6, twoKinds);
  const result = await fit(table, { ...base, classes: 2, random: "1" }, QUICK);
  const here = await profileIntervals(table, result);
  for (const workers of [1, 2]) {
    const runner = createRunner(workers);
    try {
      expect(await profileIntervals(table, result, { runner })).toEqual(here);
    } finally {
      await runner.close();
    }
  }
});

describe("boundaries", () => {
  /** No slope variance: whether its estimate is zero depends on the seed. */
  const noSlopes = (seed: number): LongTable =>
    cohort(
      100,
      5,
      (_i, stream) => {
        const intercept = 12 + 3 * stream.normal();
        stream.normal();
        return (session, own) => intercept - 0.5 * session + 2 * own.normal();
      },
      seed,
    );

  test("a variance that can be zero has lower limit 0, and its correlation can be anything", async () => {
    const table = noSlopes(1);
    const result = await fit(table, base);
    const intervals = await profileIntervals(table, result);
    expect(named(intervals, "var(time)")).toMatchObject({
      lower: 0,
      lowerBoundary: true,
      upperBoundary: false,
      reason: null,
    });
    expect(named(intervals, "cor((Intercept),time)")).toMatchObject({
      lower: -1,
      upper: 1,
      lowerBoundary: true,
      upperBoundary: true,
      reason: null,
    });
    // The model without the random slope is not rejected either: the likelihood-ratio statistic is below the threshold.
    const without = await fit(table, { ...base, random: "1" });
    expect(result.logLikelihood - without.logLikelihood).toBeLessThan(THRESHOLD);
  });

  test("a correlation whose upper limit is 1 still has a proper lower limit, beside a variance that cannot quite be zero", async () => {
    const table = noSlopes(2);
    const result = await fit(table, base);
    const without = await fit(table, { ...base, random: "1" });
    expect(result.logLikelihood - without.logLikelihood).toBeGreaterThan(THRESHOLD);
    const intervals = await profileIntervals(table, result);
    const variance = named(intervals, "var(time)");
    expect(variance.lower!).toBeGreaterThan(0);
    expect(variance).toMatchObject({ lowerBoundary: false, reason: null });
    const correlation = named(intervals, "cor((Intercept),time)");
    expect(correlation).toMatchObject({ upper: 1, upperBoundary: true, lowerBoundary: false, reason: null });
    expect(correlation.lower!).toBeLessThan(correlation.estimate!);
  });

  test("an estimate of zero has lower limit 0 and an upper limit on the threshold", async () => {
    const table = noSlopes(3);
    const spec = { ...base, diagonal: true };
    const result = await fit(table, spec);
    expect(result.convergence.verdicts[0]!.name).toBe("converged on a boundary");
    const { runner, limits } = spyingRunner();
    const [interval] = await profileIntervals(table, result, { runner, parameters: ["var(time)"] });
    expect(interval).toMatchObject({ lower: 0, lowerBoundary: true, upperBoundary: false, reason: null });
    expect(interval!.upper!).toBeGreaterThan(0.01);
    const upper = limits[1]![1];
    expect(Math.abs(upper.excess!)).toBeLessThan(1e-6);
    expect(upper.curvature!).toBeGreaterThan(0);
  });
});

describe("what cannot be had is named", () => {
  const table = cohort(60, 5, ordinary);

  test("a fit that is no maximum", async () => {
    const result = await fit(table, base);
    const moved = result.internal.map((value, i) => value + (i === 0 ? 0.3 : 0));
    const [interval] = await profileIntervals(
      table,
      { ...result, internal: moved },
      { parameters: ["residual sd"] },
    );
    expect(interval).toMatchObject({ lower: null, upper: null, reason: { name: "not a maximum" } });
  });

  test("a better maximum than the one fitted", async () => {
    // As it looks to a search that comes across one: log-likelihoods above that of the fit.
    const result = await fit(table, base);
    const inner = createLocalRunner();
    const runner: JobRunner = {
      ...inner,
      run: async <Input, Output>(
        jobs: Parameters<JobRunner["run"]>[0],
        options: Parameters<JobRunner["run"]>[1],
      ) => {
        const understated = jobs.map((job) => {
          if (job.task !== "profileLimit") return job;
          const input = job.input as LimitInput;
          const logLikelihood = input.maximum.logLikelihood - 0.01;
          return { ...job, input: { ...input, maximum: { ...input.maximum, logLikelihood } } };
        });
        return inner.run<Input, Output>(understated as never, options);
      },
    };
    for (const interval of await profileIntervals(table, result, { runner }))
      expect(interval).toMatchObject({ lower: null, upper: null, reason: { name: "better maximum found" } });
  });

  test("several mistakes at once, each with what is allowed", async () => {
    const result = await fit(table, { ...base, reml: true });
    const problems = await problemsOf(() =>
      profileIntervals(table, result, { parameters: ["var(tme)", "time"], level: 95 }),
    );
    expect(problems.map(({ code }) => code).sort()).toEqual([
      "bad-option",
      "reml-fixed-effect",
      "unknown-parameter",
    ]);
    expect(problems.find(({ code }) => code === "unknown-parameter")!.fix).toContain("var(time)");
    const other = await problemsOf(() => profileIntervals(cohort(61, 5, ordinary), result));
    expect(other[0]!.code).toBe("other-data");
  });

  test("cancellation", async () => {
    const result = await fit(table, base);
    const controller = new AbortController();
    controller.abort();
    await expect(profileIntervals(table, result, { signal: controller.signal })).rejects.toMatchObject({
      code: "cancelled",
    });
  });
});
