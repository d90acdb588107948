import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Column } from "../../src/core/table.js";
import { fit } from "../../src/models/fitModel.js";
import { parseFormula } from "../../src/models/formula.js";
import { predict } from "../../src/models/predict.js";
import { emptyCoding, evaluateFormula } from "../../src/models/terms.js";
import { withColumns } from "../models/helpers.js";
import { sim600 } from "./fixtures.js";

/** What `r/splines.R` wrote. */
interface SplineReference {
  readonly models: readonly {
    readonly name: string;
    readonly fixed: string;
    readonly random: string;
    readonly reml: boolean;
    readonly nPersons: number;
    readonly nObservations: number;
    readonly logLik: number;
    readonly coefficients: readonly number[];
    readonly standardErrors: readonly number[];
    readonly fittedAt: readonly number[];
    readonly fitted: readonly number[];
  }[];
  readonly basis: {
    readonly knots: readonly number[];
    readonly x: readonly number[];
    readonly values: readonly (readonly number[])[];
  };
}

const reference = JSON.parse(
  readFileSync(new URL("splines-sim600.json", import.meta.url), "utf8"),
) as SplineReference;

describe("ns of R", () => {
  const weeks = (values: ArrayLike<number>): Map<string, Column> =>
    new Map([["week", { kind: "numeric", values: Float64Array.from(values) }]]);
  const column = sim600().columns.get("week")!;
  const data = column.kind === "numeric" ? column.values : new Float64Array(0);

  test("has the same knots and columns, beyond the boundaries too", () => {
    const coding = emptyCoding();
    const formula = parseFormula("0 + ns(week, 4)");
    evaluateFormula(formula, weeks(data), data.length, coding);
    // R's figures have 12 digits.
    coding.knots["ns(week,4)"]!.interior.forEach((knot, j) => {
      expect(knot).toBeCloseTo(reference.basis.knots[j]!, 10);
    });
    const { x, values } = reference.basis;
    const ours = evaluateFormula(formula, weeks(x), x.length, coding);
    expect(ours.values).toHaveLength(4);
    ours.values.forEach((own, c) => {
      own.forEach((value, r) => {
        expect(value, `column ${c + 1} at ${x[r]}`).toBeCloseTo(values[r]![c]!, 10);
      });
    });
  });
});

describe("lme4", () => {
  test.each(reference.models.map((model) => [model.name, model] as const))("%s", async (_, model) => {
    const table = sim600();
    const spec = {
      outcome: "phq9",
      time: "week",
      fixed: model.fixed,
      random: model.random,
      reml: model.reml,
    };
    const result = await fit(table, spec);
    expect(result.nPersons).toBe(model.nPersons);
    expect(result.nObservations).toBe(model.nObservations);
    // Both programs stop within 1e-5 of the maximum.
    expect(Math.abs(result.logLikelihood - model.logLik)).toBeLessThan(2e-5);
    const coefficients = result.parameters.filter((p) => p.block === "fixed");
    model.coefficients.forEach((value, j) => {
      const { name, estimate, standardError } = coefficients[j]!;
      expect(Math.abs(estimate - value) / model.standardErrors[j]!, name).toBeLessThan(1e-3);
      // lme4 takes the variances as known: the observed information does not.
      expect(Math.abs(standardError! / model.standardErrors[j]! - 1), name).toBeLessThan(0.02);
    });
    // Fitted means of new data, coded as the model was, one of them far outside.
    const at = withColumns(table, {
      week: (row, r) => model.fittedAt[r] ?? row.week!,
      agec: () => 0.5,
      phq9: () => 10,
    });
    const { fitted } = predict(result, at).rows;
    model.fitted.forEach((value, r) => {
      expect(Math.abs(fitted[r]! - value), `at ${model.fittedAt[r]}`).toBeLessThan(1e-3);
    });
  });
});
