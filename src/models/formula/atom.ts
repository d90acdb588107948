import { InputError, type Problem } from "../../core/errors.js";
import { type Expression, evaluateColumn, parseExpression } from "../../core/expression.js";
import { compact, matchingParenthesis, type Piece, splitAt, syntax } from "./text.js";

/** The smallest piece of a term: a variable, an arithmetic expression, a factor, or a curve through a variable. */
export interface Atom {
  /** Canonical text, e.g. `month^2`, `factor(site)`, `poly(month,2)`, `ns(month,[2,6])`, `piecewise(month,4)`. */
  readonly text: string;
  /** `ns`: natural cubic spline; `piecewise`: straight lines that meet at knots; `latent`: a value per occasion, to be estimated. */
  readonly kind: "expression" | "factor" | "poly" | "ns" | "piecewise" | "latent";
  /** What is evaluated (the argument, for everything but an expression). */
  readonly expression: Expression;
  /** Columns of a poly, ns or piecewise; 0 otherwise. */
  readonly degree: number;
  /** Knots in ascending order, where the formula names them. */
  readonly knots: readonly number[];
}

/** Most columns of one curve. */
const MAX_COLUMNS: Readonly<Record<"poly" | "ns" | "piecewise", number>> = { poly: 6, ns: 15, piecewise: 15 };

/**
 * Names of the columns of a poly, ns or piecewise.
 * @param atom - the atom
 * @returns `poly(x,2)1`, `poly(x,2)2`; for segments what they cover: `piecewise(x,4)[to 4]`, `piecewise(x,4)[from 4]`
 */
export function curveColumnNames({ kind, text, degree, knots }: Atom): string[] {
  return Array.from({ length: degree }, (_, j) => {
    if (kind !== "piecewise") return `${text}${j + 1}`;
    if (j === 0) return `${text}[to ${knots[0]}]`;
    return j === degree - 1 ? `${text}[from ${knots[j - 1]}]` : `${text}[${knots[j - 1]} to ${knots[j]}]`;
  });
}

/**
 * Reads an atom: a name, arithmetic, `factor(x)`, `I(...)`, `poly(x, 2)`, `ns(x, 3)`, `ns(x, [2, 6])`, `piecewise(x, 4)`,
 * `piecewise(x, [4, 8])` or `latent(x)`.
 * @param piece - its text, without white space around it
 * @returns the atom
 * @throws InputError pointing at what cannot be read
 */
export function parseAtom(piece: Piece): Atom {
  const call = /^(factor|poly|ns|piecewise|latent|I)\s*\((.*)\)$/s.exec(piece.text);
  const open = piece.text.indexOf("(");
  if (!call || matchingParenthesis(piece.text, open) !== piece.text.length - 1)
    return plainAtom("expression", compact(piece.text), readExpression(piece));
  const inner = { ...piece, text: call[2]!, offset: piece.offset + open + 1 };
  switch (call[1]) {
    case "poly":
      return parsePoly(piece, inner);
    case "ns":
      return parseSpline(piece, inner);
    case "piecewise":
      return parsePiecewise(piece, inner);
    case "latent":
      return parseLatent(piece, inner);
    case "I":
      return plainAtom("expression", `I(${compact(inner.text)})`, readExpression(inner));
    default:
      return plainAtom("factor", `factor(${compact(inner.text)})`, readExpression(inner));
  }
}

function plainAtom(kind: "expression" | "factor", text: string, expression: Expression): Atom {
  return { text, kind, expression, degree: 0, knots: [] };
}

function parsePoly(piece: Piece, inner: Piece): Atom {
  const expected = "poly(month, 2), with a degree from 1 to 6";
  const { argument, setting } = twoArguments(piece, inner, "poly needs a variable and a degree.", expected);
  const degree = wholeNumber(setting, MAX_COLUMNS.poly);
  if (degree === null) throw syntax(piece, "poly needs a variable and a degree.", expected);
  const expression = readExpression(argument);
  return { text: `poly(${compact(argument.text)},${degree})`, kind: "poly", expression, degree, knots: [] };
}

