import { type Column, type LongTable, takeRows } from "../../core/table.js";
import type { Atom } from "../formula.js";
import type { ModelSpec } from "../spec.js";
import { type Coding, emptyCoding, evaluateAtom } from "../terms.js";
import { numericValues } from "./columns.js";
import { type Kept, keepRows } from "./keepRows.js";
import type { ParsedModel } from "./parse.js";
import { evaluateParts } from "./parts.js";
import { personColumns } from "./persons.js";
import type { EvaluatedModel } from "./stored.js";
import type { StoredDesign } from "./types.js";

/** A model, its data, and what is known of their columns. */
export type ModelSource = Pick<EvaluatedModel, "table" | "spec" | "model" | "personSymbols">;

/**
 * Evaluates a model to be fitted. Knots are those of the rows kept, so where a formula has curves with knots the rows are
 * found first (whether a value is missing does not depend on the knots).
 * @param source - the model and its data
 * @param centre - what powers of time are counted from; null: from zero
 * @returns its columns and the rows it can use
 * @throws InputError as `evaluateParts` and `keepRows`
 */
export function evaluateModel(source: ModelSource, centre: number | null): EvaluatedModel {
  const { table, spec, model, personSymbols } = source;
  const curves = curveAtoms(model);
  const coding = emptyCoding();
  for (const { text, degree, knots } of curves)
    coding.knots[text] = {
      boundary: [0, 1],
      interior: knots.length > 0 ? knots : Array.from({ length: degree - 1 }, (_, j) => (j + 1) / degree),
    };
  const parts = evaluateParts(table, spec, model, personSymbols, coding, centre);
  const kept = keepRows(table, spec, parts);
  if (curves.length === 0) return { ...source, parts, kept, coding, centre };
  const known: Coding = { ...coding, knots: knotsOfKept(source, curves, kept) };
  return {
    ...source,
    parts: evaluateParts(table, spec, model, personSymbols, known, centre),
    kept,
    coding: known,
    centre,
  };
}

/**
 * Evaluates a fitted model over new data.
 * @param source - the model and the data
 * @param stored - its design
 * @returns its columns, coded as when it was fitted, and the rows it can use
 * @throws InputError as `evaluateParts` and `keepRows`
 */
export function evaluateStored(source: ModelSource, stored: StoredDesign): EvaluatedModel {
  const { table, spec, model, personSymbols } = source;
  const centre = stored.centring?.centre ?? null;
  const parts = evaluateParts(table, spec, model, personSymbols, stored.coding, centre);
  return { ...source, parts, kept: keepRows(table, spec, parts), coding: stored.coding, centre };
}

/** Atoms of the formulas whose columns depend on knots, each once. */
function curveAtoms(model: ParsedModel): Atom[] {
  const terms = [model.fixed, model.random, model.membership].flatMap((formula) => formula.terms);
  const curves = terms
    .flatMap((term) => term.atoms)
    .filter(({ kind }) => kind === "ns" || kind === "piecewise");
  return [...new Map(curves.map((atom) => [atom.text, atom])).values()];
}

/** Knots over the rows kept, or over the persons kept where the variable is constant within persons. */
function knotsOfKept(
  { table, personSymbols }: ModelSource,
  curves: readonly Atom[],
  kept: Kept,
): Coding["knots"] {
  const coding = emptyCoding();
  const persons = personColumns(table, personSymbols);
  for (const atom of curves) {
    const { symbols } = atom.expression;
    const perPerson = symbols.every((symbol) => personSymbols.has(symbol));
    const at = perPerson ? kept.persons : kept.rows;
    const columns = new Map<string, Column>();
    for (const symbol of symbols) {
      const column = (perPerson ? persons : table.columns).get(symbol);
      if (column !== undefined) columns.set(symbol, at === null ? column : takeRows(column, at));
    }
    evaluateAtom(atom, columns, at?.length ?? table.nRows, coding);
  }
  return coding.knots;
}

/**
 * The mean time of the rows with a score: what powers of time are counted from inside.
 * @param table - long table
 * @param spec - the model
 * @returns the mean; exactly the time where there is only one; 0 without rows
 */
export function centreOfTime(table: LongTable, spec: ModelSpec): number {
  const time = numericValues(table, spec.time);
  const outcome = numericValues(table, spec.outcome);
  let first = Number.NaN;
  let sum = 0;
  let n = 0;
  for (let r = 0; r < time.length; r++) {
    const t = time[r]!;
    if (!Number.isFinite(t) || !Number.isFinite(outcome[r]!)) continue;
    if (n === 0) first = t;
    // Summed from the first time on, so that far-off times keep their digits.
    sum += t - first;
    n++;
  }
  return n === 0 ? 0 : first + sum / n;
}
