// How many passes over the data a climb takes: from the same screened starts, by EM, accelerated EM, quasi-Newton, Newton with the exact
// observed information, and by way of a sample of the people.
// Usage: node out/benchmarks/passes.js [PART OF A NAME]; also `npm run bench:passes`. Writes benchmarks/results/passes.json and prints a table.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ModelSpecInput, resolveSpec } from "symptom-trajectories/models";
import { type SimulationInput, simulateTable } from "symptom-trajectories/simulate";
import { emSteps, limitStep, scoringDirection } from "#dist/models/fit/em.js";
import { newtonFinish } from "#dist/models/fit/newton.js";
import type { Objective, Point } from "#dist/models/fit/objective.js";
import { quasiNewton } from "#dist/models/fit/quasiNewton.js";
import { objectiveOf, type ProblemData, type ProblemShape } from "#dist/models/likelihood.js";
import { samplePersons } from "#dist/models/multistart/sample.js";
import {
  convergeStart,
  fitGrowthCurve,
  type StartOutcome,
  screenSplit,
  screenStart,
} from "#dist/models/multistart/startTasks.js";
import { buildProblem } from "#dist/models/problem.js";
import { machine, summarise } from "./measure.js";
import { RESULTS } from "./paths.js";

/** A climb counts as ended where it stands this close below the maximum that it leads to. */
const REACHED = 1e-3;
const STARTS = 4;
const SCREENING = 12;
const MOST_STEPS = 5000;
const SEED = 1;

const QUADRATIC = { outcome: "phq9", time: "session", fixed: "1 + session + session^2" } as const;
const SLOPE = { ...QUADRATIC, random: "1 + session" } as const;

interface Case {
  readonly name: string;
  readonly simulation: SimulationInput;
  readonly spec: ModelSpecInput;
}

const CASES: readonly Case[] = [
  {
    name: "GMM, 3 classes, 2,000 people",
    simulation: { nPersons: 2000, seed: 2 },
    spec: { ...SLOPE, classes: 3 },
  },
  {
    name: "LCGA, 3 classes, own residuals, 2,000 people",
    simulation: { nPersons: 2000, seed: 2 },
    spec: { ...QUADRATIC, random: "0", classes: 3, residual: "class" },
  },
  {
    name: "GMM, 3 classes, own D and residuals, 2,000 people",
    simulation: { nPersons: 2000, seed: 2 },
    spec: { ...SLOPE, classes: 3, covariance: "free", residual: "class" },
  },
  {
    name: "GMM, 4 classes, 20,000 people, well separated",
    simulation: { nPersons: 20_000, seed: 3, separation: "well-separated" },
    spec: { ...SLOPE, classes: 4 },
  },
  {
    name: "GMM, 4 classes, 20,000 people, overlapping",
    simulation: { nPersons: 20_000, seed: 3, separation: "overlapping" },
    spec: { ...SLOPE, classes: 4 },
  },
  {
    name: "GMM, 5 classes, 20,000 people",
    simulation: { nPersons: 20_000, seed: 4 },
    spec: { ...SLOPE, classes: 5 },
  },
  {
    name: "GMM, 4 classes, 100,000 people",
    simulation: { nPersons: 100_000, seed: 3 },
    spec: { ...SLOPE, classes: 4 },
  },
  {
    name: "GMM, 4 classes, 100,000 people, overlapping",
    simulation: { nPersons: 100_000, seed: 3, separation: "overlapping" },
    spec: { ...SLOPE, classes: 4 },
  },
];

/** What the climbs of one case work on. */
interface Setting {
  readonly data: ProblemData;
  readonly shape: ProblemShape;
  readonly oneClass: readonly number[];
  readonly sample: ReturnType<typeof samplePersons>;
  /** The fit with one class fewer. */
  readonly smaller: readonly number[];
}

/** Work done by one climb, screening included. */
interface Work {
  readonly logLikelihood: number;
  /** Gradients over all people. */
  readonly evaluations: number;
  /** Observed informations over all people. */
  readonly informations: number;
  /** Gradients over the sample. */
  readonly onSample: number;
}

type Climb = (setting: Setting, index: number) => Work;

/** The objective, with its observed informations counted apart. */
function counted({ data, shape }: Setting): { objective: Objective; informations: () => number } {
  const { objective } = objectiveOf(data, shape);
  let informations = 0;
  return {
    objective: {
      ...objective,
      get evaluations() {
        return objective.evaluations - informations;
      },
      observed: (x) => {
        informations++;
        return objective.observed!(x);
      },
    },
    informations: () => informations,
  };
}

