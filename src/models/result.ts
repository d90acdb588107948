import type { RowLedger } from "../core/table.js";
import type { StoredDesign } from "./design/types.js";
import type { ExplainedVariance, SatterthwaiteTerms, TermTest } from "./inference/types.js";
import type { FitOptions, ModelFamily, ModelSpec } from "./spec.js";

/** Which part of the model a parameter belongs to. */
export type ParameterBlock = "fixed" | "covariance" | "residual" | "loading" | "membership";

/** One parameter on the user's scale. */
export interface ParameterEstimate {
  /** Term name (`(Intercept)`, `month`, `age:month`), `var(month)`, `cov((Intercept),month)`, `residual sd`. */
  readonly name: string;
  readonly block: ParameterBlock;
  /** Class label from 1, or null where the classes share the parameter. */
  readonly class: number | null;
  readonly estimate: number;
  /** From the observed information; null where it does not exist (boundary, reference class). */
  readonly standardError: number | null;
  /** Sandwich over persons or clusters (see `robust` of the result); null where it does not exist. */
  readonly robustStandardError: number | null;
  /**
   * Wald z = estimate / standardError (a t where `df` is given; with clusters by the robust error); null where a test of zero makes no
   * sense (variances).
   */
  readonly z: number | null;
  /** Satterthwaite's degrees of freedom: fixed effects of REML fits. Null elsewhere, where p and interval are normal. */
  readonly df: number | null;
  readonly p: number | null;
  /** 95% Wald interval, of the normal distribution or of t; with clusters by the robust error. */
  readonly lower: number | null;
  readonly upper: number | null;
  /** Held by the constraints of the model: at a value (no standard error then), or equal to other parameters. */
  readonly constraint?: "fixed" | "equal";
}

/** Information criteria; BIC and its relatives use the number of persons. Lower is better, save entropy. */
export interface Criteria {
  readonly aic: number;
  readonly bic: number;
  /** Sample-size adjusted BIC (Sclove 1987). */
  readonly sabic: number;
  readonly caic: number;
  readonly awe: number;
  /** Integrated completed likelihood, BIC form (Biernacki et al. 2000). */
  readonly iclBic: number;
  /** Relative entropy in [0, 1] (Ramaswamy et al. 1993); null with one class. */
  readonly entropy: number | null;
}

/** A fitted mean over time, covariates held at their mean over persons (modes for factors do not arise: dummies are averaged). */
export interface Trajectory {
  readonly time: readonly number[];
  readonly mean: readonly number[];
  /** Pointwise 95% band by the delta method; null where no standard error exists. */
  readonly lower: readonly (number | null)[];
  readonly upper: readonly (number | null)[];
  /** Simultaneous 95% band: the whole curve lies within it. */
  readonly simultaneousLower: readonly (number | null)[];
  readonly simultaneousUpper: readonly (number | null)[];
  /** Its half width in standard errors, at least 1.96; null where there is none. */
  readonly simultaneousWidth: number | null;
}

/** Posterior-weighted mean score of a class near each time, beside its fitted mean. */
export interface ObservedMeans {
  readonly time: readonly number[];
  readonly observed: readonly number[];
  /** Mean of the persons' fitted class means at the same rows. */
  readonly fitted: readonly number[];
  /** Sum of posterior weights behind each point. */
  readonly weight: readonly number[];
}

/** One latent class of a fitted model. Classes are ordered by fitted mean at the last common time, lowest first. */
export interface ClassSummary {
  /** 1, 2, … */
  readonly label: number;
  /** Model-implied proportion: mean posterior probability. */
  readonly proportion: number;
  /** Persons whose modal class this is. */
  readonly assigned: number;
  /** Mean posterior probability of this class among those assigned to it; null when nobody is. */
  readonly averagePosterior: number | null;
  /** Odds of correct classification (Nagin 2005, p. 88); null with one class or nobody assigned. */
  readonly oddsOfCorrectClassification: number | null;
  readonly meanTrajectory: Trajectory;
  readonly observedMeans: ObservedMeans;
}

