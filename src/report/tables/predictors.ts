import type { RegressionResult } from "../../models/result.js";
import { fileStem, formatCount } from "../format.js";
import { predictedThing, predictsClasses, regressionMethod } from "../regressions.js";
import { column, type ReportTable } from "./table.js";

/**
 * The tables of one regression: odds ratios, omnibus tests, people left out and (three-step) the classification table.
 * @param regression - the regression
 * @param position - its place in the report, from 1
 * @returns the tables that have rows
 */
export function regressionTables(regression: RegressionResult, position: number): readonly ReportTable[] {
  const stem = fileStem(`${position}-${regression.outcome}`);
  const what = predictedThing(regression);
  return [
    oddsRatioTable(regression, stem, what),
    termTestTable(regression, stem, what),
    leftOutTable(regression, stem, what),
    errorTable(regression, stem),
  ].filter((table): table is ReportTable => table !== null && table.rows.length > 0);
}

function oddsRatioTable(regression: RegressionResult, stem: string, what: string): ReportTable {
  const taken = predictsClasses(regression) ? " Standard errors take the classification table as known." : "";
  return {
    id: `odds-ratios-${stem}`,
    title: `Predictors of ${what}: odds ratios`,
    note: `Estimated by ${regressionMethod(regression)}.${taken} Formula: ${regression.formula}. n = ${formatCount(regression.nPersons)}. OR: odds ratio.`,
    columns: [
      column("term", "Term"),
      column("outcome", predictsClasses(regression) ? "Class" : "Outcome"),
      column("reference", "Against"),
      column("odds_ratio", "OR", "oddsRatio"),
      column("lower", "95% CI", "oddsRatio", { intervalWithNext: true }),
      column("upper", "Upper", "oddsRatio"),
      column("log_odds", "Log odds", "estimate"),
      column("standard_error", "SE", "estimate"),
      column("z", "z", "fixed2"),
      column("p", "p", "p"),
    ],
    rows: regression.oddsRatios.map((each) => [
      each.term,
      each.outcome,
      each.reference,
      each.oddsRatio,
      each.lower,
      each.upper,
      each.logOdds,
      each.standardError,
      each.z,
      each.p,
    ]),
  };
}

function termTestTable(regression: RegressionResult, stem: string, what: string): ReportTable {
  return {
    id: `term-tests-${stem}`,
    title: `Predictors of ${what}: omnibus tests`,
    note: "Wald tests of all coefficients of a term at once.",
    columns: [
      column("term", "Term"),
      column("chi_square", "χ²", "fixed2"),
      column("df", "df", "count"),
      column("p", "p", "p"),
    ],
    rows: regression.termTests.map((each) => [each.term, each.chiSquare, each.df, each.p]),
  };
}

function leftOutTable(regression: RegressionResult, stem: string, what: string): ReportTable {
  return {
    id: `left-out-${stem}`,
    title: `Predictors of ${what}: people left out`,
    note: "",
    columns: [column("reason", "Reason"), column("persons", "People", "count")],
    rows: regression.leftOut.map((each) => [each.reason, each.persons]),
  };
}

function errorTable(regression: RegressionResult, stem: string): ReportTable | null {
  const table = regression.classificationTable;
  if (table === null) return null;
  return {
    id: `classification-error-${stem}`,
    title: "Classification error used in the correction",
    note: "Rows: true class. Columns: probability of being assigned to each class.",
    columns: [
      column("true_class", "True class"),
      ...table.map((_, k) => column(`assigned_${k + 1}`, `Assigned ${k + 1}`, "proportion")),
    ],
    rows: table.map((row, k) => [`Class ${k + 1}`, ...row]),
  };
}
