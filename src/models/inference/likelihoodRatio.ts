import { chiSquareUpperTail } from "../../core/distributions.js";
import type { NestedFit } from "./comparable.js";
import { type Extension, extensionOf } from "./nesting.js";
import type { LikelihoodRatioDistribution, LikelihoodRatioTest, LikelihoodRatioVerdict } from "./types.js";

/** Log-likelihoods that differ by less count as equal: fits are finished to better than this. */
const EQUAL = 1e-4;

/**
 * Tests a model against a smaller one nested in it by twice the difference of their log-likelihoods, with the distribution that
 * holds for what the larger model adds: chi-square for what lies inside its range (fixed effects, covariances, residual structure),
 * a half-and-half mixture of chi-squares for one variance (which is zero, on the boundary, when the smaller model is true), bounds
 * for several variances, none for another number of classes.
 * @param smaller - fit of the smaller model
 * @param larger - fit of the larger model, to the same rows
 * @returns the test with its result in words
 * @throws InputError where the fits cannot be compared (other data, other method, not nested), saying why
 * Source: Wilks (1938); one variance: Self & Liang (1987, case 5), Stram & Lee (1994, case 3); bounds: Kodde & Palm (1986).
 */
export function likelihoodRatioTest(smaller: NestedFit, larger: NestedFit): LikelihoodRatioTest {
  const extension = extensionOf(smaller, larger);
  const raw = 2 * (larger.logLikelihood - smaller.logLikelihood);
  const statistic = raw < 0 && raw > -2 * EQUAL ? 0 : raw;
  const base = {
    statistic,
    df: larger.nParameters - smaller.nParameters,
    method: larger.model.reml ? ("REML" as const) : ("ML" as const),
    differences: extension.differences,
  };
  const unfinished = unfinishedReason(smaller, larger, statistic);
  if (unfinished !== null) return { ...base, ...withoutP("unfinished maximum", ...unfinished) };
  if (extension.classesDiffer)
    return {
      ...base,
      ...withoutP(
        "classes differ",
        "With another number of classes the likelihood-ratio statistic does not follow a chi-square distribution: the smaller model leaves parameters of the larger one without meaning.",
        "Compare the models by BIC, or simulate the statistic under the smaller model (parametric bootstrap).",
      ),
    };
  if (extension.unknownBecause !== null)
    return {
      ...base,
      ...withoutP("not known", extension.unknownBecause, "Compare the models by BIC."),
    };
  const test = { ...base, ...significance(statistic, base.df, extension) };
  return {
    ...test,
    advice: [test.advice, ...cautions(smaller, larger)].filter((text) => text !== "").join(" "),
  };
}

/** What makes the p of a test doubtful that has one. */
function cautions(smaller: NestedFit, larger: NestedFit): string[] {
  const out: string[] = [];
  const words = [
    ["smaller", smaller],
    ["larger", larger],
  ] as const;
  for (const [which, { convergence }] of words)
    if (convergence.verdicts.some((verdict) => verdict.name === "best value not replicated"))
      out.push(
        `The best value of the ${which} model was not replicated: a better one may exist, and the statistic would be another.`,
      );
  if (words.some(([, { model }]) => model.cluster !== undefined))
    out.push(
      "The likelihood takes people as independent, though those of a cluster share something, so p may be too small: a Wald test with robust standard errors allows for it.",
    );
  return out;
}

/** Why the difference of the log-likelihoods means nothing, and what to do; null when it does. */
function unfinishedReason(
  smaller: NestedFit,
  larger: NestedFit,
  statistic: number,
): readonly [string, string] | null {
  const again = "Fit it again with more starts or iterations, or simplify it.";
  if (statistic < 0)
    return [
      "The larger model fits worse than the smaller one, which is impossible at its maximum: its estimation is not finished.",
      again,
    ];
  for (const [words, { convergence }] of [
    ["smaller", smaller],
    ["larger", larger],
  ] as const)
    if (!convergence.converged)
      return [`The ${words} model did not reach a proper maximum of its likelihood.`, again];
  return null;
}

