import type { Atom } from "../formula.js";
import type { AtomColumns, Coding } from "./coding.js";

/**
 * The column of a latent time basis: its loadings where they are known, straight lines between occasions; before they are
 * estimated a straight line from 0 at the first value to 1 at the last.
 * @param atom - the atom
 * @param x - occasions, NaN where missing
 * @param coding - holds the loadings of a fitted model
 * @returns one column
 * Source: Meredith & Tisak (1990), latent curve with free basis.
 */
export function latentColumns(atom: Atom, x: Float64Array, coding: Coding): AtomColumns {
  const known = coding.loadings?.[atom.text];
  if (known !== undefined)
    return { names: [atom.text], values: [x.map((value) => between(known.occasions, known.values, value))] };
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for (const value of x) {
    if (value < first) first = value;
    if (value > last) last = value;
  }
  const range = last > first ? last - first : 1;
  return { names: [atom.text], values: [x.map((value) => (value - first) / range)] };
}

/** Straight line between the points around x; the end values beyond them. */
function between(xs: readonly number[], ys: readonly number[], x: number): number {
  if (Number.isNaN(x)) return x;
  let j = 0;
  while (j < xs.length - 1 && xs[j + 1]! < x) j++;
  if (x <= xs[j]! || j === xs.length - 1) return ys[j]!;
  const share = (x - xs[j]!) / (xs[j + 1]! - xs[j]!);
  return share === 1 ? ys[j + 1]! : ys[j]! + share * (ys[j + 1]! - ys[j]!);
}
