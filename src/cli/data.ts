import { InputError, nearestName, type Problem } from "../core/errors.js";
import { parseFormula } from "../models/formula.js";
import { type ColumnDescription, describeFile, prepare } from "../prep/index.js";
import { knownMeasure } from "../prep/measures.js";
import type { Cohort, MeasureInput, PrepSpec, TimeSpec } from "../prep/types.js";
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
 * @param given - time and outcome where they need not be asked for (a stored model names them)
 * @returns the options; mistakes are collected in `read`
 */
export function readDataOptions(
  read: OptionReader,
  file: string,
  given: { readonly time?: string; readonly outcome?: string } = {},
): DataOptions {
  return {
    file,
    id: read.required("id", "the column of the person identifier"),
    time: given.time ?? read.required("time", "the column of time"),
    outcome: given.outcome ?? read.required("outcome", "the column of the score"),
    where: read.text("where"),
    minimumSessions: read.number("minSessions", { whole: true, least: 1 }) ?? 1,
    duplicates: read.choice("duplicates", ["first", "last", "mean", "set-aside"] as const) ?? "last",
    format: read.choice("format", ["csv", "tsv", "parquet", "json"] as const),
  };
}

/**
 * Reads a data file with the columns that a model needs, through `prep`.
 * @param options - from {@link readDataOptions}
 * @param formulas - every formula of the model; the columns they name become covariates
 * @returns the cohort
 * @throws InputError listing missing files and columns
 */
export async function readCohort(
  options: DataOptions,
  formulas: readonly (string | undefined)[],
): Promise<Cohort> {
  const symbols = new Set(
    formulas.flatMap((formula) => (formula === undefined ? [] : parseFormula(formula).symbols)),
  );
  const covariates = [...symbols].filter((name) => name !== options.time && name !== options.outcome);
  const { columns } = await describeFile(options.file, formatOf(options));
  const needed = [
    ...(["id", "time", "outcome"] as const).map((role) => ({ name: options[role], where: `--${role}` })),
    ...covariates.map((name) => ({ name, where: "formula" })),
  ];
  const missing = missingColumns(needed, columns, options.file);
  if (missing.length > 0) throw new InputError(missing);
  return prepare({
    data: options.file,
    ...formatOf(options),
    id: options.id,
    measures: [measureOf(options.outcome, columns)],
    time: timeOf(options.time, columns),
    covariates,
    exclusions:
      options.where === undefined ? [] : [{ name: `--where "${options.where}"`, keep: options.where }],
    minimumSessions: options.minimumSessions,
    duplicates: options.duplicates,
  });
}

function formatOf({ format }: DataOptions): Pick<PrepSpec, "format"> {
  return format === undefined ? {} : { format };
}

function missingColumns(
  needed: readonly { readonly name: string; readonly where: string }[],
  columns: readonly ColumnDescription[],
  file: string,
): Problem[] {
  const names = columns.map(({ name }) => name);
  return needed
    .filter(({ name }) => !names.includes(name))
    .map(({ name, where }) => {
      const near = nearestName(name, names);
      return {
        code: "missing-column",
        where,
        message: `${file} has no column "${name}".`,
        ...(near === undefined
          ? { expected: `one of its columns: ${names.join(", ")}` }
          : { fix: `Did you mean "${near}"?` }),
      };
    });
}

/** A known measure keeps its range (a PHQ-9 of 99 is set aside); any other score may be any number. */
function measureOf(name: string, columns: readonly ColumnDescription[]): MeasureInput {
  if (knownMeasure(name) !== undefined) return { name, fractional: true };
  const column = columns.find((candidate) => candidate.name === name);
  const minimum = column?.minimum ?? 0;
  const maximum = column?.maximum ?? 0;
  return { name, minimum, maximum: Math.max(maximum, minimum + 1), fractional: true };
}

function timeOf(name: string, columns: readonly ColumnDescription[]): Partial<TimeSpec> {
  const kind = columns.find((column) => column.name === name)?.kind;
  return kind === "date"
    ? { name, column: name, kind: "date", origin: "first-session", unit: "weeks" }
    : { name, column: name, kind: "number" };
}
