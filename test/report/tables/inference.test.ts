import { beforeAll, describe, expect, test } from "vitest";
import { bootstrap } from "../../../src/models/bootstrap.js";
import { fit } from "../../../src/models/fitModel.js";
import { waldTest } from "../../../src/models/inference/wald.js";
import { profileIntervals } from "../../../src/models/profile.js";
import type { FitResult } from "../../../src/models/result.js";
import type { FurtherInference } from "../../../src/report/input.js";
import {
  classStabilityTable,
  hypothesesTable,
  intervalsTable,
} from "../../../src/report/tables/inference.js";
import type { ReportTable } from "../../../src/report/tables/table.js";
import { cohort, QUICK, twoKinds } from "../../models/helpers.js";

const table = cohort(80, 5, twoKinds);
let result: FitResult;
let inference: FurtherInference;

beforeAll(async () => {
  result = await fit(
    table,
    { outcome: "score", time: "time", fixed: "1 + time", random: "1 + time", classes: 2 },
    QUICK,
  );
  inference = {
    profileIntervals: await profileIntervals(table, result),
    bootstrap: await bootstrap(table, result, { replicates: 40 }),
    tests: [waldTest(result, [{ weights: { "time@1": 1, "time@2": -1 } }])],
  };
});

function columnOf(from: ReportTable, name: string): unknown[] {
  const at = from.columns.findIndex((each) => each.name === name);
  return from.rows.map((row) => row[at]);
}

describe("intervals by other ways", () => {
  test("stand beside the Wald interval of the same parameter", () => {
    const shown = intervalsTable(result, inference)!;
    const names = columnOf(shown, "parameter");
    const at = names.indexOf("var(time)");
    const parameter = result.parameters.find(({ name }) => name === "var(time)")!;
    const profile = inference.profileIntervals!.find(({ name }) => name === "var(time)")!;
    const draws = inference.bootstrap!.parameters.find(({ name }) => name === "var(time)")!;
    expect(columnOf(shown, "wald_lower")[at]).toBe(parameter.lower);
    expect(columnOf(shown, "profile_lower")[at]).toBe(profile.lower);
    expect(columnOf(shown, "profile_upper")[at]).toBe(profile.upper);
    expect(columnOf(shown, "bootstrap_standard_error")[at]).toBe(draws.standardError);
  });

  test("name every parameter once, and correlations after them", () => {
    const shown = intervalsTable(result, inference)!;
    const correlations = inference.profileIntervals!.filter(({ name }) => name.startsWith("cor("));
    expect(correlations.length).toBeGreaterThan(0);
    expect(shown.rows).toHaveLength(result.parameters.length + correlations.length);
  });

  test("of a profile alone leave the bootstrap to the file, and the fixed effects out", () => {
    const { profileIntervals: profiled } = inference;
    const shown = intervalsTable(result, { profileIntervals: profiled! })!;
    expect(shown.rows).toHaveLength(profiled!.length);
    const onPage = shown.columns.filter(({ csvOnly }) => !csvOnly).map(({ name }) => name);
    expect(onPage.some((name) => name.startsWith("bootstrap"))).toBe(false);
  });

  test("are no table where none was asked for", () => {
    expect(intervalsTable(result, {})).toBeNull();
    expect(intervalsTable(result, undefined)).toBeNull();
  });
});

test("hypotheses show difference, error and test", () => {
  const shown = hypothesesTable(inference)!;
  const [asked] = inference.tests!;
  expect(columnOf(shown, "hypothesis")).toEqual(asked!.hypotheses);
  expect(columnOf(shown, "difference")).toEqual(asked!.estimates);
  expect(columnOf(shown, "statistic")).toEqual([asked!.statistic]);
  expect(shown.note).toContain("the model's own standard errors");
  const robust = waldTest(result, [{ weights: { "time@1": 1 } }], { covariance: "robust" });
  expect(hypothesesTable({ tests: [robust] })!.note).toContain("robust standard errors");
  expect(hypothesesTable({ tests: [] })).toBeNull();
});

test("classes show how steady they are over bootstrap samples", () => {
  const shown = classStabilityTable(inference)!;
  expect(columnOf(shown, "stability")).toEqual(
    inference.bootstrap!.classes.map(({ stability }) => stability),
  );
  expect(classStabilityTable({})).toBeNull();
});
