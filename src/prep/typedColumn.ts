import type { Column } from "../core/table.js";
import type { TextColumn } from "./intern.js";
import type { CovariateSpec } from "./types.js";
import {
  allDates,
  allNumbers,
  CELL_BAD,
  CELL_OK,
  compareLevels,
  isoDate,
  missingTest,
  readDates,
  readNumbers,
} from "./values.js";

/** A column of the file with the meaning of each distinct value. */
export interface TypedColumn {
  readonly text: TextColumn;
  readonly kind: "numeric" | "factor";
  /** Number, or code of the category (-1 missing), per distinct value. */
  readonly meaning: Float64Array;
  readonly levels: readonly string[];
  /** 1 for distinct values that were taken as missing because they make no sense. */
  readonly bad: Uint8Array;
  readonly badReason: string;
  readonly notes: readonly string[];
}

/**
 * Decides what the values of a column are: numbers, or categories.
 * @param text - the column
 * @param name - its name, for notes
 * @param spec - what the study says of it
 * @param missing - values that mean missing
 * @returns the typed column
 */
export function typeColumn(
  text: TextColumn,
  name: string,
  spec: Pick<CovariateSpec, "type" | "levels" | "missing">,
  missing: readonly string[],
): TypedColumn {
  const isMissing = missingTest(missing, spec.missing ?? []);
  const numbers = readNumbers(text, isMissing, name);
  const type = spec.type ?? (spec.levels === undefined && allNumbers(numbers) ? "numeric" : "factor");
  if (type === "numeric") {
    const bad = numbers.status.map((status) => (status === CELL_BAD ? 1 : 0));
    return {
      text,
      kind: "numeric",
      meaning: numbers.numbers,
      levels: [],
      bad,
      badReason: "covariate-not-a-number",
      notes: numbers.notes,
    };
  }
  return typeFactor(text, name, spec, isMissing, numbers.status);
}

function typeFactor(
  text: TextColumn,
  name: string,
  spec: Pick<CovariateSpec, "type" | "levels">,
  isMissing: (value: string) => boolean,
  numberStatus: Uint8Array,
): TypedColumn {
  const notes: string[] = [];
  // Dates become text in one spelling, so that days() and comparison understand them.
  const dates =
    spec.levels === undefined && allDates(text, isMissing) ? readDates(text, isMissing, name) : null;
  if (dates) notes.push(...dates.notes);
  const categories = text.values.map((value, v) =>
    isMissing(value) ? null : dates ? isoDate(dates.numbers[v]!) : value.trim(),
  );
  const found = [...new Set(categories.filter((category) => category !== null))].sort(compareLevels);
  const levels = spec.levels ?? found;
  const codeOf = new Map(levels.map((level, code) => [level, code]));
  const meaning = Float64Array.from(categories, (category) =>
    category === null ? -1 : (codeOf.get(category) ?? -1),
  );
  const bad = Uint8Array.from(categories, (category, v) => (category !== null && meaning[v]! < 0 ? 1 : 0));
  const nNumbers = numberStatus.reduce((n, status) => n + (status === CELL_OK ? 1 : 0), 0);
  if (spec.type === undefined && spec.levels === undefined && nNumbers > found.length / 2) {
    const text1 = categories.find((category, v) => category !== null && numberStatus[v] === CELL_BAD);
    notes.push(
      `${name}: taken as categories, because ${found.length - nNumbers} of its ${found.length} different values are not numbers ` +
        `(such as "${text1}"); set its type to numeric to take those as missing.`,
    );
  } else if (levels.length > 50 && !dates) notes.push(`${name}: has ${levels.length} categories.`);
  return { text, kind: "factor", meaning, levels, bad, badReason: "covariate-not-a-level", notes };
}

/**
 * Takes rows of a typed column.
 * @param typed - the column
 * @param rows - row of the file for each row wanted
 * @returns the column
 */
export function takeTyped(typed: TypedColumn, rows: Int32Array): Column {
  const { codes } = typed.text;
  const { meaning } = typed;
  const n = rows.length;
  if (typed.kind === "numeric") {
    const values = new Float64Array(n);
    for (let r = 0; r < n; r++) values[r] = meaning[codes[rows[r]!]!]!;
    return { kind: "numeric", values };
  }
  const out = new Int32Array(n);
  for (let r = 0; r < n; r++) out[r] = meaning[codes[rows[r]!]!]!;
  return { kind: "factor", codes: out, levels: typed.levels };
}
