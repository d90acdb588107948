import { join } from "node:path";
import type { Command } from "commander";
import { InputError } from "../core/errors.js";
import type { ReportInput } from "../report/input.js";
import type { RawOptions } from "./declare.js";
import { writeJson } from "./outcome.js";

/**
 * Declares `symtraj report`.
 * @param program - the command line
 */
export function declareReport(program: Command): void {
  program
    .command("report")
    .description("write the report of a finished study anew, without its data and without fitting")
    .argument("<folder>", "output folder of `symtraj run`")
    .option("--out <folder>", "write to another folder")
    .option("--title <text>", "another title")
    .option("--json", "print one JSON document (the list of files) on standard output")
    .action(runReport);
}

async function runReport(folder: string, raw: RawOptions): Promise<void> {
  const { openCache } = await import("../study/cache.js");
  const { REPORT_KEY } = await import("../study/run.js");
  const kept = await openCache(join(folder, ".symtraj")).get<ReportInput>(REPORT_KEY);
  if (kept === undefined)
    throw new InputError({
      code: "no-finished-study",
      where: folder,
      message: "The folder holds no finished study of this version.",
      expected: "the output folder of a `symtraj run` that ran to its end",
      fix: "Run the study again; what is fitted already is reused.",
    });
  const { writeReport } = await import("../report/index.js");
  const out = typeof raw.out === "string" ? raw.out : folder;
  const title = typeof raw.title === "string" ? raw.title : kept.title;
  const { files } = await writeReport({ ...kept, title }, out);
  if (raw.json === true) writeJson({ directory: out, files });
  else process.stdout.write(`Report: ${join(out, "report.html")} (${files.length} files)\n`);
}
