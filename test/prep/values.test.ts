import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  allDates,
  allNumbers,
  CELL_BAD,
  CELL_MISSING,
  CELL_OK,
  compareLevels,
  isoDate,
  missingTest,
  readDates,
  readNumbers,
} from "../../src/prep/values.js";

const isMissing = missingTest(["NA", "."]);
const column = (...values: string[]) => ({ codes: Int32Array.from(values, (_, i) => i), values });
const dates = (...values: string[]) => readDates(column(...values), isMissing, "date");
const asIso = (...values: string[]) =>
  [...dates(...values).numbers].map((day) => (Number.isNaN(day) ? null : isoDate(day)));

describe("missingTest", () => {
  it("ignores case and surrounding spaces, and always takes empty text as missing", () => {
    expect(["", " ", "na", " NA ", "."].every(isMissing)).toBe(true);
    expect(["0", "n", "NAN"].some(isMissing)).toBe(false);
  });
});

describe("readNumbers", () => {
  it("tells numbers, missing values and the rest apart", () => {
    const { numbers, status } = readNumbers(
      column("1", " 2.5 ", "-3", "1e2", "NA", "x", "1_000", "0x10", "Infinity"),
      isMissing,
      "x",
    );
    expect([...numbers].slice(0, 4)).toEqual([1, 2.5, -3, 100]);
    expect([...status]).toEqual([
      CELL_OK,
      CELL_OK,
      CELL_OK,
      CELL_OK,
      CELL_MISSING,
      CELL_BAD,
      CELL_BAD,
      CELL_BAD,
      CELL_BAD,
    ]);
  });

  it("reads decimal commas with a note where they can be nothing else", () => {
    const { numbers, notes } = readNumbers(column("2,15", "3", "10,5"), isMissing, "week");
    expect([...numbers]).toEqual([2.15, 3, 10.5]);
    expect(notes[0]).toContain("decimal commas");
  });

  it("does not guess at 1,234, nor when points occur too", () => {
    for (const values of [
      ["1,234", "5"],
      ["2,15", "2.15"],
    ]) {
      const { status, notes } = readNumbers(column(...values), isMissing, "income");
      expect(status[0]).toBe(CELL_BAD);
      expect(notes[0]).toContain("not read as numbers");
    }
  });

  it("reads back every finite number", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (x) => {
        const read = readNumbers(column(String(x)), isMissing, "x");
        expect(read.numbers[0]).toBe(Number(String(x)));
        expect(allNumbers(read)).toBe(true);
      }),
    );
  });
});

describe("readDates", () => {
  it("reads the usual spellings", () => {
    const spellings = [
      "2020-04-01",
      "2020/4/1",
      "20200401",
      "01/04/2020",
      "1.4.2020",
      "01-04-20",
      "01APR2020",
      "1 April 2020",
      "01-Apr-2020",
      "2020-04-01T23:59:59Z",
      "2020-04-01 00:00:00.000+01",
      "01APR2020:13:45:00",
      "01/04/2020 1:30 PM",
    ];
    expect(new Set(asIso(...spellings))).toEqual(new Set(["2020-04-01"]));
  });

  it("keeps the time of day as a fraction", () => {
    expect(dates("1970-01-02 12:00").numbers[0]).toBe(1.5);
    expect(dates("01/01/1970 11:00 PM").numbers[0]).toBeCloseTo(23 / 24, 12);
    expect(dates("01/01/1970 12:00 AM").numbers[0]).toBe(0);
  });

  it("decides day or month first for the column, and says so", () => {
    expect(asIso("01/02/2020", "13/02/2020")).toEqual(["2020-02-01", "2020-02-13"]);
    expect(dates("01/02/2020", "13/02/2020").notes).toEqual([]);
    expect(asIso("01/02/2020", "02/13/2020")).toEqual(["2020-01-02", "2020-02-13"]);
    expect(dates("01/02/2020", "02/13/2020").notes[0]).toContain("month first");
    expect(asIso("01/02/2020")).toEqual(["2020-02-01"]);
    expect(dates("01/02/2020").notes[0]).toContain("day first or month first");
  });

  it("calls impossible days bad, also where day and month first are mixed", () => {
    expect([...dates("2020-02-30", "31APR2020", "2020-13-01", "soon", "NA").status]).toEqual([
      CELL_BAD,
      CELL_BAD,
      CELL_BAD,
      CELL_BAD,
      CELL_MISSING,
    ]);
    const mixed = dates("13/02/2020", "14/02/2020", "02/15/2020");
    expect([...mixed.status]).toEqual([CELL_OK, CELL_OK, CELL_BAD]);
    expect(mixed.notes[0]).toContain("others only month first");
  });

  it("agrees with the calendar for every day of four centuries", () => {
    fc.assert(
      fc.property(fc.integer({ min: -60_000, max: 80_000 }), (day) => {
        const iso = isoDate(day);
        const [year, month, dayOfMonth] = iso.split("-");
        expect(dates(iso).numbers[0]).toBe(day);
        expect(dates(`${dayOfMonth}/${month}/${year}`, "31/12/2000").numbers[0]).toBe(day);
      }),
    );
  });

  it("does not take identifiers for dates", () => {
    expect(allDates(column("20200401"), isMissing)).toBe(false);
    expect(allDates(column("2020-04-01", "NA"), isMissing)).toBe(true);
    expect(allDates(column("2020-04-01", "later"), isMissing)).toBe(false);
    expect(allDates(column("NA"), isMissing)).toBe(false);
  });
});

describe("compareLevels", () => {
  it("puts numbers by size before text", () => {
    expect(["10", "b", "2", "a", "-1"].sort(compareLevels)).toEqual(["-1", "2", "10", "a", "b"]);
  });
});
