import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InputError } from "../../src/core/errors.js";
import { prepare } from "../../src/prep/prepare.js";
import type { Cohort, PrepSpecInput } from "../../src/prep/types.js";
import { conserved, file, numbers, problemsOf, reasons, texts } from "./files.js";

let serial = 0;

function read(content: string, more: Partial<PrepSpecInput> = {}): Promise<Cohort> {
  const data = file(`t${serial++}.csv`, content);
  return prepare({ data, id: "id", time: "week", measures: ["phq9"], ...more });
}

/** `a 0 20; a 1 15` as CSV. */
function table(header: string, rows: string): string {
  return [header, ...rows.split(";")].map((line) => line.trim().split(/ +/).join(",")).join("\n");
}

const scoresOf = (cohort: Cohort, name = "phq9") => numbers(cohort.long.columns.get(name));
const timesOf = (cohort: Cohort, name = "week") => numbers(cohort.long.columns.get(name));

describe("scores", () => {
  it("sets impossible scores aside, each with its reason, row and value", async () => {
    const cohort = await read(
      table("id week phq9", "a 0 20; a 1 99; a 2 -1; a 3 12.5; a 4 ten; a 5 NA; a 6 27; b 0 0"),
    );
    expect(scoresOf(cohort)).toEqual([20, 27, 0]);
    expect(
      cohort.setAside.map(({ row, id, reason, column, value }) => [row, id, reason, column, value]),
    ).toEqual([
      [2, "a", "score-out-of-range", "phq9", "99"],
      [3, "a", "score-out-of-range", "phq9", "-1"],
      [4, "a", "score-fractional", "phq9", "12.5"],
      [5, "a", "score-not-a-number", "phq9", "ten"],
      [6, "a", "score-missing", "phq9", "NA"],
    ]);
    expect(cohort.ledger).toMatchObject({ read: 8, used: 3 });
    expect(conserved(cohort)).toBe(true);
  });

  it("takes fractional scores where they are meant", async () => {
    const cohort = await read(table("id week mi", "a 0 2.31; a 1 1"), { measures: ["mi"] });
    expect(scoresOf(cohort, "mi")).toEqual([2.31, 1]);
  });

  it("uses a row when one measure is valid; invalid cells beside it are listed", async () => {
    const cohort = await read(table("id week phq9 gad7", "a 0 20 99; a 1 NA 5; a 2 NA NA; a 3 30 NA"), {
      measures: ["phq9", "gad7"],
    });
    expect(scoresOf(cohort)).toEqual([20, Number.NaN]);
    expect(scoresOf(cohort, "gad7")).toEqual([Number.NaN, 5]);
    expect(reasons(cohort)).toEqual({ "score-missing": 1, "score-out-of-range": 1 });
    expect([cohort.blankedTable.column, cohort.blankedTable.value]).toEqual([["gad7"], ["99"]]);
    expect(cohort.notes.join()).toContain("Invalid values in rows that are used: 1");
  });

  it("adds items up, prorating within the rule", async () => {
    const items = Array.from({ length: 9 }, (_, i) => `i${i + 1}`);
    const cohort = await read(
      table(
        `id week ${items.join(" ")}`,
        "a 0 3 3 3 3 3 3 3 3 3; a 1 1 1 1 1 1 1 1 NA NA; a 2 2 2 2 2 2 2 NA NA NA; a 3 4 0 0 0 0 0 0 0 0; a 4 NA NA NA NA NA NA NA NA NA; a 5 2 1 1 1 1 1 1 1 NA",
      ),
      { measures: [{ name: "phq9", items }] },
    );
    // 7 of 7 -> 9; 9 of 8 items -> 9 * 9 / 8 = 10.125 -> 10.
    expect(scoresOf(cohort)).toEqual([27, 9, 10]);
    expect(scoresOf(cohort, "phq9_prorated")).toEqual([0, 1, 1]);
    expect(reasons(cohort)).toEqual({ "score-missing": 1, "items-missing": 1, "score-out-of-range": 1 });
    expect(cohort.setAside.find(({ reason }) => reason === "score-out-of-range")).toMatchObject({
      column: "i1",
      value: "4",
    });
    expect(cohort.notes.join()).toContain("items are missing: 2");
  });

  it("says what is wrong when no score is left", async () => {
    const [problem] = await problemsOf(() => read(table("id week phq9", "a 0 ten; b 0 eleven")));
    expect(problem).toMatchObject({ code: "no-rows-left" });
    expect(problem!.message).toContain("2 score-not-a-number");
    expect(problem!.message).toContain('row 1 has "ten" in phq9');
  });
});

