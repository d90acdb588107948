import type { Column } from "../table.js";
import {
  ARITHMETIC,
  and,
  COMPARISONS,
  CONSTANTS,
  UNARY_FUNCTIONS,
  UNARY_OPERATORS,
  wholePower,
} from "./operators.js";
import type { SyntaxNode } from "./syntax.js";
import { asNumeric, asText, chooseText, compareText, daysSinceEpoch } from "./text.js";
import { applyBinary, applyUnary, expand, isText, type NumericValue, type Value } from "./values.js";

/** What an expression is evaluated in. */
export interface EvaluationContext {
  /** The expression as written, for error messages. */
  readonly text: string;
  /** The columns it may read, each of length nRows. */
  readonly columns: ReadonlyMap<string, Column>;
  readonly nRows: number;
}

/**
 * Evaluates a checked syntax tree, a whole column at a time.
 * @param node - the tree, of which every name is a column or a constant
 * @param context - columns
 * @returns its value
 * @throws InputError for arithmetic on text, or text compared with a column of numbers
 */
export function evaluate(node: SyntaxNode, context: EvaluationContext): Value {
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
        .reduce((a, b) => applyBinary(and, a, b));
    }
    case "ConditionalNode":
      return choose(
        asNumeric(evaluate(node.condition, context), context.text, "a condition"),
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

function readColumn(name: string, context: EvaluationContext): Value {
  const column = context.columns.get(name);
  if (column === undefined) return { kind: "number", value: CONSTANTS.get(name)! };
  return column.kind === "factor" ? column : { kind: "numbers", values: column.values };
}

function evaluateOperator(name: string, args: readonly SyntaxNode[], context: EvaluationContext): Value {
  const { text } = context;
  const unary = UNARY_OPERATORS.get(name);
  const first = evaluate(args[0]!, context);
  if (unary) return applyUnary(unary, asNumeric(first, text, `the operand of ${name}`));
  const second = evaluate(args[1]!, context);
  if (COMPARISONS.has(name)) return compare(name, first, second, context);
  return applyArithmetic(
    name,
    asNumeric(first, text, `the left side of ${name}`),
    asNumeric(second, text, `the right side of ${name}`),
  );
}

function applyArithmetic(operator: string, left: NumericValue, right: NumericValue): NumericValue {
  if (operator === "pow" && right.kind === "number" && Number.isInteger(right.value) && right.value > 0)
    return applyUnary((x) => wholePower(x, right.value), left);
  return applyBinary(ARITHMETIC.get(operator)!, left, right);
}

function evaluateFunction(name: string, args: readonly SyntaxNode[], context: EvaluationContext): Value {
  if (name === "column") return readColumn(String((args[0] as { value?: unknown }).value), context);
  const values = args.map((argument) => evaluate(argument, context));
  if (name === "is_missing") return isMissing(values[0]!);
  if (name === "days") return daysSinceEpoch(values[0]!, context.text);
  const numbers = values.map((value) => asNumeric(value, context.text, `an argument of ${name}`));
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
  return applyUnary((x) => (Number.isNaN(x) ? 1 : 0), value);
}

function compare(name: string, a: Value, b: Value, { text }: EvaluationContext): NumericValue {
  const holds = COMPARISONS.get(name)!;
  return isText(a) || isText(b)
    ? compareText(name, holds, asText(a, text), asText(b, text), text)
    : applyBinary(holds, a, b);
}

/** Row by row the one or the other; a missing condition gives a missing result. */
function choose(
  condition: NumericValue,
  yes: Value,
  no: Value,
  { text, nRows: n }: EvaluationContext,
): Value {
  const test = expand(condition, n);
  if (isText(yes) || isText(no)) return chooseText(test, { yes, no }, text);
  const a = expand(yes, n);
  const b = expand(no, n);
  const out = new Float64Array(n);
  for (let r = 0; r < n; r++) out[r] = Number.isNaN(test[r]!) ? Number.NaN : test[r] !== 0 ? a[r]! : b[r]!;
  return { kind: "numbers", values: out };
}
