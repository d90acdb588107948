import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { emSteps, limitStep, scoringDirection } from "../../../src/models/fit/em.js";
import { FLAT_CURVATURE, newtonFinish, observedInformation } from "../../../src/models/fit/newton.js";
import { createObjective } from "../../../src/models/fit/objective.js";
import { quasiNewton } from "../../../src/models/fit/quasiNewton.js";
import { gaussianKernel } from "../../../src/models/kernels/gaussian.js";
import { type ModelShape, modelShapes, type RandomModel, randomModel } from "../kernels/randomModel.js";

function objectiveOf(model: RandomModel): ReturnType<typeof createObjective> {
  return createObjective(
    gaussianKernel(model.moments, model.rowData, model.fixed, {
      residual: model.layout.residual,
      nClasses: model.layout.nClasses,
      commonCovariance: model.layout.commonCovariance,
      reml: false,
    }),
    model.layout,
  );
}

const PLAIN: ModelShape = {
  seed: 21,
  nClasses: 2,
  nRandom: 1,
  extraBasis: 1,
  nPersonColumns: 1,
  nMembership: 1,
  diagonal: false,
  covariance: "equal",
  residual: "common",
  regular: true,
  nPersons: 12,
  specificTimeOnly: true,
};

describe("observed information", () => {
  test("in its own directions is the curvature of the log-likelihood", () => {
    fc.assert(
      fc.property(modelShapes({ nPersons: 12, nRandom: 1 }), (shape) => {
        const model = randomModel(shape);
        const objective = objectiveOf(model);
        const point = objective.evaluate(model.x, true);
        const { eigenvalues, directions } = observedInformation(objective, point);
        const n = objective.size;
        for (let d = 0; d < n; d++) {
          const step = (size: number): number => {
            const x = point.x.map((value, i) => value + size * directions[i * n + d]!);
            return objective.evaluate(x, false).value;
          };
          let longest = 1;
          for (let i = 0; i < n; i++) longest = Math.max(longest, Math.abs(directions[i * n + d]!));
          const h = 2e-3 / longest;
          const second =
            (-step(2 * h) + 16 * step(h) - 30 * point.value + 16 * step(-h) - step(-2 * h)) / (12 * h * h);
          // Rounding of the value over h^2 bounds what this check can see.
          const tolerance =
            1e-3 * Math.abs(eigenvalues[d]!) + 1e-4 + (1e-13 * Math.abs(point.value)) / h ** 2;
          if (Math.abs(eigenvalues[d]!) > 0)
            expect(Math.abs(-second - eigenvalues[d]!)).toBeLessThan(tolerance);
        }
        expect([...eigenvalues].sort((a, b) => a - b)).toEqual([...eigenvalues]);
      }),
      { numRuns: 25, seed: 5 },
    );
  });

  test("is never more than the complete-data information of a growth curve's means", () => {
    const model = randomModel({ ...PLAIN, nClasses: 1, nRandom: 0, extraBasis: 2 });
    const objective = objectiveOf(model);
    const { point, information } = newtonFinish(objective, objective.evaluate(model.x, true), 50);
    // Without random effects or classes nothing is missing.
    for (const value of information.eigenvalues) expect(value).toBeCloseTo(1, 4);
    expect(Math.max(...point.gradient.map(Math.abs))).toBeLessThan(1e-6);
  });

  test("of parameters that even known classes could not tell apart is zero", () => {
    // Two basis columns that are one: 1 and t, everybody seen once at t = 0.
    const model = randomModel({ ...PLAIN, nClasses: 1, nRandom: 0 });
    const { rows } = model;
    rows.basis[1]!.set(rows.basis[0]!);
    const twin: RandomModel = { ...model, moments: { ...model.moments } };
    twin.moments.btb.fill(0);
    for (let g = 0; g < twin.moments.nPatterns; g++)
      twin.moments.btb.fill(twin.moments.patternSessions[g]!, g * 4, g * 4 + 4);
    for (let i = 0; i < twin.moments.nPersons; i++) twin.moments.by[2 * i + 1] = twin.moments.by[2 * i]!;
    const objective = objectiveOf(twin);
    const { eigenvalues } = observedInformation(objective, objective.evaluate(model.x, true));
    expect(eigenvalues.filter((value) => Math.abs(value) < FLAT_CURVATURE)).toHaveLength(
      model.fixed.nFixed === 2 ? 1 : 0,
    );
  });
});

describe("climbing", () => {
  test("EM steps never lose, quasi-Newton and Newton end at a stationary point", () => {
    fc.assert(
      fc.property(
        modelShapes({ nPersons: 12, nRandom: 0, residual: "common", extraBasis: 1, nMembership: 1 }),
        (shape) => {
          const model = randomModel(shape);
          const objective = objectiveOf(model);
          let previous = objective.evaluate(model.x, false).value;
          let x = model.x;
          for (let step = 0; step < 5; step++) {
            const point = emSteps(objective, x, 1, 0);
            expect(point.value).toBeGreaterThanOrEqual(previous);
            previous = point.value;
            x = point.x;
          }
          const near = quasiNewton(objective, objective.evaluate(x, true), 500, 1e-9);
          expect(near.point.value).toBeGreaterThanOrEqual(previous - 1e-9);
          const { point } = newtonFinish(objective, near.point, 20);
          expect(point.value).toBeGreaterThanOrEqual(near.point.value - 1e-9);
        },
      ),
      { numRuns: 30, seed: 6 },
    );
  });

  test("a scoring direction solves the system, and survives a singular one", () => {
    const direction = scoringDirection(Float64Array.of(4, 0, 0, 9), Float64Array.of(8, 9));
    expect(direction[0]).toBeCloseTo(2, 8);
    expect(direction[1]).toBeCloseTo(1, 8);
    const singular = scoringDirection(Float64Array.of(1, 1, 1, 1), Float64Array.of(1, 1));
    expect(singular.every(Number.isFinite)).toBe(true);
    expect(singular[0]! + singular[1]!).toBeCloseTo(1, 6);
    expect(scoringDirection(new Float64Array(4), Float64Array.of(1, 2)).every(Number.isFinite)).toBe(true);
  });

  test("steps are limited to five units", () => {
    expect(limitStep(Float64Array.of(1, -3))).toBe(1);
    expect(limitStep(Float64Array.of(1, -50))).toBe(0.1);
  });
});
