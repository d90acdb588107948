import { mkdirSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { prepare } from "../../src/prep/prepare.js";
import type { Cohort, PrepSpecInput } from "../../src/prep/types.js";
import { conserved, file, numbers, path, problemsOf, reasons, texts } from "./files.js";

const spec = { id: "id", time: "week", measures: ["phq9"] } as const;

function read(
  name: string,
  content: string | Uint8Array,
  more: Partial<PrepSpecInput> = {},
): Promise<Cohort> {
  return prepare({ ...spec, data: file(name, content), ...more });
}

async function refused(name: string, content: string | Uint8Array, more: Partial<PrepSpecInput> = {}) {
  return (await problemsOf(() => read(name, content, more)))[0]!;
}

const ROWS = "id,week,phq9\n007,0,20\n007,1,15\n08,0,9\n";

function expectThree(cohort: Cohort): void {
  expect(cohort.long.personIds).toEqual(["007", "08"]);
  expect(numbers(cohort.long.columns.get("phq9"))).toEqual([20, 15, 9]);
  expect(conserved(cohort)).toBe(true);
}

describe("files that are read", () => {
  it.each([
    ["plain", ROWS],
    ["with a byte order mark", `\ufeff${ROWS}`],
    ["with Windows line ends", ROWS.replaceAll("\n", "\r\n")],
    ["without a last line end", ROWS.trimEnd()],
    ["with blank lines", ROWS.replaceAll("\n", "\n\n")],
    ["with quotes and spaces", 'id , week,"phq9"\n"007",0,20\n 007 , 1 , 15\n08,0,9\n'],
    ["with semicolons", ROWS.replaceAll(",", ";")],
    ["with bars", ROWS.replaceAll(",", "|")],
    ["with old Mac line ends", ROWS.replaceAll("\n", "\r")],
    ["with blank lines before the header", `\n \r\n${ROWS}`],
    [
      "with Excel's line of the separator",
      `\ufeffsep=;\r\n${ROWS.replaceAll(",", ";").replaceAll("\n", "\r\n")}`,
    ],
  ])("CSV %s", async (name, content) => {
    expectThree(await read(`${name.replaceAll(" ", "-")}.csv`, content));
  });

  it("TSV, text with tabs, gzip, JSON, JSON lines", async () => {
    expectThree(await read("a.tsv", ROWS.replaceAll(",", "\t")));
    expectThree(await read("a.txt", ROWS.replaceAll(",", "\t")));
    expectThree(await read("a.csv.gz", gzipSync(ROWS)));
    const objects = ROWS.trim()
      .split("\n")
      .slice(1)
      .map((line) => {
        const [id, week, phq9] = line.split(",");
        return JSON.stringify({ id, week: Number(week), phq9: Number(phq9) });
      });
    expectThree(await read("a.json", `[${objects.join(",")}]`));
    expectThree(await read("a.jsonl", objects.join("\n")));
    expectThree(await read("a.jsonl.gz", gzipSync(objects.join("\n"))));
    expectThree(await read("a.data", ROWS, { format: "csv" }));
  });

  it("fields that hold separators, quotes and line ends", async () => {
    const cohort = await read("quoted.csv", 'id,note,week,phq9\n"a, b","he said ""well""\nand left",0,20\n', {
      covariates: ["note"],
    });
    expect(cohort.long.personIds).toEqual(["a, b"]);
    expect(texts(cohort.long.columns.get("note"))).toEqual(['he said "well"\nand left']);
  });

  it("names and values in any alphabet", async () => {
    const cohort = await read("naïve 'file'.csv", "id,Größe,week,phq9\nÅsa,£5–10 日本語,0,20\n", {
      covariates: [{ name: "size", column: "Größe" }],
    });
    expect(cohort.long.personIds).toEqual(["Åsa"]);
    expect(texts(cohort.long.columns.get("size"))).toEqual(["£5–10 日本語"]);
  });

  it("columns whose names differ only by case, a nameless column, a thousand others", async () => {
    const others = Array.from({ length: 1000 }, (_, i) => `x${i}`);
    const header = ["", "id", "ID", "week", "phq9", ...others].join(",");
    const line = (id: string) => ["1", id, `${id}-upper`, "0", "20", ...others.map(() => "z")].join(",");
    const cohort = await read("wide.csv", `${header}\n${line("a")}\n${line("b")}\n`, {
      covariates: ["x999", { name: "nr", column: "column1" }],
    });
    expect(cohort.long.personIds).toEqual(["a", "b"]);
    expect([...cohort.long.columns.keys()]).toEqual(["week", "phq9", "x999", "nr"]);
  });

  it("several files and patterns, with rows numbered by file", async () => {
    mkdirSync(path("parts"));
    file("parts/1.csv", "id,week,phq9\na,0,20\nb,0,99\n");
    file("parts/2.csv", "phq9,week,id\n15,1,a\n-1,0,c\n12,0,d\n");
    const cohort = await prepare({ ...spec, data: path("parts/*.csv") });
    expect(cohort.long.personIds).toEqual(["a", "d"]);
    expect(numbers(cohort.long.columns.get("phq9"))).toEqual([20, 15, 12]);
    expect(cohort.setAside.map(({ file, row, id, value }) => [file.slice(-5), row, id, value])).toEqual([
      ["1.csv", 2, "b", "99"],
      ["2.csv", 2, "c", "-1"],
    ]);
    expect(cohort.notes.join()).toContain("Identifiers in more than one file: 1");
    expect(cohort.sources.map(({ rows }) => rows)).toEqual([2, 3]);
    expect(conserved(cohort)).toBe(true);
  });

  it("the very file that is named, though its name looks like a pattern", async () => {
    file("data1.csv", ROWS.replaceAll("20", "3"));
    file("whatever.csv", ROWS);
    for (const name of ["data[1].csv", "what*.csv", "it's.csv"]) expectThree(await read(name, ROWS));
  });

  it("a fingerprint of each file", async () => {
    const cohort = await read("print.csv", ROWS);
    expect(cohort.sources[0]).toMatchObject({ bytes: ROWS.length, rows: 3, columns: ["id", "week", "phq9"] });
    // printf 'id,week,phq9\n…' | sha256sum
    expect(cohort.sources[0]!.sha256).toBe(
      "bd8286a134ea400bf065fec721dfb2a8177d9c817a2f0471a7db2d76774ccae3",
    );
  });

  it("lines with too few or too many fields are set aside and counted", async () => {
    const cohort = await read("ragged.csv", "\nid,week,phq9\na,0,20\na,1\na,2,15,7\na,3,99\nb,0,9\n");
    expect(cohort.ledger).toMatchObject({ read: 5, used: 2 });
    expect(reasons(cohort)).toEqual({ "row-malformed": 2, "score-out-of-range": 1 });
    expect(cohort.setAside.map(({ row, reason, value }) => [row, reason, value])).toEqual([
      [2, "row-malformed", "a,1"],
      [3, "row-malformed", "a,2,15,7"],
      [4, "score-out-of-range", "99"],
    ]);
    expect(conserved(cohort)).toBe(true);
  });

  // More of them than a function takes arguments.
  it("any number of malformed lines is counted", async () => {
    const n = 150_000;
    const cohort = await read("malformed.csv", `id,week,phq9\na,0,20\n${"a,1\n".repeat(n)}`);
    expect(cohort.ledger).toMatchObject({ read: n + 1, used: 1 });
    expect(reasons(cohort)).toEqual({ "row-malformed": n });
  });

  it("keeps the order of the file when it is read in parallel", async () => {
    // Above DuckDB's buffer size, so that several threads read it.
    const padding = "x".repeat(200);
    const lines = Array.from({ length: 200_000 }, (_, i) => `p${i},0,${i % 28},${padding}`);
    const cohort = await read("large.csv", `id,week,phq9,pad\n${lines.join("\n")}\n`);
    expect(cohort.long.personIds.every((id, i) => id === `p${i}`)).toBe(true);
    expect(numbers(cohort.long.columns.get("phq9")).every((score, i) => score === i % 28)).toBe(true);
  });
});

describe("files that are refused", () => {
  it.each([
    ["empty.csv", "", "empty-file", /empty/],
    ["bom-only.csv", "\ufeff\n", "empty-file", /empty/],
    ["header.csv", "id,week,phq9\n", "no-rows", /no rows/],
    ["numbers.csv", "1,0,20\n1,1,15\n", "no-header", /only numbers/],
    ["book.csv", Uint8Array.of(0x50, 0x4b, 3, 4, 0, 0), "not-text", /Excel/],
    ["utf16.csv", new Uint8Array(Buffer.from("\ufeffid,week", "utf16le")), "not-text", /UTF-16/],
    ["zeros.csv", Uint8Array.of(105, 100, 0, 0), "not-text", /binary/],
    [
      "latin1.csv",
      new Uint8Array(Buffer.from("id,week,phq9\na,0,20\ncafé,0,20\n", "latin1")),
      "not-utf8",
      /Latin-1/,
    ],
    ["broken.parquet", "no parquet", "unreadable-file", /cannot be read/],
    ["broken.json", '{"id": 1, ', "unreadable-file", /cannot be read/],
    ["empty.json", " [ ]\n", "empty-file", /empty/],
    ["open.csv", 'id,week,phq9\na,0,20\nb,0,"2\nc,0,5\n', "open-quote", /not closed/],
    ["open2.csv", 'id,note,week,phq9\na,"x,0,20\nb,x,0,2\nc,"x",0,5\n', "open-quote", /not closed/],
    ["broken.csv.gz", Uint8Array.of(0x1f, 0x8b, 8, 0, 1, 2, 3), "unreadable-file", /gzip/],
    ["sheet.xlsx", "x", "unknown-format", /extension/],
  ])("%s", async (name, content, code, words) => {
    const problem = await refused(name, content);
    expect(problem.code).toBe(code);
    expect(problem.message).toMatch(words);
    expect(problem.where).toContain(name);
  });

  it("names the line of the first character that is not UTF-8, wherever it is", async () => {
    expect(
      (await refused("l1.csv", Buffer.from("id,week,phq9\na,0,20\ncafé,0,20\n", "latin1"))).where,
    ).toContain("line 3");
    const far = `id,week,phq9\n${"a,0,20\n".repeat(200_000)}café,0,20\n`;
    expect(await refused("l2.csv", Buffer.from(far, "latin1"))).toMatchObject({ code: "not-utf8" });
  });

  it("missing files and folders, all at once, with the nearest name", async () => {
    file("scores.csv", ROWS);
    const problems = await problemsOf(() =>
      prepare({ ...spec, data: [path("score.csv"), path(""), path("*.nothing"), path("no/such.csv")] }),
    );
    expect(problems.map(({ code }) => code)).toEqual([
      "no-such-file",
      "not-a-file",
      "no-such-file",
      "no-such-file",
    ]);
    expect(problems[0]!.fix).toBe("Did you mean scores.csv?");
    expect(problems[3]!.message).toContain("no folder");
  });

  it("missing and doubled columns, all at once, with the nearest name", async () => {
    const problems = await problemsOf(() =>
      read("columns.csv", "pid,weeks,phq9,age,age\n1,0,20,30,30\n", {
        covariates: ["age", { name: "x", expression: "aeg + phq9" }],
        exclusions: ["agee > 3"],
      }),
    );
    expect(problems.map(({ code, fix }) => [code, fix])).toEqual([
      ["missing-column", "Did you mean pid?"],
      ["missing-column", "Did you mean weeks?"],
      ["duplicate-column", "Rename all but one of them."],
      ["missing-column", "Did you mean age?"],
      ["missing-column", "Did you mean age?"],
    ]);
  });
});
