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

/** Rows as the moments see them: only what a pass over people in order needs. */
export interface MomentRows {
  /** First row of each person kept; nPersons + 1. */
  readonly personStart: Int32Array;
  /** Index in the long table of each person kept. */
  readonly personIndex: Int32Array;
  /** Basis columns, one array per column over the kept rows. */
  readonly basis: readonly Float64Array[];
  /** Further columns in which persons of one pattern must agree, where a model looks at each row (occasions, lags). */
  readonly alsoAlike?: readonly Float64Array[];
  /** Outcome over the kept rows. */
  readonly outcome: Float64Array;
  readonly nRandom: number;
  /** Person columns over the kept persons, first the constant 1. */
  readonly person: readonly Float64Array[];
  readonly membership: readonly Float64Array[];
}

/**
 * Compresses rows into moments in one pass: finds persons with identical basis rows (exactly, by hash and
 * comparison), sums their cross-products, and stores people pattern by pattern.
 * @param rows - kept rows, scaled
 * @returns the moments; persons of a pattern keep their order, patterns come in order of first appearance
 * Source: sufficiency of (n, y'y, B'y, B'B) in the normal linear mixed model (Laird & Ware 1982).
 */
export function buildMoments(rows: MomentRows): Moments {
  const nPersons = rows.personIndex.length;
  const nBasis = rows.basis.length;
  const patternOfPerson = findPatterns(rows);
  const nPatterns = patternOfPerson.representative.length;
  const patternStart = new Int32Array(nPatterns + 1);
  for (let i = 0; i < nPersons; i++) patternStart[patternOfPerson.pattern[i]! + 1]!++;
  for (let g = 0; g < nPatterns; g++) patternStart[g + 1]! += patternStart[g]!;
  const next = patternStart.slice(0, nPatterns);
  const stored = new Int32Array(nPersons);
  for (let i = 0; i < nPersons; i++) stored[next[patternOfPerson.pattern[i]!]!++] = i;

  const moments: Moments = {
    nPersons,
    nObservations: rows.outcome.length,
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
    w: interleave(rows.person, stored),
    v: interleave(rows.membership, stored),
    personIndex: Int32Array.from(stored, (i) => rows.personIndex[i]!),
    weights: new Float64Array(0),
  };
  for (let g = 0; g < nPatterns; g++) fillPattern(moments, rows, g, patternOfPerson.representative[g]!);
  for (let i = 0; i < nPersons; i++) fillPerson(moments, rows, i, stored[i]!);
  return moments;
}

/**
 * Persons of each pattern, each counted with their weight.
 * @param moments - the data
 * @returns nPatterns
 */
export function patternWeights({ nPatterns, patternStart, weights }: Moments): Float64Array {
  const out = new Float64Array(nPatterns);
  for (let g = 0; g < nPatterns; g++) {
    const first = patternStart[g]!;
    const end = patternStart[g + 1]!;
    if (weights.length === 0) out[g] = end - first;
    else for (let i = first; i < end; i++) out[g]! += weights[i]!;
  }
  return out;
}

/**
 * Number of persons, each counted with their weight.
 * @param moments - the data
 * @returns the sum of the weights
 */
export function totalWeight({ nPersons, weights }: Moments): number {
  if (weights.length === 0) return nPersons;
  let sum = 0;
  for (let i = 0; i < nPersons; i++) sum += weights[i]!;
  return sum;
}

/** Memory that worker threads can see without a copy, where the platform has it. */
function sharable(length: number): Float64Array {
  return typeof SharedArrayBuffer === "undefined"
    ? new Float64Array(length)
    : new Float64Array(new SharedArrayBuffer(length * Float64Array.BYTES_PER_ELEMENT));
}

function fillPattern(moments: Moments, rows: MomentRows, g: number, person: number): void {
  const { nBasis, btb } = moments;
  const first = rows.personStart[person]!;
  const end = rows.personStart[person + 1]!;
  moments.patternSessions[g] = end - first;
  for (let a = 0; a < nBasis; a++) {
    const columnA = rows.basis[a]!;
    for (let b = 0; b <= a; b++) {
      const columnB = rows.basis[b]!;
      let sum = 0;
      for (let r = first; r < end; r++) sum += columnA[r]! * columnB[r]!;
      btb[(g * nBasis + a) * nBasis + b] = sum;
      btb[(g * nBasis + b) * nBasis + a] = sum;
    }
  }
}

