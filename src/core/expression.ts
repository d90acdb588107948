import { create, parseDependencies } from "mathjs/number";
import { InputError, nearestName, type Problem } from "./errors.js";
import type { Column, FactorColumn } from "./table.js";

// The one home of mathjs: only its parser is used. Evaluation is our own, a whole column at a time, because
// mathjs evaluates one row at a time through dynamic dispatch (about a hundred times as slow).

const { parse } = create({ parseDependencies }, { number: "number" });

/**
 * A node of mathjs' syntax tree, narrowed by `type` to what we read (mathjs' own type does not narrow).
 * Kinds not listed, such as arrays, have only `type`, `toString` and `forEach`.
 */
export type SyntaxNode = NodeBase &
  (
    | { readonly type: "ConstantNode"; readonly value: unknown }
    | { readonly type: "SymbolNode"; readonly name: string }
    | { readonly type: "ParenthesisNode"; readonly content: SyntaxNode }
    | {
        readonly type: "OperatorNode";
        /** As written, e.g. `+`. */
        readonly op: string;
        /** Its name, e.g. `add`. */
        readonly fn: string;
        readonly args: readonly SyntaxNode[];
        /** True for a product written without an operator. */
        readonly implicit: boolean;
      }
    | {
        readonly type: "FunctionNode";
        readonly fn: { readonly name?: string; toString(): string };
        readonly args: readonly SyntaxNode[];
      }
    | {
        readonly type: "ConditionalNode";
        readonly condition: SyntaxNode;
        readonly trueExpr: SyntaxNode;
        readonly falseExpr: SyntaxNode;
      }
    | {
        readonly type: "RelationalNode";
        /** Operator names between neighbouring params. */
        readonly conditionals: readonly string[];
        readonly params: readonly SyntaxNode[];
      }
    | { readonly type: "AssignmentNode" }
    | { readonly type: "AccessorNode" }
    | { readonly type: "ArrayNode" }
  );

interface NodeBase {
  toString(): string;
  /** Visits the direct children. */
  forEach(visit: (child: SyntaxNode) => void): void;
}

/** A parsed and checked expression over columns. */
export interface Expression {
  /** As the user wrote it. */
  readonly text: string;
  /** Names of the columns it reads, in order of first use. */
  readonly symbols: readonly string[];
  /** The syntax tree. */
  readonly node: SyntaxNode;
}

/** A value during evaluation: a constant, a column of numbers, or a column of categories. */
type Value =
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "text"; readonly value: string }
  | { readonly kind: "numbers"; readonly values: Float64Array }
  | FactorColumn;

type NumericValue = Extract<Value, { kind: "number" | "numbers" }>;
type TextValue = Extract<Value, { kind: "text" | "factor" }>;
type Binary = (a: number, b: number) => number;
type Unary = (a: number) => number;

const missing = Number.isNaN;

interface Context {
  readonly text: string;
  readonly columns: ReadonlyMap<string, Column>;
  readonly nRows: number;
}

const CONSTANTS: ReadonlyMap<string, number> = new Map([
  ["pi", Math.PI],
  ["e", Math.E],
  ["NaN", Number.NaN],
  ["true", 1],
  ["false", 0],
]);

const UNARY_FUNCTIONS: ReadonlyMap<string, Unary> = new Map<string, Unary>([
  ["log2", Math.log2],
  ["log10", Math.log10],
  ["exp", Math.exp],
  ["sqrt", Math.sqrt],
  ["abs", Math.abs],
  ["floor", Math.floor],
  ["ceil", Math.ceil],
]);

/** Fewest and most arguments of each function. */
const ARITY: ReadonlyMap<string, readonly [number, number]> = new Map<string, readonly [number, number]>([
  ...[...UNARY_FUNCTIONS.keys()].map((name) => [name, [1, 1]] as const),
  ["log", [1, 2]],
  ["round", [1, 2]],
  ["min", [1, Number.POSITIVE_INFINITY]],
  ["max", [1, Number.POSITIVE_INFINITY]],
  ["is_missing", [1, 1]],
  ["days", [1, 1]],
  ["column", [1, 1]],
]);

