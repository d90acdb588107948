import { InputError } from "../errors.js";
import { quotedText, type Token, tokensOf } from "./tokens.js";
import { at } from "./words.js";

/** A node of an expression's syntax tree. */
export type SyntaxNode =
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "text"; readonly value: string }
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "unary"; readonly operator: string; readonly operand: SyntaxNode }
  | {
      readonly kind: "binary";
      readonly operator: string;
      readonly left: SyntaxNode;
      readonly right: SyntaxNode;
    }
  | {
      readonly kind: "comparison";
      /** Between neighbouring operands: `a < b <= c` has two. */
      readonly operators: readonly string[];
      readonly operands: readonly SyntaxNode[];
    }
  | {
      readonly kind: "choice";
      readonly condition: SyntaxNode;
      readonly yes: SyntaxNode;
      readonly no: SyntaxNode;
    }
  | { readonly kind: "call"; readonly name: string; readonly args: readonly SyntaxNode[] };

/** Names of operators between two values, as written; a later line binds tighter, and those of a line go from left to right. */
const BINARY: readonly Readonly<Record<string, string>>[] = [
  { or: "or" },
  { xor: "xor" },
  { and: "and" },
  {
    "==": "equal",
    "!=": "unequal",
    "<": "smaller",
    "<=": "smallerEq",
    ">": "larger",
    ">=": "largerEq",
  },
  { "+": "add", "-": "subtract" },
  { "*": "multiply", "/": "divide", "%": "mod", mod: "mod" },
];

const COMPARISON = 3;

/** Names of operators before one value; they bind tighter than all of {@link BINARY}. */
const UNARY: Readonly<Record<string, string>> = { "-": "unaryMinus", "+": "unaryPlus", not: "not" };

/** Words that are values whatever the columns are called. */
const VALUES: ReadonlyMap<string, number> = new Map([
  ["true", 1],
  ["false", 0],
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
]);

/**
 * Reads an expression.
 * @param text - the expression
 * @returns its syntax tree; names and functions are not looked up
 * @throws InputError pointing at the character where the syntax is wrong
 * Source: recursive descent with a level of precedence per call (Aho, Lam, Sethi & Ullman 2006, section 4.4).
 */
export function parseNode(text: string): SyntaxNode {
  if (text.trim() === "")
    throw new InputError({
      code: "expression-syntax",
      where: `expression "${text}"`,
      message: "The expression is empty.",
      expected: "an expression such as (age - 40) / 10",
    });
  return new Parser(text).whole();
}

class Parser {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  #next = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = tokensOf(text);
  }

  whole(): SyntaxNode {
    const node = this.#choice();
    if (this.#token.kind !== "end") throw this.#misplaced();
    return node;
  }

  get #token(): Token {
    return this.#tokens[this.#next]!;
  }

  /** Goes on to the next word where this one is the one asked for. */
  #take(word: string): boolean {
    if (this.#token.text !== word) return false;
    this.#next++;
    return true;
  }

  #require(word: string): void {
    if (!this.#take(word)) throw this.#misplaced();
  }

  /** Goes on where this word is an operator of a table, and gives its name. */
  #operator(table: Readonly<Record<string, string>>): string | undefined {
    const { text } = this.#token;
    if (!Object.hasOwn(table, text)) return undefined;
    this.#next++;
    return table[text];
  }

  /** `condition ? yes : no`, or what binds tighter. */
  #choice(): SyntaxNode {
    const condition = this.#binary(0);
    if (!this.#take("?")) return condition;
    const yes = this.#choice();
    this.#require(":");
    return { kind: "choice", condition, yes, no: this.#choice() };
  }

  #binary(level: number): SyntaxNode {
    const table = BINARY[level];
    if (table === undefined) return this.#unary();
    if (level === COMPARISON) return this.#comparison(level);
    let left = this.#binary(level + 1);
    for (;;) {
      const operator = this.#operator(table);
      if (operator === undefined) return left;
      left = { kind: "binary", operator, left, right: this.#binary(level + 1) };
    }
  }

  #comparison(level: number): SyntaxNode {
    const operands = [this.#binary(level + 1)];
    const operators: string[] = [];
    for (;;) {
      const operator = this.#operator(BINARY[level]!);
      if (operator === undefined) break;
      operators.push(operator);
      operands.push(this.#binary(level + 1));
    }
    return operators.length === 0 ? operands[0]! : { kind: "comparison", operators, operands };
  }

  #unary(): SyntaxNode {
    const operator = this.#operator(UNARY);
    return operator === undefined ? this.#power() : { kind: "unary", operator, operand: this.#unary() };
  }

  /** Powers go from right to left, before a sign on the left and after one on the right: -2^-x^2 is -(2^(-(x^2))). */
  #power(): SyntaxNode {
    const left = this.#value();
    return this.#take("^") ? { kind: "binary", operator: "pow", left, right: this.#unary() } : left;
  }

  #value(): SyntaxNode {
    const token = this.#token;
    if (this.#take("(")) {
      const inner = this.#choice();
      this.#require(")");
      return inner;
    }
    const value = VALUES.get(token.text);
    if (!isValue(token)) throw this.#noValue();
    this.#next++;
    if (value !== undefined) return { kind: "number", value };
    if (token.kind === "number") return { kind: "number", value: Number(token.text) };
    if (token.kind === "text") return { kind: "text", value: quotedText(token) };
    return this.#take("(") ? this.#call(token.text) : { kind: "name", name: token.text };
  }

  #call(name: string): SyntaxNode {
    const args: SyntaxNode[] = [];
    if (!this.#take(")")) {
      do args.push(this.#choice());
      while (this.#take(","));
      this.#require(")");
    }
    return { kind: "call", name, args };
  }

  #noValue(): InputError {
    const { kind, text, start } = this.#token;
    if (kind === "end") return this.#wrong("The expression ends where a value should be.", start);
    return this.#wrong(`There is ${text} where a value should be.`, start);
  }

  /** A word after a complete value that cannot follow one. */
  #misplaced(): InputError {
    const token = this.#token;
    const { kind, text, start } = token;
    const where = at(this.#text, start);
    const code = "expression-unsupported";
    if (text === "=")
      return new InputError({
        code,
        where,
        message: "= assigns, which an expression cannot do.",
        fix: "Write == to compare.",
      });
    if (text === "(" || isValue(token))
      return new InputError({
        code,
        where,
        message: `An operator is missing before ${text}.`,
        fix: "Write * where you mean times.",
      });
    if (kind === "end") return this.#wrong("The expression ends too early.", start);
    return this.#wrong(`There is ${text} where none should be.`, start);
  }

  #wrong(message: string, start: number): InputError {
    return new InputError({
      code: "expression-syntax",
      where: at(this.#text, start),
      message,
      fix: "Check the brackets, commas and operators there.",
    });
  }
}

/** Whether a word is a value by itself or begins a call: operators in words are none. */
function isValue({ kind, text }: Token): boolean {
  if (kind === "name")
    return !BINARY.some((table) => Object.hasOwn(table, text)) && !Object.hasOwn(UNARY, text);
  return kind === "number" || kind === "text";
}