/** Posterior class probabilities of every person used. */
export interface Posteriors {
  readonly personIds: readonly string[];
  readonly nClasses: number;
  /** nPersons x nClasses, one person's classes together. */
  readonly values: Float64Array;
  /** Most probable class of each person, from 1. */
  readonly modalClass: Int32Array;
}

/** Named outcomes of a fit. More than one may hold; the first is the main one. */
export type VerdictName =
  | "converged"
  | "converged on a boundary"
  | "best value not replicated"
  | "class vanished"
  | "fewer classes fit better"
  | "not identified"
  | "likelihood unbounded"
  | "stopped early";

/** A verdict with a sentence a psychologist understands and a sentence on what to do. */
export interface Verdict {
  readonly name: VerdictName;
  readonly sentence: string;
  readonly advice: string;
}

/** How a fit ended and which criteria held for the parameters returned. */
export interface Convergence {
  /** True only when the gradient criterion, the curvature and stability all held. */
  readonly converged: boolean;
  readonly verdicts: readonly Verdict[];
  /** g' H^-1 g / nParameters at the returned parameters. */
  readonly gradientCriterion: number;
  /** Smallest eigenvalue of the scaled observed information. */
  readonly smallestCurvature: number;
  readonly iterations: number;
  readonly evaluations: number;
  /** The bound on residual variances that differ by class or occasion; null where there is one variance. */
  readonly varianceBound: VarianceBound | null;
}

/** Residual variances are kept apart from zero, where the likelihood is unbounded: solutions beyond the bound are refused. */
export interface VarianceBound {
  /** Smallest variance allowed, relative to the pooled one. */
  readonly ratio: number;
  /** The same on the user's scale. */
  readonly smallestAllowed: number;
  /** Smallest residual variance of this fit, relative to the pooled one. */
  readonly smallestRatio: number;
  /** Finalists refused because they ran beyond the bound. */
  readonly refused: number;
}

/** What the random starts found. */
export interface StartsSummary {
  /** Starts screened, splits of the fit with one class fewer among them. */
  readonly tried: number;
  /** Of them drawn in a second round, because the first reached its best value only once, or nothing sound as good as a class fewer. */
  readonly drawnLater: number;
  /** Different groupings of persons that the starts were made of; all splits together count as one. */
  readonly groupings: number;
  /** Carried to the second stage. */
  readonly finalists: number;
  readonly converged: number;
  /** Finalists refused because their residual variances ran beyond the bound. */
  readonly refused: number;
  /** Starts already beyond the bound after screening; they are carried further only where no others are left. */
  readonly refusedWhenScreened: number;
  /** Finalists that reached the best log-likelihood (within 1e-3), counted by the groupings they were made of. */
  readonly replicatedBest: number;
  /** Different maxima (log-likelihood or class means) among the finalists that were not refused. */
  readonly distinctMaxima: number;
  /** Log-likelihoods of the finalists, best first, those refused last. */
  readonly logLikelihoods: readonly number[];
  /** Log-likelihoods of all starts after screening, in the same order. */
  readonly screenedLogLikelihoods: readonly number[];
  /** The model with one class fewer, by which this one is checked: its value, and the starts screened to get there (0: known before). */
  readonly fewerClasses: { readonly logLikelihood: number; readonly tried: number } | null;
}

/** The next best maximum, beside the best. */
export interface RunnerUp {
  readonly logLikelihood: number;
  /** Points of log-likelihood below the best. */
  readonly below: number;
  /** Finalists that ended there. */
  readonly finalists: number;
  /** Agreement of the two classifications of persons by most probable class (Hubert & Arabie 1985): 1 is perfect, 0 chance. */
  readonly adjustedRandIndex: number;
  /** Share of persons who stay in the matching class. */
  readonly sameClass: number;
  /** Its classes, in the order of the fit's: each the one that shares most persons with the fit's class of that label. */
  readonly classes: readonly RunnerUpClass[];
}

