import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createStream } from "../../../src/core/random.js";
import type { Moments } from "../../../src/models/design/moments.js";
import { generalKernel } from "../../../src/models/kernels/general.js";
import type { BlockEngine } from "../../../src/models/kernels/plain/engine.js";
import { exponential } from "../../../src/models/kernels/plain/exponential.js";
import { scalarEngine } from "../../../src/models/kernels/plain/scalarEngine.js";
import { hasVectors, vectorEngine } from "../../../src/models/kernels/plain/vectorEngine.js";
import { plainKernel } from "../../../src/models/kernels/plain.js";
import { allocateEvaluation, type Evaluation, type Kernel } from "../../../src/models/kernels/types.js";
import { expectClose } from "./checks.js";
import { parametersAt } from "./dense.js";
import { type ModelShape, modelShapes, type RandomModel, randomModel } from "./randomModel.js";

const PLAIN: Partial<ModelShape> = {
  covariance: "equal",
  residual: "common",
  nPersonColumns: 1,
  nMembership: 1,
};

function vectors(moments: Moments, nClasses: number): BlockEngine {
  const engine = vectorEngine(moments, nClasses);
  if (engine === null) throw new Error("the model is too large for vectors");
  return engine;
}

interface Answer {
  readonly evaluation: Evaluation;
  readonly posteriors: Float64Array;
}

function evaluate(kernel: Kernel, model: RandomModel, x = model.x): Answer {
  const evaluation = allocateEvaluation(model.layout);
  const posteriors = new Float64Array(model.moments.nPersons * kernel.nClasses);
  kernel.evaluate(parametersAt(model, x), evaluation, { information: true, posteriors });
  return { evaluation, posteriors };
}

/** Every number of two evaluations agrees, relative to the largest of its array; totals of the classes where class 0 holds them. */
function expectSame(actual: Answer, expected: Answer, tolerance: number): void {
  expectClose(
    actual.evaluation.logLikelihood,
    expected.evaluation.logLikelihood,
    tolerance,
    0,
    "log-likelihood",
  );
  for (const name of Object.keys(expected.evaluation) as (keyof Evaluation)[]) {
    if (name === "logLikelihood") continue;
    const shared = /D|Residual/.test(name);
    const a = overClasses(actual.evaluation[name] as Float64Array, shared, actual);
    const b = overClasses(expected.evaluation[name] as Float64Array, shared, expected);
    const largest = Math.max(...b.map(Math.abs), 0);
    for (let i = 0; i < b.length; i++) expectClose(a[i]!, b[i]!, tolerance, largest, `${name} ${i}`);
  }
  for (let i = 0; i < expected.posteriors.length; i++)
    expectClose(actual.posteriors[i]!, expected.posteriors[i]!, tolerance, 0, `posterior ${i}`);
}

function overClasses(values: Float64Array, shared: boolean, { evaluation }: Answer): Float64Array {
  if (!shared) return values;
  const nClasses = evaluation.weight.length;
  const size = values.length / nClasses;
  return Float64Array.from({ length: size }, (_, e) => {
    let sum = 0;
    for (let k = 0; k < nClasses; k++) sum += values[k * size + e]!;
    return sum;
  });
}

/** Counts and fractions, some of them zero. */
function withWeights(model: RandomModel, seed: number): RandomModel {
  const stream = createStream(seed, 5);
  const weights = Float64Array.from({ length: model.moments.nPersons }, () =>
    stream.uniform() < 0.3 ? 0 : 3 * stream.uniform(),
  );
  return { ...model, moments: { ...model.moments, weights } };
}

test("this machine has vectors, so that the tests below compare something", () => {
  expect(hasVectors()).toBe(true);
});

