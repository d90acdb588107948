import { type Atom, curveColumnNames } from "../formula/atom.js";
import { type AtomColumns, type Coding, countDistinct, termError } from "./coding.js";

/**
 * Orthogonal polynomials over the values present.
 * @param atom - a poly
 * @param x - its variable, NaN where missing
 * @param coding - the recurrence is read where it knows the atom, else filled
 * @returns a column of unit length per degree, from 1
 * @throws InputError for fewer different values than coefficients
 * Source: three-term recurrence: Kennedy & Gentle (1980, pp. 342-347).
 */
export function polynomialColumns(atom: Atom, x: Float64Array, coding: Coding): AtomColumns {
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
  return { names: curveColumnNames(atom), values };
}

/** A polynomial through as many points as it has coefficients would leave columns of rounding error. */
function checkDegree(atom: Atom, x: Float64Array): void {
  const distinct = countDistinct(x, atom.degree);
  if (distinct > atom.degree || distinct === 0) return;
  throw termError(atom, "poly-degree", {
    message: `It has only ${distinct} different value${distinct === 1 ? "" : "s"}.`,
    expected: `more different values than the degree, ${atom.degree}`,
  });
}
