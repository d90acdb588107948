import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  chiSquareUpperTail,
  fUpperTail,
  logSumExp,
  NORMAL_95,
  normalQuantile,
  normalUpperTail,
  softmaxInto,
  tQuantile,
  tUpperTail,
  twoSidedP,
} from "../../src/core/distributions.js";

// Every figure below is from R 4.2.2; the call is in the test's name.

function expectClose(actual: number, expected: number, relative = 1e-10): void {
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(relative * Math.abs(expected));
}

describe("against R", () => {
  test.each([
    [-37, 5.725571222524577e-300],
    [-20, 2.7536241186062337e-89],
    [-8, 6.220960574271785e-16],
    [-5, 2.866515718791939e-7],
    [-1.5, 0.06680720126885807],
    [-1, 0.15865525393145705],
    [-0.5, 0.30853753872598694],
    [0, 0.5],
    [0.3, 0.6179114221889527],
    [2, 0.9772498680518208],
    [6, 0.9999999990134123],
    [9, 1],
  ])("pnorm(%d) = %d", (z, expected) => expectClose(normalUpperTail(-z), expected));

  test.each([
    [-9, 1],
    [-2, 0.9772498680518208],
    [0, 0.5],
    [0.5, 0.30853753872598694],
    [1.96, 0.024997895148220428],
    [3, 0.0013498980316300946],
    [5, 2.866515718791939e-7],
    [8, 6.220960574271785e-16],
    [10, 7.619853024160527e-24],
    [20, 2.7536241186062337e-89],
    [30, 4.906713927148187e-198],
    [37, 5.725571222524577e-300],
  ])("pnorm(%d, lower.tail = FALSE) = %d", (z, expected) => expectClose(normalUpperTail(z), expected));

  test.each([
    [1e-300, -37.0470962993612],
    [1e-100, -21.27345356096532],
    [1e-20, -9.262340089798405],
    [1e-10, -6.361340902404056],
    [1e-5, -4.2648907939228256],
    [0.001, -3.090232306167813],
    [0.025, -1.9599639845400538],
    [0.3, -0.5244005127080407],
    [0.4999, -0.0002506628300880075],
    [0.5, 0],
    [0.500001, 2.5066282747057056e-6],
    [0.975, 1.9599639845400536],
    [0.999, 3.090232306167813],
  ])("qnorm(%d) = %d", (p, expected) => expectClose(normalQuantile(p), expected));

  test.each([
    [1e-6, 1, 0.9992021155721779],
    [0.1, 1, 0.7518296340458493],
    [3.84, 1, 0.050043521248705224],
    [50, 1, 1.5374597944280343e-12],
    [200, 1, 2.088487583762545e-45],
    [5, 3, 0.1717971442967332],
    [1000, 3, 1.7994208765314476e-216],
    [12, 20, 0.9160759830051242],
    [100, 20, 1.259608459166091e-12],
    [300, 20, 8.082849629775909e-52],
    [500, 400, 0.0004822127595934335],
    [2, 400, 1],
  ])("pchisq(%d, %d, lower.tail = FALSE) = %d", (x, df, expected) =>
    expectClose(chiSquareUpperTail(x, df), expected),
  );

  test.each([
    [1e-5, 10, 0.4999961089161604],
    [0.1, 1, 0.4682744825694464],
    [3.84, 3, 0.015574733620055141],
    [10, 10, 7.947765877982051e-7],
    [50, 10, 1.2371551646513438e-13],
    [2, 100000, 0.022751481728753232],
    [30, 100000, 3.689268436110912e-197],
    [-2.5, 7, 0.9795038907071236],
    [1, 0.5, 0.30112161084132205],
  ])("pt(%d, %d, lower.tail = FALSE) = %d", (t, df, expected) => expectClose(tUpperTail(t, df), expected));

  test.each([
    [0.975, 1, 12.706204736174694],
    [0.975, 10, 2.228138851986274],
    [0.975, 100000, 1.9599877075346088],
    [1e-10, 5, -156.82559270889428],
    [0.5001, 4, 0.00026666667061729334],
    [0.025, 2.5, -3.574654842003693],
    [1e-30, 3, -10331108360.446497],
    [0.999, 200, 3.1314798142211213],
  ])("qt(%d, %d) = %d", (p, df, expected) => expectClose(tQuantile(p, df), expected));

  test.each([
    [0.1, 1, 10, 0.7583315357111738],
    [3.84, 3, 20, 0.02541737527307211],
    [10, 10, 30, 4.1052783852979217e-7],
    [50, 10, 100, 1.9168227637538266e-34],
    [0.0001, 2, 5, 0.99990000699958],
    [1.2, 300, 400, 0.04474534068337958],
    [2, 4, 1000000, 0.09157907359355603],
  ])("pf(%d, %d, %d, lower.tail = FALSE) = %d", (f, df1, df2, expected) =>
    expectClose(fUpperTail(f, df1, df2), expected),
  );

  test("2 * pnorm(-abs(c(-4.2, 0, 12)))", () => {
    expectClose(twoSidedP(-4.2), 2.669149803181266e-5);
    expect(twoSidedP(0)).toBe(1);
    expectClose(twoSidedP(12), 3.552964224155358e-33);
  });
});

