import { type Column, type LongTable, type PersonTable, takeRows } from "../core/table.js";
import { describePersons } from "./descriptives.js";
import { countOutcomes, pairScores, personOutcomes } from "./outcomes.js";
import type { DescriptiveRow, OutcomeCount, PrepSpec } from "./types.js";

/** What is known of persons. */
export interface PersonResults {
  readonly persons: PersonTable;
  readonly descriptives: readonly DescriptiveRow[];
  readonly outcomes: readonly OutcomeCount[];
  readonly notes: readonly string[];
}

/**
 * Makes the person table from the long table: covariates at the first occasion, numbers of sessions, first and
 * last scores, outcomes; and describes it.
 * @param spec - the preparation
 * @param long - the long table
 * @returns the table, its description and notes on what looks odd
 */
export function makePersons(spec: PrepSpec, long: LongTable): PersonResults {
  const { nPersons, personIds, personStart } = long;
  const firstRow = personStart.subarray(0, nPersons);
  const columns = new Map<string, Column>();
  for (const { name } of spec.covariates) columns.set(name, takeRows(long.columns.get(name)!, firstRow));
  const time = numbersOf(long, spec.time.name);
  columns.set(
    "n_sessions",
    numeric(nPersons, (p) => personStart[p + 1]! - personStart[p]!),
  );
  columns.set(
    "last_time",
    numeric(nPersons, (p) => time[personStart[p + 1]! - 1]!),
  );
  const pairs = spec.measures.map((measure) =>
    pairScores(measure, numbersOf(long, measure.name), personStart),
  );
  for (const { measure, first, last } of pairs) {
    columns.set(`${measure.name}_first`, { kind: "numeric", values: first });
    columns.set(`${measure.name}_last`, { kind: "numeric", values: last });
    columns.set(
      `${measure.name}_change`,
      numeric(nPersons, (p) => last[p]! - first[p]!),
    );
  }
  const names = [...columns.keys()];
  const outcomes = personOutcomes(pairs, nPersons);
  for (const [name, column] of outcomes) columns.set(name, column);
  const persons = { nPersons, personIds, columns };
  return {
    persons,
    descriptives: describePersons(persons, names),
    outcomes: countOutcomes(outcomes),
    notes: oddities(spec, long),
  };
}

function numeric(n: number, value: (person: number) => number): Column {
  const values = new Float64Array(n);
  for (let p = 0; p < n; p++) values[p] = value(p);
  return { kind: "numeric", values };
}

function numbersOf(long: LongTable, name: string): Float64Array {
  const column = long.columns.get(name);
  if (column?.kind !== "numeric") throw new TypeError(`numbersOf: ${name} is not numeric`);
  return column.values;
}

/** Things that set no row aside, but that a model will stumble over. */
function oddities(spec: PrepSpec, long: LongTable): string[] {
  const notes: string[] = [];
  if (long.nPersons === 1) notes.push("There is only one person.");
  if (long.nRows === long.nPersons)
    notes.push("Nobody has more than one session: change cannot be estimated.");
  for (const { name } of spec.measures)
    if (spread(long.columns.get(name)!).allSame) notes.push(`${name}: every score is the same.`);
  for (const { name } of spec.covariates) {
    const { allMissing, allSame } = spread(long.columns.get(name)!);
    if (allMissing) notes.push(`${name}: every value is missing.`);
    else if (allSame) notes.push(`${name}: every value is the same.`);
  }
  const noCutoff = spec.measures.filter(({ role, caseness }) => role !== "other" && caseness === null);
  if (noCutoff.length > 0)
    notes.push(
      `No caseness cut-off is known for ${noCutoff.map(({ label }) => label).join(", ")}: caseness and recovery do not use it.`,
    );
  const noChange = spec.measures.filter(
    ({ role, reliableChange }) => role !== "other" && reliableChange === null,
  );
  if (noChange.length > 0)
    notes.push(
      `No reliable change is known for ${noChange.map(({ label }) => label).join(", ")}: reliable change does not use it.`,
    );
  return notes;
}

/** Whether a column has no value, or only one (besides missing ones). */
function spread(column: Column): { readonly allMissing: boolean; readonly allSame: boolean } {
  const values = column.kind === "numeric" ? column.values : column.codes;
  let first = Number.NaN;
  for (let r = 0; r < values.length; r++) {
    const value = values[r]!;
    if (Number.isNaN(value) || (column.kind === "factor" && value < 0)) continue;
    if (Number.isNaN(first)) first = value;
    else if (value !== first) return { allMissing: false, allSame: false };
  }
  return { allMissing: Number.isNaN(first), allSame: !Number.isNaN(first) };
}
