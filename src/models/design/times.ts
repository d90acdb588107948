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

/** Intervals into which values are counted when order statistics are looked for. */
const INTERVALS = 8192;

/**
 * Values at given places in ascending order, without sorting all: values are counted by interval, and only those of the intervals
 * that hold a place wanted are sorted.
 * @param values - finite numbers, in any order
 * @param ranks - places wanted, 0 the least
 * @returns the values, in the order of `ranks`
 */
export function orderStatistics(values: Float64Array, ranks: readonly number[]): number[] {
  const [minimum, maximum] = rangeOf(values);
  const perUnit = INTERVALS / (maximum - minimum);
  // All alike, or so close or so far apart that intervals cannot be told: no counting.
  if (!Number.isFinite(perUnit) || perUnit === 0) {
    const sorted = values.slice().sort();
    return ranks.map((rank) => sorted[rank]!);
  }
  const intervalOf = (value: number): number =>
    Math.min(INTERVALS - 1, Math.floor((value - minimum) * perUnit));
  const below = new Int32Array(INTERVALS + 1);
  for (let r = 0; r < values.length; r++) below[intervalOf(values[r]!) + 1]!++;
  for (let j = 0; j < INTERVALS; j++) below[j + 1]! += below[j]!;
  const intervals = ranks.map((rank) => lastNotAbove(below, rank));
  const members = new Map(intervals.map((j) => [j, new Float64Array(below[j + 1]! - below[j]!)]));
  const wanted = Array.from({ length: INTERVALS }, (_, j) => members.get(j));
  const filled = new Int32Array(INTERVALS);
  for (let r = 0; r < values.length; r++) {
    const j = intervalOf(values[r]!);
    const list = wanted[j];
    if (list !== undefined) list[filled[j]!++] = values[r]!;
  }
  for (const list of members.values()) list.sort();
  return ranks.map((rank, i) => members.get(intervals[i]!)![rank - below[intervals[i]!]!]!);
}

/** The latest of rows first .. end - 1. */
function latest(time: Float64Array, first: number, end: number): number {
  let last = time[first]!;
  for (let r = first + 1; r < end; r++) if (time[r]! > last) last = time[r]!;
  return last;
}

function rangeOf(values: Float64Array): [number, number] {
  let minimum = Number.POSITIVE_INFINITY;
  let maximum = Number.NEGATIVE_INFINITY;
  for (let r = 0; r < values.length; r++) {
    const value = values[r]!;
    if (value < minimum) minimum = value;
    if (value > maximum) maximum = value;
  }
  return [minimum, maximum];
}

/** Last position of ascending counts, save the very last, that does not exceed a rank. */
function lastNotAbove(counts: Int32Array, rank: number): number {
  let low = 0;
  let high = counts.length - 2;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (counts[middle]! <= rank) low = middle;
    else high = middle - 1;
  }
  return low;
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
  for (let i = 0; i < nPersons; i++) last[i] = latest(time, start[i]!, start[i + 1]!);
  const [minimum, maximum] = rangeOf(time);
  const [lastCommon] = orderStatistics(last, [Math.floor((nPersons - 1) / 2)]) as [number];
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
