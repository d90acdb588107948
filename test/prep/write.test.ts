import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { describeFile } from "../../src/prep/describe.js";
import { prepare } from "../../src/prep/prepare.js";
import type { Cohort } from "../../src/prep/types.js";
import { writeLong, writePersons, writeSetAside } from "../../src/prep/write.js";
import { file, path, problemsOf } from "./files.js";

const CONTENT =
  'patient,week,phq9,gad7,sex\n007,0,20,NA,"f, x"\n007,1.5,15,9,"f, x"\n"8""",0,9,99,m\n9,0,99,,m\n';
const data = file("data.csv", CONTENT);
const again = { id: "patient", time: "week", measures: ["phq9", "gad7"], covariates: ["sex"] } as const;
const cohort: Cohort = await prepare({ ...again, data });

describe("writing", () => {
  it("writes the long table as text", async () => {
    await writeLong(cohort, path("long.csv"));
    expect(readFileSync(path("long.csv"), "utf8")).toBe(
      'patient,week,phq9,gad7,sex\n007,0,20,,"f, x"\n007,1.5,15,9,"f, x"\n"8""",0,9,,m\n',
    );
    await writeLong(cohort, path("long.tsv.gz"));
    expect(
      gunzipSync(readFileSync(path("long.tsv.gz")))
        .toString()
        .split("\n")[1],
    ).toBe('007\t0\t20\t\t"f, x"');
  });

  it.each(["long2.csv", "long2.tsv", "long2.csv.gz", "long2.parquet"])(
    "writes %s so that it reads back the same",
    async (name) => {
      await writeLong(cohort, path(name));
      const back = await prepare({ ...again, data: path(name) });
      expect(back.long).toEqual(cohort.long);
      expect(back.ledger.used).toBe(cohort.ledger.used);
    },
  );

  it("writes persons and what was set aside, rows and cells", async () => {
    await writePersons(cohort, path("persons.csv"));
    const persons = readFileSync(path("persons.csv"), "utf8").trim().split("\n");
    expect(persons[0]).toBe(
      "patient,sex,n_sessions,last_time,phq9_first,phq9_last,phq9_change,gad7_first,gad7_last,gad7_change," +
        "caseness,recovery,reliable_improvement,reliable_deterioration,reliable_recovery,no_reliable_change",
    );
    expect(persons[1]).toBe('007,"f, x",2,1.5,20,15,-5,9,,,yes,no,,,no,');
    expect(persons).toHaveLength(3);
    await writeSetAside(cohort, path("aside.csv"));
    expect(readFileSync(path("aside.csv"), "utf8").replaceAll(data, "data.csv")).toBe(
      'kind,file,row,id,reason,column,value\nrow,data.csv,4,9,score-out-of-range,phq9,99\ncell,data.csv,3,"8""",score-out-of-range,gad7,99\n',
    );
  });

  it("writes every set-aside row, though few are listed", async () => {
    const many = await prepare({
      id: "id",
      time: "week",
      measures: ["phq9"],
      data: file(
        "many.csv",
        `id,week,phq9\n${Array.from({ length: 50 }, (_, i) => `${i},0,${i}`).join("\n")}\n`,
      ),
      setAsideLimit: 3,
    });
    expect(many.setAside.map(({ value }) => value)).toEqual(["28", "29", "30"]);
    await writeSetAside(many, path("many-aside.csv"));
    expect(readFileSync(path("many-aside.csv"), "utf8").trim().split("\n")).toHaveLength(1 + 22);
  });

  it("refuses other extensions", async () => {
    expect((await problemsOf(() => writeLong(cohort, path("long.xlsx"))))[0]!.code).toBe("unknown-format");
  });
});

describe("describeFile", () => {
  it("says what each column looks like", async () => {
    const look = await describeFile(
      file(
        "look.csv",
        'id,when,score,sex,none,week\n007,01/02/2020,20,f,,0\n007,15/02/2020,NA,f,,"1,5"\n8,16/02/2020,-3,m,NA,2\n',
      ),
    );
    expect(look.rows).toBe(3);
    expect(look.columns.map(({ name, kind, distinct, missing }) => [name, kind, distinct, missing])).toEqual([
      ["id", "number", 2, 0],
      ["when", "date", 3, 0],
      ["score", "number", 2, 1],
      ["sex", "text", 2, 0],
      ["none", "empty", 0, 3],
      ["week", "number", 3, 0],
    ]);
    expect(look.columns[0]!.examples).toEqual(["007", "8"]);
    expect(look.columns[2]).toMatchObject({ minimum: -3, maximum: 20 });
    expect(look.columns[3]).toMatchObject({ minimum: null, maximum: null });
    expect(look.columns[5]!.maximum).toBe(2);
    expect(look.notes.join()).toContain("decimal commas");
  });

  it("counts and ranges come from the whole of a long file", async () => {
    const lines = Array.from({ length: 30_000 }, (_, i) => `${i},${i === 29_000 ? 999 : 1}`);
    const look = await describeFile(file("long-look.csv", `id,score\n${lines.join("\n")}\n`));
    expect(look.rows).toBe(30_000);
    expect(look.columns[1]).toMatchObject({ maximum: 999 });
    expect(look.columns[0]!.distinct).toBeGreaterThan(25_000);
  });

  it("looks at Parquet and JSON", async () => {
    await writeLong(cohort, path("look.parquet"));
    const look = await describeFile(path("look.parquet"));
    expect(look.columns.map(({ kind }) => kind)).toEqual(["text", "number", "number", "number", "text"]);
    const json = await describeFile(
      file("look.json", '[{"id": "01", "when": "2020-01-01"}, {"id": "02", "score": 3}]'),
    );
    expect(json.columns.map(({ name, kind, missing }) => [name, kind, missing])).toEqual([
      ["id", "number", 0],
      ["when", "date", 1],
      ["score", "number", 1],
    ]);
    expect(json.columns[0]!.examples).toEqual(["01", "02"]);
  });
});
