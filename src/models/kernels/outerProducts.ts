/** Vectors that are held before their products are summed. */
const BLOCK = 64;

/** Sums w s s' over many vectors s of one length, by weight w: in blocks, two rows and two columns at a time. */
export class OuterProducts {
  private readonly size: number;
  /** The next even length: entries beyond the vectors' are zero. */
  private readonly rows: number;
  /** rows x BLOCK: the vectors, times the root of their weight, as columns. */
  private readonly block: Float64Array;
  private readonly sums: Float64Array;
  private count = 0;

  /** @param size - length of the vectors */
  constructor(size: number) {
    this.size = size;
    this.rows = size + (size % 2);
    this.block = new Float64Array(this.rows * BLOCK);
    this.sums = new Float64Array(this.rows * this.rows);
  }

  /**
   * Adds a vector.
   * @param vector - `size` numbers
   * @param weight - not negative
   */
  add(vector: Float64Array, weight: number): void {
    const { block, size } = this;
    const root = weight === 1 ? 1 : Math.sqrt(weight);
    for (let a = 0, at = this.count; a < size; a++, at += BLOCK) block[at] = root * vector[a]!;
    if (++this.count === BLOCK) this.sumBlock();
  }

  /**
   * Adds the sum of all products so far.
   * @param out - size^2; its lower triangle from `at` on is added to
   * @param at - first entry
   */
  addTo(out: Float64Array, at: number): void {
    this.sumBlock();
    for (let a = 0; a < this.size; a++)
      for (let b = 0; b <= a; b++) out[at + a * this.size + b]! += this.sums[a * this.rows + b]!;
  }

  private sumBlock(): void {
    const { block, sums, rows, count } = this;
    for (let a = 0; a < rows; a += 2)
      for (let b = 0; b <= a; b += 2) {
        let sum00 = 0;
        let sum01 = 0;
        let sum10 = 0;
        let sum11 = 0;
        for (let i = 0; i < count; i++) {
          const a0 = block[a * BLOCK + i]!;
          const a1 = block[(a + 1) * BLOCK + i]!;
          const b0 = block[b * BLOCK + i]!;
          const b1 = block[(b + 1) * BLOCK + i]!;
          sum00 += a0 * b0;
          sum01 += a0 * b1;
          sum10 += a1 * b0;
          sum11 += a1 * b1;
        }
        sums[a * rows + b]! += sum00;
        sums[a * rows + b + 1]! += sum01;
        sums[(a + 1) * rows + b]! += sum10;
        sums[(a + 1) * rows + b + 1]! += sum11;
      }
    this.count = 0;
  }
}