const ARITHMETIC: ReadonlyMap<string, Binary> = new Map<string, Binary>([
  ["add", (a, b) => a + b],
  ["subtract", (a, b) => a - b],
  ["multiply", (a, b) => a * b],
  ["divide", (a, b) => a / b],
  // A missing value stays missing even where JavaScript says otherwise (NaN ** 0 is 1).
  ["pow", (a, b) => (missing(a) || missing(b) ? Number.NaN : a ** b)],
  ["mod", (a, b) => a - b * Math.floor(a / b)],
  // Three-valued logic (Kleene): a false operand decides `and`, a true one decides `or`, missing or not.
  ["and", (a, b) => (a === 0 || b === 0 ? 0 : missing(a) || missing(b) ? Number.NaN : 1)],
  [
    "or",
    (a, b) =>
      (a !== 0 && !missing(a)) || (b !== 0 && !missing(b)) ? 1 : missing(a) || missing(b) ? Number.NaN : 0,
  ],
  ["xor", (a, b) => (missing(a) || missing(b) ? Number.NaN : (a !== 0) !== (b !== 0) ? 1 : 0)],
]);

const COMPARISONS: ReadonlyMap<string, Binary> = new Map<string, Binary>(
  Object.entries({
    equal: (a: number, b: number) => a === b,
    unequal: (a: number, b: number) => a !== b,
    smaller: (a: number, b: number) => a < b,
    smallerEq: (a: number, b: number) => a <= b,
    larger: (a: number, b: number) => a > b,
    largerEq: (a: number, b: number) => a >= b,
  }).map(([name, holds]) => [name, (a, b) => (missing(a) || missing(b) ? Number.NaN : holds(a, b) ? 1 : 0)]),
);

const UNARY_OPERATORS: ReadonlyMap<string, Unary> = new Map<string, Unary>([
  ["unaryMinus", (a) => -a],
  ["unaryPlus", (a) => a],
  ["not", (a) => (missing(a) ? Number.NaN : a === 0 ? 1 : 0)],
]);

/**
 * Parses text with mathjs' parser and returns its syntax tree, unchecked; for formulas, whose terms have
 * their own meaning.
 * @param text - the formula or expression
 * @returns the mathjs node
 * @throws InputError pointing at the character where the syntax is wrong
 */
export function parseNode(text: string): SyntaxNode {
  if (text.trim() === "")
    throw new InputError({
      code: "expression-syntax",
      where: `expression "${text}"`,
      message: "The expression is empty.",
      expected: "an expression such as (age - 40) / 10",
    });
  try {
    return parse(text) as unknown as SyntaxNode;
  } catch (error) {
    const position = (error as { char?: number }).char;
    const message = (error as Error).message.replace(/\s*\(char \d+\)$/, "");
    const operator = /&&|\|\||!=?|&|\|/.exec(text)?.[0];
    throw new InputError({
      code: "expression-syntax",
      where: position === undefined ? `expression "${text}"` : at(text, position - 1),
      message: `${message}.`,
      fix:
        operator !== undefined && operator !== "!="
          ? "Write and, or, not in words (not &&, ||, !)."
          : "Check the brackets, commas and operators there.",
    });
  }
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
  checkNode(node, text, symbols, problems);
  if (problems.length > 0) throw new InputError(problems);
  return { text, symbols: [...symbols], node };
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
  const unknown = expression.symbols.filter((name) => !columns.has(name) && !CONSTANTS.has(name));
  if (unknown.length > 0)
    throw new InputError(
      unknown.map((name) => {
        const near = nearestName(name, columns.keys());
        return {
          code: "unknown-name",
          where: whereName(expression.text, name),
          message: `There is no column ${name}.`,
          fix: near === undefined ? `Known: ${listNames(columns.keys())}.` : `Did you mean ${near}?`,
        };
      }),
    );
  const value = evaluate(expression.node, { text: expression.text, columns, nRows });
  if (value.kind === "factor") return { kind: "factor", codes: value.codes.slice(), levels: value.levels };
  if (value.kind === "text") return { kind: "factor", codes: new Int32Array(nRows), levels: [value.value] };
  const values = new Float64Array(nRows);
  if (value.kind === "number") values.fill(value.value);
  else values.set(value.values);
  for (let r = 0; r < nRows; r++) if (!Number.isFinite(values[r]!)) values[r] = Number.NaN;
  return { kind: "numeric", values };
}

