import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RunFailure } from "../../src/core/errors.js";
import { CLASS_HEADER, csvChunks, DATA_HEADER, zeroCounts } from "../../src/simulate/csv.js";
import {
  resolveSimulation,
  type SimulationInput,
  simulateTable,
  simulationTruth,
  writeSimulation,
} from "../../src/simulate/index.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "symtraj-simulate-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** Both files of a simulation as text. */
function text(
  input: SimulationInput,
  chunkLength?: number,
): { data: string; classes: string; pieces: number } {
  const truth = simulationTruth(resolveSimulation(input));
  let data = "";
  let classes = "";
  let pieces = 0;
  for (const chunk of csvChunks(truth, zeroCounts(truth.spec.classes.length), chunkLength)) {
    data += chunk.data;
    classes += chunk.classes;
    pieces++;
  }
  return { data, classes, pieces };
}

const rowsOf = (csv: string): string[][] =>
  csv
    .trimEnd()
    .split("\n")
    .map((line) => line.split(","));

describe("csvChunks", () => {
  it("gives the same text however it is cut", () => {
    const input = { nPersons: 300, dirty: 0.1 };
    const whole = text(input, Number.POSITIVE_INFINITY);
    const cut = text(input, 1);
    expect(whole.pieces).toBe(1);
    expect(cut.pieces).toBe(301);
    expect([cut.data, cut.classes]).toEqual([whole.data, whole.classes]);
  });

  // Frozen: a seed stands for its data until the next major version.
  it("gives the frozen text of seed 1", () => {
    const { data, classes } = text({ nPersons: 500, dirty: 0.02 });
    expect(data.split("\n").slice(0, 4)).toEqual([
      "id,session,date,week,phq9,gad7,age,female,imd,employed,ltc,medication",
      "P0000001,1,2019-08-26,0,14,8,37,1,7,0,0,1",
      "P0000001,2,2019-09-02,1,12,7,37,1,7,0,0,1",
      "P0000001,3,2019-09-09,2,10,8,37,1,7,0,0,1",
    ]);
    expect(createHash("sha256").update(data).update(classes).digest("hex")).toBe(
      "b3ff93379dd82dc3af53f678f30f21cef0c882fb2edd3fcee275b4eaf174f913",
    );
  });

  it("holds the same people as the table in memory", () => {
    const input = { nPersons: 120, seed: 9 };
    const { data, classes } = text(input);
    const [header, ...rows] = rowsOf(data);
    expect(header?.join(",")).toBe(DATA_HEADER);
    const { table, classOf, truth } = simulateTable(input);
    expect(rows).toHaveLength(table.nRows);
    for (const name of ["session", "week", "phq9", "gad7", "age", "imd", "medication"]) {
      const column = table.columns.get(name);
      if (column?.kind !== "numeric") throw new Error(`no column ${name}`);
      expect(rows.map((row) => Number(row[header!.indexOf(name)]))).toEqual([...column.values]);
    }
    const personOfRow = rows.map((row) => table.personIds.indexOf(row[0]!));
    for (let i = 0; i < table.nPersons; i++) expect(personOfRow.indexOf(i)).toBe(table.personStart[i]);
    const [classHeader, ...people] = rowsOf(classes);
    expect(classHeader?.join(",")).toBe(CLASS_HEADER);
    expect(people).toEqual(
      table.personIds.map((id, i) => [id, String(classOf[i]! + 1), truth.spec.classes[classOf[i]!]!.name]),
    );
  });

  it("dates agree with weeks", () => {
    const [, ...rows] = rowsOf(text({ nPersons: 80 }).data);
    const firstDay = new Map<string, number>();
    for (const [id, , date, week] of rows) {
      expect(date).toMatch(/^20\d\d-\d\d-\d\d$/);
      const day = Date.parse(date!) / 86_400_000;
      if (!firstDay.has(id!)) firstDay.set(id!, day);
      expect((day - firstDay.get(id!)!) / 7).toBeCloseTo(Number(week), 3);
    }
  });

  it("quotes class names that need it", () => {
    const flat = { intercept: 10, slope: 0, curvature: 0 };
    const classes = [{ name: 'slow, "steady"', proportion: 1, phq9: flat, gad7: flat }];
    expect(text({ nPersons: 1, classes }).classes.split("\n")[1]).toBe('P0000001,1,"slow, ""steady"""');
  });
});