function parseSpline(piece: Piece, inner: Piece): Atom {
  const message = "ns needs a variable, and degrees of freedom or knots in square brackets.";
  const expected = "ns(week, 3), with 1 to 15 degrees of freedom, or ns(week, [2, 6]), with knots at 2 and 6";
  const { argument, setting } = twoArguments(piece, inner, message, expected);
  const expression = readExpression(argument);
  const name = compact(argument.text);
  const list = bracketedList(setting);
  if (list === null) {
    const degree = wholeNumber(setting, MAX_COLUMNS.ns);
    if (degree === null) throw syntax(piece, message, expected);
    return { text: `ns(${name},${degree})`, kind: "ns", expression, degree, knots: [] };
  }
  const knots = readKnots(piece, list, MAX_COLUMNS.ns - 1, expected);
  return { text: `ns(${name},[${knots}])`, kind: "ns", expression, degree: knots.length + 1, knots };
}

function parsePiecewise(piece: Piece, inner: Piece): Atom {
  const message = "piecewise needs a variable and a knot, or several in square brackets.";
  const expected = "piecewise(week, 4), with a bend at 4, or piecewise(week, [4, 8])";
  const { argument, setting } = twoArguments(piece, inner, message, expected);
  const expression = readExpression(argument);
  const knots = readKnots(piece, bracketedList(setting) ?? [setting], MAX_COLUMNS.piecewise - 1, expected);
  const shown = knots.length === 1 ? `${knots[0]}` : `[${knots}]`;
  const text = `piecewise(${compact(argument.text)},${shown})`;
  return { text, kind: "piecewise", expression, degree: knots.length + 1, knots };
}

function parseLatent(piece: Piece, inner: Piece): Atom {
  const expression = readExpression(inner);
  const text = compact(inner.text);
  if (expression.symbols.length !== 1 || expression.symbols[0] !== text)
    throw syntax(piece, "latent needs the name of a column.", "latent(session), a value for each session");
  return { text: `latent(${text})`, kind: "latent", expression, degree: 0, knots: [] };
}

/** A variable and how its curve is built: what stands before and after the last comma outside brackets. */
function twoArguments(
  piece: Piece,
  inner: Piece,
  message: string,
  expected: string,
): { argument: Piece; setting: string } {
  const parts = splitAt(inner, ",");
  const setting = parts.pop()!.part.text.trim();
  // A function of the variable may have commas of its own only inside parentheses.
  if (parts.length !== 1) throw syntax(piece, message, expected);
  return { argument: parts[0]!.part, setting };
}

function wholeNumber(text: string, largest: number): number | null {
  const value = Number(text);
  return text !== "" && Number.isInteger(value) && value >= 1 && value <= largest ? value : null;
}

/** Entries of `[a, b]`; null for anything else. */
function bracketedList(text: string): string[] | null {
  const list = /^\[(.*)\]$/s.exec(text);
  return list === null ? null : list[1]!.split(",").map((entry) => entry.trim());
}

function readKnots(piece: Piece, entries: readonly string[], most: number, expected: string): number[] {
  const knots = entries.map((entry) => (entry === "" ? Number.NaN : Number(entry)));
  if (!knots.every(Number.isFinite)) throw syntax(piece, "A knot is not a number.", expected);
  if (knots.length > most) throw syntax(piece, `It has ${knots.length} knots.`, `at most ${most}`);
  const sorted = [...knots].sort((a, b) => a - b);
  const repeated = sorted.find((knot, j) => j > 0 && knot === sorted[j - 1]);
  if (repeated !== undefined)
    throw new InputError({
      code: "repeated-knots",
      where: `formula "${piece.whole}", term ${compact(piece.text)}`,
      message: `The knot ${repeated} is there twice.`,
      expected: "knots that differ",
      fix: "Give each knot once.",
    });
  return sorted;
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
