import { InputError } from "../errors.js";
import { applyBinary, type Binary, isText, type NumericValue, type TextValue, type Value } from "./values.js";
import { capital, listNames } from "./words.js";

const ISO_DATE = /^(\d{4})-(\d{2})-(\d{2})(?:[T ].*)?$/;
const MS_PER_DAY = 86_400_000;

/**
 * Dates as numbers.
 * @param value - dates written YYYY-MM-DD, with or without a time of day
 * @param text - the expression, for error messages
 * @returns days since 1970-01-01; missing stays missing
 * @throws InputError for numbers, and for text that is no date
 */
export function daysSinceEpoch(value: Value, text: string): NumericValue {
  const toDay = (date: string): number => {
    const parts = ISO_DATE.exec(date);
    if (parts) return Date.UTC(Number(parts[1]), Number(parts[2]) - 1, Number(parts[3])) / MS_PER_DAY;
    throw typeProblem(text, `days() met "${date}".`, "a date written YYYY-MM-DD");
  };
  if (!isText(value)) throw typeProblem(text, "days() was given numbers.", "a column of dates");
  return byLevel(value, toDay);
}

/**
 * Compares text with text. Only dates have an order. It goes through the level codes, so that each level is looked at once, not each row.
 * @param name - the comparison, e.g. `smallerEq`
 * @param holds - the same, of ranks
 * @param a - left side
 * @param b - right side
 * @param text - the expression, for error messages
 * @returns 1, 0 or missing per row
 * @throws InputError where text that is no date is put in order
 */
export function compareText(
  name: string,
  holds: Binary,
  a: TextValue,
  b: TextValue,
  text: string,
): NumericValue {
  const levels = [...levelsOf(a), ...levelsOf(b)];
  const ordered = name !== "equal" && name !== "unequal";
  const notDate = ordered ? levels.find((level) => !ISO_DATE.test(level)) : undefined;
  if (notDate !== undefined)
    throw typeProblem(
      text,
      `"${notDate}" is text, which has no order.`,
      "numbers, or dates written YYYY-MM-DD",
    );
  const rank = new Map([...new Set(levels)].sort().map((level, i) => [level, i]));
  const rankOf = (level: string): number => rank.get(level)!;
  return applyBinary(holds, byLevel(a, rankOf), byLevel(b, rankOf));
}

/**
 * A value that must be text.
 * @param value - any value
 * @param text - the expression, for error messages
 * @returns the value; a number as text
 * @throws InputError for a column of numbers
 */
export function asText(value: Value, text: string): TextValue {
  if (isText(value)) return value;
  // `site == 1` where site is a factor with a level "1".
  if (value.kind === "number") return { kind: "text", value: String(value.value) };
  throw typeProblem(text, "A column of numbers is compared with text.", "both sides numbers, or both text");
}

/**
 * A value that must be numeric.
 * @param value - any value
 * @param text - the expression, for error messages
 * @param role - what it is there, e.g. `the left side of add`
 * @returns the value
 * @throws InputError for text
 */
export function asNumeric(value: Value, text: string, role: string): NumericValue {
  if (!isText(value)) return value;
  const shown =
    value.kind === "text" ? `"${value.value}"` : `a column of categories (${listNames(value.levels, 4)})`;
  throw typeProblem(text, `${capital(role)} is ${shown}.`, "a number");
}

/**
 * Row by row the one text or the other.
 * @param condition - n numbers: 0 for no, missing for a missing result
 * @param sides - yes and no; the number NaN is a missing category: `age < 18 ? NaN : "adult"`
 * @param text - the expression, for error messages
 * @returns n categories, levels in order of appearance
 * @throws InputError for a column of numbers
 */
export function chooseText(
  condition: Float64Array,
  sides: { readonly yes: Value; readonly no: Value },
  text: string,
): TextValue {
  const n = condition.length;
  const [yes, no] = [sides.yes, sides.no].map(
    (side): TextValue =>
      side.kind === "number" && Number.isNaN(side.value)
        ? { kind: "factor", codes: new Int32Array(n).fill(-1), levels: [] }
        : asText(side, text),
  ) as [TextValue, TextValue];
  const levels = [...new Set([...levelsOf(yes), ...levelsOf(no)])];
  const yesCodes = recode(yes, levels, n);
  const noCodes = recode(no, levels, n);
  const codes = new Int32Array(n);
  for (let r = 0; r < n; r++)
    codes[r] = Number.isNaN(condition[r]!) ? -1 : condition[r] !== 0 ? yesCodes[r]! : noCodes[r]!;
  return { kind: "factor", codes, levels };
}

function levelsOf(value: TextValue): readonly string[] {
  return value.kind === "text" ? [value.value] : value.levels;
}

/** A number for each level; every level is looked at, whether or not a row has it. */
function byLevel(value: TextValue, toNumber: (level: string) => number): NumericValue {
  if (value.kind === "text") return { kind: "number", value: toNumber(value.value) };
  const ofLevel = value.levels.map(toNumber);
  return {
    kind: "numbers",
    values: Float64Array.from(value.codes, (code) => (code < 0 ? Number.NaN : ofLevel[code]!)),
  };
}

function recode(value: TextValue, levels: readonly string[], n: number): Int32Array {
  if (value.kind === "text") return new Int32Array(n).fill(levels.indexOf(value.value));
  const to = value.levels.map((level) => levels.indexOf(level));
  return Int32Array.from(value.codes, (code) => (code < 0 ? -1 : to[code]!));
}

function typeProblem(text: string, message: string, expected: string): InputError {
  return new InputError({ code: "expression-type", where: `expression "${text}"`, message, expected });
}
