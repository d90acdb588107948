import type { Moments } from "./moments.js";
import type { RowData } from "./rowData.js";

/**
 * Moments of some of the people; patterns of which none is left are dropped.
 * @param moments - of everybody
 * @param persons - positions in the order of the moments, ascending, each once
 * @returns the moments of these people, with arrays of their own
 */
export function subsetMoments(moments: Moments, persons: Int32Array): Moments {
  const { nBasis: m, nPersonColumns: c, nMembership } = moments;
  const kept = patternsOf(moments, persons);
  const patternSessions = Float64Array.from(kept.patterns, (g) => moments.patternSessions[g]!);
  let nObservations = 0;
  patternSessions.forEach((sessions, g) => {
    nObservations += sessions * (kept.patternStart[g + 1]! - kept.patternStart[g]!);
  });
  return {
    ...moments,
    nPersons: persons.length,
    nObservations,
    nPatterns: kept.patterns.length,
    patternStart: kept.patternStart,
    patternSessions,
    btb: takeRows(moments.btb, kept.patterns, m * m),
    yy: takeRows(moments.yy, persons, 1),
    by: takeRows(moments.by, persons, m),
    w: c > 1 ? takeRows(moments.w, persons, c) : moments.w,
    v: nMembership > 1 ? takeRows(moments.v, persons, nMembership) : moments.v,
    personIndex: persons.map((i) => moments.personIndex[i]!),
    weights: moments.weights.length > 0 ? takeRows(moments.weights, persons, 1) : moments.weights,
  };
}

/**
 * Rows of some of the people, in the order that {@link subsetMoments} gives them.
 * @param rows - of everybody
 * @param moments - of everybody
 * @param persons - as there
 * @returns the rows of these people
 */
export function subsetRows(rows: RowData, moments: Moments, persons: Int32Array): RowData {
  const { patterns } = patternsOf(moments, persons);
  const m = moments.nBasis;
  const patternRow = startsOf(patterns, rows.patternRow);
  const personRow = startsOf(persons, rows.personRow);
  const out: RowData = {
    ...rows,
    patternRow,
    basis: new Float64Array(patternRow[patterns.length]! * m),
    occasion: new Int32Array(patternRow[patterns.length]!),
    lag: new Float64Array(patternRow[patterns.length]!),
    personRow,
    y: new Float64Array(personRow[persons.length]!),
  };
  patterns.forEach((g, to) => {
    const from = rows.patternRow[g]!;
    const end = rows.patternRow[g + 1]!;
    out.basis.set(rows.basis.subarray(from * m, end * m), patternRow[to]! * m);
    out.occasion.set(rows.occasion.subarray(from, end), patternRow[to]!);
    out.lag.set(rows.lag.subarray(from, end), patternRow[to]!);
  });
  persons.forEach((i, to) => {
    out.y.set(rows.y.subarray(rows.personRow[i]!, rows.personRow[i + 1]!), personRow[to]!);
  });
  return out;
}

/** Patterns that have people left, and the first person of each. */
function patternsOf(
  { nPatterns, patternStart }: Moments,
  persons: Int32Array,
): { readonly patterns: Int32Array; readonly patternStart: Int32Array } {
  const patterns: number[] = [];
  const starts: number[] = [];
  let at = 0;
  for (let g = 0; g < nPatterns && at < persons.length; g++) {
    const first = at;
    while (at < persons.length && persons[at]! < patternStart[g + 1]!) at++;
    if (at === first) continue;
    patterns.push(g);
    starts.push(first);
  }
  return { patterns: Int32Array.from(patterns), patternStart: Int32Array.from([...starts, persons.length]) };
}

function startsOf(which: Int32Array, starts: Int32Array): Int32Array {
  const out = new Int32Array(which.length + 1);
  which.forEach((i, to) => {
    out[to + 1] = out[to]! + starts[i + 1]! - starts[i]!;
  });
  return out;
}

function takeRows(values: Float64Array, which: Int32Array, width: number): Float64Array {
  const out = new Float64Array(which.length * width);
  which.forEach((i, to) => {
    for (let j = 0; j < width; j++) out[to * width + j] = values[i * width + j]!;
  });
  return out;
}
