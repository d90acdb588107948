import type { Column, LongTable } from "../core/table.js";
import { type Groups, groupName } from "./groups.js";
import { linesOf, type Preparation, typedColumn } from "./preparation.js";
import { Scope } from "./scope.js";
import type { Scores } from "./scores.js";
import { takeAll } from "./takeAll.js";
import type { CovariateSpec, PrepSpec } from "./types.js";

/**
 * Makes the long table of the rows that are used.
 * @param preparation - the rows; notes on covariates are added to it
 * @param rows - those used, in order of group and time
 * @param times - their times, in the study's unit
 * @param groups - persons (or episodes)
 * @param scores - of the measures, over all rows
 * @returns the table: time, measures, which scores are prorated, covariates
 */
export function longTable(
  preparation: Preparation,
  rows: Int32Array,
  times: Float64Array,
  groups: Groups,
  scores: readonly Scores[],
): LongTable {
  const { spec, notes } = preparation;
  const { personIds, personStart } = personsOf(spec, rows, groups);
  const columns = givenColumns(spec, rows, times, scores);
  for (const { name, prorated } of scores)
    if (prorated?.some((flag) => flag === 1))
      columns.set(`${name}_prorated`, {
        kind: "numeric",
        values: Float64Array.from(rows, (r) => prorated[r]!),
      });
  const scope = new Scope(
    spec,
    (name, covariate) => typedColumn(preparation, name, covariate),
    linesOf(preparation, rows),
    new Map(columns),
    (name, column, covariate, varies) => settle(name, column, covariate, varies, personStart, notes),
  );
  for (const { name } of spec.covariates) columns.set(name, scope.column(name));
  return { nRows: rows.length, nPersons: personIds.length, personIds, personStart, columns };
}

function personsOf(
  spec: PrepSpec,
  rows: Int32Array,
  groups: Groups,
): { readonly personIds: readonly string[]; readonly personStart: Int32Array } {
  const { groupOf, groupPerson, personIds } = groups;
  const start = new Int32Array(groupPerson.length + 1);
  const used = new Int32Array(groupPerson.length);
  let n = 0;
  let before = -1;
  for (let i = 0; i < rows.length; i++) {
    const group = groupOf[rows[i]!]!;
    if (group === before) continue;
    used[n] = group;
    start[n++] = i;
    before = group;
  }
  start[n] = rows.length;
  const personStart = start.subarray(0, n + 1);
  // Everybody is there, under their own identifier: groups come in order.
  if (spec.episode === undefined && n === personIds.length) return { personIds, personStart };
  return {
    personIds: Array.from(used.subarray(0, n), (group) => groupName(spec, groups, group)),
    personStart,
  };
}

/**
 * Time and measures over rows.
 * @param spec - the preparation
 * @param rows - the rows
 * @param times - their times
 * @param scores - of the measures, over all rows
 * @returns columns by name
 */
export function givenColumns(
  spec: PrepSpec,
  rows: Int32Array,
  times: Float64Array,
  scores: readonly Scores[],
): Map<string, Column> {
  const columns = new Map<string, Column>([[spec.time.name, { kind: "numeric", values: times }]]);
  for (const { name, values } of scores)
    columns.set(name, { kind: "numeric", values: takeAll(values, rows) });
  return columns;
}

/** Takes a covariate as constant within persons, unless it is meant to vary, or plainly does. */
function settle(
  name: string,
  column: Column,
  covariate: CovariateSpec | undefined,
  varies: boolean,
  personStart: Int32Array,
  notes: string[],
): Column {
  const wanted = covariate?.timeVarying;
  if (wanted === true || (wanted === undefined && varies)) return column;
  const { held, nVarying, nSeveral } = holdFirst(column, personStart);
  if (nVarying === 0) return held;
  // A column read only inside expressions is not judged: its covariate is.
  if (covariate === undefined) return column;
  const share = `in ${nVarying} of ${nSeveral} persons with several sessions`;
  if (wanted === undefined && nVarying > nSeveral / 2) {
    notes.push(`${name}: changes ${share}, so it is taken as varying over time.`);
    return column;
  }
  notes.push(
    `${name}: changes ${share}; each person's first value is used` +
      `${wanted === undefined ? " (set timeVarying to keep the changes)" : ""}.`,
  );
  return held;
}

/** Makes a column constant within persons: each person's first value that is not missing; and how many it changed. */
function holdFirst(
  column: Column,
  personStart: Int32Array,
): {
  readonly held: Column;
  /** Persons with more than one value. */
  readonly nVarying: number;
  /** Persons with several rows. */
  readonly nSeveral: number;
} {
  const n = personStart.length - 1;
  const from = column.kind === "numeric" ? column.values : column.codes;
  const isMissing =
    column.kind === "numeric"
      ? (value: number): boolean => Number.isNaN(value)
      : (value: number): boolean => value < 0;
  const out = from.slice();
  let nVarying = 0;
  let nSeveral = 0;
  for (let p = 0; p < n; p++) {
    const begin = personStart[p]!;
    const end = personStart[p + 1]!;
    if (end - begin < 2) continue;
    nSeveral++;
    let first = begin;
    while (first < end && isMissing(from[first]!)) first++;
    if (first === end) continue;
    const value = from[first]!;
    let differs = false;
    for (let r = begin; r < end; r++) {
      if (!isMissing(from[r]!) && from[r] !== value) differs = true;
      out[r] = value;
    }
    if (differs) nVarying++;
  }
  const held: Column =
    column.kind === "numeric"
      ? { kind: "numeric", values: out as Float64Array }
      : { kind: "factor", codes: out as Int32Array, levels: column.levels };
  return { held, nVarying, nSeveral };
}
