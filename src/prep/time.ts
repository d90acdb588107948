import { InputError } from "../core/errors.js";
import type { RowAccount } from "./account.js";
import type { TextColumn } from "./intern.js";
import type { OccasionRows } from "./rows.js";
import { takeAll } from "./takeAll.js";
import type { PrepSpec, TimeUnit } from "./types.js";
import {
  allDates,
  allNumbers,
  CELL_MISSING,
  CELL_OK,
  type Meanings,
  missingTest,
  readDates,
  readNumbers,
} from "./values.js";

/** Where each occasion lies, before there is an origin. */
export interface Positions {
  /** Gives the order within a person: days since 1970-01-01 with the time of day, or the number as recorded. */
  readonly order: Float64Array;
  /** Occasions of a person with the same slot are duplicates: the day, or the number. */
  readonly slot: Float64Array;
  readonly isDate: boolean;
}

/** Days in each unit of time; a month is a twelfth of 365.25 days. */
export const UNIT_DAYS: Readonly<Record<Exclude<TimeUnit, "sessions">, number>> = {
  days: 1,
  weeks: 7,
  months: 365.25 / 12,
  years: 365.25,
};

/**
 * Reads where each occasion lies in time.
 * @param spec - the preparation
 * @param occasions - the rows
 * @param account - rows whose time is missing or makes no sense are set aside in it
 * @returns the positions, and notes on how dates were read
 * @throws InputError when the whole column is of another kind than the specification says
 */
export function readPositions(
  spec: PrepSpec,
  occasions: OccasionRows,
  account: RowAccount,
): { readonly positions: Positions; readonly notes: readonly string[] } {
  const cells = occasions.time;
  if (cells === null) return { positions: impliedPositions(occasions), notes: [] };
  const name = spec.time.column ?? spec.time.pattern!;
  const { meanings, isDate } = readTimeColumn(spec, cells, name);
  const missing = account.reason("time-missing", `The time (${name}) is missing.`);
  const bad = isDate
    ? account.reason("time-not-a-date", `The time (${name}) is not a date.`)
    : account.reason("time-not-a-number", `The time (${name}) is not a number.`);
  const n = occasions.nRows;
  const { numbers, status } = meanings;
  const order = new Float64Array(n);
  // A number is its own slot.
  const slot = isDate ? new Float64Array(n) : order;
  for (let r = 0; r < n; r++) order[r] = numbers[cells.codes[r]!]!;
  if (isDate) for (let r = 0; r < n; r++) slot[r] = Math.floor(order[r]!);
  if (status.some((found) => found !== CELL_OK))
    for (let r = 0; r < n; r++) {
      const found = status[cells.codes[r]!]!;
      if (found !== CELL_OK) account.setAside(r, found === CELL_MISSING ? missing : bad, cells.nameAt(r));
    }
  return { positions: { order, slot, isDate }, notes: meanings.notes };
}

/** File order, or the occasion number of the wide layout counted from its first. */
function impliedPositions(occasions: OccasionRows): Positions {
  const order = new Float64Array(occasions.nRows);
  const { occasion } = occasions;
  if (occasion === null) for (let r = 0; r < order.length; r++) order[r] = r;
  else {
    const first = occasion.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
    for (let r = 0; r < order.length; r++) order[r] = occasion[r]! - first;
  }
  return { order, slot: order, isDate: false };
}

function readTimeColumn(
  spec: PrepSpec,
  cells: TextColumn,
  name: string,
): { readonly meanings: Meanings; readonly isDate: boolean } {
  const isMissing = missingTest(spec.missing);
  const numbers = readNumbers(cells, isMissing, name);
  const example = cells.values.find((value) => !isMissing(value));
  const { kind } = spec.time;
  if (kind === "number" && !numbers.status.includes(CELL_OK) && allDates(cells, isMissing))
    throw wrongKind(
      name,
      `It holds dates (such as ${example}), not numbers.`,
      "Set the kind of time to date.",
    );
  if (kind === "number") return { meanings: numbers, isDate: false };
  const dates = readDates(cells, isMissing, name);
  if (kind === "date" && !dates.status.includes(CELL_OK) && allNumbers(numbers))
    throw wrongKind(
      name,
      `It holds numbers (such as ${example}), not dates.`,
      "Set the kind of time to number.",
    );
  const isDate = kind === "date" || (!allNumbers(numbers) && nOk(dates) > nOk(numbers));
  return { meanings: isDate ? dates : numbers, isDate };
}

