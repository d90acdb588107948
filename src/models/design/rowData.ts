import type { MomentRows, Moments } from "./moments.js";

/**
 * Rows of every person, for models that sums over rows do not suffice for: residuals that differ by occasion or are
 * correlated, a time basis with free loadings. Persons in the order of the moments; a pattern's rows are stored once.
 * Internal scale, as in {@link Moments}.
 */
export interface RowData {
  /** Occasions with a residual variance or a loading of their own. */
  readonly nOccasions: number;
  /** Index of the latent basis column; -1 without one. */
  readonly latentBasis: number;
  /** First of each pattern's rows in the three arrays below; nPatterns + 1. */
  readonly patternRow: Int32Array;
  /** Basis columns, m per pattern row. */
  readonly basis: Float64Array;
  /** Occasion of each pattern row, from 0. */
  readonly occasion: Int32Array;
  /** Time since the row before, in units of the autocorrelation; 0 for the first row. */
  readonly lag: Float64Array;
  /** First of each person's scores in `y`; nPersons + 1. */
  readonly personRow: Int32Array;
  readonly y: Float64Array;
}

/** What {@link buildRowData} needs beside the rows of the moments. */
export interface RowColumns {
  /** Occasion of each kept row, from 0. */
  readonly occasion: Float64Array;
  readonly nOccasions: number;
  /** Time since the person's row before; 0 for the first. */
  readonly lag: Float64Array;
  readonly latentBasis: number;
}

/**
 * Stores rows pattern by pattern and scores person by person.
 * @param rows - the kept rows that the moments were made of, with `occasion` and `lag` among `alsoAlike`
 * @param moments - their moments
 * @param columns - occasions and lags over the same rows
 * @returns the row data
 */
export function buildRowData(rows: MomentRows, moments: Moments, columns: RowColumns): RowData {
  const { nPersons, nPatterns, nBasis: m } = moments;
  const rankOf = new Map(Array.from(rows.personIndex, (index, rank) => [index, rank]));
  const rank = (position: number): number => rankOf.get(moments.personIndex[position]!)!;
  const patternRow = new Int32Array(nPatterns + 1);
  for (let g = 0; g < nPatterns; g++) patternRow[g + 1] = patternRow[g]! + moments.patternSessions[g]!;
  const nPatternRows = patternRow[nPatterns]!;
  const out: RowData = {
    nOccasions: columns.nOccasions,
    latentBasis: columns.latentBasis,
    patternRow,
    basis: new Float64Array(nPatternRows * m),
    occasion: new Int32Array(nPatternRows),
    lag: new Float64Array(nPatternRows),
    personRow: new Int32Array(nPersons + 1),
    y: new Float64Array(moments.nObservations),
  };
  for (let g = 0; g < nPatterns; g++) {
    const first = rows.personStart[rank(moments.patternStart[g]!)]!;
    for (let r = 0; r < moments.patternSessions[g]!; r++) {
      const to = patternRow[g]! + r;
      for (let b = 0; b < m; b++) out.basis[to * m + b] = rows.basis[b]![first + r]!;
      out.occasion[to] = columns.occasion[first + r]!;
      out.lag[to] = columns.lag[first + r]!;
    }
  }
  let at = 0;
  for (let i = 0; i < nPersons; i++) {
    const person = rank(i);
    const scores = rows.outcome.subarray(rows.personStart[person]!, rows.personStart[person + 1]!);
    out.y.set(scores, at);
    at += scores.length;
    out.personRow[i + 1] = at;
  }
  return out;
}
