import { InputError } from "../core/errors.js";
import { type Atom, parseAtom } from "./formula/atom.js";
import { matchingParenthesis, type Piece, splitAt, syntax } from "./formula/text.js";

export type { Atom } from "./formula/atom.js";

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
 * polynomials, `ns(x, 3)` or `ns(x, [2, 6])` a natural cubic spline, `piecewise(x, 4)` straight lines that meet at 4.
 * A name whose column holds categories becomes dummies by itself.
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
