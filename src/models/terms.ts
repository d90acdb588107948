import { InputError } from "../core/errors.js";
import { evaluateColumn } from "../core/expression.js";
import { type Column, takeRows } from "../core/table.js";
import { type Atom, type Formula, type Term, termKey } from "./formula.js";

/** Orthogonal polynomial coefficients of one atom (three-term recurrence). */
export interface PolynomialCoding {
  readonly alpha: readonly number[];
  readonly norm: readonly number[];
}

/** How atoms were coded when the model was fitted, so that new data are coded alike. */
export interface Coding {
  /** Levels of each categorical atom, by atom text; the first is the reference. */
  readonly levels: Record<string, readonly string[]>;
  readonly polynomials: Record<string, PolynomialCoding>;
}

/** Columns that an atom becomes. */
export interface AtomColumns {
  readonly names: readonly string[];
  readonly values: readonly Float64Array[];
}

/**
 * Evaluates an atom over rows.
 * @param atom - the atom
 * @param columns - columns it may read, each of length n
 * @param n - rows
 * @param coding - read where it knows the atom, filled where it does not
 * @param full - dummies for every level, not for all but the first (a factor in a model without intercept)
 * @returns one column for a number, dummies for categories, `degree` columns for a polynomial; NaN where missing
 * @throws InputError for a level the model has not seen, or more than 200 levels
 */
export function evaluateAtom(
  atom: Atom,
  columns: ReadonlyMap<string, Column>,
  n: number,
  coding: Coding,
  full = false,
): AtomColumns {
  const column = evaluateColumn(atom.expression, columns, n);
  if (atom.kind === "poly") {
    if (column.kind !== "numeric") throw wrongType(atom, "text", "numbers");
    return polynomialColumns(atom, column.values, coding);
  }
  // A category that new data hold as numbers (site codes, say) is still a category.
  if (column.kind === "numeric" && atom.kind === "expression" && !(atom.text in coding.levels))
    return { names: [atom.text], values: [column.values] };
  const categories = column.kind === "factor" ? column : categoriesOf(column.values);
  return dummies(atom, categories.codes, categories.levels, coding, full);
}

function wrongType(atom: Atom, actual: string, expected: string): InputError {
  return new InputError({
    code: "term-type",
    where: `term ${atom.text}`,
    message: `The column holds ${actual}.`,
    expected,
  });
}

function categoriesOf(values: Float64Array): { codes: Int32Array; levels: readonly string[] } {
  const distinct = new Set<number>();
  for (const value of values) if (!Number.isNaN(value)) distinct.add(value);
  const sorted = [...distinct].sort((a, b) => a - b);
  const codeOf = new Map(sorted.map((value, code) => [value, code]));
  return {
    codes: Int32Array.from(values, (value) => codeOf.get(value) ?? -1),
    levels: sorted.map(String),
  };
}

function dummies(
  atom: Atom,
  codes: Int32Array,
  present: readonly string[],
  coding: Coding,
  full: boolean,
): AtomColumns {
  const known = coding.levels[atom.text];
  const levels = known ?? usedLevels(codes, present);
  if (levels.length > 200)
    throw new InputError({
      code: "too-many-levels",
      where: `term ${atom.text}`,
      message: `It has ${levels.length} categories.`,
      expected: "at most 200",
      fix: "Group the categories, or make the column numeric.",
    });
  coding.levels[atom.text] = levels;
  const levelOf = new Map(levels.map((level, index) => [level, index]));
  const unseen = present.filter((level, code) => !levelOf.has(level) && codes.includes(code));
  if (unseen.length > 0)
    throw new InputError({
      code: "unseen-level",
      where: `term ${atom.text}`,
      message: `The model has not seen ${unseen.map((level) => `"${level}"`).join(", ")}.`,
      expected: `one of ${levels.join(", ")}`,
    });
  const shown = full ? levels : levels.slice(1);
  const first = full ? 0 : 1;
  const values = shown.map(() => new Float64Array(codes.length));
  for (let r = 0; r < codes.length; r++) {
    const code = codes[r]!;
    if (code < 0) for (const column of values) column[r] = Number.NaN;
    else {
      const index = levelOf.get(present[code]!)! - first;
      if (index >= 0) values[index]![r] = 1;
    }
  }
  return { names: shown.map((level) => `${atom.text}[${level}]`), values };
}

/** Levels that occur, in the column's order: an unused level would be a column of zeros. */
function usedLevels(codes: Int32Array, levels: readonly string[]): readonly string[] {
  const used = new Uint8Array(levels.length);
  for (let r = 0; r < codes.length; r++) if (codes[r]! >= 0) used[codes[r]!] = 1;
  return levels.filter((_, code) => used[code] === 1);
}

/** Orthogonal polynomials over the values present (Kennedy & Gentle 1980, pp. 342-347). */
function polynomialColumns(atom: Atom, x: Float64Array, coding: Coding): AtomColumns {
  const known = coding.polynomials[atom.text];
  if (!known) checkDegree(atom, x);
  const alpha: number[] = known ? [...known.alpha] : [];
  const norm: number[] = known ? [...known.norm] : [];
  const values: Float64Array[] = [];
  let before: Float64Array | null = null;
  let current = x.map((value) => (Number.isNaN(value) ? Number.NaN : 1));
  for (let degree = 0; degree <= atom.degree; degree++) {
    if (!known) {
      let squares = 0;
      let moment = 0;
      for (let r = 0; r < x.length; r++) {
        if (Number.isNaN(x[r]!)) continue;
        squares += current[r]! ** 2;
        moment += x[r]! * current[r]! ** 2;
      }
      norm.push(squares);
      alpha.push(squares > 0 ? moment / squares : 0);
    }
    if (degree > 0) {
      const root = norm[degree]! > 0 ? Math.sqrt(norm[degree]!) : 1;
      values.push(current.map((value) => value / root));
    }
    const ratio = degree > 0 ? norm[degree]! / norm[degree - 1]! : 0;
    const a = alpha[degree]!;
    const previous: Float64Array | null = before;
    const last: Float64Array = current;
    current = last.map((value, r) => (x[r]! - a) * value - (previous === null ? 0 : ratio * previous[r]!));
    before = last;
  }
  if (!known) coding.polynomials[atom.text] = { alpha, norm };
  return { names: values.map((_, d) => `${atom.text}${d + 1}`), values };
}

/** A polynomial through as many points as it has coefficients would leave columns of rounding error. */
function checkDegree(atom: Atom, x: Float64Array): void {
  const distinct = new Set<number>();
  for (let r = 0; r < x.length && distinct.size <= atom.degree; r++)
    if (!Number.isNaN(x[r]!)) distinct.add(x[r]!);
  if (distinct.size <= atom.degree && distinct.size > 0)
    throw new InputError({
      code: "poly-degree",
      where: `term ${atom.text}`,
      message: `It has only ${distinct.size} different value${distinct.size === 1 ? "" : "s"}.`,
      expected: `more different values than the degree, ${atom.degree}`,
    });
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
