import { GrowingCodes, type TextColumn } from "./intern.js";

/** Columns whose cells are numbers of 64 bits: whole numbers (BIGINT) or doubles. */
export type NumberKind = "whole" | "double";

/**
 * Turns a stream of 64-bit numbers into codes and the texts of the distinct ones, as `TextInterner` does for text: a column of scores
 * has a few dozen values in millions of rows, and only these become text. Missing cells become the empty text.
 */
export class NumberInterner {
  private readonly codes: GrowingCodes;
  /** Texts by code. */
  private readonly values: string[] = [];
  /** Hash table: 1 + code; 0 where free. */
  private slots = new Int32Array(1 << 10);
  /** Two words for each code. */
  private words = new Int32Array(1 << 10);
  private missingCode = -1;
  /** One number in two views. */
  private readonly double = new Float64Array(1);
  private readonly halves = new Int32Array(this.double.buffer);

  /**
   * @param kind - what the words are
   * @param expectedRows - rows that will come, at most or about, where known
   */
  constructor(
    private readonly kind: NumberKind,
    expectedRows = 0,
  ) {
    this.codes = new GrowingCodes(expectedRows);
  }

  /**
   * Adds a chunk of rows.
   * @param cells - two words per row, low word first
   * @param count - number of rows
   * @param isMissing - tells missing rows of this chunk; null where there are none
   */
  addCells(cells: Int32Array, count: number, isMissing: ((row: number) => boolean) | null): void {
    this.codes.reserve(count);
    const { values: out, length: first } = this.codes;
    let previous = -1;
    let low = 0;
    let high = 0;
    for (let r = 0; r < count; r++) {
      if (isMissing?.(r)) {
        out[first + r] = this.codeOfMissing();
        continue;
      }
      if (previous < 0 || cells[2 * r] !== low || cells[2 * r + 1] !== high) {
        low = cells[2 * r]!;
        high = cells[2 * r + 1]!;
        previous = this.codeOf(low, high);
      }
      out[first + r] = previous;
    }
    this.codes.length += count;
  }

  /** Returns the column; the interner must not be used any more. */
  finish(): TextColumn {
    return { codes: this.codes.finished(), values: this.values };
  }

  private codeOfMissing(): number {
    if (this.missingCode < 0) this.missingCode = this.newCode("", 0, 0);
    return this.missingCode;
  }

  private codeOf(low: number, high: number): number {
    const mask = this.slots.length - 1;
    let slot = hash(low, high) & mask;
    for (; ; slot = (slot + 1) & mask) {
      const code = this.slots[slot]! - 1;
      if (code < 0) break;
      if (this.words[2 * code] === low && this.words[2 * code + 1] === high) return code;
    }
    const { halves } = this;
    halves[0] = low;
    halves[1] = high;
    // Minus zero is zero, and every NaN the same: they have one text.
    if (this.kind === "double") this.double[0] = this.double[0] === 0 ? 0 : this.double[0]!;
    if (this.kind === "double" && Number.isNaN(this.double[0])) this.double[0] = Number.NaN;
    if (halves[0] !== low || halves[1] !== high) return this.codeOf(halves[0]!, halves[1]!);
    const code = this.newCode(this.textOf(low, high), low, high);
    this.slots[slot] = code + 1;
    if (this.values.length * 2 > this.slots.length) this.rehash();
    return code;
  }

  private textOf(low: number, high: number): string {
    if (this.kind === "double") return doubleText(this.double[0]!);
    // Whole numbers of less than 53 bits need no big integers.
    return high >= -0x100000 && high < 0x100000
      ? String(high * 0x100000000 + (low >>> 0))
      : String((BigInt(high) << 32n) | BigInt(low >>> 0));
  }

  private newCode(text: string, low: number, high: number): number {
    const code = this.values.push(text) - 1;
    if (2 * code + 2 > this.words.length) {
      const larger = new Int32Array(this.words.length * 2);
      larger.set(this.words);
      this.words = larger;
    }
    this.words[2 * code] = low;
    this.words[2 * code + 1] = high;
    return code;
  }

  private rehash(): void {
    const slots = new Int32Array(this.slots.length * 4);
    const mask = slots.length - 1;
    for (const entry of this.slots) {
      if (entry === 0) continue;
      let slot = hash(this.words[2 * (entry - 1)]!, this.words[2 * (entry - 1) + 1]!) & mask;
      while (slots[slot]! > 0) slot = (slot + 1) & mask;
      slots[slot] = entry;
    }
    this.slots = slots;
  }
}

/**
 * The text of a double as DuckDB writes it, but whole numbers below 1e15 without a point: they may be identifiers.
 * @param value - any number
 * @returns the shortest text that reads as the number, e.g. `10008`, `0.5`, `1e-05`, `nan`
 */
export function doubleText(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e15) return String(value);
  if (size >= 1e-4 && size < 1e16) return Number.isInteger(value) ? `${value}.0` : String(value);
  const [digits, exponent] = value.toExponential().split("e") as [string, string];
  return `${digits}e${exponent[0]}${exponent.slice(1).padStart(2, "0")}`;
}

/** Mixes two words; multipliers and final mix as in MurmurHash3 (Appleby, 2011). */
function hash(low: number, high: number): number {
  let h = Math.imul(low ^ Math.imul(high, 0x9e3779b1), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
