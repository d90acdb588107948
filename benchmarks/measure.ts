import { spawnSync } from "node:child_process";
import { cpus, loadavg, totalmem } from "node:os";
import { ROOT } from "./paths.js";

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
  /** Mean number of processes that wanted a core in the minute before. */
  readonly loadAverage: number;
  /** Cores busy with something else while nothing of ours ran: above about a tenth of one, times are too long. */
  readonly coresBusy: number;
  readonly node: string;
  readonly platform: string;
  readonly r: string | null;
  readonly compiler: string | null;
  readonly commit: string;
  /** Files differed from the commit. */
  readonly dirty: boolean;
}

/**
 * Summarises runs.
 * @param runs - seconds, at least one
 * @returns median and extremes
 */
export function summarise(runs: readonly number[]): Timing {
  const sorted = [...runs].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const median = sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
  return { median, fastest: sorted[0]!, slowest: sorted[sorted.length - 1]!, runs };
}

/**
 * Runs work several times after one warm-up and checks each answer before its time counts.
 * @param runs - how often it is timed
 * @param work - gets the number of the run, 0 for the warm-up
 * @param check - throws when an answer is wrong
 * @param warmUps - untimed runs before; default 1
 * @returns the times
 */
export async function time<T>(
  runs: number,
  work: (run: number) => T | Promise<T>,
  check: (answer: T) => void,
  warmUps = 1,
): Promise<Timing> {
  for (let run = 0; run < warmUps; run++) check(await work(0));
  const seconds: number[] = [];
  for (let run = 1; run <= runs; run++) {
    const begin = performance.now();
    const answer = await work(run);
    seconds.push((performance.now() - begin) / 1000);
    check(answer);
  }
  return summarise(seconds);
}

/**
 * Stops the benchmark when two log-likelihoods that should agree do not.
 * @param what - words for the message
 * @param actual - ours
 * @param expected - the other
 * @param tolerance - largest difference, in log-likelihood
 * @throws Error when they differ by more
 */
export function checkEqual(what: string, actual: number, expected: number, tolerance: number): void {
  if (!(Math.abs(actual - expected) <= tolerance))
    throw new Error(`${what}: log-likelihood ${actual}, expected ${expected} within ${tolerance}`);
}

/**
 * R's version.
 * @returns as R says it; null where there is no Rscript
 */
export function rVersion(): string | null {
  return firstLine("Rscript", ["-e", "cat(R.version.string)"]);
}

/**
 * Runs an R script that prints one line of JSON last.
 * @param script - path
 * @param args - its arguments
 * @returns what it printed; null, with a line on the screen, where R or a package is absent
 */
export function runR<T>(script: string, args: readonly string[]): T | null {
  const result = spawnSync("Rscript", [script, ...args], { encoding: "utf8", maxBuffer: 1 << 26 });
  if (result.error !== undefined || result.status !== 0) {
    const why = result.error?.message ?? result.stderr.trim().split("\n").at(-1);
    console.log(`  left out: ${script} ${args.join(" ")} could not run (${why})`);
    return null;
  }
  return JSON.parse(result.stdout.trim().split("\n").at(-1)!) as T;
}

/**
 * The machine, for a result file.
 * @returns what it is and how busy
 */
export function machine(): Machine {
  const changes = firstLine("git", ["status", "--porcelain", "--untracked-files=no"], true);
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    loadAverage: Math.round(100 * loadavg()[0]!) / 100,
    coresBusy: coresBusy(),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    r: rVersion(),
    compiler: firstLine("cc", ["--version"]),
    commit: firstLine("git", ["rev-parse", "--short", "HEAD"]) ?? "unknown",
    // The results themselves change with every run.
    dirty: (changes ?? "").split("\n").some((line) => line !== "" && !line.includes("benchmarks/results/")),
  };
}

/**
 * Cores in use by others: measured for half a second in which this process waits. (The load average also counts what has just ended.)
 * @returns between 0 and the number of cores
 */
export function coresBusy(): number {
  const busyMs = (): number =>
    cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0);
  const before = busyMs();
  const begin = performance.now();
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
  return Math.round((100 * (busyMs() - before)) / (performance.now() - begin)) / 100;
}

/**
 * The machine of a run with several looks at how busy it was, the last of them included.
 * @param where - the machine as it was at the beginning
 * @param looks - what {@link coresBusy} said between the cases
 * @returns the machine with their mean
 */
export function withMeanBusy(where: Machine, looks: readonly number[]): Machine {
  const all = [where.coresBusy, ...looks];
  const mean = all.reduce((sum, value) => sum + value, 0) / all.length;
  return { ...where, coresBusy: Math.round(100 * mean) / 100 };
}

/**
 * Whether a machine was busy with something else before measuring.
 * @param where - the machine
 * @returns true above a fifth of a core, or where more processes wanted a core than a build or benchmark of ours before can explain
 */
export function wasBusy(where: Machine): boolean {
  return where.coresBusy > 0.2 || where.loadAverage > 1.25 * where.cores;
}

/** Standard output of a command, its first line or all of it; null where it cannot run. */
function firstLine(command: string, args: readonly string[], whole = false): string | null {
  const result = spawnSync(command, args, { encoding: "utf8", cwd: ROOT });
  if (result.error !== undefined || result.status !== 0) return null;
  return whole ? result.stdout : result.stdout.split("\n")[0]!.trim();
}

/**
 * Seconds for people.
 * @param value - seconds
 * @returns with a unit, three figures
 */
export function seconds(value: number): string {
  if (value < 1) return `${Number((1000 * value).toPrecision(3))} ms`;
  return `${value < 100 ? value.toPrecision(3) : Math.round(value)} s`;
}

/**
 * A timing for people.
 * @param timing - the runs
 * @returns the median, and the extremes where there are several runs
 */
export function inWords(timing: Timing): string {
  const { median, fastest, slowest, runs } = timing;
  if (runs.length < 2) return `${seconds(median)} (${runs.length === 1 ? "one run" : "quoted"})`;
  return `${seconds(median)} (${seconds(fastest)} to ${seconds(slowest)}, ${runs.length} runs)`;
}