describe("a column that is one item of a questionnaire", () => {
  const scores = (highest: number): string =>
    `id,week,PHQ9\n${Array.from({ length: 60 }, (_, i) => `${i},0,${i % (highest + 1)}\n`).join("")}`;
  const read = async (highest: number): Promise<readonly string[]> =>
    (
      await prepare({
        data: file("item.csv", scores(highest)),
        id: "id",
        time: "week",
        measures: [{ name: "phq9", column: "PHQ9" }],
      })
    ).notes.filter((note) => note.includes("single item"));

  it("is noted when 50 scores or more never leave the range of an item", async () => {
    expect(await read(3)).toEqual([expect.stringContaining("the highest of 60 scores is 3")]);
    expect(await read(4)).toEqual([]);
  });
});

describe("identifiers", () => {
  it("stay text, are one person's wherever they stand, and keep the order of the file", async () => {
    const cohort = await read(table("id week phq9", "010 1 2; 10 0 3; 010 0 1; 1e1 0 4; NA 0 5"));
    expect(cohort.long.personIds).toEqual(["010", "10", "1e1"]);
    expect(scoresOf(cohort)).toEqual([1, 2, 3, 4]);
    expect([...cohort.long.personStart]).toEqual([0, 2, 3, 4]);
    expect(reasons(cohort)).toEqual({ "id-missing": 1 });
  });
});

describe("time", () => {
  const dated = (rows: string, time: PrepSpecInput["time"]) =>
    read(table("id when ref phq9", rows), { time });

  it("counts dates from the first session, in the unit", async () => {
    const cohort = await dated("a 2020-01-15 x 3; a 2020-01-01 x 1; a 2020-01-08 x 2; b 05FEB2020 x 4", {
      column: "when",
      kind: "date",
    });
    expect(timesOf(cohort)).toEqual([0, 1, 2, 0]);
    expect(scoresOf(cohort)).toEqual([1, 2, 3, 4]);
    const months = await dated("a 2020-01-01 x 1; a 2021-01-01 x 2", {
      column: "when",
      kind: "date",
      unit: "months",
      name: "month",
    });
    expect(timesOf(months, "month")[1]).toBeCloseTo(366 / 30.4375, 12);
  });

  it("counts from a column, which may come after the first session", async () => {
    const cohort = await dated(
      "a 2020-01-01 2020-01-08 1; a 2020-01-15 NA 2; b 2020-01-01 NA 3; c 2020-01-01 soon 4",
      {
        column: "when",
        kind: "date",
        origin: "column",
        originColumn: "ref",
      },
    );
    expect(timesOf(cohort)).toEqual([-1, 1]);
    expect(reasons(cohort)).toEqual({ "origin-missing": 2 });
    const number = await dated("a 10 4 1; a 12 5 2", { column: "when", originColumn: "ref", name: "week" });
    expect(timesOf(number)).toEqual([6, 8]);
    expect(number.notes.join()).toContain("more than one value in 1 of 1");
  });

  it("counts numbers from zero or the first session", async () => {
    const rows = table("id week phq9", "a 3 1; a 5 2; b 2 3");
    expect(timesOf(await read(rows))).toEqual([3, 5, 2]);
    expect(timesOf(await read(rows, { time: { column: "week", origin: "first-session" } }))).toEqual([
      0, 2, 0,
    ]);
  });

  it("ranks sessions in file order, or by a column of numbers or dates", async () => {
    const rows = table("id week phq9", "a 9 1; a 5 2; b 2 3; a 7 4");
    expect(scoresOf(await read(rows, { time: { kind: "session" } }))).toEqual([1, 2, 4, 3]);
    const byWeek = await read(rows, { time: { kind: "session", column: "week" } });
    expect(scoresOf(byWeek)).toEqual([2, 4, 1, 3]);
    expect(timesOf(byWeek, "session")).toEqual([0, 1, 2, 0]);
    const byDate = await read(table("id week phq9", "a 02/01/2020 1; a 01/01/2020 2"), {
      time: { kind: "session", column: "week" },
    });
    expect(scoresOf(byDate)).toEqual([2, 1]);
    expect(byDate.notes.join()).toContain("day first or month first");
  });

  it("sets aside times that are missing or make no sense", async () => {
    const cohort = await read(table("id week phq9", "a 0 1; a NA 2; a late 3"));
    expect(reasons(cohort)).toEqual({ "time-missing": 1, "time-not-a-number": 1 });
    const dates = await dated("a 2020-01-01 x 1; a 2020-02-31 x 2", { column: "when", kind: "date" });
    expect(reasons(dates)).toEqual({ "time-not-a-date": 1 });
  });

  it("says so when the kind of time is another", async () => {
    const [dates] = await problemsOf(() => read(table("id week phq9", "a 2020-01-01 1")));
    expect(dates).toMatchObject({ code: "wrong-time-kind", fix: "Set the kind of time to date." });
    const [plain] = await problemsOf(() =>
      read(table("id week phq9", "a 1 1; a 2 1"), { time: { column: "week", kind: "date" } }),
    );
    expect(plain).toMatchObject({ code: "wrong-time-kind", fix: "Set the kind of time to number." });
  });

  it("understands decimal commas of semicolon files", async () => {
    const cohort = await read("id;week;phq9\na;0;5\na;1,5;6\n");
    expect(timesOf(cohort)).toEqual([0, 1.5]);
    expect(cohort.notes.join()).toContain("decimal commas");
  });
});

