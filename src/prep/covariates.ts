import { InputError } from "../core/errors.js";
import { type Expression, evaluateColumn, isConstant, parseExpression } from "../core/expression.js";
import type { Column } from "../core/table.js";
import type { TextColumn } from "./intern.js";
import type { CovariateSpec, PrepSpec } from "./types.js";
import {
  allDates,
  allNumbers,
  CELL_BAD,
  CELL_OK,
  compareLevels,
  isoDate,
  missingTest,
  readDates,
  readNumbers,
} from "./values.js";

/** A column of the file with the meaning of each distinct value. */
export interface TypedColumn {
  readonly text: TextColumn;
  readonly kind: "numeric" | "factor";
  /** Number, or code of the category (-1 missing), per distinct value. */
  readonly meaning: Float64Array;
  readonly levels: readonly string[];
  /** 1 for distinct values that were taken as missing because they make no sense. */
  readonly bad: Uint8Array;
  readonly badReason: string;
  readonly notes: readonly string[];
}

/**
 * Decides what the values of a column are: numbers, or categories.
 * @param text - the column
 * @param name - its name, for notes
 * @param spec - what the study says of it
 * @param missing - values that mean missing
 * @returns the typed column
 */
export function typeColumn(
  text: TextColumn,
  name: string,
  spec: Pick<CovariateSpec, "type" | "levels" | "missing">,
  missing: readonly string[],
): TypedColumn {
  const isMissing = missingTest(missing, spec.missing ?? []);
  const numbers = readNumbers(text, isMissing, name);
  const type = spec.type ?? (spec.levels === undefined && allNumbers(numbers) ? "numeric" : "factor");
  if (type === "numeric") {
    const bad = numbers.status.map((status) => (status === CELL_BAD ? 1 : 0));
    return {
      text,
      kind: "numeric",
      meaning: numbers.numbers,
      levels: [],
      bad,
      badReason: "covariate-not-a-number",
      notes: numbers.notes,
    };
  }
  return typeFactor(text, name, spec, isMissing, numbers.status);
}

function typeFactor(
  text: TextColumn,
  name: string,
  spec: Pick<CovariateSpec, "type" | "levels">,
  isMissing: (value: string) => boolean,
  numberStatus: Uint8Array,
): TypedColumn {
  const notes: string[] = [];
  // Dates become text in one spelling, so that days() and comparison understand them.
  const dates =
    spec.levels === undefined && allDates(text, isMissing) ? readDates(text, isMissing, name) : null;
  if (dates) notes.push(...dates.notes);
  const categories = text.values.map((value, v) =>
    isMissing(value) ? null : dates ? isoDate(dates.numbers[v]!) : value.trim(),
  );
  const found = [...new Set(categories.filter((category) => category !== null))].sort(compareLevels);
  const levels = spec.levels ?? found;
  const codeOf = new Map(levels.map((level, code) => [level, code]));
  const meaning = Float64Array.from(categories, (category) =>
    category === null ? -1 : (codeOf.get(category) ?? -1),
  );
  const bad = Uint8Array.from(categories, (category, v) => (category !== null && meaning[v]! < 0 ? 1 : 0));
  const nNumbers = numberStatus.reduce((n, status) => n + (status === CELL_OK ? 1 : 0), 0);
  if (spec.type === undefined && spec.levels === undefined && nNumbers > found.length / 2) {
    const text1 = categories.find((category, v) => category !== null && numberStatus[v] === CELL_BAD);
    notes.push(
      `${name}: taken as categories, because ${found.length - nNumbers} of its ${found.length} different values are not numbers ` +
        `(such as "${text1}"); set its type to numeric to take those as missing.`,
    );
  } else if (levels.length > 50 && !dates) notes.push(`${name}: has ${levels.length} categories.`);
  return { text, kind: "factor", meaning, levels, bad, badReason: "covariate-not-a-level", notes };
}

/**
 * Takes rows of a typed column.
 * @param typed - the column
 * @param rows - row of the file for each row wanted
 * @returns the column
 */