function screen(setting: Setting, index: number, data = setting.data, iterations = SCREENING): StartOutcome {
  const { shape, oneClass } = setting;
  return screenStart(data, { shape, oneClass, seed: SEED, index, iterations });
}

/** A climb from a screened start by some optimiser. */
function from(start: Begin, optimise: (objective: Objective, start: Point) => Point): Climb {
  return (setting, index) => {
    const begun = start(setting, index);
    const { objective, informations } = counted(setting);
    const point = optimise(objective, objective.evaluate(Float64Array.from(begun.x), true));
    return {
      logLikelihood: point.value,
      evaluations: begun.evaluations + objective.evaluations,
      informations: informations(),
      onSample: 0,
    };
  };
}

type Begin = (setting: Setting, index: number) => StartOutcome;

function emStep(objective: Objective, point: Point): Point {
  const direction = scoringDirection(point.information!, point.gradient);
  for (let step = limitStep(direction), trial = 0; trial < 12; trial++, step /= 2) {
    const next = objective.evaluate(
      point.x.map((x, i) => x + step * direction[i]!),
      true,
    );
    if (next.value >= point.value) return next;
  }
  return point;
}

/** Squared extrapolation of EM steps, scheme S3, back to the second EM step where it loses. Source: Varadhan & Roland (2008). */
function squarem(objective: Objective, start: Point): Point {
  let point = start;
  for (let cycle = 0; cycle < MOST_STEPS / 3; cycle++) {
    const first = emStep(objective, point);
    const second = emStep(objective, first);
    const r = first.x.map((x, i) => x - point.x[i]!);
    const v = second.x.map((x, i) => x - first.x[i]! - r[i]!);
    const length = (a: Float64Array): number => Math.sqrt(a.reduce((sum, value) => sum + value * value, 0));
    const alpha = Math.min(-1, -length(r) / length(v));
    let next = second;
    if (Number.isFinite(alpha) && alpha < -1) {
      const far = objective.evaluate(
        point.x.map((x, i) => x - 2 * alpha * r[i]! + alpha * alpha * v[i]!),
        true,
      );
      if (far.value > second.value) next = emStep(objective, far);
    }
    const gain = next.value - point.value;
    point = next;
    if (gain < 1e-7) break;
  }
  return point;
}

const STRATEGIES: readonly { readonly name: string; readonly climb: Climb }[] = [
  {
    name: "EM",
    climb: from(screen, (objective, start) => emSteps(objective, start.x, MOST_STEPS, 1e-7)),
  },
  { name: "EM, squared extrapolation", climb: from(screen, squarem) },
  {
    name: "quasi-Newton",
    climb: from(screen, (objective, start) => quasiNewton(objective, start, MOST_STEPS, 1e-9).point),
  },
  {
    name: "quasi-Newton after 4 EM steps",
    climb: from(
      (setting, index) => screen(setting, index, setting.data, 4),
      (objective, start) => quasiNewton(objective, start, MOST_STEPS, 1e-9).point,
    ),
  },
  {
    name: "quasi-Newton, looser end",
    climb: from(screen, (objective, start) => quasiNewton(objective, start, MOST_STEPS, 1e-7).point),
  },
  {
    name: "Newton from the start",
    climb: from(screen, (objective, start) => newtonFinish(objective, start, 50).point),
  },
  {
    name: "quasi-Newton to 0.1, then Newton",
    climb: from(
      screen,
      (objective, start) =>
        newtonFinish(objective, quasiNewton(objective, start, MOST_STEPS, 1e-2).point, 50).point,
    ),
  },
  {
    name: "best split of the fit with one class fewer, quasi-Newton",
    climb: from(
      ({ data, shape, smaller }, index) =>
        screenSplit(data, {
          shape,
          previous: smaller,
          split: index % (shape.classes - 1),
          distance: index < shape.classes - 1 ? 0.7 : 0.05,
          iterations: SCREENING,
        }),
      (objective, start) => quasiNewton(objective, start, MOST_STEPS, 1e-9).point,
    ),
  },
  { name: "sample first, then quasi-Newton with its information", climb: bySample },
];

