import { execFileSync, spawnSync } from "node:child_process";
import { cpus, totalmem } from "node:os";

/** Seconds of several runs of the same work. */
export interface Timing {
  readonly median: number;
  readonly fastest: number;
  readonly slowest: number;
  readonly runs: readonly number[];
}

/** Where and on what a result was measured. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly node: string;
  readonly platform: string;
  readonly r: string | null;
  readonly commit: string;
}

/** Summarises runs. */
export function summarise(runs: readonly number[]): Timing {
  const sorted = [...runs].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const median = sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
  return { median, fastest: sorted[0]!, slowest: sorted[sorted.length - 1]!, runs };
}

/** Runs work several times after one warm-up and checks each answer before its time counts. */
export async function time<T>(
  runs: number,
  work: (run: number) => T | Promise<T>,
  check: (answer: T) => void,
): Promise<Timing> {
  check(await work(0));
  const seconds: number[] = [];
  for (let run = 1; run <= runs; run++) {
    const begin = performance.now();
    const answer = await work(run);
    seconds.push((performance.now() - begin) / 1000);
    check(answer);
  }
  return summarise(seconds);
}

/** Stops the benchmark when two log-likelihoods that should agree do not. */
export function checkEqual(what: string, actual: number, expected: number, tolerance: number): void {
  if (!(Math.abs(actual - expected) <= tolerance))
    throw new Error(`${what}: log-likelihood ${actual}, expected ${expected} within ${tolerance}`);
}

/** R's version, or null where there is no Rscript. */
export function rVersion(): string | null {
  const result = spawnSync("Rscript", ["-e", "cat(R.version.string)"], { encoding: "utf8" });
  return result.status === 0 ? result.stdout : null;
}

/** Runs an R script that prints one line of JSON; null (and a line on the screen) where R or the package is absent. */
export function runR<T>(script: string, args: readonly string[]): T | null {
  const result = spawnSync("Rscript", [script, ...args], { encoding: "utf8", maxBuffer: 1 << 26 });
  if (result.error !== undefined || result.status !== 0) {
    const why = result.error?.message ?? result.stderr.trim().split("\n").at(-1);
    console.log(`  left out: ${script} could not run (${why})`);
    return null;
  }
  return JSON.parse(result.stdout.trim().split("\n").at(-1)!) as T;
}

/** The machine, for the result file. */
export function machine(): Machine {
  let commit = "unknown";
  try {
    commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim();
  } catch {
    // Not a git clone: the result says so.
  }
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    r: rVersion(),
    commit,
  };
}

/** Seconds for people. */
export function seconds(value: number): string {
  return value < 1 ? `${(1000 * value).toFixed(1)} ms` : `${value.toFixed(2)} s`;
}

/** A timing for people. */
export function inWords(timing: Timing): string {
  return `${seconds(timing.median)} (${seconds(timing.fastest)} to ${seconds(timing.slowest)}, ${timing.runs.length} runs)`;
}
