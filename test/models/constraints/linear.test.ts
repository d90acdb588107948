import { describe, expect, test } from "vitest";
import { linearForms } from "../../../src/models/constraints/linear.js";

const POINTS: [Float64Array, Float64Array, Float64Array] = [
  Float64Array.from([0.1, -0.2, 0.6]),
  Float64Array.from([-0.3, 0.4, 0.9]),
  Float64Array.from([0.2, 0.1, 0.7]),
];

/** The scale and coefficients found for one function of the vector. */
function formOf(value: (x: Float64Array) => number): ReturnType<typeof linearForms>[number] {
  return linearForms((x) => Float64Array.of(value(x)), POINTS)[0]!;
}

describe("the scale on which a value is linear", () => {
  test.each([
    ["identity", (x: Float64Array) => 3 + 2 * x[0]! - x[1]!, [2, -1, 0], 3],
    ["log", (x: Float64Array) => 5 * Math.exp(x[1]!), [0, 1, 0], Math.log(5)],
    ["square root", (x: Float64Array) => (4 * x[2]!) ** 2, [0, 0, 4], 0],
    ["inverse hyperbolic tangent", (x: Float64Array) => Math.tanh(x[0]!), [1, 0, 0], 0],
    ["logit", (x: Float64Array) => 1 / (1 + Math.exp(-x[0]!)), [1, 0, 0], 0],
  ] as const)("%s", (name, value, coefficients, constant) => {
    const form = formOf(value)!;
    expect(form.transform.name).toBe(name);
    coefficients.forEach((coefficient, j) => {
      expect(form.coefficients[j]).toBeCloseTo(coefficient, 12);
    });
    expect(form.constant).toBeCloseTo(constant, 12);
  });

  test("a function of one entry by the entry that gives the value", () => {
    const value = (x: Float64Array): number => (1 / (1 + Math.exp(-x[1]!))) ** (1 / 7);
    const form = formOf(value)!;
    expect(Array.from(form.coefficients)).toEqual([0, 1, 0]);
    const entry = form.transform.of(0.6);
    expect(value(Float64Array.of(0, entry, 0))).toBeCloseTo(0.6, 13);
    expect(form.transform.of(1.2)).toBeNaN();
  });

  test("none for what depends on several entries in another way", () => {
    expect(formOf((x) => x[0]! * x[1]!)).toBeNull();
    expect(formOf((x) => x[0]! ** 2 + x[1]! ** 2)).toBeNull();
  });

  test("what does not depend on an entry has an exact zero for it, however large the rest", () => {
    const form = formOf((x) => 1e12 * x[0]! + x[1]!)!;
    expect(form.coefficients[2]).toBe(0);
    expect(form.coefficients[1]).toBeCloseTo(1, 3);
  });
});
