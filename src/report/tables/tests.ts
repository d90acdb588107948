import type { WaldTest } from "../../models/inference/types.js";
import { statisticText } from "../format.js";
import { type Cell, column, type TableColumn } from "./table.js";

/** Columns of a Wald test: one statistic with its degrees of freedom on the page, its parts in the CSV. */
export const TEST_COLUMNS: readonly TableColumn[] = [
  column("test", "Test"),
  column("distribution", "Distribution", "text", { csvOnly: true }),
  column("statistic", "Statistic", "fixed2", { csvOnly: true }),
  column("df", "df", "count", { csvOnly: true }),
  column("denominator_df", "Denominator df", "fixed1", { csvOnly: true }),
  column("p", "p", "p"),
];

/**
 * What the errors behind Wald tests are, in words.
 * @param test - one of the tests
 * @returns words for "tests with ..."
 */
export function testErrors({ covariance }: WaldTest): string {
  return covariance === "robust" ? "robust standard errors (sandwich)" : "the model's own standard errors";
}

/**
 * A Wald test as cells of {@link TEST_COLUMNS}.
 * @param test - the test
 * @returns one cell per column
 */
export function testCells(test: WaldTest): readonly Cell[] {
  return [statisticText(test), test.distribution, test.statistic, test.df, test.denominatorDf, test.p];
}
