import { InputError } from "../core/errors.js";
import { parseExpression } from "../core/expression.js";
import { type Column, type LongTable, takeRows } from "../core/table.js";
import { Findings, findingAt, RowAccount } from "./account.js";
import { checkColumns, wantedColumns } from "./columns.js";
import { holdFirst, Scope, type TypedColumn, typeColumn } from "./covariates.js";
import { Database } from "./duckdb.js";
import { chooseEpisodes, findGroups, type Groups, groupName, sortRows } from "./groups.js";
import type { TextColumn } from "./intern.js";
import { applyLimits, settleDuplicates } from "./limits.js";
import { makePersons } from "./persons.js";
import { layOut, type OccasionRows, type Structure } from "./rows.js";
import { type BlankedCell, readScores, type Scores } from "./scores.js";
import { openSources, type RawTable, readSources } from "./source.js";
import { resolvePrepSpec } from "./spec.js";
import { type Positions, readOrigins, readPositions, timesOf } from "./time.js";
import type { Cohort, CovariateSpec, FindingTable, PrepSpec, PrepSpecInput } from "./types.js";

/**
 * Reads data files and makes the analysis-ready table, accounting for every row.
 *
 * Rules apply in this order, and a row is set aside by the first one it breaks: malformed line, identifier,
 * episode, score, time, origin, exclusions, choice of episode, duplicates, latest session and time, fewest
 * sessions. A row with several measures is used when at least one has a valid score. Time is counted anew from the
 * first session that is left after exclusions.
 * @param input - the specification; see `resolvePrepSpec` for the defaults
 * @returns the cohort: long table, person table, ledger, set-aside rows, notes, descriptives, outcomes
 * @throws InputError listing everything wrong with the specification, the files or the columns; also when no row is left
 */
export async function prepare(input: PrepSpecInput): Promise<Cohort> {
  const spec = resolvePrepSpec(input);
  const db = await Database.open();
  try {
    const files = await openSources(db, spec.data, spec.format);
    const structure = checkColumns(spec, files);
    const raw = await readSources(db, files, wantedColumns(spec, structure));
    return new Preparation(spec, structure, raw).run();
  } finally {
    db.close();
  }
}

/** One run through the rules; the fields are what later steps need of earlier ones. */
class Preparation {
  private readonly occasions: OccasionRows;
  private readonly account: RowAccount;
  private readonly notes: string[] = [];
  private readonly typedColumns = new Map<string, TypedColumn>();

  constructor(
    private readonly spec: PrepSpec,
    structure: Structure,
    private readonly raw: RawTable,
  ) {
    this.occasions = layOut(spec, structure, raw);
    this.account = new RowAccount(this.occasions.nRows);
    this.notes.push(...this.occasions.notes);
  }

  run(): Cohort {
    const { spec, occasions, account } = this;
    if (this.raw.nRows === 0) throw this.nothingLeft(new Int32Array(0), "The data have no rows.");
    const groups = findGroups(
      spec,
      this.byOccasion(spec.id),
      spec.episode === undefined ? null : this.byOccasion(spec.episode),
      account,
    );
    this.noteFiles(groups);
    const { scores, blanked, notes } = readScores(spec, occasions, account);
    const read = readPositions(spec, occasions, account);
    this.notes.push(...notes, ...read.notes);
    const { positions } = read;
    const origins = this.origins(groups);
    let rows = sortRows(account, groups.groupOf, groups.groupPerson.length, positions.order);
    rows = this.exclude(rows, groups, scores, positions, origins);
    const episodes = chooseEpisodes(spec, groups, rows, positions.order, positions.isDate, account);
    const settled = settleDuplicates(spec, episodes.rows, groups.groupOf, positions.slot, scores, account);
    this.notes.push(...episodes.notes, ...settled.notes);
    const times = timesOf(spec, positions, settled.rows, groups.groupOf, origins);
    const before = times.reduce((n, time) => n + (time < 0 ? 1 : 0), 0);
    if (before > 0)
      this.notes.push(`Sessions before the origin of time: ${before}; their times are negative.`);
    const kept = applyLimits(spec, settled.rows, times, groups.groupOf, account);
    if (kept.rows.length === 0) throw this.nothingLeft(groups.personOf, "No row is left to analyse.");
    return this.cohort(kept.rows, kept.times, groups, scores, blanked);
  }

