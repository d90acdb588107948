import { expect, test } from "vitest";
import { describeTimes } from "../../../src/models/design/times.js";

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