describe("duplicates", () => {
  const rows = table(
    "id when phq9 gad7",
    "a 2020-01-01T09:00 10 NA; a 2020-01-01T15:00 14 6; a 2020-01-08T09:00 NA 4",
  );
  const settle = (duplicates: PrepSpecInput["duplicates"] & string) =>
    read(rows, { measures: ["phq9", "gad7"], time: { column: "when", kind: "date" }, duplicates });

  it("keeps the first or the last of a day, filling what it lacks", async () => {
    const first = await settle("first");
    expect([scoresOf(first), scoresOf(first, "gad7")]).toEqual([
      [10, Number.NaN],
      [6, 4],
    ]);
    expect(first.notes.join()).toContain("same person and time: 1");
    const last = await settle("last");
    expect([scoresOf(last), scoresOf(last, "gad7")]).toEqual([
      [14, Number.NaN],
      [6, 4],
    ]);
    expect(reasons(last)).toEqual({ "duplicate-time": 1 });
    expect(last.setAside[0]).toMatchObject({ row: 1, column: "when", value: "2020-01-01T09:00" });
  });

  it("averages them, or sets all of them aside", async () => {
    const mean = await settle("mean");
    expect([scoresOf(mean), scoresOf(mean, "gad7")]).toEqual([
      [12, Number.NaN],
      [6, 4],
    ]);
    expect(reasons(mean)).toEqual({ "duplicate-averaged": 1 });
    const none = await settle("set-aside");
    expect(scoresOf(none, "gad7")).toEqual([4]);
    expect(timesOf(none)).toEqual([0]);
    expect(reasons(none)).toEqual({ "duplicate-time": 2 });
  });
});

describe("episodes", () => {
  const rows = table(
    "id ep week phq9",
    "a 2 0 1; a 2 1 2; a 1 0 3; b 7 0 4; a NA 0 5; a 10 0 6; a 10 1 7; a 10 2 8",
  );
  const choose = (episodes: PrepSpecInput["episodes"] & string) => read(rows, { episode: "ep", episodes });

  it("keeps the first, the last, the longest or all", async () => {
    expect(scoresOf(await choose("first"))).toEqual([3, 4]);
    expect(scoresOf(await choose("last"))).toEqual([6, 7, 8, 4]);
    expect(scoresOf(await choose("longest"))).toEqual([6, 7, 8, 4]);
    const all = await choose("all");
    expect(all.long.personIds).toEqual(["a/2", "a/1", "a/10", "b/7"]);
    expect(reasons(all)).toEqual({ "episode-missing": 1 });
    const first = await choose("first");
    expect(reasons(first)).toEqual({ "episode-missing": 1, "episode-not-chosen": 5 });
    expect(first.notes.join()).toContain("ordered by its number");
    expect(conserved(first)).toBe(true);
  });

  it("orders episodes by date where there are dates", async () => {
    const cohort = await read(
      table("id ep when phq9", "a x 2021-01-01 1; a y 2020-01-01 2; a y 2020-01-08 3"),
      {
        episode: "ep",
        time: { column: "when", kind: "date" },
      },
    );
    expect(scoresOf(cohort)).toEqual([2, 3]);
    expect(timesOf(cohort)).toEqual([0, 1]);
  });
});

