import { didYouMean, InputError } from "../../core/errors.js";
import { type Column, type PersonTable, takeRows } from "../../core/table.js";
import { parseFormula } from "../formula.js";
import { emptyCoding, evaluateFormula } from "../terms.js";

/** A person-level design matrix as the regressions read it. */
export interface RegressionDesign {
  readonly nPersons: number;
  /** nPersons x names.length, row-major, the intercept among the columns; NaN where a covariate is missing. */
  readonly matrix: Float64Array;
  /** Column names, e.g. `(Intercept)`, `age`, `female:yes`. */
  readonly names: readonly string[];
  /** Index into `terms` of each column. */
  readonly termOfColumn: Int32Array;
  readonly terms: readonly string[];
}

/** Counts persons left out, by reason, in order of first appearance. */
export class LeftOut {
  private readonly counts = new Map<string, number>();

  /**
   * Counts persons left out.
   * @param reason - in words, e.g. `missing age`
   * @param persons - how many
   */
  add(reason: string, persons = 1): void {
    if (persons > 0) this.counts.set(reason, (this.counts.get(reason) ?? 0) + persons);
  }

  /**
   * The counts as they go into a result.
   * @returns one entry per reason
   */
  list(): { reason: string; persons: number }[] {
    return [...this.counts].map(([reason, persons]) => ({ reason, persons }));
  }
}

/**
 * Builds the design of the persons wanted, leaving out (and counting by covariate) those who lack a covariate.
 * Categories and curves are coded over the persons wanted, not over the whole table.
 * @param formula - person-level terms, e.g. `age + female + factor(site)`
 * @param persons - covariates, one row per person
 * @param rows - persons wanted, as rows of the table
 * @param leftOut - receives the counts
 * @returns the design of the persons kept, and their positions in `rows`
 * @throws InputError for a formula that cannot be read, naming every unknown column
 */
export function personDesign(
  formula: string,
  persons: PersonTable,
  rows: readonly number[],
  leftOut: LeftOut,
): { design: RegressionDesign; positions: number[] } {
  const parsed = parseFormula(formula);
  checkColumns(formula, parsed.symbols, persons);
  const columns = new Map(
    parsed.symbols.map((symbol) => [symbol, takeRows(persons.columns.get(symbol)!, rows)] as const),
  );
  const { names, values, termOfColumn, terms } = evaluateFormula(parsed, columns, rows.length, emptyCoding());
  const positions: number[] = [];
  for (let position = 0; position < rows.length; position++) {
    const incomplete = values.findIndex((column) => !Number.isFinite(column[position]!));
    if (incomplete < 0) positions.push(position);
    else leftOut.add(missingReason(columns, position, terms[termOfColumn[incomplete]!]!));
  }
  const matrix = new Float64Array(positions.length * names.length);
  positions.forEach((position, i) => {
    values.forEach((column, j) => {
      matrix[i * names.length + j] = column[position]!;
    });
  });
  return { design: { nPersons: positions.length, matrix, names, termOfColumn, terms }, positions };
}

function checkColumns(formula: string, symbols: readonly string[], persons: PersonTable): void {
  const unknown = symbols.filter((symbol) => !persons.columns.has(symbol));
  if (unknown.length === 0) return;
  throw new InputError(
    unknown.map((name) => ({
      code: "missing-column",
      where: `formula "${formula}"`,
      message: `There is no covariate "${name}" in the person table.`,
      expected: `one of ${[...persons.columns.keys()].join(", ")}`,
      ...didYouMean(name, persons.columns.keys()),
    })),
  );
}

/** Names every covariate a person lacks; a term that has no value although its covariates do is named itself. */
function missingReason(columns: ReadonlyMap<string, Column>, position: number, term: string): string {
  const missing = [...columns].filter(([, column]) =>
    column.kind === "numeric" ? Number.isNaN(column.values[position]!) : column.codes[position]! < 0,
  );
  return missing.length === 0
    ? `no finite value of ${term}`
    : `missing ${missing.map(([name]) => name).join(" and ")}`;
}
