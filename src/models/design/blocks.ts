/** Rows read at a time: what they take stays in the processor's cache. */
const BLOCK_ROWS = 2048;

/** Scratch for the rows of some persons, internal scale; grows with the person of most rows. */
export interface Block {
  readonly nBasis: number;
  basis: readonly Float64Array[];
  outcome: Float64Array;
}

/** Writes rows first .. end - 1 into arrays of at least that length. */
export type FillRows = (
  first: number,
  end: number,
  basis: readonly Float64Array[],
  outcome: Float64Array,
) => void;

/**
 * An empty block.
 * @param nBasis - number of basis columns
 * @returns the block
 */
export function allocateBlock(nBasis: number): Block {
  return { nBasis, basis: [], outcome: new Float64Array(0) };
}

/**
 * Where a block of persons ends.
 * @param personStart - first row of each person; nPersons + 1
 * @param person - first person of the block
 * @returns one after its last person: as many persons as a block holds, one at least
 */
export function endOfBlock(personStart: Int32Array, person: number): number {
  const nPersons = personStart.length - 1;
  const limit = personStart[person]! + BLOCK_ROWS;
  let end = person + 1;
  while (end < nPersons && personStart[end + 1]! <= limit) end++;
  return end;
}

/**
 * Reads rows into a block.
 * @param block - receives them, from its first entry on
 * @param first - first row
 * @param end - one after the last
 * @param fill - writes them
 */
export function readBlock(block: Block, first: number, end: number, fill: FillRows): void {
  if (block.outcome.length < end - first) {
    const length = Math.max(BLOCK_ROWS, end - first);
    block.outcome = new Float64Array(length);
    block.basis = Array.from({ length: block.nBasis }, () => new Float64Array(length));
  }
  fill(first, end, block.basis, block.outcome);
}
