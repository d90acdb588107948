import { type Atom, curveColumnNames } from "../formula/atom.js";
import type { AtomColumns, KnotCoding } from "./coding.js";

/**
 * Straight lines that meet at knots k_1 < ... < k_s, coded so that each coefficient is the slope within its own segment:
 * min(x, k_1), then the part of x between k_j and k_{j+1}, then max(x - k_s, 0). With an intercept the curve is that of 0 at
 * x = 0 (where 0 is below the first knot). Below the data the first line goes on, above them the last.
 * @param atom - a piecewise
 * @param x - its variable, NaN where missing
 * @param knots - from `knotsOf`
 * @returns one column per segment
 */
export function piecewiseColumns(atom: Atom, x: Float64Array, { interior }: KnotCoding): AtomColumns {
  const last = interior.length;
  const values = Array.from({ length: last + 1 }, (_, j) => {
    if (j === 0) return x.map((value) => Math.min(value, interior[0]!));
    const from = interior[j - 1]!;
    const length = j === last ? Number.POSITIVE_INFINITY : interior[j]! - from;
    return x.map((value) => Math.min(Math.max(value - from, 0), length));
  });
  return { names: curveColumnNames(atom), values };
}
