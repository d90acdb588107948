import fc from "fast-check";
import { expect, test } from "vitest";
import { createStream } from "../../../src/core/random.js";
import { drawPeople } from "../../../src/models/bootstrap/resample.js";

test("as many people are drawn as there are", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200 }), fc.integer(), (n, seed) => {
      const weights = new Float64Array(n).fill(7);
      drawPeople(weights, null, createStream(seed));
      expect(weights.reduce((sum, w) => sum + w, 0)).toBe(n);
      expect(weights.every((w) => Number.isInteger(w) && w >= 0)).toBe(true);
    }),
    { numRuns: 100, seed: 1 },
  );
});

test("clusters are drawn whole, as many as there are", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1 }), fc.integer(), (drawn, seed) => {
      const numbers = new Map([...new Set(drawn)].map((cluster, number) => [cluster, number]));
      const clusters = Int32Array.from(drawn, (cluster) => numbers.get(cluster)!);
      const weights = new Float64Array(drawn.length);
      drawPeople(weights, clusters, createStream(seed));
      const times = new Map<number, number>();
      clusters.forEach((cluster, i) => {
        expect(times.get(cluster) ?? weights[i]).toBe(weights[i]);
        times.set(cluster, weights[i]!);
      });
      expect([...times.values()].reduce((sum, w) => sum + w, 0)).toBe(numbers.size);
    }),
    { numRuns: 100, seed: 1 },
  );
});

test("people on their own are clusters of one", () => {
  const people = new Float64Array(50);
  const clusters = new Float64Array(50);
  drawPeople(people, null, createStream(4));
  drawPeople(
    clusters,
    Int32Array.from({ length: 50 }, (_, i) => i),
    createStream(4),
  );
  expect(clusters).toEqual(people);
});

test("everybody is drawn equally often: once on average, with the variance of a multinomial count", () => {
  const n = 20;
  const draws = 20_000;
  const weights = new Float64Array(n);
  const sum = new Float64Array(n);
  let squares = 0;
  for (let b = 0; b < draws; b++) {
    drawPeople(weights, null, createStream(9, b));
    weights.forEach((w, i) => {
      sum[i]! += w;
      squares += (w - 1) ** 2;
    });
  }
  // Standard error of a person's mean count: sqrt((1 - 1/n) / draws) = 0.0069; four of them.
  for (const total of sum) expect(Math.abs(total / draws - 1)).toBeLessThan(0.028);
  expect(Math.abs(squares / (n * draws) - (1 - 1 / n))).toBeLessThan(0.01);
});
