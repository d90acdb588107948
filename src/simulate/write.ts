import { open, rename, rm, writeFile } from "node:fs/promises";
import { RunFailure } from "../core/errors.js";
import { csvChunks, type DirtCounts, zeroCounts } from "./csv.js";
import { resolveSimulation, type SimulationInput } from "./spec.js";
import { type SimulationTruth, simulationTruth } from "./truth.js";

/** Options of {@link writeSimulation}. */
export interface WriteOptions {
  /** Stops between two pieces; nothing is left behind. */
  readonly signal?: AbortSignal;
  /** Called after each piece with the persons written so far. */
  readonly onProgress?: (persons: number) => void;
}

/** What was written. */
export interface WrittenSimulation {
  /** The data: one row per person and session attended. */
  readonly path: string;
  /** The true class of each person: `id,class,class_name`. */
  readonly classesFile: string;
  /** The true parameters and the counts below, as JSON. */
  readonly truthFile: string;
  readonly persons: number;
  /** Data rows, duplicates among them. */
  readonly rows: number;
  readonly personsByClass: readonly number[];
  readonly dirt: Readonly<DirtCounts>;
  readonly truth: SimulationTruth;
}

/**
 * Simulates a cohort straight to disk, in memory that does not depend on its size. Beside `cohort.csv` come
 * `cohort.classes.csv` (the true class of each person) and `cohort.truth.json` (the true parameters). The files take
 * their names only when they are complete.
 * @param input - whatever differs from the defaults of {@link resolveSimulation}
 * @param path - the data file to write; its folder must exist
 * @param options - cancelling and progress
 * @returns what was written and where
 * @throws InputError listing every value that is not allowed; RunFailure (`write-failed`, `cancelled`)
 */
export async function writeSimulation(
  input: SimulationInput,
  path: string,
  options: WriteOptions = {},
): Promise<WrittenSimulation> {
  const truth = simulationTruth(resolveSimulation(input));
  const counts = zeroCounts(truth.spec.classes.length);
  const stem = path.replace(/\.[^./\\]*$/, "");
  const classesFile = `${stem}.classes.csv`;
  const truthFile = `${stem}.truth.json`;
  const files = [path, classesFile, truthFile];
  try {
    const data = await open(partial(path), "w");
    try {
      const classes = await open(partial(classesFile), "w");
      try {
        for (const chunk of csvChunks(truth, counts)) {
          if (options.signal?.aborted) throw new RunFailure("cancelled", "The simulation was cancelled.");
          // Waiting for both writes is what keeps memory constant.
          await data.appendFile(chunk.data);
          await classes.appendFile(chunk.classes);
          options.onProgress?.(counts.persons);
        }
      } finally {
        await classes.close();
      }
    } finally {
      await data.close();
    }
    await writeFile(partial(truthFile), `${JSON.stringify({ ...truth, counts }, null, 2)}\n`);
    for (const file of files) await rename(partial(file), file);
  } catch (error) {
    await Promise.all(files.map((file) => rm(partial(file), { force: true }).catch(() => undefined)));
    if (error instanceof Error && "syscall" in error)
      throw new RunFailure("write-failed", `${path} cannot be written: ${error.message}`, { cause: error });
    throw error;
  }
  return { path, classesFile, truthFile, ...counts, truth };
}

function partial(file: string): string {
  return `${file}.partial`;
}
