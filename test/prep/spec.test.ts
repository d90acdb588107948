import { describe, expect, it } from "vitest";
import { KNOWN_MEASURES, knownMeasure, resolveMeasure } from "../../src/prep/measures.js";
import { resolvePrepSpec } from "../../src/prep/spec.js";
import type { PrepSpecInput } from "../../src/prep/types.js";
import { problemsOf } from "./files.js";

const minimal: PrepSpecInput = { data: "x.csv", id: "id", time: "week", measures: ["phq9"] };

async function codes(input: Partial<PrepSpecInput>): Promise<string[]> {
  return (await problemsOf(() => resolvePrepSpec({ ...minimal, ...input }))).map(({ code }) => code);
}

describe("known measures", () => {
  // NHS Talking Therapies manual: caseness and reliable change.
  it("has the manual's cut-offs", () => {
    const table = [...KNOWN_MEASURES.values()].map((m) => [
      m.name,
      m.minimum,
      m.maximum,
      m.caseness,
      m.reliableChange,
    ]);
    expect(table).toEqual([
      ["phq9", 0, 27, 10, 6],
      ["gad7", 0, 21, 8, 4],
      ["spin", 0, 68, 19, 10],
      ["oci", 0, 168, 40, 32],
      ["pdss", 0, 28, 8, 5],
      ["pcl5", 0, 80, 32, 10],
      ["iesr", 0, 88, 33, 9],
      ["hai", 0, 54, 18, 4],
      ["mi", 1, 5, 2.3, 0.73],
      ["biq", 0, 72, 40, null],
      ["wsas", 0, 40, 11, 8],
    ]);
  });

  it("is found whatever the spelling, and what is given has priority", () => {
    expect(knownMeasure("PHQ-9")?.name).toBe("phq9");
    expect(knownMeasure("mood")).toBeUndefined();
    expect(resolveMeasure({ name: "phq9", caseness: 12 })).toMatchObject({
      caseness: 12,
      maximum: 27,
      label: "PHQ-9",
    });
    expect(resolveMeasure({ name: "mood", maximum: 10 })).toMatchObject({
      minimum: 0,
      caseness: null,
      reliableChange: null,
      role: "other",
    });
  });

  it("needs the range of others", async () => {
    expect((await problemsOf(() => resolveMeasure({ name: "mood" })))[0]).toMatchObject({
      code: "unknown-range",
    });
    expect(
      (await problemsOf(() => resolveMeasure({ name: "mood", minimum: 3, maximum: 3 })))[0],
    ).toMatchObject({
      code: "empty-range",
    });
  });
});

describe("resolvePrepSpec", () => {
  it("fills every default, and leaves a resolved specification as it is", () => {
    const spec = resolvePrepSpec(minimal);
    expect(spec).toMatchObject({
      layout: "long",
      episodes: "first",
      duplicates: "last",
      minimumSessions: 1,
      time: { name: "week", kind: "number", column: "week", origin: "zero", unit: "sessions" },
      covariates: [],
      exclusions: [],
    });
    expect(resolvePrepSpec(spec)).toEqual(spec);
    expect(JSON.parse(JSON.stringify(spec))).toEqual(spec);
    expect(resolvePrepSpec({ ...minimal, time: { column: "when", kind: "date" } }).time).toMatchObject({
      name: "week",
      origin: "first-session",
      unit: "weeks",
    });
    expect(resolvePrepSpec({ ...minimal, exclusions: ["age > 3"], covariates: ["age"] })).toMatchObject({
      exclusions: [{ name: "age > 3", keep: "age > 3" }],
      covariates: [{ name: "age" }],
    });
  });

  it("reports all mistakes at once", async () => {
    expect(
      await codes({
        measures: ["mood", { name: "phq9", column: "a", items: ["b"] }],
        covariates: [
          { name: "two words" },
          { name: "phq9" },
          { name: "recovery" },
          { name: "x", expression: "1 +" },
        ],
        exclusions: ["age &&"],
        minimumSessions: 0,
        episodes: "all",
      }),
    ).toEqual([
      "unknown-range",
      "bad-name",
      "name-taken",
      "name-taken",
      "total-and-items",
      "bad-limit",
      "no-episode-column",
      "expression-syntax",
      "expression-syntax",
    ]);
  });

  it("knows what goes with which layout and kind of time", async () => {
    expect(await codes({ layout: "wide" })).toEqual(["no-pattern", "column-in-wide"]);
    expect(
      await codes({
        layout: "wide",
        measures: [{ name: "phq9", pattern: "phq9_{n}" }],
        time: { kind: "date" },
      }),
    ).toEqual(["no-time-column"]);
    expect(await codes({ measures: [{ name: "phq9", pattern: "phq9_{n}" }] })).toEqual(["pattern-in-long"]);
    expect(await codes({ time: { kind: "date", column: "d", origin: "zero", unit: "sessions" } })).toEqual([
      "date-from-zero",
      "date-in-sessions",
    ]);
    expect(await codes({ time: { kind: "number" } })).toEqual(["no-time-column"]);
    expect(await codes({ time: { column: "w", origin: "column" } })).toEqual(["no-origin-column"]);
    expect(await codes({ time: { column: "w", origin: "zero", originColumn: "r" } })).toEqual([
      "two-origins",
    ]);
    expect(await codes({ measures: [] })).toEqual(["no-measure"]);
    expect(await codes({ minimumSessions: 4, maximumSession: 3 })).toEqual(["bad-limit"]);
    expect(await codes({ measures: [{ name: "mood", maximum: 9, items: ["a"] }] })).toEqual([
      "no-item-range",
    ]);
  });
});

