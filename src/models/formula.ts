import { InputError, type Problem } from "../core/errors.js";
import { type Expression, evaluateColumn, parseExpression } from "../core/expression.js";

/** The smallest piece of a term: a variable, an arithmetic expression, a factor, or a polynomial. */
export interface Atom {
  /** Canonical text, e.g. `month^2`, `factor(site)`, `poly(month,2)`. */
  readonly text: string;
  readonly kind: "expression" | "factor" | "poly";
  /** What is evaluated (the argument, for factor and poly). */
  readonly expression: Expression;
  /** Degree of a polynomial; 0 otherwise. */
  readonly degree: number;
}

/** A product of atoms. */
export interface Term {
  /** Atoms joined by `:`. */
  readonly label: string;
  readonly atoms: readonly Atom[];
}

/** A parsed model formula. */
export interface Formula {
  readonly text: string;
  readonly intercept: boolean;
  /** Without the intercept; in order of interaction, then of appearance, as in R. */
  readonly terms: readonly Term[];
  /** Names of the columns it reads. */
  readonly symbols: readonly string[];
}

interface Parsed {
  intercept: boolean | null;
  terms: Term[];
}

/**
 * Parses a model formula: `1 + month + month^2 + grp * month`. `+` adds terms, `a:b` is the interaction, `a * b` means
 * `a + b + a:b`, `0` or `- 1` removes the intercept, `- term` removes a term. Everything else is arithmetic, as in
 * `month^2`, `log(month + 1)` or `(age - 40) / 10`; `factor(x)` makes dummies, `poly(x, d)` orthogonal
 * polynomials. A name whose column holds categories becomes dummies by itself.
 * @param text - the formula, without an outcome
 * @returns terms, each once
 * @throws InputError pointing at the part that cannot be read
 * Source: the operators of Wilkinson & Rogers (1973).
 */
export function parseFormula(text: string): Formula {
  if (text.trim() === "")
    throw new InputError({
      code: "formula-empty",
      message: "The formula is empty.",
      expected: "at least `1` or `0`",
    });
  if (text.includes("~"))
    throw new InputError({
      code: "formula-syntax",
      where: `formula "${text}", character ${text.indexOf("~") + 1}`,
      message: "A formula here has no left side.",
      fix: "Write only what comes after the ~.",
    });
  const parsed = parseSum({ whole: text, text, offset: 0 });
  const unique = new Map(parsed.terms.map((term) => [termKey(term.atoms), term]));
  const terms = [...unique.values()];
  const sorted = terms
    .map((term, index) => ({ term, index }))
    .sort((a, b) => a.term.atoms.length - b.term.atoms.length || a.index - b.index)
    .map(({ term }) => term);
  const symbols = new Set(sorted.flatMap((term) => term.atoms.flatMap((atom) => atom.expression.symbols)));
  return { text, intercept: parsed.intercept ?? true, terms: sorted, symbols: [...symbols] };
}

/**
 * Identity of a term whatever the order of its atoms.
 * @param atoms - atoms of the term
 * @returns a key equal for equal terms
 */
export function termKey(atoms: readonly Atom[]): string {
  return atoms
    .map((atom) => atom.text)
    .sort()
    .join(":");
}

/** A piece of the formula and where it stands in the whole. */
interface Piece {
  readonly whole: string;
  readonly text: string;
  readonly offset: number;
}

function parseSum(piece: Piece): Parsed {
  const out: Parsed = { intercept: null, terms: [] };
  for (const { sign, part } of splitAt(piece, "+-")) {
    const value = parseProduct(part);
    if (value.intercept !== null) out.intercept = sign === "-" ? !value.intercept : value.intercept;
    if (sign === "-") {
      const removed = new Set(value.terms.map((term) => termKey(term.atoms)));
      out.terms = out.terms.filter((term) => !removed.has(termKey(term.atoms)));
    } else out.terms.push(...value.terms);
  }
  return out;
}

function parseProduct(piece: Piece): Parsed {
  const parts = splitAt(piece, "*");
  let out = parseInteraction(parts[0]!.part);
  for (const { part } of parts.slice(1)) {
    const right = parseInteraction(part);
    if (out.intercept !== null || right.intercept !== null)
      throw syntax(piece, "A number cannot be crossed with a term.", "names on both sides of *");
    out = {
      intercept: null,
      terms: [...out.terms, ...right.terms, ...interactions(out.terms, right.terms)],
    };
  }
  return out;
}

function parseInteraction(piece: Piece): Parsed {
  const parts = splitAt(piece, ":");
  let out = parsePrimary(parts[0]!.part);
  for (const { part } of parts.slice(1)) {
    const right = parsePrimary(part);
    if (out.intercept !== null || right.intercept !== null)
      throw syntax(piece, "A number cannot interact with a term.", "names on both sides of :");
    out = { intercept: null, terms: interactions(out.terms, right.terms) };
  }
  return out;
}

function interactions(left: readonly Term[], right: readonly Term[]): Term[] {
  return left.flatMap((a) =>
    right.map((b) => {
      const atoms = new Map([...a.atoms, ...b.atoms].map((atom) => [atom.text, atom]));
      return makeTerm([...atoms.values()]);
    }),
  );
}

function makeTerm(atoms: readonly Atom[]): Term {
  return { label: atoms.map((atom) => atom.text).join(":"), atoms };
}

