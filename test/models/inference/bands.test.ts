import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createStream } from "../../../src/core/random.js";
import { curveBands, curveFactor, simultaneousWidth } from "../../../src/models/inference/bands.js";

/** A quadratic over 13 weeks and a covariance of its coefficients. */
const weeks = Array.from({ length: 13 }, (_, t) => t);
const design = weeks.map((t) => [1, t, t * t]);
const covariance = [
  [0.09, -0.02, 0.0011],
  [-0.02, 0.01, -0.0006],
  [0.0011, -0.0006, 0.00005],
];
const factor = curveFactor(design, covariance);

describe("the factor of a curve", () => {
  test("gives the covariances of its points", () => {
    for (const s of [0, 5, 12])
      for (const t of [0, 3, 12]) {
        let expected = 0;
        for (let i = 0; i < 3; i++)
          for (let j = 0; j < 3; j++) expected += design[s]![i]! * covariance[i]![j]! * design[t]![j]!;
        const product = factor[s]!.reduce((sum, value, a) => sum + value * factor[t]![a]!, 0);
        expect(product).toBeCloseTo(expected, 12);
      }
  });

  test("exists for a covariance that is singular or zero", () => {
    const rows = curveFactor(
      [[1, 1]],
      [
        [4, -4],
        [-4, 4],
      ],
    );
    expect(rows[0]!.reduce((sum, value) => sum + value ** 2, 0)).toBeCloseTo(0, 12);
    expect(
      curveFactor(
        [[1, 2]],
        [
          [0, 0],
          [0, 0],
        ],
      ),
    ).toEqual([[0, 0]]);
  });
});

describe("the width of a simultaneous band", () => {
  test("is 1.96 where all points move together, and where nothing moves", () => {
    expect(simultaneousWidth([[0.3], [2], [-1]])).toBe(1.959963984540054);
    expect(
      simultaneousWidth([
        [0.3, 0.6],
        [1, 2],
      ]),
    ).toBe(1.959963984540054);
    expect(simultaneousWidth([[0], [0]])).toBe(1.959963984540054);
    expect(simultaneousWidth([])).toBe(1.959963984540054);
  });

  test.each([2, 3, 5])("of %s independent points is that of their maximum", (n) => {
    const identity = Array.from({ length: n }, (_, i) =>
      Array.from({ length: n }, (_v, j) => (i === j ? 2 : 0)),
    );
    // P(max |Z| < c) = (2 Phi(c) - 1)^n = 0.95
    const exact = { 2: 2.2365, 3: 2.3877, 5: 2.5689 }[n]!;
    // Three Monte Carlo errors of about 0.01.
    expect(Math.abs(simultaneousWidth(identity) - exact)).toBeLessThan(0.03);
  });

  test("lies between one point's and Scheffe's, whatever the curve", () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 3, maxLength: 3 }), {
          minLength: 2,
          maxLength: 20,
        }),
        (rows) => {
          const width = simultaneousWidth(rows);
          expect(width).toBeGreaterThanOrEqual(1.959963984540054);
          // Root of the 95% quantile of chi-square with 3 degrees of freedom, which no direction can pass.
          expect(width).toBeLessThan(2.7955 + 1e-6);
        },
      ),
      { numRuns: 15 },
    );
  });

  test("does not depend on unit or origin of time, nor on how the coefficients are turned", () => {
    const width = simultaneousWidth(factor);
    expect(width).toBeGreaterThan(2.2);
    const angle = 0.7;
    const turned = factor.map(([a, b, c]) => [
      c!,
      a! * Math.cos(angle) - b! * Math.sin(angle),
      a! * Math.sin(angle) + b! * Math.cos(angle),
    ]);
    expect(simultaneousWidth(turned)).toBeCloseTo(width, 6);
    const months = curveFactor(
      weeks.map((t) => [(t - 12) ** 2 / 16, (t - 12) / 4, 1]),
      recentred(),
    );
    expect(simultaneousWidth(months)).toBeCloseTo(width, 6);
    expect(simultaneousWidth(factor.map((row) => row.map((value) => -5 * value)))).toBeCloseTo(width, 6);
  });

  test("keeps the whole curve inside in 95% of samples", () => {
    const width = simultaneousWidth(factor);
    const stream = createStream(11);
    const samples = 20_000;
    let inside = 0;
    for (let s = 0; s < samples; s++) {
      const z = [stream.normal(), stream.normal(), stream.normal()];
      if (
        factor.every((row) => {
          const length = Math.hypot(...row);
          return Math.abs(row.reduce((sum, value, a) => sum + value * z[a]!, 0)) <= width * length;
        })
      )
        inside++;
    }
    // Errors of both samples: 0.15% here, 0.1% in the width.
    expect(Math.abs(inside / samples - 0.95)).toBeLessThan(0.006);
  });
});

/** Covariance of the coefficients of (u^2, u, 1), u = (week - 12) / 4. */
function recentred(): number[][] {
  // 1, t, t^2 in terms of u: t = 4 u + 12, t^2 = 16 u^2 + 96 u + 144.
  const map = [
    [0, 0, 16],
    [0, 4, 96],
    [1, 12, 144],
  ];
  return map.map((left) =>
    map.map((right) =>
      left.reduce(
        (sum, a, i) => sum + a * right.reduce((inner, b, j) => inner + covariance[i]![j]! * b, 0),
        0,
      ),
    ),
  );
}

describe("bands", () => {
  test("pointwise ones are 1.96 standard errors, simultaneous ones are wider", () => {
    const mean = weeks.map((t) => 15 - t);
    const bands = curveBands(mean, factor);
    weeks.forEach((t) => {
      let variance = 0;
      for (let i = 0; i < 3; i++)
        for (let j = 0; j < 3; j++) variance += design[t]![i]! * covariance[i]![j]! * design[t]![j]!;
      expect(bands.upper[t]! - mean[t]!).toBeCloseTo(1.959963984540054 * Math.sqrt(variance), 12);
      expect(mean[t]! - bands.lower[t]!).toBeCloseTo(1.959963984540054 * Math.sqrt(variance), 12);
      expect(bands.simultaneousUpper[t]! - mean[t]!).toBeCloseTo(
        bands.simultaneousWidth! * Math.sqrt(variance),
        12,
      );
      expect(bands.simultaneousLower[t]!).toBeLessThan(bands.lower[t]!);
    });
    expect(curveBands(mean, factor)).toEqual(bands);
  });

  test("are null where the uncertainty is not known", () => {
    expect(curveBands([1, 2], null)).toEqual({
      lower: [null, null],
      upper: [null, null],
      simultaneousLower: [null, null],
      simultaneousUpper: [null, null],
      simultaneousWidth: null,
    });
  });
});
