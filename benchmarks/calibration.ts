// Is the p of the bootstrap likelihood-ratio test uniform where the smaller model is true? Data sets are drawn from it, both models are
// fitted with default settings and tested. Usage: node out/benchmarks/calibration.js [DATA_SETS [REPLICATES]]; also
// `npm run bench:calibration`. Two processes share the data sets. A run that was stopped goes on where it was (out/calibration-*.jsonl; delete
// them to begin anew). Writes benchmarks/results/calibration.json and docs/notes/likelihood-ratio-calibration.md.
import { fork } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  bootstrapLikelihoodRatio,
  fit as fitModel,
  type LongTable,
  tableFromArrays,
} from "symptom-trajectories/models";
import { createStream } from "symptom-trajectories/simulate";
import { machine } from "./measure.js";
import { ROOT } from "./paths.js";

const SEED = 20261123;
const SPEC = { outcome: "score", time: "week", fixed: "1 + week", random: "1 + week" } as const;

/** A truth with as many classes as the smaller model: mean intercept and slope of each class, all equally likely. */
interface Condition {
  readonly name: string;
  readonly persons: number;
  readonly means: readonly (readonly [number, number])[];
}

const CONDITIONS: readonly Condition[] = [
  { name: "1 class against 2", persons: 200, means: [[16, -0.8]] },
  {
    name: "2 classes against 3",
    persons: 200,
    means: [
      [10, -0.3],
      [19, -1],
    ],
  },
];

/** One data set. */
interface Outcome {
  readonly condition: number;
  readonly number: number;
  readonly statistic: number;
  /** Null where one of the two models reached no sound maximum. */
  readonly p: number | null;
  readonly used: number;
  readonly seconds: number;
}

/** Weekly scores of 5 to 10 sessions; random intercept (sd 2.5) and slope (sd 0.4), residual sd 2.5. */
function draw({ persons, means }: Condition, condition: number, number: number): LongTable {
  const stream = createStream(SEED, condition, number);
  const ids: number[] = [];
  const week: number[] = [];
  const score: number[] = [];
  for (let i = 0; i < persons; i++) {
    const [mean, slope] = means[stream.integer(means.length)]!;
    const intercept = mean + 2.5 * stream.normal();
    const own = slope + 0.4 * stream.normal();
    const n = 5 + stream.integer(6);
    for (let t = 0; t < n; t++) {
      ids.push(i);
      week.push(t);
      score.push(intercept + own * t + 2.5 * stream.normal());
    }
  }
  return tableFromArrays(ids, { week, score }, "week");
}

async function testOne(condition: number, number: number, replicates: number): Promise<Outcome> {
  const truth = CONDITIONS[condition]!;
  const table = draw(truth, condition, number);
  const seed = number + 1;
  const classes = truth.means.length;
  const smaller = await fitModel(table, { ...SPEC, classes }, { seed });
  const larger = await fitModel(table, { ...SPEC, classes: classes + 1 }, { seed });
  const test = await bootstrapLikelihoodRatio(table, smaller, larger, { replicates, seed });
  const { statistic, p, elapsedSeconds } = test;
  return { condition, number, statistic, p, used: test.replicates.used, seconds: elapsedSeconds };
}

/** What a worker process is asked. */
interface Share {
  readonly dataSets: number;
  readonly replicates: number;
  readonly part: number;
  readonly parts: number;
}

const fileOf = (part: number): string => join(ROOT, "out", `calibration-${part}.jsonl`);

function readOutcomes(part: number): Outcome[] {
  if (!existsSync(fileOf(part))) return [];
  const lines = readFileSync(fileOf(part), "utf8").trim().split("\n");
  return lines.map((line) => JSON.parse(line) as Outcome);
}

