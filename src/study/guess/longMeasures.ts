import { type ColumnDescription, knownMeasure } from "../../prep/index.js";
import { type ColumnFamily, itemsOf, measureName, type QuestionnaireItems, takeFamily } from "./families.js";
import { rangeComments } from "./range.js";
import type { Finds, MeasureGuess } from "./types.js";

/**
 * Guesses the measures of a long layout: columns of totals, and items that add up to a known measure.
 * @param columns - those that may have a part
 * @param families - numbered columns
 * @param finds - columns taken and left over, added to
 * @returns the measures, in the order of the file
 */
export function longMeasures(
  columns: readonly ColumnDescription[],
  families: readonly ColumnFamily[],
  finds: Finds,
): MeasureGuess[] {
  const found = families.map((family) => ({ family, items: itemsOf(family) }));
  const isItem = new Set(
    found.flatMap(({ items }) => (items === undefined ? [] : [...items.items, ...items.extra])),
  );
  const free = columns.filter(({ name }) => !finds.taken.has(name) && !isItem.has(name));
  const totals = knownTotals(free, finds);
  const sums = found.flatMap(({ family, items }) => {
    if (items === undefined) return [];
    takeFamily(family, finds.taken);
    const sum = sumOfItems(items, totals, finds);
    return sum === null ? [] : [sum];
  });
  const measures = [...totals, ...sums];
  return measures.length > 0 ? inOrder(measures, columns) : namedLikeScores(free, finds);
}

/** Columns named like known measures whose values agree with it, one per measure. */
function knownTotals(columns: readonly ColumnDescription[], { taken, left, doubts }: Finds): MeasureGuess[] {
  const totals: MeasureGuess[] = [];
  for (const column of columns) {
    const name = measureName(column.name);
    if (column.kind === "empty" || knownMeasure(name) === undefined) continue;
    const share = inRangeShare(column, name);
    if (totals.some((other) => other.name === name))
      left.push({ name: column.name, because: `another column of ${name}` });
    else if (share < 0.5) {
      const because = `named like ${name}, but only ${Math.round(100 * share)}% of its values are numbers in its range`;
      left.push({ name: column.name, because });
      doubts.push(`${column.name} is not analysed: ${because}.`);
    } else totals.push(totalGuess(column, name));
    taken.add(column.name);
  }
  return totals;
}

/** The measure that items add up to; null where it is not known, or there is a column of its totals. */
function sumOfItems(
  { measure, items, extra }: QuestionnaireItems,
  totals: readonly MeasureGuess[],
  { left, doubts }: Finds,
): MeasureGuess | null {
  const span = `${items[0]} … ${items.at(-1)}`;
  if (measure === null) {
    left.push({
      name: span,
      because: "look like items of a questionnaire; to use them, list them as items: of a measure",
    });
    doubts.push(`${span} look like items of a questionnaire that is not recognised; they are not analysed.`);
    return null;
  }
  const total = totals.find(({ name }) => name === measure);
  if (total !== undefined) {
    left.push({ name: span, because: `items of ${measure}, whose total is ${total.column}` });
    return null;
  }
  for (const name of extra)
    left.push({ name, because: `asks for difficulty, which is no part of the ${measure} total` });
  const comments = [`${items.length} items scored 0 to 3, added up`];
  return { name: measure, column: null, pattern: null, items, minimum: null, maximum: null, comments };
}

/** Where no measure is known: columns of numbers that call themselves a score. */
function namedLikeScores(columns: readonly ColumnDescription[], { taken }: Finds): MeasureGuess[] {
  return columns
    .filter(
      ({ name, numberShare }) =>
        numberShare >= 0.5 && !taken.has(name) && /score|total|outcome|^y$/i.test(name),
    )
    .map((column) => totalGuess(column, measureName(column.name)));
}

/** In the order of the file; the first one is analysed. */
function inOrder(measures: readonly MeasureGuess[], columns: readonly ColumnDescription[]): MeasureGuess[] {
  const place = ({ column, items }: MeasureGuess): number =>
    columns.findIndex(({ name }) => name === (column ?? items?.[0]));
  return [...measures].sort((a, b) => place(a) - place(b));
}

/** Share of the filled cells that are numbers in the range of a known measure. */
function inRangeShare({ frequencies, numberShare }: ColumnDescription, name: string): number {
  const known = knownMeasure(name)!;
  const all = frequencies.reduce((n, { rows }) => n + rows, 0);
  if (all === 0) return numberShare;
  const good = frequencies.filter(({ value }) => {
    const score = Number(value.replace(",", "."));
    return score >= known.minimum && score <= known.maximum;
  });
  return good.reduce((n, { rows }) => n + rows, 0) / all;
}

function totalGuess(column: ColumnDescription, name: string): MeasureGuess {
  const { minimum, maximum, frequencies, numberShare } = column;
  const text = frequencies.find(({ value }) => Number.isNaN(Number(value.replace(",", "."))));
  const comments = [
    ...(numberShare < 1
      ? [
          `some values are not numbers${text === undefined ? "" : ` (such as ${JSON.stringify(text.value)})`}: those are not used`,
        ]
      : []),
    ...rangeComments(name, minimum, maximum),
  ];
  return { name, column: column.name, pattern: null, items: null, minimum, maximum, comments };
}
