import type { TextColumn } from "./intern.js";

// What a text value means. Each distinct value is looked at once, never each row.

/** What became of a cell. */
export const CELL_OK = 0;
export const CELL_MISSING = 1;
/** There is something, but not a value of the wanted kind. */
export const CELL_BAD = 2;

/** Meaning of each distinct value of a column. */
export interface Meanings {
  /** The number (or days since 1970-01-01) per distinct value; NaN where missing or bad. */
  readonly numbers: Float64Array;
  /** CELL_OK, CELL_MISSING or CELL_BAD per distinct value. */
  readonly status: Uint8Array;
  /** What the user should know about how values were read. */
  readonly notes: readonly string[];
}

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const COMMA_NUMBER = /^[+-]?\d*,\d+$/;
const THOUSANDS = /^[+-]?\d{1,3}(?:,\d{3})+$/;

/**
 * Makes the test for values that mean missing.
 * @param lists - lists of such values; case and surrounding spaces do not matter
 * @returns the test
 */
export function missingTest(...lists: readonly (readonly string[])[]): (value: string) => boolean {
  const tokens = new Set(lists.flat().map((token) => token.trim().toLowerCase()));
  const longest = Math.max(0, ...[...tokens].map((token) => token.length));
  return (value) => {
    const trimmed = value.trim();
    // A million identifiers are looked at: most are longer than any word for missing.
    if (trimmed.length > longest) return false;
    return trimmed === "" || tokens.has(trimmed.toLowerCase());
  };
}

/**
 * Reads a column as numbers. Decimal commas are understood where every comma in the column can only be one
 * (so not `1,234`, which may be a thousand).
 * @param column - the column
 * @param isMissing - from `missingTest`
 * @param name - name of the column, for notes
 * @returns the meaning of each distinct value
 */
export function readNumbers(
  column: TextColumn,
  isMissing: (value: string) => boolean,
  name: string,
): Meanings {
  const n = column.values.length;
  const numbers = new Float64Array(n).fill(Number.NaN);
  const status = new Uint8Array(n);
  const notes: string[] = [];
  const withComma: number[] = [];
  let hasPoint = false;
  for (let v = 0; v < n; v++) {
    const text = column.values[v]!.trim();
    if (isMissing(text)) status[v] = CELL_MISSING;
    else if (NUMBER.test(text) && Number.isFinite(Number(text))) {
      numbers[v] = Number(text);
      hasPoint ||= text.includes(".");
    } else {
      status[v] = CELL_BAD;
      if (COMMA_NUMBER.test(text)) withComma.push(v);
    }
  }
  const example = withComma.length === 0 ? "" : column.values[withComma[0]!]!.trim();
  if (withComma.length > 0 && !hasPoint && withComma.some((v) => !THOUSANDS.test(column.values[v]!.trim()))) {
    for (const v of withComma) {
      numbers[v] = Number(column.values[v]!.trim().replace(",", "."));
      status[v] = CELL_OK;
    }
    notes.push(`${name}: decimal commas (such as ${example}) are read as decimal points.`);
  } else if (withComma.length > 0)
    notes.push(
      `${name}: values such as ${example} are not read as numbers, because the comma may be a decimal comma or a separator of thousands; write them with a point.`,
    );
  return { numbers, status, notes };
}

/**
 * Tells whether every value of a column that is not missing is a number (and there is one).
 * @param meanings - from `readNumbers`
 * @returns true when numeric
 */
export function allNumbers(meanings: Meanings): boolean {
  return meanings.status.includes(CELL_OK) && !meanings.status.includes(CELL_BAD);
}

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const CLOCK = String.raw`(?:[T :]\s*(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?\s*([AaPp][Mm])?(?:Z|\s?[+-]\d{2}(?::?\d{2})?|\s?UTC)?)?`;
const ISO = new RegExp(String.raw`^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})${CLOCK}$`);
const COMPACT = new RegExp(String.raw`^(\d{4})(\d{2})(\d{2})${CLOCK}$`);
const NUMERIC = new RegExp(String.raw`^(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})${CLOCK}$`);
const NAMED = new RegExp(
  String.raw`^(\d{1,2})[-/. ]?([A-Za-z]{3})[A-Za-z]*\.?,?[-/. ]?(\d{4}|\d{2})${CLOCK}$`,
);

interface DayMonth {
  readonly value: number;
  readonly first: number;
  readonly second: number;
  readonly year: number;
  readonly fraction: number;
}

/**
 * Reads a column as dates: `2020-04-01`, `20200401`, `01/04/2020`, `01APR2020`, `1 April 2020`, each with or
 * without a time of day. Whether `01/04/2020` is day or month first is decided for the column as a whole; where
 * its values leave it open, day first is taken and noted.
 * @param column - the column
 * @param isMissing - from `missingTest`
 * @param name - name of the column, for notes
 * @returns days since 1970-01-01 of each distinct value, with the time of day as fraction; time zones are ignored
 */
