import { InputError, nearestName, type Problem } from "../core/errors.js";
import type { TextColumn } from "./intern.js";
import type { RawTable } from "./source.js";
import type { MeasureSpec, PrepSpec } from "./types.js";
import { missingTest } from "./values.js";

/** A column over occasions; in the wide layout it gathers several columns of the file. */
export interface CellColumn extends TextColumn {
  /** Name of the file's column that an occasion's cell comes from. */
  nameAt(row: number): string;
}

/** Where a measure's scores are. */
export type ScoreCells =
  | { readonly kind: "total"; readonly cells: CellColumn }
  | { readonly kind: "items"; readonly items: readonly CellColumn[] };

/** One row per occasion, whatever the layout of the file. */
export interface OccasionRows {
  readonly nRows: number;
  /** Row of the file table that each occasion comes from; null: the same. */
  readonly source: Int32Array | null;
  /** Occasion number in the wide layout. */
  readonly occasion: Int32Array | null;
  /** In the order of the specification's measures. */
  readonly scores: readonly ScoreCells[];
  /** Time, or the column that gives the order; null: none. */
  readonly time: CellColumn | null;
  readonly notes: readonly string[];
}

/** The columns of the file that the structure of the table needs. */
export interface Structure {
  readonly scores: readonly ScoreColumns[];
  readonly time: OccasionColumns | null;
}

/** Column of each occasion number; the long layout has one occasion, 0. */
type OccasionColumns = ReadonlyMap<number, string>;

type ScoreColumns =
  | { readonly kind: "total"; readonly columns: OccasionColumns }
  | { readonly kind: "items"; readonly items: readonly OccasionColumns[] };

/**
 * Finds the columns of measures and time among those of the file.
 * @param spec - the preparation
 * @param columns - column names of the file
 * @param problems - receives what is wrong: patterns that match no column
 * @returns the columns by part; in the long layout they need not exist yet
 */
export function findStructure(spec: PrepSpec, columns: readonly string[], problems: Problem[]): Structure {
  const { time } = spec;
  if (spec.layout === "long")
    return {
      scores: spec.measures.map((measure) =>
        measure.items === undefined
          ? { kind: "total", columns: single(measure.column ?? measure.name) }
          : { kind: "items", items: measure.items.map(single) },
      ),
      time: time.column === undefined ? null : single(time.column),
    };
  const wanted = (pattern: string, where: string): ReturnType<typeof matchPattern> => {
    const found = matchPattern(pattern, columns);
    if (found.size === 0) problems.push(noMatch(pattern, where, columns));
    return found;
  };
  const scores = spec.measures.map((measure) => wideScores(measure, wanted));
  const dates = time.pattern === undefined ? null : wanted(time.pattern, "time");
  return { scores, time: dates === null ? null : (dates.get("") ?? new Map()) };
}

/**
 * Names of every column a structure uses.
 * @param structure - from `findStructure`
 * @returns the names; one may occur twice
 */
export function structureColumns(structure: Structure): string[] {
  const { scores, time } = structure;
  const parts = scores.flatMap((score) => (score.kind === "total" ? [score.columns] : score.items));
  return [...parts, ...(time === null ? [] : [time])].flatMap((part) => [...part.values()]);
}

function single(column: string): OccasionColumns {
  return new Map([[0, column]]);
}

function wideScores(
  measure: MeasureSpec,
  wanted: (pattern: string, where: string) => ReadonlyMap<string, OccasionColumns>,
): ScoreColumns {
  const pattern = measure.pattern!;
  const where = `measure ${measure.name}`;
  if (pattern.includes("{item}")) return { kind: "items", items: [...wanted(pattern, where).values()] };
  if (measure.items !== undefined) {
    // Items named one by one, each a pattern of its own or the name that `{n}` is joined to.
    const items = measure.items.map((item) => wanted(item.includes("{n}") ? item : `${item}_{n}`, where));
    return { kind: "items", items: items.map((found) => found.get("") ?? new Map()) };
  }
  return { kind: "total", columns: wanted(pattern, where).get("") ?? new Map() };
}

/** Columns that match a pattern: by item (empty without `{item}`), then by occasion number in order. */
function matchPattern(pattern: string, columns: readonly string[]): ReadonlyMap<string, OccasionColumns> {
  const expression = pattern
    .replace(/[.*+?^$()|[\]\\]/g, "\\$&")
    .replace("{n}", "(?<n>\\d+)")
    .replace("{item}", "(?<item>[A-Za-z0-9]+?)");
  const test = new RegExp(`^${expression}$`);
  const found = new Map<string, [number, string][]>();
  for (const column of columns) {
    const groups = test.exec(column)?.groups;
    if (groups?.n === undefined) continue;
    const item = groups.item ?? "";
    found.set(item, [...(found.get(item) ?? []), [Number(groups.n), column]]);
  }
  return new Map([...found].map(([item, list]) => [item, new Map(list.sort((a, b) => a[0] - b[0]))]));
}

