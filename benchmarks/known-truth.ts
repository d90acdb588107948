// Known truth: is the right number of classes found, are people put where they belong, and do the intervals of the
// predictors' odds ratios hold the truth as often as they say? Usage: node out/benchmarks/known-truth.js [SEEDS] [PERSONS];
// also `npm run bench:truth`. Writes benchmarks/results/known-truth.json.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  enumerate,
  type FitResult,
  fit as fitModel,
  type LongTable,
  type PersonTable,
  threeStep,
} from "symptom-trajectories/models";
import { type SimulationInput, type SimulationTruth, simulateTable } from "symptom-trajectories/simulate";
import { inWords, machine, summarise } from "./measure.js";
import { ROOT } from "./paths.js";

const SPEC = { outcome: "phq9", time: "week", fixed: "1 + week + week^2", random: "1 + week" } as const;
const COVARIATES = ["age", "female", "imd", "employed", "ltc", "medication"] as const;
const FORMULA = COVARIATES.join(" + ");
const CORRECTIONS = ["ml", "bch", "none"] as const;

/** Cohorts on which the intervals are tried. */
const CONDITIONS: readonly {
  readonly name: string;
  readonly input: SimulationInput;
  readonly growth: string;
}[] = [
  { name: "well-separated classes", input: { separation: "well-separated" }, growth: "" },
  {
    name: "overlapping classes",
    input: {
      separation: "well-separated",
      variation: { phq9: { interceptSd: 2.4, slopeSd: 0.15, residualSd: 2.8 } },
    },
    growth: "",
  },
  {
    name: "covariates that also act within classes, left out of the growth model (misspecified on purpose)",
    input: { separation: "realistic" },
    growth: "",
  },
  {
    name: "the same, with those effects in the growth model",
    input: { separation: "realistic" },
    growth: " + employed * week + ltc * week + imd + medication",
  },
];

const seeds = Number(process.argv[2] ?? 100);
const nPersons = Number(process.argv[3] ?? 3000);

/** Covariates of each person, from the first row. */
function personsOf(table: LongTable): PersonTable {
  const columns = COVARIATES.map((name) => {
    const column = table.columns.get(name)!;
    if (column.kind !== "numeric") throw new Error(`${name} is not numeric`);
    const values = Float64Array.from(table.personIds, (_, i) => column.values[table.personStart[i]!]!);
    return [name, { kind: "numeric" as const, values }] as const;
  });
  return { nPersons: table.nPersons, personIds: table.personIds, columns: new Map(columns) };
}

/** Hubert and Arabie's (1985) adjusted Rand index of two classifications. */
function adjustedRandIndex(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const pairs = (n: number): number => (n * (n - 1)) / 2;
  const counts = (key: (i: number) => string): Map<string, number> => {
    const map = new Map<string, number>();
    for (let i = 0; i < a.length; i++) map.set(key(i), (map.get(key(i)) ?? 0) + 1);
    return map;
  };
  const sum = (map: Map<string, number>): number =>
    [...map.values()].reduce((total, n) => total + pairs(n), 0);
  const both = sum(counts((i) => `${a[i]}/${b[i]}`));
  const first = sum(counts((i) => `${a[i]}`));
  const second = sum(counts((i) => `${b[i]}`));
  const chance = (first * second) / pairs(a.length);
  return (both - chance) / ((first + second) / 2 - chance);
}

/** True class (from 0) that most people of each fitted class (from 1) belong to. */
function truthOfClasses(result: FitResult, classOf: Int32Array, nTrue: number): number[] {
  const table = Array.from({ length: result.model.classes }, () => new Array<number>(nTrue).fill(0));
  result.posteriors.modalClass.forEach((label, i) => {
    table[label - 1]![classOf[i]!]!++;
  });
  return table.map((row) => row.indexOf(Math.max(...row)));
}

interface Coverage {
  covered: number;
  intervals: number;
  /** Sum of (estimate - truth). */
  bias: number;
  /** Sum of z of (estimate - truth), squared: 1 on average when the standard errors are right. */
  squares: number;
}

/** Compares the odds ratios of one replicate with the truth and adds to the counts. */
function addCoverage(
  coverage: Coverage,
  result: FitResult,
  persons: PersonTable,
  correction: (typeof CORRECTIONS)[number],
  map: readonly number[],
  truth: SimulationTruth,
): void {
  const regression = threeStep(result, persons, { formula: FORMULA, correction });
  const reference = `Class ${map.indexOf(0) + 1}`;
  for (const row of regression.oddsRatios) {
    const effects = truth.classLogits.effects[row.term];
    if (row.reference !== reference || effects === undefined || row.standardError === null) continue;
    const expected = effects[map[Number(row.outcome.replace("Class ", "")) - 1]!]!;
    const z = (row.logOdds - expected) / row.standardError;
    coverage.intervals++;
    coverage.bias += row.logOdds - expected;
    coverage.squares += z * z;
    if (Math.abs(z) <= 1.959964) coverage.covered++;
  }
}

