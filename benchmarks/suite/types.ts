import type { Machine, Timing } from "../measure.js";

/** How long a case takes: `quick` ones seconds, for a look between two changes. */
export type Group = "quick" | "standard";

/** The groups, shortest first. */
export const GROUPS: readonly Group[] = ["quick", "standard"];

/**
 * A thing to time. To add one, write one object of this type in `cases/` and name it in `cases/index.ts`; `fitting` makes the
 * `measure` of a model to be fitted.
 */
export interface Case {
  /** Name on the command line, and the key by which results are compared. */
  readonly name: string;
  readonly title: string;
  readonly group: Group;
  /** What the clock sees, and what it does not. */
  readonly timed: string;
  readonly targets: readonly Target[];
  /** Checks the answer, then times the work. Runs in a process of its own. */
  measure(): Promise<Measured>;
}

/** A figure to reach, of one of the case's measures; in the last two, compared with a peer in the same run. */
export type Target =
  | { readonly measure: string; readonly atMostSeconds: number }
  | { readonly measure: string; readonly atMostMb: number }
  | { readonly measure: string; readonly peer: string; readonly timesAsFast: number }
  | { readonly measure: string; readonly peer: string; readonly atMostTimes: number };

/** What a case found. */
export interface Measured {
  readonly persons: number;
  readonly rows: number;
  /** Of the answer; null where the work has none. */
  readonly logLikelihood: number | null;
  /** How the answer was checked before its time counted. */
  readonly checked: string;
  readonly measures: readonly Measure[];
  readonly peers: readonly Peer[];
}

/** One thing timed. */
export interface Measure {
  readonly name: string;
  readonly seconds: Timing;
  /** User and system time of all threads, median. */
  readonly cpuSeconds?: number;
  /** Largest resident memory of the process, over the runs. */
  readonly peakMemoryMb?: number;
}

/** Another program on the same data in the same run, or a figure quoted. */
export interface Peer {
  /** Short name: package, compiler, or language. */
  readonly name: string;
  readonly version: string;
  /** The call timed. */
  readonly call: string;
  readonly seconds: Timing;
  readonly logLikelihood: number | null;
  /** Where the figure comes from, when it was not measured in this run. */
  readonly source?: string;
}

/** A target and whether it was reached. */
export interface Judged {
  readonly words: string;
  /** The figure, in the target's unit; null where the peer or the measure is missing. */
  readonly value: number | null;
  readonly reached: string;
  readonly met: boolean | null;
}

/** A case as the result file keeps it. */
export interface CaseResult extends Measured {
  readonly name: string;
  readonly title: string;
  readonly group: Group;
  readonly timed: string;
  readonly targets: readonly Judged[];
}

/** A result file. */
export interface Results {
  readonly date: string;
  readonly machine: Machine;
  readonly cases: readonly CaseResult[];
  /** Cases whose answer was wrong or that could not run. */
  readonly failed: readonly { readonly name: string; readonly why: string }[];
}
