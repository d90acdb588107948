import type { RowAccount } from "./account.js";
import type { CellColumn, OccasionRows } from "./rows.js";
import type { MeasureSpec, PrepSpec } from "./types.js";
import { CELL_BAD, CELL_MISSING, CELL_OK, missingTest, readNumbers } from "./values.js";

/** Scores of one measure, one entry per occasion. */
export interface Scores {
  readonly name: string;
  /** NaN where missing or invalid. */
  readonly values: Float64Array;
  /** 1 where the total was prorated; null when the measure came as totals. */
  readonly prorated: Uint8Array | null;
}

/** A cell that was taken as missing though its row is used. */
export interface BlankedCell {
  readonly row: number;
  readonly reason: string;
  readonly column: string;
}

// What can be wrong with a score, worst last; the codes index REASONS.
const OK = 0;
const MISSING = 1;
const ITEMS_MISSING = 2;
const NOT_A_NUMBER = 3;
const OUT_OF_RANGE = 4;
const FRACTIONAL = 5;

interface ReadMeasure extends Scores {
  /** OK … FRACTIONAL per occasion. */
  readonly trouble: Uint8Array;
  /** Number of occasions with trouble. */
  readonly nTroubled: number;
  readonly notes: readonly string[];
  /** Name of the column that is at fault. */
  columnAt(row: number): string;
}

/**
 * Reads and checks the scores of every measure. A row stays in use when at least one measure has a valid score;
 * the invalid cells of such a row are blanked.
 * @param spec - the preparation
 * @param occasions - the rows
 * @param account - rows without any valid score are set aside in it
 * @returns the scores, cells blanked in rows that are used, and notes
 */
export function readScores(
  spec: PrepSpec,
  occasions: OccasionRows,
  account: RowAccount,
): {
  readonly scores: readonly Scores[];
  readonly blanked: readonly BlankedCell[];
  readonly notes: string[];
} {
  const measures = spec.measures.map((measure, m) => readMeasure(spec, measure, occasions, m));
  const codes = declareReasons(spec.measures, account);
  const blanked: BlankedCell[] = [];
  if (measures.every(({ nTroubled }) => nTroubled === 0))
    return { scores: measures, blanked, notes: measures.flatMap(({ notes }) => notes) };
  for (let r = 0; r < occasions.nRows; r++) {
    if (!account.inUse(r)) continue;
    let valid = false;
    let worst = -1;
    for (let m = 0; m < measures.length; m++) {
      const trouble = measures[m]!.trouble[r]!;
      if (trouble === OK) valid = true;
      else if (worst < 0 || trouble > measures[worst]!.trouble[r]!) worst = m;
    }
    if (worst < 0) continue;
    if (!valid) account.setAside(r, codes[measures[worst]!.trouble[r]!]!, measures[worst]!.columnAt(r));
    else
      for (const { trouble, columnAt } of measures)
        if (trouble[r]! >= NOT_A_NUMBER)
          blanked.push({ row: r, reason: REASON_NAMES[trouble[r]!]!, column: columnAt(r) });
  }
  return { scores: measures, blanked, notes: measures.flatMap(({ notes }) => notes) };
}

const REASON_NAMES = [
  "",
  "score-missing",
  "items-missing",
  "score-not-a-number",
  "score-out-of-range",
  "score-fractional",
];

function declareReasons(measures: readonly MeasureSpec[], account: RowAccount): number[] {
  const ranges = measures
    .map(({ label, minimum, maximum }) => `${label} ${minimum} to ${maximum}`)
    .join(", ");
  const words = [
    "",
    measures.length > 1 ? "No measure has a score." : "The score is missing.",
    "More items are missing than may be prorated.",
    "The score is not a number.",
    `The score is outside the possible range (${ranges}).`,
    "The score is not a whole number.",
  ];
  return REASON_NAMES.map((name, i) => (i === OK ? 0 : account.reason(name, words[i]!)));
}

function readMeasure(spec: PrepSpec, measure: MeasureSpec, occasions: OccasionRows, m: number): ReadMeasure {
  const cells = occasions.scores[m]!;
  return cells.kind === "total"
    ? readTotals(spec, measure, cells.cells)
    : readItems(spec, measure, cells.items, occasions.nRows);
}

function readTotals(spec: PrepSpec, measure: MeasureSpec, cells: CellColumn): ReadMeasure {
  const meanings = readNumbers(cells, missingTest(spec.missing), measure.name);
  const troubleOf = Uint8Array.from(meanings.status, (status, v) => {
    if (status === CELL_MISSING) return MISSING;
    if (status === CELL_BAD) return NOT_A_NUMBER;
    return checkTotal(measure, meanings.numbers[v]!);
  });
  const n = cells.codes.length;
  const values = new Float64Array(n);
  const trouble = new Uint8Array(n);
  const scoreOf = meanings.numbers.map((value, v) => (troubleOf[v] === OK ? value : Number.NaN));
  const anyTrouble = troubleOf.some((found) => found !== OK);
  let nTroubled = 0;
  for (let r = 0; r < n; r++) values[r] = scoreOf[cells.codes[r]!]!;
  if (anyTrouble)
    for (let r = 0; r < n; r++) {
      trouble[r] = troubleOf[cells.codes[r]!]!;
      if (trouble[r] !== OK) nTroubled++;
    }
  const { name } = measure;
  return {
    name,
    values,
    prorated: null,
    trouble,
    nTroubled,
    notes: [...meanings.notes, ...noteItem(measure, scoreOf, n - nTroubled)],
    columnAt: (row) => cells.nameAt(row),
  };
}

