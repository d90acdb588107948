import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fit as fitModel, type ModelSpecInput } from "symptom-trajectories/models";
import { type SimulationInput, simulateTable, writeSimulation } from "symptom-trajectories/simulate";
import { checkEqual, inWords, runR, seconds, summarise, type Timing, time } from "./measure.js";

/** The clone's own folder; this file runs from out/benchmarks. */
export const ROOT: string = fileURLToPath(new URL("../..", import.meta.url));
const DATA = join(ROOT, "benchmarks", "data");
const R = (script: string): string => join(ROOT, "benchmarks", "r", script);

/** One start: the work a single random start costs, with nothing repeated. */
const ONE_START = { startsInitial: 1, startsFinal: 1 };

const QUADRATIC = { outcome: "phq9", time: "session", fixed: "1 + session + session^2" } as const;

/** One comparison or target, as it goes into the result file. */
export interface CaseResult {
  readonly name: string;
  readonly persons: number;
  readonly rows: number;
  readonly logLikelihood: number;
  readonly ours: Timing;
  readonly peakMemoryMb?: number;
  readonly cpuSeconds?: number;
  readonly peer?: { readonly package: string; readonly call: string; readonly timing: Timing };
  /** Peer's median over ours. */
  readonly ratio?: number;
  readonly target: string;
  readonly met: boolean | null;
}

/** Simulated cohort as a CSV file; written anew each time, because an old file may be of an older simulation. */
async function csvFile(name: string, input: SimulationInput): Promise<string> {
  mkdirSync(DATA, { recursive: true });
  const path = join(DATA, `${name}.csv`);
  await writeSimulation(input, path);
  return path;
}

/** Quadratic growth curve with random intercept and slope, 20,000 people, against lme4; moments included. */
export async function growthCurve(): Promise<CaseResult> {
  const input: SimulationInput = { nPersons: 20_000, seed: 1 };
  const { table } = simulateTable(input);
  const spec: ModelSpecInput = { ...QUADRATIC, random: "1 + session" };
  const expected = await fitModel(table, spec);
  const ours = await time(
    15,
    () => fitModel(table, spec),
    (answer) => checkEqual("growth curve", answer.logLikelihood, expected.logLikelihood, 1e-8),
  );
  const peer = runR<PeerRun>(R("lmer.R"), [await csvFile("growth-20000", input), "5"]);
  if (peer !== null)
    checkEqual("growth curve against lme4", expected.logLikelihood, peer.logLikelihood, 1e-3);
  return withPeer("growth curve, 20,000 people", table, expected.logLikelihood, ours, peer, 30);
}

/** 3-class growth mixture of 2,000 people from one start. */
export async function growthMixture(): Promise<CaseResult> {
  const { table } = simulateTable({ nPersons: 2000, seed: 2 });
  const spec: ModelSpecInput = { ...QUADRATIC, random: "1 + session", classes: 3 };
  const best = await fitModel(table, spec);
  const ours = await time(
    15,
    () => fitModel(table, spec, ONE_START),
    (answer) => checkEqual("growth mixture", answer.logLikelihood, best.logLikelihood, 1e-4),
  );
  return {
    name: "3-class growth mixture, 2,000 people, one start",
    persons: table.nPersons,
    rows: table.nRows,
    logLikelihood: best.logLikelihood,
    ours,
    target: "under 0.2 s (lcmm 2.2.2 took 38 s on the same kind of data: measured by us on such a machine)",
    met: ours.median < 0.2,
  };
}

/** 3-class latent class growth analysis with a residual variance per class, 2,000 people, against flexmix. */
export async function latentClassGrowth(): Promise<CaseResult> {
  const input: SimulationInput = { nPersons: 2000, seed: 2 };
  const { table } = simulateTable(input);
  const spec: ModelSpecInput = { ...QUADRATIC, random: "0", classes: 3, residual: "class" };
  const best = await fitModel(table, spec);
  const ours = await time(
    15,
    () => fitModel(table, spec, ONE_START),
    (answer) => checkEqual("latent class growth", answer.logLikelihood, best.logLikelihood, 1e-4),
  );
  const peer = runR<PeerRun & { logLikelihoods: number[] }>(R("flexmix.R"), [
    await csvFile("lcga-2000", input),
    "7",
  ]);
  // flexmix divides the residual sum of squares by n - p, so it ends a little below the maximum.
  if (peer !== null)
    checkEqual(
      "latent class growth against flexmix",
      best.logLikelihood,
      Math.max(...peer.logLikelihoods),
      0.05,
    );
  return withPeer(
    "3-class latent class growth, 2,000 people, one start",
    table,
    best.logLikelihood,
    ours,
    peer,
    1,
  );
}

