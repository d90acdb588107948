import type { Binary, Unary } from "./values.js";

const missing = Number.isNaN;

/** Names with a value of their own; columns of the same name win. */
export const CONSTANTS: ReadonlyMap<string, number> = new Map([
  ["pi", Math.PI],
  ["e", Math.E],
  ["NaN", Number.NaN],
  ["true", 1],
  ["false", 0],
]);

/** Functions of one number. */
export const UNARY_FUNCTIONS: ReadonlyMap<string, Unary> = new Map<string, Unary>([
  ["log2", Math.log2],
  ["log10", Math.log10],
  ["exp", Math.exp],
  ["sqrt", Math.sqrt],
  ["abs", Math.abs],
  ["floor", Math.floor],
  ["ceil", Math.ceil],
]);

/** Fewest and most arguments of each function. */
export const ARITY: ReadonlyMap<string, readonly [number, number]> = new Map<
  string,
  readonly [number, number]
>([
  ...[...UNARY_FUNCTIONS.keys()].map((name) => [name, [1, 1]] as const),
  ["log", [1, 2]],
  ["round", [1, 2]],
  ["min", [1, Number.POSITIVE_INFINITY]],
  ["max", [1, Number.POSITIVE_INFINITY]],
  ["is_missing", [1, 1]],
  ["days", [1, 1]],
  ["column", [1, 1]],
]);

/** Operators between two numbers (or truth values: 1, 0, missing), by the parser's names. */
export const ARITHMETIC: ReadonlyMap<string, Binary> = new Map<string, Binary>([
  ["add", (a, b) => a + b],
  ["subtract", (a, b) => a - b],
  ["multiply", (a, b) => a * b],
  ["divide", (a, b) => a / b],
  // A missing value stays missing even where JavaScript says otherwise (NaN ** 0 is 1).
  ["pow", (a, b) => (missing(a) || missing(b) ? Number.NaN : a ** b)],
  ["mod", (a, b) => a - b * Math.floor(a / b)],
  ["and", and],
  ["or", or],
  ["xor", (a, b) => (missing(a) || missing(b) ? Number.NaN : (a !== 0) !== (b !== 0) ? 1 : 0)],
]);

/**
 * A whole power by multiplication, several times as fast as the general one. Wherever a column is raised to a written power it is
 * done by this function, so that the same column always has the same digits.
 * @param x - any number; NaN stays NaN
 * @param power - 1, 2, 3, ...
 * @returns x multiplied by itself; beyond the fourth power by the platform's function
 */
export function wholePower(x: number, power: number): number {
  if (power === 1) return x;
  const square = x * x;
  if (power === 2) return square;
  if (power === 3) return square * x;
  return power === 4 ? square * square : x ** power;
}

/**
 * And in three-valued logic (Kleene): a false operand decides, missing or not the other.
 * @param a - 0 for false, NaN for missing, else true
 * @param b - likewise
 * @returns 1, 0 or NaN
 */
export function and(a: number, b: number): number {
  if (a === 0 || b === 0) return 0;
  return missing(a) || missing(b) ? Number.NaN : 1;
}

/** Or, likewise: a true operand decides. */
function or(a: number, b: number): number {
  const holds = (x: number): boolean => x !== 0 && !missing(x);
  if (holds(a) || holds(b)) return 1;
  return missing(a) || missing(b) ? Number.NaN : 0;
}

/** Comparisons, by the parser's names; missing where a side is. */
export const COMPARISONS: ReadonlyMap<string, Binary> = new Map<string, Binary>(
  Object.entries({
    equal: (a: number, b: number) => a === b,
    unequal: (a: number, b: number) => a !== b,
    smaller: (a: number, b: number) => a < b,
    smallerEq: (a: number, b: number) => a <= b,
    larger: (a: number, b: number) => a > b,
    largerEq: (a: number, b: number) => a >= b,
  }).map(([name, holds]) => [name, (a, b) => (missing(a) || missing(b) ? Number.NaN : holds(a, b) ? 1 : 0)]),
);

/** Operators on one number, by the parser's names. */
export const UNARY_OPERATORS: ReadonlyMap<string, Unary> = new Map<string, Unary>([
  ["unaryMinus", (a) => -a],
  ["unaryPlus", (a) => a],
  ["not", (a) => (missing(a) ? Number.NaN : a === 0 ? 1 : 0)],
]);