/** Scores from which a low maximum says something. */
const ENOUGH_SCORES = 50;

/** Totals that never leave the range of one item are probably one item, which is named as the total is (PHQ9). */
function noteItem(measure: MeasureSpec, distinct: Float64Array, n: number): string[] {
  const { name, label, minimum, maximum, itemMaximum } = measure;
  const low = Math.max(itemMaximum ?? minimum, minimum + 0.12 * (maximum - minimum));
  let highest = Number.NEGATIVE_INFINITY;
  for (const value of distinct) if (value > highest) highest = value;
  if (n < ENOUGH_SCORES || highest > low || low >= maximum) return [];
  return [
    `${name}: the highest of ${n} scores is ${highest}, where ${label} goes to ${maximum}; the column (${measure.pattern ?? measure.column ?? name}) ` +
      "is probably a single item, not the total. Name the columns of all items (items) if so.",
  ];
}

function checkTotal(measure: MeasureSpec, score: number): number {
  if (score < measure.minimum || score > measure.maximum) return OUT_OF_RANGE;
  return measure.fractional !== true && !Number.isInteger(score) ? FRACTIONAL : OK;
}

/** An item with what became of each distinct value. */
interface ReadItem {
  readonly item: CellColumn;
  readonly numbers: Float64Array;
  readonly trouble: Uint8Array;
}

function readItem(spec: PrepSpec, measure: MeasureSpec, item: CellColumn): ReadItem {
  const { numbers, status } = readNumbers(item, missingTest(spec.missing), measure.name);
  const trouble = Uint8Array.from(status, (s, v) => {
    if (s !== CELL_OK) return s === CELL_MISSING ? MISSING : NOT_A_NUMBER;
    if (numbers[v]! < 0 || numbers[v]! > measure.itemMaximum!) return OUT_OF_RANGE;
    return Number.isInteger(numbers[v]!) ? OK : FRACTIONAL;
  });
  return { item, numbers, trouble };
}

/**
 * Totals of items. With k items of which s are missing, and s within the rule, the total is the sum of the
 * rest times k / (k - s), rounded half up (NHS Talking Therapies manual: at most 2 of the PHQ-9's 9 items, 1 of
 * the GAD-7's 7).
 */
function readItems(
  spec: PrepSpec,
  measure: MeasureSpec,
  items: readonly CellColumn[],
  n: number,
): ReadMeasure {
  const read = items.map((item) => readItem(spec, measure, item));
  const allowed = measure.maximumMissingItems ?? 0;
  const values = new Float64Array(n).fill(Number.NaN);
  const prorated = new Uint8Array(n);
  const trouble = new Uint8Array(n);
  const faulty = new Int16Array(n);
  let nProrated = 0;
  for (let r = 0; r < n; r++) {
    const { sum, missing, worst, at } = sumOfItems(read, r);
    faulty[r] = at;
    if (worst !== OK) trouble[r] = worst;
    else if (missing === read.length) trouble[r] = MISSING;
    else if (missing > allowed) trouble[r] = ITEMS_MISSING;
    else {
      const total = Math.floor((sum * read.length) / (read.length - missing) + 0.5);
      trouble[r] = checkTotal(measure, total);
      if (trouble[r] !== OK) continue;
      values[r] = total;
      if (missing > 0) {
        prorated[r] = 1;
        nProrated++;
      }
    }
  }
  return {
    name: measure.name,
    values,
    prorated,
    trouble,
    nTroubled: trouble.reduce((count, found) => count + (found === OK ? 0 : 1), 0),
    notes: nProrated === 0 ? [] : [proratedNote(measure.name, allowed, read.length, nProrated)],
    columnAt: (row) => items[faulty[row]!]!.nameAt(row),
  };
}

/** Sum of the items a row has, how many are missing, the worst trouble, and the first item with it. */
function sumOfItems(
  read: readonly ReadItem[],
  row: number,
): { readonly sum: number; readonly missing: number; readonly worst: number; readonly at: number } {
  let sum = 0;
  let missing = 0;
  let worst: number = OK;
  let at = 0;
  for (let i = 0; i < read.length; i++) {
    const { item, numbers, trouble } = read[i]!;
    const code = item.codes[row]!;
    const found = trouble[code]!;
    if (found === OK) sum += numbers[code]!;
    else if (found === MISSING) missing++;
    else if (found > worst) {
      worst = found;
      at = i;
    }
  }
  return { sum, missing, worst, at };
}

function proratedNote(name: string, allowed: number, nItems: number, nProrated: number): string {
  return (
    `${name}: totals prorated because up to ${allowed} of ${nItems} items are missing: ${nProrated}; ` +
    `the column ${name}_prorated says which.`
  );
}
