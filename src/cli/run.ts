import type { Command } from "commander";
import type { RawOptions } from "./declare.js";
import { cancellable, EXIT, writeJson } from "./outcome.js";

/**
 * Declares `symtraj run`.
 * @param program - the command line
 */
export function declareRun(program: Command): void {
  program
    .command("run")
    .description("run a whole study: data in, report out")
    .argument("<study>", "study file (YAML)")
    .option("--data <file>", "use this data file in place of the study's")
    .option("--out <folder>", "write the report here in place of the study's folder")
    .option("--starts <n/m>", "random starts in place of the study's, screened / carried to convergence")
    .option("--seed <n>", "seed in place of the study's")
    .option("--workers <n>", "worker threads in place of the study's; 0 for none")
    .option("--fresh", "fit everything anew, even what an earlier run finished")
    .option("--json", "print one JSON document (the manifest and the main results) on standard output")
    .action(runStudyFile);
}

async function runStudyFile(path: string, raw: RawOptions): Promise<void> {
  const { OptionReader, readWorkers } = await import("./options.js");
  const read = new OptionReader(raw);
  const overrides = {
    data: read.text("data"),
    output: read.text("out"),
    starts: read.starts("starts"),
    seed: read.number("seed", { whole: true }),
    workers: readWorkers(read),
  };
  read.check();
  const { loadStudy } = await import("../study/load.js");
  const { resolveStudy } = await import("../study/resolve.js");
  const { runStudy } = await import("../study/run.js");
  const study = resolveStudy(await loadStudy(path), withoutUndefined(overrides));
  const json = read.flag("json");
  const { createProgressLine } = await import("./progress.js");
  const line = createProgressLine(process.stderr, { notes: !json });
  const result = await cancellable((signal) => {
    line.note(`${study.title}: ${[study.prep.data].flat().join(", ")}`);
    return runStudy(study, {
      signal,
      reuse: !read.flag("fresh"),
      onProgress: line.update,
      onNote: line.note,
    });
  }).finally(line.finish);
  if (result.status === "cancelled") process.exitCode = EXIT.cancelled;
  if (json) {
    const { enumeration, chosen, inference, growth, regressions, manifest } = result;
    writeJson({
      manifest,
      enumeration: enumeration === null ? null : { ...enumeration, fits: undefined },
      chosen: chosen === null ? null : { ...chosen, posteriors: { file: "memberships.csv" } },
      inference,
      growth: growth === null ? null : { ...growth, posteriors: undefined },
      regressions,
    });
    return;
  }
  const { studySummary } = await import("./summary.js");
  process.stdout.write(studySummary(result));
}

/** Options that were not given must be absent, not undefined. */
function withoutUndefined<T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
