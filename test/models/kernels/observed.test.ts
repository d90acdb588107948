import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createObjective, type Objective } from "../../../src/models/fit/objective.js";
import { sumScoreProducts } from "../../../src/models/fit/scoreProducts.js";
import { visitScores } from "../../../src/models/fit/scores.js";
import { gaussianKernel } from "../../../src/models/kernels/gaussian.js";
import type { ProblemData } from "../../../src/models/likelihood.js";
import { permuteClasses } from "../../../src/models/parameters.js";
import { expectClose } from "./checks.js";
import { denseLikelihood } from "./dense.js";
import { type ModelShape, modelShapes, type RandomModel, randomModel } from "./randomModel.js";

function objectiveOf(model: RandomModel, weights?: Float64Array): Objective {
  const moments = weights === undefined ? model.moments : { ...model.moments, weights };
  const { layout, fixed } = model;
  const options = {
    residual: layout.residual,
    nClasses: layout.nClasses,
    commonCovariance: layout.commonCovariance,
    reml: false,
  };
  return createObjective(gaussianKernel(moments, null, fixed, options), layout);
}

/** Minus the derivative of the gradient, by differences whose first error term cancels. */
function differences(objective: Objective, x: Float64Array): Float64Array {
  const n = x.length;
  const out = new Float64Array(n * n);
  const h = 2e-4;
  for (let j = 0; j < n; j++) {
    const [below2, below, above, above2] = [-2, -1, 1, 2].map((steps) => {
      const moved = x.slice();
      moved[j]! += steps * h;
      return objective.evaluate(moved, false).gradient;
    });
    for (let i = 0; i < n; i++)
      out[i * n + j] = (above2![i]! - below2![i]! - 8 * (above![i]! - below![i]!)) / (12 * h);
  }
  return out;
}

function expectSame(actual: Float64Array, expected: Float64Array, tolerance: number, what: string): void {
  const largest = Math.max(...expected.map(Math.abs));
  for (const [e, value] of expected.entries())
    expectClose(
      actual[e]!,
      value,
      tolerance,
      largest,
      `${what}, entry ${e} of ${Math.sqrt(expected.length)} squared`,
    );
}

const KINDS: readonly [string, Partial<ModelShape>][] = [
  ["growth curve", { nClasses: 1 }],
  ["mixture, common covariance", { covariance: "equal", residual: "common", specificTimeOnly: true }],
  [
    "mixture, common covariance, no covariates",
    {
      covariance: "equal",
      residual: "common",
      specificTimeOnly: true,
      nPersonColumns: 1,
      nMembership: 1,
      regular: true,
      nPersons: 40,
    },
  ],
  ["mixture, any structure", {}],
];

