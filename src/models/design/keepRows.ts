import { InputError } from "../../core/errors.js";
import type { LongTable, RowLedger, SetAsideReason } from "../../core/table.js";
import { needsRows, residualParts } from "../residuals.js";
import type { ModelSpec } from "../spec.js";
import { clusterCodes } from "./clusters.js";
import { numericValues, type RowIndex } from "./columns.js";
import type { Parts } from "./parts.js";
import { isPower } from "./usedRows.js";

/** Rows and persons that a model can use. */
export interface Kept {
  /** Rows of the long table, persons contiguous; a person's in order of time where residuals are correlated. */
  readonly rows: RowIndex;
  /** First kept row of each kept person; length persons + 1. */
  readonly start: Int32Array;
  /** Indices of the kept persons in the long table. */
  readonly persons: Int32Array;
  readonly ledger: RowLedger;
}

/** A column that must hold a number, and the reason counted where it does not. */
interface Check {
  readonly reason: string;
  readonly values: Float64Array;
}

/** What is set aside, by reason, in order of first appearance. */
type Tally = Map<string, { rows: number; persons: number }>;

/**
 * Keeps the rows with every row-level value, of persons with every person-level value; the rest is counted by first
 * reason.
 * @param table - long table
 * @param spec - the model
 * @param parts - its columns over all rows and persons
 * @returns what is kept, and the counts
 * @throws InputError when nothing is left
 */
export function keepRows(table: LongTable, spec: ModelSpec, parts: Parts): Kept {
  const rowChecks = [
    { reason: `missing ${spec.outcome}`, values: numericValues(table, spec.outcome) },
    { reason: `missing ${spec.time}`, values: numericValues(table, spec.time) },
    // A power of time is there where time is.
    ...parts.basis.flatMap((values, j) => (isPower(values) ? [] : checksOf(parts.basisNames[j]!, values))),
    ...occasionChecks(table, spec),
  ];
  const clock = clockOf(table, spec);
  const personChecks = [
    ...parts.person.flatMap((values, j) => checksOf(parts.personNames[j]!, values)),
    ...parts.membership.flatMap((values, j) => checksOf(parts.membershipNames[j]!, values)),
    ...clusterChecks(table, spec),
  ];
  if (clock === null && hasEverything(table, rowChecks, personChecks)) {
    const persons = Int32Array.from({ length: table.nPersons }, (_, i) => i);
    const ledger = { read: table.nRows, used: table.nRows, setAside: [] };
    return { rows: null, start: table.personStart, persons, ledger };
  }
  return keepSome(table, rowChecks, personChecks, clock);
}

/** Whether no value is missing and nobody is without rows, as is usual after `prepare`: then no index of rows is needed. */
function hasEverything(
  table: LongTable,
  rowChecks: readonly Check[],
  personChecks: readonly Check[],
): boolean {
  const { nRows, nPersons, personStart } = table;
  for (const { values } of [...rowChecks, ...personChecks])
    for (let at = 0; at < values.length; at++) if (!Number.isFinite(values[at]!)) return false;
  for (let i = 0; i < nPersons; i++) if (personStart[i] === personStart[i + 1]) return false;
  return nRows > 0;
}

function keepSome(
  table: LongTable,
  rowChecks: readonly Check[],
  personChecks: readonly Check[],
  clock: Float64Array | null,
): Kept {
  const tally: Tally = new Map();
  const rows = new Int32Array(table.nRows);
  const start = new Int32Array(table.nPersons + 1);
  const persons = new Int32Array(table.nPersons);
  let n = 0;
  let nKept = 0;
  for (let i = 0; i < table.nPersons; i++) {
    const first = table.personStart[i]!;
    const end = table.personStart[i + 1]!;
    const lacking = firstFailure(personChecks, i);
    if (lacking !== null) {
      count(tally, lacking.reason, end - first, 1);
      continue;
    }
    const before = n;
    for (let r = first; r < end; r++) {
      const failed = firstFailure(rowChecks, r);
      if (failed !== null) count(tally, failed.reason, 1, 0);
      else rows[n++] = r;
    }
    if (n > before) {
      if (clock !== null) sortByClock(rows.subarray(before, n), clock);
      persons[nKept++] = i;
      start[nKept] = n;
    }
  }
  const setAside = reasonsOf(tally);
  if (nKept === 0) throw nobodyLeft(setAside);
  return {
    rows: rows.subarray(0, n),
    start: start.subarray(0, nKept + 1),
    persons: persons.subarray(0, nKept),
    ledger: { read: table.nRows, used: n, setAside },
  };
}

/** A dummy is missing when its column is: `missing site`, not `missing site[b]`; the knots in `ns(x,[2,6])` stay. */
function checksOf(name: string, values: Float64Array): Check[] {
  return [{ reason: `missing ${name.replace(/(?<!,)\[[^\]]*\]/g, "")}`, values }];
}

/** Who is in no known cluster is set aside, as Stata does: their scores would have no sum to go into. */
function clusterChecks(table: LongTable, { cluster }: ModelSpec): Check[] {
  if (cluster === undefined) return [];
  const values = Float64Array.from(clusterCodes(table, cluster), (code) => (code < 0 ? Number.NaN : code));
  return [{ reason: `missing ${cluster}`, values }];
}

/** Occasions matter to models that look at each row; a column that is none is complained of where they are read. */
function occasionChecks(table: LongTable, { occasion, residual }: ModelSpec): Check[] {
  const column = occasion === undefined ? undefined : table.columns.get(occasion);
  if (column?.kind !== "numeric" || !needsRows(residual)) return [];
  return [{ reason: `missing ${occasion}`, values: column.values }];
}

/** What the rows of a person are in order of where their residuals are correlated: session number or time. */
function clockOf(table: LongTable, { occasion, residual, time }: ModelSpec): Float64Array | null {
  const { correlation } = residualParts(residual);
  if (correlation === null) return null;
  const column = table.columns.get(correlation === "ar1" ? (occasion ?? time) : time);
  return column?.kind === "numeric" ? column.values : null;
}

function sortByClock(rows: Int32Array, clock: Float64Array): void {
  for (let r = 1; r < rows.length; r++)
    if (clock[rows[r]!]! < clock[rows[r - 1]!]!) {
      rows.sort((a, b) => clock[a]! - clock[b]! || a - b);
      return;
    }
}

function firstFailure(checks: readonly Check[], at: number): Check | null {
  for (let c = 0; c < checks.length; c++) if (!Number.isFinite(checks[c]!.values[at]!)) return checks[c]!;
  return null;
}

function count(tally: Tally, reason: string, rows: number, persons: number): void {
  const entry = tally.get(reason) ?? { rows: 0, persons: 0 };
  tally.set(reason, { rows: entry.rows + rows, persons: entry.persons + persons });
}

function reasonsOf(tally: Tally): SetAsideReason[] {
  return [...tally].map(([reason, { rows, persons }]) => ({
    reason,
    description: `${reason}: the model needs it`,
    rows,
    ...(persons > 0 ? { persons } : {}),
  }));
}

function nobodyLeft(setAside: readonly SetAsideReason[]): InputError {
  const reasons = setAside.map((s) => `${s.rows} rows with ${s.reason}`).join(", ");
  return new InputError({
    code: "nobody-left",
    message: `No row can be used: ${reasons || "the table is empty"}.`,
    expected: "at least one person with a score, a time and every covariate",
  });
}