function fillPerson(moments: Moments, rows: MomentRows, position: number, person: number): void {
  const { nBasis, by } = moments;
  const first = rows.personStart[person]!;
  const end = rows.personStart[person + 1]!;
  const { outcome } = rows;
  let squares = 0;
  for (let r = first; r < end; r++) squares += outcome[r]! * outcome[r]!;
  moments.yy[position] = squares;
  for (let a = 0; a < nBasis; a++) {
    const column = rows.basis[a]!;
    let sum = 0;
    for (let r = first; r < end; r++) sum += column[r]! * outcome[r]!;
    by[position * nBasis + a] = sum;
  }
}

/** Columns side by side, one person's values together; nothing is stored for the constant alone. */
function interleave(columns: readonly Float64Array[], order: Int32Array): Float64Array {
  const width = columns.length;
  if (width === 1) return new Float64Array(0);
  const out = sharable(order.length * width);
  for (let j = 0; j < width; j++) {
    const column = columns[j]!;
    for (let i = 0; i < order.length; i++) out[i * width + j] = column[order[i]!]!;
  }
  return out;
}

interface Patterns {
  readonly pattern: Int32Array;
  /** First person of each pattern. */
  readonly representative: number[];
}

/** Open-addressing hash table over the persons' basis rows; equal hashes are compared value by value. */
function findPatterns(rows: MomentRows): Patterns {
  const nPersons = rows.personIndex.length;
  let size = 16;
  while (size < nPersons * 2) size *= 2;
  const slots = new Int32Array(size).fill(-1);
  const hashes = hashPersons(rows);
  const pattern = new Int32Array(nPersons);
  const representative: number[] = [];
  for (let i = 0; i < nPersons; i++) {
    let slot = hashes[i]! & (size - 1);
    for (;;) {
      const candidate = slots[slot]!;
      if (candidate < 0) {
        slots[slot] = representative.length;
        pattern[i] = representative.length;
        representative.push(i);
        break;
      }
      const other = representative[candidate]!;
      if (hashes[other] === hashes[i] && sameRows(rows, other, i)) {
        pattern[i] = candidate;
        break;
      }
      slot = (slot + 1) & (size - 1);
    }
  }
  return { pattern, representative };
}

function hashPersons(rows: MomentRows): Int32Array {
  const nPersons = rows.personIndex.length;
  const hashes = new Int32Array(nPersons);
  for (let i = 0; i < nPersons; i++)
    hashes[i] = (rows.personStart[i + 1]! - rows.personStart[i]!) * 0x9e3779b1;
  for (const column of alikeColumns(rows)) {
    const halves = new Int32Array(column.buffer, column.byteOffset, column.length * 2);
    for (let i = 0; i < nPersons; i++) {
      let hash = hashes[i]!;
      const end = rows.personStart[i + 1]! * 2;
      for (let h = rows.personStart[i]! * 2; h < end; h++) {
        // MurmurHash3 body (Appleby, public domain algorithm): spreads every bit of the value.
        let k = Math.imul(halves[h]!, 0xcc9e2d51);
        k = (k << 15) | (k >>> 17);
        hash ^= Math.imul(k, 0x1b873593);
        hash = (hash << 13) | (hash >>> 19);
        hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
      }
      hashes[i] = hash;
    }
  }
  for (let i = 0; i < nPersons; i++) {
    let hash = hashes[i]!;
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    hashes[i] = hash ^ (hash >>> 16);
  }
  return hashes;
}

function alikeColumns(rows: MomentRows): readonly Float64Array[] {
  return rows.alsoAlike === undefined ? rows.basis : [...rows.basis, ...rows.alsoAlike];
}

function sameRows(rows: MomentRows, a: number, b: number): boolean {
  const startA = rows.personStart[a]!;
  const startB = rows.personStart[b]!;
  const n = rows.personStart[a + 1]! - startA;
  if (rows.personStart[b + 1]! - startB !== n) return false;
  for (const column of alikeColumns(rows))
    for (let r = 0; r < n; r++) if (column[startA + r] !== column[startB + r]) return false;
  return true;
}
