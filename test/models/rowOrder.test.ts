import { describe, expect, test } from "vitest";
import { diagnose } from "../../src/models/diagnostics.js";
import { fit } from "../../src/models/fitModel.js";
import { predict } from "../../src/models/predict.js";
import type { ModelSpecInput } from "../../src/models/spec.js";
import { cohort, ordinary, problemsOf, QUICK, shuffledRows, withColumns } from "./helpers.js";

const base: ModelSpecInput = { outcome: "score", time: "time", fixed: "1 + time", random: "1" };
const people = cohort(40, (person) => 2 + (person % 5), ordinary);

describe("the order of a person's rows says nothing, where their residuals are correlated either", () => {
  test.each<Partial<ModelSpecInput>>([
    { residual: "ar1" },
    { residual: "car1" },
    { residual: "ar1+occasion" },
    { residual: "car1", reml: true },
    // Time runs backwards: sessions are counted by the occasion.
    { residual: "ar1", time: "left", fixed: "1 + left", occasion: "time" },
  ])("%o", async (model) => {
    const table = withColumns(people, { left: (row) => 100 - row.time! });
    const mixed = shuffledRows(table, 3);
    const spec = { ...base, ...model };
    const [one, other] = [await fit(table, spec, QUICK), await fit(mixed, spec, QUICK)];
    expect(other.logLikelihood).toBeCloseTo(one.logLikelihood, 7);
    one.parameters.forEach(({ estimate }, i) => {
      expect(other.parameters[i]!.estimate).toBeCloseTo(estimate, 4);
    });
    const byRow = (result: typeof one, rows: typeof table): Map<string, number> => {
      const { personIds, time, predicted } = predict(result, rows).rows;
      return new Map(personIds.map((id, r) => [`${id} ${time[r]}`, predicted[r]!]));
    };
    const [expected, actual] = [byRow(one, table), byRow(other, mixed)];
    expect(actual.size).toBe(expected.size);
    for (const [row, value] of expected) expect(actual.get(row)).toBeCloseTo(value, 4);
    expect(diagnose(other, mixed).residuals.shape.sd).toBeCloseTo(diagnose(one, table).residuals.shape.sd, 5);
  });

  test("two scores at the same time are refused, and the message names the person", async () => {
    const table = withColumns(people, { time: (row, r) => (r === 1 ? 0 : row.time!) });
    const problems = await problemsOf(() => fit(table, { ...base, residual: "car1" }, QUICK));
    expect(problems.map(({ code }) => code)).toEqual(["occasion-repeated"]);
    expect(problems[0]!.where).toContain("person p0, time 0 and 0");
  });

  test("rows without an occasion are set aside, and counted", async () => {
    const table = withColumns(people, { session: (row, r) => (r % 10 === 3 ? null : row.time!) });
    for (const residual of ["ar1", "occasion"] as const) {
      const result = await fit(table, { ...base, residual, occasion: "session" }, QUICK);
      const expected = Math.ceil((table.nRows - 3) / 10);
      expect(result.rows.setAside.map(({ reason, rows }) => [reason, rows])).toEqual([
        ["missing session", expected],
      ]);
      expect(result.nObservations).toBe(table.nRows - expected);
    }
  });
});
