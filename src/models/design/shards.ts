import type { Moments } from "./moments.js";
import type { RowData } from "./rowData.js";

/**
 * Persons of a shard: sums over more people are taken shard by shard and the shards' sums added in order, so that they have the same bits
 * whoever computes them. Large enough that the algebra of patterns, repeated where a shard cuts through one, and the handing over cost
 * next to nothing; small enough that two threads have as good as the same to do with twenty thousand people, and many with a hundred thousand.
 */
export const PERSONS_PER_SHARD = 4096;

/**
 * Cuts people into shards: as few as have at most so many persons each, all of nearly one size. Depends on nothing else.
 * @param nPersons - persons
 * @param perShard - most persons of a shard
 * @returns first person of each shard, and the number of persons at the end
 */
export function shardBounds(nPersons: number, perShard: number): Int32Array {
  const nShards = Math.max(1, Math.ceil(nPersons / perShard));
  return Int32Array.from({ length: nShards + 1 }, (_, s) => Math.floor((s * nPersons) / nShards));
}

/**
 * Persons from .. end - 1 as moments of their own, over the same memory: the patterns they belong to, cut where they begin and end.
 * @param moments - all persons
 * @param from - first person
 * @param end - person after the last
 * @returns the moments and the first of their patterns, counted in all
 */
export function momentsOfShard(
  moments: Moments,
  from: number,
  end: number,
): { readonly moments: Moments; readonly firstPattern: number } {
  const { nBasis: m, nPersonColumns: c, nMembership, patternStart, patternSessions, weights } = moments;
  const firstPattern = patternOf(moments, from);
  const nPatterns = patternOf(moments, end - 1) + 1 - firstPattern;
  const starts = Int32Array.from({ length: nPatterns + 1 }, (_, g) =>
    Math.min(Math.max(patternStart[firstPattern + g]!, from), end),
  );
  let nObservations = 0;
  for (let g = 0; g < nPatterns; g++)
    nObservations += (starts[g + 1]! - starts[g]!) * patternSessions[firstPattern + g]!;
  return {
    firstPattern,
    moments: {
      ...moments,
      nPersons: end - from,
      nObservations,
      nPatterns,
      patternStart: starts.map((start) => start - from),
      patternSessions: patternSessions.subarray(firstPattern, firstPattern + nPatterns),
      btb: moments.btb.subarray(firstPattern * m * m, (firstPattern + nPatterns) * m * m),
      yy: moments.yy.subarray(from, end),
      by: moments.by.subarray(from * m, end * m),
      // Empty where there is the constant alone.
      w: moments.w.subarray(from * c, end * c),
      v: moments.v.subarray(from * nMembership, end * nMembership),
      personIndex: moments.personIndex.subarray(from, end),
      weights: weights.subarray(from, end),
    },
  };
}

/**
 * The rows of a shard, over the same memory.
 * @param rows - of all persons
 * @param shard - the shard's moments and its first pattern
 * @param from - its first person
 * @returns its rows
 */
export function rowsOfShard(
  rows: RowData,
  { moments, firstPattern }: { readonly moments: Moments; readonly firstPattern: number },
  from: number,
): RowData {
  // Positions in the long arrays stay what they were.
  return {
    ...rows,
    patternRow: rows.patternRow.subarray(firstPattern, firstPattern + moments.nPatterns + 1),
    personRow: rows.personRow.subarray(from, from + moments.nPersons + 1),
  };
}

/**
 * The pattern of a person.
 * @param moments - the data
 * @param person - position in the order of the moments
 * @returns the pattern, from 0
 */
export function patternOf({ nPatterns, patternStart }: Moments, person: number): number {
  let low = 0;
  let high = nPatterns - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (patternStart[middle]! <= person) low = middle;
    else high = middle - 1;
  }
  return low;
}
