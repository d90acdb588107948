import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  constrainObjective,
  freeVector,
  fullDirections,
  fullScale,
  fullVector,
  type LinearConstraint,
  nearestFreeVector,
  solveConstraints,
} from "../../../src/models/fit/freeSpace.js";
import type { Objective } from "../../../src/models/fit/objective.js";
import { allocateEvaluation, allocateParameters } from "../../../src/models/kernels/types.js";

const N = 6;

function constraint(coefficients: readonly number[], value: number): LinearConstraint {
  return { coefficients: Float64Array.from(coefficients), value };
}

function times(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a).reduce((sum, value, j) => sum + value * b[j]!, 0);
}

const small = fc.integer({ min: -3, max: 3 });
const rows = fc.array(fc.array(small, { minLength: N, maxLength: N }), { minLength: 1, maxLength: 4 });
const vector = fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: N, maxLength: N });

/** Constraints that hold at a given vector, so that none contradicts another. */
function holdingAt(coefficients: readonly (readonly number[])[], x: readonly number[]): LinearConstraint[] {
  return coefficients.map((row) => constraint(row, times(row, x)));
}

describe("the space of solutions", () => {
  test("satisfies every constraint, and holds every vector that does", () => {
    fc.assert(
      fc.property(rows, vector, vector, (coefficients, inside, other) => {
        const constraints = holdingAt(coefficients, inside);
        const { space, outcomes } = solveConstraints(constraints, N);
        expect(outcomes).not.toContain("contradictory");
        expect(space.nFree).toBe(N - outcomes.filter((outcome) => outcome === "new").length);
        const x = fullVector(space, Float64Array.from(other.slice(0, space.nFree)));
        for (const { coefficients: row, value } of constraints) expect(times(row, x)).toBeCloseTo(value, 9);
        const back = fullVector(space, freeVector(space, Float64Array.from(inside)));
        inside.forEach((value, j) => {
          expect(back[j]).toBeCloseTo(value, 8);
        });
      }),
      { seed: 7 },
    );
  });

  test("fixed and equal entries are exact, and the first of equal ones stays free", () => {
    const { space } = solveConstraints(
      [constraint([0, 3, 0, 0, 0, 0], 1.5), constraint([0, 0, 0.1, 0, -0.1, 0], 0)],
      N,
    );
    expect(space.free).toEqual([0, 2, 3, 5]);
    expect(Array.from(fullVector(space, Float64Array.from([1, 0.3, 3, 4])))).toEqual([
      1, 0.5, 0.3, 3, 0.3, 4,
    ]);
  });

  test("knows what says nothing new and what contradicts", () => {
    const { space, outcomes } = solveConstraints(
      [
        constraint([1, -1, 0, 0, 0, 0], 0),
        constraint([0, 1, -1, 0, 0, 0], 0),
        constraint([2, 0, -2, 0, 0, 0], 0),
        constraint([1, 0, -1, 0, 0, 0], 0.1),
        constraint([0, 0, 0, 1, 0, 0], 2),
      ],
      N,
    );
    expect(outcomes).toEqual(["new", "new", "redundant", "contradictory", "new"]);
    expect(space.nFree).toBe(3);
  });

  test("columns of very different size, as powers of a far-off time, do not make constraints look alike", () => {
    const c = 1e4;
    const { space, outcomes } = solveConstraints(
      [constraint([1, -c, c * c, 0, 0, 0], 3), constraint([0, 1, -2 * c, 0, 0, 0], 0)],
      N,
    );
    expect(outcomes).toEqual(["new", "new"]);
    const x = fullVector(space, Float64Array.from([1.7, 0, 0, 0]));
    expect(x[1]! - 2 * c * x[2]!).toBeCloseTo(0, 9);
    expect(x[0]! - c * x[1]! + c * c * x[2]!).toBeCloseTo(3, 7);
  });
});

