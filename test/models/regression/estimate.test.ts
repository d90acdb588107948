import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { assignmentFor, classify } from "../../../src/models/regression/classification.js";
import { estimateRegression } from "../../../src/models/regression/estimate.js";
import { evaluateMultinomial, type MultinomialProblem } from "../../../src/models/regression/multinomial.js";
import { designOf, reference, referencePosteriors } from "./helpers.js";

const { persons } = reference;
const everyone = [...persons.id.keys()];
const design = designOf({
  agec: persons.age.map((age) => (age - 38) / 10),
  employed: persons.employed,
  ltc: persons.ltc,
});

describe("against R on sim600", () => {
  test("classification tables", () => {
    for (const [proportional, expected] of [
      [false, reference.table],
      [true, reference.tableProportional],
    ] as const) {
      const { table } = classify(referencePosteriors, proportional);
      expected.flat().forEach((value, cell) => {
        expect(Math.abs(table[cell]! - value)).toBeLessThan(1e-10);
      });
    }
  });

  test.each(Object.entries(reference.entries))("%s", (_, entry) => {
    const step2 = classify(referencePosteriors, entry.assignment === "proportional");
    const estimate = estimateRegression(design, assignmentFor(step2, entry.correction, everyone)!);
    expect(estimate.converged).toBe(true);
    expect(Math.abs(estimate.logLikelihood - entry.logLik)).toBeLessThan(1e-8);
    const names = Object.keys(entry.estimates);
    expect(names).toHaveLength(8);
    names.forEach((name, j) => {
      expect(Math.abs(estimate.coefficients[j]! - entry.estimates[name]!)).toBeLessThan(1e-5);
      const se = Math.sqrt(estimate.modelCovariance![j * 9]!);
      expect(Math.abs(se / entry.se[name]! - 1)).toBeLessThan(1e-4);
      if (entry.seRobust === null) return;
      const robust = Math.sqrt(estimate.robustCovariance![j * 9]!);
      expect(Math.abs(robust / entry.seRobust[name]! - 1)).toBeLessThan(1e-4);
    });
  });
});

describe("laws", () => {
  const small: MultinomialProblem = {
    nPersons: 5,
    nColumns: 2,
    nClasses: 3,
    design: Float64Array.of(1, 0.2, 1, -1, 1, 0.7, 1, 2, 1, -0.4),
    assignment: Float64Array.of(1, 0, 0, 0.2, 0.5, 0.3, 0, 0, 1, -0.1, 1.3, -0.2, 0, 1, 0),
    table: Float64Array.of(0.8, 0.15, 0.05, 0.1, 0.7, 0.2, 0.02, 0.08, 0.9),
  };

  test.each([
    ["corrected", small],
    ["uncorrected", { ...small, table: null }],
  ])("gradient and information are the derivatives of the log-likelihood: %s", (_, problem) => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: 4, maxLength: 4 }),
        (values) => {
          const point = Float64Array.from(values);
          const { gradient, information } = evaluateMultinomial(problem, point);
          for (let j = 0; j < 4; j++) {
            const at = (step: number) =>
              evaluateMultinomial(
                problem,
                point.map((value, k) => (k === j ? value + step : value)),
              );
            const [up, down] = [at(1e-5), at(-1e-5)];
            expect(Math.abs((up.logLikelihood - down.logLikelihood) / 2e-5 - gradient[j]!)).toBeLessThan(
              1e-7,
            );
            for (let k = 0; k < 4; k++)
              expect(
                Math.abs((down.gradient[k]! - up.gradient[k]!) / 2e-5 - information[j * 4 + k]!),
              ).toBeLessThan(1e-7);
          }
        },
      ),
      { numRuns: 30 },
    );
  });

  test("units of a covariate do not matter, however unhandy", () => {
    const step2 = classify(referencePosteriors, false);
    const assignment = assignmentFor(step2, "ml", everyone)!;
    const plain = estimateRegression(designOf({ age: persons.age }), assignment);
    const shifted = estimateRegression(designOf({ age: persons.age.map((a) => 1e6 + 1e-3 * a) }), assignment);
    expect(shifted.aliased).toEqual([]);
    expect(shifted.logLikelihood).toBeCloseTo(plain.logLikelihood, 8);
    expect(shifted.coefficients[1]! / 1000).toBeCloseTo(plain.coefficients[1]!, 6);
  });

  test("a perfect classification needs no correction", () => {
    const sure = {
      ...referencePosteriors,
      values: Float64Array.from(persons.modal.flatMap((m) => [1, 2, 3].map((k) => Number(k === m)))),
    };
    const [ml, bch, none] = (["ml", "bch", "none"] as const).map((correction) =>
      estimateRegression(design, assignmentFor(classify(sure, false), correction, everyone)!),
    );
    ml!.coefficients.forEach((value, j) => {
      expect(bch!.coefficients[j]!).toBeCloseTo(value, 8);
      expect(none!.coefficients[j]!).toBeCloseTo(value, 8);
    });
  });

  test("constant and collinear columns are left out by name", () => {
    const step2 = classify(referencePosteriors, false);
    const estimate = estimateRegression(
      designOf({
        age: persons.age,
        months: persons.age.map((a) => 12 * a),
        site: persons.age.map(() => 4),
        female: persons.female,
        both: persons.age.map((a, i) => 2 * a - persons.female[i]!),
      }),
      assignmentFor(step2, "ml", everyone)!,
    );
    expect(estimate.columns).toEqual([0, 1, 4]);
    expect(estimate.aliased).toEqual([
      "site is 4 for everyone in the analysis",
      "months is an exact combination of age",
      "both is an exact combination of age and female",
    ]);
    expect(estimate.converged).toBe(true);
  });
});
