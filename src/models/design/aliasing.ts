import { mean, rootMeanSquare } from "./columns.js";
import type { Moments } from "./moments.js";
import type { FixedColumn } from "./types.js";

/** Share of a column's length that must be new for it to count as independent of the columns before it. */
const ALIAS_TOLERANCE = 1e-11;

/** A column that is a combination of others. */
export interface Alias {
  readonly column: number;
  /** What it is the sum of; empty for a column of zeros. */
  readonly combination: readonly { readonly column: number; readonly weight: number }[];
}

/**
 * Fixed columns that are combinations of earlier ones, from X'X summed over the moments.
 * @param moments - the data
 * @param columns - fixed columns
 * @param order - the order in which they are looked at: lower powers of time first, so that these stay
 * @returns the columns to leave out, as combinations of those that stay (internal scale)
 */
export function aliasedColumns(
  moments: Moments,
  columns: readonly FixedColumn[],
  order: readonly number[],
): Alias[] {
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
      for (let j = 0; j < p; j++)
        xtx[i * p + j]! +=
          moments.btb[(g * m + columns[i]!.basis) * m + columns[j]!.basis]! *
          ww[columns[i]!.person * c + columns[j]!.person]!;
  }
  return dependentColumns(xtx, p, order);
}

/**
 * Random-effect columns that are combinations of earlier ones over all rows.
 * @param moments - the data
 * @returns the columns, as combinations of those before them (internal scale)
 */
export function aliasedRandom(moments: Moments): Alias[] {
  const { nBasis: m, nRandom: q } = moments;
  const ztz = new Float64Array(q * q);
  for (let g = 0; g < moments.nPatterns; g++) {
    const n = moments.patternStart[g + 1]! - moments.patternStart[g]!;
    for (let a = 0; a < q; a++)
      for (let b = 0; b < q; b++) ztz[a * q + b]! += n * moments.btb[(g * m + a) * m + b]!;
  }
  return dependentColumns(ztz, q, inOrder(q));
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
    for (let j = 0; j < p; j++) {
      let sum = 0;
      for (let r = 0; r < columns[0]!.length; r++) sum += centred[i]![r]! * centred[j]![r]!;
      xtx[i * p + j] = sum;
    }
  const raw = columns.map((values) => rootMeanSquare(values, 0) ** 2 * values.length);
  return dependentColumns(xtx, p, inOrder(p), raw).map(({ column }) => column);
}

function inOrder(n: number): number[] {
  return Array.from({ length: n }, (_, j) => j);
}

/** Columns whose pivot in the Cholesky factor of X'X vanishes, in the order given; X'X must be full. */
function dependentColumns(
  xtx: Float64Array,
  p: number,
  order: readonly number[],
  lengths?: readonly number[],
): Alias[] {
  const out: Alias[] = [];
  const l = new Float64Array(p * p);
  const kept: number[] = [];
  for (const j of order) {
    let pivot = xtx[j * p + j]!;
    for (const [k, other] of kept.entries()) {
      let sum = xtx[j * p + other]!;
      for (let i = 0; i < k; i++) sum -= l[j * p + kept[i]!]! * l[other * p + kept[i]!]!;
      l[j * p + other] = sum / l[other * p + other]!;
      pivot -= l[j * p + other]! ** 2;
    }
    if (pivot > ALIAS_TOLERANCE * (lengths?.[j] ?? xtx[j * p + j]!)) {
      l[j * p + j] = Math.sqrt(pivot);
      kept.push(j);
    } else out.push({ column: j, combination: combinationOf(j, kept, l, p) });
  }
  return out;
}

/** Weights a with L'a = l_j: the least-squares fit of column j to the columns kept. */
function combinationOf(
  j: number,
  kept: readonly number[],
  l: Float64Array,
  p: number,
): { column: number; weight: number }[] {
  const weights = new Float64Array(kept.length);
  for (let k = kept.length - 1; k >= 0; k--) {
    const column = kept[k]!;
    let sum = l[j * p + column]!;
    for (let i = k + 1; i < kept.length; i++) sum -= l[kept[i]! * p + column]! * weights[i]!;
    weights[k] = sum / l[column * p + column]!;
  }
  return kept.map((column, k) => ({ column, weight: weights[k]! }));
}