describe("both engines give what the general kernel gives", () => {
  // From one person to several blocks; patterns shared by many, by few, and by nobody.
  const shapes = (regular: boolean): fc.Arbitrary<ModelShape> =>
    fc
      .tuple(modelShapes({ ...PLAIN, regular }), fc.integer({ min: 1, max: 700 }))
      .map(([shape, nPersons]) => ({ ...shape, nPersons }));

  test.each([
    ["shared patterns", true],
    ["a pattern for each person", false],
  ])("%s", (_, regular) => {
    fc.assert(
      fc.property(shapes(regular), fc.boolean(), (shape, weighted) => {
        let model = randomModel(shape);
        if (weighted) model = withWeights(model, shape.seed);
        const { moments, fixed, layout } = model;
        const general = evaluate(generalKernel(moments, fixed, layout.nClasses), model);
        const scalar = evaluate(plainKernel(moments, fixed, layout.nClasses, scalarEngine), model);
        // Sums in another order, of some hundred people: the last digits differ.
        expectSame(scalar, general, 1e-10);
        if (moments.nBasis > 4) return;
        expectSame(evaluate(plainKernel(moments, fixed, layout.nClasses, vectors), model), scalar, 1e-12);
      }),
      { numRuns: 40, seed: 20240601 },
    );
  });
});

test.each([
  ["shared patterns", true],
  ["a pattern for each person", false],
])("classes so far apart that ratios leave the range of numbers: %s", (_, regular) => {
  const model = modelWithClassMeans(regular);
  const { moments, fixed, layout } = model;
  // Means of the classes hundreds of standard deviations apart, in both directions.
  const x = model.x.slice();
  const specific = fixed.classSpecific.indexOf(1);
  for (let k = 0; k < layout.nClasses; k++) x[layout.betaPosition[specific]! + k] = [0, 400, -400][k]!;
  const general = evaluate(generalKernel(moments, fixed, layout.nClasses), model, x);
  expect(Number.isFinite(general.evaluation.logLikelihood)).toBe(true);
  for (const engine of [scalarEngine, vectors]) {
    const plain = evaluate(plainKernel(moments, fixed, layout.nClasses, engine), model, x);
    expectSame(plain, general, 1e-9);
  }
});

test("random effects a million times as variable as the residuals lose few digits", () => {
  for (const regular of [true, false]) {
    const model = randomModel({ ...baseShape(), regular, nPersons: 300 });
    const { moments, fixed, layout } = model;
    const x = model.x.slice();
    x[layout.factorAt] = 1000;
    const general = evaluate(generalKernel(moments, fixed, layout.nClasses), model, x);
    // Z'V^-2 Z = (S - S D S) / s2 is the difference of numbers as many times larger.
    for (const engine of [scalarEngine, vectors])
      expectSame(evaluate(plainKernel(moments, fixed, layout.nClasses, engine), model, x), general, 1e-6);
  }
});

test("a point without a likelihood has no finite log-likelihood, whichever engine looks at it", () => {
  for (const regular of [true, false]) {
    const model = randomModel({ ...baseShape(), regular, nPersons: 300 });
    const { moments, fixed, layout } = model;
    const x = model.x.slice();
    x[layout.sigmaAt] = Number.NaN;
    for (const engine of [scalarEngine, vectors]) {
      const { evaluation } = evaluate(plainKernel(moments, fixed, layout.nClasses, engine), model, x);
      expect(evaluation.logLikelihood).toBeNaN();
    }
  }
});

test("exponentials agree with Math.exp", () => {
  fc.assert(
    fc.property(fc.double({ min: -708, max: 709, noNaN: true }), (x) => {
      const expected = Math.exp(x);
      expect(Math.abs(exponential(x) - expected)).toBeLessThanOrEqual(1e-15 * expected);
    }),
    { numRuns: 2000, seed: 7 },
  );
  expect(exponential(0)).toBe(1);
  expect(exponential(-1000)).toBeLessThan(1e-300);
  expect(exponential(1000)).toBeNaN();
  expect(exponential(Number.NaN)).toBeNaN();
});

/** The first of the random models whose classes differ in a coefficient. */
function modelWithClassMeans(regular: boolean): RandomModel {
  for (let seed = 1; ; seed++) {
    const model = randomModel({ ...baseShape(), regular, seed });
    if (model.fixed.classSpecific.includes(1)) return model;
  }
}

function baseShape(): ModelShape {
  return {
    seed: 11,
    nClasses: 3,
    nRandom: 2,
    extraBasis: 1,
    diagonal: false,
    specificTimeOnly: true,
    regular: true,
    nPersons: 300,
    ...PLAIN,
  } as ModelShape;
}
