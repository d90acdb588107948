import type { DistributionShape } from "./shape.js";

/** Residuals and random-effect estimates of a fit, and what they say against it. */
export interface Diagnostics {
  readonly nPersons: number;
  readonly nObservations: number;
  readonly personIds: readonly string[];
  /** One entry per row used, people in the order of `personIds`. */
  readonly rows: {
    /** Index into `personIds`. */
    readonly person: Int32Array;
    readonly time: Float64Array;
    readonly observed: Float64Array;
    /** Class means, weighted by posterior probability. */
    readonly fitted: Float64Array;
    /** The same with the person's random effects. */
    readonly predicted: Float64Array;
    /** Observed less predicted, score points. */
    readonly conditional: Float64Array;
    /** The same over its standard deviation under the model. */
    readonly standardized: Float64Array;
    /** Observed less fitted, score points. */
    readonly marginal: Float64Array;
    /** The same over its standard deviation under the model. */
    readonly marginalStandardized: Float64Array;
  };
  readonly effects: readonly EffectDiagnostics[];
  readonly residuals: ResidualSummary;
  readonly occasions: OccasionResiduals;
  /** Limits of the measure, where known. */
  readonly limits: { readonly minimum: number | null; readonly maximum: number | null };
  readonly findings: readonly Finding[];
}

/** Standardized residuals in numbers. */
export interface ResidualSummary {
  readonly shape: DistributionShape;
  /** Share of scores at the lowest and at the highest score possible; null where the limits are unknown. */
  readonly floorShare: number | null;
  readonly ceilingShare: number | null;
  /** Null where too few people have two scores. */
  readonly autocorrelation: Autocorrelation | null;
}

/** Correlation of neighbouring residuals of a person. */
export interface Autocorrelation {
  readonly observed: number;
  /** What the model as fitted leads to expect; below zero, because each person's curve follows their scores. */
  readonly expected: number;
  /** Difference over its standard error. */
  readonly z: number;
  /** People with neighbouring scores. */
  readonly people: number;
}

/** Residuals by time or session number. */
export interface OccasionResiduals {
  readonly by: "time" | "session";
  readonly groups: readonly OccasionGroup[];
}

/** Residuals of one time or session. */
export interface OccasionGroup {
  /** Time, or session number from 1. */
  readonly at: number;
  readonly n: number;
  /** Mean of the standardized residuals. */
  readonly mean: number;
  /** Variance of the residuals over what the model expects. */
  readonly varianceRatio: number;
  /** Standard error of the ratio where the model is right. */
  readonly ratioError: number;
}

/** Estimates of one random effect. */
export interface EffectDiagnostics {
  readonly name: string;
  /** nPersons: averaged over classes by posterior probability, user's scale. */
  readonly estimate: Float64Array;
  /** The same over their standard deviation under the model; without people in whom the effect cannot vary. */
  readonly standardized: Float64Array;
  /** Estimates given each class, people weighted by their posterior probability of it. */
  readonly classes: readonly (DistributionShape & {
    readonly label: number;
    /** Standard deviation of the estimates that the model expects (below that of the effects: estimates are shrunken). */
    readonly expectedSd: number;
  })[];
}

/** Something notable, in words. */
export interface Finding {
  readonly name:
    | "skewed residuals"
    | "heavy tails"
    | "floor"
    | "ceiling"
    | "autocorrelation"
    | "spread differs by occasion"
    | "mean misses an occasion"
    | "skewed random effect";
  readonly sentence: string;
  readonly advice: string;
}

/** What figures and words need of {@link Diagnostics}: small, and plain JSON. */
export interface DiagnosticSummary {
  readonly nPersons: number;
  readonly nObservations: number;
  readonly residuals: ResidualSummary;
  readonly occasions: OccasionResiduals;
  readonly effects: readonly Pick<EffectDiagnostics, "name" | "classes">[];
  readonly findings: readonly Finding[];
  /** Rows drawn at random: predicted score and standardized residual. */
  readonly points: readonly { readonly predicted: number; readonly residual: number }[];
  /** All rows, grouped by predicted score. */
  readonly trend: readonly ResidualTrend[];
  /** Quantiles of the standardized residuals, then of each random effect. */
  readonly quantiles: readonly QuantilePlot[];
}

/** Residuals of rows with about the same prediction. */
export interface ResidualTrend {
  /** Mean predicted score. */
  readonly predicted: number;
  /** Of the standardized residuals. */
  readonly mean: number;
  readonly sd: number;
  readonly n: number;
}

/** Quantiles beside those of the normal distribution. */
export interface QuantilePlot {
  /** `residuals`, or the name of a random effect. */
  readonly name: string;
  /** Values behind it. */
  readonly n: number;
  readonly normal: readonly number[];
  readonly observed: readonly number[];
}
