import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { symmetricEigen } from "../../../src/core/linalg.js";
import { buildRowData } from "../../../src/models/design/rowData.js";
import { createObjective, type Objective } from "../../../src/models/fit/objective.js";
import { gaussianKernel, visitGaussianScores } from "../../../src/models/kernels/gaussian.js";
import { generalKernel } from "../../../src/models/kernels/general.js";
import { oneClassKernel } from "../../../src/models/kernels/oneClass.js";
import { rowsKernel } from "../../../src/models/kernels/rows.js";
import { allocateEvaluation } from "../../../src/models/kernels/types.js";
import { pullGradientInto } from "../../../src/models/parameters/chainRule.js";
import { RESIDUAL_STRUCTURES, residualParts } from "../../../src/models/residuals.js";
import { expectClose, numericalGradient } from "./checks.js";
import { denseInformation, denseLikelihood, denseRemlTerm, parametersAt } from "./dense.js";
import { type ModelShape, modelShapes, type RandomModel, randomModel } from "./randomModel.js";

const RUNS = { numRuns: 25, seed: 20261123 };

function objectiveOf(model: RandomModel, reml = false): Objective {
  const { moments, rowData, fixed, layout } = model;
  const kernel = gaussianKernel(moments, rowData, fixed, {
    nClasses: layout.nClasses,
    commonCovariance: layout.commonCovariance,
    residual: layout.residual,
    reml,
  });
  return createObjective(kernel, layout);
}

/** Structures that look at each row; AR(1) takes whole numbers, so everybody is seen on a grid. */
const STRUCTURES: Partial<ModelShape>[] = [
  ...RESIDUAL_STRUCTURES.filter((residual) => residual !== "common" && residual !== "class").map(
    (residual) =>
      residualParts(residual).correlation === "ar1" ? { residual, regular: true } : { residual },
  ),
  { residual: "common", latent: true, nRandom: 2 },
  { residual: "class", latent: true, nRandom: 1 },
  { residual: "ar1+occasion", latent: true, regular: true, nRandom: 3 },
];

describe.each(STRUCTURES)("$residual, latent basis: $latent", (limits) => {
  test("likelihood and posteriors agree with dense algebra", () => {
    fc.assert(
      fc.property(modelShapes(limits), (shape) => {
        const model = randomModel(shape);
        const expected = denseLikelihood(model, model.x);
        const posteriors = new Float64Array(shape.nPersons * shape.nClasses);
        const point = objectiveOf(model).evaluatePosteriors(model.x, posteriors);
        expectClose(point.value, expected.logLikelihood, 1e-10, 0, "log-likelihood");
        for (let position = 0; position < shape.nPersons; position++) {
          const person = model.moments.personIndex[position]!;
          for (let k = 0; k < shape.nClasses; k++)
            expectClose(
              posteriors[position * shape.nClasses + k]!,
              expected.posteriors[person]![k]!,
              1e-9,
              0,
              "posterior",
            );
        }
      }),
      RUNS,
    );
  });

  test("the gradient agrees with differences of the log-likelihood", () => {
    fc.assert(
      fc.property(modelShapes(limits), (shape) => {
        const model = randomModel(shape);
        const objective = objectiveOf(model);
        const { gradient } = objective.evaluate(model.x, false);
        const numerical = numericalGradient((x) => objective.evaluate(x, false).value, model.x);
        const size = Math.max(...gradient.map(Math.abs));
        gradient.forEach((value, j) => {
          expectClose(value, numerical[j]!, 1e-6, size, `gradient ${j}`);
        });
      }),
      RUNS,
    );
  });

  test("the complete-data information agrees with dense algebra and is positive semi-definite", () => {
    fc.assert(
      fc.property(modelShapes(limits), (shape) => {
        const model = randomModel(shape);
        const { nParameters: n, loadingsAt } = model.layout;
        const expected = denseInformation(model, model.x);
        const largest = Math.max(...expected.flat().map(Math.abs));
        const { information } = objectiveOf(model).evaluate(model.x, true);
        for (let i = 0; i < loadingsAt; i++)
          for (let j = 0; j < loadingsAt; j++)
            expectClose(information![i * n + j]!, expected[i]![j]!, 1e-7, largest, `${i} ${j}`);
        expect(symmetricEigen(information!, n).values[0]!).toBeGreaterThan(-1e-11 * largest);
      }),
      { ...RUNS, numRuns: 12 },
    );
  });

  test("scores of persons sum to the gradient", () => {
    fc.assert(
      fc.property(modelShapes(limits), (shape) => {
        const model = randomModel(shape);
        const { layout, moments, fixed, rowData } = model;
        const { gradient, value } = objectiveOf(model).evaluate(model.x, false);
        const parameters = parametersAt(model, model.x);
        const evaluation = allocateEvaluation(layout);
        const score = new Float64Array(layout.nParameters);
        const sum = new Float64Array(layout.nParameters);
        let logLikelihood = 0;
        visitGaussianScores(moments, rowData, fixed, layout, parameters, evaluation, () => {
          logLikelihood += evaluation.logLikelihood;
          pullGradientInto(layout, parameters, evaluation, score);
          for (let j = 0; j < sum.length; j++) sum[j]! += score[j]!;
        });
        expectClose(logLikelihood, value, 1e-12, 0, "log-likelihood");
        const size = Math.max(...gradient.map(Math.abs));
        sum.forEach((total, j) => {
          expectClose(total, gradient[j]!, 1e-10, size, `score ${j}`);
        });
      }),
      { ...RUNS, numRuns: 10 },
    );
  });
});

