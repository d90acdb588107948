import type { Column, PersonTable } from "../core/table.js";
import type { DescriptiveRow } from "./types.js";

/**
 * Describes the columns of a person table: numbers by mean, standard deviation and quartiles, categories by
 * counts and shares.
 * @param persons - the table
 * @param names - the columns, in order
 * @returns one row per number, one per category
 */
export function describePersons(persons: PersonTable, names: readonly string[]): DescriptiveRow[] {
  return names.flatMap((name) => {
    const column = persons.columns.get(name);
    return column === undefined ? [] : describeColumn(name, column);
  });
}

const NO_NUMBERS = { mean: null, sd: null, median: null, q1: null, q3: null, minimum: null, maximum: null };

function describeColumn(variable: string, column: Column): DescriptiveRow[] {
  if (column.kind === "numeric") return [describeNumbers(variable, column.values)];
  const counts = new Float64Array(column.levels.length);
  let missing = 0;
  for (const code of column.codes) {
    if (code < 0) missing++;
    else counts[code]!++;
  }
  const known = column.codes.length - missing;
  return column.levels.map((level, code) => ({
    variable,
    level,
    n: counts[code]!,
    missing,
    ...NO_NUMBERS,
    share: known === 0 ? null : counts[code]! / known,
  }));
}

function describeNumbers(variable: string, values: Float64Array): DescriptiveRow {
  const known = values.filter((value) => !Number.isNaN(value)).sort();
  const n = known.length;
  const base = { variable, level: "", n, missing: values.length - n, share: null };
  if (n === 0) return { ...base, ...NO_NUMBERS };
  let sum = 0;
  for (let i = 0; i < n; i++) sum += known[i]!;
  const mean = sum / n;
  let squares = 0;
  for (let i = 0; i < n; i++) squares += (known[i]! - mean) ** 2;
  return {
    ...base,
    mean,
    sd: n > 1 ? Math.sqrt(squares / (n - 1)) : null,
    median: quantile(known, 0.5),
    q1: quantile(known, 0.25),
    q3: quantile(known, 0.75),
    minimum: known[0]!,
    maximum: known[n - 1]!,
  };
}

/**
 * Quantile by linear interpolation between order statistics (Hyndman and Fan, 1996, type 7, as R's default).
 * @param sorted - ascending, at least one
 * @param probability - from 0 to 1
 * @returns the quantile
 */
export function quantile(sorted: Float64Array, probability: number): number {
  const at = (sorted.length - 1) * probability;
  const below = Math.floor(at);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (at - below) * (sorted[above]! - sorted[below]!);
}