/** Data set by data set through all conditions: what is finished is a whole smaller study. */
async function workOn({ dataSets, replicates, part, parts }: Share): Promise<void> {
  mkdirSync(join(ROOT, "out"), { recursive: true });
  const done = new Set(readOutcomes(part).map(({ condition, number }) => `${condition} ${number}`));
  for (let number = part; number < dataSets; number += parts)
    for (let condition = 0; condition < CONDITIONS.length; condition++) {
      if (done.has(`${condition} ${number}`)) continue;
      const outcome = await testOne(condition, number, replicates);
      appendFileSync(fileOf(part), `${JSON.stringify(outcome)}\n`);
    }
}

/** 95% limits of a count of n tries of probability p, in percent: what chance allows. */
function chance(p: number, n: number): string {
  const width = 1.96 * Math.sqrt((p * (1 - p)) / n);
  return `${(100 * Math.max(0, p - width)).toFixed(0)} to ${(100 * Math.min(1, p + width)).toFixed(0)}`;
}

const LEVELS = [0.04, 0.1, 0.2, 0.5];

function report(outcomes: readonly Outcome[], replicates: number): string {
  const rows = CONDITIONS.flatMap(({ name, persons }, c) => {
    const own = outcomes.filter(({ condition }) => condition === c);
    const known = own.flatMap(({ p }) => p ?? []);
    if (known.length === 0) return [];
    const shares = LEVELS.map((level) => {
      const share = known.filter((p) => p <= level + 1e-9).length / known.length;
      return `${(100 * share).toFixed(0)}% (${chance(level, known.length)})`;
    });
    const mean = known.reduce((sum, p) => sum + p, 0) / known.length;
    return [
      `| ${[name, persons, `${known.length} of ${own.length}`, ...shares, mean.toFixed(2)].join(" | ")} |`,
    ];
  });
  return [
    `| test | people | data sets with a p | ${LEVELS.map((level) => `p <= ${level}`).join(" | ")} | mean p |`,
    `|${"---|".repeat(LEVELS.length + 4)}`,
    ...rows,
    "",
    `${replicates} replicates each; in brackets what chance allows in 95 of 100 studies. The mean of a uniform p is ${((replicates + 2) / (2 * (replicates + 1))).toFixed(2)}.`,
  ].join("\n");
}

const BEGIN = "<!-- table: benchmarks/calibration.ts -->";
const END = "<!-- end of table -->";

/** Puts the table between its marks in the note. */
function writeNote(table: string): void {
  const note = join(ROOT, "docs", "notes", "likelihood-ratio-calibration.md");
  const text = readFileSync(note, "utf8");
  const [before, after] = [text.split(BEGIN)[0]!, text.split(END)[1]!];
  writeFileSync(note, `${before}${BEGIN}\n\n${table}\n\n${END}${after}`);
}

async function runAll(dataSets: number, replicates: number): Promise<void> {
  const parts = Math.min(2, cpus().length);
  const shares = Array.from({ length: parts }, (_, part) => ({ dataSets, replicates, part, parts }));
  await Promise.all(
    shares.map(
      (share) =>
        new Promise<void>((resolve, reject) => {
          const child = fork(fileURLToPath(import.meta.url), [JSON.stringify(share)]);
          child.on("exit", (code) =>
            code === 0 ? resolve() : reject(new Error(`A process ended with ${code}.`)),
          );
        }),
    ),
  );
  finish(
    shares.flatMap(({ part }) => readOutcomes(part)),
    replicates,
  );
}

function finish(outcomes: readonly Outcome[], replicates: number): void {
  const table = report(outcomes, replicates);
  console.log(table);
  const results = join(ROOT, "benchmarks", "results");
  mkdirSync(results, { recursive: true });
  const sorted = [...outcomes].sort((a, b) => a.condition - b.condition || a.number - b.number);
  writeFileSync(
    join(results, "calibration.json"),
    `${JSON.stringify({ machine: machine(), replicates, conditions: CONDITIONS, outcomes: sorted }, null, 2)}\n`,
  );
  writeNote(table);
}

const [first, second] = process.argv.slice(2);
if (first?.startsWith("{")) await workOn(JSON.parse(first) as Share);
else if (first === "report") finish([0, 1].flatMap(readOutcomes), Number(second ?? 49));
else await runAll(Number(first ?? 100), Number(second ?? 49));
