import type { Moments } from "../moments.js";
import { mean, rootMeanSquare } from "./columns.js";
import type { FixedColumn } from "./types.js";

/** Share of a column's length that must be new for it to count as independent of the columns before it. */
const ALIAS_TOLERANCE = 1e-11;

/**
 * Fixed columns that are combinations of earlier ones, from X'X summed over the moments.
 * @param moments - the data
 * @param columns - fixed columns, in order
 * @returns names of the columns to leave out
 */
export function aliasedColumns(moments: Moments, columns: readonly FixedColumn[]): Set<string> {
  const { nBasis: m, nPersonColumns: c } = moments;
  const p = columns.length;
  const xtx = new Float64Array(p * p);
  const ww = new Float64Array(c * c);
  for (let g = 0; g < moments.nPatterns; g++) {
    ww.fill(0);
    for (let i = moments.patternStart[g]!; i < moments.patternStart[g + 1]!; i++)
      for (let j = 0; j < c; j++)
        for (let l = 0; l < c; l++)
          ww[j * c + l]! += c === 1 ? 1 : moments.w[i * c + j]! * moments.w[i * c + l]!;
    for (let i = 0; i < p; i++)
      for (let j = 0; j <= i; j++)
        xtx[i * p + j]! +=
          moments.btb[(g * m + columns[i]!.basis) * m + columns[j]!.basis]! *
          ww[columns[i]!.person * c + columns[j]!.person]!;
  }
  return new Set(dependentColumns(xtx, p).map((j) => columns[j]!.name));
}

/**
 * Membership columns that are combinations of earlier ones.
 * @param columns - columns over persons, the constant first
 * @returns indices of the columns to leave out
 */
export function aliasedMembership(columns: readonly Float64Array[]): number[] {
  const p = columns.length;
  if (p === 1) return [];
  const xtx = new Float64Array(p * p);
  const centred = columns.map((values, j) => {
    if (j === 0) return values;
    const centre = mean(values);
    return values.map((value) => value - centre);
  });
  for (let i = 0; i < p; i++)
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let r = 0; r < columns[0]!.length; r++) sum += centred[i]![r]! * centred[j]![r]!;
      xtx[i * p + j] = sum;
    }
  const raw = columns.map((values) => rootMeanSquare(values, 0) ** 2 * values.length);
  return dependentColumns(xtx, p, raw);
}

/** Columns whose pivot in the Cholesky factor of X'X vanishes, in order. */
function dependentColumns(xtx: Float64Array, p: number, lengths?: readonly number[]): number[] {
  const out: number[] = [];
  const l = new Float64Array(p * p);
  for (let j = 0; j < p; j++) {
    let pivot = xtx[j * p + j]!;
    for (let k = 0; k < j; k++) pivot -= l[j * p + k]! ** 2;
    if (!(pivot > ALIAS_TOLERANCE * (lengths?.[j] ?? xtx[j * p + j]!))) {
      out.push(j);
      continue;
    }
    l[j * p + j] = Math.sqrt(pivot);
    for (let i = j + 1; i < p; i++) {
      let sum = xtx[i * p + j]!;
      for (let k = 0; k < j; k++) sum -= l[i * p + k]! * l[j * p + k]!;
      l[i * p + j] = sum / l[j * p + j]!;
    }
  }
  return out;
}
