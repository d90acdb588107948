// Hard cases for the search for the best maximum: cohorts simulated here, and the models that other packages were given.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type LongTable, type ModelSpecInput, tableFromArrays } from "symptom-trajectories/models";
import { type SimulationInput, simulateTable } from "symptom-trajectories/simulate";
import { ROOT } from "./paths.js";

/** One model on one data set, and the best value any other package reports for it. */
export interface MaximumCase {
  readonly name: string;
  /** What makes it hard. */
  readonly hard: string;
  readonly table: () => LongTable;
  readonly spec: ModelSpecInput;
  /** Best log-likelihood of a peer; null where none was run. */
  readonly peer: { readonly package: string; readonly logLikelihood: number } | null;
  /** Fitted by flexmix as well, side by side. */
  readonly flexmix?: true;
}

const QUADRATIC = { outcome: "phq9", time: "session", fixed: "1 + session + session^2" } as const;
const INTERCEPT = { ...QUADRATIC, random: "1" } as const;
const SLOPE = { ...QUADRATIC, random: "1 + session" } as const;
const LCGA = { ...QUADRATIC, random: "0" } as const;

type Phq9Class = readonly [proportion: number, intercept: number, slope: number, curvature: number];

/** Classes of the PHQ-9 alone (the GAD-7 follows it and is not looked at). */
function classesOf(rows: readonly Phq9Class[]): NonNullable<SimulationInput["classes"]> {
  return rows.map(([proportion, intercept, slope, curvature], k) => ({
    name: `class ${k + 1}`,
    proportion,
    phq9: { intercept, slope, curvature },
    gad7: { intercept: 0.8 * intercept, slope: 0.8 * slope, curvature: 0.8 * curvature },
  }));
}

/** Weekly scores of 5 to 12 sessions, as real numbers: the model's own distribution. */
const WEEKLY = { rounding: false, regular: true, sessions: { minimum: 5, mean: 8, maximum: 12 } } as const;

/** Spread within a class, in points. */
function variation(
  interceptSd: number,
  slopeSd: number,
  residualSd: number,
): NonNullable<SimulationInput["variation"]> {
  return { phq9: { interceptSd, slopeSd, residualSd } };
}

const SIX: readonly Phq9Class[] = [
  [0.28, 15, -1.2, 0.04],
  [0.24, 14, -0.4, 0],
  [0.18, 20, -0.1, 0],
  [0.14, 9, -0.5, 0.02],
  [0.09, 18, -1.9, 0.09],
  [0.07, 12, 0.5, -0.02],
];

const SIMULATED: readonly (Omit<MaximumCase, "table" | "peer"> & { readonly input: SimulationInput })[] = [
  {
    name: "a class of 4%",
    hard: "small class",
    input: {
      ...WEEKLY,
      nPersons: 500,
      seed: 11,
      classes: classesOf([
        [0.56, 15, -1.1, 0.04],
        [0.4, 18, -0.2, 0],
        [0.04, 10, 0.8, -0.02],
      ]),
      variation: variation(2.4, 0.15, 2.4),
    },
    spec: { ...SLOPE, classes: 3 },
  },
  {
    name: "two classes of 3%, residuals by class",
    hard: "small classes, class residuals",
    input: {
      ...WEEKLY,
      nPersons: 600,
      seed: 12,
      classes: classesOf([
        [0.5, 15, -1.1, 0.04],
        [0.44, 19, -0.2, 0],
        [0.03, 9, 0.9, -0.02],
        [0.03, 22, -2.2, 0.09],
      ]),
      variation: variation(1.5, 0.1, 2.4),
    },
    spec: { ...INTERCEPT, classes: 4, residual: "class" },
  },
  {
    name: "overlapping classes",
    hard: "overlap",
    input: { ...WEEKLY, nPersons: 500, seed: 13, separation: "overlapping" },
    spec: { ...INTERCEPT, classes: 4 },
  },
  {
    name: "overlapping classes, random slopes",
    hard: "overlap",
    input: { nPersons: 500, seed: 14, separation: "realistic" },
    spec: { ...SLOPE, classes: 3 },
  },
  {
    name: "a free D for each class",
    hard: "free D",
    input: { ...WEEKLY, nPersons: 500, seed: 15, separation: "realistic" },
    spec: { ...SLOPE, classes: 3, covariance: "free" },
  },
  {
    name: "a free D and a residual for each class",
    hard: "free D, class residuals",
    input: { nPersons: 400, seed: 16, separation: "well-separated" },
    spec: { ...SLOPE, classes: 3, covariance: "free", residual: "class" },
  },
  {
    name: "a D proportional over four classes",
    hard: "proportional D",
    input: { ...WEEKLY, nPersons: 500, seed: 17, separation: "realistic" },
    spec: { ...SLOPE, classes: 4, covariance: "proportional" },
  },
  {
    name: "latent class growth, residuals by class",
    hard: "class residuals",
    input: { nPersons: 500, seed: 18, separation: "realistic" },
    spec: { ...LCGA, classes: 4, residual: "class" },
    flexmix: true,
  },
  {
    name: "latent class growth, five classes",
    hard: "five classes, residuals by class",
    input: {
      ...WEEKLY,
      nPersons: 500,
      seed: 19,
      classes: classesOf(SIX.slice(0, 5).map(([p, ...rest]) => [p / 0.93, ...rest])),
      variation: variation(1.2, 0.08, 2.4),
    },
    spec: { ...LCGA, classes: 5, residual: "class" },
    flexmix: true,
  },
  {
    name: "three sessions each",
    hard: "few sessions",
    input: {
      ...WEEKLY,
      nPersons: 600,
      seed: 20,
      separation: "well-separated",
      sessions: { minimum: 3, mean: 3, maximum: 3 },
    },
    spec: { outcome: "phq9", time: "session", fixed: "1 + session", random: "1", classes: 3 },
  },
  {
    name: "three sessions each, residuals by class",
    hard: "few sessions, class residuals",
    input: {
      nPersons: 600,
      seed: 21,
      separation: "realistic",
      sessions: { minimum: 2, mean: 3, maximum: 3 },
    },
    spec: {
      outcome: "phq9",
      time: "session",
      fixed: "1 + session",
      random: "0",
      classes: 4,
      residual: "class",
    },
    flexmix: true,
  },
  {
    name: "six classes",
    hard: "six classes",
    input: {
      ...WEEKLY,
      nPersons: 700,
      seed: 22,
      classes: classesOf(SIX),
      variation: variation(1.2, 0.08, 2),
    },
    spec: { ...INTERCEPT, classes: 6 },
  },
  {
    name: "five classes asked of three",
    hard: "more classes than there are",
    input: { ...WEEKLY, nPersons: 500, seed: 23, separation: "well-separated" },
    spec: { ...INTERCEPT, classes: 5 },
  },
];

