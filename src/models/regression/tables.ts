import { chiSquareUpperTail, NORMAL_95, twoSidedP } from "../../core/distributions.js";
import { choleskyInPlace, choleskySolveInPlace, dot } from "../../core/linalg.js";
import type { OddsRatio, RegressionResult, Verdict } from "../result.js";
import type { RegressionEstimate, StandardErrorKind } from "./estimate.js";
import type { RegressionDesign } from "./personDesign.js";

/**
 * Standard error of a coefficient, times the range of its column, beyond which the data are silent about it:
 * under separation it doubles with each Newton step into the tens of thousands, elsewhere it stays below ten.
 */
const SILENT = 500;

/** What an estimate contributes to a result. */
export type EstimatedPart = Pick<
  RegressionResult,
  "logLikelihood" | "nParameters" | "oddsRatios" | "termTests" | "convergence" | "warnings"
>;

/**
 * What was estimated: log-likelihood, odds ratios of the wanted contrasts, a Wald test per term, and verdicts.
 * @param design - the design that was fitted (names and terms)
 * @param estimate - coefficients and covariances
 * @param levels - names of the outcome's classes, the last being the reference of the coefficients
 * @param contrasts - pairs [class, reference class] by position
 * @param kind - which covariance the standard errors, intervals and tests use
 * @returns rows without NaN: what cannot be estimated has null instead, and is named in the verdicts
 */
export function estimatedPart(
  design: RegressionDesign,
  estimate: RegressionEstimate,
  levels: readonly string[],
  contrasts: readonly (readonly [number, number])[],
  kind: StandardErrorKind,
): EstimatedPart {
  const covariance = kind === "model" ? estimate.modelCovariance : estimate.robustCovariance;
  const silent = new Set<string>();
  const oddsRatios: OddsRatio[] = [];
  for (const [outcome, reference] of contrasts)
    estimate.columns.forEach((column, c) => {
      const term = design.names[column]!;
      const value = contrastOf(estimate, outcome, reference, c);
      const known = contrastVariance(estimate, estimate.modelCovariance, outcome, reference, c);
      const estimable = known > 0 && Math.sqrt(known) * estimate.range[c]! < SILENT;
      if (!estimable) silent.add(term);
      const error = (matrix: Float64Array | null): number | null => {
        const variance = contrastVariance(estimate, matrix, outcome, reference, c);
        return estimable && variance > 0 ? Math.sqrt(variance) : null;
      };
      oddsRatios.push(
        oddsRatio(
          term,
          levels[outcome]!,
          levels[reference]!,
          value,
          error(covariance),
          error(estimate.robustCovariance),
        ),
      );
    });
  const verdicts = verdictsOf(estimate, silent);
  return {
    logLikelihood: estimate.logLikelihood,
    nParameters: estimate.coefficients.length,
    oddsRatios,
    termTests: termTests(design, estimate, covariance, silent),
    convergence: { converged: estimate.converged && estimate.modelCovariance !== null, verdicts },
    warnings: verdicts.filter((verdict) => verdict.name !== "converged").map(inWords),
  };
}

/**
 * The same when nothing could be estimated.
 * @param verdicts - why
 * @returns empty tables with the verdicts as warnings
 */
export function nothingEstimated(verdicts: readonly Verdict[]): EstimatedPart {
  return {
    logLikelihood: 0,
    nParameters: 0,
    oddsRatios: [],
    termTests: [],
    convergence: { converged: false, verdicts },
    warnings: verdicts.map(inWords),
  };
}

/**
 * A verdict as a warning.
 * @param verdict - the verdict
 * @returns its sentence and its advice
 */
export function inWords(verdict: Verdict): string {
  return `${verdict.sentence} ${verdict.advice}`;
}

function contrastOf(
  estimate: RegressionEstimate,
  outcome: number,
  reference: number,
  column: number,
): number {
  const width = estimate.columns.length;
  const logit = (k: number): number =>
    k === estimate.nClasses - 1 ? 0 : estimate.coefficients[k * width + column]!;
  return logit(outcome) - logit(reference);
}