describe("writeSimulation", () => {
  it("writes data, classes and truth, and says what is in them", async () => {
    const path = join(folder, "cohort.csv");
    const progress: number[] = [];
    const input = { nPersons: 2500, seed: 4, dirty: 0.05 };
    const written = await writeSimulation(input, path, { onProgress: (persons) => progress.push(persons) });
    expect((await readdir(folder)).sort()).toEqual(["cohort.classes.csv", "cohort.csv", "cohort.truth.json"]);
    const { data, classes } = text(input);
    expect(await readFile(path, "utf8")).toBe(data);
    expect(await readFile(written.classesFile, "utf8")).toBe(classes);
    const truth = JSON.parse(await readFile(written.truthFile, "utf8"));
    expect(truth.spec).toEqual(resolveSimulation(input));
    expect(truth.counts).toEqual({
      persons: written.persons,
      rows: written.rows,
      personsByClass: written.personsByClass,
      dirt: written.dirt,
    });
    expect(written.persons).toBe(2500);
    expect(written.personsByClass.reduce((sum, n) => sum + n, 0)).toBe(2500);
    expect(progress.at(-1)).toBe(2500);
  });

  it("counts the dirt that is really there", async () => {
    const { rows, dirt, path } = await writeSimulation(
      { nPersons: 1500, dirty: 0.08 },
      join(folder, "dirty.csv"),
    );
    const lines = (await readFile(path, "utf8")).trimEnd().split("\n").slice(1);
    const cells = lines.map((line) => line.split(","));
    expect(lines).toHaveLength(rows);
    const count = (holds: (row: string[]) => boolean): number => cells.filter(holds).length;
    expect(count((row) => row[4] === "")).toBe(dirt.missingPhq9);
    expect(count((row) => row[5] === "")).toBe(dirt.missingGad7);
    expect(count((row) => row[4] === "99")).toBe(dirt.score99);
    expect(count((row) => /[a-z]/.test(row[4]!))).toBe(dirt.textScore);
    expect(lines.filter((line, i) => line === lines[i - 1])).toHaveLength(dirt.duplicateRows);
    expect(new Set(cells.filter((row) => row[8] === "").map((row) => row[0])).size).toBe(
      dirt.missingImdPersons,
    );
    const clean = simulateTable({ nPersons: 1500 }).table.nRows;
    expect(rows).toBe(clean + dirt.duplicateRows);
    const messy = dirt.missingPhq9 + dirt.missingGad7 + dirt.score99 + dirt.textScore + dirt.duplicateRows;
    expect(Math.abs(messy / clean - 0.08)).toBeLessThan(4 * Math.sqrt((0.08 * 0.92) / clean));
  });

  it("leaves nothing behind when it is cancelled", async () => {
    const path = join(folder, "cancelled.csv");
    const run = writeSimulation({ nPersons: 100 }, path, { signal: AbortSignal.abort() });
    await expect(run).rejects.toThrow(/cancelled/);
    expect((await readdir(folder)).filter((name) => name.startsWith("cancelled"))).toEqual([]);
  });

  it("names the file that cannot be written", async () => {
    const path = join(folder, "no such folder", "x.csv");
    const run = writeSimulation({ nPersons: 1 }, path);
    await expect(run).rejects.toThrow(RunFailure);
    await expect(run).rejects.toThrow(/x\.csv cannot be written: ENOENT/);
  });
});
