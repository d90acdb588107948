import type { FinishedFit } from "../fit/finish.js";
import type { JobRunner, Progress } from "../jobs/job.js";
import type { ProblemShape } from "../likelihood.js";
import type { Problem } from "../problem.js";
import type { Execution, StartsSummary } from "../result.js";
import type { FitOptions } from "../spec.js";
import type { FoundMaximum } from "./maxima.js";
import type { StartOutcome } from "./startTasks.js";

/** The same model with one class fewer. */
export interface SmallerFit {
  readonly x: readonly number[];
  /** Internal scale; null where its likelihood is unbounded. */
  readonly logLikelihood: number | null;
}

/** One model to fit among several that are fitted together. */
export interface FitRequest {
  readonly problem: Problem;
  readonly shape: ProblemShape;
  readonly options: FitOptions;
  /** Words for progress and errors, e.g. `GMM, 3 classes`. */
  readonly label: string;
  /** The same model with one class fewer, where it is known: each of its classes is split in turn. Made where it is not. */
  readonly previous?: SmallerFit;
}

/** What the starts and the last stage found for one model. */
export interface FitSearch {
  readonly finished: FinishedFit;
  readonly starts: StartsSummary | null;
  /** Quasi-Newton iterations and evaluations of the start that won. */
  readonly iterations: number;
  readonly evaluations: number;
  /** True when even the best finalist ran into an unbounded likelihood. */
  readonly degenerate: boolean;
  /** The next best maximum, where it is close. */
  readonly runnerUp: FoundMaximum | null;
  /** The model with one class fewer fits better still: what was found is not the maximum. */
  readonly fewerIsBetter: boolean;
  /** How the work was spread. */
  readonly execution: Execution;
}

/** How a search is run. */
export interface SearchContext {
  readonly runner: JobRunner;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

/** What is known of the model with one class fewer (on the way there, with several fewer). */
export interface KnownSmaller extends SmallerFit {
  readonly classes: number;
  /** Starts screened to find it and the fits before it; 0 where it was given. */
  readonly tried: number;
}

/** What the starts of one model are made from. */
export interface StartBasis {
  /** The one-class fit, which random starts are drawn around; undefined where the run was cancelled before it. */
  readonly oneClass: StartOutcome | undefined;
  /** The fit whose classes are split; undefined where there is none. */
  readonly smaller: KnownSmaller | undefined;
}

/** One round of starts of one model. */
export interface Round {
  readonly screened: readonly StartOutcome[];
  readonly finalists: readonly StartOutcome[];
}
