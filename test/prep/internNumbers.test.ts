import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Database, type OutputColumn } from "../../src/prep/duckdb.js";
import { doubleText, NumberInterner } from "../../src/prep/internNumbers.js";

const halvesOf = (values: Float64Array | BigInt64Array): Int32Array => new Int32Array(values.buffer);

/** Every pattern of 64 bits, and more of the numbers that data hold. */
const anyDouble = fc.oneof(
  fc.double(),
  fc.integer({ min: -20, max: 20 }),
  fc.integer().map((value) => value / 100),
  fc.constantFrom(
    0,
    -0,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    1e15,
    1e16,
    -1e16,
    1e-4,
    9.9e-5,
    123456789012345680,
  ),
);

describe("NumberInterner", () => {
  it("gives the text of every double back, one code per text, in order of first appearance", () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.option(anyDouble), { maxLength: 40 }), { maxLength: 5 }), (chunks) => {
        const interner = new NumberInterner("double");
        for (const chunk of chunks)
          interner.addCells(
            halvesOf(Float64Array.from(chunk, (value) => value ?? 7)),
            chunk.length,
            chunk.includes(null) ? (row) => chunk[row] === null : null,
          );
        const { codes, values } = interner.finish();
        const all = chunks.flat().map((value) => (value === null ? "" : doubleText(value)));
        expect([...codes].map((code) => values[code])).toEqual(all);
        expect(values).toEqual([...new Set(all)]);
      }),
    );
  });

  it("gives whole numbers back to the last digit", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.bigInt({ min: -30n, max: 30n })),
        ),
        (numbers) => {
          const interner = new NumberInterner("whole");
          interner.addCells(halvesOf(BigInt64Array.from(numbers)), numbers.length, null);
          const { codes, values } = interner.finish();
          expect([...codes].map((code) => values[code])).toEqual(numbers.map(String));
          expect(new Set(values).size).toBe(values.length);
        },
      ),
    );
  });

  it("grows its tables", () => {
    const interner = new NumberInterner("whole", 10);
    const numbers = BigInt64Array.from({ length: 50_000 }, (_, i) => BigInt(i % 20_000) * 4_294_967_297n);
    interner.addCells(halvesOf(numbers), numbers.length, null);
    const { codes, values } = interner.finish();
    expect(values.length).toBe(20_000);
    expect(numbers.every((value, r) => values[codes[r]!] === String(value))).toBe(true);
  });
});

/** The text of a column `x` by DuckDB's own conversion, whole numbers without a point. */
async function duckdbTexts(path: string): Promise<string[]> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const whole = "isfinite(x) AND abs(x) < 1e15 AND x = trunc(x)";
  const reader = await connection.runAndReadAll(
    `SELECT coalesce(CASE WHEN ${whole} THEN x::BIGINT::VARCHAR ELSE x::VARCHAR END, '') FROM read_parquet('${path}')`,
  );
  connection.closeSync();
  instance.closeSync();
  return (reader.getColumns()[0] ?? []).map(String);
}

describe("numbers of a Parquet file", () => {
  it("have the texts that DuckDB gives them", async () => {
    const numbers = fc.sample(anyDouble, { seed: 1, numRuns: 3000 });
    const path = join(tmpdir(), `symtraj-numbers-${process.pid}.parquet`);
    const column: OutputColumn = {
      name: "x",
      kind: "number",
      at: (row) => (row % 50 === 9 ? null : numbers[row]!),
    };
    const db = await Database.open();
    try {
      await db.writeParquet(path, [column], numbers.length);
      const [read] = (await db.load(path, { kind: "parquet" }, ["x"])).columns;
      const texts = [...read!.codes].map((code) => read!.values[code]!);
      expect(texts[9]).toBe("");
      expect(texts).toEqual(await duckdbTexts(path));
    } finally {
      db.close();
      await rm(path, { force: true });
    }
  });
});
