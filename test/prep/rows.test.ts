import { describe, expect, it } from "vitest";
import { prepare } from "../../src/prep/prepare.js";
import type { Cohort, PrepSpecInput } from "../../src/prep/types.js";
import { conserved, file, numbers, problemsOf, reasons } from "./files.js";

let serial = 0;

function read(content: string, more: Partial<PrepSpecInput>): Promise<Cohort> {
  const data = file(`wide${serial++}.csv`, content);
  return prepare({
    data,
    layout: "wide",
    id: "id",
    time: {},
    measures: [{ name: "phq9", pattern: "phq9_{n}" }],
    ...more,
  });
}

const column = (cohort: Cohort, name: string) => numbers(cohort.long.columns.get(name));

describe("wide layout", () => {
  it("makes one row per occasion, counted from the first", async () => {
    const cohort = await read("id,age,phq9_1,phq9_2,phq9_10\na,30,20,,9\nb,40,NA,15,99\nc,50,,,\n", {
      covariates: ["age"],
    });
    expect(cohort.long.personIds).toEqual(["a", "b"]);
    expect(column(cohort, "session")).toEqual([0, 9, 1]);
    expect(column(cohort, "phq9")).toEqual([20, 9, 15]);
    expect(column(cohort, "age")).toEqual([30, 30, 40]);
    expect(
      cohort.setAside.map(({ row, id, reason, column, value }) => [row, id, reason, column, value]),
    ).toEqual([
      [2, "b", "score-out-of-range", "phq9_10", "99"],
      [3, "c", "score-missing", "phq9_1", ""],
    ]);
    expect(cohort.ledger).toMatchObject({ read: 5, used: 3 });
    expect(cohort.notes[0]).toContain("5 of 9 occasions are empty");
    expect(conserved(cohort)).toBe(true);
  });

  it("ranks sessions, or reads a column of dates per occasion", async () => {
    const content =
      "id,phq9_1,date_1,gad7_1,phq9_2,date_2,gad7_2,phq9_3,date_3\n" +
      "a,20,01/03/2020,10,15,15/03/2020,,9,\nb,,,,12,20/03/2020,7,,\n";
    const measures = [
      { name: "phq9", pattern: "phq9_{n}" },
      { name: "gad7", pattern: "gad7_{n}" },
    ];
    const dated = await read(content, { measures, time: { kind: "date", pattern: "date_{n}" } });
    expect(column(dated, "week")).toEqual([0, 2, 0]);
    expect(column(dated, "gad7")).toEqual([10, Number.NaN, 7]);
    expect(reasons(dated)).toEqual({ "time-missing": 1 });
    expect(dated.setAside[0]).toMatchObject({ row: 1, column: "date_3", value: "" });
    const ranked = await read(content, { measures, time: { kind: "session" } });
    expect(column(ranked, "session")).toEqual([0, 1, 2, 0]);
  });

  it("adds up items with {item}", async () => {
    const header = [
      "id",
      ...[1, 2].flatMap((n) => Array.from({ length: 7 }, (_, i) => `gad_${n}_i${i + 1}`)),
    ].join(",");
    const cohort = await read(`${header}\na,3,3,3,3,3,3,3,1,1,1,1,1,1,\nb,1,0,0,0,0,0,,1,0,0,0,0,,\n`, {
      measures: [{ name: "gad7", pattern: "gad_{n}_i{item}" }],
    });
    // 6 of 6 items -> 7; 1 of 6 -> 1.17 -> 1; two items missing are too many.
    expect(column(cohort, "gad7")).toEqual([21, 7, 1]);
    expect(column(cohort, "gad7_prorated")).toEqual([0, 1, 1]);
    expect(reasons(cohort)).toEqual({ "items-missing": 1 });
  });

  it("takes the lines of one identifier together, with a note", async () => {
    const cohort = await read("id,phq9_1,phq9_2\na,20,\na,,15\n", {});
    expect(column(cohort, "phq9")).toEqual([20, 15]);
    expect(cohort.notes.join()).toContain("Identifiers with more than one line: 1");
  });

  it("refuses a pattern that matches nothing", async () => {
    const [problem] = await problemsOf(() => read("id,phq_1,phq_2\na,1,2\n", {}));
    expect(problem).toMatchObject({ code: "missing-column", fix: "The nearest column is phq_1." });
  });
});
