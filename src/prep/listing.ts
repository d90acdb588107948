import { InputError } from "../core/errors.js";
import { Findings } from "./account.js";
import type { Groups } from "./groups.js";
import { lineOf, linesOf, type Preparation } from "./preparation.js";
import type { BlankedCell } from "./scores.js";
import type { FindingTable } from "./types.js";

/** The most characters of a malformed line that are listed. */
const LONGEST_LINE = 200;

/**
 * Lists the rows that are set aside.
 * @param preparation - the rows, after all rules
 * @param groups - persons
 * @returns malformed lines first, then rows in the order of the files
 */
export function listSetAside(preparation: Preparation, groups: Groups): FindingTable {
  const { account, raw } = preparation;
  const findings = new Findings();
  for (const { path, row, text } of raw.rejected)
    findings.add({
      file: path,
      row,
      id: "",
      reason: "row-malformed",
      column: "",
      value: text.slice(0, LONGEST_LINE),
    });
  const last = account.allInUse ? 0 : account.nRows;
  for (let r = 0; r < last; r++)
    if (!account.inUse(r))
      addFinding(findings, preparation, groups, r, account.reasonAt(r), account.columnAt(r));
  return findings.table();
}

/**
 * Lists the cells of used rows that were taken as missing because they make no sense.
 * @param preparation - the rows, after all rules
 * @param groups - persons
 * @param rows - those used
 * @param blanked - cells of scores
 * @returns cells of scores first, then of covariates
 */
export function listBlanked(
  preparation: Preparation,
  groups: Groups,
  rows: Int32Array,
  blanked: readonly BlankedCell[],
): FindingTable {
  const { account, typedColumns } = preparation;
  const findings = new Findings();
  for (const { row, reason, column } of blanked)
    if (account.inUse(row)) addFinding(findings, preparation, groups, row, reason, column);
  const lines = linesOf(preparation, rows);
  for (const { column, typed } of typedColumns.values()) {
    if (!typed.bad.includes(1)) continue;
    for (let i = 0; i < rows.length; i++)
      if (typed.bad[typed.text.codes[lines[i]!]!] === 1)
        addFinding(findings, preparation, groups, rows[i]!, typed.badReason, column);
  }
  return findings.table();
}

function addFinding(
  findings: Findings,
  preparation: Preparation,
  groups: Groups,
  row: number,
  reason: string,
  column: string,
): void {
  const { raw } = preparation;
  const line = lineOf(preparation, row);
  const { path, row: number } = raw.locate(line);
  const person = groups.personOf[row]!;
  const text = raw.columns.get(column);
  findings.add({
    file: path,
    row: number,
    id: person < 0 ? "" : groups.personIds[person]!,
    reason,
    column,
    value: text === undefined ? "" : text.values[text.codes[line]!]!,
  });
}

/**
 * The error for data of which no row can be used.
 * @param preparation - the rows, after the rules
 * @param personOf - person of each row, -1 where it has none
 * @param message - what is wrong
 * @returns the error, with what was set aside and an example
 */
export function nothingLeft(preparation: Preparation, personOf: Int32Array, message: string): InputError {
  const { raw, account, spec } = preparation;
  const where = raw.sources.map(({ path }) => path).join(", ");
  const reasons = account
    .ledger(personOf, raw.rejected.length)
    .setAside.map(({ rows, reason, description }) => `${rows} ${reason} (${description})`);
  if (reasons.length === 0)
    return new InputError({ code: "no-rows", where, message, fix: "Check that this is the right file." });
  return new InputError({
    code: "no-rows-left",
    where,
    message: `${message} Set aside: ${reasons.join("; ")}.${exampleOf(preparation)}`,
    fix: `Check the columns and rules of the measures (${spec.measures.map(({ name }) => name).join(", ")}), of time and of the exclusions.`,
  });
}

/** The cell for which the first row was set aside. */
function exampleOf(preparation: Preparation): string {
  const { raw, account } = preparation;
  let first = 0;
  while (first < account.nRows && account.inUse(first)) first++;
  if (first === account.nRows) return "";
  const column = account.columnAt(first);
  const text = raw.columns.get(column);
  if (text === undefined) return "";
  const line = lineOf(preparation, first);
  return ` For instance, row ${raw.locate(line).row} has "${text.values[text.codes[line]!]}" in ${column}.`;
}
