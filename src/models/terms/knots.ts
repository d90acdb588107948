import type { Atom } from "../formula.js";
import { type Coding, countDistinct, type KnotCoding, termError } from "./coding.js";

/**
 * Knots of a natural spline or of piecewise lines: those that the formula names or, for `ns(x, df)`, df - 1 at equally
 * spaced quantiles of the values; the boundary knots at their range.
 * @param atom - an ns or piecewise
 * @param x - its variable, NaN where missing
 * @param coding - read where it knows the atom, else filled
 * @returns the knots
 * @throws InputError for knots outside the values, or too few different values
 * Source: quantiles by linear interpolation, (n - 1) p + 1: Hyndman & Fan (1996, type 7).
 */
export function knotsOf(atom: Atom, x: Float64Array, coding: Coding): KnotCoding {
  const known = coding.knots[atom.text];
  if (known !== undefined) return known;
  const sorted = x.filter((value) => !Number.isNaN(value)).sort();
  const boundary = [sorted[0] ?? 0, sorted.at(-1) ?? 1] as const;
  // Where nothing is known of the variable, every row is set aside, and the message about that is the one to show.
  if (sorted.length > 0) {
    checkRange(atom, boundary);
    checkDistinct(atom, sorted);
  }
  const byQuantile = atom.kind === "ns" && atom.knots.length === 0;
  const interior = byQuantile ? quantileKnots(atom, sorted, boundary) : atom.knots;
  const knots = { boundary, interior };
  coding.knots[atom.text] = knots;
  return knots;
}

function checkRange(atom: Atom, [lowest, highest]: readonly [number, number]): void {
  const outside = atom.knots.filter((knot) => !(knot > lowest && knot < highest));
  if (outside.length === 0) return;
  throw termError(atom, "knot-outside", {
    message: `The knot${outside.length > 1 ? "s" : ""} ${outside.join(", ")} ${outside.length > 1 ? "lie" : "lies"} outside the values, which run from ${lowest} to ${highest}.`,
    expected: `knots above ${lowest} and below ${highest}`,
    fix: "Move the knot between the first and the last value, or leave it out.",
  });
}

function checkDistinct(atom: Atom, values: Float64Array): void {
  const distinct = countDistinct(values, atom.degree);
  if (distinct > atom.degree) return;
  throw termError(atom, "too-few-values", {
    message: `It has only ${distinct} different value${distinct === 1 ? "" : "s"}.`,
    expected: `more different values than its ${atom.degree} columns`,
    fix:
      atom.kind === "ns" && atom.knots.length === 0 ? "Give fewer degrees of freedom." : "Give fewer knots.",
  });
}

function quantileKnots(
  atom: Atom,
  sorted: Float64Array,
  [lowest, highest]: readonly [number, number],
): number[] {
  const knots = Array.from({ length: atom.degree - 1 }, (_, j) => quantile(sorted, (j + 1) / atom.degree));
  const path = [lowest, ...knots, highest];
  if (sorted.length > 0 && path.some((knot, j) => j > 0 && !(knot > path[j - 1]!)))
    throw termError(atom, "repeated-knots", {
      message: `Its knots, at quantiles of the values, coincide (${path.join(", ")}): too many rows hold the same value.`,
      expected: "quantiles that differ",
      fix: `Give fewer degrees of freedom, or name the knots, as in ${atom.text.replace(/,[^,]*$/, ", [2, 6])")}.`,
    });
  return knots;
}

function quantile(sorted: Float64Array, share: number): number {
  const at = (sorted.length - 1) * share;
  const below = Math.floor(at);
  const low = sorted[below] ?? 0;
  return low + (at - below) * ((sorted[below + 1] ?? low) - low);
}
