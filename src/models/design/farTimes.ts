import type { ModelSpec } from "../spec.js";
import type { TimeShape } from "./centring.js";
import type { RowIndex } from "./columns.js";
import { type BasisColumn, isPower } from "./usedRows.js";

/** Distance from zero, in ranges, beyond which a column is nearly collinear with the intercept. */
const FAR_RANGES = 50;

/** What is looked at. */
export interface FarInput {
  readonly spec: ModelSpec;
  /** Times of the rows kept. */
  readonly time: Float64Array;
  /** Basis columns over all rows, and which rows are kept. */
  readonly basis: readonly BasisColumn[];
  readonly rows: RowIndex;
  readonly basisNames: readonly string[];
  readonly shapes: readonly TimeShape[];
  /** Why time is not centred inside; null where it is, or need not be. */
  readonly obstacle: string | null;
}

/**
 * Warnings of columns that run far from zero: time where it cannot be centred, and others, which never are.
 * @param input - the columns
 * @returns a warning each
 */
export function farWarnings({ spec, time, basis, rows, basisNames, shapes, obstacle }: FarInput): string[] {
  const out: string[] = [];
  const times = obstacle === null ? null : farRange(time);
  if (times !== null)
    out.push(
      `${describe(spec.time, times)} It cannot be centred, because ${obstacle}. Count it from near the first session.`,
    );
  basis.forEach((values, j) => {
    const range = shapes[j]!.power > 0 || isPower(values) ? null : farRange(values, rows);
    if (range !== null) out.push(`${describe(basisNames[j]!, range)} Centre it.`);
  });
  return out;
}

function describe(name: string, [lowest, highest]: readonly number[]): string {
  return `${name} runs from ${lowest} to ${highest}, far from zero, where the intercept is: estimates and standard errors lose digits.`;
}

/** Least and greatest value where they are far from zero for their range; null for constants and all others. */
function farRange(values: Float64Array, rows: RowIndex = null): [number, number] | null {
  let minimum = Number.POSITIVE_INFINITY;
  let maximum = Number.NEGATIVE_INFINITY;
  const n = rows?.length ?? values.length;
  for (let r = 0; r < n; r++) {
    const value = values[rows === null ? r : rows[r]!]!;
    if (value < minimum) minimum = value;
    if (value > maximum) maximum = value;
  }
  const nearest = Math.min(Math.abs(minimum), Math.abs(maximum));
  const isFar = minimum * maximum > 0 && nearest > FAR_RANGES * (maximum - minimum);
  return isFar && maximum > minimum ? [minimum, maximum] : null;
}