async function enumeration(): Promise<{
  table: readonly Record<string, number | string>[];
  chosen: number;
  rand: number;
}> {
  const { table, classOf } = simulateTable({ nPersons, seed: 1, separation: "well-separated" });
  const result = await enumerate(table, {
    structures: [{ name: "GMM", spec: SPEC }],
    classes: { from: 1, to: 6 },
  });
  const rows = result.rows.map((row) => ({
    classes: row.classes,
    logLikelihood: Number(row.logLikelihood.toFixed(2)),
    bic: Number(row.criteria.bic.toFixed(1)),
    entropy: row.criteria.entropy === null ? "" : Number(row.criteria.entropy.toFixed(3)),
    smallest: Number(row.smallestProportion.toFixed(3)),
    replicated: row.replicatedBest === null ? "" : `${row.replicatedBest}/${row.finalists}`,
    verdict: row.verdict,
    chosen: row.chosen ? "chosen" : "",
  }));
  const best = result.chosen === null ? null : result.fits[result.chosen]!;
  return {
    table: rows,
    chosen: best?.model.classes ?? 0,
    rand: best === null ? 0 : adjustedRandIndex(best.posteriors.modalClass, classOf),
  };
}

const begin = performance.now();
console.log(`Known truth: ${nPersons} people, three well-separated classes`);
const found = await enumeration();
console.table(found.table);
console.log(
  `Classes found: ${found.chosen} (true: 3); adjusted Rand index ${found.rand.toFixed(3)} (wanted: over 0.7)`,
);
const conditions: object[] = [];
for (const condition of CONDITIONS) {
  const coverage = new Map(
    CORRECTIONS.map((c): [typeof c, Coverage] => [c, { covered: 0, intervals: 0, bias: 0, squares: 0 }]),
  );
  const rand: number[] = [];
  const entropy: number[] = [];
  let unmatched = 0;
  for (let seed = 1; seed <= seeds; seed++) {
    const { table, classOf, truth } = simulateTable({ ...condition.input, nPersons, seed: 1000 + seed });
    const nTrue = truth.spec.classes.length;
    const spec = { ...SPEC, fixed: SPEC.fixed + condition.growth, classes: nTrue };
    const result = await fitModel(table, spec, { startsInitial: 12, startsFinal: 3, seed });
    rand.push(adjustedRandIndex(result.posteriors.modalClass, classOf));
    entropy.push(result.criteria.entropy!);
    const map = truthOfClasses(result, classOf, nTrue);
    // Two fitted classes with the same true majority: there is no truth to compare with.
    if (new Set(map).size < nTrue) {
      unmatched++;
      continue;
    }
    const persons = personsOf(table);
    for (const correction of CORRECTIONS)
      addCoverage(coverage.get(correction)!, result, persons, correction, map, truth);
  }
  const summary = {
    adjustedRandIndex: summarise(rand).median,
    entropy: summarise(entropy).median,
    unmatched,
  };
  console.log(
    `\n${condition.name}: ${seeds} cohorts, adjusted Rand index ${summary.adjustedRandIndex.toFixed(3)}, entropy ${summary.entropy.toFixed(3)}, ${unmatched} without a one-to-one match`,
  );
  const rows = [...coverage].map(([correction, c]) => ({
    correction,
    intervals: c.intervals,
    "coverage of 95% intervals": c.intervals === 0 ? "" : `${((100 * c.covered) / c.intervals).toFixed(1)}%`,
    "mean z squared": c.intervals === 0 ? "" : (c.squares / c.intervals).toFixed(3),
    "mean bias (log odds)": c.intervals === 0 ? "" : (c.bias / c.intervals).toFixed(4),
  }));
  console.table(rows);
  conditions.push({ name: condition.name, ...summary, coverage: Object.fromEntries(coverage) });
}
const report = { machine: machine(), nPersons, seeds, enumeration: found, conditions };
mkdirSync(join(ROOT, "benchmarks", "results"), { recursive: true });
writeFileSync(
  join(ROOT, "benchmarks", "results", "known-truth.json"),
  `${JSON.stringify(report, null, 2)}\n`,
);
const took = summarise([(performance.now() - begin) / 1000]);
console.log(`Done: ${inWords(took)}.`);
process.exitCode = found.chosen === 3 && found.rand > 0.7 ? 0 : 1;
