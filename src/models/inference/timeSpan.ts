import { basisAtTimes } from "../design/basisAtTimes.js";
import type { FixedColumn, StoredDesign } from "../design/types.js";
import { parseFormula } from "../formula.js";
import type { ModelSpec } from "../spec.js";

/** A model and its stored design. */
export interface Designed {
  readonly model: ModelSpec;
  readonly design: StoredDesign;
}

/** Share of a column that is left over when the others are taken out, below which it is rounding. */
const ROUNDING = 1e-7;

/**
 * Whether functions of time in a smaller model are combinations of those of a larger one at the times seen, as a straight line is
 * of a spline. Looked at separately for each person-level factor (1, age, ...).
 * @param smaller - model with fixed columns that the larger one lacks by name
 * @param larger - the larger model, of the same data
 * @param names - names of those columns
 * @returns true where all of them are
 */
export function coveredByTime(smaller: Designed, larger: Designed, names: readonly string[]): boolean {
  const times = smaller.design.times.grid;
  const basis = basisAtTimes(larger.model, larger.design, times);
  const own = basisAtTimes(smaller.model, smaller.design, times);
  return smaller.design.fixedColumns
    .filter((column) => names.includes(column.name))
    .every((column) => {
      if (!timeOnly(smaller, column)) return false;
      const factor = smaller.design.personNames[column.person]!;
      const candidates = larger.design.fixedColumns.filter(
        (other) =>
          larger.design.personNames[other.person] === factor &&
          (other.classSpecific || !column.classSpecific) &&
          timeOnly(larger, other),
      );
      return inSpan(
        own[column.basis]!,
        candidates.map((other) => basis[other.basis]!),
      );
    });
}

/** Whether the part of a column that varies within persons is made of time alone. */
function timeOnly({ model, design }: Designed, column: FixedColumn): boolean {
  const term = parseFormula(model.fixed).terms.find((each) => each.label === column.term);
  const symbols = term?.atoms.flatMap((atom) => atom.expression.symbols) ?? [];
  return symbols.every((symbol) => symbol === model.time || design.personSymbols.includes(symbol));
}

/** Whether a column is a combination of others (Gram-Schmidt, twice for accuracy). */
function inSpan(column: Float64Array, others: readonly Float64Array[]): boolean {
  const orthogonal: Float64Array[] = [];
  for (const other of others) {
    const rest = without(without(other, orthogonal), orthogonal);
    const length = norm(rest);
    if (length > ROUNDING * norm(other)) orthogonal.push(rest.map((value) => value / length));
  }
  return norm(without(without(column, orthogonal), orthogonal)) <= ROUNDING * norm(column);
}

function without(column: Float64Array, directions: readonly Float64Array[]): Float64Array {
  const out = column.slice();
  for (const direction of directions) {
    const along = out.reduce((sum, value, i) => sum + value * direction[i]!, 0);
    for (let i = 0; i < out.length; i++) out[i]! -= along * direction[i]!;
  }
  return out;
}

function norm(column: Float64Array): number {
  return Math.sqrt(column.reduce((sum, value) => sum + value * value, 0));
}
