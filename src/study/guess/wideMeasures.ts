import { knownMeasure } from "../../prep/index.js";
import { type ColumnFamily, familyPattern, holds, itemsOf, measureName, takeFamily } from "./families.js";
import { TIME_NAME } from "./names.js";
import { rangeComments } from "./range.js";
import type { Finds, MeasureGuess } from "./types.js";

/**
 * Guesses the measures of a wide layout: totals by occasion, one column each. Where some are of known measures, only those are scores.
 * @param families - numbered columns
 * @param finds - columns taken and left over, added to
 * @returns the measures; none where the layout is long
 */
export function wideMeasures(families: readonly ColumnFamily[], { left, taken }: Finds): MeasureGuess[] {
  const totals = families.filter(
    (family) =>
      !TIME_NAME.test(family.stem) &&
      holds(family, "number") &&
      itemsOf(family) === undefined &&
      (/[_.-]$/.test(family.stem) || knownMeasure(measureName(family.stem)) !== undefined),
  );
  const known = totals.filter(({ stem }) => knownMeasure(measureName(stem)) !== undefined);
  const byItem = itemsByOccasion(totals);
  if (byItem.length > 0) {
    for (const family of totals) takeFamily(family, taken);
    return byItem;
  }
  const scores = known.length > 0 ? known : totals;
  for (const family of totals) takeFamily(family, taken);
  for (const family of totals.filter((other) => !scores.includes(other)))
    left.push({ name: familyPattern(family), because: "changes over occasions and is no known measure" });
  return scores.map((family): MeasureGuess => {
    const values = family.members.map(({ column }) => column);
    const minimum = Math.min(...values.map((column) => column.minimum ?? Number.POSITIVE_INFINITY));
    const maximum = Math.max(...values.map((column) => column.maximum ?? Number.NEGATIVE_INFINITY));
    const name = measureName(family.stem);
    const comments = rangeComments(name, minimum, maximum);
    return { name, column: null, pattern: familyPattern(family), items: null, minimum, maximum, comments };
  });
}

/** Items by occasion, such as `phq1_1 … phq9_12`: one family per item. */
function itemsByOccasion(totals: readonly ColumnFamily[]): MeasureGuess[] {
  const byStem = new Map<string, number>();
  for (const { stem, members } of totals) {
    const parts = /^(.*[A-Za-z].*?)(\d+)([_.-][A-Za-z]*)$/.exec(stem);
    if (parts === null || members.some(({ column }) => (column.maximum ?? 0) > 3)) continue;
    const pattern = `${parts[1]}{item}${parts[3]}{n}`;
    byStem.set(pattern, (byStem.get(pattern) ?? 0) + 1);
  }
  return [...byStem].flatMap(([pattern, items]): MeasureGuess[] => {
    const name = measureName(/^[A-Za-z]+/.exec(pattern)?.[0] ?? "");
    if (!((name === "phq9" && items === 9) || (name === "gad7" && items === 7))) return [];
    const comments = [`${items} items scored 0 to 3 at each occasion, added up`];
    return [{ name, column: null, pattern, items: null, minimum: null, maximum: null, comments }];
  });
}
