/** Times of a fit's rows, as trajectories and class order need them. */
export interface TimeSummary {
  readonly minimum: number;
  readonly maximum: number;
  /** The last common time: half the persons were seen at least this late (median of last times). */
  readonly lastCommon: number;
  /** Times at which mean trajectories are computed. */
  readonly grid: readonly number[];
}

const MAX_DISTINCT = 60;

/**
 * The distinct times, when there are not too many.
 * @param time - times, in any order (fastest when persons' times follow the same sequence)
 * @param limit - most distinct times wanted
 * @returns the times in ascending order, or null when there are more than `limit`
 */
export function distinctTimes(time: Float64Array, limit: number): Float64Array | null {
  const found = new Float64Array(limit + 1);
  let n = 0;
  // Position of the time that follows the last one: sessions mostly come in sequence.
  let expected = 0;
  for (let r = 0; r < time.length; r++) {
    const t = time[r]!;
    if (expected < n && found[expected] === t) {
      expected++;
      continue;
    }
    let at = 0;
    while (at < n && found[at]! < t) at++;
    if (at === n || found[at] !== t) {
      if (n === limit) return null;
      found.copyWithin(at + 1, at, n);
      found[at] = t;
      n++;
    }
    expected = at + 1;
  }
  return found.slice(0, n);
}

/**
 * Describes the times of the rows in use.
 * @param time - time of each kept row
 * @param start - first kept row of each person; nPersons + 1
 * @param seenOnly - the grid may only hold times seen (time enters as categories)
 * @returns range, last common time, and a grid: the distinct times when there are at most 60, else 61 even steps (or 61 of
 *   the distinct times)
 */
export function describeTimes(time: Float64Array, start: Int32Array, seenOnly = false): TimeSummary {
  const nPersons = start.length - 1;
  const last = new Float64Array(nPersons);
  let minimum = Number.POSITIVE_INFINITY;
  let maximum = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < nPersons; i++) {
    let latest = Number.NEGATIVE_INFINITY;
    for (let r = start[i]!; r < start[i + 1]!; r++) {
      const t = time[r]!;
      if (t > latest) latest = t;
      if (t < minimum) minimum = t;
    }
    last[i] = latest;
    if (latest > maximum) maximum = latest;
  }
  last.sort();
  const lastCommon = last[Math.floor((nPersons - 1) / 2)]!;
  const few = distinctTimes(time, MAX_DISTINCT);
  const sorted = few === null ? (seenOnly ? [...new Set(time)].sort((a, b) => a - b) : []) : [...few];
  const steps = Array.from({ length: MAX_DISTINCT + 1 }, (_, j) => j / MAX_DISTINCT);
  const grid =
    few !== null
      ? sorted
      : steps.map((share) =>
          seenOnly ? sorted[Math.round(share * (sorted.length - 1))]! : minimum + (maximum - minimum) * share,
        );
  return { minimum, maximum, lastCommon, grid };
}
