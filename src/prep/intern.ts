/** A column of text as codes into a list of distinct values. */
export interface TextColumn {
  /** Index into `values`, one per row. */
  readonly codes: Int32Array;
  /** Distinct values in order of first appearance. */
  readonly values: readonly string[];
}

/**
 * Turns a stream of text values into codes and a list of distinct values, making a JavaScript string only
 * for each distinct one. Short values (up to 12 bytes) come as the four 32-bit words in which DuckDB keeps
 * them, so equality and hashing need no decoding.
 */
export class TextInterner {
  private codes = new Int32Array(1 << 14);
  private nRows = 0;
  private readonly values: string[] = [];
  /** Code of each long value, and of every value that came as a string. */
  private readonly codeOf = new Map<string, number>();
  /** Hash table of short values: codes, or -1. */
  private slots = new Int32Array(1 << 12).fill(-1);
  /** Four words for each code; unused for long values. */
  private words = new Int32Array(1 << 14);
  private nShort = 0;

  /**
   * Adds a chunk of rows held as DuckDB string cells.
   * @param cells - four words per row: byte length, then up to 12 bytes of text (or a pointer when longer)
   * @param count - number of rows
   * @param decode - gives the text of a row of this chunk
   */
  addCells(cells: Int32Array, count: number, decode: (row: number) => string): void {
    this.reserve(count);
    const out = this.codes;
    let previous = -1;
    for (let r = 0; r < count; r++) {
      const at = 4 * r;
      // Neighbouring rows often hold the same value (a person's id, age, sex).
      if (previous >= 0 && cells[at]! <= 12 && this.holds(previous, cells, at)) {
        out[this.nRows + r] = previous;
        continue;
      }
      previous = cells[at]! <= 12 ? this.codeOfShort(cells, at, decode, r) : this.codeOfText(decode(r));
      out[this.nRows + r] = previous;
      if (cells[at]! > 12) previous = -1;
    }
    this.nRows += count;
  }

  /**
   * Adds a chunk of rows given as text.
   * @param count - number of rows
   * @param text - gives the text of a row of this chunk
   */
  addTexts(count: number, text: (row: number) => string): void {
    this.reserve(count);
    for (let r = 0; r < count; r++) this.codes[this.nRows + r] = this.codeOfText(text(r));
    this.nRows += count;
  }

  /** Returns the column; the interner must not be used any more. */
  finish(): TextColumn {
    return { codes: this.codes.slice(0, this.nRows), values: this.values };
  }

  private reserve(count: number): void {
    if (this.nRows + count <= this.codes.length) return;
    const larger = new Int32Array(Math.max(this.codes.length * 2, this.nRows + count));
    larger.set(this.codes);
    this.codes = larger;
  }

  private codeOfText(text: string): number {
    let code = this.codeOf.get(text);
    if (code === undefined) {
      code = this.values.length;
      this.values.push(text);
      this.codeOf.set(text, code);
    }
    return code;
  }

  private codeOfShort(cells: Int32Array, at: number, decode: (row: number) => string, row: number): number {
    const mask = this.slots.length - 1;
    let slot = hash(cells[at]!, cells[at + 1]!, cells[at + 2]!, cells[at + 3]!) & mask;
    for (; ; slot = (slot + 1) & mask) {
      const code = this.slots[slot]!;
      if (code < 0) break;
      if (this.holds(code, cells, at)) return code;
    }
    const code = this.values.length;
    this.values.push(decode(row));
    if (4 * code + 4 > this.words.length) {
      const larger = new Int32Array(Math.max(this.words.length * 2, 4 * code + 4));
      larger.set(this.words);
      this.words = larger;
    }
    for (let i = 0; i < 4; i++) this.words[4 * code + i] = cells[at + i]!;
    this.slots[slot] = code;
    this.nShort++;
    if (this.nShort * 2 > this.slots.length) this.rehash();
    return code;
  }

  private holds(code: number, cells: Int32Array, at: number): boolean {
    const words = this.words;
    const w = 4 * code;
    return (
      words[w] === cells[at] &&
      words[w + 1] === cells[at + 1] &&
      words[w + 2] === cells[at + 2] &&
      words[w + 3] === cells[at + 3]
    );
  }

  private rehash(): void {
    const old = this.slots;
    const slots = new Int32Array(old.length * 4).fill(-1);
    const mask = slots.length - 1;
    for (const code of old) {
      if (code < 0) continue;
      const w = 4 * code;
      let slot = hash(this.words[w]!, this.words[w + 1]!, this.words[w + 2]!, this.words[w + 3]!) & mask;
      while (slots[slot]! >= 0) slot = (slot + 1) & mask;
      slots[slot] = code;
    }
    this.slots = slots;
  }
}

/** Mixes four words; multipliers and final mix as in MurmurHash3 (Appleby, 2011). */
function hash(a: number, b: number, c: number, d: number): number {
  let h = Math.imul(a ^ Math.imul(b, 0x9e3779b1), 0x85ebca6b);
  h ^= Math.imul(c, 0xc2b2ae35) ^ Math.imul(d, 0x27d4eb2f);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
