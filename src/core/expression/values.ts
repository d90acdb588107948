import type { FactorColumn } from "../table.js";

/** A value during evaluation: a constant, a column of numbers, or a column of categories. */
export type Value = NumericValue | TextValue;

/** A number, or a column of numbers with NaN where they are missing. */
export type NumericValue =
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "numbers"; readonly values: Float64Array };

/** A text, or a column of categories. */
export type TextValue = { readonly kind: "text"; readonly value: string } | FactorColumn;

/** An operation on one number. */
export type Unary = (a: number) => number;

/** An operation on two numbers. */
export type Binary = (a: number, b: number) => number;

/**
 * Tells text from numbers.
 * @param value - any value
 * @returns true for a text or a column of categories
 */
export function isText(value: Value): value is TextValue {
  return value.kind === "text" || value.kind === "factor";
}

/**
 * Applies an operation to a value.
 * @param f - the operation
 * @param a - a number, or a column of them
 * @returns the same kind of value
 */
export function applyUnary(f: Unary, a: NumericValue): NumericValue {
  if (a.kind === "number") return { kind: "number", value: f(a.value) };
  const out = new Float64Array(a.values.length);
  for (let r = 0; r < out.length; r++) out[r] = f(a.values[r]!);
  return { kind: "numbers", values: out };
}

/**
 * Applies an operation to two values, row by row; a number stands for a column of itself.
 * @param f - the operation
 * @param a - left side
 * @param b - right side; columns are of one length
 * @returns a number where both sides are, else a column
 */
export function applyBinary(f: Binary, a: NumericValue, b: NumericValue): NumericValue {
  if (a.kind === "number") {
    if (b.kind === "number") return { kind: "number", value: f(a.value, b.value) };
    const out = new Float64Array(b.values.length);
    for (let r = 0; r < out.length; r++) out[r] = f(a.value, b.values[r]!);
    return { kind: "numbers", values: out };
  }
  const out = new Float64Array(a.values.length);
  if (b.kind === "number") for (let r = 0; r < out.length; r++) out[r] = f(a.values[r]!, b.value);
  else for (let r = 0; r < out.length; r++) out[r] = f(a.values[r]!, b.values[r]!);
  return { kind: "numbers", values: out };
}

/**
 * A value as a column.
 * @param value - a number, or a column of n
 * @param n - number of rows
 * @returns n numbers; the column itself where it is one
 */
export function expand(value: NumericValue, n: number): Float64Array {
  return value.kind === "numbers" ? value.values : new Float64Array(n).fill(value.value);
}
