import { chiSquareUpperTail, fUpperTail } from "../../core/distributions.js";
import { InputError, type Problem } from "../../core/errors.js";
import type { FitResult, ParameterEstimate } from "../result.js";
import { contrastText, parseContrasts } from "./contrastText.js";
import { findParameter, parameterKey, refuse } from "./names.js";
import { independentRows, type StandardisedRows, varies } from "./rank.js";
import { jointDegreesOfFreedom } from "./satterthwaite.js";
import type { Contrast, CovarianceKind, SatterthwaiteTerms, WaldTest } from "./types.js";

/** The parts of a fit that its Wald tests read. */
export interface Estimates {
  readonly parameters: readonly ParameterEstimate[];
  readonly parameterCovariance: readonly (readonly number[])[] | null;
  readonly robustCovariance: readonly (readonly number[])[] | null;
  readonly satterthwaite: SatterthwaiteTerms | null;
  readonly model: { readonly reml: boolean };
  /** As in `FitResult`; left out by fits stored by earlier versions. */
  readonly robust?: FitResult["robust"];
}

/** How a Wald test is made. */
export interface WaldOptions {
  /** Default: `observed`; `robust` where people belong to clusters. */
  readonly covariance?: CovarianceKind;
  /**
   * `satterthwaite`: t or F with estimated degrees of freedom, for fixed effects of one class and the observed covariance;
   * `infinite`: chi-square. Default: `satterthwaite` for REML fits where it can be had, else `infinite`.
   */
  readonly degreesOfFreedom?: "satterthwaite" | "infinite";
}

/**
 * Tests linear hypotheses about the parameters, all at once: W = d'(L V L')^-1 d, d = L estimates - values, chi-square with as
 * many degrees of freedom as there are independent hypotheses; for one-class models also F = W / df.
 * @param result - a fit
 * @param contrasts - one or several, as text (`month@1 - month@2 = 0`; see `parseContrasts`) or as weights by parameter key
 * @param options - covariance and degrees of freedom
 * @returns the test; without a statistic, and with the reason, where a parameter has no standard error or the hypotheses
 *   concern nothing that was estimated
 * @throws InputError for unknown parameters, text that cannot be read, hypotheses that contradict each other
 * Source: Wald (1943); F with Satterthwaite's degrees of freedom: Fai & Cornelius (1996).
 */
export function waldTest(
  result: Estimates,
  contrasts: string | Contrast | readonly (string | Contrast)[],
  options: WaldOptions = {},
): WaldTest {
  const list = (Array.isArray(contrasts) ? contrasts : [contrasts]) as readonly (string | Contrast)[];
  const resolved = resolveContrasts(result.parameters, list);
  return testRows(result, resolved, options);
}

/** Contrasts by position: one row of weights over the reported parameters each. */
export interface ContrastRows {
  readonly rows: readonly Float64Array[];
  readonly values: readonly number[];
  readonly words: readonly string[];
}

function resolveContrasts(
  parameters: readonly ParameterEstimate[],
  list: readonly (string | Contrast)[],
): ContrastRows {
  const contrasts = list.flatMap((each) =>
    typeof each === "string" ? parseContrasts(each, parameters) : [each],
  );
  const problems: Problem[] = [];
  if (contrasts.length === 0)
    problems.push({
      code: "no-contrast",
      message: "Nothing is to be tested.",
      expected: "at least one contrast",
    });
  const rows = contrasts.map((contrast) => weightsOf(parameters, contrast, problems));
  refuse(problems);
  return {
    rows,
    values: contrasts.map((contrast) => contrast.equals ?? 0),
    words: contrasts.map(contrastText),
  };
}

function weightsOf(
  parameters: readonly ParameterEstimate[],
  contrast: Contrast,
  problems: Problem[],
): Float64Array {
  const where = `contrast ${contrastText(contrast)}`;
  const row = new Float64Array(parameters.length);
  for (const [key, weight] of Object.entries(contrast.weights)) {
    const found = findParameter(parameters, key, where);
    if (typeof found !== "number") problems.push(found);
    else row[found] = weight;
  }
  const numbers = [...Object.values(contrast.weights), contrast.equals ?? 0];
  if (!numbers.every(Number.isFinite))
    problems.push({ code: "bad-weight", where, message: "A weight or value is not a finite number." });
  else if (!numbers.slice(0, -1).some((weight) => weight !== 0))
    problems.push({
      code: "empty-contrast",
      where,
      message: "No parameter has a weight other than zero, so nothing is tested.",
    });
  return row;
}

/**
 * The test of {@link waldTest} for contrasts given by position.
 * @param result - a fit
 * @param contrasts - rows over the reported parameters
 * @param options - covariance and degrees of freedom
 * @returns the test
 * @throws InputError for hypotheses that contradict each other
 */
