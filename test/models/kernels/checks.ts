import { expect } from "vitest";

/** Fails unless two numbers agree relative to the largest of 1, the expected and `scale`. */
export function expectClose(
  actual: number,
  expected: number,
  tolerance: number,
  scale: number,
  what: string,
): void {
  expect(Math.abs(actual - expected), `${what}: ${actual} against ${expected}`).toBeLessThanOrEqual(
    tolerance * Math.max(1, Math.abs(expected), scale),
  );
}

/** Central difference with the error term of the second order removed. */
export function numericalGradient(f: (x: Float64Array) => number, x: Float64Array): Float64Array {
  return x.map((_, j) => {
    const at = (step: number): number => {
      const moved = x.slice();
      moved[j]! += step;
      return f(moved);
    };
    const h = 1e-3;
    return (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
  });
}
