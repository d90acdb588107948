// Do estimates centre on the truth, and do 95% intervals hold it 95% of the time? Every condition of coverageCases.ts is drawn
// and fitted many times. Usage: node out/benchmarks/coverage.js [REPLICATES]; also `npm run bench:coverage`. Two processes
// share the replicates. Writes benchmarks/results/coverage.json and the table docs/notes/coverage.md.
import { fork } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  bootstrap,
  type FitResult,
  fit as fitModel,
  type ProfileInterval,
  profileIntervals,
} from "symptom-trajectories/models";
import { createStream } from "symptom-trajectories/simulate";
import { COVERAGE_CASES, type CoverageCase } from "./coverageCases.js";
import { machine } from "./measure.js";
import { ROOT } from "./paths.js";

const SEED = 20261123;
/** People whose fit stands for the truth where the model is wrong on purpose. */
const VERY_MANY = 400_000;
const NORMAL_95 = 1.959963984540054;

/** One parameter of one replicate: estimate, both errors, limits of the interval that results give. */
type Row = readonly [
  estimate: number,
  observed: number | null,
  robust: number | null,
  lower: number | null,
  upper: number | null,
  profileLower: number | null,
  profileUpper: number | null,
];

/** One replicate of one condition; null where the fit was no sound maximum. */
interface Replicate {
  readonly condition: number;
  readonly rows: Readonly<Record<string, Row>> | null;
}

/** What a worker process is asked. */
interface Share {
  readonly replicates: number;
  readonly part: number;
  readonly parts: number;
}

function rowsOf(result: FitResult, profiled: readonly ProfileInterval[] = []): Record<string, Row> {
  return Object.fromEntries(
    result.parameters.map((p) => {
      const prefix = p.block === "membership" ? "membership " : "";
      const name = `${prefix}${p.name}${p.class === null ? "" : `@${p.class}`}`;
      const profile =
        prefix === "" ? profiled.find((each) => each.name === p.name && each.class === p.class) : undefined;
      const limits = [profile?.lower ?? null, profile?.upper ?? null] as const;
      return [
        name,
        [p.estimate, p.standardError, p.robustStandardError, p.lower, p.upper, ...limits] as const,
      ];
    }),
  );
}

async function replicate(condition: number, number: number): Promise<Replicate> {
  const { draw, persons, spec, starts, profile } = COVERAGE_CASES[condition]!;
  const table = draw(createStream(SEED, condition, number), persons);
  const result = await fitModel(table, spec, { ...starts, seed: number + 1 });
  const sound =
    result.convergence.converged && !result.convergence.verdicts.some((v) => v.name === "class vanished");
  if (!sound) return { condition, rows: null };
  return { condition, rows: rowsOf(result, profile ? await profileIntervals(table, result) : []) };
}

async function workOn({ replicates, part, parts }: Share): Promise<Replicate[]> {
  const out: Replicate[] = [];
  for (let condition = 0; condition < COVERAGE_CASES.length; condition++)
    for (let number = part; number < replicates; number += parts)
      out.push(await replicate(condition, number));
  return out;
}

/** Estimates of one parameter against its true value. */
interface Coverage {
  readonly parameter: string;
  readonly truth: number;
  readonly mean: number;
  /** (mean - truth) / |truth|. */
  readonly relativeBias: number;
  /** Standard deviation of the estimates, and mean standard errors. */
  readonly spread: number;
  readonly meanError: number | null;
  readonly meanRobustError: number | null;
  /** Share of intervals that hold the truth. */
  readonly coverage: number | null;
  readonly robustCoverage: number | null;
  /** Of profile-likelihood intervals, where the condition asks for them. */
  readonly profileCoverage: number | null;
}

interface ConditionResult {
  readonly name: string;
  readonly persons: number;
  readonly replicates: number;
  /** Replicates whose fit was no sound maximum; they are left out of the rest. */
  readonly unsound: number;
  readonly parameters: readonly Coverage[];
}

const mean = (values: readonly number[]): number =>
  values.length === 0 ? Number.NaN : values.reduce((sum, value) => sum + value, 0) / values.length;

function meanOrNull(values: readonly (number | null)[]): number | null {
  const known = values.filter((value): value is number => value !== null);
  return known.length === 0 ? null : mean(known);
}