/** Var(b_outcome - b_reference) of one column; -1 where there is no covariance matrix. */
function contrastVariance(
  estimate: RegressionEstimate,
  covariance: Float64Array | null,
  outcome: number,
  reference: number,
  column: number,
): number {
  if (covariance === null) return -1;
  const width = estimate.columns.length;
  const size = (estimate.nClasses - 1) * width;
  const entry = (k: number, l: number): number =>
    k === estimate.nClasses - 1 || l === estimate.nClasses - 1
      ? 0
      : covariance[(k * width + column) * size + l * width + column]!;
  return entry(outcome, outcome) + entry(reference, reference) - 2 * entry(outcome, reference);
}

function oddsRatio(
  term: string,
  outcome: string,
  reference: string,
  logOdds: number,
  standardError: number | null,
  robustStandardError: number | null,
): OddsRatio {
  const row = { term, outcome, reference, logOdds, oddsRatio: finiteExp(logOdds), robustStandardError };
  if (standardError === null)
    return { ...row, standardError: null, lower: null, upper: null, z: null, p: null };
  const z = logOdds / standardError;
  return {
    ...row,
    standardError,
    lower: finiteExp(logOdds - NORMAL_95 * standardError),
    upper: finiteExp(logOdds + NORMAL_95 * standardError),
    z,
    p: twoSidedP(z),
  };
}

/** exp, kept within the finite numbers so that a table survives JSON. */
function finiteExp(x: number): number {
  return Math.min(Math.exp(x), Number.MAX_VALUE);
}

/** Wald (1943) chi-square of all coefficients of a term together, over classes; the same for any reference class. */
function termTests(
  design: RegressionDesign,
  estimate: RegressionEstimate,
  covariance: Float64Array | null,
  silent: ReadonlySet<string>,
): RegressionResult["termTests"] {
  if (covariance === null) return [];
  const width = estimate.columns.length;
  const size = (estimate.nClasses - 1) * width;
  const tests: { term: string; chiSquare: number; df: number; p: number }[] = [];
  design.terms.forEach((term, termIndex) => {
    const own = estimate.columns.flatMap((column, c) =>
      design.termOfColumn[column] === termIndex ? [c] : [],
    );
    const names = own.map((c) => design.names[estimate.columns[c]!]!);
    if (own.length === 0 || names.includes("(Intercept)") || names.some((name) => silent.has(name))) return;
    const entries = Array.from({ length: estimate.nClasses - 1 }, (_, t) =>
      own.map((c) => t * width + c),
    ).flat();
    const df = entries.length;
    const block = new Float64Array(df * df);
    entries.forEach((r, a) => {
      entries.forEach((c, b) => {
        block[a * df + b] = covariance[r * size + c]!;
      });
    });
    const values = Float64Array.from(entries, (e) => estimate.coefficients[e]!);
    if (!choleskyInPlace(block, df)) return;
    const solved = values.slice();
    choleskySolveInPlace(block, df, solved);
    const chiSquare = dot(values, solved, df);
    tests.push({ term, chiSquare, df, p: chiSquareUpperTail(chiSquare, df) });
  });
  return tests;
}

function verdictsOf(estimate: RegressionEstimate, silent: ReadonlySet<string>): Verdict[] {
  const verdicts: Verdict[] = [];
  if (!estimate.converged && estimate.modelCovariance !== null)
    verdicts.push({
      name: "stopped early",
      sentence: "The regression did not reach a maximum of its likelihood.",
      advice: "Do not report these odds ratios; use fewer covariates or fewer classes.",
    });
  if (estimate.modelCovariance === null)
    verdicts.push({
      name: "not identified",
      sentence: "The data do not determine the coefficients of this regression.",
      advice: "Use fewer covariates or fewer classes; no standard errors are given.",
    });
  else if (silent.size > 0)
    verdicts.push({
      name: "converged on a boundary",
      sentence: `${[...silent].join(", ")}: the outcome is separated perfectly, so an odds ratio grows without limit.`,
      advice:
        "No standard error or interval is given for it; look at the cross-table, merge rare categories.",
    });
  for (const sentence of estimate.aliased)
    verdicts.push({
      name: "not identified",
      sentence: `${sentence}, so it was left out of the regression.`,
      advice: "Take it out of the formula, or take out what it repeats.",
    });
  if (verdicts.length === 0)
    verdicts.push({
      name: "converged",
      sentence: "The regression converged.",
      advice: "Nothing needs to be done.",
    });
  return verdicts;
}
