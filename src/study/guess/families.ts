import { type ColumnDescription, knownMeasure } from "../../prep/index.js";

/** Columns that share a stem and end in a number, e.g. `phq9_1 … phq9_12` or `PHQ1 … PHQ9`. */
export interface ColumnFamily {
  readonly stem: string;
  /** Members in order of their number. */
  readonly members: readonly { readonly n: number; readonly column: ColumnDescription }[];
}

/** The items of one questionnaire. */
export interface QuestionnaireItems {
  /** The known measure that they add up to; null where the questionnaire is not known. */
  readonly measure: string | null;
  readonly items: readonly string[];
  /** Columns that belong to it and do not count. */
  readonly extra: readonly string[];
}

/** The questionnaires whose items are recognised, by what their columns are called. */
const ITEMISED = [
  { word: /phq/i, measure: "phq9", items: 9 },
  { word: /gad/i, measure: "gad7", items: 7 },
] as const;
/** Items of both questionnaires are scored 0 to 3. */
const ITEM_MAXIMUM = 3;
/** Share of values that must fit; the rest may be typing errors or codes for missing. */
const MOSTLY = 0.95;

/**
 * Finds the families of numbered columns of a file.
 * @param columns - the columns
 * @returns families of at least three members, in the order of their first column
 */
export function findFamilies(columns: readonly ColumnDescription[]): ColumnFamily[] {
  const byStem = new Map<string, { n: number; column: ColumnDescription }[]>();
  for (const column of columns) {
    const stem = column.name.replace(/\d+$/, "");
    if (stem === column.name || !/[A-Za-z]/.test(stem)) continue;
    const n = Number(column.name.slice(stem.length));
    byStem.set(stem, [...(byStem.get(stem) ?? []), { n, column }]);
  }
  return [...byStem]
    .filter(([, members]) => members.length >= 3)
    .map(([stem, members]) => ({ stem, members: members.sort((a, b) => a.n - b.n) }));
}

/**
 * Tells whether a family is the items of one questionnaire: consecutive numbers from 1, values from 0 to 3.
 * @param family - the family
 * @returns the items; undefined when the family is something else, such as totals by occasion
 */
export function itemsOf({ stem, members }: ColumnFamily): QuestionnaireItems | undefined {
  if (members.some(({ n }, i) => n !== i + 1)) return undefined;
  if (!members.every(({ column }) => isItem(column))) return undefined;
  const known = ITEMISED.find(({ word }) => word.test(stem));
  const names = members.map(({ column }) => column.name);
  // One more than the items that count is the question on difficulty, which both questionnaires end with.
  if (known !== undefined)
    return names.length === known.items || names.length === known.items + 1
      ? { measure: known.measure, items: names.slice(0, known.items), extra: names.slice(known.items) }
      : undefined;
  return names.length >= 5 ? { measure: null, items: names, extra: [] } : undefined;
}

/** Whole numbers from 0 to 3 in nearly every filled cell. */
function isItem({ frequencies }: ColumnDescription): boolean {
  const all = frequencies.reduce((n, { rows }) => n + rows, 0);
  const fitting = frequencies
    .filter(
      ({ value }) => Number.isInteger(Number(value)) && Number(value) >= 0 && Number(value) <= ITEM_MAXIMUM,
    )
    .reduce((n, { rows }) => n + rows, 0);
  return all > 0 && fitting >= MOSTLY * all;
}

/**
 * Tells whether a family holds one thing at several occasions, one column each.
 * @param family - the family
 * @param kind - what its columns must hold; columns that are empty throughout do not count against it
 * @returns true when nearly all do
 */
export function holds(family: ColumnFamily, kind: "number" | "date"): boolean {
  const filled = family.members.filter(({ column }) => column.kind !== "empty");
  const share = ({ numberShare, dateShare }: ColumnDescription): number =>
    kind === "number" ? numberShare : dateShare;
  return filled.length > 0 && filled.every(({ column }) => share(column) >= 0.5);
}

/**
 * The pattern that stands for a family's columns in a study file.
 * @param family - the family
 * @returns e.g. `phq9_{n}`
 */
export function familyPattern({ stem }: ColumnFamily): string {
  return `${stem}{n}`;
}

/**
 * Marks a family's columns as taken.
 * @param family - the family
 * @param taken - names of columns, added to
 */
export function takeFamily(family: ColumnFamily, taken: Set<string>): void {
  for (const { column } of family.members) taken.add(column.name);
}

/**
 * A measure's name for formulas.
 * @param column - a column name or the stem of a family
 * @returns `phq9` for `PHQ-9 total` and the like, where that is a known measure; else the name in letters, digits and _
 */
export function measureName(column: string): string {
  const plain = column.toLowerCase().replace(/[^a-z0-9]/g, "");
  const short = plain.replace(/(total|score|sum)+$/, "");
  if (knownMeasure(short) !== undefined) return short;
  if (/^(phq|gad)$/.test(short)) return short === "phq" ? "phq9" : "gad7";
  return formulaName(column);
}

/**
 * A name that formulas accept.
 * @param column - a column name
 * @returns the name in letters, digits and _, not starting with a digit
 */
export function formulaName(column: string): string {
  const name = column.replace(/[^A-Za-z0-9_]+/g, "_").replace(/_+$/, "");
  return /^[A-Za-z_]/.test(name) ? name : `v_${name}`;
}
