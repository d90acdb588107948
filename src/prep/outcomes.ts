import type { Column, FactorColumn } from "../core/table.js";
import { OUTCOME_NAMES } from "./spec.js";
import type { MeasureSpec, OutcomeCount, YesNo } from "./types.js";

/** First and last score of each person on one measure; the last needs a second score, else it is NaN. */
export interface PairedScores {
  readonly measure: MeasureSpec;
  readonly first: Float64Array;
  readonly last: Float64Array;
  /** Number of scores per person. */
  readonly count: Int32Array;
}

/** Levels of an outcome column. */
export const OUTCOME_LEVELS: readonly YesNo[] = ["no", "yes", "not eligible"];

/** yes, no or unknown; the two-valued logic of the definitions extended to missing scores (Kleene). */
type Truth = 1 | 0 | null;

const not = (a: Truth): Truth => (a === null ? null : a === 1 ? 0 : 1);
const and = (...all: Truth[]): Truth => (all.includes(0) ? 0 : all.includes(null) ? null : 1);
const or = (...all: Truth[]): Truth => not(and(...all.map(not)));

/**
 * Finds each person's first and last score.
 * @param measure - the measure
 * @param values - scores by row; NaN is missing
 * @param personStart - first row of each person; length persons + 1
 * @returns the pair
 */
export function pairScores(
  measure: MeasureSpec,
  values: Float64Array,
  personStart: Int32Array,
): PairedScores {
  const n = personStart.length - 1;
  const first = new Float64Array(n).fill(Number.NaN);
  const last = new Float64Array(n).fill(Number.NaN);
  const count = new Int32Array(n);
  for (let p = 0; p < n; p++)
    for (let r = personStart[p]!; r < personStart[p + 1]!; r++) {
      if (Number.isNaN(values[r]!)) continue;
      if (count[p] === 0) first[p] = values[r]!;
      else last[p] = values[r]!;
      count[p]!++;
    }
  return { measure, first, last, count };
}

/**
 * Outcomes of each person, as the NHS Talking Therapies manual defines them: caseness at the start; recovery
 * (at caseness at the start, below every cut-off at the end; not eligible when not at caseness); reliable improvement
 * (depression or anxiety falls by its reliable change, and the other does not rise by its own); reliable
 * deterioration (the mirror image); reliable recovery (both); no reliable change (the rest).
 * The anxiety measure of a person is the first listed one other than the GAD-7 that was scored twice, else the
 * GAD-7. Without any depression or anxiety measure the first measure stands alone.
 * @param pairs - first and last scores of every measure
 * @param nPersons - number of persons
 * @returns one factor per outcome with levels no, yes, not eligible; -1 where the scores leave it open
 */
export function personOutcomes(pairs: readonly PairedScores[], nPersons: number): Map<string, FactorColumn> {
  const columns = new Map(
    OUTCOME_NAMES.map((name) => [
      name,
      { kind: "factor" as const, codes: new Int32Array(nPersons).fill(-1), levels: OUTCOME_LEVELS },
    ]),
  );
  const depression = pairs.find(({ measure }) => measure.role === "depression");
  const anxiety = pairs.filter(({ measure }) => measure.role === "anxiety");
  const general = anxiety.find(({ measure }) => measure.name === "gad7");
  const specific = anxiety.filter((pair) => pair !== general);
  for (let p = 0; p < nPersons; p++) {
    const ofAnxiety = specific.find(({ count }) => count[p]! >= 2) ?? general ?? specific[0];
    const used = [depression, ofAnxiety].filter((pair) => pair !== undefined);
    const outcome = outcomesOf(used.length > 0 ? used : pairs.slice(0, 1), p);
    OUTCOME_NAMES.forEach((name, i) => {
      columns.get(name)!.codes[p] = outcome[i]!;
    });
  }
  return columns;
}

const NOT_ELIGIBLE = 2;

/** Codes of the outcomes of one person, in the order of OUTCOME_NAMES. */
function outcomesOf(pairs: readonly PairedScores[], p: number): number[] {
  const withCutoff = pairs.filter(({ measure }) => measure.caseness !== null);
  const caseness =
    withCutoff.length === 0 ? null : or(...withCutoff.map((pair) => isCase(pair.measure, pair.first[p]!)));
  const wellAtEnd =
    withCutoff.length === 0
      ? null
      : and(...withCutoff.map((pair) => not(isCase(pair.measure, pair.last[p]!))));
  const changes = pairs
    .filter(({ measure }) => measure.reliableChange !== null)
    .map(({ measure, first, last }) => reliableChange(measure, last[p]! - first[p]!));
  const towards = (sign: 1 | -1): Truth =>
    changes.length === 0
      ? null
      : or(
          ...changes.map((change, i) =>
            and(
              change === null ? null : change === sign ? 1 : 0,
              ...changes
                .filter((_, j) => j !== i)
                .map((other): Truth => (other === null ? null : other === -sign ? 0 : 1)),
            ),
          ),
        );
  const improvement = towards(-1);
  const deterioration = towards(1);
  const code = (truth: Truth): number => truth ?? -1;
  const ifCase = (truth: Truth): number =>
    caseness === 0 ? NOT_ELIGIBLE : caseness === null ? -1 : code(truth);
  return [
    code(caseness),
    ifCase(wellAtEnd),
    code(improvement),
    code(deterioration),
    ifCase(and(wellAtEnd, improvement)),
    code(and(not(improvement), not(deterioration))),
  ];
}

function isCase(measure: MeasureSpec, score: number): Truth {
  if (Number.isNaN(score)) return null;
  return (measure.casenessExclusive === true ? score > measure.caseness! : score >= measure.caseness!)
    ? 1
    : 0;
}

/** -1 for a reliable fall, 1 for a reliable rise, 0 for neither, null when unknown. */
function reliableChange(measure: MeasureSpec, change: number): -1 | 0 | 1 | null {
  if (Number.isNaN(change)) return null;
  // Differences of decimals (2.73 - 2.0) miss the threshold by rounding alone.
  const threshold = measure.reliableChange! - 1e-9;
  return change <= -threshold ? -1 : change >= threshold ? 1 : 0;
}

/**
 * Counts outcomes over persons.
 * @param columns - from `personOutcomes`
 * @returns one line per outcome; the rate is yes / (yes + no)
 */
export function countOutcomes(columns: ReadonlyMap<string, Column>): OutcomeCount[] {
  return OUTCOME_NAMES.flatMap((outcome) => {
    const column = columns.get(outcome);
    if (column?.kind !== "factor") return [];
    const counts = [0, 0, 0, 0];
    for (const code of column.codes) counts[code < 0 ? 3 : code]!++;
    const [no, yes, notEligible, missing] = counts as [number, number, number, number];
    return [{ outcome, yes, no, notEligible, missing, rate: yes + no === 0 ? null : yes / (yes + no) }];
  });
}