interface Reference {
  readonly package: string;
  readonly where?: string;
  readonly spec: ModelSpecInput;
  readonly logLik: number;
}

/** Numbers of a file of comma-separated values whose cells hold no line breaks. */
function readCsv(path: string): Record<string, string>[] {
  const [header, ...lines] = readFileSync(path, "utf8").trim().split(/\r?\n/);
  const cells = (line: string): string[] =>
    [...line.matchAll(/("([^"]*)"|[^,]*)(,|$)/g)].map((match) => match[2] ?? match[1]!);
  const names = cells(header!);
  return lines.map((line) => {
    const values = cells(line);
    return Object.fromEntries(names.map((name, j) => [name, values[j]!]));
  });
}

function sim600(): LongTable {
  const rows = readCsv(join(ROOT, "test", "reference", "sim600.csv"));
  const numbers = (name: string): number[] => rows.map((row) => Number(row[name]));
  const columns = ["session", "week", "phq9", "female", "employed", "ltc", "imd"];
  return tableFromArrays(
    rows.map((row) => row.id!),
    {
      ...Object.fromEntries(columns.map((name) => [name, numbers(name)])),
      agec: numbers("age").map((age) => (age - 38) / 10),
    },
    "session",
  );
}

/** The file of the REFRAMED trial beside the clone; its licence keeps it out. */
const REFRAMED = join(ROOT, "..", "shared", "data", "reframed_phq9.csv");

function reframed(where: string): LongTable {
  const rows = readCsv(REFRAMED).filter((row) => Number(row.month) <= Number(where.split("<=")[1]));
  const numbers = (name: string): number[] => rows.map((row) => Number(row[name]));
  return tableFromArrays(
    rows.map((row) => row.patient!),
    {
      month: numbers("month"),
      phq9: numbers("phq9"),
      female: numbers("female"),
      agec: numbers("age").map((age) => (age - 48) / 10),
    },
    "month",
  );
}

/** Every mixture of a reference file, one case per model, with the best value of the packages that fitted it. */
function referenceCases(name: string, file: string, table: (where: string) => LongTable): MaximumCase[] {
  const models = JSON.parse(
    readFileSync(join(ROOT, "test", "reference", file), "utf8"),
  ) as readonly Reference[];
  const best = new Map<string, Reference>();
  for (const model of models) {
    if ((model.spec.classes ?? 1) < 2) continue;
    const key = JSON.stringify([model.where, model.spec]);
    const known = best.get(key);
    if (known === undefined || model.logLik > known.logLik) best.set(key, model);
  }
  return [...best.values()].map((model) => ({
    name: `${name}: ${modelWords(model.spec)}`,
    hard: "a peer's model",
    table: () => table(model.where ?? ""),
    spec: model.spec,
    peer: { package: model.package, logLikelihood: model.logLik },
    ...(model.spec.residual === "class" ? { flexmix: true as const } : {}),
  }));
}

function modelWords(spec: ModelSpecInput): string {
  return [
    spec.random === "0" ? "LCGA" : "GMM",
    `${spec.classes} classes`,
    ...(spec.covariance === undefined ? [] : [`${spec.covariance} D`]),
    ...(spec.diagonal ? ["diagonal D"] : []),
    ...(spec.residual === undefined ? [] : ["class residuals"]),
    ...(spec.membership === undefined ? [] : ["with covariates"]),
  ].join(", ");
}

/**
 * The cases: simulated ones, the reference models on sim600, and those on REFRAMED where its file is beside the clone.
 * @returns the cases, names distinct
 */
export function maximumCases(): readonly MaximumCase[] {
  const simulated = SIMULATED.map(({ input, ...rest }) => ({
    ...rest,
    table: () => simulateTable(input).table,
    peer: null,
  }));
  return [
    ...simulated,
    ...referenceCases("sim600", "sim600-models.json", sim600),
    ...(existsSync(REFRAMED) ? referenceCases("REFRAMED", "reframed-models.json", reframed) : []),
  ];
}
