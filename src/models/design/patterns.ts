import type { RowIndex } from "./columns.js";

/** Rows in which persons of one pattern must agree. */
export interface AlikeRows {
  /** First row of each person; nPersons + 1. */
  readonly personStart: Int32Array;
  /** Columns of a table, any of which may be left out that follows from the others. */
  readonly columns: readonly Float64Array[];
  /** Row of the table of each row. */
  readonly rows: RowIndex;
}

/** Which persons have the same rows. */
export interface Patterns {
  readonly nPatterns: number;
  /** Pattern of each person, numbered in order of first appearance. */
  readonly pattern: Int32Array;
  /** First person of each pattern. */
  readonly representative: Int32Array;
}

/**
 * Finds persons with identical rows, exactly: an open-addressing hash table, where equal hashes are compared value by value.
 * @param alike - the rows
 * @returns the patterns
 */
export function findPatterns(alike: AlikeRows): Patterns {
  const nPersons = alike.personStart.length - 1;
  let size = 16;
  while (size < nPersons * 2) size *= 2;
  // 1 + the pattern; 0 where free, as new memory is.
  const slots = new Int32Array(size);
  const pattern = new Int32Array(nPersons);
  const representative = new Int32Array(nPersons);
  const hashOf = new Int32Array(nPersons);
  const hash = personHash(alike);
  let nPatterns = 0;
  for (let i = 0; i < nPersons; i++) {
    const own = hash(i);
    let slot = own & (size - 1);
    for (;;) {
      const candidate = slots[slot]! - 1;
      if (candidate < 0) {
        slots[slot] = nPatterns + 1;
        hashOf[nPatterns] = own;
        representative[nPatterns] = i;
        pattern[i] = nPatterns++;
        break;
      }
      if (hashOf[candidate] === own && sameRows(alike, representative[candidate]!, i)) {
        pattern[i] = candidate;
        break;
      }
      slot = (slot + 1) & (size - 1);
    }
  }
  return { nPatterns, pattern, representative: representative.subarray(0, nPatterns) };
}

/**
 * The hash of a person's rows: mixing steps as in MurmurHash3 (Appleby, public domain algorithm), which spread every bit of the
 * values.
 */
function personHash({ personStart, columns, rows }: AlikeRows): (person: number) => number {
  const halves = columns.map(
    ({ buffer, byteOffset, length }) => new Int32Array(buffer, byteOffset, length * 2),
  );
  return (person) => {
    const first = personStart[person]!;
    const end = personStart[person + 1]!;
    let hash = (end - first) * 0x9e3779b1;
    for (let c = 0; c < halves.length; c++) {
      const words = halves[c]!;
      for (let r = first; r < end; r++) {
        const at = 2 * (rows === null ? r : rows[r]!);
        let k = Math.imul(words[at]!, 0xcc9e2d51) ^ Math.imul(words[at + 1]!, 0x1b873593);
        k = (k << 15) | (k >>> 17);
        hash ^= k;
        hash = (hash << 13) | (hash >>> 19);
        hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
      }
    }
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    return hash ^ (hash >>> 16);
  };
}

function sameRows({ personStart, columns, rows }: AlikeRows, a: number, b: number): boolean {
  const startA = personStart[a]!;
  const startB = personStart[b]!;
  const n = personStart[a + 1]! - startA;
  if (personStart[b + 1]! - startB !== n) return false;
  for (const column of columns)
    for (let r = 0; r < n; r++) {
      const own = column[rows === null ? startA + r : rows[startA + r]!];
      if (own !== column[rows === null ? startB + r : rows[startB + r]!]) return false;
    }
  return true;
}
