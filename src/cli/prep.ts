import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import type { RawOptions } from "./declare.js";
import { writeJson } from "./outcome.js";

/**
 * Declares `symtraj prep`.
 * @param program - the command line
 */
export function declarePrep(program: Command): void {
  program
    .command("prep")
    .description("prepare the data of a study only: long table, outcomes, set-aside rows, descriptive table")
    .argument("<study>", "study file (YAML)")
    .option("--data <file>", "use this data file in place of the study's")
    .option("--out <folder>", "where to write (default: the study's output folder)")
    .option("--table-format <format>", "csv or parquet, for the long table and the persons", "csv")
    .option(
      "--json",
      "print one JSON document (the account of rows, outcomes, descriptives) on standard output",
    )
    .action(runPrep);
}

async function runPrep(path: string, raw: RawOptions): Promise<void> {
  const { OptionReader } = await import("./options.js");
  const read = new OptionReader(raw);
  const format = read.choice("tableFormat", ["csv", "parquet"] as const);
  read.check();
  const { loadStudy } = await import("../study/load.js");
  const { resolveStudy } = await import("../study/resolve.js");
  const { prepare, writeLong, writePersons, writeSetAside } = await import("../prep/index.js");
  const data = read.text("data");
  const output = read.text("out");
  const study = resolveStudy(await loadStudy(path), {
    ...(data === undefined ? {} : { data }),
    ...(output === undefined ? {} : { output }),
  });
  const cohort = await prepare(study.prep);
  await mkdir(study.output, { recursive: true });
  const at = (file: string): string => join(study.output, file);
  await writeLong(cohort, at(`long.${format}`));
  await writePersons(cohort, at(`persons.${format}`));
  await writeSetAside(cohort, at("set-aside.csv"));
  const { ledger, notes, descriptives, outcomes, sources } = cohort;
  const account = { ledger, notes, descriptives, outcomes, sources };
  await writeFile(at("prep.json"), `${JSON.stringify(account, null, 2)}\n`);
  if (read.flag("json")) {
    writeJson({
      ...account,
      nPersons: cohort.long.nPersons,
      nRows: cohort.long.nRows,
      directory: study.output,
    });
    return;
  }
  const { cohortSummary } = await import("./summary.js");
  process.stdout.write(`${cohortSummary(cohort)}Written to ${study.output}\n`);
}
