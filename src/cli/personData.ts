import { InputError, type Problem } from "../core/errors.js";
import type { Column, PersonTable, RowLedger } from "../core/table.js";
import { parseFormula } from "../models/formula.js";
import { Database } from "../prep/duckdb.js";
import { prepare } from "../prep/index.js";
import { knownMeasure } from "../prep/measures.js";
import { openSources, readSources } from "../prep/source.js";
import { DEFAULT_MISSING, OUTCOME_NAMES } from "../prep/spec.js";
import { takeTyped, typeColumn } from "../prep/typedColumn.js";
import type { MeasureInput, MeasureSpec } from "../prep/types.js";
import { missingTest } from "../prep/values.js";
import { outcomeCutoffs, outcomeMeasures } from "../report/outcomeWords.js";
import {
  type DataOptions,
  glance,
  measureOf,
  missingColumns,
  prepOptions,
  readCohort,
  timeOf,
} from "./data.js";

/** Persons with what is to be predicted and what predicts it. */
export interface PersonData {
  readonly persons: PersonTable;
  readonly ledger: RowLedger;
  /** Which measures and cut-offs define the outcomes of treatment, in words; null when none was asked for. */
  readonly outcomesFrom: string | null;
  /** The measures that define them; empty when none was asked for, or they stand in the file. */
  readonly measures: readonly MeasureSpec[];
}

/**
 * Reads covariates and outcomes of persons, from session scores or from a study's `persons.csv`.
 * @param options - the data options
 * @param formula - covariates of persons
 * @param outcomes - names of outcomes of treatment, or columns
 * @param studyMeasures - measures of the study that the model comes from, whose cut-offs have priority
 * @returns the persons; outcomes of treatment rest on every known measure in the file
 * @throws InputError listing missing files and columns
 */
export async function readPersonData(
  options: DataOptions,
  formula: string,
  outcomes: readonly string[],
  studyMeasures: readonly MeasureSpec[] = [],
): Promise<PersonData> {
  const { columns, timeIsDate } = await glance(options);
  if (isPersonFile(columns, options)) return readPersonFile(options, columns, [formula, ...outcomes]);
  const derived = outcomes.filter(isOutcome);
  const cohort = await readCohort(options, [formula, ...outcomes.filter((name) => !isOutcome(name))]);
  if (derived.length === 0)
    return { persons: cohort.persons, ledger: cohort.ledger, outcomesFrom: null, measures: [] };
  // Prepared apart, so that a measure beside the modelled one changes neither rows nor covariates.
  const scored = await prepare({
    ...prepOptions(options),
    measures: measuresIn(columns, options.outcome, studyMeasures),
    time: timeOf(options.time, timeIsDate),
  });
  const columnsOf = new Map(cohort.persons.columns);
  for (const name of OUTCOME_NAMES)
    columnsOf.set(name, matchColumn(scored.persons, name, cohort.persons.personIds));
  const used = outcomeMeasures(scored.measures);
  return {
    persons: { ...cohort.persons, columns: columnsOf },
    ledger: cohort.ledger,
    outcomesFrom: `${outcomeCutoffs(scored.measures)}${loneMeasure(used)}`,
    measures: used,
  };
}

function isOutcome(name: string): boolean {
  return (OUTCOME_NAMES as readonly string[]).includes(name);
}

function loneMeasure(used: readonly MeasureSpec[]): string {
  const lacking = used.some(({ role }) => role === "anxiety")
    ? used.some(({ role }) => role === "depression")
      ? null
      : "depression"
    : used.some(({ role }) => role === "depression")
      ? "anxiety"
      : null;
  if (lacking === null) return "";
  return ` The data hold no known measure of ${lacking}: outcomes that rest on both differ.`;
}

