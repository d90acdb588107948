import { parameterKey } from "../../models/inference/names.js";
import type { TermTest } from "../../models/inference/types.js";
import type { FitResult, ParameterBlock } from "../../models/result.js";
import { formatNumber, formatProportion } from "../format.js";
import { type Cell, column, type ReportTable } from "./table.js";
import { TEST_COLUMNS, testCells, testErrors } from "./tests.js";

const BLOCKS: Readonly<Record<ParameterBlock, string>> = {
  fixed: "Growth",
  covariance: "Random",
  residual: "Residual",
  loading: "Loading",
  membership: "Membership",
};

/**
 * Every estimate of a fit.
 * @param fit - the fit
 * @param id - table id
 * @param title - table title
 * @returns the table
 */
export function parametersTable(fit: FitResult, id = "parameters", title = "Estimates"): ReportTable {
  // Fits stored by earlier versions know no clusters.
  const clustered = (fit.clusters ?? null) !== null;
  const withDf = fit.parameters.some(({ df }) => (df ?? null) !== null);
  const robust = fit.parameters.some(({ robustStandardError }) => robustStandardError !== null);
  const notes = [
    "SE: from the observed information.",
    robust
      ? `Robust SE: sandwich${clustered ? `, summed within the clusters of ${fit.clusters!.column} (Liang & Zeger, 1986)` : " (Huber, 1967; White, 1982)"}.`
      : "",
    withDf
      ? "t and p: with Satterthwaite's degrees of freedom (df); the 95% CI likewise, or from the normal distribution where there is no df."
      : `z and p: Wald tests; the 95% CI is the Wald interval${clustered ? "; all rest on the robust SE" : ""}.`,
    `Variances are not tested against zero.${heldPhrase(fit)}`,
  ];
  return {
    id,
    title,
    note: notes.filter((note) => note !== "").join(" "),
    columns: [
      column("part", "Part"),
      column("class", "Class"),
      column("parameter", "Parameter"),
      column("estimate", "Estimate", "estimate"),
      column("standard_error", "SE", "estimate"),
      column("robust_standard_error", "Robust SE", "estimate", { csvOnly: !robust }),
      column("z", withDf ? "t" : "z", "fixed2"),
      column("df", "df", "fixed1", { csvOnly: !withDf }),
      column("p", "p", "p"),
      column("lower", "95% CI", "estimate", { intervalWithNext: true }),
      column("upper", "Upper", "estimate"),
    ],
    rows: fit.parameters.map((each) => [
      BLOCKS[each.block],
      each.class === null ? (fit.classes.length > 1 ? "all" : "") : String(each.class),
      each.name,
      each.estimate,
      each.standardError,
      each.robustStandardError,
      each.z,
      each.df ?? null,
      each.p,
      each.lower,
      each.upper,
    ]),
  };
}

/** What the constraints of the model hold, by name. */
function heldPhrase({ parameters }: FitResult): string {
  const phrase = (constraint: "fixed" | "equal", words: string): string => {
    const names = parameters.filter((each) => each.constraint === constraint).map(parameterKey);
    return names.length === 0 ? "" : ` ${words}: ${names.join(", ")}.`;
  };
  return phrase("fixed", "Fixed by the model, so without SE") + phrase("equal", "Set equal by the model");
}

/**
 * Random-effect variances, covariances and correlations.
 * @param fit - the fit
 * @returns the table; null without random effects
 */
export function randomEffectsTable(fit: FitResult): ReportTable | null {
  const { covariance } = fit;
  if (covariance === null || covariance.names.length === 0) return null;
  const rows: Cell[][] = covariance.matrices.flatMap((matrix, k) =>
    covariance.names.flatMap((name, i) =>
      covariance.names
        .slice(0, i + 1)
        .map((other, j) => [
          covariance.matrices.length > 1
            ? String(fit.classes[k]?.label ?? k + 1)
            : fit.classes.length > 1
              ? "all"
              : "",
          name,
          other,
          matrix[i]?.[j] ?? null,
          i === j ? Math.sqrt(matrix[i]?.[i] ?? Number.NaN) : null,
          i === j ? null : (covariance.correlations[k]?.[i]?.[j] ?? null),
        ]),
    ),
  );
  return {
    id: "random-effects",
    title: "Random effects: how people differ around their mean trajectory",
    note: residualNote(fit),
    columns: [
      column("class", "Class"),
      column("effect", "Effect"),
      column("with", "With"),
      column("covariance", "Variance or covariance", "estimate"),
      column("standard_deviation", "SD", "estimate"),
      column("correlation", "Correlation", "proportion"),
    ],
    rows,
  };
}

