import type { ColumnDescription } from "../../prep/index.js";
import { type ColumnFamily, familyPattern, holds, takeFamily } from "./families.js";
import { TIME_NAME } from "./names.js";
import type { ColumnGuess, Finds } from "./types.js";

const UNITS = ["session", "day", "week", "month", "year"] as const;

/**
 * Guesses the time column of the long layout.
 * @param columns - those that may have a part
 * @returns the column; the number of the session where there is none
 */
export function guessTime(columns: readonly ColumnDescription[]): ColumnGuess["time"] {
  const isDate = ({ kind, dateShare }: ColumnDescription): boolean =>
    kind === "date" || (kind === "text" && dateShare >= 0.5);
  const named = columns.filter(
    (column) =>
      TIME_NAME.test(column.name) &&
      !/birth|dob|death/i.test(column.name) &&
      (isDate(column) || column.kind === "number") &&
      column.distinct > 1,
  );
  const best = [...named].sort((a, b) => timeRank(a.name, isDate(a)) - timeRank(b.name, isDate(b)))[0];
  if (best === undefined) return { kind: "session", column: null, pattern: null, unit: "sessions" };
  if (isDate(best)) return { kind: "date", column: best.name, pattern: null, unit: "weeks" };
  return { kind: "number", column: best.name, pattern: null, unit: unitOf(best.name) };
}

/**
 * Guesses the times of the wide layout: dates or numbers by occasion; without any, the number of the occasion.
 * @param families - numbered columns
 * @param finds - columns taken and left over, added to
 * @returns the pattern of the columns
 */
export function wideTime(families: readonly ColumnFamily[], { left, taken }: Finds): ColumnGuess["time"] {
  const timed = families
    .filter((family) => TIME_NAME.test(family.stem) && (holds(family, "number") || holds(family, "date")))
    .map((family) => ({ family, isDate: !holds(family, "number") }))
    .sort((a, b) => timeRank(a.family.stem, a.isDate) - timeRank(b.family.stem, b.isDate));
  for (const { family } of timed) takeFamily(family, taken);
  for (const { family } of timed.slice(1))
    left.push({ name: familyPattern(family), because: "another time by occasion" });
  const [best] = timed;
  if (best === undefined) return { kind: "number", column: null, pattern: null, unit: "sessions" };
  const pattern = familyPattern(best.family);
  return best.isDate
    ? { kind: "date", column: null, pattern, unit: "weeks" }
    : { kind: "number", column: null, pattern, unit: unitOf(best.family.stem) };
}

/** Weeks or months from the start say more than the number of the session, which says more than nothing. */
function timeRank(name: string, isDate: boolean): number {
  if (isDate) return 2;
  if (/week|month|day/i.test(name)) return 0;
  return /session|visit|occasion|wave/i.test(name) ? 1 : 1.5;
}

function unitOf(name: string): string {
  return `${UNITS.find((word) => name.toLowerCase().includes(word)) ?? "session"}s`;
}
