import { evaluateColumn } from "../core/expression.js";
import { type Column, takeRows } from "../core/table.js";
import { type Atom, type Formula, type Term, termKey } from "./formula.js";
import { type AtomColumns, type Coding, termError } from "./terms/coding.js";
import { categoriesOf, dummyColumns } from "./terms/dummies.js";
import { knotsOf } from "./terms/knots.js";
import { latentColumns } from "./terms/latent.js";
import { naturalSplineColumns } from "./terms/naturalSpline.js";
import { piecewiseColumns } from "./terms/piecewise.js";
import { polynomialColumns } from "./terms/polynomial.js";

export {
  type AtomColumns,
  type Coding,
  emptyCoding,
  type KnotCoding,
  type PolynomialCoding,
} from "./terms/coding.js";

/**
 * Evaluates an atom over rows.
 * @param atom - the atom
 * @param columns - columns it may read, each of length n
 * @param n - rows
 * @param coding - read where it knows the atom, filled where it does not
 * @param full - dummies for every level, not for all but the first (a factor in a model without intercept)
 * @returns one column for a number, dummies for categories, `degree` columns for a poly, ns or piecewise; NaN where
 *   missing
 * @throws InputError for a level the model has not seen, more than 200 levels, or a curve that the values cannot carry
 */
export function evaluateAtom(
  atom: Atom,
  columns: ReadonlyMap<string, Column>,
  n: number,
  coding: Coding,
  full = false,
): AtomColumns {
  const column = evaluateColumn(atom.expression, columns, n);
  if (atom.kind === "poly" || atom.kind === "ns" || atom.kind === "piecewise") {
    if (column.kind !== "numeric")
      throw termError(atom, "term-type", { message: "The column holds text.", expected: "numbers" });
    if (atom.kind === "poly") return polynomialColumns(atom, column.values, coding);
    const knots = knotsOf(atom, column.values, coding);
    const curve = atom.kind === "ns" ? naturalSplineColumns : piecewiseColumns;
    return curve(atom, column.values, knots);
  }
  if (atom.kind === "latent") {
    if (column.kind !== "numeric")
      throw termError(atom, "term-type", { message: "The column holds text.", expected: "numbers" });
    return latentColumns(atom, column.values, coding);
  }
  // A category that new data hold as numbers (site codes, say) is still a category.
  if (column.kind === "numeric" && atom.kind === "expression" && !(atom.text in coding.levels))
    return { names: [atom.text], values: [column.values] };
  const categories = column.kind === "factor" ? column : categoriesOf(column.values);
  return dummyColumns(atom, categories.codes, categories.levels, coding, full);
}

/** Whether an atom of a term gets a dummy for every level. */
export type FullDummies = (term: Term, atom: Atom) => boolean;

/**
 * Which categorical atoms get a dummy for every level, not for all but the first. Within a term that is so when what
 * is left of the term without the atom is not part of an earlier term: `1 + month:grp` has a slope for each group,
 * `1 + month + month:grp` the difference of each group but the first. Without an intercept it is so for the first
 * categorical atom of the formula.
 * @param formula - parsed
 * @param columns - columns it may read
 * @param coding - atoms known to be categorical
 * @returns the answer for each term and atom of the formula
 * @throws InputError for unknown names
 * Source: the coding rule of S and R (Chambers & Hastie 1992, section 2.4.1; `terms` and `model.matrix` in R).
 */
export function fullDummies(
  formula: Formula,
  columns: ReadonlyMap<string, Column>,
  coding: Coding,
): FullDummies {
  const categorical = (atom: Atom): boolean => isCategorical(atom, columns, coding);
  const keyOf = (term: Term, atom: Atom): string => `${termKey(term.atoms)} ${atom.text}`;
  const full = new Set<string>();
  let firstFound = formula.intercept;
  formula.terms.forEach((term, index) => {
    for (const atom of term.atoms) {
      if (!categorical(atom)) continue;
      const rest = term.atoms.filter((other) => other !== atom).map((other) => other.text);
      const inEarlier = formula.terms
        .slice(0, index)
        .some((earlier) => rest.every((text) => earlier.atoms.some((other) => other.text === text)));
      if (!firstFound || (rest.length > 0 && !inEarlier)) full.add(keyOf(term, atom));
      firstFound = true;
    }
  });
  return (term, atom) => full.has(keyOf(term, atom));
}

/** Looks at one row: whether an expression is text or numbers does not depend on the row. */
function isCategorical(atom: Atom, columns: ReadonlyMap<string, Column>, coding: Coding): boolean {
  if (atom.kind !== "expression") return atom.kind === "factor";
  if (atom.text in coding.levels) return true;
  const row = new Map<string, Column>();
  for (const symbol of atom.expression.symbols) {
    const column = columns.get(symbol);
    // Whoever evaluates the atom says what is wrong with it.
    if (column === undefined) return false;
    row.set(symbol, takeRows(column, [0]));
  }
  return evaluateColumn(atom.expression, row, 1).kind === "factor";
}

/** Columns of a whole formula. */
export interface FormulaColumns {
  /** `(Intercept)` first where there is one. */
  readonly names: readonly string[];
  readonly values: readonly Float64Array[];
  /** Index into `terms` of each column. */
  readonly termOfColumn: Int32Array;
  /** Term labels, `(Intercept)` first where there is one. */
  readonly terms: readonly string[];
}

/**
 * Evaluates every term of a formula over rows (or persons).
 * @param formula - parsed
 * @param columns - columns it may read, each of length n
 * @param n - rows
 * @param coding - read and filled, see {@link evaluateAtom}
 * @returns one column per coefficient; NaN where any part is missing
 * @throws InputError for unknown names, unseen levels
 */
export function evaluateFormula(
  formula: Formula,
  columns: ReadonlyMap<string, Column>,
  n: number,
  coding: Coding,
): FormulaColumns {
  const names: string[] = [];
  const values: Float64Array[] = [];
  const termOfColumn: number[] = [];
  const terms: string[] = [];
  if (formula.intercept) {
    names.push("(Intercept)");
    values.push(new Float64Array(n).fill(1));
    termOfColumn.push(0);
    terms.push("(Intercept)");
  }
  const cache = new Map<string, AtomColumns>();
  const isFull = fullDummies(formula, columns, coding);
  for (const term of formula.terms) {
    const product = term.atoms
      .map((atom) => {
        const full = isFull(term, atom);
        const key = `${full}${atom.text}`;
        const known = cache.get(key) ?? evaluateAtom(atom, columns, n, coding, full);
        cache.set(key, known);
        return known;
      })
      .reduce(multiplyColumns);
    for (const [j, name] of product.names.entries()) {
      names.push(name);
      values.push(product.values[j]!);
      termOfColumn.push(terms.length);
    }
    terms.push(term.label);
  }
  return { names, values, termOfColumn: Int32Array.from(termOfColumn), terms };
}

/**
 * Products of every column of `a` with every column of `b`.
 * @param a - columns
 * @param b - columns of the same length
 * @returns products named `a:b`, the columns of `a` varying fastest
 */
export function multiplyColumns(a: AtomColumns, b: AtomColumns): AtomColumns {
  // The empty product, which every product starts from.
  if (a.names.length === 1 && a.names[0] === "") return b;
  const names: string[] = [];
  const values: Float64Array[] = [];
  for (const [j, right] of b.values.entries())
    for (const [i, left] of a.values.entries()) {
      names.push(`${a.names[i]}:${b.names[j]}`);
      values.push(left.map((value, r) => value * right[r]!));
    }
  return { names, values };
}
