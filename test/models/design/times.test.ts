import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { describeTimes, orderStatistics } from "../../../src/models/design/times.js";

const times = (...people: number[][]): [Float64Array, Int32Array] => {
  const start = [0];
  for (const own of people) start.push(start.at(-1)! + own.length);
  return [Float64Array.from(people.flat()), Int32Array.from(start)];
};

test("few distinct times are the grid", () => {
  expect(describeTimes(...times([0, 1, 2], [0, 2, 5], [1]))).toEqual({
    minimum: 0,
    maximum: 5,
    // Last times 2, 5, 1: half the persons were seen at 2 or later.
    lastCommon: 2,
    grid: [0, 1, 2, 5],
  });
});

test("of an even number of persons the lower middle last time counts", () => {
  expect(describeTimes(...times([1], [2], [3], [9])).lastCommon).toBe(2);
});

test("many times give even steps from the first to the last", () => {
  const { grid } = describeTimes(...times(Array.from({ length: 200 }, (_, i) => i ** 1.5)));
  expect(grid).toHaveLength(61);
  expect(grid[0]).toBe(0);
  expect(grid[60]).toBe(199 ** 1.5);
  for (let j = 2; j < 61; j++) expect(grid[j]! - grid[j - 1]!).toBeCloseTo(grid[1]! - grid[0]!, 9);
});

test("where time is a factor the grid holds only times seen", () => {
  const seen = Array.from({ length: 200 }, (_, i) => i ** 1.5);
  const { grid } = describeTimes(...times(seen), true);
  expect(grid).toHaveLength(61);
  expect(new Set(grid).size).toBe(61);
  for (const t of grid) expect(seen).toContain(t);
});

describe("order statistics", () => {
  test("are those of the sorted values", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.double({ min: -1e3, max: 1e3, noNaN: true }), fc.integer({ min: -3, max: 3 })), {
          minLength: 1,
          maxLength: 300,
        }),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), { maxLength: 6 }),
        (list, shares) => {
          const values = Float64Array.from(list, (value) => value + 0);
          const ranks = shares.map((share) => Math.floor(share * values.length));
          const sorted = values.slice().sort();
          expect(orderStatistics(values, ranks)).toEqual(ranks.map((rank) => sorted[rank]!));
        },
      ),
    );
  });

  test("of values alike, next to each other and very far apart", () => {
    for (const values of [
      [2, 2, 2],
      [1, 1 + Number.EPSILON, 1],
      [-1e308, 0, 1e308, 5],
    ])
      expect(orderStatistics(Float64Array.from(values), [0, 1, values.length - 1])).toEqual(
        [0, 1, values.length - 1].map((rank) => [...values].sort((a, b) => a - b)[rank]),
      );
  });
});
