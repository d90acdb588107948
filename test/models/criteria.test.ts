import { expect, test } from "vitest";
import { classificationEntropy, informationCriteria } from "../../src/models/criteria.js";

test("criteria follow their formulas", () => {
  const posteriors = Float64Array.of(0.9, 0.1, 0.5, 0.5, 1, 0);
  const e = -(0.9 * Math.log(0.9) + 0.1 * Math.log(0.1)) - 2 * 0.5 * Math.log(0.5);
  expect(classificationEntropy(posteriors)).toBeCloseTo(e, 15);
  const criteria = informationCriteria(-100, 7, 3, 2, posteriors);
  expect(criteria.aic).toBeCloseTo(214, 12);
  expect(criteria.bic).toBeCloseTo(200 + 7 * Math.log(3), 12);
  expect(criteria.sabic).toBeCloseTo(200 + 7 * Math.log(5 / 24), 12);
  expect(criteria.caic).toBeCloseTo(200 + 7 * (Math.log(3) + 1), 12);
  expect(criteria.awe).toBeCloseTo(200 + 2 * e + 14 * (Math.log(3) + 1.5), 12);
  expect(criteria.iclBic).toBeCloseTo(200 + 7 * Math.log(3) + 2 * e, 12);
  expect(criteria.entropy).toBeCloseTo(1 - e / (3 * Math.log(2)), 12);
});

test("one class has no entropy", () => {
  const criteria = informationCriteria(-100, 3, 50, 1, new Float64Array(50).fill(1));
  expect(criteria.entropy).toBeNull();
  expect(criteria.iclBic).toBe(criteria.bic);
});

test("certain classes have entropy 1, even guesses 0", () => {
  expect(informationCriteria(-1, 1, 2, 2, Float64Array.of(1, 0, 0, 1)).entropy).toBe(1);
  expect(informationCriteria(-1, 1, 2, 2, Float64Array.of(0.5, 0.5, 0.5, 0.5)).entropy).toBeCloseTo(0, 15);
});
