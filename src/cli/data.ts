import { InputError, nearestName, type Problem } from "../core/errors.js";
import { parseFormula } from "../models/formula.js";
import type { ModelSpecInput } from "../models/spec.js";
import { Database } from "../prep/duckdb.js";
import { prepare } from "../prep/index.js";
import { knownMeasure } from "../prep/measures.js";
import { openSources } from "../prep/source.js";
import { DEFAULT_MISSING } from "../prep/spec.js";
import type { Cohort, MeasureInput, PrepSpec, PrepSpecInput, TimeSpec } from "../prep/types.js";
import { allDates, missingTest } from "../prep/values.js";
import type { OptionReader } from "./options.js";

/** What the command line says of the data. */
export interface DataOptions {
  readonly file: string;
  readonly id: string;
  readonly time: string;
  readonly outcome: string;
  readonly where: string | undefined;
  readonly minimumSessions: number;
  readonly duplicates: PrepSpec["duplicates"];
  readonly format: PrepSpec["format"] | undefined;
}

/**
 * Reads the data options.
 * @param read - the options
 * @param file - path of the data file
 * @param given - identifier, time and outcome where they need not be asked for (a stored model names them);
 *   `--id` has priority
 * @returns the options; mistakes are collected in `read`
 */
export function readDataOptions(
  read: OptionReader,
  file: string,
  given: { readonly id?: string | undefined; readonly time?: string; readonly outcome?: string } = {},
): DataOptions {
  return {
    file,
    id:
      given.id !== undefined && read.text("id") === undefined
        ? given.id
        : read.required("id", "the column of the person identifier"),
    time: given.time ?? read.required("time", "the column of time"),
    outcome: given.outcome ?? read.required("outcome", "the column of the score"),
    where: read.text("where"),
    minimumSessions: read.number("minSessions", { whole: true, least: 1 }) ?? 1,
    duplicates: read.choice("duplicates", ["first", "last", "mean", "set-aside"] as const) ?? "last",
    format: read.choice("format", ["csv", "tsv", "parquet", "json"] as const),
  };
}

/** A column that a model needs besides those of its formulas, and where it was asked for. */
export interface NeededColumn {
  readonly name: string;
  readonly where: string;
}

/**
 * The columns that a model needs besides those of its formulas.
 * @param model - a model, or as much of one as was given
 * @param where - what stands before their names in messages: `--` for options
 * @returns what numbers the sessions, and the service or therapist
 */
export function furtherColumns(
  { occasion, cluster }: Pick<ModelSpecInput, "occasion" | "cluster">,
  where = "--",
): NeededColumn[] {
  return [
    ...(occasion === undefined ? [] : [{ name: occasion, where: `${where}occasion` }]),
    ...(cluster === undefined ? [] : [{ name: cluster, where: `${where}cluster` }]),
  ];
}

/**
 * Reads a data file with the columns that a model needs, through `prep`.
 * @param options - from {@link readDataOptions}
 * @param formulas - every formula of the model; the columns they name become covariates
 * @param further - further columns that the model needs
 * @returns the cohort
 * @throws InputError listing missing files and columns
 */
export async function readCohort(
  options: DataOptions,
  formulas: readonly (string | undefined)[],
  further: readonly NeededColumn[] = [],
): Promise<Cohort> {
  const symbols = new Set(
    formulas.flatMap((formula) => (formula === undefined ? [] : parseFormula(formula).symbols)),
  );
  for (const { name } of further) symbols.add(name);
  const covariates = [...symbols].filter((name) => name !== options.time && name !== options.outcome);
  const asked = new Map(further.map(({ name, where }) => [name, where]));
  const { columns: known, timeIsDate } = await glance(options);
  const needed = [
    ...(["id", "time", "outcome"] as const).map((role) => ({ name: options[role], where: `--${role}` })),
    ...covariates.map((name) => ({ name, where: asked.get(name) ?? "formula" })),
  ];
  const missing = missingColumns(needed, known, options);
  if (missing.length > 0) throw new InputError(missing);
  return prepare({
    ...prepOptions(options),
    measures: [measureOf(options.outcome)],
    time: timeOf(options.time, timeIsDate),
    covariates,
  });
}

/** A name as formulas take it. */
const FORMULA_NAME = /^[\p{L}_][\p{L}\p{N}_]*$/u;

