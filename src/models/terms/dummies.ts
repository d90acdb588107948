import type { Atom } from "../formula.js";
import { type AtomColumns, type Coding, termError } from "./coding.js";

/**
 * The categories of a numeric column, ascending.
 * @param values - the column, NaN where missing
 * @returns the code of each value (-1 where missing) and the categories as text
 */
export function categoriesOf(values: Float64Array): { codes: Int32Array; levels: readonly string[] } {
  const distinct = new Set<number>();
  for (const value of values) if (!Number.isNaN(value)) distinct.add(value);
  const sorted = [...distinct].sort((a, b) => a - b);
  const codeOf = new Map(sorted.map((value, code) => [value, code]));
  return {
    codes: Int32Array.from(values, (value) => codeOf.get(value) ?? -1),
    levels: sorted.map(String),
  };
}

/**
 * Dummies of a categorical atom.
 * @param atom - the atom
 * @param codes - category of each row, -1 where missing
 * @param present - names of the categories
 * @param coding - its levels are read where it knows the atom, else filled
 * @param full - a dummy for every level, not for all but the first
 * @returns one column per level shown
 * @throws InputError for a level the model has not seen, or more than 200 levels
 */
export function dummyColumns(
  atom: Atom,
  codes: Int32Array,
  present: readonly string[],
  coding: Coding,
  full: boolean,
): AtomColumns {
  const levels = coding.levels[atom.text] ?? usedLevels(codes, present);
  if (levels.length > 200)
    throw termError(atom, "too-many-levels", {
      message: `It has ${levels.length} categories.`,
      expected: "at most 200",
      fix: "Group the categories, or make the column numeric.",
    });
  coding.levels[atom.text] = levels;
  const levelOf = new Map(levels.map((level, index) => [level, index]));
  const unseen = present.filter((level, code) => !levelOf.has(level) && codes.includes(code));
  if (unseen.length > 0)
    throw termError(atom, "unseen-level", {
      message: `The model has not seen ${unseen.map((level) => `"${level}"`).join(", ")}.`,
      expected: `one of ${levels.join(", ")}`,
    });
  const shown = full ? levels : levels.slice(1);
  const first = full ? 0 : 1;
  const values = shown.map(() => new Float64Array(codes.length));
  for (let r = 0; r < codes.length; r++) {
    const code = codes[r]!;
    if (code < 0) for (const column of values) column[r] = Number.NaN;
    else {
      const index = levelOf.get(present[code]!)! - first;
      if (index >= 0) values[index]![r] = 1;
    }
  }
  return { names: shown.map((level) => `${atom.text}[${level}]`), values };
}

/** Levels that occur, in the column's order: an unused level would be a column of zeros. */
function usedLevels(codes: Int32Array, levels: readonly string[]): readonly string[] {
  const used = new Uint8Array(levels.length);
  for (let r = 0; r < codes.length; r++) if (codes[r]! >= 0) used[codes[r]!] = 1;
  return levels.filter((_, code) => used[code] === 1);
}
