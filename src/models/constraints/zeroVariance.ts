import type { StoredDesign } from "../design/types.js";
import type { LinearConstraint } from "../fit/freeSpace.js";
import { randomEffectMap } from "../parameters/reported.js";
import type { ParameterLayout } from "../parameters.js";

/**
 * Random effects without variance, as linear constraints on the factor L of D = L L'. On the user's scale the effects are U b,
 * so effect a vanishes where row a of U L is zero. With the last entry of that row of U in place p, L[p, p] is then 0, and
 * the rest of column p says nothing that the columns after it cannot: it is 0 too, as in the factor of a singular matrix.
 * @param layout - the layout
 * @param stored - the design
 * @param effects - random effects without variance
 * @param factor - which factor: that of a class where D differs by class, else 0
 * @returns the constraints
 */
export function zeroVarianceConstraints(
  layout: ParameterLayout,
  stored: StoredDesign,
  effects: readonly number[],
  factor: number,
): LinearConstraint[] {
  const nEntries = layout.factorRow.length;
  const q = layout.nRandom;
  const map = randomEffectMap(stored);
  const rows = echelonFromRight(effects.map((a) => map.subarray(a * q, (a + 1) * q)));
  return rows.flatMap(({ row, pivot }) => {
    const out: LinearConstraint[] = [];
    const add = (weight: (r: number, c: number) => number): void => {
      const coefficients = new Float64Array(layout.nParameters);
      for (let e = 0; e < nEntries; e++)
        coefficients[layout.factorAt + factor * nEntries + e] = weight(
          layout.factorRow[e]!,
          layout.factorColumn[e]!,
        );
      if (coefficients.some((value) => value !== 0)) out.push({ coefficients, value: 0 });
    };
    for (let column = 0; column <= pivot; column++) add((r, c) => (c === column ? row[r]! : 0));
    for (let below = pivot + 1; below < layout.nRandom; below++)
      add((r, c) => (r === below && c === pivot ? 1 : 0));
    return out;
  });
}

/** Rows with different last entries, each 1 there and 0 where another row ends. */
function echelonFromRight(rows: readonly Float64Array[]): { row: Float64Array; pivot: number }[] {
  const out: { row: Float64Array; pivot: number }[] = [];
  for (const original of rows) {
    const row = original.slice();
    const rounding = 1e-12 * Math.max(...row.map(Math.abs));
    for (const { row: other, pivot } of out) {
      const factor = row[pivot]!;
      for (let r = 0; r < row.length; r++) row[r]! -= factor * other[r]!;
    }
    const pivot = row.findLastIndex((value) => Math.abs(value) > rounding);
    if (pivot < 0) continue;
    const scale = row[pivot]!;
    for (let r = 0; r < row.length; r++) row[r]! /= scale;
    for (const { row: other } of out) {
      const factor = other[pivot]!;
      for (let r = 0; r < row.length; r++) other[r]! -= factor * row[r]!;
    }
    out.push({ row, pivot });
  }
  return out;
}
