import { describe, expect, test } from "vitest";
import { createStream } from "../../../src/core/random.js";
import { covarianceOfColumns, summarise } from "../../../src/models/bootstrap/summary.js";

test("standard error, bias and interval of known numbers", () => {
  const values = Float64Array.from({ length: 39 }, (_, b) => (b * 7) % 39);
  const { standardError, bias, lower, upper } = summarise(18, values);
  expect(standardError).toBeCloseTo(Math.sqrt((39 * 40) / 12), 12);
  expect(bias).toBeCloseTo(1, 12);
  // (39 + 1) 0.025 = 1: the smallest and the largest.
  expect([lower, upper]).toEqual([0, 38]);
});

test("ends between two replicates are interpolated, as R's quantile(x, c(.025, .975), type = 6)", () => {
  const { lower, upper } = summarise(
    0,
    Float64Array.from({ length: 100 }, (_, b) => (b + 1) ** 2),
  );
  // Positions 2.525 and 98.475.
  expect(lower).toBeCloseTo(4 + 0.525 * 5, 10);
  expect(upper).toBeCloseTo(9604 + 0.475 * 197, 10);
});

describe("what replicates cannot tell is null", () => {
  test("too few for an interval", () => {
    const { standardError, lower, upper } = summarise(
      1,
      Float64Array.from({ length: 38 }, (_, b) => b),
    );
    expect(standardError).toBeGreaterThan(0);
    expect([lower, upper]).toEqual([null, null]);
  });

  test.each([
    ["none", []],
    ["one", [3]],
    ["a number that does not vary", new Array<number>(50).fill(3)],
  ])("%s", (_, values) => {
    expect(summarise(3, Float64Array.from(values))).toEqual({
      estimate: 3,
      standardError: null,
      bias: null,
      lower: null,
      upper: null,
    });
  });
});

test("the covariance has the squared standard errors in its diagonal, and the scale of linear maps", () => {
  const stream = createStream(3);
  const x = Float64Array.from({ length: 60 }, () => stream.normal());
  const values = new Float64Array(180);
  x.forEach((value, r) => {
    values.set([value, stream.normal(), 2 * value + 5], r * 3);
  });
  const covariance = covarianceOfColumns(values, 3)!;
  expect(covariance[0]![0]).toBeCloseTo(summarise(0, x).standardError! ** 2, 12);
  expect(covariance[2]![2]).toBeCloseTo(4 * covariance[0]![0]!, 12);
  expect(covariance[0]![2]).toBeCloseTo(2 * covariance[0]![0]!, 12);
  expect(covariance[1]![2]).toBe(covariance[2]![1]);
  expect(covarianceOfColumns(values.subarray(0, 3), 3)).toBeNull();
});