/** The modelled measure, and every other that the study or the catalogue knows. */
function measuresIn(
  columns: readonly string[],
  outcome: string,
  studyMeasures: readonly MeasureSpec[],
): MeasureInput[] {
  const found = new Map<string, MeasureInput>();
  for (const measure of studyMeasures) {
    // The study's own long.csv holds totals under the measure's name; its source may hold items.
    const { items, pattern: _, ...total } = measure;
    if (columns.includes(measure.name)) found.set(measure.name, { ...total, column: measure.name });
    else if (measure.column !== undefined && columns.includes(measure.column)) found.set(measure.name, total);
    else if (items?.every((item) => columns.includes(item))) found.set(measure.name, { ...total, items });
  }
  // A study says itself which measures count; without one, every known column does.
  if (found.size > 0) return [...found.values()];
  found.set(knownMeasure(outcome)?.name ?? outcome, measureOf(outcome));
  for (const column of columns) {
    const known = knownMeasure(column);
    if (known !== undefined && !found.has(known.name))
      found.set(known.name, { name: known.name, column, fractional: true });
  }
  return [...found.values()];
}

/** A factor of one person table in the order of another; -1 for persons it lacks. */
function matchColumn(from: PersonTable, name: string, ids: readonly string[]): Column {
  const column = from.columns.get(name);
  if (column?.kind !== "factor") throw new TypeError(`${name} is no factor.`);
  const rowOf = new Map(from.personIds.map((id, row) => [id, row]));
  const codes = Int32Array.from(ids, (id) => {
    const row = rowOf.get(id);
    return row === undefined ? -1 : column.codes[row]!;
  });
  return { ...column, codes };
}

/** A study's `persons.csv` has outcomes, and neither the score nor the time of sessions. */
function isPersonFile(columns: readonly string[], { time, outcome }: DataOptions): boolean {
  if (columns.includes(time) && columns.includes(outcome)) return false;
  return columns.includes("n_sessions") || OUTCOME_NAMES.some((name) => columns.includes(name));
}

async function readPersonFile(
  options: DataOptions,
  columns: readonly string[],
  formulas: readonly string[],
): Promise<PersonData> {
  const names = [...new Set(formulas.flatMap((formula) => parseFormula(formula).symbols))];
  const problems: Problem[] = missingColumns(
    [{ name: options.id, where: "--id" }, ...names.map((name) => ({ name, where: "formula" }))],
    columns,
    options,
  );
  if (options.where !== undefined)
    problems.push({
      code: "bad-option",
      where: "--where",
      message: `${options.file} has one row per person, whose outcomes rest on sessions that were chosen before.`,
      fix: "Leave --where out, or give the file of sessions.",
    });
  if (problems.length > 0) throw new InputError(problems);
  const db = await Database.open();
  try {
    const files = await openSources(db, options.file, options.format);
    const raw = await readSources(db, files, [...new Set([options.id, ...names])]);
    const isMissing = missingTest(DEFAULT_MISSING);
    const { codes, values } = raw.columns.get(options.id)!;
    const rows = Int32Array.from(codes.keys()).filter((row) => !isMissing(values[codes[row]!]!));
    const personIds = Array.from(rows, (row) => values[codes[row]!]!.trim());
    refuseRepeated(personIds, options);
    const table = new Map(
      names.map((name): [string, Column] => [
        name,
        takeTyped(typeColumn(raw.columns.get(name)!, name, {}, DEFAULT_MISSING), rows),
      ]),
    );
    const nameless = raw.nRows - rows.length;
    const description = "no identifier";
    return {
      persons: { nPersons: rows.length, personIds, columns: table },
      ledger: {
        read: raw.nRows,
        used: rows.length,
        setAside: nameless === 0 ? [] : [{ reason: "missing-id", description, rows: nameless }],
      },
      outcomesFrom: formulas.some(isOutcome)
        ? `Outcomes are taken from ${options.file} as they stand.`
        : null,
      measures: [],
    };
  } finally {
    db.close();
  }
}

function refuseRepeated(personIds: readonly string[], { file, id }: DataOptions): void {
  const seen = new Set<string>();
  const repeated = personIds.find((person) => seen.size === seen.add(person).size);
  if (repeated === undefined) return;
  throw new InputError({
    code: "repeated-id",
    where: file,
    message: `The identifier ${repeated} (column "${id}") has several rows, and the file has no column of scores and time.`,
    expected: "a file of sessions with the model's columns, or one row per person",
  });
}
