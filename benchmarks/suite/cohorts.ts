import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LongTable, ModelSpecInput } from "symptom-trajectories/models";
import { type SimulationInput, simulateTable, writeSimulation } from "symptom-trajectories/simulate";
import { DATA, ROOT } from "../paths.js";

/** Share of the people that large cohorts get, to try the suite itself out (`npm run bench -- --scale 0.01`). */
const SCALE = Number(process.env.SYMTRAJ_BENCH_SCALE ?? 1);
const people = (count: number): number => Math.round(count * SCALE);

/** 100,000 people and 712,000 rows. */
export const GROWTH: SimulationInput = { nPersons: people(100_000), seed: 1, sessions: { mean: 9.15 } };
/** 2,000 people, as in the comparisons with lcmm and flexmix. */
export const SMALL: SimulationInput = { nPersons: 2000, seed: 2 };
/** A national year and more: 1,000,000 people, 8 million rows, everybody seen weekly. */
export const REGULAR: SimulationInput = {
  nPersons: people(1_000_000),
  seed: 3,
  regular: true,
  sessions: { mean: 9.95 },
};
/** The same size, everybody seen at times of their own. */
export const IRREGULAR: SimulationInput = { nPersons: people(1_000_000), seed: 3, sessions: { mean: 10.6 } };

/** A model quadratic in time, every part of it said. */
export type Quadratic = ModelSpecInput & Required<Pick<ModelSpecInput, "fixed" | "random">>;

/** 200,000 people. */
export const LARGE: SimulationInput = { nPersons: people(200_000), seed: 3 };

/**
 * A model quadratic in time, with random intercept and slope.
 * @param time - `session` or `week`
 * @param more - what else differs from the defaults
 * @returns its specification
 */
export function quadratic(time: "session" | "week", more: Partial<ModelSpecInput> = {}): Quadratic {
  return { outcome: "phq9", time, fixed: `1 + ${time} + ${time}^2`, random: `1 + ${time}`, ...more };
}

/**
 * A simulated cohort with only the columns of a model, so that a million people leave room for it.
 * @param input - the simulation
 * @param columns - those to keep
 * @returns the long table
 */
export function cohort(
  input: SimulationInput,
  columns: readonly string[] = ["session", "week", "phq9"],
): LongTable {
  const { table } = simulateTable(input);
  return { ...table, columns: new Map([...table.columns].filter(([name]) => columns.includes(name))) };
}

/**
 * The first people of a table.
 * @param table - long table
 * @param nPersons - how many to keep
 * @returns a table that shares the memory of the first
 */
export function firstPersons(table: LongTable, nPersons: number): LongTable {
  const nRows = table.personStart[nPersons]!;
  return {
    nRows,
    nPersons,
    personIds: table.personIds.slice(0, nPersons),
    personStart: table.personStart.subarray(0, nPersons + 1),
    columns: new Map(
      [...table.columns].map(([name, column]) => [
        name,
        column.kind === "numeric"
          ? { ...column, values: column.values.subarray(0, nRows) }
          : { ...column, codes: column.codes.subarray(0, nRows) },
      ]),
    ),
  };
}

/**
 * A cohort as a CSV file. One written earlier is used again as long as the simulation's code is the same.
 * @param name - stem of the file
 * @param input - the simulation
 * @returns its path
 */
export async function csvFile(name: string, input: SimulationInput): Promise<string> {
  mkdirSync(DATA, { recursive: true });
  const path = join(DATA, `${name}.csv`);
  const stamp = join(DATA, `${name}.stamp`);
  const wanted = createHash("sha256").update(JSON.stringify(input)).update(simulationCode()).digest("hex");
  if (existsSync(path) && existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return path;
  await writeSimulation(input, path);
  writeFileSync(stamp, wanted);
  return path;
}

/** Everything that decides what a simulation draws. */
function simulationCode(): string {
  const folder = join(ROOT, "dist", "simulate");
  const files = readdirSync(folder).filter((name) => name.endsWith(".js"));
  const paths = [...files.sort().map((name) => join(folder, name)), join(ROOT, "dist", "core", "random.js")];
  return paths.map((path) => readFileSync(path, "utf8")).join("\n");
}

/**
 * A CSV file as Parquet, written by DuckDB, with the columns that the models read.
 * @param csv - path of a file of {@link csvFile}
 * @returns path of the Parquet file beside it
 */
export async function parquetFile(csv: string): Promise<string> {
  const path = csv.replace(/\.csv$/, ".parquet");
  const stamp = `${path}.stamp`;
  const wanted = readFileSync(csv.replace(/\.csv$/, ".stamp"), "utf8");
  if (existsSync(path) && existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return path;
  const { DuckDBInstance } = await import("@duckdb/node-api");
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  const quote = (text: string): string => `'${text.replaceAll("'", "''")}'`;
  await connection.run(
    `COPY (SELECT id, session, week, phq9 FROM read_csv(${quote(csv)})) TO ${quote(path)} (FORMAT parquet)`,
  );
  connection.closeSync();
  writeFileSync(stamp, wanted);
  return path;
}