/** 4-class growth mixture of 200,000 people as a whole process of the command, with its peak memory. */
export async function largeMixture(): Promise<CaseResult> {
  const input: SimulationInput = { nPersons: 200_000, seed: 3 };
  const file = await csvFile("large-200000", input);
  const { table } = simulateTable(input);
  const spec: ModelSpecInput = { ...QUADRATIC, random: "1 + session", classes: 4 };
  const expected = await fitModel(table, spec, ONE_START);
  const args = [
    "fit",
    file,
    "--id",
    "id",
    "--time",
    "session",
    "--outcome",
    "phq9",
    "--fixed",
    QUADRATIC.fixed,
  ];
  args.push("--random", "1 + session", "--classes", "4", "--starts", "1/1", "--json");
  const runs: CommandRun[] = [];
  for (let run = 0; run < 4; run++) {
    const done = await runCommand(args);
    checkEqual("large mixture", done.logLikelihood, expected.logLikelihood, 1e-4);
    if (run > 0) runs.push(done);
  }
  const ours = summarise(runs.map((run) => run.seconds));
  const peakMemoryMb = Math.max(...runs.map((run) => run.peakMemoryMb));
  return {
    name: "4-class growth mixture, 200,000 people, one start, whole process",
    persons: table.nPersons,
    rows: table.nRows,
    logLikelihood: expected.logLikelihood,
    ours,
    peakMemoryMb,
    cpuSeconds: summarise(runs.map((run) => run.cpuSeconds)).median,
    target: "under 5 s and 1,500 MB",
    met: ours.median < 5 && peakMemoryMb < 1500,
  };
}

interface PeerRun {
  readonly package: string;
  readonly call: string;
  readonly logLikelihood: number;
  readonly seconds: readonly number[];
}

interface CommandRun {
  readonly seconds: number;
  /** User and system time of all its threads. */
  readonly cpuSeconds: number;
  readonly peakMemoryMb: number;
  readonly logLikelihood: number;
}

/** Runs the command in a process of its own and reads its time, its peak resident memory and its answer. */
async function runCommand(args: readonly string[]): Promise<CommandRun> {
  // The process reports its own peak as it ends: the one figure every platform has.
  const hook = `data:text/javascript,process.on("exit",()=>{const u=process.resourceUsage();process.stderr.write("\\nPEAK "+u.maxRSS+" CPU "+(u.userCPUTime+u.systemCPUTime)+"\\n")})`;
  const begin = performance.now();
  const child = spawn(process.execPath, ["--import", hook, join(ROOT, "dist", "cli", "main.js"), ...args]);
  let out = "";
  let errors = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  const elapsed = (performance.now() - begin) / 1000;
  if (status !== 0)
    throw new Error(`symtraj ${args.join(" ")} ended with status ${status}: ${errors.slice(-2000)}`);
  const [, peak, cpu] = errors.match(/PEAK (\d+) CPU (\d+)/)!;
  const { logLikelihood } = JSON.parse(out) as { logLikelihood: number };
  return {
    seconds: elapsed,
    peakMemoryMb: Math.round(Number(peak) / 1024),
    cpuSeconds: Number(cpu) / 1e6,
    logLikelihood,
  };
}

function withPeer(
  name: string,
  table: { readonly nPersons: number; readonly nRows: number },
  logLikelihood: number,
  ours: Timing,
  peer: PeerRun | null,
  wanted: number,
): CaseResult {
  const base = { name, persons: table.nPersons, rows: table.nRows, logLikelihood, ours };
  const target = wanted > 1 ? `at least ${wanted} times as fast` : "side by side";
  if (peer === null) return { ...base, target, met: null };
  const timing = summarise(peer.seconds);
  const ratio = timing.median / ours.median;
  return {
    ...base,
    peer: { package: peer.package, call: peer.call, timing },
    ratio,
    target,
    met: ratio >= wanted,
  };
}

/** One line for people. */
export function describe(result: CaseResult): string {
  const peer =
    result.peer === undefined
      ? ""
      : `; ${result.peer.package} ${inWords(result.peer.timing)}: ${result.ratio!.toFixed(1)} times as fast`;
  const memory =
    result.peakMemoryMb === undefined
      ? ""
      : `; peak memory ${result.peakMemoryMb} MB, processor time ${seconds(result.cpuSeconds!)}`;
  const verdict = result.met === null ? "not compared" : result.met ? "met" : "MISSED";
  return `${result.name}: ${inWords(result.ours)}${peer}${memory}. Target ${result.target}: ${verdict}.`;
}

/** Words for how long reading a file takes; used by the program's last line. */
export function total(begin: number): string {
  return seconds((performance.now() - begin) / 1000);
}

/** Reads an earlier result file, or null. */
export function earlier(path: string): { cases: CaseResult[] } | null {
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as { cases: CaseResult[] }) : null;
}