describe("limits and exclusions", () => {
  it("applies them in the stated order, counting sessions that are left", async () => {
    const cohort = await read(
      table(
        "id week age phq9",
        "a 0 17 1; a 1 18 2; a 2 18 3; a 3 18 4; a 9 18 5; b 0 40 6; c 0 NA 7; c 1 30 8; c 2 30 9",
      ),
      {
        exclusions: [{ name: "adults", keep: "age >= 18" }],
        maximumSession: 3,
        maximumTime: 2,
        minimumSessions: 2,
        time: { column: "week", origin: "first-session" },
      },
    );
    // a's first session is week 1 once the row at 17 is out; week 3 is time 2, week 9 the fourth session.
    expect(scoresOf(cohort)).toEqual([2, 3, 4, 8, 9]);
    expect(timesOf(cohort)).toEqual([0, 1, 2, 0, 1]);
    expect(reasons(cohort)).toEqual({
      "excluded: adults": 2,
      "after-maximum-session": 1,
      "too-few-sessions": 1,
    });
    expect(conserved(cohort)).toBe(true);
  });

  it("sees time, measures and covariates in a rule", async () => {
    const rows = table("id week sex age phq9", "a 0 f 30 1; a 6 f 30 2; b 0 m 40 20");
    expect(scoresOf(await read(rows, { exclusions: ["week <= 5"] }))).toEqual([1, 20]);
    expect(scoresOf(await read(rows, { exclusions: ['sex == "f" and phq9 < 2'] }))).toEqual([1]);
    const derived = await read(rows, {
      exclusions: ["decade > 3"],
      covariates: [{ name: "decade", expression: "age / 10" }],
    });
    expect(scoresOf(derived)).toEqual([20]);
  });

  it("refuses a rule that is no condition, and one that leaves nothing", async () => {
    const rows = table("id week sex phq9", "a 0 f 1");
    expect((await problemsOf(() => read(rows, { exclusions: ["sex"] })))[0]!.code).toBe("expression-type");
    expect((await problemsOf(() => read(rows, { exclusions: ["sex > 3"] })))[0]!.where).toContain(
      "exclusion sex > 3",
    );
    const [nothing] = await problemsOf(() => read(rows, { exclusions: ["phq9 > 3"] }));
    expect(nothing!.message).toContain("1 excluded: phq9 > 3");
  });
});