export function takeTyped(typed: TypedColumn, rows: Int32Array): Column {
  const { codes } = typed.text;
  const { meaning } = typed;
  const n = rows.length;
  if (typed.kind === "numeric") {
    const values = new Float64Array(n);
    for (let r = 0; r < n; r++) values[r] = meaning[codes[rows[r]!]!]!;
    return { kind: "numeric", values };
  }
  const out = new Int32Array(n);
  for (let r = 0; r < n; r++) out[r] = meaning[codes[rows[r]!]!]!;
  return { kind: "factor", codes: out, levels: typed.levels };
}

/** What a name in an expression stands for. */
export type NameKind = "covariate" | "measure" | "time" | "column";

/**
 * Decides what a name in an expression stands for: a covariate, else a measure, else the time, else a column of
 * the file. In a covariate's own expression its name means the column.
 * @param spec - the preparation
 * @param name - the name
 * @param within - the covariate whose expression it stands in
 * @returns what it is
 */
export function nameKind(spec: PrepSpec, name: string, within?: string): NameKind {
  if (name === within) return "column";
  if (spec.covariates.some((covariate) => covariate.name === name)) return "covariate";
  if (spec.measures.some((measure) => measure.name === name)) return "measure";
  return name === spec.time.name ? "time" : "column";
}

/** A column of the file and what it is read for. */
export interface ColumnUse {
  readonly name: string;
  readonly where: string;
  readonly inExpression: boolean;
}

/**
 * Lists the columns of the file that covariates and exclusions read.
 * @param spec - the preparation
 * @returns names, where each is used, and whether that is an expression (which may name covariates too)
 */
export function columnsRead(spec: PrepSpec): ColumnUse[] {
  const fromExpression = (text: string, where: string, within?: string): ColumnUse[] =>
    parseExpression(text)
      .symbols.filter((name) => nameKind(spec, name, within) === "column" && !isConstant(name))
      .map((name) => ({ name, where, inExpression: true }));
  return [
    ...spec.covariates.flatMap(({ name, column, expression }) =>
      expression === undefined
        ? [{ name: column ?? name, where: `covariate ${name}`, inExpression: false }]
        : fromExpression(expression, `covariate ${name}: ${expression}`, name),
    ),
    ...spec.exclusions.flatMap(({ name, keep }) => fromExpression(keep, `exclusion ${name}`)),
  ];
}

/** The columns by name over some rows, each made when first asked for. */
export class Scope {
  private readonly made = new Map<string, Column>();
  private readonly making: string[] = [];

  /**
   * @param spec - the preparation
   * @param typed - columns of the file
   * @param sourceRows - row of the file for each row
   * @param given - measures and time over the same rows
   * @param settle - turns a source column into a person-level one where it should be
   */
  constructor(
    private readonly spec: PrepSpec,
    private readonly typed: (name: string, covariate?: CovariateSpec) => TypedColumn,
    private readonly sourceRows: Int32Array,
    private readonly given: ReadonlyMap<string, Column>,
    private readonly settle: (
      name: string,
      column: Column,
      covariate: CovariateSpec | undefined,
      varies: boolean,
    ) => Column,
  ) {}

  /**
   * A covariate, measure, time or column of the file, over the rows.
   * @param name - the name
   * @param within - the covariate whose expression asks
   * @throws InputError when covariates are defined in a circle, or an expression makes no sense
   */
  column(name: string, within?: string): Column {
    const kind = nameKind(this.spec, name, within);
    const given = kind === "measure" || kind === "time" ? this.given.get(name) : undefined;
    if (given) return given;
    const key = `${kind}:${name}`;
    let column = this.made.get(key);
    if (column === undefined) {
      column = kind === "covariate" ? this.covariate(name) : this.source(name);
      this.made.set(key, column);
    }
    return column;
  }

  /**
   * Evaluates an expression over the rows.
   * @param expression - the expression
   * @param where - where it stands, for messages
   * @param within - the covariate it defines
   */
  evaluate(expression: Expression, where: string, within?: string): Column {
    const columns = new Map<string, Column>();
    for (const symbol of expression.symbols)
      if (!isConstant(symbol)) columns.set(symbol, this.column(symbol, within));
    try {
      return evaluateColumn(expression, columns, this.sourceRows.length);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      throw new InputError(
        error.problems.map((problem) => ({ ...problem, where: `${where}, ${problem.where ?? ""}` })),
      );
    }
  }

