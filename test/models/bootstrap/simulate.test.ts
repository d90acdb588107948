import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createStream } from "../../../src/core/random.js";
import { pivotedFactor } from "../../../src/models/bootstrap/crossProducts.js";
import { createSimulator, type Simulator } from "../../../src/models/bootstrap/simulate.js";
import { createObjective } from "../../../src/models/fit/objective.js";
import { gaussianKernel } from "../../../src/models/kernels/gaussian.js";
import type { ProblemData } from "../../../src/models/likelihood.js";
import { allocateFor, unpackInto } from "../../../src/models/parameters.js";
import { type ModelShape, modelShapes, type RandomModel, randomModel } from "../kernels/randomModel.js";

function dataOf({ moments, fixed, rowData }: RandomModel): ProblemData {
  return {
    moments,
    fixed,
    rows: rowData,
    orderBasis: new Float64Array(0),
    orderPerson: new Float64Array(0),
    orderOccasion: -1,
    clusters: null,
  };
}

function simulatorOf(model: RandomModel): Simulator {
  const parameters = allocateFor(model.layout);
  unpackInto(model.layout, model.x, parameters);
  return createSimulator(dataOf(model), model.layout, parameters);
}

function multiply(factor: Float64Array, n: number, rank: number): Float64Array {
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++)
      for (let d = 0; d < rank; d++) out[i * n + j]! += factor[i * n + d]! * factor[j * n + d]!;
  return out;
}

describe("factor of cross-products", () => {
  test("gives the matrix back, with the rank of the rows behind it", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 7 }),
        fc.integer({ min: 0, max: 1e6 }),
        (n, rows, seed) => {
          const stream = createStream(seed);
          const b = Float64Array.from({ length: rows * n }, () => stream.normal());
          const a = new Float64Array(n * n);
          for (let r = 0; r < rows; r++)
            for (let i = 0; i < n; i++)
              for (let j = 0; j < n; j++) a[i * n + j]! += b[r * n + i]! * b[r * n + j]!;
          const { factor, rank } = pivotedFactor(a, n, rows);
          expect(rank).toBe(Math.min(n, rows));
          const size = Math.max(...a.map(Math.abs));
          multiply(factor, n, rank).forEach((value, e) => {
            expect(Math.abs(value - a[e]!)).toBeLessThan(1e-12 * size);
          });
        },
      ),
      { numRuns: 200, seed: 5 },
    );
  });

  test("rows that repeat one another add nothing to the rank", () => {
    // Three rows (1, 2).
    const { factor, rank } = pivotedFactor(Float64Array.of(3, 6, 6, 12), 2, 3);
    expect(rank).toBe(1);
    expect([...multiply(factor, 2, 1)].map((value) => Math.round(value * 1e12) / 1e12)).toEqual([
      3, 6, 6, 12,
    ]);
  });
});

test("B'y lies within what y'y allows, with equality where the columns reach every score", () => {
  fc.assert(
    fc.property(modelShapes({ regular: false }), (shape) => {
      const model = randomModel(shape);
      const { moments } = model;
      const simulator = simulatorOf(model);
      const { by, yy } = simulator.draw(createStream(shape.seed, 1)).moments;
      const m = moments.nBasis;
      for (let g = 0; g < moments.nPatterns; g++)
        for (let i = moments.patternStart[g]!; i < moments.patternStart[g + 1]!; i++) {
          // By least squares through the pivoted factor: the squared length of the part of y that B reaches.
          const { factor, rank } = pivotedFactor(
            moments.btb.subarray(g * m * m, (g + 1) * m * m),
            m,
            moments.patternSessions[g]!,
          );
          const reached = reachedSquares(factor, m, rank, by.subarray(i * m, (i + 1) * m));
          expect(reached).toBeLessThanOrEqual(yy[i]! * (1 + 1e-6) + 1e-6);
          if (rank === moments.patternSessions[g]!)
            expect(Math.abs(reached - yy[i]!)).toBeLessThan(1e-6 * Math.max(1, yy[i]!));
        }
    }),
    { numRuns: 60, seed: 6 },
  );
});

