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
  const distinct = new Set<number>();
  for (let i = 0; i < nPersons; i++) {
    let latest = Number.NEGATIVE_INFINITY;
    for (let r = start[i]!; r < start[i + 1]!; r++) {
      const t = time[r]!;
      if (t > latest) latest = t;
      if (t < minimum) minimum = t;
      if (seenOnly || distinct.size <= MAX_DISTINCT) distinct.add(t);
    }
    last[i] = latest;
    if (latest > maximum) maximum = latest;
  }
  last.sort();
  const lastCommon = last[Math.floor((nPersons - 1) / 2)]!;
  const sorted = [...distinct].sort((a, b) => a - b);
  const steps = Array.from({ length: MAX_DISTINCT + 1 }, (_, j) => j / MAX_DISTINCT);
  const grid =
    sorted.length <= MAX_DISTINCT
      ? sorted
      : steps.map((share) =>
          seenOnly ? sorted[Math.round(share * (sorted.length - 1))]! : minimum + (maximum - minimum) * share,
        );
  return { minimum, maximum, lastCommon, grid };
}