function withoutP(
  verdict: LikelihoodRatioVerdict,
  sentence: string,
  advice: string,
): Pick<LikelihoodRatioTest, "distribution" | "p" | "pBounds" | "verdict" | "sentence" | "advice"> {
  return { distribution: { kind: "unknown" }, p: null, pBounds: null, verdict, sentence, advice };
}

function significance(
  statistic: number,
  df: number,
  { boundaries }: Extension,
): Pick<LikelihoodRatioTest, "distribution" | "p" | "pBounds" | "verdict" | "sentence" | "advice"> {
  if (boundaries === 0) {
    const p = chiSquareUpperTail(statistic, df);
    return {
      distribution: { kind: "chi-square", df },
      p,
      pBounds: null,
      verdict: "ordinary",
      sentence: `${conclusion(p)} (chi-square ${rounded(statistic)} with ${degrees(df)}, p ${pWords(p)}).`,
      advice: "",
    };
  }
  if (boundaries === 1) {
    const distribution: LikelihoodRatioDistribution = { kind: "mixture", df: [df - 1, df] };
    const p = mixtureTail(statistic, distribution.df);
    return {
      distribution,
      p,
      pBounds: null,
      verdict: "boundary",
      sentence: `${conclusion(p)} (likelihood ratio ${rounded(statistic)}, p ${pWords(p)} from an equal mixture of chi-squares with ${df - 1} and ${degrees(df)}, because a variance cannot be below zero).`,
      advice: "",
    };
  }
  return bounded(statistic, df, boundaries);
}

/** Several variances at once: the tail lies between those of the mixtures at the two ends of the possible range. */
function bounded(
  statistic: number,
  df: number,
  boundaries: number,
): Pick<LikelihoodRatioTest, "distribution" | "p" | "pBounds" | "verdict" | "sentence" | "advice"> {
  const lowerDf = [df - boundaries, df - boundaries + 1] as const;
  const upperDf = [df - 1, df] as const;
  const pBounds = { lower: mixtureTail(statistic, lowerDf), upper: mixtureTail(statistic, upperDf) };
  const decided = pBounds.upper < 0.05 || pBounds.lower >= 0.05;
  return {
    distribution: { kind: "bounds", lower: lowerDf, upper: upperDf },
    p: null,
    pBounds,
    verdict: "boundary",
    sentence: `${decided ? conclusion(pBounds.upper) : "Whether the data support the larger model cannot be decided from this test"} (likelihood ratio ${rounded(statistic)}, p ${boundWords(pBounds)}: several variances are tested at once, for which only bounds are known).`,
    advice: decided ? "" : "Add the random effects one at a time, or compare the models by BIC.",
  };
}

/** Upper tail of half a chi-square with the first and half one with the second number of degrees of freedom. */
function mixtureTail(statistic: number, [first, second]: readonly [number, number]): number {
  const tail = (df: number): number =>
    df === 0 ? (statistic > 0 ? 0 : 1) : chiSquareUpperTail(statistic, df);
  return 0.5 * tail(first) + 0.5 * tail(second);
}

function conclusion(p: number): string {
  return p < 0.05
    ? "The larger model describes the data better than chance would explain"
    : "The data do not show that the larger model is needed";
}

function degrees(df: number): string {
  return df === 1 ? "1 degree of freedom" : `${df} degrees of freedom`;
}

function rounded(value: number): string {
  return value.toFixed(2);
}

function pWords(p: number): string {
  return p < 0.001 ? "< 0.001" : `= ${p.toFixed(3)}`;
}

function boundWords({ lower, upper }: { readonly lower: number; readonly upper: number }): string {
  return upper < 0.001 ? "< 0.001" : `between ${pNumber(lower)} and ${pNumber(upper)}`;
}

function pNumber(p: number): string {
  return p < 0.001 ? "0.001 or less" : p.toFixed(3);
}
