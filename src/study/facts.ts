import type { NumericColumn } from "../core/table.js";
import { type Cohort, OUTCOME_NAMES } from "../prep/index.js";
import type { ColumnGuess } from "./guess/types.js";

/** Persons below which a category says little. */
export const FEW_PERSONS = 10;

/** What the data prove to be when they are prepared as guessed. */
export interface PreparedFacts {
  readonly nPersons: number;
  readonly nScores: number;
  /** Persons per category of each covariate that is a factor, most frequent first. */
  readonly levels: ReadonlyMap<string, readonly { readonly level: string; readonly persons: number }[]>;
  /** Covariates that have one value in everybody who is used. */
  readonly constant: ReadonlySet<string>;
  /** Share of persons without a value, by covariate. */
  readonly missing: ReadonlyMap<string, number>;
  /** Most scores of a person. */
  readonly mostSessions: number;
  /** Number of different times, and the last of them. */
  readonly nTimes: number;
  readonly lastTime: number;
  /** 95th percentile of the persons' last times, rounded up to a round number. */
  readonly latest: number;
  /** Persons who have a time after it. */
  readonly nLater: number;
  /** Outcomes that some persons reach and others do not. */
  readonly outcomes: readonly string[];
}

/**
 * Takes from prepared data what a study file should say of them.
 * @param cohort - the data, prepared as guessed
 * @param guess - the part of each column
 * @returns the facts
 */
export function factsOf(cohort: Cohort, guess: ColumnGuess): PreparedFacts {
  const { long, persons } = cohort;
  const times = (long.columns.get(cohort.time.name) as NumericColumn).values;
  const last = Float64Array.from(
    { length: long.nPersons },
    (_, p) => times[long.personStart[p + 1]! - 1]!,
  ).sort();
  const latest = roundUp(last[Math.min(last.length - 1, Math.ceil(0.95 * last.length) - 1)]!);
  let mostSessions = 0;
  for (let p = 0; p < long.nPersons; p++)
    mostSessions = Math.max(mostSessions, long.personStart[p + 1]! - long.personStart[p]!);
  const levels = new Map<string, { level: string; persons: number }[]>();
  const constant = new Set<string>();
  const missing = new Map<string, number>();
  for (const { name } of guess.covariates) {
    const column = persons.columns.get(name);
    if (column === undefined) continue;
    const values = column.kind === "factor" ? column.codes : column.values;
    const seen = [...values].filter((value) =>
      column.kind === "factor" ? value >= 0 : !Number.isNaN(value),
    );
    missing.set(name, 1 - seen.length / Math.max(1, values.length));
    if (new Set(seen).size < 2) constant.add(name);
    if (column.kind !== "factor") continue;
    const count = column.levels.map((level) => ({ level, persons: 0 }));
    for (const code of seen) count[code]!.persons++;
    levels.set(name, count);
  }
  return {
    nPersons: long.nPersons,
    nScores: long.nRows,
    levels,
    constant,
    missing,
    mostSessions,
    nTimes: new Set(times).size,
    lastTime: last.at(-1)!,
    latest,
    nLater: last.reduce((n, time) => n + (time > latest ? 1 : 0), 0),
    outcomes: cohort.outcomes
      .filter(
        ({ outcome, yes, no }) => (OUTCOME_NAMES as readonly string[]).includes(outcome) && yes > 0 && no > 0,
      )
      .map(({ outcome }) => outcome),
  };
}

/** The next round number: steps of a half below 3, 1 below 12, 2 below 30, 5 below 100, 10 below 300, then 50. */
function roundUp(time: number): number {
  const step = time < 3 ? 0.5 : time < 12 ? 1 : time < 30 ? 2 : time < 100 ? 5 : time < 300 ? 10 : 50;
  return Math.ceil(time / step - 1e-9) * step;
}
