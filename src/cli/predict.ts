import type { Command } from "commander";
import type { RawOptions } from "./declare.js";
import { writeJson } from "./outcome.js";

/**
 * Declares `symtraj predict`.
 * @param program - the command line
 */
export function declarePredict(program: Command): void {
  program
    .command("predict")
    .description("class and trajectory of new people from a stored model, without fitting again")
    .argument("<model>", "folder of `symtraj fit --out`, or a file of a report's models folder")
    .argument("<data>", "data file with the model's columns")
    .option(
      "--id <column>",
      "column of the person identifier (default: as the model was fitted; else required)",
    )
    .option("--where <condition>", "use only rows where this is true")
    .option("--duplicates <rule>", "rows of one person at one time: first, last, mean or set-aside", "last")
    .option("--format <format>", "csv, tsv, parquet or json (default: from the file's name)")
    .option("--out <file>", "write memberships here; trajectories go beside it, as NAME.trajectories.csv")
    .option("--json", "print one JSON document on standard output")
    .action(runPredict);
}

async function runPredict(model: string, file: string, raw: RawOptions): Promise<void> {
  const { OptionReader } = await import("./options.js");
  const { furtherColumns, readCohort, readDataOptions } = await import("./data.js");
  const { readOrigin, readStoredFit } = await import("./storedFit.js");
  const read = new OptionReader(raw);
  const fit = await readStoredFit(model);
  const { outcome, time, fixed, random, classSpecific, membership, occasion } = fit.model;
  const data = readDataOptions(read, file, { id: (await readOrigin(model)).id, outcome, time });
  read.check();
  // New people need no cluster: it only widens standard errors of estimates.
  const further = furtherColumns(occasion === undefined ? {} : { occasion }, "the model's ");
  const cohort = await readCohort(data, [fixed, random, classSpecific, membership], further);
  const { predict } = await import("../models/predict.js");
  const prediction = predict(fit, cohort.long);
  const { joinLedgers } = await import("../study/ledger.js");
  const ledger = joinLedgers(cohort.ledger, prediction.ledger);
  const out = read.text("out");
  if (out !== undefined) {
    const { writeMemberships } = await import("../report/write.js");
    const { writeTrajectories } = await import("./storedFit.js");
    await writeMemberships(prediction.posteriors, out);
    await writeTrajectories(prediction, `${out.replace(/\.csv$/i, "")}.trajectories.csv`);
  }
  if (read.flag("json")) {
    writeJson({ model: fit.model, ...prediction, ledger });
    return;
  }
  const { predictionSummary } = await import("./summary.js");
  process.stdout.write(predictionSummary(prediction, ledger));
}
