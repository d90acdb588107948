import type { LongTable } from "../core/table.js";
import { findingAt, RowAccount } from "./account.js";
import { checkColumns, wantedColumns } from "./columns.js";
import { Database } from "./duckdb.js";
import { exclude } from "./exclusions.js";
import { fileNotes } from "./fileNotes.js";
import { chooseEpisodes, findGroups, type Groups, sortRows } from "./groups.js";
import { applyLimits, settleDuplicates } from "./limits.js";
import { listBlanked, listSetAside, nothingLeft } from "./listing.js";
import { longTable } from "./longTable.js";
import { makePersons } from "./persons.js";
import { byOccasion, type Preparation } from "./preparation.js";
import { layOut } from "./rows.js";
import { type BlankedCell, readScores } from "./scores.js";
import { openSources, readSources } from "./source.js";
import { resolvePrepSpec } from "./spec.js";
import { readOrigins, readPositions, timesOf } from "./time.js";
import type { Cohort, PrepSpecInput } from "./types.js";

/** Rows set aside that the cohort lists in full, unless the specification says otherwise. */
const SET_ASIDE_LIMIT = 1000;

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
    const occasions = layOut(spec, structure, raw);
    return applyRules({
      spec,
      raw,
      occasions,
      account: new RowAccount(occasions.nRows),
      notes: [...occasions.notes],
      typedColumns: new Map(),
    });
  } finally {
    db.close();
  }
}

function applyRules(preparation: Preparation): Cohort {
  const { spec, raw, occasions, account, notes } = preparation;
  if (raw.nRows === 0) throw nothingLeft(preparation, new Int32Array(0), "The data have no rows.");
  const episodeColumn = spec.episode === undefined ? null : byOccasion(preparation, spec.episode);
  const groups = findGroups(spec, byOccasion(preparation, spec.id), episodeColumn, account);
  notes.push(...fileNotes(preparation, groups));
  const { scores, blanked, notes: scoreNotes } = readScores(spec, occasions, account);
  const { positions, notes: timeNotes } = readPositions(spec, occasions, account);
  notes.push(...scoreNotes, ...timeNotes);
  const origins = originsOf(preparation, groups);
  const sorted = sortRows(account, groups.groupOf, groups.groupPerson.length, positions.order);
  const left = exclude(preparation, sorted, { groups, scores, positions, origins });
  const episodes = chooseEpisodes(spec, groups, left, positions.order, positions.isDate, account);
  const settled = settleDuplicates(spec, episodes.rows, groups.groupOf, positions.slot, scores, account);
  notes.push(...episodes.notes, ...settled.notes);
  const times = timesOf(spec, positions, settled.rows, groups.groupOf, origins);
  let before = 0;
  for (let i = 0; i < times.length; i++) if (times[i]! < 0) before++;
  if (before > 0) notes.push(`Sessions before the origin of time: ${before}; their times are negative.`);
  const { rows, times: keptTimes } = applyLimits(spec, settled.rows, times, groups.groupOf, account);
  if (rows.length === 0) throw nothingLeft(preparation, groups.personOf, "No row is left to analyse.");
  const long = longTable(preparation, rows, keptTimes, groups, scores);
  return cohortOf(preparation, long, rows, groups, blanked);
}

/** Origin of time by group, where a column gives it. */
function originsOf(preparation: Preparation, groups: Groups): Float64Array | null {
  const { spec, account, notes: allNotes } = preparation;
  if (spec.time.origin !== "column" || spec.time.kind === "session") return null;
  const column = byOccasion(preparation, spec.time.originColumn!);
  const { origins, notes } = readOrigins(spec, column, groups.groupOf, groups.groupPerson.length, account);
  allNotes.push(...notes);
  return origins;
}

function cohortOf(
  preparation: Preparation,
  long: LongTable,
  rows: Int32Array,
  groups: Groups,
  blanked: readonly BlankedCell[],
): Cohort {
  const { spec, account, raw } = preparation;
  const limit = spec.setAsideLimit ?? SET_ASIDE_LIMIT;
  const setAsideTable = listSetAside(preparation, groups);
  const blankedTable = listBlanked(preparation, groups, rows, blanked);
  const notes = [...preparation.notes];
  if (blankedTable.count > 0)
    notes.push(
      `Invalid values in rows that are used: ${blankedTable.count}, taken as missing (listed as cells among what is set aside).`,
    );
  // Made when asked for: a fit alone needs neither outcomes nor descriptions.
  const people = once(() => makePersons(spec, long));
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

/** A function that does its work at the first call and remembers the result. */
function once<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
