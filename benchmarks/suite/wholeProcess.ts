import { type FitOptions, fit } from "symptom-trajectories/models";
import type { SimulationInput } from "symptom-trajectories/simulate";
import { createRunner } from "symptom-trajectories/workers";
import { checkEqual, summarise } from "../measure.js";
import { cohort, csvFile, parquetFile, type Quadratic } from "./cohorts.js";
import { type CommandRun, runCommand } from "./process.js";
import type { Measured } from "./types.js";

/** A model fitted by `symtraj fit` on a file, as a process of its own. */
export interface ProcessFit {
  readonly cohort: SimulationInput;
  readonly format: "csv" | "parquet";
  readonly model: Quadratic;
  readonly options: Pick<FitOptions, "startsInitial" | "startsFinal">;
  readonly runs: number;
  /** A longer search whose best value the answer must reach; left out where another case makes it. */
  readonly reference?: Pick<FitOptions, "startsInitial" | "startsFinal">;
}

/**
 * Makes the `measure` of a case that runs the command: file in, words out, from process start to process end.
 * @param work - data, model, runs
 * @returns the function; it throws when the command's answer is not that of the library
 */
export function processFit(work: ProcessFit): () => Promise<Measured> {
  return async () => {
    const table = cohort(work.cohort);
    const runner = createRunner("auto");
    const expected = await fit(table, work.model, { ...(work.reference ?? work.options), runner });
    await runner.close();
    const csv = await csvFile(`process-${work.cohort.nPersons}`, work.cohort);
    const file = work.format === "csv" ? csv : await parquetFile(csv);
    const args = fitArguments(file, work);
    const runs: CommandRun[] = [];
    // The first fills the disk cache.
    for (let run = 0; run <= work.runs; run++) {
      const done = await runCommand(args, true);
      checkEqual("symtraj fit", printedLogLikelihood(done.output), expected.logLikelihood, PRINTED);
      if (run > 0) runs.push(done);
    }
    return {
      persons: table.nPersons,
      rows: table.nRows,
      logLikelihood: expected.logLikelihood,
      checked: `log-likelihood printed by every run that of the library on the same people${work.reference === undefined ? "" : `, best of ${work.reference.startsInitial} starts`}`,
      measures: [
        {
          name: "process",
          seconds: summarise(runs.map((run) => run.seconds)),
          cpuSeconds: summarise(runs.map((run) => run.cpuSeconds!)).median,
          peakMemoryMb: Math.max(...runs.map((run) => run.peakMemoryMb!)),
        },
      ],
      peers: [],
    };
  };
}

/**
 * Arguments of `symtraj fit`.
 * @param file - data file
 * @param work - model and starts
 * @returns the words of the command line
 */
export function fitArguments(
  file: string,
  { model, options }: Pick<ProcessFit, "model" | "options">,
): string[] {
  const starts = `${options.startsInitial}/${options.startsFinal}`;
  return [
    ...["fit", file, "--id", "id", "--time", model.time, "--outcome", model.outcome],
    ...["--fixed", model.fixed, "--random", model.random, "--classes", String(model.classes ?? 1)],
    ...["--starts", starts],
  ];
}

/** A log-likelihood is printed to three decimals. */
export const PRINTED = 0.00051;

/**
 * The log-likelihood in what `symtraj fit` prints.
 * @param output - its standard output
 * @returns the number
 * @throws Error when there is none
 */
export function printedLogLikelihood(output: string): number {
  const found = /^ *log-likelihood (-?[\d.]+)/m.exec(output);
  if (found === null) throw new Error(`symtraj fit printed no log-likelihood: ${output.slice(0, 500)}`);
  return Number(found[1]);
}
