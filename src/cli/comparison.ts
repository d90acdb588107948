import { InputError } from "../core/errors.js";
import type { BootstrapLikelihoodRatio } from "../models/bootstrapLikelihoodRatio.js";
import { likelihoodRatioTest } from "../models/inference/likelihoodRatio.js";
import type { LikelihoodRatioDistribution, LikelihoodRatioTest } from "../models/inference/types.js";
import type { FitResult } from "../models/result.js";
import { capital, fixed, listed, textTable, wrapped } from "./text.js";

/** What `symtraj compare` finds. */
export interface Comparison {
  /** Null where the models are not nested; `notNested` says why. */
  readonly likelihoodRatio: LikelihoodRatioTest | null;
  readonly notNested: string | null;
  /** Larger model less the smaller one: below zero, the larger one is better. */
  readonly differences: { readonly aic: number; readonly bic: number; readonly sabic: number };
  /** Null where it was not asked for. */
  readonly bootstrap: BootstrapLikelihoodRatio | null;
}

/** A stored fit and its file. */
export interface StoredModel {
  readonly path: string;
  readonly fit: FitResult;
}

/**
 * Compares two stored fits by likelihood ratio and information criteria. Models that are not nested, of the same rows, are compared by
 * criteria alone.
 * @param smaller - a fit
 * @param larger - a fit with at least as many parameters
 * @returns the comparison, without bootstrap
 * @throws InputError for fits of other data or by another method, and for the larger model given first
 */
export function compareStored(smaller: FitResult, larger: FitResult): Omit<Comparison, "bootstrap"> {
  const difference = (name: "aic" | "bic" | "sabic"): number =>
    larger.criteria[name] - smaller.criteria[name];
  const differences = { aic: difference("aic"), bic: difference("bic"), sabic: difference("sabic") };
  try {
    return { likelihoodRatio: likelihoodRatioTest(smaller, larger), notNested: null, differences };
  } catch (error) {
    if (!(error instanceof InputError) || smaller.nParameters > larger.nParameters) throw error;
    if (error.problems.some(({ code }) => code !== "not-nested")) throw error;
    const notNested = error.problems.map(({ message }) => message).join(" ");
    return { likelihoodRatio: null, notNested, differences };
  }
}

/**
 * Words a comparison: both models, what the larger one adds, the test with its distribution, the criteria.
 * @param smaller - the smaller fit, and where it is stored
 * @param larger - the larger fit
 * @param comparison - from {@link compareStored}
 * @returns text, ending in a line break
 */
export function comparisonSummary(
  { path: smallerPath, fit: smaller }: StoredModel,
  { path: largerPath, fit: larger }: StoredModel,
  comparison: Comparison,
): string {
  const { likelihoodRatio, notNested, differences: d, bootstrap } = comparison;
  const row = (name: string, fit: FitResult): string[] => [
    name,
    nameOf(fit),
    fit.logLikelihood.toFixed(3),
    String(fit.nParameters),
    ...[fit.criteria.aic, fit.criteria.bic, fit.criteria.sabic].map((value) => fixed(value, 1)),
  ];
  const change = [larger.logLikelihood - smaller.logLikelihood, larger.nParameters - smaller.nParameters];
  const rows = [
    row(smallerPath, smaller),
    row(largerPath, larger),
    [
      "difference",
      "",
      change[0]!.toFixed(3),
      String(change[1]),
      ...[d.aic, d.bic, d.sabic].map((v) => fixed(v, 1)),
    ],
  ];
  return `${[
    ...textTable(["", "model", "logLik", "npar", "AIC", "BIC", "SABIC"], rows),
    ...wrapped(`${lowerWords(d)} The lower value is the better one.`),
    "",
    ...(likelihoodRatio === null ? [] : ratioLines(likelihoodRatio, bootstrap !== null)),
    ...(notNested === null ? [] : [...wrapped(`No likelihood-ratio test: ${notNested}`, ""), ""]),
    ...(bootstrap === null ? [] : bootstrapLines(bootstrap)),
  ].join("\n")}`;
}

function nameOf({ family, model }: FitResult): string {
  return `${family}${model.classes === 1 ? "" : `, ${model.classes} classes`}${model.reml ? ", REML" : ""}`;
}

function lowerWords({ aic, bic }: Comparison["differences"]): string {
  const better = (value: number): string => (value < 0 ? "larger" : "smaller");
  if (aic === 0 && bic === 0) return "AIC and BIC are the same.";
  return better(aic) === better(bic)
    ? `AIC and BIC prefer the ${better(bic)} model.`
    : `AIC prefers the ${better(aic)} model, BIC the ${better(bic)} one.`;
}

/** What to do is left out where it has been done: the distribution was simulated. */
function ratioLines(test: LikelihoodRatioTest, simulated: boolean): string[] {
  const { statistic, df, differences, distribution, sentence } = test;
  const classesDiffer = test.verdict === "classes differ";
  const advice = !classesDiffer
    ? test.advice
    : simulated
      ? ""
      : `${test.advice} With --data FILE --bootstrap 99 this command simulates it.`;
  return [
    ...listed("The larger model adds", differences),
    `Likelihood-ratio test (${test.method}): ${fixed(statistic, 3)}, ${df} more ${df === 1 ? "parameter" : "parameters"}`,
    ...wrapped(`Distribution: ${distributionWords(distribution)}.`),
    ...wrapped(capital(`${sentence} ${advice}`.trim())),
    "",
  ];
}

/**
 * The distribution of a likelihood-ratio statistic in words.
 * @param distribution - from the test
 * @returns e.g. `chi-square with 2 degrees of freedom`
 */
export function distributionWords(distribution: LikelihoodRatioDistribution): string {
  const mixture = ([first, second]: readonly [number, number]): string =>
    `half chi-square with ${first}, half with ${degrees(second)}`;
  switch (distribution.kind) {
    case "chi-square":
      return `chi-square with ${degrees(distribution.df)}`;
    case "mixture":
      return `${mixture(distribution.df)} (a variance cannot be below zero)`;
    case "bounds":
      return `between ${mixture(distribution.lower)} and ${mixture(distribution.upper)} (variances cannot be below zero)`;
    case "unknown":
      return "not known";
  }
}

function degrees(df: number): string {
  return `${df} ${df === 1 ? "degree" : "degrees"} of freedom`;
}

function bootstrapLines(test: BootstrapLikelihoodRatio): string[] {
  const { finished, used, requested } = test.replicates;
  const counts = `${used} of ${requested} samples used${finished < requested ? `, ${finished} finished` : ""}`;
  return [
    `Parametric bootstrap of ${test.smallerClasses} against ${test.largerClasses} classes (${counts})`,
    ...wrapped(`${test.sentence} ${test.advice}`.trim()),
    "",
  ];
}