function noMatch(pattern: string, where: string, columns: readonly string[]): Problem {
  const near = nearestName(pattern.replace("{n}", "1").replace("{item}", "1"), columns);
  return {
    code: "missing-column",
    where,
    message: `No column matches the pattern ${pattern}.`,
    fix:
      near === undefined ? `Columns: ${columns.slice(0, 12).join(", ")} …` : `The nearest column is ${near}.`,
  };
}

/**
 * Lays the file out as one row per occasion.
 * @param spec - the preparation
 * @param structure - from `findStructure`
 * @param raw - the columns as read
 * @returns the occasions. In the wide layout an occasion is a row when any of its cells holds something; a
 *   line of the file without any gives one row, so that every line is accounted for
 */
export function layOut(spec: PrepSpec, structure: Structure, raw: RawTable): OccasionRows {
  const column = (name: string): TextColumn => raw.columns.get(name)!;
  if (spec.layout === "long") {
    const cells = (columns: OccasionColumns): CellColumn => {
      const name = columns.get(0)!;
      const { codes, values } = column(name);
      return { codes, values, nameAt: () => name };
    };
    return {
      nRows: raw.nRows,
      source: null,
      occasion: null,
      scores: structure.scores.map((score) => mapScore(score, cells)),
      time: structure.time === null ? null : cells(structure.time),
      notes: [],
    };
  }
  return widen(spec, structure, raw);
}

function mapScore(score: ScoreColumns, cells: (columns: OccasionColumns) => CellColumn): ScoreCells {
  return score.kind === "total"
    ? { kind: "total", cells: cells(score.columns) }
    : { kind: "items", items: score.items.map(cells) };
}

function widen(spec: PrepSpec, structure: Structure, raw: RawTable): OccasionRows {
  const parts = [
    ...structure.scores.flatMap((score) => (score.kind === "total" ? [score.columns] : score.items)),
    ...(structure.time === null ? [] : [structure.time]),
  ];
  const occasions = [...new Set(parts.flatMap((part) => [...part.keys()]))].sort((a, b) => a - b);
  if (occasions.length === 0)
    throw new InputError({
      code: "no-occasions",
      where: "layout",
      message: "No column of an occasion was found.",
    });
  const isMissing = missingTest(spec.missing);
  const filled = occasions.map((n) =>
    parts.flatMap((part) => {
      const name = part.get(n);
      if (name === undefined) return [];
      const { codes, values } = raw.columns.get(name)!;
      return [{ codes, filled: Uint8Array.from(values, (value) => (isMissing(value) ? 0 : 1)) }];
    }),
  );
  const source: number[] = [];
  const occasion: number[] = [];
  let emptyOccasions = 0;
  let emptyLines = 0;
  for (let r = 0; r < raw.nRows; r++) {
    const before = source.length;
    for (let o = 0; o < occasions.length; o++)
      if (filled[o]!.some((cell) => cell.filled[cell.codes[r]!] === 1)) {
        source.push(r);
        occasion.push(o);
      }
    emptyOccasions += occasions.length - (source.length - before);
    if (source.length === before) {
      source.push(r);
      occasion.push(0);
      emptyLines++;
    }
  }
  const notes: string[] = [];
  if (emptyOccasions > 0)
    notes.push(
      `Wide layout: ${emptyOccasions} of ${raw.nRows * occasions.length} occasions are empty and count as no row` +
        `${emptyLines > 0 ? `; ${emptyLines} lines have no occasion at all, and are set aside as one row each` : ""}.`,
    );
  const rows = { source: Int32Array.from(source), occasion: Int32Array.from(occasion) };
  const cells = (columns: OccasionColumns): CellColumn => gatherOccasions(columns, occasions, rows, raw);
  return {
    nRows: source.length,
    source: rows.source,
    occasion: Int32Array.from(occasion, (o) => occasions[o]!),
    scores: structure.scores.map((score) => mapScore(score, cells)),
    time: structure.time === null ? null : cells(structure.time),
    notes,
  };
}

function gatherOccasions(
  columns: OccasionColumns,
  occasions: readonly number[],
  rows: { readonly source: Int32Array; readonly occasion: Int32Array },
  raw: RawTable,
): CellColumn {
  const codeOf = new Map<string, number>([["", 0]]);
  const byOccasion = occasions.map((n) => {
    const name = columns.get(n);
    if (name === undefined) return null;
    const { codes, values } = raw.columns.get(name)!;
    const recode = Int32Array.from(values, (value) => {
      let code = codeOf.get(value);
      if (code === undefined) {
        code = codeOf.size;
        codeOf.set(value, code);
      }
      return code;
    });
    return { name, codes, recode };
  });
  const codes = new Int32Array(rows.source.length);
  for (let r = 0; r < codes.length; r++) {
    const from = byOccasion[rows.occasion[r]!];
    if (from) codes[r] = from.recode[from.codes[rows.source[r]!]!]!;
  }
  return {
    codes,
    values: [...codeOf.keys()],
    nameAt: (row) => byOccasion[rows.occasion[row]!]?.name ?? "",
  };
}
