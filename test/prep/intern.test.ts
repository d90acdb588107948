import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TextInterner } from "../../src/prep/intern.js";

/** Cells as DuckDB keeps them: byte length, then the text, or four bytes of it and an address when it is long. */
function cells(texts: readonly string[]): Int32Array {
  const out = new Uint8Array(16 * texts.length);
  texts.forEach((text, i) => {
    const bytes = new TextEncoder().encode(text);
    new DataView(out.buffer).setInt32(16 * i, bytes.length, true);
    out.set(bytes.subarray(0, bytes.length <= 12 ? 12 : 4), 16 * i + 4);
    if (bytes.length > 12) new DataView(out.buffer).setInt32(16 * i + 8, 0x7000 + i, true);
  });
  return new Int32Array(out.buffer);
}

const text = fc.oneof(
  fc.constantFrom("", "female", "male", "exactly12byt", "thirteen byte", "a much longer text than fits"),
  fc.string({ maxLength: 20 }),
  fc.integer({ min: 0, max: 50_000 }).map(String),
);

describe("TextInterner", () => {
  it("gives every text back, one code per distinct text, in order of first appearance", () => {
    fc.assert(
      fc.property(fc.array(fc.array(text, { maxLength: 40 }), { maxLength: 5 }), (chunks) => {
        const interner = new TextInterner();
        for (const chunk of chunks) interner.addCells(cells(chunk), chunk.length, (r) => chunk[r]!);
        const { codes, values } = interner.finish();
        const all = chunks.flat();
        expect([...codes].map((code) => values[code])).toEqual(all);
        expect(values).toEqual([...new Set(all)]);
      }),
    );
  });

  it("grows its tables", () => {
    const interner = new TextInterner();
    const chunk = Array.from({ length: 60_000 }, (_, i) => `p${i % 30_000}`);
    interner.addCells(cells(chunk), chunk.length, (r) => chunk[r]!);
    const { codes, values } = interner.finish();
    expect(values.length).toBe(30_000);
    expect(chunk.every((value, r) => values[codes[r]!] === value)).toBe(true);
  });

  it("does the same from plain texts", () => {
    const interner = new TextInterner();
    const chunk = ["b", "a", "b"];
    interner.addTexts(3, (r) => chunk[r]!);
    expect(interner.finish()).toEqual({ codes: Int32Array.of(0, 1, 0), values: ["b", "a"] });
  });
});
