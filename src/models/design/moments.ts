import { allocateBlock, type Block, endOfBlock, type FillRows, readBlock } from "./blocks.js";
import type { RowIndex } from "./columns.js";
import { findPatterns, type Patterns } from "./patterns.js";

/**
 * All that a normal trajectory model needs of the data, compressed once: after this, cost does not depend
 * on the number of sessions. Persons with the same basis rows share B'B: they form a *pattern*, and persons
 * are stored pattern by pattern. Structure of arrays; every array may lie on a SharedArrayBuffer.
 *
 * Numbers are on the internal scale (see `Scaling`): the outcome centred and divided by its standard deviation,
 * columns divided by their root mean square.
 */
export interface Moments {
  readonly nPersons: number;
  readonly nObservations: number;
  readonly nPatterns: number;
  /** m: columns of the basis B (functions of time and of time-varying covariates); the q random ones come first. */
  readonly nBasis: number;
  /** q: random effects; Z is the first q columns of B. */
  readonly nRandom: number;
  /** c: person-level columns of the fixed effects; the first is 1. */
  readonly nPersonColumns: number;
  /** Columns of the membership design; the first is 1. */
  readonly nMembership: number;
  /** First person of each pattern; nPatterns + 1. */
  readonly patternStart: Int32Array;
  /** Occasions per person of each pattern. */
  readonly patternSessions: Float64Array;
  /** B'B per pattern, m x m. */
  readonly btb: Float64Array;
  /** y'y per person. */
  readonly yy: Float64Array;
  /** B'y per person, m numbers. */
  readonly by: Float64Array;
  /** Person-level columns, c per person; empty when c = 1. */
  readonly w: Float64Array;
  /** Membership design, nMembership per person; empty when nMembership = 1. */
  readonly v: Float64Array;
  /** Index in the long table's persons of each person stored here. */
  readonly personIndex: Int32Array;
  /**
   * How often each person counts, none negative; empty when everybody counts once. A person's log-likelihood, score, sums
   * over posteriors and information are multiplied by it; posteriors themselves are those of the person, also at weight 0.
   */
  readonly weights: Float64Array;
}

/**
 * The terms a mean is made of: coefficient j multiplies basis column `basis[j]` times person column `person[j]`.
 */
export interface FixedStructure {
  readonly nFixed: number;
  readonly basis: Int32Array;
  readonly person: Int32Array;
  /** 1 where the coefficient differs by class, 0 where the classes share it. */
  readonly classSpecific: Uint8Array;
}

/** People as the moments see them. */
interface MomentPersons {
  /** First row of each person kept; nPersons + 1. */
  readonly personStart: Int32Array;
  /** Index in the long table of each person kept. */
  readonly personIndex: Int32Array;
  readonly nRandom: number;
  /** Person columns over the kept persons, first the constant 1. */
  readonly person: readonly Float64Array[];
  readonly membership: readonly Float64Array[];
}

/** Rows that are written out: only what a pass over people in order needs. */
export interface MomentRows extends MomentPersons {
  /** Basis columns, one array per column over the kept rows. */
  readonly basis: readonly Float64Array[];
  /** Further columns in which persons of one pattern must agree, where a model looks at each row (occasions, lags). */
  readonly alsoAlike?: readonly Float64Array[];
  /** Outcome over the kept rows. */
  readonly outcome: Float64Array;
}

/** Rows that are read stretch by stretch, so that scaled columns and powers of time are never held for all of them. */
export interface MomentSource extends MomentPersons {
  readonly nBasis: number;
  /** Columns of a table from which the basis follows, and row of the table of each kept row. */
  readonly alike: readonly Float64Array[];
  readonly rows: RowIndex;
  /** Writes kept rows first .. end - 1, internal scale, into arrays of at least that length. */
  readonly fill: FillRows;
}

/**
 * Compresses rows into moments: finds persons with identical basis rows, sums their cross-products block by block, and stores people
 * pattern by pattern. The rows themselves are read once in each of the two, and nothing of their length is written.
 * @param source - kept rows, as they are written out or read stretch by stretch
 * @returns the moments; persons of a pattern keep their order, patterns come in order of first appearance
 * Source: sufficiency of (n, y'y, B'y, B'B) in the normal linear mixed model (Laird & Ware 1982).
 */
export function buildMoments(source: MomentRows | MomentSource): Moments {
  const rows = "fill" in source ? source : sourceOf(source);
  const { personStart, nBasis } = rows;
  const nPersons = rows.personIndex.length;
  const patterns = findPatterns({ personStart, columns: rows.alike, rows: rows.rows });
  const { nPatterns, pattern, representative } = patterns;
  const patternStart = patternStarts(patterns);
  const next = patternStart.slice(0, nPatterns);
  const position = new Int32Array(nPersons);
  for (let i = 0; i < nPersons; i++) position[i] = next[pattern[i]!]!++;
  const moments: Moments = {
    nPersons,
    nObservations: personStart[nPersons]!,
    nPatterns,
    nBasis,
    nRandom: rows.nRandom,
    nPersonColumns: rows.person.length,
    nMembership: rows.membership.length,
    patternStart,
    patternSessions: sharable(nPatterns),
    btb: sharable(nPatterns * nBasis * nBasis),
    yy: sharable(nPersons),
    by: sharable(nPersons * nBasis),
    w: interleave(rows.person, position),
    v: interleave(rows.membership, position),
    personIndex: sharableWhole(nPersons),
    weights: new Float64Array(0),
  };
  const block = allocateBlock(nBasis);
  for (let from = 0; from < nPersons; ) {
    const to = endOfBlock(personStart, from);
    const first = personStart[from]!;
    readBlock(block, first, personStart[to]!, rows.fill);
    for (let i = from; i < to; i++) {
      const begin = personStart[i]! - first;
      const end = personStart[i + 1]! - first;
      if (representative[pattern[i]!] === i) fillPattern(moments, block, pattern[i]!, begin, end);
      fillPerson(moments, block, position[i]!, begin, end);
      moments.personIndex[position[i]!] = rows.personIndex[i]!;
    }
    from = to;
  }
  return moments;
}

