import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { symmetricEigen } from "../../../src/core/linalg.js";
import type { Moments } from "../../../src/models/design/moments.js";
import { createObjective } from "../../../src/models/fit/objective.js";
import { commonKernel, isCommonKernelModel } from "../../../src/models/kernels/common.js";
import { gaussianKernel } from "../../../src/models/kernels/gaussian.js";
import { generalKernel, visitPersonScores } from "../../../src/models/kernels/general.js";
import { oneClassKernel } from "../../../src/models/kernels/oneClass.js";
import type { BlockEngine } from "../../../src/models/kernels/plain/engine.js";
import { scalarEngine } from "../../../src/models/kernels/plain/scalarEngine.js";
import { vectorEngine } from "../../../src/models/kernels/plain/vectorEngine.js";
import { isPlainModel, plainKernel } from "../../../src/models/kernels/plain.js";
import { allocateEvaluation, type Kernel } from "../../../src/models/kernels/types.js";
import { pullGradientInto } from "../../../src/models/parameters/chainRule.js";
import { expectClose, numericalGradient } from "./checks.js";
import { denseInformation, denseLikelihood, denseRemlTerm, parametersAt } from "./dense.js";
import { type ModelShape, modelShapes, type RandomModel, randomModel } from "./randomModel.js";

const RUNS = { numRuns: 60, seed: 20240601 };

/** The kernel that the package would pick. */
function pickedKernel(model: RandomModel, reml = false): Kernel {
  return gaussianKernel(model.moments, model.rowData, model.fixed, {
    residual: model.layout.residual,
    nClasses: model.layout.nClasses,
    commonCovariance: model.layout.commonCovariance,
    reml,
  });
}

/** Machines that run these tests have vectors; models of more than four basis columns do without. */
function vectorsOrFail(moments: Moments, nClasses: number): BlockEngine {
  const engine = vectorEngine(moments, nClasses);
  if (engine === null && moments.nBasis <= 4) throw new Error("no vectors in WebAssembly here");
  return engine ?? scalarEngine(moments, nClasses);
}

/** Every kernel that can compute the model. */
function kernelsOf(model: RandomModel): [string, Kernel][] {
  const { moments, fixed, layout } = model;
  const out: [string, Kernel][] = [["general", generalKernel(moments, fixed, layout.nClasses)]];
  if (layout.nClasses === 1) out.push(["one class", oneClassKernel(moments, fixed, false)]);
  if (isCommonKernelModel(fixed, layout.commonCovariance))
    out.push(["common", commonKernel(moments, fixed, layout.nClasses)]);
  if (isPlainModel(moments, layout.commonCovariance)) {
    out.push(["plain, vectors", plainKernel(moments, fixed, layout.nClasses, vectorsOrFail)]);
    out.push(["plain, scalar", plainKernel(moments, fixed, layout.nClasses, scalarEngine)]);
  }
  return out;
}

// A property runs on structures of its own kind, so that none is rare.
const KINDS: readonly [string, Partial<ModelShape>][] = [
  ["growth curve", { nClasses: 1 }],
  ["mixture, common covariance", { covariance: "equal", residual: "common", specificTimeOnly: true }],
  ["mixture, any structure", {}],
];