export function readDates(column: TextColumn, isMissing: (value: string) => boolean, name: string): Meanings {
  const n = column.values.length;
  const numbers = new Float64Array(n).fill(Number.NaN);
  const status = new Uint8Array(n);
  const open: DayMonth[] = [];
  let twoDigitYears = false;
  const place = (value: number, day: number): void => {
    numbers[value] = day;
    status[value] = Number.isNaN(day) ? CELL_BAD : CELL_OK;
  };
  for (let v = 0; v < n; v++) {
    const text = column.values[v]!.trim();
    if (isMissing(text)) {
      status[v] = CELL_MISSING;
      continue;
    }
    const iso = ISO.exec(text) ?? COMPACT.exec(text);
    const named = iso === null ? NAMED.exec(text) : null;
    const numeric = iso === null && named === null ? NUMERIC.exec(text) : null;
    twoDigitYears ||= (named ?? numeric)?.[3]?.length === 2;
    if (iso) place(v, dayNumber(Number(iso[1]), Number(iso[2]), Number(iso[3])) + clock(iso));
    else if (named)
      place(
        v,
        dayNumber(fullYear(named[3]!), MONTHS.indexOf(named[2]!.toLowerCase()) + 1, Number(named[1])) +
          clock(named),
      );
    else if (numeric)
      open.push({
        value: v,
        first: Number(numeric[1]),
        second: Number(numeric[2]),
        year: fullYear(numeric[3]!),
        fraction: clock(numeric),
      });
    else status[v] = CELL_BAD;
  }
  const notes = resolveDayMonth(open, place, column, name);
  if (twoDigitYears) notes.push(`${name}: years of two digits are read as 1970 to 2069.`);
  return { numbers, status, notes };
}

function resolveDayMonth(
  open: readonly DayMonth[],
  place: (value: number, day: number) => void,
  column: TextColumn,
  name: string,
): string[] {
  if (open.length === 0) return [];
  const dayFirst = open.filter(({ first, second }) => first > 12 && second <= 12);
  const monthFirst = open.filter(({ first, second }) => second > 12 && first <= 12);
  const useMonthFirst = monthFirst.length > dayFirst.length;
  for (const { value, first, second, year, fraction } of open)
    place(
      value,
      (useMonthFirst ? dayNumber(year, first, second) : dayNumber(year, second, first)) + fraction,
    );
  const example = column.values[open[0]!.value]!;
  const order = useMonthFirst ? "month first" : "day first";
  if (dayFirst.length > 0 && monthFirst.length > 0)
    return [
      `${name}: some dates can only be day first (${column.values[dayFirst[0]!.value]}), others only month first ` +
        `(${column.values[monthFirst[0]!.value]}); all are read ${order}, and those that then do not exist are bad values.`,
    ];
  if (dayFirst.length === 0 && monthFirst.length === 0)
    return [
      `${name}: dates such as ${example} can be read day first or month first; they are read day first. ` +
        "Write dates as YYYY-MM-DD to be sure.",
    ];
  return useMonthFirst ? [`${name}: dates such as ${example} are read month first.`] : [];
}

function fullYear(text: string): number {
  const year = Number(text);
  return text.length === 4 ? year : year < 70 ? 2000 + year : 1900 + year;
}

/** Days since 1970-01-01, or NaN when there is no such day. */
function dayNumber(year: number, month: number, day: number): number {
  const time = Date.UTC(year, month - 1, day);
  const date = new Date(time);
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? time / 86_400_000 : Number.NaN;
}

/** Time of day as a fraction of a day, from the last four groups of a match. */
function clock(match: RegExpExecArray): number {
  if (match[4] === undefined) return 0;
  const half = match[7]?.toLowerCase();
  const hour = (Number(match[4]) % (half === undefined ? 24 : 12)) + (half === "pm" ? 12 : 0);
  return (hour + Number(match[5]) / 60 + Number(match[6] ?? 0) / 3600) / 24;
}

/**
 * Tells whether every value of a column that is not missing is a date (and there is one).
 * @param column - the column
 * @param isMissing - from `missingTest`
 * @returns true for dates; eight digits alone (20200401) do not count, since they may be an identifier
 */
export function allDates(column: TextColumn, isMissing: (value: string) => boolean): boolean {
  let some = false;
  for (const value of column.values) {
    const text = value.trim();
    if (isMissing(text)) continue;
    if (!ISO.test(text) && !NUMERIC.test(text) && !NAMED.test(text)) return false;
    some = true;
  }
  return some && !readDates(column, isMissing, "").status.includes(CELL_BAD);
}

/**
 * Writes a day as `YYYY-MM-DD`.
 * @param day - days since 1970-01-01; a fraction is dropped
 * @returns the text
 */
export function isoDate(day: number): string {
  return new Date(Math.floor(day) * 86_400_000).toISOString().slice(0, 10);
}

/**
 * Order of categories: numbers by size, then text by code unit.
 * @param a - one category
 * @param b - another
 * @returns negative when a comes first
 */
export function compareLevels(a: string, b: string): number {
  const x = NUMBER.test(a) ? Number(a) : Number.NaN;
  const y = NUMBER.test(b) ? Number(b) : Number.NaN;
  if (!Number.isNaN(x) && !Number.isNaN(y)) return x - y || (a < b ? -1 : a > b ? 1 : 0);
  if (Number.isNaN(x) !== Number.isNaN(y)) return Number.isNaN(x) ? 1 : -1;
  return a < b ? -1 : a > b ? 1 : 0;
}
