import fc from "fast-check";
import { expect, test } from "vitest";
import { shardBounds } from "../../../src/models/design/shards.js";

test("shards are as few as can be, of nearly one size, and hold everybody once", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e7 }), fc.integer({ min: 1000, max: 20_000 }), (n, perShard) => {
      const bounds = shardBounds(n, perShard);
      const sizes = [...bounds.subarray(1)].map((end, s) => end - bounds[s]!);
      expect(bounds[0]).toBe(0);
      expect(bounds.at(-1)).toBe(n);
      expect(sizes.length).toBe(Math.ceil(n / perShard));
      expect(Math.max(...sizes)).toBeLessThanOrEqual(perShard);
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
    }),
    { numRuns: 100, seed: 24 },
  );
});
