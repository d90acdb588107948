import type { FitContext } from "../fitModel.js";
import type { ParameterBlock } from "../result.js";
import type { ReplicateFailure } from "./refit.js";
import type { BootstrapKind } from "./replicate.js";

/** What a bootstrap is asked for; where and how it runs is optional, as for a fit. */
export interface BootstrapOptions extends FitContext {
  /** Samples drawn; default 500. Standard errors need about 200, intervals 1,000. */
  readonly replicates?: number;
  /**
   * `nonparametric` (default): people are drawn with replacement, whole clusters where the model has them; asks nothing of the
   * model. `parametric`: scores are drawn from the fitted model; right only where the model is.
   */
  readonly kind?: BootstrapKind;
  /** Seed of the samples; default that of the fit. */
  readonly seed?: number;
  /** Random starts of each replicate beside the fit's own estimates; default 0. */
  readonly startsPerReplicate?: number;
}

/** An estimate and how it varies over replicates. */
export interface BootstrapSummary {
  readonly estimate: number;
  /** Standard deviation over replicates; null with fewer than two, and for what does not vary. */
  readonly standardError: number | null;
  /** Mean over replicates less the estimate. */
  readonly bias: number | null;
  /** 95% percentile interval; null with fewer than 39 replicates. */
  readonly lower: number | null;
  readonly upper: number | null;
}

/** A reported parameter with its bootstrap errors. */
export interface BootstrapParameter extends BootstrapSummary {
  readonly name: string;
  readonly block: ParameterBlock;
  readonly class: number | null;
}

/** The mean of a class over time with pointwise bootstrap errors. */
export interface BootstrapTrajectory {
  readonly time: readonly number[];
  readonly mean: readonly number[];
  readonly standardError: readonly (number | null)[];
  readonly lower: readonly (number | null)[];
  readonly upper: readonly (number | null)[];
}

/** A class of the fit over the replicates. */
export interface BootstrapClass {
  readonly label: number;
  readonly proportion: BootstrapSummary;
  readonly meanTrajectory: BootstrapTrajectory;
  /**
   * Mean over replicates of the similarity of the class to its counterpart, from 0 to 1: how alike the two groups of people
   * are. Above 0.75 a class is stable; below 0.6 it should not be trusted (Hennig 2007). Null without replicates.
   */
  readonly stability: number | null;
  /** Share of replicates in which it has no counterpart (similarity below 0.5); null without replicates. */
  readonly dissolved: number | null;
}

/** Replicates that gave no estimates, for one reason. */
export interface FailedReplicates {
  readonly reason: ReplicateFailure;
  /** Their numbers, from 1. */
  readonly numbers: readonly number[];
}

/** What became of the replicates. */
export interface ReplicateCounts {
  readonly requested: number;
  /** Fewer than requested where the run was cancelled. */
  readonly finished: number;
  /** Finished and not failed: what every number of the result is made of. */
  readonly used: number;
  readonly failed: readonly FailedReplicates[];
  /**
   * Share of those used whose classes, matched to those of the fit, are not in the same order by their mean at the last
   * common time: without matching, their labels would have been switched. Null with none used.
   */
  readonly reordered: number | null;
  /** Share of those used in which a class of the fit has no counterpart (similarity below 0.5); null with none used. */
  readonly poorMatch: number | null;
  /** Share of those used for which a random start found a better maximum than the fit's own estimates did. */
  readonly elsewhere: number | null;
}

/** Result of {@link bootstrap}. */
export interface BootstrapResult {
  readonly kind: BootstrapKind;
  readonly seed: number;
  readonly startsPerReplicate: number;
  /** The column whose clusters were drawn whole; null where people were drawn. */
  readonly clusters: string | null;
  readonly replicates: ReplicateCounts;
  /** In the order of the fit's parameters. */
  readonly parameters: readonly BootstrapParameter[];
  /** Covariance of the estimates over replicates, in the order of `parameters`; null with fewer than two used. */
  readonly covariance: readonly (readonly number[])[] | null;
  readonly classes: readonly BootstrapClass[];
  /** used x parameters: the estimates of every replicate, user's scale. */
  readonly estimates: Float64Array;
  readonly warnings: readonly string[];
  readonly elapsedSeconds: number;
}