function checkNode(node: SyntaxNode, text: string, symbols: Set<string>, problems: Problem[]): void {
  const reject = (message: string, fix?: string, where = `expression "${text}"`): void => {
    problems.push({ code: "expression-unsupported", where, message, ...(fix === undefined ? {} : { fix }) });
  };
  switch (node.type) {
    case "ParenthesisNode":
    case "ConditionalNode":
    case "RelationalNode":
      break;
    case "ConstantNode": {
      const constant: unknown = node.value;
      if (typeof constant !== "number" && typeof constant !== "string" && typeof constant !== "boolean")
        reject(`The constant ${String(constant)} has no meaning here.`);
      return;
    }
    case "SymbolNode":
      symbols.add(node.name);
      return;
    case "OperatorNode": {
      if (node.implicit)
        reject(`An operator is missing in ${node.toString()}.`, "Write * where you mean times.");
      else if (!ARITHMETIC.has(node.fn) && !COMPARISONS.has(node.fn) && !UNARY_OPERATORS.has(node.fn))
        reject(
          `The operator ${node.op} is not supported.`,
          node.op === "&" || node.op === "|" ? "Write and, or." : undefined,
          at(text, Math.max(0, text.indexOf(node.op))),
        );
      break;
    }
    case "FunctionNode": {
      const name = node.fn.name ?? node.fn.toString();
      const arity = ARITY.get(name);
      const n = node.args.length;
      if (arity === undefined) {
        const near = nearestName(name, ARITY.keys());
        reject(
          `There is no function ${name}.`,
          near === undefined ? `Known: ${listNames(ARITY.keys())}.` : `Did you mean ${near}?`,
          whereName(text, name),
        );
      } else if (n < arity[0] || n > arity[1])
        reject(
          `${name} takes ${arity[0]} argument${arity[0] === 1 ? "" : "s"}, not ${n}.`,
          undefined,
          whereName(text, name),
        );
      if (name === "column") {
        const argument = node.args[0];
        const constant: unknown = argument?.type === "ConstantNode" ? argument.value : undefined;
        if (typeof constant === "string") symbols.add(constant);
        else
          reject(
            'column() takes a name in quotes, e.g. column("Age at referral").',
            undefined,
            whereName(text, name),
          );
      }
      // The function's own name is a SymbolNode too, so only the arguments are visited.
      for (const argument of node.args) checkNode(argument, text, symbols, problems);
      return;
    }
    case "AssignmentNode":
      reject(
        "= assigns, which an expression cannot do.",
        "Write == to compare.",
        at(text, Math.max(0, text.indexOf("="))),
      );
      return;
    case "AccessorNode":
      reject(
        `${node.toString()} is not a name that can stand in an expression.`,
        `Write column("${node.toString()}") for a column of that name.`,
      );
      return;
    default:
      reject(`${node.toString()} (${node.type.replace(/Node$/, "").toLowerCase()}) is not supported.`);
      return;
  }
  node.forEach((child) => {
    checkNode(child, text, symbols, problems);
  });
}

function evaluate(node: SyntaxNode, context: Context): Value {
  switch (node.type) {
    case "ParenthesisNode":
      return evaluate(node.content, context);
    case "ConstantNode": {
      const constant: unknown = node.value;
      return typeof constant === "string"
        ? { kind: "text", value: constant }
        : { kind: "number", value: Number(constant) };
    }
    case "SymbolNode":
      return readColumn(node.name, context);
    case "OperatorNode":
      return evaluateOperator(node.fn, node.args, context);
    case "RelationalNode": {
      // a < b < c holds when every neighbouring pair does.
      const parts = node.params.map((part) => evaluate(part, context));
      return node.conditionals
        .map((name, i) => compare(name, parts[i]!, parts[i + 1]!, context))
        .reduce((a, b) => applyBinary(ARITHMETIC.get("and")!, a, b));
    }
    case "ConditionalNode":
      return choose(
        numeric(evaluate(node.condition, context), context, "a condition"),
        evaluate(node.trueExpr, context),
        evaluate(node.falseExpr, context),
        context,
      );
    case "FunctionNode":
      return evaluateFunction(node.fn.name ?? node.fn.toString(), node.args, context);
    default:
      throw new TypeError(`evaluate: unchecked node ${node.type}`);
  }
}

function readColumn(name: string, context: Context): Value {
  const column = context.columns.get(name);
  if (column === undefined) return { kind: "number", value: CONSTANTS.get(name)! };
  return column.kind === "factor" ? column : { kind: "numbers", values: column.values };
}