function bySample(setting: Setting, index: number): Work {
  const { data, shape, sample } = setting;
  if (sample === null) return { logLikelihood: Number.NaN, evaluations: 0, informations: 0, onSample: 0 };
  const begun = screen(setting, index, sample.data);
  const climbed = convergeStart(sample.data, {
    ...begun,
    shape,
    maxIterations: MOST_STEPS,
    wantsInverse: true,
  });
  const inverse = climbed.inverse!.map((value) => value / sample.ratio);
  const ended = convergeStart(data, { ...climbed, shape, maxIterations: MOST_STEPS, inverse });
  return {
    logLikelihood: ended.logLikelihood,
    evaluations: ended.evaluations,
    informations: 0,
    onSample: begun.evaluations + climbed.evaluations,
  };
}

function prepare({ simulation, spec }: Case): Setting {
  const shape = resolveSpec(spec);
  const { data } = buildProblem(simulateTable(simulation).table, shape);
  const oneClass = fitGrowthCurve(data, { shape, maxIterations: 500 }).x;
  const fewer = { ...shape, classes: shape.classes - 1 };
  const screened = Array.from({ length: 8 }, (_, index) =>
    screenStart(data, { shape: fewer, oneClass, seed: SEED, index, iterations: SCREENING }),
  );
  const climbed = screened
    .filter(({ degenerate }) => !degenerate)
    .map((start) => convergeStart(data, { ...start, shape: fewer, maxIterations: 500 }))
    .sort((a, b) => b.logLikelihood - a.logLikelihood);
  return { data, shape, oneClass, sample: samplePersons(data, SEED), smaller: climbed[0]!.x };
}

/** Processor time of one gradient and of one observed information, in milliseconds. */
function costs(setting: Setting): { gradientMs: number; informationMs: number } {
  const { objective } = objectiveOf(setting.data, setting.shape);
  const x = Float64Array.from(screen(setting, 0).x);
  const timeOf = (work: () => unknown): number =>
    summarise(
      Array.from({ length: 15 }, () => {
        const begin = process.cpuUsage();
        work();
        const { user, system } = process.cpuUsage(begin);
        return (user + system) / 1000;
      }),
    ).median;
  objective.evaluate(x, false);
  return {
    gradientMs: timeOf(() => objective.evaluate(x, false)),
    informationMs: timeOf(() => objective.observed!(x)),
  };
}

const median = (values: readonly number[]): number => summarise(values).median;

function measure(each: Case): { name: string; [key: string]: unknown } {
  const setting = prepare(each);
  const cost = costs(setting);
  const rows = STRATEGIES.filter(({ climb }) => climb !== bySample || setting.sample !== null).map(
    ({ name, climb }) => {
      const works: (Work & { cpuMs: number })[] = [];
      for (let index = 0; index < STARTS; index++) {
        const begin = process.cpuUsage();
        const work = climb(setting, index);
        const { user, system } = process.cpuUsage(begin);
        works.push({ ...work, cpuMs: (user + system) / 1000 });
      }
      return { name, works };
    },
  );
  const best = Math.max(...rows.flatMap(({ works }) => works.map(({ logLikelihood }) => logLikelihood)));
  return {
    name: each.name,
    persons: setting.data.moments.nPersons,
    parameters: objectiveOf(setting.data, setting.shape).objective.size,
    ...cost,
    strategies: rows.map(({ name, works }) => ({
      name,
      evaluations: median(works.map((work) => work.evaluations)),
      informations: median(works.map((work) => work.informations)),
      onSample: median(works.map((work) => work.onSample)),
      cpuMs: median(works.map((work) => work.cpuMs)),
      foundBest: works.filter(({ logLikelihood }) => logLikelihood > best - REACHED).length,
      logLikelihoods: works.map((work) => work.logLikelihood),
    })),
  };
}

const part = process.argv[2] ?? "";
const results = CASES.filter(({ name }) => name.includes(part)).map((each) => {
  const result = measure(each);
  console.log(
    `${result.name}: a gradient ${(result.gradientMs as number).toFixed(2)} ms, an observed information ${(result.informationMs as number).toFixed(2)} ms`,
  );
  for (const row of result.strategies as Record<string, number | string>[])
    console.log(
      `  ${String(row.name).padEnd(58)} gradients ${row.evaluations}, informations ${row.informations}, on the sample ${row.onSample}, ${Number(row.cpuMs).toFixed(0)} ms, best found ${row.foundBest}/${STARTS}`,
    );
  return result;
});
if (part === "") {
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(
    join(RESULTS, "passes.json"),
    `${JSON.stringify({ machine: machine(), starts: STARTS, screening: SCREENING, results }, null, 2)}\n`,
  );
}
