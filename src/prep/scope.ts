import { InputError } from "../core/errors.js";
import { type Expression, evaluateColumn, isConstant, parseExpression } from "../core/expression.js";
import type { Column } from "../core/table.js";
import { type TypedColumn, takeTyped } from "./typedColumn.js";
import type { CovariateSpec, PrepSpec } from "./types.js";
import { compareLevels } from "./values.js";

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
