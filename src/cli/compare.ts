import type { Command } from "commander";
import type { BootstrapLikelihoodRatio } from "../models/bootstrapLikelihoodRatio.js";
import type { FitResult } from "../models/result.js";
import type { Comparison } from "./comparison.js";
import type { RawOptions } from "./declare.js";
import type { OptionReader } from "./options.js";
import { cancellable, EXIT, writeJson } from "./outcome.js";

/**
 * Declares `symtraj compare`.
 * @param program - the command line
 */
export function declareCompare(program: Command): void {
  program
    .command("compare")
    .description("test a stored model against a smaller one: likelihood ratio, AIC, BIC")
    .argument("<smaller>", "folder of `symtraj fit --out`, or a file of a report's models folder")
    .argument("<larger>", "another, of the same data, that adds to the first")
    .option("--bootstrap <n>", "simulate the test of one class more from n samples, e.g. 99; needs --data")
    .option("--data <file>", "the data file that both were fitted to, for --bootstrap")
    .option("--id <column>", "column of the person identifier (default: as the models were fitted)")
    .option("--where <condition>", "as the models were fitted")
    .option("--min-sessions <n>", "as the models were fitted", "1")
    .option("--duplicates <rule>", "as the models were fitted: first, last, mean or set-aside", "last")
    .option("--format <format>", "csv, tsv, parquet or json (default: from the file's name)")
    .option("--seed <n>", "seed of the samples (default: that of the larger model)")
    .option("--workers <n>", "worker threads; 0 for none (default: one per core)")
    .option("--json", "print one JSON document on standard output")
    .action(runCompare);
}

async function runCompare(smallerPath: string, largerPath: string, raw: RawOptions): Promise<void> {
  const { OptionReader } = await import("./options.js");
  const { readOrigin, readStoredFit } = await import("./storedFit.js");
  const { compareStored, comparisonSummary } = await import("./comparison.js");
  const read = new OptionReader(raw);
  const smaller = await readStoredFit(smallerPath);
  const larger = await readStoredFit(largerPath);
  const id = (await readOrigin(largerPath)).id ?? (await readOrigin(smallerPath)).id;
  const simulate = await readSimulation(read, id, smaller, larger);
  const comparison = compareStored(smaller, larger);
  const result: Comparison = { ...comparison, bootstrap: await simulate() };
  if (read.flag("json")) {
    const essentials = (
      path: string,
      { family, model, nParameters, logLikelihood, criteria }: FitResult,
    ) => ({
      path,
      family,
      model,
      nParameters,
      logLikelihood,
      criteria,
    });
    writeJson({
      smaller: essentials(smallerPath, smaller),
      larger: essentials(largerPath, larger),
      ...result,
    });
    return;
  }
  process.stdout.write(
    comparisonSummary({ path: smallerPath, fit: smaller }, { path: largerPath, fit: larger }, result),
  );
}

/** Reads the options of the bootstrap; what is returned runs it, and gives null where it was not asked for. */
async function readSimulation(
  read: OptionReader,
  id: string | undefined,
  smaller: FitResult,
  larger: FitResult,
): Promise<() => Promise<BootstrapLikelihoodRatio | null>> {
  const { readWorkers } = await import("./options.js");
  const { furtherColumns, readCohort, readDataOptions } = await import("./data.js");
  const replicates = read.number("bootstrap", { whole: true, least: 1 });
  const seed = read.number("seed", { whole: true });
  const workers = readWorkers(read) ?? "auto";
  if (read.text("bootstrap") === undefined) {
    if (read.text("data") !== undefined)
      read.problems.push({
        code: "missing-option",
        where: "--data",
        message: "The data are needed for a simulated test only.",
        fix: "Add --bootstrap, e.g. --bootstrap 99, or leave --data out.",
      });
    read.check();
    return async () => null;
  }
  const file = read.required("data", "the data file that both models were fitted to");
  const { outcome, time } = larger.model;
  const data = readDataOptions(read, file, { id, outcome, time });
  read.check();
  return async () => {
    const models = [smaller.model, larger.model];
    const formulas = models.flatMap((each) => [each.fixed, each.random, each.classSpecific, each.membership]);
    const further = models.flatMap((model) => furtherColumns(model, "the models' "));
    const cohort = await readCohort(data, formulas, further);
    const { bootstrapLikelihoodRatio } = await import("../models/bootstrapLikelihoodRatio.js");
    const { createRunner } = await import("../workers/index.js");
    const { createProgressLine } = await import("./progress.js");
    const line = createProgressLine();
    const runner = createRunner(workers);
    try {
      return await cancellable(async (signal) => {
        const context = { runner, signal, onProgress: line.update };
        const more = {
          ...(replicates === undefined ? {} : { replicates }),
          ...(seed === undefined ? {} : { seed }),
        };
        const test = await bootstrapLikelihoodRatio(cohort.long, smaller, larger, { ...context, ...more });
        if (signal.aborted) process.exitCode = EXIT.cancelled;
        return test;
      });
    } finally {
      line.finish();
      await runner.close();
    }
  };
}
