import type { Command } from "commander";
import type { RegressionResult } from "../models/result.js";
import type { RawOptions } from "./declare.js";
import { writeJson } from "./outcome.js";

/**
 * Declares `symtraj predictors`.
 * @param program - the command line
 */
export function declarePredictors(program: Command): void {
  const collect = (value: string, earlier: readonly string[] = []): string[] => [...earlier, value];
  program
    .command("predictors")
    .description("predictors of class membership (three-step), and of outcomes (logistic regression)")
    .argument("<model>", "model.json of `symtraj fit --out`, or models/chosen.json of a report")
    .argument("<data>", "the data file that the model was fitted to")
    .option("--id <column>", "column of the person identifier")
    .option("--formula <formula>", 'covariates of persons, e.g. "age + female"')
    .option(
      "--predict <outcome>",
      "also an outcome: reliable_recovery, …, or a yes/no column; may be repeated",
      collect,
    )
    .option("--correction <method>", "ml (Vermunt 2010), bch, or none", "ml")
    .option("--where <condition>", "use only rows where this is true")
    .option("--duplicates <rule>", "rows of one person at one time: first, last, mean or set-aside", "last")
    .option("--format <format>", "csv, tsv, parquet or json (default: from the file's name)")
    .option("--json", "print one JSON document on standard output")
    .action(runPredictors);
}

async function runPredictors(model: string, file: string, raw: RawOptions): Promise<void> {
  const { OptionReader } = await import("./options.js");
  const { readCohort, readDataOptions } = await import("./data.js");
  const { readStoredFit } = await import("./storedFit.js");
  const read = new OptionReader(raw);
  const formula = read.required("formula", 'covariates of persons, e.g. "age + female"');
  const correction = read.choice("correction", ["ml", "bch", "none"] as const)!;
  const fit = await readStoredFit(model, { posteriors: true });
  const data = readDataOptions(read, file, fit.model);
  read.check();
  const { OUTCOME_NAMES } = await import("../prep/spec.js");
  const outcomes = read.list("predict");
  const columns = outcomes.filter((name) => !(OUTCOME_NAMES as readonly string[]).includes(name));
  const cohort = await readCohort(data, [formula, ...columns]);
  const { threeStep } = await import("../models/threeStep.js");
  const { logisticRegression } = await import("../models/logistic.js");
  const regressions: RegressionResult[] = [];
  if (fit.model.classes > 1) regressions.push(threeStep(fit, cohort.persons, { formula, correction }));
  for (const outcome of outcomes) regressions.push(logisticRegression(cohort.persons, { outcome, formula }));
  if (read.flag("json")) {
    writeJson({ regressions, ledger: cohort.ledger });
    return;
  }
  const { regressionSummary } = await import("./summary.js");
  if (fit.model.classes === 1)
    process.stderr.write("The model has one class, so there is no membership to predict.\n");
  process.stdout.write(regressions.map(regressionSummary).join("\n"));
}