describe("laws and edges", () => {
  test("quantile and distribution function undo each other", () => {
    expectClose(normalQuantile(0.975), NORMAL_95);
    fc.assert(
      fc.property(fc.double({ min: -37, max: 5, noNaN: true }), (z) => {
        expect(Math.abs(normalQuantile(normalUpperTail(-z)) - z)).toBeLessThan(1e-9);
      }),
    );
    fc.assert(
      fc.property(
        fc.double({ min: 1e-12, max: 0.999, noNaN: true }),
        fc.integer({ min: 1, max: 500 }),
        (p, df) => {
          expectClose(tUpperTail(-tQuantile(p, df), df), p, 1e-9);
        },
      ),
    );
  });

  test("limits and impossible arguments", () => {
    expect(normalUpperTail(Number.POSITIVE_INFINITY)).toBe(0);
    expect(normalUpperTail(Number.NEGATIVE_INFINITY)).toBe(1);
    expect(normalQuantile(0)).toBe(Number.NEGATIVE_INFINITY);
    expect(normalQuantile(1)).toBe(Number.POSITIVE_INFINITY);
    expect(normalQuantile(1.5)).toBeNaN();
    expect(chiSquareUpperTail(-1, 2)).toBe(1);
    expect(chiSquareUpperTail(Number.POSITIVE_INFINITY, 2)).toBe(0);
    expect(chiSquareUpperTail(1, 0)).toBeNaN();
    expect(tQuantile(0.5, 3)).toBe(0);
    expect(tQuantile(0, 3)).toBe(Number.NEGATIVE_INFINITY);
    expect(tUpperTail(1, Number.NaN)).toBeNaN();
    expectClose(tUpperTail(1.2, Number.POSITIVE_INFINITY), normalUpperTail(1.2));
    expectClose(fUpperTail(2, 3, Number.POSITIVE_INFINITY), chiSquareUpperTail(6, 3));
    expect(fUpperTail(0, 3, 4)).toBe(1);
  });

  test("an F with one numerator degree of freedom is a squared t", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.01, max: 40, noNaN: true }),
        fc.integer({ min: 1, max: 300 }),
        (t, df) => {
          expectClose(fUpperTail(t * t, 1, df), 2 * tUpperTail(t, df), 1e-9);
        },
      ),
    );
  });

  test("logSumExp survives what exp does not", () => {
    expectClose(logSumExp([-1000, -1000]), -1000 + Math.log(2));
    expectClose(logSumExp([1000, 999, Number.NEGATIVE_INFINITY]), 1000 + Math.log1p(Math.exp(-1)));
    expect(logSumExp([])).toBe(Number.NEGATIVE_INFINITY);
    expect(logSumExp([Number.NaN, Number.NEGATIVE_INFINITY])).toBeNaN();
    expectClose(logSumExp([5, 1, 2, 9], 1, 2), Math.log(Math.exp(1) + Math.exp(2)));
  });

  test("softmaxInto sums to one, ignores a shift, and works in place", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -500, max: 500, noNaN: true }), { minLength: 1, maxLength: 8 }),
        fc.double({ min: -200, max: 200, noNaN: true }),
        (logits, shift) => {
          const plain = new Float64Array(logits.length);
          softmaxInto(plain, logits);
          const shifted = Float64Array.from(logits, (x) => x + shift);
          softmaxInto(shifted, shifted);
          let sum = 0;
          for (let k = 0; k < plain.length; k++) {
            sum += plain[k]!;
            expect(Math.abs(plain[k]! - shifted[k]!)).toBeLessThan(1e-11);
          }
          expect(Math.abs(sum - 1)).toBeLessThan(1e-12);
        },
      ),
    );
  });

  test("softmaxInto writes at an offset", () => {
    const out = new Float64Array(5);
    const logSum = softmaxInto(out, [9, 0, 0, 9], 2, 3, 1);
    expect([...out]).toEqual([0, 0, 0, 0.5, 0.5]);
    expectClose(logSum, Math.log(2));
  });
});