const UNTIED = STRUCTURES.filter((limits) => limits.latent !== true);

describe.each(UNTIED)("restricted maximum likelihood, $residual", (limits) => {
  const shapes = modelShapes({ ...limits, nClasses: 1, nPersons: 12, extraBasis: 1 });

  test("value and gradient agree with dense algebra and differences", () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const model = randomModel(shape);
        const objective = objectiveOf(model, true);
        const { value, gradient } = objective.evaluate(model.x, false);
        const expected = denseLikelihood(model, model.x).logLikelihood + denseRemlTerm(model, model.x);
        // Random designs of twelve people may be collinear: then there is no value, and none to compare.
        fc.pre(Number.isFinite(value) && Number.isFinite(expected));
        expectClose(value, expected, 1e-8, 0, "log-likelihood");
        const numerical = numericalGradient((x) => objective.evaluate(x, false).value, model.x);
        const size = Math.max(...gradient.map(Math.abs));
        gradient.forEach((slope, j) => {
          expectClose(slope, numerical[j]!, 1e-5, size, `gradient ${j}`);
        });
      }),
      { ...RUNS, numRuns: 10 },
    );
  });
});

test("independent residuals: row by row is the same as by sums", () => {
  fc.assert(
    fc.property(modelShapes(), fc.boolean(), (shape, reml) => {
      const model = randomModel(shape);
      const { moments, fixed, layout, occasion, lag } = model;
      const nClasses = layout.nClasses;
      const restricted = reml && nClasses === 1 && shape.nPersons > 8;
      const columns = { occasion, lag, nOccasions: 1, latentBasis: -1 };
      const rows = buildRowData(model.rows, moments, columns);
      const bySums = restricted
        ? oneClassKernel(moments, fixed, true)
        : generalKernel(moments, fixed, nClasses);
      const byRows = rowsKernel(moments, rows, fixed, {
        nClasses,
        residual: shape.residual,
        commonCovariance: layout.commonCovariance,
        reml: restricted,
      });
      const a = createObjective(bySums, layout).evaluate(model.x, true);
      const b = createObjective(byRows, layout).evaluate(model.x, true);
      if (!Number.isFinite(a.value)) return;
      expectClose(b.value, a.value, 1e-9, 0, "log-likelihood");
      const size = Math.max(...a.gradient.map(Math.abs));
      a.gradient.forEach((value, j) => {
        expectClose(b.gradient[j]!, value, 1e-8, size, `gradient ${j}`);
      });
      const largest = Math.max(...a.information!.map(Math.abs));
      a.information!.forEach((value, e) => {
        expectClose(b.information![e]!, value, 1e-9, largest, `information ${e}`);
      });
    }),
    { numRuns: 80, seed: 7 },
  );
});

test("weights are repeated people", () => {
  fc.assert(
    fc.property(modelShapes({ residual: "ar1+occasion", regular: true, nPersons: 6 }), (shape) => {
      const model = randomModel(shape);
      const { moments, layout } = model;
      const weights = Float64Array.from(moments.personIndex, (i) => i % 3);
      const weighted = objectiveOf({ ...model, moments: { ...moments, weights } });
      const point = weighted.evaluate(model.x, true);
      // Scores of each person, weighted by hand.
      const parameters = parametersAt(model, model.x);
      const evaluation = allocateEvaluation(layout);
      const score = new Float64Array(layout.nParameters);
      const sum = new Float64Array(layout.nParameters);
      let value = 0;
      visitGaussianScores(moments, model.rowData, model.fixed, layout, parameters, evaluation, (i) => {
        pullGradientInto(layout, parameters, evaluation, score);
        value += weights[i]! * evaluation.logLikelihood;
        for (let j = 0; j < sum.length; j++) sum[j]! += weights[i]! * score[j]!;
      });
      expectClose(point.value, value, 1e-11, 0, "log-likelihood");
      sum.forEach((total, j) => {
        expectClose(point.gradient[j]!, total, 1e-9, 1, `gradient ${j}`);
      });
    }),
    { numRuns: 20, seed: 11 },
  );
});
