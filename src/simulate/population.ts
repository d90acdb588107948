// What a simulated population is made of.

/** A mean trajectory of one measure: intercept + slope t + curvature t^2, t in weeks since the first session. */
export interface GrowthCurve {
  /** Score at week 0, in points. */
  readonly intercept: number;
  /** Points per week at week 0. */
  readonly slope: number;
  /** Points per week squared. */
  readonly curvature: number;
}

/** A true latent class. */
export interface SimulatedClass {
  readonly name: string;
  /** Share of the population, over the distribution of the covariates; the shares sum to 1. */
  readonly proportion: number;
  readonly phq9: GrowthCurve;
  readonly gad7: GrowthCurve;
}

/** How persons of one class, and the occasions of a person, differ in one measure. */
export interface MeasureVariation {
  /** SD of the random intercept, in points. */
  readonly interceptSd: number;
  /** SD of the random slope, in points per week. */
  readonly slopeSd: number;
  /** SD of the residual, in points. */
  readonly residualSd: number;
}

/** Variation of both measures. The random effects have correlation (intercept, slope) x (PHQ-9, GAD-7). */
export interface Variation {
  readonly phq9: MeasureVariation;
  readonly gad7: MeasureVariation;
  /** Correlation of random intercept and random slope, within either measure. */
  readonly interceptSlopeCorrelation: number;
  /** Correlation of PHQ-9 and GAD-7 in each random effect. */
  readonly betweenMeasures: number;
  /** Correlation of the residuals of PHQ-9 and GAD-7 at one occasion. */
  readonly residualCorrelation: number;
}

/**
 * Simulated covariates: `age` (years, from 16), `female`, `employed`, `ltc` (long-term condition) and
 * `medication` (psychotropic), each 0 or 1, and `imd` (decile of deprivation; 1 is the most deprived).
 */
export type CovariateName = "age" | "female" | "imd" | "employed" | "ltc" | "medication";

/** The covariates in the order of the file's columns. */
export const COVARIATES: readonly CovariateName[] = ["age", "female", "imd", "employed", "ltc", "medication"];

/** Where an effect is zero: the class curves are those of a person with these values. */
export const REFERENCE: Readonly<Record<CovariateName, number>> = {
  age: 40,
  female: 0,
  imd: 5,
  employed: 0,
  ltc: 0,
  medication: 0,
};

/** Coefficients of some covariates, per unit (year, decile, or 1 against 0). */
export type Coefficients = Readonly<Partial<Record<CovariateName, number>>>;

/** Covariate effects on the growth of one measure, the same in every class. */
export interface GrowthEffects {
  /** Points per unit. */
  readonly intercept: Coefficients;
  /** Points per week per unit. */
  readonly slope: Coefficients;
}

/** What the covariates do. */
export interface CovariateEffects {
  /** Log odds of each class against the first, per unit; one number per class, the first 0. */
  readonly class: Readonly<Partial<Record<CovariateName, readonly number[]>>>;
  readonly phq9: GrowthEffects;
  readonly gad7: GrowthEffects;
}
