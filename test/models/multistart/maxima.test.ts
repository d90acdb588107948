import { beforeAll, describe, expect, test } from "vitest";
import { fit } from "../../../src/models/fitModel.js";
import { createLocalRunner } from "../../../src/models/localRunner.js";
import { independentStarts, RUNNER_UP_WITHIN } from "../../../src/models/multistart/maxima.js";
import type { StartOutcome } from "../../../src/models/multistart/startTasks.js";
import { searchAll } from "../../../src/models/multistart.js";
import { buildProblem, shapeOf } from "../../../src/models/problem.js";
import type { FitResult } from "../../../src/models/result.js";
import { resolveFitOptions, resolveSpec } from "../../../src/models/spec.js";
import { cohort, ordinary, QUICK, twoKinds } from "../helpers.js";

const base = { outcome: "score", time: "time", fixed: "1 + time", random: "1" };

describe("the runner-up", () => {
  let result: FitResult;
  beforeAll(async () => {
    // One kind of people, cut into four classes: several ways are about as good.
    result = await fit(
      cohort(80, 5, ordinary),
      { ...base, classes: 4 },
      { startsInitial: 40, startsFinal: 15 },
    );
  });

  test("is another maximum, within the rule, and one of the finalists", () => {
    const { runnerUp, starts } = result;
    expect(starts!.distinctMaxima).toBeGreaterThan(1);
    expect(runnerUp!.below).toBeGreaterThan(0);
    expect(runnerUp!.below).toBeLessThanOrEqual(RUNNER_UP_WITHIN);
    const gaps = starts!.logLikelihoods.map((value) => Math.abs(value - runnerUp!.logLikelihood));
    expect(Math.min(...gaps)).toBeLessThan(1e-6);
    expect(result.logLikelihood - runnerUp!.logLikelihood).toBeCloseTo(runnerUp!.below, 9);
  });

  test("has its classes beside those of the best, each person in one", () => {
    const { runnerUp, classes, nPersons } = result;
    expect(runnerUp!.classes.map((each) => each.label)).toEqual(classes.map((each) => each.label));
    expect(runnerUp!.classes.reduce((sum, each) => sum + each.proportion, 0)).toBeCloseTo(1, 9);
    expect(runnerUp!.classes.reduce((sum, each) => sum + each.assigned, 0)).toBe(nPersons);
    for (const [k, each] of runnerUp!.classes.entries())
      expect(each.mean).toHaveLength(classes[k]!.meanTrajectory.time.length);
    expect(runnerUp!.adjustedRandIndex).toBeLessThan(1);
    expect(runnerUp!.sameClass).toBeGreaterThan(1 / classes.length);
  });

  test("there is none where every finalist finds the same maximum", async () => {
    const clear = await fit(cohort(90, 6, twoKinds), { ...base, random: "0", classes: 2 }, QUICK);
    expect(clear.starts!.distinctMaxima).toBe(1);
    expect(clear.runnerUp).toBeNull();
  });
});

test("starts of one grouping count once, and so do all splits", () => {
  const start = (grouping: number, fromSplit = false): StartOutcome =>
    ({ grouping, fromSplit }) as unknown as StartOutcome;
  expect(independentStarts([start(5), start(5), start(7)])).toBe(2);
  expect(independentStarts([start(5), start(0, true), start(0, true)])).toBe(2);
  expect(independentStarts([])).toBe(0);
});

describe("a class more is never worse", () => {
  test.each([1, 2, 3])("from two random starts, seed %i", async (seed) => {
    const table = cohort(80, 5, ordinary);
    const options = { startsInitial: 2, startsFinal: 1, seed };
    let below = Number.NEGATIVE_INFINITY;
    for (const classes of [2, 3, 4]) {
      const { logLikelihood, starts, convergence } = await fit(table, { ...base, classes }, options);
      expect(starts!.fewerClasses!.tried > 0).toBe(classes > 2);
      expect(logLikelihood).toBeGreaterThan(starts!.fewerClasses!.logLikelihood - 1e-3);
      expect(convergence.verdicts.map((verdict) => verdict.name)).not.toContain("fewer classes fit better");
      expect(logLikelihood).toBeGreaterThan(below);
      below = starts!.fewerClasses!.logLikelihood;
    }
  });

  test("one start asked for is one start made", async () => {
    const one = { startsInitial: 1, startsFinal: 1 };
    const { starts } = await fit(cohort(80, 5, ordinary), { ...base, classes: 4 }, one);
    expect(starts).toMatchObject({ tried: 1, drawnLater: 0, finalists: 1, fewerClasses: null });
  });

  test("where the smaller model cannot be reached, more starts are drawn once, and then it is said", async () => {
    const spec = resolveSpec({ ...base, classes: 2 });
    const problem = buildProblem(cohort(60, 5, twoKinds), spec);
    const smaller = await searchAll(
      [
        {
          problem,
          shape: { ...shapeOf(problem, spec), classes: 1 },
          options: resolveFitOptions(QUICK),
          label: "1",
        },
      ],
      { runner: createLocalRunner() },
    );
    const previous = { x: Array.from(smaller[0]!.finished.x), logLikelihood: 1e6 };
    const [search] = await searchAll(
      [{ problem, shape: shapeOf(problem, spec), options: resolveFitOptions(QUICK), label: "2", previous }],
      { runner: createLocalRunner() },
    );
    expect(search!.fewerIsBetter).toBe(true);
    expect(search!.starts!.drawnLater).toBeGreaterThanOrEqual(QUICK.startsInitial);
  });
});

describe("verdicts that only a search can provoke", () => {
  const table = cohort(60, 5, twoKinds);
  const names = (result: FitResult): string[] => result.convergence.verdicts.map((verdict) => verdict.name);

  test("best value not replicated", async () => {
    const one = { startsInitial: 1, startsFinal: 1 };
    expect(names(await fit(table, { ...base, classes: 2 }, one))).toEqual(["best value not replicated"]);
  });

  test("stopped early", async () => {
    const strict = { ...QUICK, gradientTolerance: 1e-300 };
    const result = await fit(table, { ...base, classes: 2 }, strict);
    expect(names(result)).toEqual(["stopped early"]);
    expect(result.convergence.converged).toBe(false);
  });
});
