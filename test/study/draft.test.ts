import { rmSync } from "node:fs";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { InputError } from "../../src/core/errors.js";
import { createStream } from "../../src/core/random.js";
import { prepare } from "../../src/prep/prepare.js";
import type { Cohort } from "../../src/prep/types.js";
import { draftStudy, type StudyDraft } from "../../src/study/draft.js";
import { loadStudy, parseStudy } from "../../src/study/load.js";
import { resolveStudy } from "../../src/study/resolve.js";
import { runStudy } from "../../src/study/run.js";
import type { StudyFile } from "../../src/study/schema.js";

const folder = await mkdtemp(join(tmpdir(), "symtraj-draft-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A numeric column of the long table. */
function numbers(cohort: Cohort, name: string): Float64Array {
  const column = cohort.long.columns.get(name);
  if (column?.kind !== "numeric") throw new Error(`${name} is not numeric`);
  return column.values;
}

type Cell = string | number;

interface Drafted extends StudyDraft {
  readonly study: StudyFile;
  readonly cohort: Cohort;
  readonly name: string;
}

/** Drafts a study of a table, and prepares the data as it says. */
async function draft(
  name: string,
  header: readonly string[],
  rows: readonly (readonly Cell[])[],
): Promise<Drafted> {
  const path = join(folder, `${name}.csv`);
  await writeFile(path, [header, ...rows].map((row) => `${row.join(",")}\n`).join(""));
  const made = await draftStudy(path, `${name}.csv`);
  await writeFile(join(folder, `${name}.yaml`), made.text);
  const spec = resolveStudy(await loadStudy(join(folder, `${name}.yaml`))).prep;
  return { ...made, name, study: parseStudy(made.text), cohort: await prepare(spec) };
}

/** Runs a drafted study; only the numbers of classes and of starts are made smaller. */
async function runs({ name, text }: Drafted): Promise<string> {
  const path = join(folder, `${name}-short.yaml`);
  await writeFile(
    path,
    text.replace("classes: 1-5", "classes: 1-2").replace("starts: 100/20", "starts: 4/2"),
  );
  const study = resolveStudy(await loadStudy(path), { output: join(folder, `${name}-out`), workers: 0 });
  return (await runStudy(study)).manifest.status;
}

const PERSONS = 60;
const random = createStream(4);
const below = (n: number): number => Math.floor(random.uniform() * n);
/** A score that falls at a person's own pace. */
const total = (person: number, k: number): number =>
  Math.max(0, Math.min(27, 17 - k * (person % 2 === 0 ? 0.3 : 1.6) + below(7) - 3)) | 0;
const date = (day: number): string => new Date(Date.UTC(2021, 0, 1 + day)).toISOString().slice(0, 10);
/** A total spread over n items of 0 to 3. */
const items = (sum: number, n: number): number[] =>
  Array.from({ length: n }, (_, i) => Math.min(3, Math.floor((sum + i) / n)));
const numbered = (stem: string, n: number): string[] =>
  Array.from({ length: n }, (_, i) => `${stem}${i + 1}`);
const long = (
  row: (person: number, k: number) => Cell[],
  sessions: (person: number) => number = (p) => 3 + (p % 5),
) =>
  Array.from({ length: PERSONS }, (_, p) => Array.from({ length: sessions(p) }, (_, k) => row(p, k))).flat();

describe("item-level data", () => {
  it("is recognised, added up and run", async () => {
    const header = ["PatientID", "Session", ...numbered("PHQ", 9), ...numbered("GAD", 7), "gender"];
    const made = await draft(
      "items",
      header,
      long((p, k) => [
        p,
        k,
        ...items(total(p, k), 9),
        ...items(total(p, k) * 0.7, 7),
        p % 3 ? "Female" : "Male",
      ]),
    );
    expect(made.study.measures).toEqual({
      phq9: { items: numbered("PHQ", 9) },
      gad7: { items: numbered("GAD", 7) },
    });
    expect(Math.max(...numbers(made.cohort, "phq9"))).toBeGreaterThan(9);
    expect(made.study.covariates).toEqual({ gender: { type: "factor", levels: ["Female", "Male"] } });
    expect(await runs(made)).toBe("complete");
  });

  it.each(["phq9_", "phq_item", "PHQ-9 item "])("is recognised by the names %s1 …", async (stem) => {
    const rows = long((p, k) => [p, k, ...items(total(p, k), 9)]);
    const made = await draft("named", ["id", "week", ...numbered(stem, 9)], rows);
    expect(made.study.data.layout).toBe("long");
    expect(made.study.measures.phq9).toEqual({ items: numbered(stem, 9) });
  });

  it("gives way to a total, and leaves the question on difficulty out", async () => {
    const rows = long((p, k) => [p, k, ...items(total(p, k), 9), 1, total(p, k)]);
    const both = await draft("both", ["id", "week", ...numbered("PHQ", 10), "PHQ9_total"], rows);
    expect(both.study.measures).toEqual({ phq9: { column: "PHQ9_total" } });
    expect(both.left).toContainEqual(expect.stringContaining("items of phq9, whose total is PHQ9_total"));
    const ten = await draft(
      "ten",
      ["id", "week", ...numbered("PHQ", 10)],
      rows.map((row) => row.slice(0, 12)),
    );
    expect(ten.study.measures.phq9?.items).toHaveLength(9);
    expect(ten.left).toContainEqual(expect.stringContaining("PHQ10: asks for difficulty"));
  });

  it("of an unknown questionnaire is left out with a doubt, not taken as covariates", async () => {
    const rows = long((p, k) => [p, k, total(p, k), ...items(below(20), 8)]);
    const made = await draft("unknown", ["id", "week", "phq9", ...numbered("q", 8)], rows);
    expect(made.study.covariates).toBeUndefined();
    expect(made.doubts).toContainEqual(expect.stringContaining("q1 … q8"));
  });
});

describe("the wide layout", () => {
  const wide = (second: (p: number, k: number) => Cell, n: number, from = 0): Cell[][] =>
    Array.from({ length: PERSONS }, (_, p) => {
      const used = 3 + (p % (n - 2));
      const cells = (cell: (k: number) => Cell): Cell[] =>
        Array.from({ length: n }, (_, k) => (k < used ? cell(k) : ""));
      return [p, 20 + (p % 50), ...cells((k) => from + total(p, k)), ...cells((k) => second(p, k))];
    });

  it("with dates by occasion is recognised and run", async () => {
    const header = ["id", "age", ...numbered("phq9_", 12), ...numbered("date_", 12)];
    const made = await draft(
      "wide",
      header,
      wide((p, k) => date(p + 7 * k), 12),
    );
    expect(made.study.data.layout).toBe("wide");
    expect(made.study.measures).toEqual({ phq9: { pattern: "phq9_{n}" } });
    expect(made.study.time).toMatchObject({ kind: "date", pattern: "date_{n}", unit: "weeks" });
    expect(made.cohort.long.columns.get("week")).toMatchObject({ kind: "numeric" });
    expect(await runs(made)).toBe("complete");
  });

  it("of nine occasions is told from nine items; numbers of weeks are time, before dates", async () => {
    const header = ["id", "age", ...numbered("phq9_", 9), ...numbered("week_", 9)];
    const made = await draft(
      "nine",
      header,
      wide((_, k) => k * 1.5, 9, 4),
    );
    expect(made.study.measures).toEqual({ phq9: { pattern: "phq9_{n}" } });
    expect(made.study.time).toEqual({ name: "week", kind: "number", pattern: "week_{n}", unit: "weeks" });
  });

  it("without times counts the occasions, also those between which one is missing", async () => {
    const made = await draft(
      "plain",
      ["id", "phq9_1", "phq9_2", "phq9_4"],
      [
        [1, 20, "", 9],
        [2, 18, 17, 5],
      ],
    );
    expect([...numbers(made.cohort, "session")]).toEqual([0, 3, 0, 1, 3]);
  });

  it("of items by occasion adds the items up", async () => {
    const names = numbered("phq", 9).flatMap((item) => numbered(`${item}_`, 3));
    const rows = Array.from({ length: 20 }, (_, p) => [p, ...names.map(() => below(4))]);
    const made = await draft("wide-items", ["id", ...names], rows);
    expect(made.study.measures).toEqual({ phq9: { pattern: "phq{item}_{n}" } });
    expect(made.cohort.long.nRows).toBe(60);
  });
});

describe("episodes of care", () => {
  it.each(["episode", "PathwayID", "Referral ID"])(
    "are recognised by %s, whichever column comes first",
    async (name) => {
      const rows = Array.from({ length: PERSONS }, (_, p) =>
        [1, 2].flatMap((e) =>
          Array.from({ length: 3 + (p % 3) }, (_, k) => [
            `${p}-${e}`,
            p,
            date(400 * e + 7 * k),
            total(p, k),
            20 + (p % 40),
          ]),
        ),
      ).flat();
      const made = await draft(
        `episode-${name[0]}`,
        [name, "Person_ID", "AppointmentDate", "phq9", "age"],
        rows,
      );
      expect(made.study.data).toMatchObject({ id: "Person_ID", episode: name, episodes: "first" });
      expect(made.study.covariates).toEqual({ age: {} });
      expect(made.cohort.long.nPersons).toBe(PERSONS);
      expect(made.recognised).toContainEqual(expect.stringContaining(`episode    ${name}`));
      if (name === "episode") expect(await runs(made)).toBe("complete");
    },
  );

  it("are not read from a number that differs in every row, or from a source of referral", async () => {
    const rows = long((p, k) => [p, 100 * p + k, p % 2 ? "GP" : "self", k, total(p, k)]);
    const made = await draft("referral", ["id", "referral_id", "referral_source", "week", "phq9"], rows);
    expect(made.study.data.episode).toBeUndefined();
    expect(Object.keys(made.study.covariates ?? {})).toEqual(["referral_source"]);
  });
});

describe("scores with mistakes in them", () => {
  it("are still the measure, with a comment, and the other questionnaire does not take their place", async () => {
    const wrong = new Map<string, Cell>([
      ["3/1", "refused"],
      ["4/0", 99],
      ["5/2", -1],
    ]);
    const rows = long((p, k) => [p, k, wrong.get(`${p}/${k}`) ?? total(p, k), total(p, k) % 22]);
    const made = await draft("mistakes", ["id", "week", "phq9", "gad7"], rows);
    expect(Object.keys(made.study.measures)).toEqual(["phq9", "gad7"]);
    expect(made.study.outcome).toBe("phq9");
    expect(made.text).toContain('  # some values are not numbers (such as "refused")');
    expect(made.text).toContain("  # values go from -1 to 99");
    expect(made.doubts.filter((doubt) => doubt.startsWith("phq9"))).toHaveLength(2);
  });

  it("that are mostly no scores are left out with a doubt", async () => {
    const rows = long((p, k) => [p, k, ["mild", "severe"][k % 2]!, total(p, k) % 22]);
    const made = await draft("words", ["id", "week", "phq9", "gad7"], rows);
    expect(Object.keys(made.study.measures)).toEqual(["gad7"]);
    expect(made.doubts).toContainEqual(expect.stringContaining("phq9 is not analysed"));
  });
});

describe("covariates", () => {
  it("of few whole numbers are categories; the most frequent category is the reference", async () => {
    const groups = ["Asian", "White", "White", "White", "Black"];
    const rows = long((p, k) => [
      p,
      k,
      total(p, k),
      1 + (p % 3 === 0 ? 2 : p % 2),
      groups[p % 5]!,
      p % 2,
      1 + (p % 10),
    ]);
    const made = await draft(
      "codes",
      ["id", "week", "phq9", "site", "ethnicity", "female", "imd decile"],
      rows,
    );
    expect(made.study.covariates).toEqual({
      site: { type: "factor", levels: [1, 2, 3] },
      ethnicity: { type: "factor", levels: ["White", "Asian", "Black"] },
      female: {},
      imd_decile: { column: "imd decile" },
    });
    expect(made.text).toMatch(/# few whole numbers.*\n {2}site:/);
    expect(made.text).toMatch(/the most frequent \(36 persons\)/);
    expect(made.study.predictors?.formula).toContain("site");
  });

  it("that would take more coefficients than the persons allow, or are mostly missing, stay out of the formulas", async () => {
    const rows = long((p, k) => [p, k, total(p, k), `town ${p % 15}`, p % 4 ? "" : p % 30, p % 2]);
    const made = await draft("many", ["id", "week", "phq9", "town", "income", "female"], rows);
    expect(Object.keys(made.study.covariates ?? {})).toEqual(["town", "income", "female"]);
    expect(made.study.predictors?.formula).toBe("female");
    expect(made.doubts).toContainEqual(expect.stringContaining("categories with fewer than 10 persons"));
  });
});

describe("the latest time", () => {
  it("is a round number by which 95% of the persons have ended, with the reason", async () => {
    const rows = long(
      (p, k) => [p, k === 0 ? 0 : p === 7 ? 25 * k : k * 2.3, total(p, k)],
      () => 5,
    );
    const made = await draft("late", ["id", "week", "phq9"], rows);
    expect(made.study.sessions).toMatchObject({ minimum: 2, latest: 10 });
    expect(made.text).toContain("1 of 60 go on to 100 weeks");
  });

  it("is a number of sessions where sessions are counted", async () => {
    const rows = long(
      (p, k) => [p, total(p, k)],
      (p) => (p === 1 ? 30 : 5),
    );
    const made = await draft("counted", ["id", "phq9"], rows);
    expect(made.study.sessions).toMatchObject({ maximum: 5 });
    expect(made.doubts).toContainEqual(expect.stringContaining("No column looks like time"));
  });

  it("leaves a curve out where there are two times only", async () => {
    const made = await draft(
      "two",
      ["id", "wave", "phq9"],
      long(
        (p, k) => [p, k, total(p, k)],
        () => 2,
      ),
    );
    expect(made.study.models.GMM).toMatchObject({ fixed: "1 + wave", random: "1" });
  });
});

describe("files that cannot be drafted", () => {
  it.each([
    ["empty", "", "The file is empty"],
    ["header", "id,week,phq9\n", "no rows"],
  ])("are refused: %s", async (name, content, message) => {
    const path = join(folder, `${name}-only.csv`);
    await writeFile(path, content);
    const error = await draftStudy(path, "x.csv").catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InputError);
    expect((error as InputError).message).toContain(message);
  });

  it("are drafted with a doubt when nobody has two scores", async () => {
    const path = join(folder, "once.csv");
    await writeFile(path, "id,week,phq9\n1,0,10\n2,0,12\n");
    expect((await draftStudy(path, "once.csv")).doubts).toContainEqual(expect.stringContaining("cannot run"));
  });
});

describe("large files", () => {
  // More persons than a function takes arguments.
  it("are drafted", async () => {
    const path = join(folder, "large.csv");
    const lines = Array.from({ length: 150_000 }, (_, p) => `p${p},0,${p % 28}\np${p},1,${p % 20}\n`);
    await writeFile(path, `id,week,phq9\n${lines.join("")}`);
    expect((await draftStudy(path, "large.csv")).text).toContain("phq9");
  });
});