function coverageOf(parameter: string, truth: number, rows: readonly Row[]): Coverage {
  const estimates = rows.map((row) => row[0]);
  const centre = mean(estimates);
  const holds = (lower: number | null, upper: number | null): number | null =>
    lower === null || upper === null ? null : Number(lower <= truth && truth <= upper);
  return {
    parameter,
    truth,
    mean: centre,
    relativeBias: (centre - truth) / Math.abs(truth),
    spread: Math.sqrt(mean(estimates.map((value) => (value - centre) ** 2))),
    meanError: meanOrNull(rows.map((row) => row[1])),
    meanRobustError: meanOrNull(rows.map((row) => row[2])),
    coverage: meanOrNull(rows.map((row) => holds(row[3], row[4]))),
    profileCoverage: meanOrNull(rows.map((row) => holds(row[5], row[6]))),
    robustCoverage: meanOrNull(
      rows.map(([estimate, , robust]) =>
        robust === null ? null : holds(estimate - NORMAL_95 * robust, estimate + NORMAL_95 * robust),
      ),
    ),
  };
}

async function truthOf(condition: CoverageCase, index: number): Promise<Readonly<Record<string, number>>> {
  if (condition.truth !== null) return condition.truth;
  const result = await fitModel(condition.draw(createStream(SEED, index, -1), VERY_MANY), condition.spec);
  return Object.fromEntries(Object.entries(rowsOf(result)).map(([name, row]) => [name, row[0]]));
}

async function describe(index: number, all: readonly Replicate[]): Promise<ConditionResult> {
  const condition = COVERAGE_CASES[index]!;
  const own = all.filter((entry) => entry.condition === index);
  const sound = own.flatMap(({ rows }) => (rows === null ? [] : [rows]));
  const truth = await truthOf(condition, index);
  return {
    name: condition.name,
    persons: condition.persons,
    replicates: own.length,
    unsound: own.length - sound.length,
    parameters: Object.entries(truth).map(([name, value]) => {
      const rows = sound.flatMap((entry) => entry[name] ?? []) as unknown as Row[];
      if (sound.length > 0 && sound[0]![name] === undefined)
        throw new Error(`${condition.name}: no parameter ${name} among ${Object.keys(sound[0]!).join(", ")}`);
      return coverageOf(name, value, sound.length > 0 ? sound.map((entry) => entry[name]!) : rows);
    }),
  };
}

/** Bootstrap errors over observed-information errors, on one cohort of a condition. */
async function bootstrapRatios(index: number, persons: number): Promise<Record<string, number>> {
  const { draw, spec, starts } = COVERAGE_CASES[index]!;
  const table = draw(createStream(SEED, index, -2), persons);
  const result = await fitModel(table, spec, starts);
  const { parameters } = await bootstrap(table, result, { replicates: 400, seed: 1 });
  return Object.fromEntries(
    result.parameters.flatMap((p, j) => {
      const error = parameters[j]!.standardError;
      const prefix = p.block === "membership" ? "membership " : "";
      const name = `${prefix}${p.name}${p.class === null ? "" : `@${p.class}`}`;
      return p.standardError === null || error === null ? [] : [[name, error / p.standardError] as const];
    }),
  );
}

function runPart(share: Share): Promise<Replicate[]> {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(import.meta.url), ["--part"], { serialization: "advanced" });
    child.once("message", (message) => resolve(message as Replicate[]));
    child.once("error", reject);
    child.once("exit", (code) => {
      if (code !== 0) reject(new Error(`a process of the study ended with ${code}`));
    });
    child.send(share);
  });
}

const percent = (value: number | null, digits = 1): string =>
  value === null || Number.isNaN(value) ? "–" : `${(100 * value).toFixed(digits)}`;
const ratio = (value: number | null, to: number): string => (value === null ? "–" : (value / to).toFixed(2));

function table(result: ConditionResult): string {
  const profiled = result.parameters.some(({ profileCoverage }) => profileCoverage !== null);
  const lines = result.parameters.map((p) => {
    const cells = [
      p.parameter,
      Number(p.truth.toPrecision(4)),
      percent(p.relativeBias),
      ratio(p.meanError, p.spread),
      ratio(p.meanRobustError, p.spread),
      percent(p.coverage),
      percent(p.robustCoverage),
      ...(profiled ? [percent(p.profileCoverage)] : []),
    ];
    return `| ${cells.join(" | ")} |`;
  });
  return [
    `### ${result.name}`,
    "",
    `${result.persons} people, ${result.replicates} replicates${result.unsound > 0 ? `, ${result.unsound} of them no sound maximum and left out` : ""}.`,
    "",
    `| parameter | truth | bias, % of truth | error / spread | robust error / spread | interval holds, % | robust interval holds, % |${profiled ? " profile interval holds, % |" : ""}`,
    `|---|---:|---:|---:|---:|---:|---:|${profiled ? "---:|" : ""}`,
    ...lines,
    "",
  ].join("\n");
}

