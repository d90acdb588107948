import { InputError, nearestName, type Problem } from "./errors.js";
import { checkNode } from "./expression/check.js";
import { evaluate } from "./expression/evaluate.js";
import { CONSTANTS } from "./expression/operators.js";
import { parseNode, type SyntaxNode } from "./expression/syntax.js";
import { listNames, whereName } from "./expression/words.js";
import type { Column } from "./table.js";

/** A parsed and checked expression over columns. */
export interface Expression {
  /** As the user wrote it. */
  readonly text: string;
  /** Names of the columns it reads, in order of first use. */
  readonly symbols: readonly string[];
  /** The syntax tree. */
  readonly node: SyntaxNode;
}

/**
 * Parses and checks an expression over columns: arithmetic (`+ - * / ^ mod`), comparison, `and or xor not`,
 * `condition ? a : b`, the functions log, log2, log10, exp, sqrt, abs, min, max, round, floor, ceil,
 * `is_missing(x)`, `days(date)` (days since 1970-01-01 of a YYYY-MM-DD column) and `column("any name")`.
 * @param text - the expression
 * @returns the expression, ready for `evaluateExpression`
 * @throws InputError with every mistake in it, each pointing at its position
 */
export function parseExpression(text: string): Expression {
  const node = parseNode(text);
  const symbols = new Set<string>();
  const problems: Problem[] = [];
  checkNode(node, text, { symbols, problems });
  if (problems.length > 0) throw new InputError(problems);
  return { text, symbols: [...symbols], node };
}

/**
 * Whether a name in an expression has a value of its own.
 * @param name - a name, e.g. `pi`
 * @returns true for `pi`, `e`, `NaN`, `true` and `false`
 */
export function isConstant(name: string): boolean {
  return CONSTANTS.has(name);
}

/**
 * Evaluates an expression to numbers, a whole column at a time.
 * @param expression - from `parseExpression`
 * @param columns - the columns it may read, each of length nRows
 * @param nRows - number of rows
 * @returns nRows numbers; true is 1, false is 0; missing, undefined and infinite results are NaN. A comparison
 *   with a missing value is missing; `and` and `or` are missing unless the other operand decides
 * @throws InputError for unknown columns (with the nearest name), for arithmetic on text, or a text result
 */
export function evaluateExpression(
  expression: Expression,
  columns: ReadonlyMap<string, Column>,
  nRows: number,
): Float64Array {
  const column = evaluateColumn(expression, columns, nRows);
  if (column.kind === "numeric") return column.values;
  throw new InputError({
    code: "expression-type",
    where: `expression "${expression.text}"`,
    message: "The result is text.",
    expected: "a number, or true or false",
    fix: 'Compare it with a value, e.g. sex == "female".',
  });
}

/**
 * Evaluates an expression to a column: numeric, or a factor when the result is text
 * (`age < 25 ? "young" : "older"`).
 * @param expression - from `parseExpression`
 * @param columns - the columns it may read, each of length nRows
 * @param nRows - number of rows
 * @returns the column; factor levels are in order of appearance in the expression
 * @throws InputError as `evaluateExpression` does
 */
export function evaluateColumn(
  expression: Expression,
  columns: ReadonlyMap<string, Column>,
  nRows: number,
): Column {
  refuseUnknown(expression, columns);
  const value = evaluate(expression.node, { text: expression.text, columns, nRows });
  if (value.kind === "factor") return { kind: "factor", codes: value.codes.slice(), levels: value.levels };
  if (value.kind === "text") return { kind: "factor", codes: new Int32Array(nRows), levels: [value.value] };
  const values = new Float64Array(nRows);
  if (value.kind === "number") values.fill(value.value);
  else values.set(value.values);
  for (let r = 0; r < nRows; r++) if (!Number.isFinite(values[r]!)) values[r] = Number.NaN;
  return { kind: "numeric", values };
}

function refuseUnknown({ text, symbols }: Expression, columns: ReadonlyMap<string, Column>): void {
  const unknown = symbols.filter((name) => !columns.has(name) && !CONSTANTS.has(name));
  if (unknown.length === 0) return;
  throw new InputError(
    unknown.map((name) => {
      const near = nearestName(name, columns.keys());
      return {
        code: "unknown-name",
        where: whereName(text, name),
        message: `There is no column ${name}.`,
        fix: near === undefined ? `Known: ${listNames(columns.keys())}.` : `Did you mean ${near}?`,
      };
    }),
  );
}
