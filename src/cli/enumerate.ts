import type { Command } from "commander";
import { addDataOptions, addFitOptions, addModelOptions, type RawOptions } from "./declare.js";
import { cancellable, EXIT, writeJson } from "./outcome.js";

/**
 * Declares `symtraj enumerate`.
 * @param program - the command line
 */
export function declareEnumerate(program: Command): void {
  const collect = (value: string, earlier: readonly string[] = []): string[] => [...earlier, value];
  const command = program
    .command("enumerate")
    .description("compare numbers of classes and structures, and choose one by a stated rule")
    .argument("<data>", "data file: CSV, TSV, Parquet or JSON, also .gz");
  addModelOptions(addDataOptions(command))
    .option("--random <formula>", "random effects of a structure; repeat it for several, 0 is LCGA", collect)
    .option("--classes <range>", "numbers of classes, e.g. 1-5", "1-5")
    .option("--criterion <name>", "bic, aic, sabic, caic, awe, iclBic", "bic")
    .option("--smallest-class <share>", "pass over models with a smaller class", "0.05")
    .option("--minimum-entropy <value>", "pass over models with lower entropy", "0")
    .option("--no-require-replication", "allow models whose best value only one start reached");
  addFitOptions(command).action(runEnumerate);
}

async function runEnumerate(file: string, raw: RawOptions): Promise<void> {
  const { OptionReader, readFitOptions, readModelOptions, readWorkers } = await import("./options.js");
  const { explainingNames, furtherColumns, readCohort, readDataOptions } = await import("./data.js");
  const read = new OptionReader(raw);
  const data = readDataOptions(read, file);
  const base = readModelOptions(read, data.outcome, data.time);
  const classes = read.classRange("classes")!;
  const criterion = read.choice("criterion", ["bic", "aic", "sabic", "caic", "awe", "iclBic"] as const)!;
  const minimumClassProportion = read.number("smallestClass", { least: 0, most: 0.5 })!;
  const minimumEntropy = read.number("minimumEntropy", { least: 0, most: 1 })!;
  const rule = {
    criterion,
    minimumClassProportion,
    minimumEntropy,
    requireReplication: read.flag("requireReplication"),
  };
  const options = readFitOptions(read);
  const workers = readWorkers(read) ?? "auto";
  read.check();

  const randoms = read.list("random").length === 0 ? ["1"] : read.list("random");
  const structures = [...new Set(randoms.map((random) => random.trim()))].map((random) => ({
    name: random === "0" ? "LCGA" : `GMM, random ${random}`,
    spec: { ...base, random },
  }));
  const { resolveSpec } = await import("../models/spec.js");
  const texts = [base.fixed ?? data.time, ...randoms, base.classSpecific, base.membership];
  const cohort = await explainingNames(data, texts, async () => {
    const specs = structures.map(({ spec }) => resolveSpec(spec));
    const formulas = specs.flatMap((each) => [each.fixed, each.random, each.classSpecific, each.membership]);
    return readCohort(data, formulas, furtherColumns(base));
  });
  const { enumerate } = await import("../models/enumeration.js");
  const { createRunner } = await import("../workers/index.js");
  const { createProgressLine } = await import("./progress.js");
  const line = createProgressLine();
  const runner = createRunner(workers);
  try {
    const { result, cancelled } = await cancellable(async (signal) => {
      const context = { runner, signal, onProgress: line.update };
      const found = await enumerate(cohort.long, { structures, classes, rule }, { ...options, ...context });
      return { result: found, cancelled: signal.aborted };
    });
    line.finish();
    // What was finished before Ctrl-C is shown all the same, and the status says that it is not all.
    if (cancelled) process.exitCode = EXIT.cancelled;
    if (read.flag("json")) {
      const fits = result.fits.map(({ posteriors: _, ...fit }) => fit);
      writeJson({ ...result, fits, ledger: cohort.ledger, cancelled });
      return;
    }
    const { enumerationSummary } = await import("./summary.js");
    process.stdout.write(enumerationSummary(result));
  } finally {
    line.finish();
    await runner.close();
  }
}
