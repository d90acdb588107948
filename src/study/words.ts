import type { TimeSpec } from "../prep/types.js";

/**
 * Words for the time axis, where the study gives none.
 * @param time - the resolved time axis
 * @returns the unit and, where it is known, what it counts from: `Weeks since first session`,
 *   `Weeks since referral date`, `Session (the first is 0)`; else the unit alone, e.g. `Months`
 */
export function timeLabelOf(time: TimeSpec): string {
  if (time.kind === "session") return "Session (the first is 0)";
  const unit = time.unit.charAt(0).toUpperCase() + time.unit.slice(1);
  if (time.origin === "first-session") return `${unit} since first session`;
  if (time.origin !== "column" || time.originColumn === undefined) return unit;
  return `${unit} since ${inWords(time.originColumn)}`;
}

/** A column name as words: `ReferralDate` and `referral_date` are `referral date`; capitals such as `GP` stay. */
function inWords(column: string): string {
  return column
    .replaceAll(/[_.\s]+/g, " ")
    .replaceAll(/([a-z\d])([A-Z])/g, "$1 $2")
    .trim()
    .split(" ")
    .map((word) => (/^[A-Z][a-z]/.test(word) ? word.toLowerCase() : word))
    .join(" ");
}