  private cohort(
    rows: Int32Array,
    times: Float64Array,
    groups: Groups,
    scores: readonly Scores[],
    blanked: readonly BlankedCell[],
  ): Cohort {
    const { spec, account, raw } = this;
    const long = this.longTable(rows, times, groups, scores);
    const limit = spec.setAsideLimit ?? 1000;
    const setAsideTable = this.setAsideTable(groups);
    const blankedTable = this.blankedTable(rows, groups, blanked);
    if (blankedTable.count > 0)
      this.notes.push(
        `Invalid values in rows that are used: ${blankedTable.count}, taken as missing (listed as cells among what is set aside).`,
      );
    // Made when asked for: a fit alone needs neither outcomes nor descriptions.
    const people = once(() => makePersons(spec, long));
    const notes = [...this.notes];
    return {
      id: spec.id,
      long,
      get persons() {
        return people().persons;
      },
      ledger: account.ledger(groups.personOf, raw.rejected.length),
      setAside: Array.from({ length: Math.min(limit, setAsideTable.count) }, (_, f) =>
        findingAt(setAsideTable, f),
      ),
      setAsideTable,
      blankedTable,
      get notes() {
        return [...new Set([...notes, ...people().notes])];
      },
      get descriptives() {
        return people().descriptives;
      },
      get outcomes() {
        return people().outcomes;
      },
      measures: spec.measures,
      time: spec.time,
      sources: raw.sources,
    };
  }

  /** A column of the file, one entry per occasion. */
  private byOccasion(name: string): TextColumn {
    const column = this.raw.columns.get(name)!;
    const { source } = this.occasions;
    return source === null
      ? column
      : { codes: Int32Array.from(source, (r) => column.codes[r]!), values: column.values };
  }

  private fileRow(row: number): number {
    return this.occasions.source === null ? row : this.occasions.source[row]!;
  }

  private fileRows(rows: Int32Array): Int32Array {
    const { source } = this.occasions;
    return source === null ? rows : rows.map((row) => source[row]!);
  }

  private origins(groups: Groups): Float64Array | null {
    const { time } = this.spec;
    if (time.origin !== "column" || time.kind === "session") return null;
    const column = this.byOccasion(time.originColumn!);
    const { origins, notes } = readOrigins(
      this.spec,
      column,
      groups.groupOf,
      groups.groupPerson.length,
      this.account,
    );
    this.notes.push(...notes);
    return origins;
  }

  /** Applies the study's own rules; each sees the rows that the ones before it have left. */
  private exclude(
    rows: Int32Array,
    groups: Groups,
    scores: readonly Scores[],
    positions: Positions,
    origins: Float64Array | null,
  ): Int32Array {
    const { spec, account } = this;
    let left = rows;
    for (const rule of spec.exclusions) {
      const expression = parseExpression(rule.keep);
      const times = timesOf(spec, positions, left, groups.groupOf, origins);
      const scope = new Scope(
        spec,
        (name, covariate) => this.typed(name, covariate),
        this.fileRows(left),
        givenColumns(spec, left, times, scores),
        (_, column) => column,
      );
      const where = `exclusion ${rule.name}`;
      const keep = scope.evaluate(expression, where);
      if (keep.kind === "factor")
        throw new InputError({
          code: "expression-type",
          where,
          message: `${rule.keep} is text, not a condition.`,
          fix: 'Compare it with a value, e.g. status == "complete".',
        });
      const reason = account.reason(
        `excluded: ${rule.name}`,
        `The rule ${rule.keep} does not hold, or has a missing value.`,
      );
      const column = expression.symbols.find((name) => this.raw.columns.has(name)) ?? "";
      left.forEach((row, i) => {
        if (!(Math.abs(keep.values[i]!) > 0)) account.setAside(row, reason, column);
      });
      left = left.filter((row) => account.inUse(row));
    }
    return left;
  }