describe("covariates", () => {
  it("decides numbers and categories by looking, or as told", async () => {
    const rows = table("id week age sex site phq9", "a 0 30 f 10 1; b 0 NA m 2 2; c 0 41 -9 1 3");
    const cohort = await read(rows, {
      covariates: [
        "age",
        { name: "sex", missing: ["-9"] },
        { name: "centre", column: "site", type: "factor" },
        { name: "male", column: "sex", levels: ["m", "f"] },
      ],
    });
    const { columns } = cohort.long;
    expect(numbers(columns.get("age"))).toEqual([30, Number.NaN, 41]);
    expect(texts(columns.get("sex"))).toEqual(["f", "m", null]);
    const centre = columns.get("centre");
    expect(centre?.kind === "factor" && centre.levels).toEqual(["1", "2", "10"]);
    const male = columns.get("male");
    expect(male?.kind === "factor" && [...male.codes]).toEqual([1, 0, -1]);
    expect(cohort.blankedTable.reason).toEqual(["covariate-not-a-level"]);
  });

  it("blanks text in a numeric covariate, and says why a column of numbers became categories", async () => {
    const rows = table("id week age phq9", "a 0 30 1; b 0 old 2; c 0 41 3; d 0 50 4");
    const told = await read(rows, { covariates: [{ name: "age", type: "numeric" }] });
    expect(numbers(told.long.columns.get("age"))).toEqual([30, Number.NaN, 41, 50]);
    expect([told.blankedTable.value, told.blankedTable.reason]).toEqual([
      ["old"],
      ["covariate-not-a-number"],
    ]);
    const looked = await read(rows, { covariates: ["age"] });
    expect(looked.long.columns.get("age")?.kind).toBe("factor");
    expect(looked.notes.join()).toContain('"old"');
  });

  it("derives covariates from others, whatever their order", async () => {
    const rows = table(
      "id week age ref start phq9",
      "a 0 30 2020-01-01 15/01/2020 1; b 0 50 2020-02-01 16/02/2020 2",
    );
    const cohort = await read(rows, {
      covariates: [
        { name: "age_c2", expression: "age_c^2" },
        { name: "age_c", expression: "(age - 40) / 10" },
        { name: "wait", expression: "days(start) - days(ref)" },
        { name: "group", expression: 'age > 40 ? "older" : "younger"', levels: ["younger", "older"] },
        { name: "age", expression: "age + 1" },
        { name: "severe", expression: "phq9 > 1", type: "factor" },
      ],
    });
    const { columns } = cohort.long;
    expect(numbers(columns.get("age"))).toEqual([31, 51]);
    expect(numbers(columns.get("age_c"))[1]).toBeCloseTo(1.1, 12);
    expect(numbers(columns.get("age_c2"))[0]).toBeCloseTo(0.81, 12);
    expect(numbers(columns.get("wait"))).toEqual([14, 15]);
    expect(texts(columns.get("group"))).toEqual(["younger", "older"]);
    const group = columns.get("group");
    expect(group?.kind === "factor" && group.levels[0]).toBe("younger");
    expect(texts(columns.get("severe"))).toEqual(["0", "1"]);
  });

  it("refuses circles and impossible expressions", async () => {
    const rows = table("id week sex phq9", "a 0 f 1");
    const [circle] = await problemsOf(() =>
      read(rows, {
        covariates: [
          { name: "x", expression: "y" },
          { name: "y", expression: "x + 1" },
        ],
      }),
    );
    expect(circle).toMatchObject({ code: "circular-covariate" });
    const [text] = await problemsOf(() => read(rows, { covariates: [{ name: "x", expression: "sex * 2" }] }));
    expect(text!.where).toContain("covariate x");
  });

  it("holds the first value within a person unless it is meant to vary", async () => {
    const rows = table(
      "id week age med phq9",
      "a 0 NA 0 1; a 1 30 1 2; a 2 31 1 3; b 0 40 0 4; b 1 40 1 5; c 0 50 0 6; c 1 50 1 7",
    );
    const cohort = await read(rows, {
      covariates: [
        "age",
        "med",
        { name: "fixed", column: "med", timeVarying: false },
        { name: "ten", expression: "age * 10" },
      ],
    });
    const { columns } = cohort.long;
    expect(numbers(columns.get("age"))).toEqual([30, 30, 30, 40, 40, 50, 50]);
    expect(numbers(columns.get("ten"))).toEqual([300, 300, 300, 400, 400, 500, 500]);
    expect(numbers(columns.get("med"))).toEqual([0, 1, 1, 0, 1, 0, 1]);
    expect(numbers(columns.get("fixed"))).toEqual([0, 0, 0, 0, 0, 0, 0]);
    const notes = cohort.notes.join("\n");
    expect(notes).toContain("age: changes in 1 of 3 persons");
    expect(notes).toContain(
      "med: changes in 3 of 3 persons with several sessions, so it is taken as varying",
    );
    const kept = await read(rows, { covariates: [{ name: "age", timeVarying: true }] });
    expect(numbers(kept.long.columns.get("age"))).toEqual([Number.NaN, 30, 31, 40, 40, 50, 50]);
  });
});

