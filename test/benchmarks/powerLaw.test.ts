import { describe, expect, it } from "vitest";
import { fitPowerLaw } from "../../benchmarks/suite/powerLaw.js";

describe("fitPowerLaw", () => {
  it("finds the exponent and factor of an exact law", () => {
    const xs = [10, 100, 1000, 20_000];
    const law = fitPowerLaw(
      xs,
      xs.map((x) => 3 * x ** 1.25),
    );
    expect(law.exponent).toBeCloseTo(1.25, 12);
    expect(law.factor).toBeCloseTo(3, 10);
    expect(law.standardError).toBeLessThan(1e-7);
  });

  it("agrees with least squares on the logarithms done by hand", () => {
    // log y = 0, 1, 1 at log x = 0, 1, 2: slope 1/2, residuals -1/6, 1/3, -1/6, standard error sqrt(1/6 / 2).
    const { exponent, standardError } = fitPowerLaw([1, Math.E, Math.E ** 2], [1, Math.E, Math.E]);
    expect(exponent).toBeCloseTo(0.5, 12);
    expect(standardError).toBeCloseTo(Math.sqrt(1 / 12), 12);
  });

  it("does not change with the unit of size or time", () => {
    const ys = [1, 2.1, 3.8, 8.5];
    const law = fitPowerLaw([1, 2, 4, 8], ys);
    const other = fitPowerLaw(
      [1000, 2000, 4000, 8000],
      ys.map((y) => y * 60),
    );
    expect(other.exponent).toBeCloseTo(law.exponent, 12);
    expect(other.standardError).toBeCloseTo(law.standardError, 12);
  });

  it("refuses a single size", () => {
    expect(() => fitPowerLaw([5, 5], [1, 2])).toThrow(RangeError);
  });
});
