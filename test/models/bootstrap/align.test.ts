import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createStream } from "../../../src/core/random.js";
import { classSimilarity, matchClasses } from "../../../src/models/bootstrap/align.js";

/** Random posteriors: the larger `certainty`, the nearer to 0 and 1. */
function posteriors(n: number, nClasses: number, certainty: number, seed: number): Float64Array {
  const stream = createStream(seed);
  const out = new Float64Array(n * nClasses);
  for (let at = 0; at < out.length; at += nClasses) {
    let total = 0;
    for (let k = 0; k < nClasses; k++) total += out[at + k] = Math.exp(certainty * stream.normal());
    for (let k = 0; k < nClasses; k++) out[at + k]! /= total;
  }
  return out;
}

function relabelled(values: Float64Array, order: readonly number[]): Float64Array {
  const k = order.length;
  return values.map((_, e) => values[e - (e % k) + order[e % k]!]!);
}

function permutations(items: readonly number[]): number[][] {
  if (items.length <= 1) return [[...items]];
  return items.flatMap((first) =>
    permutations(items.filter((item) => item !== first)).map((rest) => [first, ...rest]),
  );
}

const cases = fc.record({
  n: fc.integer({ min: 1, max: 40 }),
  nClasses: fc.integer({ min: 1, max: 5 }),
  certainty: fc.constantFrom(0.05, 1, 5),
  seed: fc.integer({ min: 0, max: 1e6 }),
});

describe("similarity of classes", () => {
  test("lies from 0 to 1, is 1 for the same probabilities, and does not mind which comes first", () => {
    fc.assert(
      fc.property(cases, ({ n, nClasses, certainty, seed }) => {
        const a = posteriors(n, nClasses, certainty, seed);
        const b = posteriors(n, nClasses, certainty, seed + 1);
        const forward = classSimilarity(a, b, nClasses);
        const back = classSimilarity(b, a, nClasses);
        forward.forEach((row, k) => {
          row.forEach((value, l) => {
            expect(value).toBeGreaterThanOrEqual(0);
            expect(value).toBeLessThanOrEqual(1 + 1e-12);
            expect(value).toBeCloseTo(back[l]![k]!, 12);
          });
        });
        classSimilarity(a, a, nClasses).forEach((row, k) => {
          expect(row[k]).toBeCloseTo(1, 12);
        });
      }),
      { numRuns: 100, seed: 3 },
    );
  });

  test("of certain classifications is Jaccard's: people in both over people in either", () => {
    // Classes 0, 0, 0, 1 and 0, 1, 1, 1.
    const a = Float64Array.of(1, 0, 1, 0, 1, 0, 0, 1);
    const b = Float64Array.of(1, 0, 0, 1, 0, 1, 0, 1);
    expect(classSimilarity(a, b, 2)).toEqual([
      [1 / 3, 2 / 4],
      [0, 1 / 3],
    ]);
  });

  test("of two empty classes is 1: nobody is in the one and not in the other", () => {
    expect(classSimilarity(Float64Array.of(1, 0), Float64Array.of(1, 0), 2)[1]![1]).toBe(1);
  });
});

describe("matching of classes", () => {
  test("undoes any relabelling", () => {
    fc.assert(
      fc.property(cases, ({ n, nClasses, certainty, seed }) => {
        const own = posteriors(n, nClasses, certainty, seed);
        const stream = createStream(seed, 1);
        const order = Int32Array.from({ length: nClasses }, (_, k) => k);
        stream.shuffle(order);
        const match = matchClasses(own, relabelled(own, [...order]), nClasses);
        // Class `order[l]` of the fit became class l.
        match.order.forEach((l, k) => {
          expect(order[l]).toBe(k);
        });
        for (const value of match.similarity) expect(value).toBeCloseTo(1, 12);
      }),
      { numRuns: 200, seed: 3 },
    );
  });

  test("finds the best of all assignments", () => {
    fc.assert(
      fc.property(cases, ({ n, nClasses, certainty, seed }) => {
        const a = posteriors(n, nClasses, certainty, seed);
        const b = posteriors(n, nClasses, certainty, seed + 1);
        const similarity = classSimilarity(a, b, nClasses);
        const total = (order: readonly number[]): number =>
          order.reduce((sum, l, k) => sum + similarity[k]![l]!, 0);
        const best = Math.max(...permutations(Array.from({ length: nClasses }, (_, k) => k)).map(total));
        const match = matchClasses(a, b, nClasses);
        expect(new Set(match.order).size).toBe(nClasses);
        expect(total(match.order)).toBeCloseTo(best, 10);
      }),
      { numRuns: 100, seed: 4 },
    );
  });
});