/**
 * Does what reads formulas, and says so where one of them fails because a column's name cannot stand in formulas: `weeks since start`
 * reads as an arithmetic with signs missing, `PHQ-9` as a difference.
 * @param options - the data options
 * @param formulas - what was asked for
 * @param work - reads them
 * @returns what `work` returns
 * @throws InputError of `work`, or one naming those columns
 */
export async function explainingNames<T>(
  options: DataOptions,
  formulas: readonly (string | undefined)[],
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const { columns } = await glance(options).catch(() => ({ columns: [] }));
    const odd = columns.filter(
      (name) => !FORMULA_NAME.test(name) && formulas.some((formula) => formula?.includes(name)),
    );
    if (odd.length === 0) throw error;
    throw new InputError(
      odd.map((name) => ({
        code: "odd-name",
        where: options.file,
        message: `The column "${name}" has a name that formulas cannot hold.`,
        expected: "a name of letters, digits and _",
        fix: "Rename it in the file, or write a study file (symtraj init), which gives columns names of its own.",
      })),
    );
  }
}

/**
 * What the data options mean to `prepare`, save measures, time and covariates.
 * @param options - the data options
 * @returns part of a specification
 */
export function prepOptions(options: DataOptions): Omit<PrepSpecInput, "measures" | "time"> {
  const { file, format, id, where, minimumSessions, duplicates } = options;
  return {
    data: file,
    ...(format === undefined ? {} : { format }),
    id,
    exclusions: where === undefined ? [] : [{ name: `--where "${where}"`, keep: where }],
    minimumSessions,
    duplicates,
  };
}

/** Words for time that people write in formulas although their column is called otherwise. */
const TIME_WORD = /^(time|session|day|week|month|year)s?$/i;

/** Rows from which it is seen whether time is a date. */
const GLANCE_ROWS = 500;

/**
 * Looks at the file before it is read as a whole.
 * @param options - the data options
 * @returns the columns of the file, and whether its time is a date
 */
export async function glance(
  options: DataOptions,
): Promise<{ columns: readonly string[]; timeIsDate: boolean }> {
  const db = await Database.open();
  try {
    const [file] = await openSources(db, options.file, options.format);
    const { path, format, columns } = file!;
    if (!columns.includes(options.time)) return { columns, timeIsDate: false };
    const look = await db.load(path, format, [options.time], GLANCE_ROWS);
    return { columns, timeIsDate: allDates(look.columns[0]!, missingTest(DEFAULT_MISSING)) };
  } finally {
    db.close();
  }
}

/**
 * Problems for columns that the file does not have.
 * @param needed - names, and where each was asked for
 * @param columns - columns of the file
 * @param options - the data options: the file, and what time is called
 * @returns one problem per missing column, with the nearest name there is
 */
export function missingColumns(
  needed: readonly { readonly name: string; readonly where: string }[],
  columns: readonly string[],
  { file, time }: Pick<DataOptions, "file" | "time">,
): Problem[] {
  return needed
    .filter(({ name }) => !columns.includes(name))
    .map(({ name, where }) => {
      const base = { code: "missing-column", where, message: `${file} has no column "${name}".` };
      if (where === "formula" && TIME_WORD.test(name) && columns.includes(time))
        return { ...base, fix: `Time is called "${time}" here (--time): write ${time} in the formula.` };
      const near = nearestName(name, columns);
      return near === undefined
        ? { ...base, expected: `one of its columns: ${columns.join(", ")}` }
        : { ...base, fix: `Did you mean "${near}"?` };
    });
}

/**
 * The measure in a column: a known one keeps its range (a PHQ-9 of 99 is set aside), any other may be any number.
 * @param name - the column
 * @returns the measure, for `prepare`
 */
export function measureOf(name: string): MeasureInput {
  if (knownMeasure(name) !== undefined) return { name, fractional: true };
  return { name, minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER, fractional: true };
}

/**
 * The time axis in a column.
 * @param name - the column
 * @param isDate - whether it holds dates
 * @returns the time axis, for `prepare`
 */
export function timeOf(name: string, isDate: boolean): Partial<TimeSpec> {
  return isDate
    ? { name, column: name, kind: "date", origin: "first-session", unit: "weeks" }
    : { name, column: name, kind: "number" };
}