function nOk(meanings: Meanings): number {
  return meanings.status.reduce((n, status) => n + (status === CELL_OK ? 1 : 0), 0);
}

function wrongKind(name: string, message: string, fix: string): InputError {
  return new InputError({ code: "wrong-time-kind", where: `time column ${name}`, message, fix });
}

/**
 * Finds each group's origin in a column: its first value that is not missing.
 * @param spec - the preparation, whose origin is a column
 * @param column - that column, by occasion
 * @param groupOf - index of each occasion's group, -1 for none
 * @param nGroups - number of groups
 * @param account - rows of groups without an origin are set aside in it
 * @returns the origin per group (days or a number), and notes
 */
export function readOrigins(
  spec: PrepSpec,
  column: TextColumn,
  groupOf: Int32Array,
  nGroups: number,
  account: RowAccount,
): { readonly origins: Float64Array; readonly notes: readonly string[] } {
  const name = spec.time.originColumn!;
  const isMissing = missingTest(spec.missing);
  const read = spec.time.kind === "date" ? readDates : readNumbers;
  const meanings = read(column, isMissing, name);
  const origins = new Float64Array(nGroups).fill(Number.NaN);
  const differs = new Uint8Array(nGroups);
  for (let r = 0; r < groupOf.length; r++) {
    const g = groupOf[r]!;
    const value = meanings.numbers[column.codes[r]!]!;
    if (g < 0 || Number.isNaN(value)) continue;
    const origin = spec.time.kind === "date" ? Math.floor(value) : value;
    if (Number.isNaN(origins[g]!)) origins[g] = origin;
    else if (origins[g] !== origin) differs[g] = 1;
  }
  const reason = account.reason(
    "origin-missing",
    `The origin of time (${name}) is missing or makes no sense.`,
  );
  for (let r = 0; r < groupOf.length; r++)
    if (groupOf[r]! >= 0 && Number.isNaN(origins[groupOf[r]!]!)) account.setAside(r, reason, name);
  const nDiffering = differs.reduce((a, b) => a + b, 0);
  const notes =
    nDiffering === 0
      ? []
      : [
          `${name}: more than one value in ${nDiffering} of ${nGroups} persons; the first one is the origin of time.`,
        ];
  return { origins, notes: [...meanings.notes, ...notes] };
}

/**
 * Times of ordered rows, in the unit of the specification.
 * @param spec - the preparation
 * @param positions - from `readPositions`
 * @param rows - occasions in use: groups together, each in order
 * @param groupOf - index of each occasion's group
 * @param origins - origin per group, when the origin is a column
 * @returns one time per entry of `rows`
 */
export function timesOf(
  spec: PrepSpec,
  positions: Positions,
  rows: Int32Array,
  groupOf: Int32Array,
  origins: Float64Array | null,
): Float64Array {
  const { kind, origin, unit } = spec.time;
  if (kind === "number" && origin === "zero") return takeAll(positions.slot, rows);
  const times = new Float64Array(rows.length);
  const perUnit = kind === "date" && unit !== "sessions" ? UNIT_DAYS[unit] : 1;
  let first = 0;
  for (let i = 0; i < rows.length; i++) {
    if (i > 0 && groupOf[rows[i]!] !== groupOf[rows[i - 1]!]) first = i;
    const from =
      kind === "session"
        ? 0
        : origin === "first-session"
          ? positions.slot[rows[first]!]!
          : origin === "column"
            ? origins![groupOf[rows[i]!]!]!
            : 0;
    times[i] = kind === "session" ? i - first : (positions.slot[rows[i]!]! - from) / perUnit;
  }
  return times;
}
