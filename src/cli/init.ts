import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { dirname, relative, resolve } from "node:path";
import type { Command } from "commander";
import { InputError } from "../core/errors.js";
import type { RawOptions } from "./declare.js";

/**
 * Declares `symtraj init`.
 * @param program - the command line
 */
export function declareInit(program: Command): void {
  program
    .command("init")
    .description("write a commented study file from a look at the columns of a data file")
    .argument("<data>", "data file: CSV, TSV, Parquet or JSON, also .gz")
    .option("--out <file>", "the study file to write; - for standard output", "study.yaml")
    .option("--force", "replace the study file where there is one")
    .action(runInit);
}

async function runInit(file: string, raw: RawOptions): Promise<void> {
  const out = String(raw.out);
  if (out !== "-" && existsSync(out) && raw.force !== true)
    throw new InputError({
      code: "file-exists",
      where: out,
      message: "There is a file of that name.",
      fix: "Give another name with --out, or replace it with --force.",
    });
  const { draftStudy } = await import("../study/draft.js");
  const from = out === "-" ? process.cwd() : dirname(resolve(out));
  const draft = await draftStudy(file, relative(from, resolve(file)).replaceAll("\\", "/"));
  const account = [
    ...section("Recognised", draft.recognised),
    ...section("Left out", draft.left),
    ...section("Look at", draft.doubts),
  ].join("");
  if (out === "-") {
    process.stdout.write(draft.text);
    process.stderr.write(account);
    return;
  }
  await writeFile(out, draft.text);
  process.stdout.write(
    `${account}Wrote ${out}. Read it once, correct what it guessed wrong, then: symtraj run ${out}\n`,
  );
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`${title}:\n`, ...lines.map((line) => `  ${line}\n`)];
}
