#!/usr/bin/env node
import { Command, CommanderError } from "commander";
import { VERSION } from "../core/version.js";
/** A command's options and action are declared in its own file; what it needs to run is loaded when it runs. */
import { declareCompare } from "./compare.js";
import { declareEnumerate } from "./enumerate.js";
import { declareFit } from "./fit.js";
import { declareInit } from "./init.js";
import { EXIT, reportFailure, wantsJson } from "./outcome.js";
import { declarePredict } from "./predict.js";
import { declarePredictors } from "./predictors.js";
import { declarePrep } from "./prep.js";
import { declareReport } from "./report.js";
import { declareRun } from "./run.js";
import { declareSimulate } from "./simulate.js";

const EXAMPLES = `
Examples:
  symtraj init sessions.csv                 write a commented study.yaml from a look at the data
  symtraj run study.yaml                    run the whole study: data in, report out
  symtraj fit sessions.csv --id id --time week --outcome phq9 \\
      --fixed "1 + week + week^2" --random "1 + week" --classes 3

Exit status: 0 done, 1 failed, 2 bad input or usage, 130 cancelled.`;

function buildProgram(): Command {
  const program = new Command("symtraj")
    .description("From session-by-session symptom scores to trajectory classes, predictors and a report.")
    .version(VERSION)
    .option("--debug", "show where in the program a failure arose")
    .showSuggestionAfterError()
    .addHelpText("after", EXAMPLES)
    .exitOverride();
  for (const declare of [
    declareRun,
    declareInit,
    declareFit,
    declarePrep,
    declareEnumerate,
    declareCompare,
    declarePredictors,
    declarePredict,
    declareReport,
    declareSimulate,
  ])
    declare(program);
  for (const command of program.commands)
    command.exitOverride().showHelpAfterError("(--help lists the options)");
  return program;
}

/** Runs the command line; the exit status says how it ended. */
async function main(argv: readonly string[]): Promise<number> {
  const program = buildProgram();
  try {
    await program.parseAsync(argv);
    return typeof process.exitCode === "number" ? process.exitCode : EXIT.done;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.badInput;
    return reportFailure(error, { json: wantsJson(argv), debug: argv.includes("--debug") });
  }
}

// A reader that goes away (`symtraj … | head`) is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(EXIT.done);
  throw error;
});

process.exitCode = await main(process.argv);
