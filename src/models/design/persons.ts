import type { Column, LongTable } from "../../core/table.js";
import type { ModelSpec } from "../spec.js";
import type { ParsedModel } from "./parse.js";

/**
 * Columns of the formulas that are constant within every person (missing values aside).
 * @param table - long table
 * @param spec - the model; its time column never counts
 * @param model - its formulas
 * @returns their names
 */
export function findPersonSymbols(table: LongTable, spec: ModelSpec, model: ParsedModel): Set<string> {
  const symbols = new Set([...model.fixed.symbols, ...model.random.symbols, ...model.membership.symbols]);
  const out = new Set<string>();
  for (const symbol of symbols) {
    const column = table.columns.get(symbol);
    if (column !== undefined && symbol !== spec.time && isPersonLevel(table, column)) out.add(symbol);
  }
  return out;
}

function isPersonLevel(table: LongTable, column: Column): boolean {
  const values = column.kind === "numeric" ? column.values : column.codes;
  for (let i = 0; i < table.nPersons; i++) {
    const end = table.personStart[i + 1]!;
    let seen = Number.NaN;
    for (let r = table.personStart[i]!; r < end; r++) {
      const value = values[r]!;
      if (Number.isNaN(value) || (column.kind === "factor" && value < 0)) continue;
      if (Number.isNaN(seen)) seen = value;
      else if (seen !== value) return false;
    }
  }
  return true;
}

/**
 * Columns constant within persons as one row per person: the person's first value that is not missing.
 * @param table - long table
 * @param symbols - from {@link findPersonSymbols}
 * @returns columns of nPersons by name; names that the table lacks are left out
 */
export function personColumns(table: LongTable, symbols: ReadonlySet<string>): Map<string, Column> {
  const out = new Map<string, Column>();
  for (const symbol of symbols) {
    const column = table.columns.get(symbol);
    if (column === undefined) continue;
    const source = column.kind === "numeric" ? column.values : column.codes;
    const values = new Float64Array(table.nPersons);
    for (let i = 0; i < table.nPersons; i++) {
      let r = table.personStart[i]!;
      const end = table.personStart[i + 1]!;
      const absent = (value: number): boolean => (column.kind === "factor" ? value < 0 : Number.isNaN(value));
      while (r + 1 < end && absent(source[r]!)) r++;
      values[i] = source[r]!;
    }
    out.set(
      symbol,
      column.kind === "numeric"
        ? { kind: "numeric", values }
        : { kind: "factor", codes: Int32Array.from(values), levels: column.levels },
    );
  }
  return out;
}
