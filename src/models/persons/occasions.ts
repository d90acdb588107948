import { distinctTimes } from "../design/times.js";

/** Rows grouped by when they were scored. */
export interface OccasionGroups {
  /** `time`: groups are the times themselves; `session`: first, second, ... score of a person. */
  readonly by: "time" | "session";
  /** Time, or session number from 1, of each group. */
  readonly at: Float64Array;
  /** Group of each row; -1: a session beyond the last group. */
  readonly group: Int32Array;
}

/** Most groups, by time or by session. */
const MOST_GROUPS = 25;

/**
 * Groups rows by time where there are few different times, else by session number.
 * @param time - time of each row
 * @param start - first row of each person; nPersons + 1
 * @returns at most 25 groups
 */
export function occasionGroups(time: Float64Array, start: Int32Array): OccasionGroups {
  const distinct = distinctTimes(time, MOST_GROUPS);
  const group = new Int32Array(time.length).fill(-1);
  if (distinct !== null) {
    const position = new Map(Array.from(distinct, (t, g) => [t, g]));
    for (let r = 0; r < time.length; r++) group[r] = position.get(time[r]!)!;
    return { by: "time", at: distinct, group };
  }
  let most = 0;
  for (let i = 0; i + 1 < start.length; i++) {
    for (let r = start[i]!; r < Math.min(start[i + 1]!, start[i]! + MOST_GROUPS); r++)
      group[r] = r - start[i]!;
    most = Math.max(most, start[i + 1]! - start[i]!);
  }
  return {
    by: "session",
    at: Float64Array.from({ length: Math.min(most, MOST_GROUPS) }, (_, g) => g + 1),
    group,
  };
}
