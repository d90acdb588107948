import { fit } from "symptom-trajectories/models";
import { checkEqual, summarise } from "../../measure.js";
import { cohort, csvFile, quadratic } from "../cohorts.js";
import { type CommandRun, runCommand } from "../process.js";
import type { Case, Measured } from "../types.js";
import { fitArguments, PRINTED, printedLogLikelihood } from "../wholeProcess.js";

const HELP_RUNS = 15;
const FIT_RUNS = 9;
const COHORT = { nPersons: 500, seed: 5 };
const FIT = { model: quadratic("week"), options: { startsInitial: 1, startsFinal: 1 } };

async function several(runs: number, args: readonly string[], check: (run: CommandRun) => void) {
  const seconds: number[] = [];
  // The first two fill the disk cache.
  for (let run = -2; run < runs; run++) {
    const done = await runCommand(args, false);
    check(done);
    if (run >= 0) seconds.push(done.seconds);
  }
  return summarise(seconds);
}

async function measureHelp(): Promise<Measured> {
  const help = await several(HELP_RUNS, ["--help"], ({ output }) => {
    if (!output.includes("symtraj run")) throw new Error("--help does not list the commands");
  });
  return {
    ...{ persons: 0, rows: 0, logLikelihood: null, checked: "the commands are listed", peers: [] },
    measures: [{ name: "process", seconds: help }],
  };
}

async function measureFit(): Promise<Measured> {
  const table = cohort(COHORT);
  const expected = await fit(table, FIT.model);
  const args = fitArguments(await csvFile("start-up", COHORT), FIT);
  const fitted = await several(FIT_RUNS, args, ({ output }) => {
    checkEqual("symtraj fit", printedLogLikelihood(output), expected.logLikelihood, PRINTED);
  });
  return {
    persons: table.nPersons,
    rows: table.nRows,
    logLikelihood: expected.logLikelihood,
    checked: "log-likelihood printed by every run that of the library",
    measures: [{ name: "process", seconds: fitted }],
    peers: [],
  };
}

const TIMED = "from process start to process end";

export const startUps: readonly Case[] = [
  {
    name: "help",
    title: "`symtraj --help`",
    group: "quick",
    timed: TIMED,
    targets: [{ measure: "process", atMostSeconds: 0.15 }],
    measure: measureHelp,
  },
  {
    name: "small-fit",
    title: "`symtraj fit`, growth curve, CSV file of 500 people",
    group: "quick",
    timed: TIMED,
    targets: [{ measure: "process", atMostSeconds: 0.8 }],
    measure: measureFit,
  },
];