describe("keys of a specification", () => {
  const refused = (input: object) => problemsOf(() => resolvePrepSpec(input as PrepSpecInput));

  it("refuses every unknown key, with the nearest known one, together with other problems", async () => {
    const problems = await refused({
      ...minimal,
      sessions: { minimum: 2 },
      foo: 1,
      minimumSesions: 2,
      measures: [{ name: "phq9", colum: "PHQ" }],
      time: { colunm: "week" },
      covariates: [{ name: "age", tpye: "factor" }],
      exclusions: [{ name: "adults", keep: "age >=", kepe: "x" }],
    });
    const text = problems.map(({ where, message, fix }) => `${where}: ${message} ${fix ?? ""}`);
    expect(text.filter((line) => line.includes("no option"))).toEqual([
      expect.stringMatching(/^preparation: .*"sessions".*minimumSessions/),
      expect.stringMatching(/^preparation: .*"foo"/),
      expect.stringMatching(/^preparation: .*"minimumSesions".*"minimumSessions"/),
      expect.stringMatching(/^measures\[0\] \(phq9\): .*"colum".*"column"/),
      expect.stringMatching(/^covariates\[0\] \(age\): .*"tpye".*"type"/),
      expect.stringMatching(/^exclusions\[0\] \(adults\): .*"kepe".*"keep"/),
      expect.stringMatching(/^time: .*"colunm".*"column"/),
    ]);
    // The bad expression and the missing time column are told at once.
    expect(problems.length).toBeGreaterThan(8);
  });

  it("names required keys that are missing, and the misspelt key that stands for one", async () => {
    const problems = await refused({
      data: "x.csv",
      id: "id",
      measurez: ["phq9"],
      covariates: [{ column: "a" }],
    });
    expect(problems.map(({ code, where }) => [code, where])).toEqual([
      ["unknown-key", "preparation"],
      ["missing-key", "preparation"],
      ["missing-key", "preparation"],
      ["missing-key", "covariates[0]"],
    ]);
    expect(problems[0]?.fix).toContain("measures");
    expect(problems[1]).toMatchObject({
      message: expect.stringContaining("measures"),
      fix: 'There is "measurez".',
    });
    expect((await refused({})).map(({ message }) => message)).toHaveLength(4);
    expect((await refused({ ...minimal, measures: "phq9" }))[0]).toMatchObject({ where: "measures" });
    expect((await refused({ ...minimal, measures: [3] }))[0]).toMatchObject({ where: "measures[0]" });
    expect(await problemsOf(() => resolvePrepSpec(null as unknown as PrepSpecInput))).toHaveLength(1);
  });

  it("takes an undefined key as not given, and a resolved specification again", () => {
    const spec = resolvePrepSpec(minimal);
    expect(resolvePrepSpec(spec)).toEqual(spec);
    expect(() => resolvePrepSpec({ ...minimal, foo: undefined } as PrepSpecInput)).not.toThrow();
  });
});