describe.each(KINDS)("%s", (_, limits) => {
  test("every kernel agrees with dense algebra on the rows", () => {
    fc.assert(
      fc.property(modelShapes(limits), (shape) => {
        const model = randomModel(shape);
        const expected = denseLikelihood(model, model.x);
        for (const [name, kernel] of kernelsOf(model)) {
          const posteriors = new Float64Array(shape.nPersons * shape.nClasses);
          const point = createObjective(kernel, model.layout).evaluatePosteriors(model.x, posteriors);
          expectClose(point.value, expected.logLikelihood, 1e-10, 0, `log-likelihood, ${name}`);
          for (let position = 0; position < shape.nPersons; position++) {
            const person = model.moments.personIndex[position]!;
            for (let k = 0; k < shape.nClasses; k++)
              expectClose(
                posteriors[position * shape.nClasses + k]!,
                expected.posteriors[person]![k]!,
                1e-9,
                0,
                `posterior, ${name}`,
              );
          }
        }
      }),
      RUNS,
    );
  });

  test("the gradient agrees with differences of the log-likelihood", () => {
    fc.assert(
      fc.property(modelShapes(limits), (shape) => {
        const model = randomModel(shape);
        for (const [name, kernel] of kernelsOf(model)) {
          const objective = createObjective(kernel, model.layout);
          const { gradient } = objective.evaluate(model.x, false);
          const numerical = numericalGradient((x) => objective.evaluate(x, false).value, model.x);
          const size = Math.max(...gradient.map(Math.abs));
          gradient.forEach((value, j) => {
            expectClose(value, numerical[j]!, 1e-6, size, `gradient ${j}, ${name}`);
          });
        }
      }),
      { ...RUNS, numRuns: 40 },
    );
  });

  test("the complete-data information agrees with dense algebra, is symmetric and positive semi-definite", () => {
    fc.assert(
      fc.property(modelShapes(limits), (shape) => {
        const model = randomModel(shape);
        const n = model.layout.nParameters;
        const expected = denseInformation(model, model.x);
        const largest = Math.max(...expected.flat().map(Math.abs));
        for (const [name, kernel] of kernelsOf(model)) {
          const { information } = createObjective(kernel, model.layout).evaluate(model.x, true);
          for (let i = 0; i < n; i++)
            for (let j = 0; j < n; j++) {
              expectClose(information![i * n + j]!, expected[i]![j]!, 1e-7, largest, `${name} ${i} ${j}`);
              expectClose(information![i * n + j]!, information![j * n + i]!, 1e-13, largest, "symmetry");
            }
          expect(symmetricEigen(information!, n).values[0]!).toBeGreaterThan(-1e-11 * largest);
        }
      }),
      { ...RUNS, numRuns: 30 },
    );
  });

  test("scores of persons sum to the gradient", () => {
    fc.assert(
      fc.property(modelShapes(limits), (shape) => {
        const model = randomModel(shape);
        const { layout, moments, fixed } = model;
        const { gradient } = createObjective(pickedKernel(model), layout).evaluate(model.x, false);
        const parameters = parametersAt(model, model.x);
        const evaluation = allocateEvaluation(layout);
        const score = new Float64Array(layout.nParameters);
        const sum = new Float64Array(layout.nParameters);
        const size = new Float64Array(layout.nParameters);
        const visited: number[] = [];
        let logLikelihood = 0;
        visitPersonScores(moments, fixed, parameters, evaluation, (person) => {
          visited.push(person);
          logLikelihood += evaluation.logLikelihood;
          pullGradientInto(layout, parameters, evaluation, score);
          score.forEach((value, j) => {
            sum[j]! += value;
            size[j]! += Math.abs(value);
          });
        });
        expect(visited).toEqual(Array.from({ length: shape.nPersons }, (_person, i) => i));
        expectClose(logLikelihood, denseLikelihood(model, model.x).logLikelihood, 1e-10, 0, "log-likelihood");
        gradient.forEach((value, j) => {
          expectClose(sum[j]!, value, 1e-11, size[j]!, `score ${j}`);
        });
      }),
      RUNS,
    );
  });
});

test("the fast kernel is the general one: value, gradient, information, posteriors", () => {
  fc.assert(
    fc.property(modelShapes({ covariance: "equal", residual: "common", specificTimeOnly: true }), (shape) => {
      const model = randomModel(shape);
      const run = (kernel: Kernel): Float64Array[] => {
        const posteriors = new Float64Array(shape.nPersons * shape.nClasses);
        const objective = createObjective(kernel, model.layout);
        const point = objective.evaluate(model.x, true);
        objective.evaluatePosteriors(model.x, posteriors);
        return [Float64Array.of(point.value), point.gradient, point.information!, posteriors];
      };
      const fast = run(commonKernel(model.moments, model.fixed, shape.nClasses));
      const plain = run(generalKernel(model.moments, model.fixed, shape.nClasses));
      fast.forEach((values, part) => {
        const size = Math.max(...plain[part]!.map(Math.abs), 1);
        values.forEach((value, j) => {
          expectClose(value, plain[part]![j]!, 1e-12, size, `part ${part}, entry ${j}`);
        });
      });
    }),
    RUNS,
  );
});

