import type { LongTable, PersonTable, RowLedger } from "../core/table.js";
import type { BootstrapResult } from "../models/bootstrap/types.js";
import type { WaldTest } from "../models/inference/types.js";
import type { Influence } from "../models/influence.js";
import type { DiagnosticSummary } from "../models/persons/types.js";
import type { ProfileInterval } from "../models/profile.js";
import type { EnumerationResult, FitResult, RegressionResult } from "../models/result.js";

/** A measure as far as the outcomes of treatment rest on it. */
export interface OutcomeMeasure {
  readonly name: string;
  readonly label: string;
  readonly role: "depression" | "anxiety" | "other";
  /** Cut-off of caseness; null: none known. */
  readonly caseness: number | null;
  /** True when caseness means strictly above the cut-off. Default false. */
  readonly casenessExclusive?: boolean;
  /** Smallest change that is reliable; null: none known. */
  readonly reliableChange: number | null;
}

/** A measure as the figures need it. */
export interface ReportMeasure {
  readonly name: string;
  readonly label: string;
  readonly minimum: number;
  readonly maximum: number;
  readonly caseness: number | null;
  /** True when only scores above `caseness` are cases; default: those at it too. */
  readonly casenessExclusive?: boolean;
  /** Smallest change that is reliable; default: 6 for PHQ-9, 4 for GAD-7, else a fifth of the range. */
  readonly reliableChange?: number | null;
}

/** What the report says of the data. */
export interface ReportCohort {
  readonly ledger: RowLedger;
  readonly notes: readonly string[];
  readonly descriptives: readonly {
    readonly variable: string;
    readonly level: string;
    readonly n: number;
    readonly missing: number;
    readonly mean: number | null;
    readonly sd: number | null;
    readonly median: number | null;
    readonly q1: number | null;
    readonly q3: number | null;
    readonly minimum: number | null;
    readonly maximum: number | null;
    readonly share: number | null;
  }[];
  readonly outcomes: readonly {
    readonly outcome: string;
    readonly yes: number;
    readonly no: number;
    readonly notEligible: number;
    readonly missing: number;
    readonly rate: number | null;
  }[];
  readonly sources: readonly { readonly path: string; readonly rows: number; readonly sha256: string }[];
}

/** What was asked of a fit beyond its own standard errors; a part that was not asked for, or not finished, is absent. */
export interface FurtherInference {
  /** Of variances, covariances, correlations and residual parameters. */
  readonly profileIntervals?: readonly ProfileInterval[];
  readonly bootstrap?: BootstrapResult;
  /** One per hypothesis asked for. */
  readonly tests?: readonly WaldTest[];
  readonly influence?: Influence;
}

/** Everything a report is made of; results only, nothing is fitted here. */
export interface ReportInput {
  readonly title: string;
  /** Date and time of the run, ISO 8601. */
  readonly date: string;
  readonly version: string;
  readonly seed: number;
  /** The study file that the run read; absent where the report is made by a program of its own. */
  readonly studyFile?: string;
  readonly measure: ReportMeasure;
  /** Words for the time axis, e.g. `Weeks since first session`. */
  readonly timeLabel: string;
  /** Unit of the time axis in the plural, e.g. `weeks`; default: the unit named in `timeLabel`, if any. */
  readonly timeUnit?: string;
  /** The table the models were fitted to, for individual lines. */
  readonly long: LongTable;
  /** One row per person with outcome factors (`no`, `yes`, `not eligible`), for outcome rates by class. */
  readonly persons?: PersonTable;
  readonly cohort: ReportCohort;
  /** Every measure of the study, whose cut-offs the outcomes rest on; default: cut-offs are not named. */
  readonly outcomeMeasures?: readonly OutcomeMeasure[];
  readonly enumeration: EnumerationResult | null;
  /** The model the report is about. */
  readonly chosen: FitResult;
  /** Named other fits (growth curve with covariates, …). */
  readonly otherFits: readonly { readonly name: string; readonly fit: FitResult }[];
  readonly regressions: readonly RegressionResult[];
  /** Residuals and random effects of the chosen model, from `diagnose`; default: not shown. */
  readonly diagnostics?: DiagnosticSummary;
  /** Intervals and tests of the chosen model beyond its standard errors; default: none. */
  readonly inference?: FurtherInference;
  readonly elapsedSeconds: number;
}