test("the nearest vector leaves a difference at right angles to the space, in the metric", () => {
  const random = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), {
    minLength: N * N,
    maxLength: N * N,
  });
  fc.assert(
    fc.property(rows, vector, vector, random, (coefficients, inside, outside, root) => {
      const { space } = solveConstraints(holdingAt(coefficients, inside), N);
      if (space.nFree === 0) return;
      const metric = new Float64Array(N * N);
      for (let i = 0; i < N; i++)
        for (let j = 0; j < N; j++) {
          metric[i * N + j] = i === j ? 0.5 : 0;
          for (let k = 0; k < N; k++) metric[i * N + j]! += root[i * N + k]! * root[j * N + k]!;
        }
      const x = Float64Array.from(outside);
      const nearest = fullVector(space, nearestFreeVector(space, x, metric));
      const directions = fullDirections(space, identity(space.nFree));
      for (let c = 0; c < space.nFree; c++) {
        let product = 0;
        let size = 0;
        for (let i = 0; i < N; i++)
          for (let j = 0; j < N; j++) {
            const part = directions[i * space.nFree + c]! * metric[i * N + j]! * (x[j]! - nearest[j]!);
            product += part;
            size += Math.abs(part);
          }
        expect(Math.abs(product)).toBeLessThan(1e-7 * (1 + size));
      }
    }),
    { seed: 8 },
  );
});

test("gradient and information of the free vector are those of the function restricted to the space", () => {
  const { space } = solveConstraints(
    [
      constraint([1, 2, 0, 0, 0, 0], 0.4),
      constraint([0, 0, 1, -1, 0, 0], 0),
      constraint([0, 0, 0, 0, 0, 1], 0.7),
    ],
    N,
  );
  const objective = constrainObjective(quartic(), space);
  expect(objective.size).toBe(3);
  const u = Float64Array.from([0.3, -0.8, 1.1]);
  const point = objective.evaluate(u, true);
  expect(Array.from(point.x)).toEqual(Array.from(u));
  const step = 1e-5;
  for (let c = 0; c < 3; c++) {
    const above = u.slice();
    const below = u.slice();
    above[c]! += step;
    below[c]! -= step;
    const high = objective.evaluate(above, false);
    const low = objective.evaluate(below, false);
    expect((high.value - low.value) / (2 * step)).toBeCloseTo(point.gradient[c]!, 8);
    for (let d = 0; d < 3; d++)
      expect((low.gradient[d]! - high.gradient[d]!) / (2 * step)).toBeCloseTo(
        point.information![c * 3 + d]!,
        7,
      );
  }
});

test("scales follow the entries: nothing for what is fixed", () => {
  const { space } = solveConstraints(
    [constraint([0, 1, 0, 0, 0, 0], 1), constraint([1, 0, -0.5, 0, 0, 0], 0)],
    N,
  );
  expect(Array.from(fullScale(space, Float64Array.from([2, 3, 4, 5])))).toEqual([1, 0, 2, 3, 4, 5]);
});

test("without constraints everything is handed through", () => {
  const x = Float64Array.from([1, 2]);
  const objective = quartic();
  expect(fullVector(undefined, x)).toBe(x);
  expect(freeVector(undefined, x)).toBe(x);
  expect(fullDirections(undefined, x)).toBe(x);
  expect(fullScale(undefined, x)).toBe(x);
  expect(constrainObjective(objective, undefined)).toBe(objective);
});

function identity(n: number): Float64Array {
  return Float64Array.from({ length: n * n }, (_, e) => (e % (n + 1) === 0 ? 1 : 0));
}

/** -sum (x_j^4 / 4 + x_j x_(j+1)), with its exact derivatives. */
function quartic(): Objective {
  const evaluate = (x: Float64Array): ReturnType<Objective["evaluate"]> => {
    let value = 0;
    const gradient = new Float64Array(N);
    const information = new Float64Array(N * N);
    for (let j = 0; j < N; j++) {
      const next = (j + 1) % N;
      value -= x[j]! ** 4 / 4 + x[j]! * x[next]!;
      gradient[j]! -= x[j]! ** 3 + x[next]!;
      gradient[next]! -= x[j]!;
      information[j * N + j]! += 3 * x[j]! ** 2;
      information[j * N + next]! += 1;
      information[next * N + j]! += 1;
    }
    return { x: x.slice(), value, gradient, information, exactFit: false };
  };
  const sizes = { nClasses: 1, nFixed: 1, nRandom: 0, nMembership: 1, nResidual: 1, nLoadings: 0 };
  return {
    size: N,
    squared: [],
    deviations: [],
    evaluations: 0,
    evaluate: (x) => evaluate(x),
    evaluatePosteriors: (x) => evaluate(x),
    last: allocateEvaluation(sizes),
    parameters: allocateParameters(sizes),
  };
}