describe("persons", () => {
  it("has baseline covariates, counts, first and last scores, outcomes", async () => {
    const rows = table("id week age phq9 gad7", "a 0 30 20 15; a 2 30 NA 9; a 5 30 8 NA; b 0 40 12 3");
    const { persons, descriptives, outcomes } = await read(rows, {
      measures: ["phq9", "gad7"],
      covariates: ["age"],
    });
    const column = (name: string) => numbers(persons.columns.get(name));
    expect(persons.personIds).toEqual(["a", "b"]);
    expect([column("n_sessions"), column("last_time"), column("age")]).toEqual([
      [3, 1],
      [5, 0],
      [30, 40],
    ]);
    expect([column("phq9_first"), column("phq9_last"), column("phq9_change")]).toEqual([
      [20, 12],
      [8, Number.NaN],
      [-12, Number.NaN],
    ]);
    expect(texts(persons.columns.get("recovery"))).toEqual(["no", null]);
    expect(texts(persons.columns.get("reliable_improvement"))).toEqual(["yes", null]);
    expect(outcomes.find(({ outcome }) => outcome === "reliable_improvement")).toMatchObject({
      yes: 1,
      missing: 1,
      rate: 1,
    });
    expect(descriptives.find(({ variable }) => variable === "age")).toMatchObject({
      n: 2,
      mean: 35,
      sd: Math.sqrt(50),
      q1: 32.5,
    });
    expect(descriptives.find(({ variable }) => variable === "phq9_last")).toMatchObject({
      n: 1,
      missing: 1,
      sd: null,
    });
  });
});

describe("odd data", () => {
  it("survive with a note", async () => {
    const one = await read(table("id week x phq9", "a 0 NA 5"), { covariates: ["x"] });
    expect(one.notes).toEqual([
      "There is only one person.",
      "Nobody has more than one session: change cannot be estimated.",
      "phq9: every score is the same.",
      "x: every value is missing.",
    ]);
    const constant = await read(table("id week x phq9", "a 0 1 5; a 1 1 5; b 0 1 5"), { covariates: ["x"] });
    expect(constant.notes).toEqual(["phq9: every score is the same.", "x: every value is the same."]);
  });

  it("conserve their rows, whatever they are", { timeout: 60_000 }, async () => {
    const cell = (...good: string[]) =>
      fc.oneof(
        { weight: 6, arbitrary: fc.constantFrom(...good) },
        fc.constantFrom("", "NA", "x", "-1", "99", "1.5", '"a""b"', "1e400", " "),
      );
    const row = fc.tuple(
      cell("a", "b", "c", "d"),
      cell("1", "2"),
      cell("0", "1", "2", "3"),
      cell("0", "5", "27"),
      cell("3", "21"),
      cell("20", "30"),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { minLength: 1, maxLength: 25 }),
        fc.constantFrom("first", "last", "mean", "set-aside"),
        fc.constantFrom("first", "last", "all", "longest"),
        fc.integer({ min: 1, max: 3 }),
        fc.constantFrom("number", "session"),
        async (rows, duplicates, episodes, minimumSessions, kind) => {
          const content = ["id,ep,week,phq9,gad7,age", ...rows.map((cells) => cells.join(","))].join("\n");
          const cohort = await read(content, {
            measures: ["phq9", "gad7"],
            episode: "ep",
            episodes,
            duplicates,
            minimumSessions,
            maximumTime: 2,
            time: { column: "week", kind, name: "week" },
            covariates: [{ name: "age", type: "numeric" }],
            exclusions: ["is_missing(age) or age < 99"],
          }).catch((error: unknown) => {
            if (error instanceof InputError && error.problems[0]!.code === "no-rows-left") return null;
            throw error;
          });
          if (cohort === null) return;
          expect(cohort.ledger.read).toBe(rows.length);
          expect(conserved(cohort)).toBe(true);
          const times = timesOf(cohort);
          const { personStart, nPersons } = cohort.long;
          for (let p = 0; p < nPersons; p++) {
            expect(personStart[p + 1]! - personStart[p]!).toBeGreaterThanOrEqual(minimumSessions);
            for (let r = personStart[p]! + 1; r < personStart[p + 1]!; r++)
              expect(times[r]!).toBeGreaterThan(times[r - 1]!);
          }
          expect(new Set(cohort.long.personIds).size).toBe(nPersons);
        },
      ),
      { numRuns: 40 },
    );
  });
});