  private source(name: string): Column {
    return this.settle(name, takeTyped(this.typed(name), this.sourceRows), undefined, false);
  }

  private covariate(name: string): Column {
    const covariate = this.spec.covariates.find((other) => other.name === name)!;
    if (covariate.expression === undefined) {
      const typed = this.typed(covariate.column ?? name, covariate);
      return this.settle(name, takeTyped(typed, this.sourceRows), covariate, false);
    }
    if (this.making.includes(name))
      throw new InputError({
        code: "circular-covariate",
        where: `covariate ${name}`,
        message: `Its expression refers back to itself: ${[...this.making, name].join(" -> ")}.`,
        fix: "Break the circle.",
      });
    this.making.push(name);
    const made = this.evaluate(parseExpression(covariate.expression), `covariate ${name}`, name);
    this.making.pop();
    return this.settle(name, this.asTyped(made, covariate), covariate, this.varies(covariate));
  }

  /** An expression's result as the categories the study wants. */
  private asTyped(column: Column, covariate: CovariateSpec): Column {
    if (column.kind === "numeric" && covariate.type === "factor") {
      const levels =
        covariate.levels ??
        [...new Set(column.values)]
          .filter((value) => !Number.isNaN(value))
          .map(String)
          .sort(compareLevels);
      const codeOf = new Map(levels.map((level, code) => [level, code]));
      return {
        kind: "factor",
        codes: Int32Array.from(column.values, (v) => codeOf.get(String(v)) ?? -1),
        levels,
      };
    }
    if (column.kind === "factor" && covariate.levels !== undefined) {
      const to = column.levels.map((level) => covariate.levels!.indexOf(level));
      return {
        kind: "factor",
        codes: column.codes.map((code) => (code < 0 ? -1 : to[code]!)),
        levels: covariate.levels,
      };
    }
    return column;
  }

  /** Whether an expression reads something that is meant to change between occasions. */
  private varies(covariate: CovariateSpec): boolean {
    return parseExpression(covariate.expression!).symbols.some((symbol) => {
      const kind = nameKind(this.spec, symbol, covariate.name);
      if (kind === "measure" || kind === "time") return true;
      const other =
        kind === "covariate" ? this.spec.covariates.find(({ name }) => name === symbol) : undefined;
      if (other === undefined) return false;
      return other.timeVarying === true || (other.expression !== undefined && this.varies(other));
    });
  }
}

/**
 * Makes a column constant within persons: each person's first value that is not missing.
 * @param column - one value per row
 * @param personStart - first row of each person; length persons + 1
 * @returns the column; how many persons have more than one value, and how many have several rows
 */
export function holdFirst(
  column: Column,
  personStart: Int32Array,
): { readonly held: Column; readonly nVarying: number; readonly nSeveral: number } {
  const n = personStart.length - 1;
  const from = column.kind === "numeric" ? column.values : column.codes;
  const isMissing =
    column.kind === "numeric"
      ? (value: number): boolean => Number.isNaN(value)
      : (value: number): boolean => value < 0;
  const out = from.slice();
  let nVarying = 0;
  let nSeveral = 0;
  for (let p = 0; p < n; p++) {
    const begin = personStart[p]!;
    const end = personStart[p + 1]!;
    if (end - begin < 2) continue;
    nSeveral++;
    let first = begin;
    while (first < end && isMissing(from[first]!)) first++;
    if (first === end) continue;
    const value = from[first]!;
    let differs = false;
    for (let r = begin; r < end; r++) {
      if (!isMissing(from[r]!) && from[r] !== value) differs = true;
      out[r] = value;
    }
    if (differs) nVarying++;
  }
  const held: Column =
    column.kind === "numeric"
      ? { kind: "numeric", values: out as Float64Array }
      : { kind: "factor", codes: out as Int32Array, levels: column.levels };
  return { held, nVarying, nSeveral };
}
