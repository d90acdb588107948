import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The clone's own folder, whether this file runs as it is or compiled, from out/benchmarks. */
export const ROOT: string = rootAbove(dirname(fileURLToPath(import.meta.url)));
/** Where data are written; not committed. */
export const DATA: string = join(ROOT, "benchmarks", "data");
/** Where results are written; committed. */
export const RESULTS: string = join(ROOT, "benchmarks", "results");

function rootAbove(folder: string): string {
  return existsSync(join(folder, "package.json")) ? folder : rootAbove(dirname(folder));
}
