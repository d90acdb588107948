import type { Command } from "commander";
import type { PersonTable } from "../core/table.js";
import type { FitResult, RegressionResult } from "../models/result.js";
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
    .argument("<model>", "folder of `symtraj fit --out`, or models/chosen.json of a report")
    .argument("<data>", "the data file that the model was fitted to, or persons.csv of its study")
    .option(
      "--id <column>",
      "column of the person identifier (default: as the model was fitted; else required)",
    )
    .option("--formula <formula>", 'covariates of persons, e.g. "age + female" (required)')
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
  const { readDataOptions } = await import("./data.js");
  const { readOrigin, readStoredFit } = await import("./storedFit.js");
  const read = new OptionReader(raw);
  const formula = read.required("formula", 'covariates of persons, e.g. "age + female"');
  const correction = read.choice("correction", ["ml", "bch", "none"] as const)!;
  const fit = await readStoredFit(model, { posteriors: true });
  const origin = await readOrigin(model);
  const { time, outcome: score } = fit.model;
  const data = readDataOptions(read, file, { id: origin.id, time, outcome: score });
  read.check();
  const outcomes = read.list("predict");
  const { readPersonData } = await import("./personData.js");
  const { persons, ledger, outcomesFrom, measures } = await readPersonData(
    data,
    formula,
    outcomes,
    origin.measures,
  );
  const { threeStep } = await import("../models/threeStep.js");
  const { logisticRegression } = await import("../models/logistic.js");
  const regressions: RegressionResult[] = [];
  const note = nothingToPredict(fit, persons);
  if (note === null) regressions.push(threeStep(fit, persons, { formula, correction }));
  for (const outcome of outcomes) regressions.push(logisticRegression(persons, { outcome, formula }));
  if (read.flag("json")) {
    writeJson({ regressions, ledger, outcomesFrom, measures, notes: note === null ? [] : [note] });
    return;
  }
  const { noteText, regressionSummary } = await import("./summary.js");
  const parts = [
    ...(note === null ? [] : [noteText(note)]),
    ...regressions.map(regressionSummary),
    ...(outcomesFrom === null ? [] : [noteText(outcomesFrom)]),
  ];
  process.stdout.write(parts.join("\n"));
}

/** Why class membership cannot be predicted, before anything is estimated; null when it can. */
function nothingToPredict({ model, posteriors }: FitResult, persons: PersonTable): string | null {
  if (model.classes === 1) return "The model has one class, so there is no membership to predict.";
  const here = new Set(persons.personIds);
  const found = posteriors.personIds.flatMap((id, i) => (here.has(id) ? [posteriors.modalClass[i]!] : []));
  if (found.length === 0 || found.some((label) => label !== found[0])) return null;
  const people = found.length === 1 ? "The one person" : `All ${found.length} persons`;
  return `${people} of these data that the model knows ${found.length === 1 ? "is" : "are"} in class ${found[0]}: with a single class present there is no membership to predict.`;
}
