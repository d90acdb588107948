import { describe, expect, test } from "vitest";
import { emSteps } from "../../../src/models/fit/em.js";
import { quasiNewton } from "../../../src/models/fit/quasiNewton.js";
import { startVector } from "../../../src/models/fit/starts.js";
import { freeLikelihoodOf } from "../../../src/models/likelihood.js";
import type { StartOutcome } from "../../../src/models/multistart/startTasks.js";
import { buildProblem } from "../../../src/models/problem.js";
import type { CovarianceSharing } from "../../../src/models/spec.js";
import { resolveSpec } from "../../../src/models/spec.js";
import { tasks } from "../../../src/models/tasks.js";
import { cohort, twoKinds } from "../helpers.js";

describe("EM steps near a variance of zero", () => {
  test.each<[CovarianceSharing, number]>([
    ["equal", 2],
    ["equal", 3],
    ["free", 2],
    ["free", 3],
    ["proportional", 2],
    ["proportional", 3],
  ])("no stall when slopes do not vary within classes (D %s, seed %i)", (covariance, seed) => {
    const spec = resolveSpec({
      outcome: "score",
      time: "time",
      fixed: "1 + time",
      random: "1 + time",
      classes: 2,
      covariance,
    });
    const { data } = buildProblem(cohort(90, 6, twoKinds, seed), spec);
    const { objective, layout } = freeLikelihoodOf(data, spec);
    const one = tasks.growthCurve!(
      data as never,
      { shape: spec, maxIterations: 2000 } as never,
    ) as StartOutcome;
    const oneClass = {
      x: Float64Array.from(one.x),
      layout: freeLikelihoodOf(data, { ...spec, classes: 1 }).layout,
    };
    const start = startVector(data, layout, oneClass, 1, 0).x;
    const best = quasiNewton(objective, objective.evaluate(start, true), 2000, 1e-12).point;
    const steps = emSteps(objective, start, 60, 1e-10);
    expect(Math.abs(steps.value - best.value)).toBeLessThan(1e-3);
  });
});