  private longTable(
    rows: Int32Array,
    times: Float64Array,
    groups: Groups,
    scores: readonly Scores[],
  ): LongTable {
    const { spec } = this;
    const personStart = [0];
    const personIds: string[] = [];
    for (let i = 0; i < rows.length; i++) {
      const group = groups.groupOf[rows[i]!]!;
      if (i > 0 && group === groups.groupOf[rows[i - 1]!]) continue;
      personIds.push(groupName(spec, groups, group));
      if (i > 0) personStart.push(i);
    }
    personStart.push(rows.length);
    const starts = Int32Array.from(personStart);
    const columns = givenColumns(spec, rows, times, scores);
    for (const { name, prorated } of scores)
      if (prorated?.some((flag) => flag === 1))
        columns.set(`${name}_prorated`, {
          kind: "numeric",
          values: Float64Array.from(rows, (r) => prorated[r]!),
        });
    const scope = new Scope(
      spec,
      (name, covariate) => this.typed(name, covariate),
      this.fileRows(rows),
      new Map(columns),
      (name, column, covariate, varies) => this.settle(name, column, covariate, varies, starts),
    );
    for (const { name } of spec.covariates) columns.set(name, scope.column(name));
    return { nRows: rows.length, nPersons: personIds.length, personIds, personStart: starts, columns };
  }

  /** Takes a covariate as constant within persons, unless it is meant to vary, or plainly does. */
  private settle(
    name: string,
    column: Column,
    covariate: CovariateSpec | undefined,
    varies: boolean,
    personStart: Int32Array,
  ): Column {
    const wanted = covariate?.timeVarying;
    if (wanted === true || (wanted === undefined && varies)) return column;
    const { held, nVarying, nSeveral } = holdFirst(column, personStart);
    if (nVarying === 0) return held;
    // A column read only inside expressions is not judged: its covariate is.
    if (covariate === undefined) return column;
    const share = `in ${nVarying} of ${nSeveral} persons with several sessions`;
    if (wanted === undefined && nVarying > nSeveral / 2) {
      this.notes.push(`${name}: changes ${share}, so it is taken as varying over time.`);
      return column;
    }
    this.notes.push(
      `${name}: changes ${share}; each person's first value is used` +
        `${wanted === undefined ? " (set timeVarying to keep the changes)" : ""}.`,
    );
    return held;
  }

  private typed(name: string, covariate?: CovariateSpec): TypedColumn {
    const key = covariate === undefined ? `column ${name}` : `covariate ${covariate.name}`;
    let typed = this.typedColumns.get(key);
    if (typed === undefined) {
      typed = typeColumn(this.raw.columns.get(name)!, name, covariate ?? {}, this.spec.missing);
      this.typedColumns.set(key, typed);
      this.notes.push(...typed.notes);
    }
    return typed;
  }

  private setAsideTable(groups: Groups): FindingTable {
    const { account, raw } = this;
    const findings = new Findings();
    for (const { path, row, text } of raw.rejected)
      findings.add({
        file: path,
        row,
        id: "",
        reason: "row-malformed",
        column: "",
        value: text.slice(0, 200),
      });
    for (let r = 0; r < account.nRows; r++)
      if (!account.inUse(r)) this.addFinding(findings, r, groups, account.reasonAt(r), account.columnAt(r));
    return findings.table();
  }

  private blankedTable(rows: Int32Array, groups: Groups, blanked: readonly BlankedCell[]): FindingTable {
    const findings = new Findings();
    for (const { row, reason, column } of blanked)
      if (this.account.inUse(row)) this.addFinding(findings, row, groups, reason, column);
    const fileRows = this.fileRows(rows);
    for (const [key, typed] of this.typedColumns) {
      if (!typed.bad.includes(1)) continue;
      const name = key.replace(/^(covariate|column) /, "");
      const covariate = this.spec.covariates.find(
        (other) => other.name === name && other.expression === undefined,
      );
      const column = key.startsWith("covariate ") ? (covariate?.column ?? name) : name;
      for (let i = 0; i < rows.length; i++)
        if (typed.bad[typed.text.codes[fileRows[i]!]!] === 1)
          this.addFinding(findings, rows[i]!, groups, typed.badReason, column);
    }
    return findings.table();
  }