/** Bias above 5% of the truth, or observed coverage outside 93 to 97%, in words. */
function misses(results: readonly ConditionResult[]): string[] {
  return results.flatMap(({ name, persons, replicates, unsound, parameters }) =>
    parameters.flatMap((p) => {
      const notes: string[] = [];
      if (Math.abs(p.relativeBias) > 0.05) {
        const noise = (2 * p.spread) / Math.sqrt(replicates - unsound);
        const within = Math.abs(p.mean - p.truth) < noise ? ", within Monte Carlo error" : "";
        notes.push(`bias ${percent(p.relativeBias)}%${within}`);
      }
      const judged = name.includes("skewed") ? p.robustCoverage : p.coverage;
      if (judged !== null && (judged < 0.93 || judged > 0.97)) {
        const profile =
          p.profileCoverage === null ? "" : `, of the profile interval ${percent(p.profileCoverage)}%`;
        notes.push(`coverage ${percent(judged)}%${profile}`);
      }
      return notes.length === 0 ? [] : [`${name}, ${persons} people: ${p.parameter}: ${notes.join(", ")}`];
    }),
  );
}

async function main(replicates: number): Promise<void> {
  const started = performance.now();
  const parts = Math.min(2, cpus().length);
  const shares = Array.from({ length: parts }, (_, part) => runPart({ replicates, part, parts }));
  const all = (await Promise.all(shares)).flat();
  const results: ConditionResult[] = [];
  for (let index = 0; index < COVERAGE_CASES.length; index++) results.push(await describe(index, all));
  const ratios = {
    "growth curve, 2,000 people": await bootstrapRatios(0, 2000),
    "growth mixture of 3 classes with a predictor, 2,000 people": await bootstrapRatios(6, 2000),
  };
  const outside = misses(results);
  const report = {
    machine: machine(),
    replicates,
    seconds: (performance.now() - started) / 1000,
    outside,
    results,
    bootstrapOverObserved: ratios,
  };
  mkdirSync(join(ROOT, "benchmarks", "results"), { recursive: true });
  writeFileSync(join(ROOT, "benchmarks", "results", "coverage.json"), `${JSON.stringify(report, null, 2)}\n`);
  const judged = results.reduce((sum, { parameters }) => sum + parameters.length, 0);
  const ratioLines = Object.entries(ratios).map(([name, entries]) => {
    const values = Object.values(entries);
    return `- ${name}: ${Math.min(...values).toFixed(2)} to ${Math.max(...values).toFixed(2)} over ${values.length} parameters.`;
  });
  const text = [
    "# Bias and coverage",
    "",
    `Made by \`npm run bench:coverage\` (${replicates} replicates of each condition, seed ${SEED}). The Monte Carlo error of a coverage of 95% is ${percent(Math.sqrt((0.95 * 0.05) / replicates))} points. "error / spread" is the mean standard error over the standard deviation of the estimates.`,
    "",
    `Of ${judged} parameters, ${outside.length === 0 ? "none has" : `${outside.length} ${outside.length === 1 ? "has" : "have"}`} a bias above 5% of the truth or intervals that hold the truth less than 93% or more than 97% of the time (the robust intervals where the model is wrong on purpose)${outside.length === 0 ? "." : ":"}`,
    "",
    ...outside.map((line) => `- ${line}`),
    ...(outside.length > 0 ? [""] : []),
    "Where scores are skewed and floored the model is wrong on purpose; the truth is then the fit to 400,000 people.",
    "",
    ...results.map(table),
    "### Bootstrap errors over observed-information errors",
    "",
    "Non-parametric bootstrap of 400 replicates of one cohort; the Monte Carlo error of a ratio is 3.5%.",
    "",
    ...ratioLines,
    "",
  ].join("\n");
  mkdirSync(join(ROOT, "docs", "notes"), { recursive: true });
  writeFileSync(join(ROOT, "docs", "notes", "coverage.md"), text);
  console.log(text);
}

if (process.argv[2] === "--part")
  process.once("message", (share) => {
    void workOn(share as Share).then((replicates) => {
      process.send!(replicates, () => process.exit(0));
    });
  });
else await main(Number(process.argv[2] ?? 500));