/** The residual in one line, where it has no table of its own. */
function residualNote(fit: FitResult): string {
  if (residualTable(fit) !== null) return "";
  return `Residual standard deviation: ${fit.residual.sd.map((sd) => formatNumber(sd)).join(", ")}${fit.residual.sd.length > 1 ? " (by class)" : ""}.`;
}

/**
 * Residual standard deviations by class and occasion.
 * @param fit - the fit
 * @returns the table; null where the residual has one variance, or one per class, and no correlation
 */
export function residualTable(fit: FitResult): ReportTable | null {
  // Fits stored by earlier versions know neither occasions nor autocorrelation.
  const { sd } = fit.residual;
  const occasions = fit.residual.occasions ?? [null];
  const autocorrelation = fit.residual.autocorrelation ?? null;
  if (occasions[0] === null && autocorrelation === null) return null;
  const groups = sd.length / occasions.length;
  const apart = fit.residual.structure.includes("car1")
    ? `one unit of ${fit.model.time} apart`
    : "one session apart";
  const several = groups > 1;
  return {
    id: "residuals",
    title: "Residuals: how scores scatter around a person's own trajectory",
    note:
      autocorrelation === null
        ? ""
        : `Autocorrelation of residuals ${apart}: ${formatNumber(autocorrelation)}.`,
    columns: [
      column("class", "Class", "text", { csvOnly: !several }),
      column("occasion", fit.model.occasion ?? fit.model.time, "compact", { csvOnly: occasions[0] === null }),
      column("standard_deviation", "Residual SD", "estimate"),
    ],
    rows: sd.map((value, i) => [
      several ? String(Math.floor(i / occasions.length) + 1) : fit.classes.length > 1 ? "all" : "",
      occasions[i % occasions.length]!,
      value,
    ]),
  };
}

/**
 * Tests of whole terms: has it any effect, and is the effect the same in all classes?
 * @param fit - the fit
 * @returns the table; null where every term has a single coefficient, which the table of estimates tests
 */
export function termTestsTable(fit: FitResult): ReportTable | null {
  // Fits stored by earlier versions have none.
  const tests = fit.termTests ?? [];
  if (!tests.some(({ hypotheses }) => hypotheses.length > 1)) return null;
  const question = (each: TermTest): string =>
    each.question === "no effect" ? "Has it any effect?" : "Does it differ between classes?";
  return {
    id: "term-tests",
    title: "Tests of whole terms",
    note: `Wald tests of all coefficients of a term at once, with ${testErrors(tests[0]!)}.`,
    columns: [
      column("part", "Part"),
      column("term", "Term"),
      column("question", "Question"),
      ...TEST_COLUMNS,
    ],
    rows: tests.map((each) => [BLOCKS[each.block], each.term, question(each), ...testCells(each)]),
  };
}

/**
 * Where the variance of the scores comes from, and how much of it the model explains.
 * @param fit - the fit
 * @returns the table; null where the fit does not say
 */
export function explainedVarianceTable(fit: FitResult): ReportTable | null {
  const explained = fit.explainedVariance ?? null;
  if (explained === null) return null;
  const { components, marginalR2, classR2, conditionalR2, intraclassCorrelation: icc } = explained;
  const share = (variance: number): number | null =>
    components.total > 0 ? variance / components.total : null;
  const sources: readonly (readonly [string, number, number | null])[] = [
    ["Fixed effects (the mean over time)", components.fixedEffects, marginalR2],
    ["Classes", components.classes, classR2],
    ["Random effects (people within a class)", components.randomEffects, conditionalR2],
    ["Residual", components.residual, null],
  ];
  const notes = [
    "R²: share of the variance explained up to this row, marginal first, conditional last (Nakagawa & Schielzeth, 2013; Johnson, 2014).",
    icc === null
      ? ""
      : `Intraclass correlation: ${formatProportion(icc)} of the variance around the mean is between people.`,
  ];
  return {
    id: "explained-variance",
    title: "Where the variance of the scores comes from",
    note: notes.filter((note) => note !== "").join(" "),
    columns: [
      column("source", "Source"),
      column("variance", "Variance", "fixed2"),
      column("share", "Share", "percent1"),
      column("r2", "R² so far", "proportion"),
    ],
    rows: sources
      .filter(([, variance], i) => variance > 0 || i === 0 || i === sources.length - 1)
      .map(([source, variance, r2]) => [source, variance, share(variance), r2]),
  };
}