export function testRows(result: Estimates, contrasts: ContrastRows, options: WaldOptions = {}): WaldTest {
  const kind = options.covariance ?? (result.robust === "cluster" ? "robust" : "observed");
  const covariance = kind === "robust" ? result.robustCovariance : result.parameterCovariance;
  const estimates = contrasts.rows.map(
    (row, i) => combine(row, (j) => result.parameters[j]!.estimate) - contrasts.values[i]!,
  );
  const base = { hypotheses: contrasts.words, estimates, covariance: kind };
  const without = (reason: string, standardErrors: readonly (number | null)[]): WaldTest => ({
    ...base,
    standardErrors,
    distribution: "chi-square",
    statistic: null,
    df: 0,
    denominatorDf: null,
    p: null,
    reason,
  });
  const unknown = untestable(result.parameters, contrasts, kind, covariance === null);
  if (unknown !== null || covariance === null)
    return without(
      unknown ?? "",
      estimates.map(() => null),
    );
  const products = contrasts.rows.map((left) =>
    contrasts.rows.map((right) => combine(left, (i) => combine(right, (j) => covariance[i]![j]!))),
  );
  const sizes = contrasts.rows.map((row) => combine(row, (j) => row[j]! * covariance[j]![j]!));
  const independent = independentRows(products, estimates, sizes);
  const standardErrors = products.map((row, i) => (varies(row[i]!, sizes[i]!) ? Math.sqrt(row[i]!) : null));
  if (!independent.consistent) {
    refuseContradiction(result.parameters, contrasts);
    return without("The model itself fixes part of what is tested at another value.", standardErrors);
  }
  const df = independent.kept.length;
  if (df === 0) return without("The model itself makes the hypothesis true.", standardErrors);
  return {
    ...base,
    standardErrors,
    reason: null,
    ...significance(result, contrasts, independent, { ...options, covariance: kind }),
  };
}

/** Chi-square, or F where the degrees of freedom of its denominator are wanted and known. */
function significance(
  result: Estimates,
  contrasts: ContrastRows,
  { kept, square }: StandardisedRows,
  options: WaldOptions,
): Pick<WaldTest, "distribution" | "statistic" | "df" | "denominatorDf" | "p"> {
  const df = kept.length;
  const { satterthwaite } = result;
  const wanted = options.degreesOfFreedom ?? (result.model.reml ? "satterthwaite" : "infinite");
  if (wanted === "satterthwaite" && options.covariance !== "robust" && satterthwaite !== null) {
    const nFixed = satterthwaite.covariance.length;
    const rows = kept.map((i) => contrasts.rows[i]!);
    if (rows.every((row) => row.subarray(nFixed).every((weight) => weight === 0))) {
      const denominatorDf = jointDegreesOfFreedom(
        satterthwaite,
        rows.map((row) => row.subarray(0, nFixed)),
      );
      if (denominatorDf !== null)
        return {
          distribution: "F",
          statistic: square / df,
          df,
          denominatorDf,
          p: fUpperTail(square / df, df, denominatorDf),
        };
    }
  }
  return {
    distribution: "chi-square",
    statistic: square,
    df,
    denominatorDf: null,
    p: chiSquareUpperTail(square, df),
  };
}

/** Why the contrasts cannot be tested; null when they can. */
function untestable(
  parameters: readonly ParameterEstimate[],
  { rows, values }: ContrastRows,
  kind: CovarianceKind,
  noCovariance: boolean,
): string | null {
  if (noCovariance)
    return kind === "robust"
      ? "The fit has no robust covariance of its estimates."
      : "The fit has no covariance of its estimates: it is not at a proper maximum.";
  const involved = parameters.filter((_, j) => rows.some((row) => row[j] !== 0));
  const unknown = involved.filter(
    (each) =>
      each.constraint !== "fixed" &&
      (kind === "robust" ? each.robustStandardError : each.standardError) === null,
  );
  if (unknown.length > 0) return `No standard error is known for ${unknown.map(parameterKey).join(", ")}.`;
  const atBoundary = rows.flatMap((row, i) => {
    const [only, ...others] = parameters.filter((_, j) => row[j] !== 0);
    return only !== undefined && others.length === 0 && values[i] === 0 && isVariance(only) ? [only] : [];
  });
  if (atBoundary.length > 0)
    return `${atBoundary.map(parameterKey).join(", ")}: a variance of zero is on the boundary of what is possible, where a Wald test is wrong; use a likelihood-ratio test.`;
  return null;
}

function isVariance({ name, block }: ParameterEstimate): boolean {
  return (block === "covariance" && name.startsWith("var(")) || name === "residual sd";
}

/** Refuses hypotheses that cannot all be true whatever the estimates, as in a = 0 with a = 1. */
function refuseContradiction(parameters: readonly ParameterEstimate[], contrasts: ContrastRows): void {
  const { rows, values, words } = contrasts;
  // As if all estimates were independent, each row in units of its own length.
  const scale = parameters.map(({ standardError }) => standardError ?? 1);
  const products = rows.map((left) => rows.map((right) => combine(left, (j) => right[j]! * scale[j]! ** 2)));
  const sizes = products.map((row, i) => row[i]!);
  if (!independentRows(products, values, sizes).consistent)
    throw new InputError({
      code: "contradiction",
      where: words.join(", "),
      message: "These hypotheses contradict each other: they cannot all be true.",
      fix: "Leave out one of them.",
    });
}

/** Sum of weight times value over the positions with a weight. */
function combine(weights: Float64Array, value: (position: number) => number): number {
  let sum = 0;
  weights.forEach((weight, j) => {
    if (weight !== 0) sum += weight * value(j);
  });
  return sum;
}
