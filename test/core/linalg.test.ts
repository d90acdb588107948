import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  choleskyInPlace,
  choleskySolveInPlace,
  dot,
  invertPositiveDefinite,
  multiplyInto,
  semiDefiniteFactor,
  symmetricEigen,
} from "../../src/core/linalg.js";
import { createStream } from "../../src/core/random.js";

/** G G' of an n x rank matrix of normal numbers, plus `ridge` on the diagonal. */
function crossProduct(n: number, rank: number, seed: number, ridge = 0): Float64Array {
  const g = new Float64Array(n * Math.max(rank, 1));
  createStream(seed).fillNormal(g);
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      for (let k = 0; k < rank; k++) out[i * n + j]! += g[i * rank + k]! * g[j * rank + k]!;
      if (i === j) out[i * n + j]! += ridge;
    }
  return out;
}

function product(a: Float64Array, b: Float64Array, n: number, transposeB = false): Float64Array {
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++)
      for (let k = 0; k < n; k++) out[i * n + j]! += a[i * n + k]! * b[transposeB ? j * n + k : k * n + j]!;
  return out;
}

function expectNear(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  for (let i = 0; i < expected.length; i++)
    expect(Math.abs(actual[i]! - expected[i]!)).toBeLessThanOrEqual(tolerance);
}

const sizes = fc.record({ n: fc.integer({ min: 1, max: 8 }), seed: fc.integer({ min: 0, max: 1e6 }) });

describe("Cholesky", () => {
  test("factor, solution and inverse of positive definite matrices", () => {
    fc.assert(
      fc.property(sizes, ({ n, seed }) => {
        const a = crossProduct(n, n + 2, seed, 0.5);
        const largest = Math.max(...a.map(Math.abs));
        const factor = a.slice();
        expect(choleskyInPlace(factor, n)).toBe(true);
        for (let i = 0; i < n; i++) for (let j = i + 1; j < n; j++) factor[i * n + j] = 0;
        expectNear(product(factor, factor, n, true), a, 1e-13 * largest);
        const x = new Float64Array(n);
        createStream(seed, 1).fillNormal(x);
        const b = new Float64Array(n);
        multiplyInto(b, a, x, n);
        choleskySolveInPlace(factor, n, b);
        expectNear(b, x, 1e-10 * largest);
        const identity = product(a, invertPositiveDefinite(a, n)!, n);
        for (let i = 0; i < n; i++)
          for (let j = 0; j < n; j++) expect(identity[i * n + j]!).toBeCloseTo(Number(i === j), 9);
      }),
    );
  });

  test("works at an offset without touching its neighbours", () => {
    const a = Float64Array.of(9, 9, 4, 2, 2, 5, 9);
    expect(choleskyInPlace(a, 2, 2)).toBe(true);
    expect([...a]).toEqual([9, 9, 2, 2, 1, 2, 9]);
    const b = Float64Array.of(6, 9);
    choleskySolveInPlace(a, 2, b, 2);
    expectNear(b, [0.75, 1.5], 1e-15);
  });

  test.each([
    ["negative", [-1]],
    ["zero", [0]],
    ["indefinite", [1, 2, 2, 1]],
    ["NaN", [Number.NaN]],
    ["infinite", [Number.POSITIVE_INFINITY]],
  ])("%s matrices have none", (_, entries) => {
    const n = Math.sqrt(entries.length);
    expect(choleskyInPlace(Float64Array.from(entries), n)).toBe(false);
    expect(invertPositiveDefinite(Float64Array.from(entries), n)).toBeNull();
  });
});

test("the factor of a positive semi-definite matrix of any rank multiplies back", () => {
  fc.assert(
    fc.property(sizes, fc.integer({ min: 0, max: 8 }), ({ n, seed }, rank) => {
      const a = crossProduct(n, Math.min(rank, n), seed);
      const l = semiDefiniteFactor(a, n);
      expectNear(product(l, l, n, true), a, 1e-5 * Math.max(1, ...a.map(Math.abs)));
      for (let i = 0; i < n; i++) for (let j = i + 1; j < n; j++) expect(l[i * n + j]).toBe(0);
    }),
  );
});

test("eigenvalues ascend and vectors rebuild the matrix", () => {
  fc.assert(
    fc.property(sizes, ({ n, seed }) => {
      const a = crossProduct(n, Math.ceil(n / 2), seed);
      const { values, vectors } = symmetricEigen(a, n);
      for (let j = 1; j < n; j++) expect(values[j]!).toBeGreaterThanOrEqual(values[j - 1]!);
      const scaled = vectors.map((value, index) => value * values[index % n]!);
      expectNear(product(scaled, vectors, n, true), a, 1e-11 * Math.max(1, ...a.map(Math.abs)));
      const identity = product(vectors, vectors, n, true);
      for (let i = 0; i < n; i++)
        for (let j = 0; j < n; j++) expect(identity[i * n + j]!).toBeCloseTo(Number(i === j), 11);
    }),
  );
});

test("products of vectors and matrices", () => {
  const a = Float64Array.of(1, 2, 3, 4);
  const x = Float64Array.of(5, 6);
  const y = Float64Array.of(7, 8);
  const out = new Float64Array(2);
  multiplyInto(out, a, x, 2);
  expect([...out]).toEqual([17, 39]);
  expect(dot(x, y, 2)).toBe(83);
});

test("eigenvalues exist where an entry is next to the smallest number there is", () => {
  // Such an entry made the library's iteration run out of the matrix.
  const tiny = 5e-309;
  const { values, vectors } = symmetricEigen(Float64Array.from([0, 0, tiny, 0, 0, 0, tiny, 0, 1]), 3);
  expect(Array.from(values)).toEqual([0, 0, 1]);
  expect([...vectors].every(Number.isFinite)).toBe(true);
});
