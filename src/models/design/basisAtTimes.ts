import type { Column } from "../../core/table.js";
import { curveColumnNames } from "../formula/atom.js";
import { type Atom, parseFormula } from "../formula.js";
import type { ModelSpec } from "../spec.js";
import type { AtomColumns } from "../terms.js";
import { evaluateTimedAtom, timedColumns } from "./centring.js";
import { multiplyAll, productName } from "./products.js";
import type { StoredDesign } from "./types.js";

/**
 * Basis columns at given times, other row-level covariates held at their mean over the rows fitted.
 * @param spec - the model
 * @param stored - its fitted design
 * @param times - times, user's unit
 * @returns one array per basis column (user's scale), each of length times.length
 */
export function basisAtTimes(
  spec: ModelSpec,
  stored: StoredDesign,
  times: readonly number[],
): Float64Array[] {
  return evaluateAt(spec, stored, times, null);
}

/**
 * The same on the internal scale: time centred where the design is, columns divided by their scale. What is computed from it
 * with internal parameters keeps its digits at times far from zero.
 * @param spec - the model
 * @param stored - its fitted design
 * @param times - times, user's unit
 * @returns one array per basis column, each of length times.length
 */
export function internalBasisAtTimes(
  spec: ModelSpec,
  stored: StoredDesign,
  times: readonly number[],
): Float64Array[] {
  return evaluateAt(spec, stored, times, stored.centring?.centre ?? null).map((values, j) =>
    values.map((value) => value / stored.scaling.basis[j]!),
  );
}

function evaluateAt(
  spec: ModelSpec,
  stored: StoredDesign,
  times: readonly number[],
  centre: number | null,
): Float64Array[] {
  const n = times.length;
  const timed = timedColumns(columnsAtTimes(spec, stored, times), spec.time, centre);
  const personSymbols = new Set(stored.personSymbols);
  const byName = new Map<string, Float64Array>([["(Intercept)", new Float64Array(n).fill(1)]]);
  for (const term of [...parseFormula(spec.random).terms, ...parseFormula(spec.fixed).terms]) {
    const atoms = term.atoms
      .filter((atom) => !atom.expression.symbols.every((s) => personSymbols.has(s)))
      .map((atom) =>
        atom.expression.symbols.includes(spec.time)
          ? evaluateTimedAtom(atom, timed, n, stored.coding, true)
          : heldAtMean(atom, stored, n),
      );
    const product = multiplyAll(atoms, n);
    product.names.forEach((name, j) => {
      byName.set(productName(name), product.values[j]!);
    });
  }
  return stored.basisNames.map((name) => byName.get(name) ?? new Float64Array(n));
}

/** The time column, and those that share an expression with it at their mean or most frequent category. */
function columnsAtTimes(
  spec: ModelSpec,
  stored: StoredDesign,
  times: readonly number[],
): Map<string, Column> {
  const n = times.length;
  const columns = new Map<string, Column>([
    [spec.time, { kind: "numeric", values: Float64Array.from(times) }],
  ]);
  for (const [symbol, value] of Object.entries(stored.symbolMeans))
    columns.set(symbol, { kind: "numeric", values: new Float64Array(n).fill(value) });
  for (const [symbol, level] of Object.entries(stored.symbolModes ?? {}))
    columns.set(symbol, { kind: "factor", codes: new Int32Array(n), levels: [level] });
  return columns;
}

/** Columns of an atom without time, each constant at its mean over the rows fitted. */
function heldAtMean(atom: Atom, stored: StoredDesign, n: number): AtomColumns {
  const levels = stored.coding.levels[atom.text];
  const candidates = levels === undefined ? [atom.text] : levels.map((level) => `${atom.text}[${level}]`);
  candidates.push(...curveColumnNames(atom));
  const names = candidates.filter((name) => name in stored.rowMeans);
  return { names, values: names.map((name) => new Float64Array(n).fill(stored.rowMeans[name]!)) };
}
