import type { RowAccount } from "./account.js";
import type { TextColumn } from "./intern.js";
import type { PrepSpec } from "./types.js";
import { missingTest } from "./values.js";

/** Which person, and which episode of care, each occasion belongs to; a group is one episode of one person. */
export interface Groups {
  /** -1 where the identifier is missing. */
  readonly personOf: Int32Array;
  /** -1 where the identifier or the episode is missing. */
  readonly groupOf: Int32Array;
  /** Identifiers, in order of first appearance. */
  readonly personIds: readonly string[];
  /** Person of each group. */
  readonly groupPerson: Int32Array;
  /** Episode of each group, as text; empty when there are no episodes. */
  readonly groupEpisode: readonly string[];
}

/**
 * Finds persons and episodes; identifiers stay text, surrounding spaces removed.
 * @param spec - the preparation
 * @param id - the identifier by occasion
 * @param episode - the episode by occasion; null when there is no such column
 * @param account - rows without identifier or episode are set aside in it
 * @returns persons in order of first appearance; groups by person, then in order of first appearance
 */
export function findGroups(
  spec: PrepSpec,
  id: TextColumn,
  episode: TextColumn | null,
  account: RowAccount,
): Groups {
  const n = id.codes.length;
  const persons = denseCodes(id, spec);
  const noId = account.reason("id-missing", `The identifier (${spec.id}) is missing.`);
  for (let r = 0; r < n; r++) if (persons.codes[r]! < 0) account.setAside(r, noId, spec.id);
  if (episode === null) {
    const groupPerson = new Int32Array(persons.values.length);
    for (let i = 0; i < groupPerson.length; i++) groupPerson[i] = i;
    return {
      personOf: persons.codes,
      groupOf: persons.codes,
      personIds: persons.values,
      groupPerson,
      groupEpisode: [],
    };
  }
  const episodes = denseCodes(episode, spec);
  const noEpisode = account.reason("episode-missing", `The episode (${spec.episode}) is missing.`);
  const groupOf = new Int32Array(n).fill(-1);
  const groupPerson: number[] = [];
  const groupEpisode: string[] = [];
  const groupOfPair = new Map<number, number>();
  for (let r = 0; r < n; r++) {
    const person = persons.codes[r]!;
    const code = episodes.codes[r]!;
    if (person < 0) continue;
    if (code < 0) {
      account.setAside(r, noEpisode, spec.episode);
      continue;
    }
    const pair = person * episodes.values.length + code;
    let group = groupOfPair.get(pair);
    if (group === undefined) {
      group = groupPerson.push(person) - 1;
      groupEpisode.push(episodes.values[code]!);
      groupOfPair.set(pair, group);
    }
    groupOf[r] = group;
  }
  // Groups are numbered by person, so that persons keep the order of the file whichever episode is kept.
  const byPerson = groupPerson.map((_, g) => g).sort((a, b) => groupPerson[a]! - groupPerson[b]! || a - b);
  const renumbered = new Int32Array(groupPerson.length);
  byPerson.forEach((g, i) => {
    renumbered[g] = i;
  });
  return {
    personOf: persons.codes,
    groupOf: groupOf.map((g) => (g < 0 ? -1 : renumbered[g]!)),
    personIds: persons.values,
    groupPerson: Int32Array.from(byPerson, (g) => groupPerson[g]!),
    groupEpisode: byPerson.map((g) => groupEpisode[g]!),
  };
}

/** Codes in order of first appearance, spellings that differ only by spaces being one; -1 where missing. */
function denseCodes(column: TextColumn, spec: PrepSpec): { codes: Int32Array; values: readonly string[] } {
  const isMissing = missingTest(spec.missing);
  const { values: spellings } = column;
  // As a rule every spelling is a value of its own, and the column is what is wanted.
  if (spellings.every((value) => value.trim() === value && !isMissing(value))) return column;
  const codeOf = new Map<string, number>();
  const values: string[] = [];
  const recode = Int32Array.from(spellings, (spelling) => {
    const value = spelling.trim();
    if (isMissing(value)) return -1;
    const code = codeOf.get(value) ?? values.push(value) - 1;
    codeOf.set(value, code);
    return code;
  });
  const codes = new Int32Array(column.codes.length);
  for (let r = 0; r < codes.length; r++) codes[r] = recode[column.codes[r]!]!;
  return { codes, values };
}

/**
 * Orders the rows in use: groups together, each by position, ties in file order.
 * @param account - says which rows are in use
 * @param groupOf - group of each row
 * @param nGroups - number of groups
 * @param order - position of each row
 * @returns row numbers
 */