function evaluateOperator(name: string, args: readonly SyntaxNode[], context: Context): Value {
  const unary = UNARY_OPERATORS.get(name);
  const first = evaluate(args[0]!, context);
  if (unary) return applyUnary(unary, numeric(first, context, `the operand of ${name}`));
  const second = evaluate(args[1]!, context);
  if (COMPARISONS.has(name)) return compare(name, first, second, context);
  return applyBinary(
    ARITHMETIC.get(name)!,
    numeric(first, context, `the left side of ${name}`),
    numeric(second, context, `the right side of ${name}`),
  );
}

function evaluateFunction(name: string, args: readonly SyntaxNode[], context: Context): Value {
  if (name === "column") return readColumn(String((args[0] as { value?: unknown }).value), context);
  const values = args.map((argument) => evaluate(argument, context));
  if (name === "is_missing") return isMissing(values[0]!);
  if (name === "days") return daysSinceEpoch(values[0]!, context);
  const numbers = values.map((value) => numeric(value, context, `an argument of ${name}`));
  const unary = UNARY_FUNCTIONS.get(name);
  if (unary) return applyUnary(unary, numbers[0]!);
  if (name === "log")
    return numbers.length === 1
      ? applyUnary(Math.log, numbers[0]!)
      : applyBinary((x, base) => Math.log(x) / Math.log(base), numbers[0]!, numbers[1]!);
  if (name === "round")
    return applyBinary(roundHalfAway, numbers[0]!, numbers[1] ?? { kind: "number", value: 0 });
  return numbers.reduce((a, b) => applyBinary(name === "min" ? Math.min : Math.max, a, b));
}

function roundHalfAway(x: number, digits: number): number {
  const scale = 10 ** digits;
  return (Math.sign(x) * Math.round(Math.abs(x) * scale)) / scale;
}

function isMissing(value: Value): Value {
  if (value.kind === "text") return { kind: "number", value: 0 };
  if (value.kind === "factor")
    return { kind: "numbers", values: Float64Array.from(value.codes, (code) => (code < 0 ? 1 : 0)) };
  return applyUnary((x) => (missing(x) ? 1 : 0), value);
}

const ISO_DATE = /^(\d{4})-(\d{2})-(\d{2})(?:[T ].*)?$/;

function daysSinceEpoch(value: Value, context: Context): Value {
  const toDay = (text: string): number => {
    const parts = ISO_DATE.exec(text);
    if (parts) return Date.UTC(Number(parts[1]), Number(parts[2]) - 1, Number(parts[3])) / 86_400_000;
    throw typeProblem(context, `days() met "${text}".`, "a date written YYYY-MM-DD");
  };
  if (value.kind === "text") return { kind: "number", value: toDay(value.value) };
  if (value.kind !== "factor") throw typeProblem(context, "days() was given numbers.", "a column of dates");
  const days = value.levels.map(toDay);
  return {
    kind: "numbers",
    values: Float64Array.from(value.codes, (code) => (code < 0 ? Number.NaN : days[code]!)),
  };
}

function compare(name: string, a: Value, b: Value, context: Context): NumericValue {
  const holds = COMPARISONS.get(name)!;
  if (isText(a) || isText(b))
    return compareText(name, holds, asText(a, context), asText(b, context), context);
  return applyBinary(holds, a, b);
}

/** Text is compared through the level codes, so that each pair of levels is looked at once, not each row. */
function compareText(
  name: string,
  holds: Binary,
  a: TextValue,
  b: TextValue,
  context: Context,
): NumericValue {
  const levelsA = a.kind === "text" ? [a.value] : a.levels;
  const levelsB = b.kind === "text" ? [b.value] : b.levels;
  const ordered = name !== "equal" && name !== "unequal";
  const notDate = ordered ? [...levelsA, ...levelsB].find((level) => !ISO_DATE.test(level)) : undefined;
  if (notDate !== undefined)
    throw typeProblem(
      context,
      `"${notDate}" is text, which has no order.`,
      "numbers, or dates written YYYY-MM-DD",
    );
  const rank = new Map([...new Set([...levelsA, ...levelsB])].sort().map((level, i) => [level, i]));
  const ranks = (value: TextValue, levels: readonly string[]): NumericValue => {
    const ofLevel = levels.map((level) => rank.get(level)!);
    return value.kind === "text"
      ? { kind: "number", value: ofLevel[0]! }
      : {
          kind: "numbers",
          values: Float64Array.from(value.codes, (code) => (code < 0 ? Number.NaN : ofLevel[code]!)),
        };
  };
  return applyBinary(holds, ranks(a, levelsA), ranks(b, levelsB));
}