/** One class of a runner-up. */
export interface RunnerUpClass {
  /** Label of the class of the best solution that it is matched with. */
  readonly label: number;
  readonly proportion: number;
  readonly assigned: number;
  /** Mean at each time of the fit's mean trajectories. */
  readonly mean: readonly number[];
}

/** A random-effect covariance matrix on the user's scale. */
export interface RandomEffectCovariance {
  /** Names of the random effects. */
  readonly names: readonly string[];
  /** One matrix per class, or a single one where the classes share it. */
  readonly matrices: readonly (readonly (readonly number[])[])[];
  readonly correlations: readonly (readonly (readonly (number | null)[])[])[];
}

/** Residual covariance on the user's scale. */
export interface FittedResidual {
  readonly structure: ModelSpec["residual"];
  /** Residual standard deviations: one, or one per class and occasion (the occasions of a class together). */
  readonly sd: readonly number[];
  /** Occasions with a residual variance of their own, in the user's unit; null where they share one. */
  readonly occasions: readonly number[] | null;
  /** Correlation one session (AR(1)) or one unit of time (continuous time) apart; null where residuals are independent. */
  readonly autocorrelation: number | null;
}

/** Everything a fit has to say. All of it but `posteriors` and the matrices in `inference` is plain JSON. */
export interface FitResult {
  readonly formatVersion: 1;
  readonly version: string;
  readonly family: ModelFamily;
  readonly model: ModelSpec;
  /** What is needed to build the same design for new people. */
  readonly design: StoredDesign;
  readonly options: FitOptions;
  readonly seed: number;
  /** The free vector on the internal scale, in the order of the parameter layout: for `predict` and warm starts. */
  readonly internal: readonly number[];
  readonly nPersons: number;
  readonly nObservations: number;
  readonly nParameters: number;
  readonly rows: RowLedger;
  readonly logLikelihood: number;
  readonly criteria: Criteria;
  readonly parameters: readonly ParameterEstimate[];
  /** Covariance of the estimates, in the order of `parameters`; null where it does not exist. */
  readonly parameterCovariance: readonly (readonly number[])[] | null;
  /** Their robust covariance (sandwich), likewise; null where it does not exist. */
  readonly robustCovariance: readonly (readonly number[])[] | null;
  /** Omnibus Wald tests of every term. */
  readonly termTests: readonly TermTest[];
  /** R^2 and intraclass correlation; null where the model has none. */
  readonly explainedVariance: ExplainedVariance | null;
  /** What degrees of freedom of contrasts are computed from; null with several classes, and for ML fits of more than 2,000 people. */
  readonly satterthwaite: SatterthwaiteTerms | null;
  /** Units over which the robust standard errors sum the scores; null where there are none. */
  readonly robust: "person" | "cluster" | null;
  /** The clusters of the model's `cluster` column; null without one. */
  readonly clusters: { readonly column: string; readonly count: number } | null;
  readonly covariance: RandomEffectCovariance | null;
  readonly residual: FittedResidual;
  readonly classes: readonly ClassSummary[];
  /** Present where the constraints of the model name classes: they then keep the order in which they are named. */
  readonly classOrder?: "as named by constraints";
  readonly posteriors: Posteriors;
  /** Null for one class. */
  readonly starts: StartsSummary | null;
  /** The next best maximum, where its log-likelihood is within 10 points of the best; else null. */
  readonly runnerUp: RunnerUp | null;
  readonly convergence: Convergence;
  readonly warnings: readonly string[];
  /** Seconds spent fitting. */
  readonly elapsedSeconds: number;
  /** How the work was spread over the processor; left out by versions that did not say. Like the time taken, no part of the answer. */
  readonly execution?: Execution;
}

/** Numbers of jobs by where they were done. */
export interface JobCounts {
  /** Too little work for threads to be started, or none wanted. */
  readonly callingThread: number;
  readonly oneWorker: number;
  /** Several workers together, each taking blocks of the people. */
  readonly severalWorkers: number;
}