/** y'B (B'B)^- B'y by forward substitution in the pivoted factor: |u|^2 with F u = B'y. */
function reachedSquares(factor: Float64Array, m: number, rank: number, by: Float64Array): number {
  const left = by.slice();
  const done = new Uint8Array(m);
  let squares = 0;
  for (let d = 0; d < rank; d++) {
    let pivot = -1;
    for (let i = 0; i < m; i++)
      if (!done[i] && (pivot < 0 || Math.abs(factor[i * m + d]!) > Math.abs(factor[pivot * m + d]!)))
        pivot = i;
    done[pivot] = 1;
    const u = left[pivot]! / factor[pivot * m + d]!;
    for (let i = 0; i < m; i++) left[i]! -= factor[i * m + d]! * u;
    squares += u * u;
  }
  return squares;
}

describe("draws come from the model", () => {
  const shape: ModelShape = {
    seed: 11,
    nClasses: 1,
    nRandom: 2,
    extraBasis: 1,
    nPersonColumns: 2,
    nMembership: 1,
    diagonal: false,
    covariance: "equal",
    residual: "common",
    regular: true,
    nPersons: 60,
    specificTimeOnly: true,
  };
  const DRAWS = 600;

  // At the parameters drawn from, the gradient of the log-likelihood has mean zero, and with one class its covariance is the
  // expected information: both hold only if every moment of the draws is right.
  test.each<[string, Partial<ModelShape>]>([
    ["one class", {}],
    ["one class, each at their own times", { regular: false }],
    ["three classes, one covariance", { nClasses: 3 }],
    [
      "classes of their own covariance, covariates of membership",
      { nClasses: 2, covariance: "free", residual: "class", nMembership: 2 },
    ],
    ["residual variances by occasion and autocorrelation", { residual: "ar1+occasion" }],
    ["autocorrelation in time, two classes", { nClasses: 2, residual: "car1+class", regular: false }],
    ["free loadings", { latent: true }],
  ])("%s: the gradient at the truth averages zero", (_, limits) => {
    const model = randomModel({ ...shape, ...limits });
    const simulator = simulatorOf(model);
    const n = model.layout.nParameters;
    const mean = new Float64Array(n);
    const squares = new Float64Array(n);
    let information = new Float64Array(0);
    for (let b = 0; b < DRAWS; b++) {
      const { moments, rows } = simulator.draw(createStream(21, b));
      const kernel = gaussianKernel(moments, rows, model.fixed, {
        nClasses: model.layout.nClasses,
        commonCovariance: model.layout.commonCovariance,
        residual: model.layout.residual,
        reml: false,
      });
      const point = createObjective(kernel, model.layout).evaluate(model.x, b === 0);
      if (b === 0) information = Float64Array.from(point.information!);
      point.gradient.forEach((value, j) => {
        mean[j]! += value / DRAWS;
        squares[j]! += value ** 2 / DRAWS;
      });
    }
    for (let j = 0; j < n; j++) {
      // Four and a half standard errors of the mean: one false alarm in 150,000 entries.
      expect(Math.abs(mean[j]!), `gradient ${j}`).toBeLessThan(4.5 * Math.sqrt(squares[j]! / DRAWS));
      // The variance of a gradient is known to about sqrt(2 / 600) = 6%, its tails a little heavier.
      if (model.layout.nClasses === 1 && j < model.layout.sigmaAt)
        expect(Math.abs(squares[j]! / information[j * n + j]! - 1), `information ${j}`).toBeLessThan(0.3);
    }
  });

  test("the same stream gives the same scores, and the data fitted stay as they are", () => {
    const model = randomModel(shape);
    const before = { yy: model.moments.yy.slice(), by: model.moments.by.slice() };
    const simulator = simulatorOf(model);
    const first = simulator.draw(createStream(5)).moments.by.slice();
    expect(simulator.draw(createStream(6)).moments.by).not.toEqual(first);
    expect(simulator.draw(createStream(5)).moments.by).toEqual(first);
    expect({ yy: model.moments.yy, by: model.moments.by }).toEqual(before);
  });
});
