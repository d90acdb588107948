import type { FactorColumn } from "../core/table.js";
import type { ReportInput } from "./input.js";

/** How often an outcome came about, among all or in one class. */
export interface OutcomeRate {
  /** Name of the outcome, e.g. `reliable_recovery`. */
  readonly outcome: string;
  /** The same in words, e.g. `Reliable recovery`. */
  readonly label: string;
  /** Class label, or null for everyone. */
  readonly class: number | null;
  /** Persons (for a class: sum of posterior probabilities) with the outcome, and eligible for it. */
  readonly yes: number;
  readonly eligible: number;
  readonly rate: number | null;
  /** 95% Wilson interval. */
  readonly lower: number | null;
  readonly upper: number | null;
}

/** The 0.975 quantile of the standard normal distribution. */
const Z = 1.959963984540054;

/**
 * The 95% score interval of a proportion.
 * @param yes - number of successes; may be a sum of weights
 * @param n - number of trials, or sum of weights
 * @returns lower and upper limit, or null when n is 0
 * Source: Wilson (1927).
 */
export function wilsonInterval(yes: number, n: number): readonly [number, number] | null {
  if (!(n > 0)) return null;
  const rate = yes / n;
  const centre = (rate + (Z * Z) / (2 * n)) / (1 + (Z * Z) / n);
  const half = (Z / (1 + (Z * Z) / n)) * Math.sqrt((rate * (1 - rate)) / n + (Z * Z) / (4 * n * n));
  return [Math.max(0, centre - half), Math.min(1, centre + half)];
}

/**
 * Outcome rates of everyone, and by class where the input has the persons' outcomes.
 * @param input - the report's input
 * @returns one row per outcome and group, outcome by outcome, everyone first; class rates are weighted by
 *   posterior probability
 */
export function outcomeRates(input: ReportInput): readonly OutcomeRate[] {
  const byClass = ratesByClass(input);
  return input.cohort.outcomes.flatMap((each) => {
    const label = outcomeLabel(each.outcome);
    const all = rateOf(each.outcome, label, null, each.yes, each.yes + each.no);
    return [all, ...(byClass.get(each.outcome) ?? [])];
  });
}

/**
 * A column name in words.
 * @param name - e.g. `reliable_recovery`
 * @returns e.g. `Reliable recovery`
 */
export function outcomeLabel(name: string): string {
  if (name === "caseness") return "Caseness at the start";
  const words = name.replaceAll("_", " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function rateOf(
  outcome: string,
  label: string,
  group: number | null,
  yes: number,
  eligible: number,
): OutcomeRate {
  const interval = wilsonInterval(yes, eligible);
  return {
    outcome,
    label,
    class: group,
    yes,
    eligible,
    rate: eligible > 0 ? yes / eligible : null,
    lower: interval?.[0] ?? null,
    upper: interval?.[1] ?? null,
  };
}

function ratesByClass(input: ReportInput): ReadonlyMap<string, readonly OutcomeRate[]> {
  const { persons, chosen } = input;
  const { posteriors } = chosen;
  const found = new Map<string, readonly OutcomeRate[]>();
  if (persons === undefined || posteriors.nClasses < 2) return found;
  const columns = input.cohort.outcomes.flatMap(({ outcome }) => {
    const column = persons.columns.get(outcome);
    return column?.kind === "factor" ? [{ outcome, column }] : [];
  });
  if (columns.length === 0) return found;
  const rows = alignPersons(persons.personIds, posteriors.personIds);
  for (const { outcome, column } of columns) found.set(outcome, weightedRates(outcome, column, rows, input));
  return found;
}

/** Row in the person table of each person with posteriors; -1 where there is none. */
function alignPersons(tableIds: readonly string[], posteriorIds: readonly string[]): Int32Array {
  const rows = new Int32Array(posteriorIds.length).fill(-1);
  let sameOrder = tableIds.length === posteriorIds.length;
  for (let i = 0; sameOrder && i < rows.length; i++) sameOrder = tableIds[i] === posteriorIds[i];
  if (sameOrder) return rows.map((_, i) => i);
  const index = new Map(tableIds.map((id, i) => [id, i]));
  for (let i = 0; i < rows.length; i++) rows[i] = index.get(posteriorIds[i]!) ?? -1;
  return rows;
}

function weightedRates(
  outcome: string,
  column: FactorColumn,
  rows: Int32Array,
  input: ReportInput,
): readonly OutcomeRate[] {
  const { posteriors, classes } = input.chosen;
  const K = posteriors.nClasses;
  const yesCode = column.levels.indexOf("yes");
  const noCode = column.levels.indexOf("no");
  const yes = new Float64Array(K);
  const eligible = new Float64Array(K);
  for (let i = 0; i < rows.length; i++) {
    const code = rows[i]! < 0 ? -1 : column.codes[rows[i]!]!;
    if (code < 0 || (code !== yesCode && code !== noCode)) continue;
    for (let k = 0; k < K; k++) {
      const p = posteriors.values[i * K + k]!;
      eligible[k]! += p;
      if (code === yesCode) yes[k]! += p;
    }
  }
  const label = outcomeLabel(outcome);
  return classes.map((each, k) => rateOf(outcome, label, each.label, yes[k] ?? 0, eligible[k] ?? 0));
}