/** Rows that are written out, as a source. */
function sourceOf(rows: MomentRows): MomentSource {
  const { basis, outcome } = rows;
  return {
    ...rows,
    nBasis: basis.length,
    alike: rows.alsoAlike === undefined ? basis : [...basis, ...rows.alsoAlike],
    rows: null,
    fill: (first, end, intoBasis, intoOutcome) => {
      intoOutcome.set(outcome.subarray(first, end));
      for (let j = 0; j < basis.length; j++) intoBasis[j]!.set(basis[j]!.subarray(first, end));
    },
  };
}

/**
 * Persons of each pattern, each counted with their weight.
 * @param moments - the data
 * @returns nPatterns
 */
export function patternWeights(moments: Moments): Float64Array {
  const { nPatterns, patternStart } = moments;
  const out = new Float64Array(nPatterns);
  for (let g = 0; g < nPatterns; g++) out[g] = weightBetween(moments, patternStart[g]!, patternStart[g + 1]!);
  return out;
}

/**
 * Number of persons, each counted with their weight.
 * @param moments - the data
 * @returns the sum of the weights
 */
export function totalWeight(moments: Moments): number {
  return weightBetween(moments, 0, moments.nPersons);
}

/**
 * Number of some persons, each counted with their weight.
 * @param moments - the data
 * @param from - first person
 * @param to - after the last
 * @returns the sum of their weights
 */
export function weightBetween({ weights }: Moments, from: number, to: number): number {
  if (weights.length === 0) return to - from;
  let sum = 0;
  for (let i = from; i < to; i++) sum += weights[i]!;
  return sum;
}

/**
 * Memory that worker threads can see without a copy, where the platform has it.
 * @param length - numbers
 * @returns zeros
 */
export function sharable(length: number): Float64Array {
  return typeof SharedArrayBuffer === "undefined"
    ? new Float64Array(length)
    : new Float64Array(new SharedArrayBuffer(length * Float64Array.BYTES_PER_ELEMENT));
}

function sharableWhole(length: number): Int32Array {
  return typeof SharedArrayBuffer === "undefined"
    ? new Int32Array(length)
    : new Int32Array(new SharedArrayBuffer(length * Int32Array.BYTES_PER_ELEMENT));
}

/** First stored position of each pattern; nPatterns + 1. */
function patternStarts({ nPatterns, pattern }: Patterns): Int32Array {
  const start = sharableWhole(nPatterns + 1);
  for (let i = 0; i < pattern.length; i++) start[pattern[i]! + 1]!++;
  for (let g = 0; g < nPatterns; g++) start[g + 1]! += start[g]!;
  return start;
}

/** B'B of rows first .. end - 1 of the block. */
function fillPattern(moments: Moments, block: Block, g: number, first: number, end: number): void {
  const { nBasis, btb } = moments;
  moments.patternSessions[g] = end - first;
  for (let a = 0; a < nBasis; a++) {
    const columnA = block.basis[a]!;
    for (let b = 0; b <= a; b++) {
      const columnB = block.basis[b]!;
      let sum = 0;
      for (let r = first; r < end; r++) sum += columnA[r]! * columnB[r]!;
      btb[(g * nBasis + a) * nBasis + b] = sum;
      btb[(g * nBasis + b) * nBasis + a] = sum;
    }
  }
}

/** y'y and B'y of rows first .. end - 1 of the block. */
function fillPerson(moments: Moments, block: Block, position: number, first: number, end: number): void {
  const { nBasis, by } = moments;
  const { outcome } = block;
  if (nBasis === 3) {
    fillPersonOfThree(moments, block, position, first, end);
    return;
  }
  let squares = 0;
  for (let r = first; r < end; r++) squares += outcome[r]! * outcome[r]!;
  moments.yy[position] = squares;
  for (let a = 0; a < nBasis; a++) {
    const column = block.basis[a]!;
    let sum = 0;
    for (let r = first; r < end; r++) sum += column[r]! * outcome[r]!;
    by[position * nBasis + a] = sum;
  }
}

/** The same for three columns, as of a quadratic curve: every sum in one pass over the rows. */
function fillPersonOfThree(
  { yy, by }: Moments,
  { basis, outcome }: Block,
  position: number,
  first: number,
  end: number,
): void {
  const a = basis[0]!;
  const b = basis[1]!;
  const c = basis[2]!;
  let squares = 0;
  let sumA = 0;
  let sumB = 0;
  let sumC = 0;
  for (let r = first; r < end; r++) {
    const y = outcome[r]!;
    squares += y * y;
    sumA += a[r]! * y;
    sumB += b[r]! * y;
    sumC += c[r]! * y;
  }
  yy[position] = squares;
  by[3 * position] = sumA;
  by[3 * position + 1] = sumB;
  by[3 * position + 2] = sumC;
}

/** Columns side by side, one person's values together; nothing is stored for the constant alone. */
function interleave(columns: readonly Float64Array[], position: Int32Array): Float64Array {
  const width = columns.length;
  if (width === 1) return new Float64Array(0);
  const out = sharable(position.length * width);
  for (let j = 0; j < width; j++) {
    const column = columns[j]!;
    for (let i = 0; i < position.length; i++) out[position[i]! * width + j] = column[i]!;
  }
  return out;
}
