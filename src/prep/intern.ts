/** A column of text as codes into a list of distinct values. */
export interface TextColumn {
  /** Index into `values`, one per row. */
  readonly codes: Int32Array;
  /** Distinct values in order of first appearance. */
  readonly values: readonly string[];
}

/** Codes of a column that is still being read. */
export class GrowingCodes {
  values: Int32Array;
  /** Number of codes there are. */
  length = 0;

  /** @param expected - rows that will come, where known: memory that is not written to costs nothing, growing costs a copy */
  constructor(expected = 0) {
    this.values = new Int32Array(Math.max(expected, 1 << 14));
  }

  /** Makes room for further codes, to be written from `length` on. */
  reserve(count: number): void {
    if (this.length + count <= this.values.length) return;
    const larger = new Int32Array(Math.max(this.values.length * 2, this.length + count));
    larger.set(this.values);
    this.values = larger;
  }

  /** The codes there are. */
  finished(): Int32Array {
    return this.values.subarray(0, this.length);
  }
}

/**
 * Turns a stream of text values into codes and a list of distinct values, making a JavaScript string only
 * for each distinct one. Short values (up to 12 bytes) come as the four 32-bit words in which DuckDB keeps
 * them, so equality and hashing need no decoding; their strings are made all at once at the end.
 */
export class TextInterner {
  private readonly codes: GrowingCodes;
  private nValues = 0;
  /** Texts of long values, and of every value that came as a string, by code. */
  private readonly texts: string[] = [];
  private readonly codeOf = new Map<string, number>();
  /** Hash table of short values: 1 + their code; 0 where free. */
  private slots = new Int32Array(1 << 12);
  /** Four words for each code; the first is -1 for values whose text is in `texts`. */
  private words = new Int32Array(1 << 14);
  private nShort = 0;

  /** @param expectedRows - rows that will come, at most or about, where known */
  constructor(expectedRows = 0) {
    this.codes = new GrowingCodes(expectedRows);
  }

  /**
   * Adds a chunk of rows held as DuckDB string cells.
   * @param cells - four words per row: byte length, then up to 12 bytes of text (or a pointer when longer)
   * @param count - number of rows
   * @param decode - gives the text of a row of this chunk; asked for long values only
   */
  addCells(cells: Int32Array, count: number, decode: (row: number) => string): void {
    this.codes.reserve(count);
    const out = this.codes.values;
    const first = this.codes.length;
    let previous = -1;
    for (let r = 0; r < count; r++) {
      const at = 4 * r;
      // Neighbouring rows often hold the same value (a person's id, age, sex).
      if (previous < 0 || cells[at]! > 12 || !this.holds(previous, cells, at))
        previous = cells[at]! <= 12 ? this.codeOfShort(cells, at) : this.codeOfText(decode(r));
      out[first + r] = previous;
      if (cells[at]! > 12) previous = -1;
    }
    this.codes.length += count;
  }

  /**
   * Adds a chunk of rows given as text.
   * @param count - number of rows
   * @param text - gives the text of a row of this chunk
   */
  addTexts(count: number, text: (row: number) => string): void {
    this.codes.reserve(count);
    const { values, length } = this.codes;
    for (let r = 0; r < count; r++) values[length + r] = this.codeOfText(text(r));
    this.codes.length += count;
  }

  /** Returns the column; the interner must not be used any more. */
  finish(): TextColumn {
    return { codes: this.codes.finished(), values: this.allTexts() };
  }

  /** Makes the strings of short values: of plain ASCII (a byte per character) as pieces of one long string. */
  private allTexts(): string[] {
    const { words, nValues } = this;
    const bytes = Buffer.from(words.buffer, words.byteOffset, 16 * nValues);
    const gathered = Buffer.allocUnsafe(12 * nValues);
    const out = new Array<string>(nValues);
    const start = new Int32Array(nValues + 1);
    for (let code = 0; code < nValues; code++) {
      const length = Math.max(words[4 * code]!, 0);
      const from = 16 * code + 4;
      for (let b = 0; b < length; b++) gathered[start[code]! + b] = bytes[from + b]!;
      start[code + 1] = start[code]! + length;
    }
    const whole = gathered.toString("latin1", 0, start[nValues]!);
    for (let code = 0; code < nValues; code++) {
      const from = 4 * code;
      const ascii = ((words[from + 1]! | words[from + 2]! | words[from + 3]!) & 0x80808080) === 0;
      if (words[from]! < 0) out[code] = this.texts[code]!;
      else if (ascii) out[code] = whole.slice(start[code]!, start[code + 1]!);
      else out[code] = gathered.toString("utf8", start[code]!, start[code + 1]!);
    }
    return out;
  }

  private codeOfText(text: string): number {
    let code = this.codeOf.get(text);
    if (code === undefined) {
      code = this.newCode();
      this.texts[code] = text;
      this.words[4 * code] = -1;
      this.codeOf.set(text, code);
    }
    return code;
  }

  private codeOfShort(cells: Int32Array, at: number): number {
    const mask = this.slots.length - 1;
    let slot = hash(cells[at]!, cells[at + 1]!, cells[at + 2]!, cells[at + 3]!) & mask;
    for (; ; slot = (slot + 1) & mask) {
      const code = this.slots[slot]! - 1;
      if (code < 0) break;
      if (this.holds(code, cells, at)) return code;
    }
    const code = this.newCode();
    for (let i = 0; i < 4; i++) this.words[4 * code + i] = cells[at + i]!;
    this.slots[slot] = code + 1;
    this.nShort++;
    if (this.nShort * 2 > this.slots.length) this.rehash();
    return code;
  }

  private newCode(): number {
    const code = this.nValues++;
    if (4 * code + 4 > this.words.length) {
      const larger = new Int32Array(Math.max(this.words.length * 2, 4 * code + 4));
      larger.set(this.words);
      this.words = larger;
    }
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
    const slots = new Int32Array(old.length * 4);
    const mask = slots.length - 1;
    for (const entry of old) {
      if (entry === 0) continue;
      const w = 4 * (entry - 1);
      let slot = hash(this.words[w]!, this.words[w + 1]!, this.words[w + 2]!, this.words[w + 3]!) & mask;
      while (slots[slot]! > 0) slot = (slot + 1) & mask;
      slots[slot] = entry;
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