export function sortRows(
  account: RowAccount,
  groupOf: Int32Array,
  nGroups: number,
  order: Float64Array,
): Int32Array {
  const inOrder = account.allInUse ? rowsInOrder(groupOf, nGroups, order) : null;
  if (inOrder !== null) return inOrder;
  const start = new Int32Array(nGroups + 1);
  for (let r = 0; r < groupOf.length; r++) if (account.inUse(r)) start[groupOf[r]! + 1]!++;
  for (let g = 0; g < nGroups; g++) start[g + 1]! += start[g]!;
  const rows = new Int32Array(start[nGroups]!);
  const next = start.slice();
  for (let r = 0; r < groupOf.length; r++) if (account.inUse(r)) rows[next[groupOf[r]!]!++] = r;
  for (let g = 0; g < nGroups; g++) sortGroup(rows, start[g]!, start[g + 1]!, order);
  return rows;
}

/** All rows as they stand, where groups and positions are in order already, as in most files; else null. */
function rowsInOrder(groupOf: Int32Array, nGroups: number, order: Float64Array): Int32Array | null {
  const n = groupOf.length;
  if (n > 0 && (groupOf[0] !== 0 || groupOf[n - 1] !== nGroups - 1)) return null;
  for (let r = 1; r < n; r++) {
    const step = groupOf[r]! - groupOf[r - 1]!;
    if (step !== 1 && !(step === 0 && order[r - 1]! <= order[r]!)) return null;
  }
  const rows = new Int32Array(n);
  for (let r = 0; r < n; r++) rows[r] = r;
  return rows;
}

function sortGroup(rows: Int32Array, begin: number, end: number, order: Float64Array): void {
  let sorted = true;
  for (let i = begin + 1; i < end && sorted; i++) sorted = order[rows[i - 1]!]! <= order[rows[i]!]!;
  if (sorted) return;
  rows.subarray(begin, end).sort((a, b) => order[a]! - order[b]! || a - b);
}

/**
 * Keeps the episodes that the specification wants; the rows of the others are set aside.
 * @param spec - the preparation
 * @param groups - persons and episodes
 * @param rows - rows in use, groups together, each in order
 * @param order - position of each row
 * @param isDate - positions are dates, comparable between episodes
 * @param account - receives the rows that are set aside
 * @returns the rows still in use, and notes
 */
export function chooseEpisodes(
  spec: PrepSpec,
  groups: Groups,
  rows: Int32Array,
  order: Float64Array,
  isDate: boolean,
  account: RowAccount,
): { readonly rows: Int32Array; readonly notes: readonly string[] } {
  if (spec.episode === undefined || spec.episodes === "all") return { rows, notes: [] };
  const n = groups.groupPerson.length;
  const size = new Int32Array(n);
  const first = new Float64Array(n).fill(Number.POSITIVE_INFINITY);
  for (const r of rows) {
    const g = groups.groupOf[r]!;
    size[g]!++;
    if (order[r]! < first[g]!) first[g] = order[r]!;
  }
  const numbered = groups.groupEpisode.every((episode) => /^\d+$/.test(episode));
  const rank = isDate
    ? first
    : Float64Array.from(groups.groupEpisode, (episode, g) => (numbered ? Number(episode) : g));
  const better = (a: number, b: number): boolean => {
    if (spec.episodes === "longest" && size[a] !== size[b]) return size[a]! > size[b]!;
    if (spec.episodes === "last") return rank[a]! > rank[b]!;
    return rank[a]! < rank[b]!;
  };
  const chosen = new Int32Array(groups.personIds.length).fill(-1);
  let nSeveral = 0;
  const several = new Uint8Array(groups.personIds.length);
  for (let g = 0; g < n; g++) {
    if (size[g] === 0) continue;
    const person = groups.groupPerson[g]!;
    const best = chosen[person]!;
    if (best >= 0 && several[person] === 0) {
      several[person] = 1;
      nSeveral++;
    }
    if (best < 0 || better(g, best)) chosen[person] = g;
  }
  const reason = account.reason(
    "episode-not-chosen",
    `Only the ${spec.episodes} episode of a person is kept.`,
  );
  for (const r of rows)
    if (chosen[groups.personOf[r]!] !== groups.groupOf[r]) account.setAside(r, reason, spec.episode);
  const by = isDate ? "the date of its first session" : numbered ? "its number" : "its place in the file";
  const notes =
    nSeveral === 0
      ? []
      : [`Persons with several episodes: ${nSeveral}; the ${spec.episodes} is kept, ordered by ${by}.`];
  return { rows: account.keepInUse(rows), notes };
}

/**
 * Name of a group as a person of the analysis: the identifier, with the episode when all are analysed.
 * @param spec - the preparation
 * @param groups - persons and episodes
 * @param group - which group
 * @returns e.g. `1657f` or `1657f/2`
 */
export function groupName(spec: PrepSpec, groups: Groups, group: number): string {
  const id = groups.personIds[groups.groupPerson[group]!]!;
  return spec.episode !== undefined && spec.episodes === "all" ? `${id}/${groups.groupEpisode[group]}` : id;
}