describe.each(KINDS)("exact observed information: %s", (_, limits) => {
  test("agrees with differences of the gradient, is symmetric, and leaves the last evaluation as it was", () => {
    fc.assert(
      fc.property(modelShapes(limits), (shape) => {
        const model = randomModel(shape);
        const objective = objectiveOf(model);
        const expected = differences(objective, model.x);
        objective.evaluate(model.x, false);
        const weight = objective.last.weight.slice();
        const exact = objective.observed!(model.x)!;
        // Rounding of the gradient over h.
        expectSame(exact, expected, 1e-7, "information");
        const n = objective.size;
        for (let i = 0; i < n; i++)
          for (let j = 0; j < i; j++) expect(exact[i * n + j]).toBe(exact[j * n + i]);
        expect(objective.last.weight).toEqual(weight);
        // Evaluated somewhere else in between: the gradient that takes part is that of the point asked for.
        objective.evaluate(new Float64Array(n).fill(0.1), false);
        expectSame(objective.observed!(model.x)!, exact, 1e-14, "asked again");
      }),
      { numRuns: 40, seed: 11 },
    );
  });

  test("counts a person with weight 2 twice and one with weight 0 not at all", () => {
    fc.assert(
      fc.property(modelShapes(limits), (shape) => {
        const model = randomModel(shape);
        const weights = model.moments.yy.map((_value, i) => i % 3);
        const objective = objectiveOf(model, weights);
        const exact = objective.observed!(model.x)!;
        expectSame(exact, differences(objective, model.x), 1e-7, "weighted");
      }),
      { numRuns: 20, seed: 12 },
    );
  });

  test("is that of the same model with classes relabelled", () => {
    fc.assert(
      fc.property(modelShapes({ ...limits, covariance: "equal" }), (shape) => {
        const model = randomModel(shape);
        const { layout } = model;
        const objective = objectiveOf(model);
        const n = objective.size;
        const turned = (x: Float64Array): Float64Array =>
          permuteClasses(
            layout,
            x,
            Array.from({ length: layout.nClasses }, (_k, k) => (k + 1) % layout.nClasses),
          );
        const exact = objective.observed!(model.x)!;
        const there = turned(model.x);
        const exactThere = objective.observed!(there)!;
        // Relabelling is linear: its matrix, column by column, takes one information to the other.
        const origin = turned(new Float64Array(n).fill(0.5));
        const columns = Array.from({ length: n }, (_c, j) => {
          const moved = new Float64Array(n).fill(0.5);
          moved[j]! += 1;
          return turned(moved).map((value, i) => value - origin[i]!);
        });
        const back = new Float64Array(n * n);
        columns.forEach((left, i) => {
          columns.forEach((right, j) => {
            for (let a = 0; a < n; a++)
              for (let b = 0; b < n; b++) back[i * n + j]! += left[a]! * exactThere[a * n + b]! * right[b]!;
          });
        });
        expectSame(back, exact, 1e-10, "relabelled");
      }),
      { numRuns: 20, seed: 13 },
    );
  });
});

test("products of scores are those of the scores of each person", () => {
  fc.assert(
    fc.property(modelShapes(), fc.boolean(), (shape, isWeighted) => {
      const model = randomModel(shape);
      const { layout, fixed, x } = model;
      const n = x.length;
      const weights = isWeighted ? model.moments.yy.map((_value, i) => i % 3) : new Float64Array(0);
      const data: ProblemData = {
        moments: { ...model.moments, weights },
        rows: null,
        fixed,
        orderBasis: new Float64Array(0),
        orderPerson: new Float64Array(0),
        orderOccasion: -1,
        clusters: null,
      };
      const expected = new Float64Array(n * n);
      visitScores(data, layout, x, (person, score) => {
        const weight = isWeighted ? weights[person]! : 1;
        for (let i = 0; i < n; i++)
          for (let j = 0; j < n; j++) expected[i * n + j]! += weight * score[i]! * score[j]!;
      });
      expectSame(sumScoreProducts(data, layout, x)!, expected, 1e-11, "products");
    }),
    { numRuns: 60, seed: 15 },
  );
});

test("agrees with second differences of the dense log-likelihood", () => {
  fc.assert(
    fc.property(modelShapes({ nPersons: 6 }), (shape) => {
      const model = randomModel(shape);
      const exact = objectiveOf(model).observed!(model.x)!;
      const n = model.x.length;
      const value = (direction: Float64Array, step: number): number =>
        denseLikelihood(
          model,
          model.x.map((at, i) => at + step * direction[i]!),
        ).logLikelihood;
      const direction = Float64Array.from({ length: n }, (_, i) => Math.cos(1 + 3 * i));
      const h = 2e-3;
      const at = (steps: number): number => value(direction, steps * h);
      const second = (-at(2) + 16 * at(1) - 30 * at(0) + 16 * at(-1) - at(-2)) / (12 * h * h);
      let expected = 0;
      for (let i = 0; i < n; i++)
        for (let j = 0; j < n; j++) expected -= direction[i]! * exact[i * n + j]! * direction[j]!;
      expectClose(second, expected, 1e-5, Math.max(...exact.map(Math.abs)), "curvature");
    }),
    { numRuns: 25, seed: 14 },
  );
});
