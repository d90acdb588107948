import type { Command } from "commander";
import { addDataOptions, addFitOptions, addModelOptions, type RawOptions } from "./declare.js";
import { cancellable, writeJson } from "./outcome.js";

/**
 * Declares `symtraj fit`.
 * @param program - the command line
 */
export function declareFit(program: Command): void {
  const collect = (value: string, earlier: readonly string[] = []): string[] => [...earlier, value];
  const command = program
    .command("fit")
    .description("fit one trajectory model to a data file (one row per session)")
    .argument("<data>", "data file: CSV, TSV, Parquet or JSON, also .gz");
  addModelOptions(addDataOptions(command))
    .option("--random <formula>", 'random effects, e.g. "1 + week"; 0 for none (default: "1")')
    .option("--classes <n>", "number of latent classes", "1")
    .option("--orders <list>", "degree of time in each class, e.g. 2,1,0")
    .option(
      "--constrain <rule>",
      'fix a parameter or set some equal, e.g. "month@1 = 0"; repeat it for several',
      collect,
    )
    .option("--reml", "restricted maximum likelihood (one class)");
  addFitOptions(command)
    .option("--out <folder>", "keep the result: model.json, memberships.csv, set-aside.csv")
    .action(runFit);
}

async function runFit(file: string, raw: RawOptions): Promise<void> {
  const { OptionReader, readFitOptions, readModelOptions, readWorkers } = await import("./options.js");
  const { readCohort, readDataOptions } = await import("./data.js");
  const read = new OptionReader(raw);
  const data = readDataOptions(read, file);
  const random = read.text("random");
  const classes = read.number("classes", { whole: true, least: 1, most: 50 }) ?? 1;
  const constraints = read.list("constrain");
  const orders = read.wholeNumbers("orders");
  const spec = {
    ...readModelOptions(read, data.outcome, data.time),
    ...(random === undefined ? {} : { random }),
    classes,
    ...(constraints.length === 0 ? {} : { constraints }),
    ...(orders === undefined ? {} : { orders }),
  };
  const options = readFitOptions(read);
  const workers = readWorkers(read) ?? "auto";
  read.check();

  const { resolveSpec } = await import("../models/spec.js");
  const { fixed, classSpecific, membership, ...resolved } = resolveSpec(spec);
  const cohort = await readCohort(
    data,
    [fixed, resolved.random, classSpecific, membership],
    [resolved.occasion, resolved.cluster],
  );
  const { fit } = await import("../models/fitModel.js");
  const { createProgressLine } = await import("./progress.js");
  const line = createProgressLine();
  // One class is one job: threads would only add their start-up time.
  const runner = classes === 1 ? undefined : (await import("../workers/index.js")).createRunner(workers);
  try {
    const fitted = await cancellable((signal) =>
      fit(cohort.long, spec, {
        ...options,
        ...(runner === undefined ? {} : { runner }),
        signal,
        onProgress: line.update,
      }),
    );
    line.finish();
    const { joinLedgers } = await import("../study/ledger.js");
    const result = { ...fitted, rows: joinLedgers(cohort.ledger, fitted.rows) };
    const out = read.text("out");
    const kept =
      out === undefined ? undefined : await (await import("./keep.js")).keepFit(out, result, cohort);
    if (read.flag("json")) {
      writeJson(kept === undefined ? result : { ...result, posteriors: { file: kept.memberships } });
      return;
    }
    const { fitSummary } = await import("./summary.js");
    process.stdout.write(fitSummary(result));
    if (kept !== undefined) process.stdout.write(`Kept in ${out}: ${kept.files.join(", ")}\n`);
  } finally {
    line.finish();
    await runner?.close();
  }
}