function isText(value: Value): value is TextValue {
  return value.kind === "text" || value.kind === "factor";
}

function asText(value: Value, context: Context): TextValue {
  if (isText(value)) return value;
  // `site == 1` where site is a factor with a level "1".
  if (value.kind === "number") return { kind: "text", value: String(value.value) };
  throw typeProblem(
    context,
    "A column of numbers is compared with text.",
    "both sides numbers, or both text",
  );
}

function numeric(value: Value, context: Context, role: string): NumericValue {
  if (value.kind === "number" || value.kind === "numbers") return value;
  const shown =
    value.kind === "text" ? `"${value.value}"` : `a column of categories (${listNames(value.levels, 4)})`;
  throw typeProblem(context, `${capital(role)} is ${shown}.`, "a number");
}

function typeProblem(context: Context, message: string, expected: string): InputError {
  return new InputError({
    code: "expression-type",
    where: `expression "${context.text}"`,
    message,
    expected,
  });
}

function applyUnary(f: Unary, a: NumericValue): NumericValue {
  if (a.kind === "number") return { kind: "number", value: f(a.value) };
  const out = new Float64Array(a.values.length);
  for (let r = 0; r < out.length; r++) out[r] = f(a.values[r]!);
  return { kind: "numbers", values: out };
}

function applyBinary(f: Binary, a: NumericValue, b: NumericValue): NumericValue {
  if (a.kind === "number" && b.kind === "number") return { kind: "number", value: f(a.value, b.value) };
  const out = new Float64Array(
    a.kind === "numbers" ? a.values.length : (b as { values: Float64Array }).values.length,
  );
  if (a.kind === "number") {
    const values = (b as { values: Float64Array }).values;
    for (let r = 0; r < out.length; r++) out[r] = f(a.value, values[r]!);
  } else if (b.kind === "number") for (let r = 0; r < out.length; r++) out[r] = f(a.values[r]!, b.value);
  else for (let r = 0; r < out.length; r++) out[r] = f(a.values[r]!, b.values[r]!);
  return { kind: "numbers", values: out };
}

/** Row by row the one or the other; a missing condition gives a missing result. */
function choose(condition: NumericValue, yes: Value, no: Value, context: Context): Value {
  const n = context.nRows;
  const test = expand(condition, n);
  if (isText(yes) || isText(no)) {
    // NaN is the way to write a missing category: `age < 18 ? NaN : "adult"`.
    const sides = [yes, no].map((side) =>
      side.kind === "number" && Number.isNaN(side.value)
        ? ({ kind: "factor", codes: new Int32Array(n).fill(-1), levels: [] } as const)
        : asText(side, context),
    );
    const levels = [...new Set(sides.flatMap((side) => (side.kind === "text" ? [side.value] : side.levels)))];
    const codes = sides.map((side) => recode(side, levels, n));
    const out = new Int32Array(n);
    for (let r = 0; r < n; r++)
      out[r] = Number.isNaN(test[r]!) ? -1 : test[r] !== 0 ? codes[0]![r]! : codes[1]![r]!;
    return { kind: "factor", codes: out, levels };
  }
  const a = expand(yes, n);
  const b = expand(no, n);
  const out = new Float64Array(n);
  for (let r = 0; r < n; r++) out[r] = Number.isNaN(test[r]!) ? Number.NaN : test[r] !== 0 ? a[r]! : b[r]!;
  return { kind: "numbers", values: out };
}

function expand(value: NumericValue, n: number): Float64Array {
  return value.kind === "numbers" ? value.values : new Float64Array(n).fill(value.value);
}

function recode(value: TextValue, levels: readonly string[], n: number): Int32Array {
  if (value.kind === "text") return new Int32Array(n).fill(levels.indexOf(value.value));
  const to = value.levels.map((level) => levels.indexOf(level));
  return Int32Array.from(value.codes, (code) => (code < 0 ? -1 : to[code]!));
}

function whereName(text: string, name: string): string {
  const index = text.search(new RegExp(`(?<![\\w.])${name.replace(/[^\w]/g, "\\$&")}(?![\\w.])`));
  return index < 0 ? `expression "${text}"` : at(text, index);
}

function at(text: string, index: number): string {
  return `expression "${text}", character ${index + 1}`;
}

function listNames(names: Iterable<string>, limit = 12): string {
  const all = [...names];
  return all.length > limit ? `${all.slice(0, limit).join(", ")}, …` : all.join(", ");
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
