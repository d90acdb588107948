import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createStream } from "../../src/core/random.js";
import { createObjective } from "../../src/models/fit/objective.js";
import { generalKernel } from "../../src/models/kernels/general.js";
import { factorOf, pack, permuteClasses } from "../../src/models/parameters.js";
import { denseV, parametersAt } from "./kernels/dense.js";
import { modelShapes, randomModel } from "./kernels/randomModel.js";

const RUNS = { numRuns: 80 };

describe("layout", () => {
  test("the vector has one entry per free parameter", () => {
    fc.assert(
      fc.property(modelShapes(), (shape) => {
        const { layout, fixed } = randomModel(shape);
        const { nClasses: k, nRandom: q } = shape;
        const specific = fixed.classSpecific.reduce((sum, flag) => sum + flag, 0);
        const perD = shape.diagonal ? q : (q * (q + 1)) / 2;
        expect(layout.nParameters).toBe(
          (k - 1) * shape.nMembership +
            specific * k +
            (fixed.nFixed - specific) +
            perD * (shape.covariance === "free" && q > 0 ? k : 1) +
            (shape.covariance === "proportional" && q > 0 ? k - 1 : 0) +
            (shape.residual === "class" ? k : 1),
        );
      }),
      RUNS,
    );
  });

  test("packing what was unpacked gives the same model", () => {
    fc.assert(
      fc.property(modelShapes(), (shape) => {
        const { layout, x } = randomModel(shape);
        const model = randomModel(shape);
        const again = pack(layout, parametersAt(model, x));
        again.forEach((value, j) => {
          expect(value).toBeCloseTo(x[j]!, 10);
        });
      }),
      RUNS,
    );
  });

  test("the covariances are those of the sharing", () => {
    fc.assert(
      fc.property(modelShapes({ nRandom: 2 }), (shape) => {
        const model = randomModel(shape);
        const parameters = parametersAt(model, model.x);
        const last = shape.nClasses - 1;
        for (let k = 0; k < shape.nClasses; k++) {
          if (shape.residual === "common") expect(parameters.residual[k]).toBe(parameters.residual[last]);
          if (shape.diagonal) expect(parameters.factor[k * 4 + 2]).toBe(0);
          const ratio = [0, 2, 3]
            .filter((e) => parameters.factor[last * 4 + e] !== 0)
            .map((e) => parameters.factor[k * 4 + e]! / parameters.factor[last * 4 + e]!);
          if (shape.covariance !== "free")
            for (const value of ratio) expect(value).toBeCloseTo(ratio[0]!, 12);
          if (shape.covariance === "equal") expect(ratio[0]).toBe(1);
        }
        expect(denseV(model, parameters, 0, 0).length).toBeGreaterThan(0);
      }),
      RUNS,
    );
  });
});

describe("relabelling classes", () => {
  test("keeps the log-likelihood, and undone gives the vector back", () => {
    fc.assert(
      fc.property(modelShapes(), (shape) => {
        const { layout, moments, fixed, x } = randomModel(shape);
        const order = Int32Array.from({ length: shape.nClasses }, (_, k) => k);
        createStream(shape.seed, 5).shuffle(order);
        const back = new Int32Array(shape.nClasses);
        order.forEach((old, k) => {
          back[old] = k;
        });
        const objective = createObjective(generalKernel(moments, fixed, shape.nClasses), layout);
        const value = objective.evaluate(x, false).value;
        const permuted = permuteClasses(layout, x, order);
        expect(Math.abs(objective.evaluate(permuted, false).value - value)).toBeLessThan(
          1e-10 * Math.abs(value) + 1e-10,
        );
        const again = permuteClasses(layout, permuted, back);
        again.forEach((entry, j) => {
          // A factor's columns have free signs; D does not.
          if (j < layout.factorAt || j >= layout.scaleAt) expect(entry).toBeCloseTo(x[j]!, 9);
          else expect(Math.abs(entry)).toBeCloseTo(Math.abs(x[j]!), 9);
        });
      }),
      RUNS,
    );
  });
});

test("the factor of a covariance matrix multiplies back; of a diagonal model only the diagonal counts", () => {
  const { layout } = randomModel({ ...EXAMPLE, diagonal: false });
  const l = factorOf(layout, Float64Array.of(4, 2, 2, 5));
  expect([...l]).toEqual([2, 0, 1, 2]);
  const diagonal = factorOf(randomModel({ ...EXAMPLE, diagonal: true }).layout, Float64Array.of(4, 2, 2, 9));
  expect([...diagonal]).toEqual([2, 0, 0, 3]);
});

const EXAMPLE = {
  seed: 1,
  nClasses: 2,
  nRandom: 2,
  extraBasis: 1,
  nPersonColumns: 1,
  nMembership: 1,
  covariance: "equal",
  residual: "common",
  regular: true,
  nPersons: 3,
  specificTimeOnly: true,
} as const;