describe("restricted maximum likelihood", () => {
  const shapes = modelShapes({ nClasses: 1, nPersons: 12, extraBasis: 1, nPersonColumns: 1 });

  test("the value agrees with dense algebra", () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const model = randomModel(shape);
        const { value } = createObjective(pickedKernel(model, true), model.layout).evaluate(model.x, false);
        const expected = denseLikelihood(model, model.x).logLikelihood + denseRemlTerm(model, model.x);
        expectClose(value, expected, 1e-9, 0, "restricted log-likelihood");
      }),
      RUNS,
    );
  });

  test("the gradient agrees with differences", () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const model = randomModel(shape);
        const objective = createObjective(pickedKernel(model, true), model.layout);
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

  test("collinear fixed effects give no value rather than a wrong one", () => {
    const model = randomModel({
      seed: 4,
      nClasses: 1,
      nRandom: 1,
      extraBasis: 1,
      nPersonColumns: 1,
      nMembership: 1,
      diagonal: false,
      covariance: "equal",
      residual: "common",
      regular: true,
      nPersons: 6,
      specificTimeOnly: true,
    });
    const fixed = {
      nFixed: 2,
      basis: Int32Array.of(0, 0),
      person: Int32Array.of(0, 0),
      classSpecific: Uint8Array.of(0, 0),
    };
    const kernel = oneClassKernel(model.moments, fixed, true);
    const evaluation = allocateEvaluation({
      nClasses: 1,
      nFixed: 2,
      nRandom: 1,
      nMembership: 1,
      nResidual: 1,
      nLoadings: 0,
    });
    kernel.evaluate(
      {
        nClasses: 1,
        beta: Float64Array.of(0.1, 0.1),
        factor: Float64Array.of(0.5),
        residual: Float64Array.of(1),
        loadings: new Float64Array(0),
        logits: new Float64Array(1),
      },
      evaluation,
      { information: false },
    );
    expect(evaluation.logLikelihood).toBe(Number.NEGATIVE_INFINITY);
  });
});

describe("extremes", () => {
  test("far-off class means give posteriors of 0 and 1, not NaN", () => {
    const model = randomModel({
      seed: 9,
      nClasses: 3,
      nRandom: 1,
      extraBasis: 1,
      nPersonColumns: 1,
      nMembership: 1,
      diagonal: false,
      covariance: "equal",
      residual: "common",
      regular: true,
      nPersons: 10,
      specificTimeOnly: true,
    });
    const x = model.x.slice();
    for (let j = model.layout.betaAt; j < model.layout.factorAt; j++) x[j]! *= 1e4;
    for (const [name, kernel] of kernelsOf(model)) {
      const posteriors = new Float64Array(30);
      const point = createObjective(kernel, model.layout).evaluatePosteriors(x, posteriors);
      expect(Number.isFinite(point.value), name).toBe(true);
      for (let i = 0; i < 10; i++)
        expect(posteriors[3 * i]! + posteriors[3 * i + 1]! + posteriors[3 * i + 2]!).toBeCloseTo(1, 9);
    }
  });

  test("a singular D is an ordinary point: value and gradient exist and agree", () => {
    fc.assert(
      fc.property(modelShapes({ nRandom: 2, diagonal: false }), (shape) => {
        const model = randomModel(shape);
        const x = model.x.slice();
        const perFactor = model.layout.factorRow.length;
        // The second random effect's own part goes: correlation one.
        for (let f = 0; f < model.layout.nFactors; f++) x[model.layout.factorAt + f * perFactor + 2] = 0;
        const objective = createObjective(pickedKernel(model), model.layout);
        const { value, gradient } = objective.evaluate(x, false);
        expectClose(value, denseLikelihood(model, x).logLikelihood, 1e-10, 0, "log-likelihood");
        for (let f = 0; f < model.layout.nFactors; f++)
          expect(Math.abs(gradient[model.layout.factorAt + f * perFactor + 2]!)).toBeLessThan(1e-9);
      }),
      { ...RUNS, numRuns: 30 },
    );
  });

  test("a residual variance lost to rounding gives no value rather than a wrong one", () => {
    fc.assert(
      fc.property(modelShapes({ nRandom: 3, nClasses: 1, nPersons: 12 }), (shape) => {
        const model = randomModel(shape);
        const x = model.x.slice();
        const objective = createObjective(pickedKernel(model), model.layout);
        let previous = Number.POSITIVE_INFINITY;
        // A random quadratic of people with one or two sessions: G = s2 I + L'Z'ZL is singular but for s2.
        for (const logSd of [-6, -12, -20, -40, -300]) {
          x[model.layout.sigmaAt] = logSd;
          const { value } = objective.evaluate(x, false);
          // These scores are noise, so the likelihood can only fall.
          expect(value).toBeLessThan(previous);
          if (value === Number.NEGATIVE_INFINITY) break;
          previous = value;
        }
      }),
      { ...RUNS, numRuns: 40 },
    );
  });
});
