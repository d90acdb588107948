import { mkdir } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { Command } from "commander";
import type { RawOptions } from "./declare.js";
import { cancellable, writeJson } from "./outcome.js";

/**
 * Declares `symtraj simulate`.
 * @param program - the command line
 */
export function declareSimulate(program: Command): void {
  program
    .command("simulate")
    .description("make session scores of people with known classes (PHQ-9, GAD-7, covariates), of any size")
    .option("--persons <n>", "number of people", "1000")
    .option("--seed <n>", "seed of every random number", "1")
    .option(
      "--separation <preset>",
      "how far apart the classes are: well-separated, realistic, overlapping",
      "realistic",
    )
    .option("--sessions <n>", "mean number of planned sessions", "9")
    .option("--missed <share>", "probability of missing a session", "0.08")
    .option("--regular", "sessions a week apart, none missed")
    .option("--dirty <share>", "share of rows with the errors that real files have", "0")
    .option("--out <file>", "CSV file to write", "sessions.csv")
    .option("--json", "print one JSON document on standard output")
    .action(runSimulate);
}

async function runSimulate(raw: RawOptions): Promise<void> {
  const { OptionReader } = await import("./options.js");
  const read = new OptionReader(raw);
  const nPersons = read.number("persons", { whole: true, least: 1 })!;
  const seed = read.number("seed", { whole: true })!;
  const separation = read.choice("separation", ["well-separated", "realistic", "overlapping"] as const)!;
  const mean = read.number("sessions", { least: 1 })!;
  const missedShare = read.number("missed", { least: 0, most: 0.99 })!;
  const dirty = read.number("dirty", { least: 0, most: 1 })!;
  const out = read.required("out", "the CSV file to write");
  read.check();
  const { writeSimulation } = await import("../simulate/index.js");
  const { createProgressLine } = await import("./progress.js");
  const line = createProgressLine();
  const begun = performance.now();
  const onProgress = (done: number): void => {
    const elapsedSeconds = (performance.now() - begun) / 1000;
    const remainingSeconds = done === 0 ? null : (elapsedSeconds * (nPersons - done)) / done;
    line.update({ stage: "simulating people", done, total: nPersons, elapsedSeconds, remainingSeconds });
  };
  await mkdir(dirname(resolve(out)), { recursive: true });
  // The longest course is 16 sessions, unless the mean asks for more.
  const sessions = { mean, maximum: Math.max(16, Math.ceil(2 * mean)) };
  const input = { nPersons, seed, separation, sessions, missedShare, dirty, regular: read.flag("regular") };
  const written = await cancellable((signal) => writeSimulation(input, out, { signal, onProgress })).finally(
    line.finish,
  );
  if (read.flag("json")) writeJson(written);
  else
    process.stdout.write(
      `${written.persons.toLocaleString("en")} people, ${written.rows.toLocaleString("en")} sessions: ${written.path}\n`,
    );
}
