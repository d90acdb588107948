import type { FitResult } from "../models/result.js";
import { timeUnit } from "./describe.js";
import { formatNumber, formatPercent, joinWords } from "./format.js";
import type { ReportInput } from "./input.js";

/** Curves are described as far as this share of people are still seen. */
export const SEEN_SHARE = 0.1;

/** How long people of a group are seen: until their last score. */
export interface FollowUp {
  /** Time of each person's last score, lowest first. */
  readonly lastTimes: readonly number[];
  /** Latest time at which at least a tenth of the group are still seen. */
  readonly seenUntil: number;
}

/**
 * Finds how long the people of the chosen model are seen.
 * @param input - the report's input
 * @returns for the whole sample, and for each class (by most likely class) in class order; null where the table
 *   lacks the columns or the group holds nobody with a score
 */
export function followUp(input: Pick<ReportInput, "chosen" | "long">): {
  readonly all: FollowUp | null;
  readonly classes: readonly (FollowUp | null)[];
} {
  const { chosen } = input;
  const last = lastTimes(input);
  const { personIds, modalClass } = chosen.posteriors;
  // With one class there may be no posteriors: the class is the sample.
  const all = personIds.length > 0 ? personIds.flatMap((id) => last.get(id) ?? []) : [...last.values()];
  const classes = chosen.classes.map(({ label }) =>
    chosen.classes.length === 1
      ? all
      : personIds.flatMap((id, i) => (modalClass[i] === label ? (last.get(id) ?? []) : [])),
  );
  return { all: summarise(all), classes: classes.map(summarise) };
}

/**
 * The share of a group seen after a time.
 * @param group - the group
 * @param time - in the unit of the time axis
 * @returns a proportion of the people whose last score is later
 */
export function shareSeenAfter({ lastTimes: times }: FollowUp, time: number): number {
  return times.filter((each) => each > time).length / times.length;
}

function summarise(times: readonly number[]): FollowUp | null {
  if (times.length === 0) return null;
  const sorted = [...times].sort((a, b) => a - b);
  return { lastTimes: sorted, seenUntil: sorted[sorted.length - Math.ceil(SEEN_SHARE * sorted.length)]! };
}

function lastTimes({ long, chosen }: { long: ReportInput["long"]; chosen: FitResult }): Map<string, number> {
  const time = long.columns.get(chosen.model.time);
  const score = long.columns.get(chosen.model.outcome);
  const last = new Map<string, number>();
  if (time?.kind !== "numeric" || score?.kind !== "numeric") return last;
  long.personIds.forEach((id, person) => {
    for (let row = long.personStart[person]!; row < long.personStart[person + 1]!; row++) {
      const t = time.values[row]!;
      if (Number.isFinite(score.values[row]!) && t > (last.get(id) ?? Number.NEGATIVE_INFINITY))
        last.set(id, t);
    }
  });
  return last;
}

/** Where words stop this much before the curves do (as a share of their span), the reader is told. */
const NOTICEABLE = 0.1;

/**
 * Warns of curves that run on where hardly anybody is seen.
 * @param input - the report's input
 * @returns the caution in words and what to do about it; null where people are seen to the end
 */
export function describeFollowUp(
  input: ReportInput,
): { readonly text: string; readonly advice: string } | null {
  const times = input.chosen.classes.flatMap(({ meanTrajectory }) => [...meanTrajectory.time]);
  if (times.length === 0) return null;
  const last = times.reduce((a, b) => Math.max(a, b));
  const margin = NOTICEABLE * (last - times.reduce((a, b) => Math.min(a, b)));
  const { all, classes } = followUp(input);
  const stopsEarly = (group: FollowUp): boolean => group.seenUntil < last - margin;
  const groups: { readonly who: string; readonly group: FollowUp }[] = [];
  if (all !== null && stopsEarly(all)) groups.push({ who: "people", group: all });
  if (classes.length > 1)
    classes.forEach((group, k) => {
      if (group === null || !stopsEarly(group)) return;
      // A class that stops where the sample does is told with it.
      if (groups[0]?.who === "people" && Math.abs(group.seenUntil - groups[0].group.seenUntil) <= margin / 2)
        return;
      groups.push({ who: `class ${input.chosen.classes[k]!.label}`, group });
    });
  if (groups.length === 0) return null;
  const unit = timeUnit(input);
  const at = (time: number): string => {
    const text = formatNumber(time, Number.isInteger(time) || time >= 10 ? 0 : 1);
    return unit === null ? `time ${text}` : `${text} ${text === "1" ? unit.replace(/s$/, "") : unit}`;
  };
  const shares = groups.map(({ who, group }) => {
    const share = formatPercent(shareSeenAfter(group, group.seenUntil)).replace(/^< /, "less than ");
    return `${share} of ${who} after ${at(group.seenUntil)}`;
  });
  const median = all === null ? null : all.lastTimes[Math.ceil(all.lastTimes.length / 2) - 1]!;
  const half = median === null ? "" : ` Half of the people are last seen by ${at(median)}.`;
  return {
    text: `Few people are seen late: only ${joinWords(shares)}. Beyond, the curves (drawn to ${at(last)}) are extrapolation by the model, and the words on them stop there.${half}`,
    advice: "Do not interpret the ends of the curves; a shorter window of time may suit the data better.",
  };
}
