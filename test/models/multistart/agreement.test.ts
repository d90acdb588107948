import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { adjustedRandIndex, cheapestAssignment } from "../../../src/models/multistart/agreement.js";

describe("adjusted Rand index", () => {
  test("the example of Hubert and Arabie (1985) by hand", () => {
    // Table [[2, 1], [0, 3]]: 4 pairs together in both, 3 + 3 = 6 in the rows, 1 + 6 = 7 in the columns, of 15.
    const a = [1, 1, 1, 2, 2, 2];
    const b = [1, 1, 2, 2, 2, 2];
    const chance = (6 * 7) / 15;
    expect(adjustedRandIndex(a, b)).toBeCloseTo((4 - chance) / (6.5 - chance), 12);
  });

  test("labels do not matter, order of the two neither", () => {
    const groups = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 2, maxLength: 40 });
    fc.assert(
      fc.property(groups, groups, (a, b) => {
        const n = Math.min(a.length, b.length);
        const [x, y] = [a.slice(0, n), b.slice(0, n)];
        const index = adjustedRandIndex(x, y);
        expect(
          adjustedRandIndex(
            x.map((label) => 9 - label),
            y,
          ),
        ).toBeCloseTo(index, 12);
        expect(adjustedRandIndex(y, x)).toBeCloseTo(index, 12);
        expect(adjustedRandIndex(x, x)).toBe(1);
        expect(index).toBeLessThanOrEqual(1 + 1e-12);
      }),
    );
  });

  test("trivial classifications", () => {
    expect(adjustedRandIndex([1, 1, 1], [2, 2, 2])).toBe(1);
    expect(adjustedRandIndex([1], [2])).toBe(1);
    expect(adjustedRandIndex([], [])).toBe(1);
  });
});

describe("cheapest assignment", () => {
  const permutations = (n: number): number[][] =>
    n === 0
      ? [[]]
      : permutations(n - 1).flatMap((rest) =>
          Array.from({ length: n }, (_, at) => [...rest.slice(0, at), n - 1, ...rest.slice(at)]),
        );
  const total = (cost: number[][], columns: readonly number[]): number =>
    columns.reduce((sum, column, row) => sum + cost[row]![column]!, 0);

  test("is the best of all permutations", () => {
    const matrix = fc.integer({ min: 1, max: 5 }).chain((n) =>
      fc.array(fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: n, maxLength: n }), {
        minLength: n,
        maxLength: n,
      }),
    );
    fc.assert(
      fc.property(matrix, (cost) => {
        const found = cheapestAssignment(cost);
        expect([...found].sort()).toEqual(cost.map((_, k) => k));
        const best = Math.min(...permutations(cost.length).map((columns) => total(cost, columns)));
        expect(total(cost, found)).toBeCloseTo(best, 9);
      }),
    );
  });
});