function parsePrimary(piece: Piece): Parsed {
  const text = piece.text.trim();
  const offset = piece.offset + piece.text.indexOf(text);
  if (text === "") throw syntax(piece, "A term is missing.", "a name on each side of + - * :");
  if (text === "1" || text === "0") return { intercept: text === "1", terms: [] };
  if (Number.isFinite(Number(text)))
    throw syntax({ ...piece, text, offset }, `The number ${text} is not a term.`, "1, 0 or a name");
  if (text.startsWith("(") && matchingParenthesis(text, 0) === text.length - 1)
    return parseSum({ whole: piece.whole, text: text.slice(1, -1), offset: offset + 1 });
  return { intercept: null, terms: [makeTerm([parseAtom({ whole: piece.whole, text, offset })])] };
}

function parseAtom(piece: Piece): Atom {
  const call = /^(factor|poly|I)\s*\((.*)\)$/s.exec(piece.text);
  if (call && matchingParenthesis(piece.text, piece.text.indexOf("(")) === piece.text.length - 1) {
    const [, name, inner] = call;
    if (name === "poly") return parsePoly(piece, inner!);
    const expression = readExpression({
      ...piece,
      text: inner!,
      offset: piece.offset + piece.text.indexOf("(") + 1,
    });
    if (name === "I") return { text: `I(${compact(inner!)})`, kind: "expression", expression, degree: 0 };
    return { text: `factor(${compact(inner!)})`, kind: "factor", expression, degree: 0 };
  }
  return { text: compact(piece.text), kind: "expression", expression: readExpression(piece), degree: 0 };
}

function parsePoly(piece: Piece, inner: string): Atom {
  const comma = inner.lastIndexOf(",");
  const degree = Number(inner.slice(comma + 1));
  if (comma < 0 || !Number.isInteger(degree) || degree < 1 || degree > 6)
    throw syntax(piece, "poly needs a variable and a degree.", "poly(month, 2), with a degree from 1 to 6");
  const argument = inner.slice(0, comma);
  const offset = piece.offset + piece.text.indexOf("(") + 1;
  const expression = readExpression({ ...piece, text: argument, offset });
  return { text: `poly(${compact(argument)},${degree})`, kind: "poly", expression, degree };
}

function readExpression(piece: Piece): Expression {
  try {
    const expression = parseExpression(piece.text);
    if (isTextConstant(expression)) throw textConstant(expression);
    return expression;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const where = `formula "${piece.whole}", at "${piece.text.trim()}" (character ${piece.offset + 1})`;
    throw new InputError(error.problems.map((problem): Problem => ({ ...problem, where })));
  }
}

/** Whether an expression is text without reading any column: one category, the same for everybody. */
function isTextConstant(expression: Expression): boolean {
  return expression.symbols.length === 0 && evaluateColumn(expression, new Map(), 1).kind === "factor";
}

function textConstant({ node, text }: Expression): InputError {
  const shown = text.trim();
  return new InputError({
    code: "formula-syntax",
    message: `The text ${shown} is not a term: it is the same for everybody.`,
    expected: "the name of a column, or a comparison with one",
    ...(node.type === "ConstantNode" ? { fix: `If a column has that name, write column(${shown}).` } : {}),
  });
}

/** Text without white space, save that between quotes, which belongs to a name or category. */
function compact(text: string): string {
  return text.replace(/("[^"]*"|'[^']*')|\s+/g, (_, quoted: string | undefined) => quoted ?? "");
}

function syntax(piece: Piece, message: string, expected: string): InputError {
  const text = piece.text.trim();
  return new InputError({
    code: "formula-syntax",
    where: `formula "${piece.whole}"${text === "" ? "" : `, at "${text}"`} (character ${piece.offset + 1})`,
    message,
    expected,
  });
}

/** Splits at operators outside parentheses and quotes; a sign after ^ or an operator belongs to the number. */
function splitAt(piece: Piece, operators: string): { sign: string; part: Piece }[] {
  const { text } = piece;
  const out: { sign: string; part: Piece }[] = [];
  let depth = 0;
  let quote = "";
  let start = 0;
  let sign = "+";
  const push = (end: number): void => {
    out.push({
      sign,
      part: { whole: piece.whole, text: text.slice(start, end), offset: piece.offset + start },
    });
  };
  for (let i = 0; i < text.length; i++) {
    const character = text[i]!;
    if (quote !== "") {
      if (character === quote) quote = "";
    } else if (character === '"' || character === "'") quote = character;
    else if ("([{".includes(character)) depth++;
    else if (")]}".includes(character)) depth--;
    else if (depth === 0 && operators.includes(character)) {
      const before = text.slice(start, i).trim();
      if (before === "" && operators.includes("-") && out.length === 0) {
        // A leading sign applies to the first term.
        sign = character;
        start = i + 1;
        continue;
      }
      if (/[\^*:/]$/.test(before) && operators.includes("-")) continue;
      push(i);
      sign = character;
      start = i + 1;
    }
    if (depth < 0) break;
  }
  if (depth !== 0 || quote !== "")
    throw syntax(
      piece,
      depth === 0 ? "A quote is not closed." : "The parentheses do not match.",
      "balanced text",
    );
  push(text.length);
  return out;
}

function matchingParenthesis(text: string, open: number): number {
  let depth = 0;
  let quote = "";
  for (let i = open; i < text.length; i++) {
    const character = text[i]!;
    if (quote !== "") {
      if (character === quote) quote = "";
    } else if (character === '"' || character === "'") quote = character;
    else if (character === "(") depth++;
    else if (character === ")" && --depth === 0) return i;
  }
  return -1;
}
