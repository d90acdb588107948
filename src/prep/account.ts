import type { RowLedger } from "../core/table.js";
import type { FindingTable, SetAsideRow } from "./types.js";

/** A rule that sets rows aside. */
interface Reason {
  readonly name: string;
  readonly description: string;
}

/**
 * The account of every row: in use, or set aside for one reason. A row is set aside once; the first rule it
 * breaks is the one that counts.
 */
export class RowAccount {
  /** 0 while the row is in use, else 1 + the index of the reason. */
  readonly state: Uint16Array;
  private readonly column: Int32Array;
  private readonly reasons: Reason[] = [];
  private readonly reasonOf = new Map<string, number>();
  private readonly columnNames: string[] = [""];
  private nSetAside = 0;
  private readonly columnOf = new Map<string, number>([["", 0]]);

  constructor(readonly nRows: number) {
    this.state = new Uint16Array(nRows);
    this.column = new Int32Array(nRows);
  }

  /**
   * Declares a reason; reasons are reported in the order in which they are declared.
   * @param name - stable name, e.g. `score-missing`
   * @param description - the rule in words
   * @returns the code for `setAside`
   */
  reason(name: string, description: string): number {
    let code = this.reasonOf.get(name);
    if (code === undefined) {
      code = this.reasons.push({ name, description });
      this.reasonOf.set(name, code);
    }
    return code;
  }

  /** True while no row is set aside, so that none need be looked at. */
  get allInUse(): boolean {
    return this.nSetAside === 0;
  }

  /** True while the row is in use. */
  inUse(row: number): boolean {
    return this.state[row] === 0;
  }

  /**
   * Sets a row aside, unless it already is.
   * @param row - the row
   * @param reason - from `reason`
   * @param column - name of the offending column, where there is one
   */
  setAside(row: number, reason: number, column = ""): void {
    if (this.state[row] !== 0) return;
    this.state[row] = reason;
    this.nSetAside++;
    let code = this.columnOf.get(column);
    if (code === undefined) {
      code = this.columnNames.push(column) - 1;
      this.columnOf.set(column, code);
    }
    this.column[row] = code;
  }

  /**
   * Those of some rows that are in use.
   * @param rows - rows
   * @returns the rows in use, in the same order; the same array where all are
   */
  keepInUse(rows: Int32Array): Int32Array {
    if (this.allInUse) return rows;
    let n = 0;
    for (let i = 0; i < rows.length; i++) if (this.state[rows[i]!] === 0) n++;
    if (n === rows.length) return rows;
    const kept = new Int32Array(n);
    n = 0;
    for (let i = 0; i < rows.length; i++) if (this.state[rows[i]!] === 0) kept[n++] = rows[i]!;
    return kept;
  }

  /** Name of the column for which a row was set aside. */
  columnAt(row: number): string {
    return this.columnNames[this.column[row]!]!;
  }

  /** Name of the reason for which a row was set aside. */
  reasonAt(row: number): string {
    return this.reasons[this.state[row]! - 1]!.name;
  }

  /**
   * Sums up.
   * @param personOf - index of each row's person, -1 where it has none
   * @param rejected - lines that are no rows of the table, set aside as `row-malformed`
   * @returns the ledger: read = used + set aside
   */
  ledger(personOf: Int32Array, rejected: number): RowLedger {
    const rows = new Float64Array(this.reasons.length + 1);
    const persons = this.reasons.map(() => new Set<number>());
    const last = this.allInUse ? 0 : this.nRows;
    for (let r = 0; r < last; r++) {
      const state = this.state[r]!;
      rows[state]!++;
      if (state !== 0 && personOf[r]! >= 0) persons[state - 1]!.add(personOf[r]!);
    }
    const setAside = this.reasons
      .map(({ name, description }, i) => ({
        reason: name,
        description,
        rows: rows[i + 1]!,
        persons: persons[i]!.size,
      }))
      .filter((reason) => reason.rows > 0);
    const malformed = {
      reason: "row-malformed",
      description: "The line does not have as many fields as the header, or has an unclosed quote.",
      rows: rejected,
    };
    return {
      read: this.nRows + rejected,
      used: this.nRows - this.nSetAside,
      setAside: rejected > 0 ? [malformed, ...setAside] : setAside,
    };
  }
}

/** Collects findings column-wise. */
export class Findings {
  private readonly rows: number[] = [];
  private readonly file: string[] = [];
  private readonly id: string[] = [];
  private readonly reason: string[] = [];
  private readonly column: string[] = [];
  private readonly value: string[] = [];

  /** Adds one finding. */
  add(finding: SetAsideRow): void {
    this.rows.push(finding.row);
    this.file.push(finding.file);
    this.id.push(finding.id);
    this.reason.push(finding.reason);
    this.column.push(finding.column);
    this.value.push(finding.value);
  }

  /** Returns what was collected. */
  table(): FindingTable {
    const { file, id, reason, column, value } = this;
    return { count: file.length, row: Int32Array.from(this.rows), file, id, reason, column, value };
  }
}

/**
 * Takes one finding out of a table.
 * @param table - the table
 * @param index - which one
 * @returns the finding
 */
export function findingAt(table: FindingTable, index: number): SetAsideRow {
  return {
    file: table.file[index]!,
    row: table.row[index]!,
    id: table.id[index]!,
    reason: table.reason[index]!,
    column: table.column[index]!,
    value: table.value[index]!,
  };
}
