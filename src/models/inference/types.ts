/** A linear combination of reported parameters and the value it is tested against. */
export interface Contrast {
  /** Weights by parameter key (see `parameterKey`), e.g. `{ "month@1": 1, "month@2": -1 }`. */
  readonly weights: Readonly<Record<string, number>>;
  /** The combination under the hypothesis; default 0. */
  readonly equals?: number;
}

/** A Wald test of one or several linear hypotheses at once. */
export interface WaldTest {
  /** The hypotheses in words, e.g. `month@1 - month@2 = 0`. */
  readonly hypotheses: readonly string[];
  /** Estimate of each combination minus its value under the hypothesis. */
  readonly estimates: readonly number[];
  readonly standardErrors: readonly (number | null)[];
  readonly distribution: "chi-square" | "F";
  /** Chi-square, or F; null where it does not exist. */
  readonly statistic: number | null;
  /** Independent hypotheses among those given. */
  readonly df: number;
  /** Denominator degrees of freedom of an F; null for a chi-square. */
  readonly denominatorDf: number | null;
  readonly p: number | null;
  /** Covariance of the estimates used: inverse observed information, or sandwich. */
  readonly covariance: CovarianceKind;
  /** Why there is no statistic; null where there is one. */
  readonly reason: string | null;
}

/** Which covariance of the estimates a test uses. */
export type CovarianceKind = "observed" | "robust";

/** A Wald test of all coefficients of a term. */
export interface TermTest extends WaldTest {
  readonly term: string;
  readonly block: "fixed" | "membership";
  /** `no effect`: every coefficient is zero; `equal over classes`: each is the same in all classes. */
  readonly question: "no effect" | "equal over classes";
}

/**
 * What Satterthwaite's degrees of freedom are made of, one class. P fixed effects in the order of the reported ones, user's scale;
 * t variance parameters on the internal scale.
 */
export interface SatterthwaiteTerms {
  /** P x P: (X'V^-1 X)^-1 at the estimates. */
  readonly covariance: readonly (readonly number[])[];
  /** t matrices, P x P: its derivative in each variance parameter. */
  readonly derivatives: readonly (readonly (readonly number[])[])[];
  /** t x t: covariance of the variance parameters, from the observed (restricted) information. */
  readonly varianceCovariance: readonly (readonly number[])[];
}

/** Where the variance of the scores comes from, over the rows fitted; user's scale squared. */
export interface VarianceComponents {
  /** Variance of the mean by the fixed effects, averaged over the classes. */
  readonly fixedEffects: number;
  /** Variance of the class means around that mean; 0 with one class. */
  readonly classes: number;
  /** Mean variance by the random effects, trace(Z D Z') / n. */
  readonly randomEffects: number;
  /** Mean residual variance. */
  readonly residual: number;
  /** Sum of the four. */
  readonly total: number;
}

/** Shares of variance explained, each from 0 to 1; null where the model has no variance at all. */
export interface ExplainedVariance {
  readonly components: VarianceComponents;
  /** Fixed effects / total. */
  readonly marginalR2: number | null;
  /** (Fixed effects + classes) / total; null with one class. */
  readonly classR2: number | null;
  /** (Fixed effects + classes + random effects) / total. */
  readonly conditionalR2: number | null;
  /** (Classes + random effects) / (classes + random effects + residual), averaged over the rows. */
  readonly intraclassCorrelation: number | null;
  /**
   * The same where every other term is zero, so that only the intercepts differ; null where no intercept does.
   */
  readonly interceptIntraclassCorrelation: number | null;
}

/** The distribution of a likelihood-ratio statistic when the smaller model is true. */
export type LikelihoodRatioDistribution =
  | { readonly kind: "chi-square"; readonly df: number }
  /** Half chi-square with the first, half with the second number of degrees of freedom (0: all mass at zero). */
  | { readonly kind: "mixture"; readonly df: readonly [number, number] }
  /** Not known; its upper tail lies between those of two such mixtures. */
  | {
      readonly kind: "bounds";
      readonly lower: readonly [number, number];
      readonly upper: readonly [number, number];
    }
  | { readonly kind: "unknown" };

/** How a likelihood-ratio test went. */
export type LikelihoodRatioVerdict =
  /** The usual chi-square test. */
  | "ordinary"
  /** A variance of zero is on the boundary of what is possible: mixture of chi-squares, or bounds. */
  | "boundary"
  /** The numbers of classes differ. */
  | "classes differ"
  /** No distribution is known for another reason. */
  | "not known"
  /** The larger model fits worse than the smaller one, or a fit did not reach its maximum. */
  | "unfinished maximum";

/** A likelihood-ratio test of two nested fits. */
export interface LikelihoodRatioTest {
  /** 2 (log-likelihood of the larger - of the smaller); never below 0 but for the verdict `unfinished maximum`. */
  readonly statistic: number;
  /** Parameters that the larger model has more. */
  readonly df: number;
  readonly method: "ML" | "REML";
  /** What the larger model adds, in words. */
  readonly differences: readonly string[];
  readonly distribution: LikelihoodRatioDistribution;
  readonly p: number | null;
  /** Bounds of p where only they are known. */
  readonly pBounds: { readonly lower: number; readonly upper: number } | null;
  readonly verdict: LikelihoodRatioVerdict;
  /** The result in plain words. */
  readonly sentence: string;
  /** What to do; empty when nothing. */
  readonly advice: string;
}
