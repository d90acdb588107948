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
}

/**
 * Makes the `measure` of a case that runs the command: file in, JSON out, from process start to process end.
 * @param work - data, model, runs
 * @returns the function; it throws when the command's answer is not that of the library
 */
export function processFit(work: ProcessFit): () => Promise<Measured> {
  return async () => {
    const table = cohort(work.cohort);
    const runner = createRunner("auto");
    const expected = await fit(table, work.model, { ...work.options, runner });
    await runner.close();
    const csv = await csvFile(`process-${work.cohort.nPersons}`, work.cohort);
    const file = work.format === "csv" ? csv : await parquetFile(csv);
    const args = fitArguments(file, work);
    const runs: CommandRun[] = [];
    // The first fills the disk cache.
    for (let run = 0; run <= work.runs; run++) {
      const done = await runCommand(args, true);
      const { logLikelihood } = JSON.parse(done.output) as { logLikelihood: number };
      checkEqual("symtraj fit", logLikelihood, expected.logLikelihood, 1e-4);
      if (run > 0) runs.push(done);
    }
    return {
      persons: table.nPersons,
      rows: table.nRows,
      logLikelihood: expected.logLikelihood,
      checked: "log-likelihood of every run within 0.0001 of the library's on the same people",
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
    ...["--starts", starts, "--json"],
  ];
}
