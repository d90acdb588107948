import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createStream } from "../../../src/core/random.js";
import { effectsPosterior, quadraticForm } from "../../../src/models/persons/effects.js";
import { occasionGroups } from "../../../src/models/persons/occasions.js";
import { shapeOf } from "../../../src/models/persons/shape.js";
import { inverse, type Matrix, multiply } from "../kernels/dense.js";

const transpose = (a: Matrix): Matrix => a[0]!.map((_, j) => a.map((row) => row[j]!));
const flat = (a: Matrix): Float64Array => Float64Array.from(a.flat());

test("random effects are those of D Z'V^-1 r and D - D Z'V^-1 Z D, also where D is singular", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 1, max: 3 }),
      fc.boolean(),
      fc.integer({ min: 0, max: 1e6 }),
      (n, q, singular, seed) => {
        const stream = createStream(seed);
        const matrix = (rows: number, columns: number): Matrix =>
          Array.from({ length: rows }, () => Array.from({ length: columns }, () => stream.normal()));
        const z = matrix(n, q);
        const l = matrix(q, q).map((row, a) =>
          row.map((v, b) => (b > a || (singular && b === q - 1) ? 0 : v)),
        );
        const root = matrix(n, n);
        const r = multiply(root, transpose(root)).map((row, i) => row.map((v, j) => v + (i === j ? 0.5 : 0)));
        const residual = matrix(n, 1);
        const d = multiply(l, transpose(l));
        const zd = multiply(z, d);
        const v = multiply(zd, transpose(z)).map((row, i) => row.map((value, j) => value + r[i]![j]!));
        const weights = multiply(transpose(zd), inverse(v));
        const mean = multiply(weights, residual);
        const taken = multiply(weights, zd);
        const found = effectsPosterior(flat(z), flat(residual), flat(l), 0, flat(r));
        found.mean.forEach((value, a) => {
          expect(value).toBeCloseTo(mean[a]![0]!, 8);
        });
        found.covariance.forEach((value, e) => {
          const [a, b] = [Math.floor(e / q), e % q];
          expect(value).toBeCloseTo(d[a]![b]! - taken[a]![b]!, 8);
        });
        // A posterior variance is no variance less than none, and no more than the prior's.
        const form = quadraticForm(flat(z), 0, found.covariance, q);
        expect(form).toBeGreaterThan(-1e-10);
        expect(form).toBeLessThan(quadraticForm(flat(z), 0, flat(d), q) + 1e-10);
      },
    ),
    { numRuns: 150, seed: 5 },
  );
});

describe("moments of values", () => {
  test("are those of the formulas, and do not move with origin and unit", () => {
    const values = Float64Array.from([1, 2, 2, 7]);
    // Mean 3, squares 4 + 1 + 1 + 16, cubes -8 - 1 - 1 + 64, fourth powers 16 + 1 + 1 + 256.
    const [m2, m3, m4] = [22 / 4, 54 / 4, 274 / 4];
    const shape = shapeOf(values);
    expect(shape).toMatchObject({ weight: 4, mean: 3, sd: Math.sqrt(m2) });
    expect(shape.skewness).toBeCloseTo(m3 / m2 ** 1.5, 12);
    expect(shape.excessKurtosis).toBeCloseTo(m4 / m2 ** 2 - 3, 12);
    const moved = shapeOf(values.map((value) => 100 - 3 * value));
    expect(moved.skewness).toBeCloseTo(-shape.skewness, 10);
    expect(moved.excessKurtosis).toBeCloseTo(shape.excessKurtosis, 10);
  });

  test("count a value as often as its weight, and are zeros where there is nothing or no variation", () => {
    const weighted = shapeOf(Float64Array.from([1, 2, 7]), Float64Array.from([1, 2, 1]));
    expect(weighted).toEqual(shapeOf(Float64Array.from([1, 2, 2, 7])));
    const nothing = { weight: 0, mean: 0, sd: 0, skewness: 0, excessKurtosis: 0 };
    expect(shapeOf(new Float64Array(0))).toEqual(nothing);
    expect(shapeOf(Float64Array.from([3]), new Float64Array(1))).toEqual(nothing);
    expect(shapeOf(new Float64Array(9).fill(0.1))).toMatchObject({ skewness: 0, excessKurtosis: 0 });
  });
});

test("rows are grouped by time where times are few, else by session, at most 25 groups", () => {
  const start = Int32Array.from([0, 3, 5]);
  expect(occasionGroups(Float64Array.from([0, 2, 5, 0, 5]), start)).toEqual({
    by: "time",
    at: Float64Array.from([0, 2, 5]),
    group: Int32Array.from([0, 1, 2, 0, 2]),
  });
  const many = Float64Array.from({ length: 60 }, (_, r) => r / 7);
  const found = occasionGroups(many, Int32Array.from([0, 28, 60]));
  expect([found.by, found.at.length, found.at[0], found.at[24]]).toEqual(["session", 25, 1, 25]);
  expect([found.group[0], found.group[24], found.group[27], found.group[28], found.group[59]]).toEqual([
    0, 24, -1, 0, -1,
  ]);
});
