import { describe, expect, test } from "vitest";
import { fit } from "../../../src/models/fitModel.js";
import type { FitResult } from "../../../src/models/result.js";
import {
  explainedVarianceTable,
  parametersTable,
  randomEffectsTable,
  residualTable,
  termTestsTable,
} from "../../../src/report/tables/estimates.js";
import type { ReportTable } from "../../../src/report/tables/table.js";
import { cohort, QUICK, twoKinds } from "../../models/helpers.js";

const base = { outcome: "score", time: "time", fixed: "1 + time", random: "1" } as const;
const fitted = (spec: object): Promise<FitResult> =>
  fit(cohort(80, 5, twoKinds), { ...base, ...spec }, QUICK);

function columnOf(table: ReportTable, name: string): unknown[] {
  const at = table.columns.findIndex((each) => each.name === name);
  return table.rows.map((row) => row[at]);
}

describe("estimates of a restricted maximum likelihood fit", () => {
  test("show t with its degrees of freedom, and no empty column of robust errors", async () => {
    const result = await fitted({ reml: true });
    const table = parametersTable(result);
    const shown = table.columns.filter(({ csvOnly }) => !csvOnly).map(({ label }) => label);
    expect(shown).toContain("t");
    expect(shown).toContain("df");
    expect(shown).not.toContain("Robust SE");
    expect(table.note).toContain("Satterthwaite");
    expect(columnOf(table, "df")).toEqual(result.parameters.map(({ df }) => df));
  });

  test("of maximum likelihood show z, and degrees of freedom nowhere on the page", async () => {
    const table = parametersTable(await fitted({}));
    const shown = table.columns.filter(({ csvOnly }) => !csvOnly).map(({ label }) => label);
    expect(shown).toContain("z");
    expect(shown).not.toContain("df");
  });
});

describe("residuals", () => {
  test("of one variance stand under the random effects, and have no table", async () => {
    const result = await fitted({});
    expect(residualTable(result)).toBeNull();
    expect(randomEffectsTable(result)!.note).toBe(
      `Residual standard deviation: ${result.residual.sd[0]!.toFixed(2)}.`,
    );
  });

  test("by class and occasion have a row for each, with the occasion's number", async () => {
    const result = await fitted({ classes: 2, random: "0", residual: "class+occasion" });
    const table = residualTable(result)!;
    const { occasions, sd } = result.residual;
    expect(columnOf(table, "class")).toEqual(sd.map((_, i) => (i < occasions!.length ? "1" : "2")));
    expect(columnOf(table, "occasion")).toEqual([...occasions!, ...occasions!]);
    expect(columnOf(table, "standard_deviation")).toEqual(sd);
  });

  test("that are correlated say how far apart", async () => {
    const result = await fitted({ residual: "ar1" });
    expect(residualTable(result)!.note).toBe(
      `Autocorrelation of residuals one session apart: ${result.residual.autocorrelation!.toFixed(2).replace("-", "−")}.`,
    );
    expect(residualTable(result)!.rows).toHaveLength(1);
  });
});

test("whole terms are tested where a term has several coefficients", async () => {
  const result = await fitted({ classes: 2, random: "0" });
  const table = termTestsTable(result)!;
  expect(table.rows).toHaveLength(result.termTests.length);
  expect(columnOf(table, "p")).toEqual(result.termTests.map(({ p }) => p));
  const first = table.rows.findIndex((_, i) => columnOf(table, "question")[i] === "Has it any effect?");
  expect(columnOf(table, "term")[first]).toBe("time");
  expect(columnOf(table, "test")[first]).toMatch(/^χ²\(2\) = \d/);
  expect(termTestsTable(await fitted({}))).toBeNull();
});

test("sources of variance sum to the whole, and R² grows to the conditional one", async () => {
  const result = await fitted({ classes: 2, residual: "class" });
  const table = explainedVarianceTable(result)!;
  const shares = columnOf(table, "share") as number[];
  expect(shares.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 10);
  const r2 = columnOf(table, "r2").filter((value) => value !== null) as number[];
  expect(r2).toEqual([...r2].sort((a, b) => a - b));
  expect(r2[0]).toBe(result.explainedVariance!.marginalR2);
});