  private addFinding(findings: Findings, row: number, groups: Groups, reason: string, column: string): void {
    const fileRow = this.fileRow(row);
    const { path, row: number } = this.raw.locate(fileRow);
    const person = groups.personOf[row]!;
    const text = this.raw.columns.get(column);
    findings.add({
      file: path,
      row: number,
      id: person < 0 ? "" : groups.personIds[person]!,
      reason,
      column,
      value: text === undefined ? "" : text.values[text.codes[fileRow]!]!,
    });
  }

  /** Persons in several files, and several lines of a person in the wide layout, deserve a word. */
  private noteFiles(groups: Groups): void {
    const { fileStart } = this.raw;
    const { personOf } = groups;
    const n = groups.personIds.length;
    if (fileStart.length > 2) {
      const fileOf = new Int32Array(n).fill(-1);
      const inSeveral = new Set<number>();
      let file = 0;
      for (let r = 0; r < personOf.length; r++) {
        while (this.fileRow(r) >= fileStart[file + 1]!) file++;
        const p = personOf[r]!;
        if (p < 0) continue;
        if (fileOf[p]! >= 0 && fileOf[p] !== file) inSeveral.add(p);
        fileOf[p] = file;
      }
      if (inSeveral.size > 0)
        this.notes.push(
          `Identifiers in more than one file: ${inSeveral.size}; the rows of each are taken as one person's.`,
        );
    }
    if (this.occasions.source === null) return;
    const lineOf = new Int32Array(n).fill(-1);
    const several = new Set<number>();
    for (let r = 0; r < personOf.length; r++) {
      const p = personOf[r]!;
      if (p < 0) continue;
      if (lineOf[p]! >= 0 && lineOf[p] !== this.fileRow(r)) several.add(p);
      lineOf[p] = this.fileRow(r);
    }
    if (several.size > 0 && this.spec.episode === undefined)
      this.notes.push(
        `Identifiers with more than one line: ${several.size}; the occasions of each are taken together.`,
      );
  }

  private nothingLeft(personOf: Int32Array, message: string): InputError {
    const { raw, account, spec } = this;
    const ledger = account.ledger(personOf, raw.rejected.length);
    const reasons = ledger.setAside.map(
      ({ rows, reason, description }) => `${rows} ${reason} (${description})`,
    );
    const first = Array.from({ length: account.nRows }, (_, r) => r).find((r) => !account.inUse(r));
    const column = first === undefined ? "" : account.columnAt(first);
    const text = raw.columns.get(column);
    const example =
      text === undefined || first === undefined
        ? ""
        : ` For instance, row ${raw.locate(this.fileRow(first)).row} has "${text.values[text.codes[this.fileRow(first)]!]}" in ${column}.`;
    return new InputError({
      code: reasons.length === 0 ? "no-rows" : "no-rows-left",
      where: raw.sources.map(({ path }) => path).join(", "),
      message: reasons.length === 0 ? message : `${message} Set aside: ${reasons.join("; ")}.${example}`,
      fix:
        reasons.length === 0
          ? "Check that this is the right file."
          : `Check the columns and rules of the measures (${spec.measures.map(({ name }) => name).join(", ")}), of time and of the exclusions.`,
    });
  }
}

/** Time and measures over rows. */
function givenColumns(
  spec: PrepSpec,
  rows: Int32Array,
  times: Float64Array,
  scores: readonly Scores[],
): Map<string, Column> {
  const columns = new Map<string, Column>([[spec.time.name, { kind: "numeric", values: times }]]);
  for (const { name, values } of scores) columns.set(name, takeRows({ kind: "numeric", values }, rows));
  return columns;
}

/** A function that does its work at the first call and remembers the result. */
function once<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
