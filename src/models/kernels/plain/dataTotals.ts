import { type Moments, patternWeights } from "../../design/moments.js";

/** A pattern of as many people is worth an algebra of its own. */
const ALIKE_FROM = 64;

/** Consecutive patterns whose people are evaluated in the same way. */
export interface Segment {
  /** Pattern by pattern; else person by person. */
  readonly alike: boolean;
  readonly first: number;
  /** After the last. */
  readonly end: number;
}

/** Sums of the data that no parameter changes. */
export interface DataTotals {
  readonly segments: readonly Segment[];
  /** Weights of people; times their occasions; times their y'y. */
  readonly people: number;
  readonly observations: number;
  readonly yy: number;
  /** Weights by pattern. */
  readonly count: Float64Array;
  /** q x q by pattern: sum of z z' by weight; empty where no segment is alike. */
  readonly zz: Float64Array;
}

/**
 * Sums of the data that no parameter changes.
 * @param moments - the data
 * @param takesVaried - whether people of rare patterns can be evaluated person by person
 * @returns the sums
 */
export function dataTotals(moments: Moments, takesVaried: boolean): DataTotals {
  const { nPatterns, nPersons, nRandom: q, patternStart, patternSessions, weights } = moments;
  const segments = segmentsOf(moments, takesVaried);
  const count = patternWeights(moments);
  let people = 0;
  let observations = 0;
  for (let g = 0; g < nPatterns; g++) {
    people += count[g]!;
    observations += count[g]! * patternSessions[g]!;
  }
  let yy = 0;
  for (let i = 0; i < nPersons; i++) yy += weights.length > 0 ? weights[i]! * moments.yy[i]! : moments.yy[i]!;
  const anyAlike = segments.some(({ alike }) => alike);
  const zz = new Float64Array(anyAlike ? nPatterns * q * q : 0);
  for (const { alike, first, end } of segments)
    for (let g = first; alike && g < end; g++)
      addSquares(moments, patternStart[g]!, patternStart[g + 1]!, zz, g * q * q);
  return { segments, people, observations, yy, count, zz };
}

/**
 * Adds z z' of some people, by weight.
 * @param moments - the data
 * @param from - first person
 * @param to - after the last
 * @param out - q x q at `at`, added to
 * @param at - its position
 */
export function addSquares(
  { nBasis: m, nRandom: q, by, weights }: Moments,
  from: number,
  to: number,
  out: Float64Array,
  at: number,
): void {
  const weighted = weights.length > 0;
  for (let i = from; i < to; i++) {
    const weight = weighted ? weights[i]! : 1;
    for (let a = 0; a < q; a++)
      for (let b = 0; b < q; b++) out[at + a * q + b]! += weight * by[i * m + a]! * by[i * m + b]!;
  }
}

function segmentsOf({ nPatterns, patternStart }: Moments, takesVaried: boolean): Segment[] {
  const out: { alike: boolean; first: number; end: number }[] = [];
  for (let g = 0; g < nPatterns; g++) {
    const alike = !takesVaried || patternStart[g + 1]! - patternStart[g]! >= ALIKE_FROM;
    const last = out.at(-1);
    if (last?.alike === alike) last.end = g + 1;
    else out.push({ alike, first: g, end: g + 1 });
  }
  return out;
}