/** How the work of a fit was spread over the processor. */
export interface Execution {
  /** Threads that there were for it; 0: the calling one alone. */
  readonly workers: number;
  /** How many pieces of work (each start, and what comes before and after the starts) were done in each way. */
  readonly jobs: JobCounts;
  /** Blocks of people that sums are taken over one by one; 1: everybody at once. */
  readonly shards: number;
}

/** One fitted model of an enumeration. */
export interface EnumerationRow {
  /** Name of the structure as given in the study, e.g. `GMM`. */
  readonly structure: string;
  readonly family: ModelFamily;
  readonly classes: number;
  readonly logLikelihood: number;
  readonly nParameters: number;
  readonly criteria: Criteria;
  /** Smallest class, as a proportion and as persons assigned. */
  readonly smallestProportion: number;
  readonly smallestAssigned: number;
  readonly replicatedBest: number | null;
  readonly finalists: number | null;
  readonly verdict: VerdictName;
  /** Why the selection rule passed it over; empty for eligible models. */
  readonly excludedBecause: readonly string[];
  readonly chosen: boolean;
}

/** The stated rule by which a model is chosen. */
export interface SelectionRule {
  readonly criterion: "bic" | "aic" | "sabic" | "caic" | "awe" | "iclBic";
  /** Models whose smallest class holds less than this proportion are passed over. */
  readonly minimumClassProportion: number;
  /** Models with lower entropy are passed over; 0 = no limit. */
  readonly minimumEntropy: number;
  /** Models whose best value was not replicated are passed over. */
  readonly requireReplication: boolean;
}

/** An enumeration: every model, the rule, the choice. */
export interface EnumerationResult {
  readonly rows: readonly EnumerationRow[];
  readonly rule: SelectionRule;
  /** The rule and its outcome in words. */
  readonly explanation: string;
  /** Index into `rows` and `fits`; null when no model was eligible. */
  readonly chosen: number | null;
  readonly fits: readonly FitResult[];
}

/** One odds ratio. */
export interface OddsRatio {
  readonly term: string;
  /** Class (or outcome) the odds are of. */
  readonly outcome: string;
  /** Class (or outcome) they are against. */
  readonly reference: string;
  readonly logOdds: number;
  readonly standardError: number | null;
  /** Sandwich (Huber 1967, White 1982), whichever kind `standardError` is. */
  readonly robustStandardError?: number | null;
  readonly oddsRatio: number;
  readonly lower: number | null;
  readonly upper: number | null;
  readonly z: number | null;
  readonly p: number | null;
}

/** A multinomial or logistic regression of an outcome on covariates. */
export interface RegressionResult {
  /**
   * `three-step ML`: latent class membership corrected for classification error (Vermunt 2010); `three-step BCH`:
   * by weights (Bolck, Croon & Hagenaars 2004); `three-step uncorrected`: the assignment taken as the truth.
   */
  readonly method: "three-step ML" | "three-step BCH" | "three-step uncorrected" | "logistic";
  /** What is predicted: `latent class` or an outcome such as `reliable_recovery`. */
  readonly outcome: string;
  readonly formula: string;
  readonly outcomeLevels: readonly string[];
  readonly nPersons: number;
  /** Persons left out, with reasons (missing covariate by name, not eligible). */
  readonly leftOut: readonly { readonly reason: string; readonly persons: number }[];
  readonly logLikelihood: number;
  readonly nParameters: number;
  /** Every term against every reference class (three-step), or the one contrast (logistic). Intercepts are included. */
  readonly oddsRatios: readonly OddsRatio[];
  /** Omnibus Wald test per term. */
  readonly termTests: readonly {
    readonly term: string;
    readonly chiSquare: number;
    readonly df: number;
    readonly p: number;
  }[];
  /** P(assigned class | true class), three-step only. */
  readonly classificationTable: readonly (readonly number[])[] | null;
  readonly convergence: { readonly converged: boolean; readonly verdicts: readonly Verdict[] };
  readonly warnings: readonly string[];
}
