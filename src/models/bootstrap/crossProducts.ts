import type { Moments } from "../design/moments.js";

/** B'B = F F' of one pattern. */
export interface CrossProductFactor {
  /** m x m row-major; the first `rank` columns are F. */
  readonly factor: Float64Array;
  /** At most the number of rows behind B'B. */
  readonly rank: number;
}

/** A pivot below this share of the largest diagonal entry is rounding. */
const ROUNDING = 1e-14;

/**
 * Factors B'B of every pattern, whatever its rank.
 * @param moments - the data
 * @returns one factor per pattern
 */
export function factorCrossProducts(moments: Moments): CrossProductFactor[] {
  const { nPatterns, nBasis: m, btb, patternSessions } = moments;
  return Array.from({ length: nPatterns }, (_, g) =>
    pivotedFactor(btb.subarray(g * m * m, (g + 1) * m * m), m, patternSessions[g]!),
  );
}

/**
 * Cholesky factor of a positive semi-definite matrix, the largest remaining diagonal entry as the next pivot, with the rows
 * in their own order.
 * @param a - n x n row-major; not changed
 * @param n - size
 * @param maxRank - the rank is no more than this
 * @returns F with F F' = a up to rounding, and its rank
 * Source: Higham (2002, section 10.3).
 */
export function pivotedFactor(a: Float64Array, n: number, maxRank: number): CrossProductFactor {
  const factor = new Float64Array(n * n);
  const left = Float64Array.from({ length: n }, (_, i) => a[i * n + i]!);
  const smallest = ROUNDING * Math.max(...left);
  const done = new Uint8Array(n);
  let rank = 0;
  while (rank < Math.min(n, maxRank)) {
    let pivot = -1;
    for (let i = 0; i < n; i++) if (!done[i] && (pivot < 0 || left[i]! > left[pivot]!)) pivot = i;
    if (!(left[pivot]! > smallest)) break;
    done[pivot] = 1;
    const diagonal = Math.sqrt(left[pivot]!);
    for (let i = 0; i < n; i++) {
      if (done[i] && i !== pivot) continue;
      let sum = a[i * n + pivot]!;
      for (let d = 0; d < rank; d++) sum -= factor[i * n + d]! * factor[pivot * n + d]!;
      const value = i === pivot ? diagonal : sum / diagonal;
      factor[i * n + rank] = value;
      left[i]! -= value * value;
    }
    rank++;
  }
  return { factor, rank };
}
