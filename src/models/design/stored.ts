import { InputError } from "../../core/errors.js";
import type { LongTable } from "../../core/table.js";
import type { ModelSpec } from "../spec.js";
import type { Coding } from "../terms.js";
import { mean, numericValues, takeValues } from "./columns.js";
import type { Kept } from "./keepRows.js";
import type { ParsedModel } from "./parse.js";
import type { Parts } from "./parts.js";
import { describeTimes, type TimeSummary } from "./times.js";
import type { StoredDesign } from "./types.js";

/** A model's formulas evaluated over a table, and the rows that it can use. */
export interface EvaluatedModel {
  readonly table: LongTable;
  readonly spec: ModelSpec;
  readonly model: ParsedModel;
  readonly parts: Parts;
  readonly kept: Kept;
  readonly coding: Coding;
  /** What powers of time are counted from; null: from zero. */
  readonly centre: number | null;
  /** Names of columns constant within persons. */
  readonly personSymbols: ReadonlySet<string>;
}

/** What of a stored design is known only when the columns are scaled and the combinations left out. */
type ScaledPart =
  | "membershipNames"
  | "fixedColumns"
  | "dropped"
  | "scaling"
  | "centring"
  | "personMeans"
  | "occasions";

/**
 * All that is needed to build the same design for new people.
 * @param evaluated - the model and its columns
 * @param scaled - scale and columns in use
 * @returns plain JSON
 */
export function storeDesign(evaluated: EvaluatedModel, scaled: Pick<StoredDesign, ScaledPart>): StoredDesign {
  const { parts, kept } = evaluated;
  const rowMeans: Record<string, number> = {};
  for (const [name, values] of parts.still) rowMeans[name] = mean(values, kept.rows);
  return {
    basisNames: parts.basisNames,
    personNames: parts.personNames,
    membershipNames: scaled.membershipNames,
    nRandom: parts.nRandom,
    fixedColumns: scaled.fixedColumns,
    dropped: scaled.dropped,
    coding: evaluated.coding,
    personSymbols: [...evaluated.personSymbols],
    scaling: scaled.scaling,
    ...(scaled.centring === undefined ? {} : { centring: scaled.centring }),
    personMeans: scaled.personMeans,
    rowMeans,
    symbolMeans: symbolMeans(evaluated),
    symbolModes: symbolModes(evaluated),
    times: summarizeTimes(evaluated),
    ...(scaled.occasions === undefined ? {} : { occasions: scaled.occasions }),
  };
}

/**
 * Checks that new data give the columns of the fitted model: a column in another kind (text for numbers) would make
 * other terms of it.
 * @param stored - design of the fitted model
 * @param parts - columns of the new data
 * @throws InputError naming both sets of columns where they differ
 */
export function checkSameColumns(stored: StoredDesign, parts: Parts): void {
  const pairs = [
    ["basis", stored.basisNames, parts.basisNames],
    ["person-level", stored.personNames, parts.personNames],
  ] as const;
  for (const [what, expected, actual] of pairs)
    if (expected.join("\n") !== actual.join("\n"))
      throw new InputError({
        code: "different-design",
        where: `${what} columns`,
        message: `These data give ${actual.join(", ")}.`,
        expected: `the columns of the fitted model, ${expected.join(", ")}`,
        fix: "Give every column the type (numbers or text) that it had when the model was fitted.",
      });
}

function summarizeTimes({ table, spec, model, kept, coding }: EvaluatedModel): TimeSummary {
  const isCategory = [...model.fixed.terms, ...model.random.terms].some((term) =>
    term.atoms.some((atom) => atom.expression.symbols.includes(spec.time) && atom.text in coding.levels),
  );
  return describeTimes(takeValues(numericValues(table, spec.time), kept.rows), kept.start, isCategory);
}

/** Columns that stand together with time in one atom of the basis, as in `month^age`. */
function mixedSymbols({ spec, model }: EvaluatedModel): Set<string> {
  const atoms = [...model.fixed.terms, ...model.random.terms].flatMap((term) => term.atoms);
  const mixed = atoms.filter((atom) => atom.expression.symbols.includes(spec.time));
  return new Set(mixed.flatMap((atom) => atom.expression.symbols).filter((symbol) => symbol !== spec.time));
}

function symbolMeans(evaluated: EvaluatedModel): Record<string, number> {
  const out: Record<string, number> = {};
  for (const symbol of mixedSymbols(evaluated)) {
    const column = evaluated.table.columns.get(symbol);
    if (column?.kind === "numeric") out[symbol] = mean(column.values, evaluated.kept.rows);
  }
  return out;
}

function symbolModes(evaluated: EvaluatedModel): Record<string, string> {
  const out: Record<string, string> = {};
  for (const symbol of mixedSymbols(evaluated)) {
    const column = evaluated.table.columns.get(symbol);
    if (column?.kind !== "factor") continue;
    const counts = column.levels.map(() => 0);
    const { rows } = evaluated.kept;
    const n = rows?.length ?? column.codes.length;
    for (let r = 0; r < n; r++) {
      const code = column.codes[rows === null ? r : rows[r]!]!;
      if (code >= 0) counts[code]!++;
    }
    out[symbol] = column.levels[counts.indexOf(Math.max(...counts))]!;
  }
  return out;
}
