import { InputError } from "../../core/errors.js";
import type { Atom } from "../formula.js";

/** Orthogonal polynomial coefficients of one atom (three-term recurrence). */
export interface PolynomialCoding {
  readonly alpha: readonly number[];
  readonly norm: readonly number[];
}

/** Where the pieces of a curve meet, in the variable's unit. */
export interface KnotCoding {
  /** Lowest and highest value when the model was fitted. */
  readonly boundary: readonly [number, number];
  /** Between them, ascending. */
  readonly interior: readonly number[];
}

/** How atoms were coded when the model was fitted, so that new data are coded alike. */
export interface Coding {
  /** Levels of each categorical atom, by atom text; the first is the reference. */
  readonly levels: Record<string, readonly string[]>;
  readonly polynomials: Record<string, PolynomialCoding>;
  /** Knots of each ns and piecewise. */
  readonly knots: Record<string, KnotCoding>;
  /** Loadings of a latent basis once estimated, by atom text. */
  readonly loadings?: Record<string, LoadingCoding>;
}

/** Value of a latent time basis at each occasion; between occasions it runs straight. */
export interface LoadingCoding {
  readonly occasions: readonly number[];
  /** From 0 at the first occasion to 1 at the last. */
  readonly values: readonly number[];
}

/**
 * A coding that knows no atom yet.
 * @returns a new object, filled as atoms are evaluated
 */
export function emptyCoding(): Coding {
  return { levels: {}, polynomials: {}, knots: {} };
}

/** Columns that an atom becomes. */
export interface AtomColumns {
  readonly names: readonly string[];
  readonly values: readonly Float64Array[];
}

/**
 * A term whose variable cannot be used as the term does.
 * @param atom - the atom
 * @param code - of the error
 * @param parts - what is wrong, what would do, and how to mend it
 * @returns the error, to be thrown
 */
export function termError(
  atom: Atom,
  code: string,
  parts: { readonly message: string; readonly expected: string; readonly fix?: string },
): InputError {
  return new InputError({ code, where: `term ${atom.text}`, ...parts });
}

/**
 * The different values of a column, up to a limit.
 * @param values - a column, NaN where missing
 * @param limit - counting stops above it
 * @returns how many there are; at most limit + 1
 */
export function countDistinct(values: Float64Array, limit: number): number {
  const distinct = new Set<number>();
  for (let r = 0; r < values.length && distinct.size <= limit; r++)
    if (!Number.isNaN(values[r]!)) distinct.add(values[r]!);
  return distinct.size;
}
