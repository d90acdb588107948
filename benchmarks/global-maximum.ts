// Is the best maximum found? Hard cases, each fitted with the default settings from several seeds, against the best value known:
// that of a very large search (kept in results/known-maxima.json) or of another package, whichever is higher.
// Usage: node out/benchmarks/global-maximum.js [SEEDS] [PART OF A NAME]; also `npm run bench:maximum`.
// With `search` as first word the large search is made anew. Writes benchmarks/results/global-maximum.json.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type FitOptions, fit as fitModel } from "symptom-trajectories/models";
import { createRunner } from "symptom-trajectories/workers";
import { ROOT } from "./cases.js";
import { type MaximumCase, maximumCases } from "./maximumCases.js";
import { machine, runR, seconds, summarise } from "./measure.js";

/** A log-likelihood within this of the best known has found it. */
const FOUND = 1e-3;
/** flexmix divides residual sums of squares by n - p, so it ends a little below the maximum. */
const FOUND_BY_FLEXMIX = 0.1;
/** Share of seeds that have to find the best value. */
const WANTED = 0.95;
/** The large search: starts screened and carried to convergence, and seeds none of which the test uses. */
const LARGE = { startsInitial: 500, startsFinal: 200 } satisfies Partial<FitOptions>;
const LARGE_SEEDS: readonly number[] = [1001, 1002, 1003];

const RESULTS = join(ROOT, "benchmarks", "results");
const KNOWN = join(RESULTS, "known-maxima.json");

/** What the large search found for one case. */
interface KnownMaximum {
  readonly logLikelihood: number;
  /** Best value of each seed. */
  readonly bySeed: readonly number[];
  readonly verdict: string;
  /** Distinct maxima among the finalists of the seed that won. */
  readonly seconds: number;
}

interface FlexmixRun {
  readonly package: string;
  readonly call: string;
  readonly logLikelihoods: readonly number[];
  readonly seconds: readonly number[];
}

/** One line of the result. */
interface Row {
  readonly name: string;
  readonly hard: string;
  readonly persons: number;
  readonly best: number;
  readonly peer: MaximumCase["peer"];
  readonly found: number;
  readonly seeds: number;
  readonly logLikelihoods: readonly number[];
  readonly verdicts: Readonly<Record<string, number>>;
  readonly belowPeer: number;
  readonly medianSeconds: number;
  readonly flexmix?: { readonly call: string; readonly found: number; readonly medianSeconds: number };
}

function readKnown(): Record<string, KnownMaximum> {
  return existsSync(KNOWN)
    ? (JSON.parse(readFileSync(KNOWN, "utf8")) as { maxima: Record<string, KnownMaximum> }).maxima
    : {};
}

async function search(cases: readonly MaximumCase[]): Promise<void> {
  const maxima = { ...readKnown() };
  for (const each of cases) {
    const begin = performance.now();
    const table = each.table();
    const fits = [];
    for (const seed of LARGE_SEEDS) fits.push(await fitModel(table, each.spec, { ...LARGE, seed, runner }));
    const best = fits.reduce((a, b) => (b.logLikelihood > a.logLikelihood ? b : a));
    maxima[each.name] = {
      logLikelihood: best.logLikelihood,
      bySeed: fits.map((own) => own.logLikelihood),
      verdict: best.convergence.verdicts[0]!.name,
      seconds: (performance.now() - begin) / 1000,
    };
    console.log(
      `${each.name}: ${maxima[each.name]!.bySeed.map((v) => v.toFixed(4)).join(" ")} (${best.convergence.verdicts.map((v) => v.name).join("; ")}), ${seconds(maxima[each.name]!.seconds)}`,
    );
    const settings = { ...LARGE, seeds: LARGE_SEEDS, note: "best of these fits" };
    writeFileSync(KNOWN, `${JSON.stringify({ machine: machine(), settings, maxima }, null, 2)}\n`);
  }
}

async function test(each: MaximumCase, known: KnownMaximum | undefined, nSeeds: number): Promise<Row> {
  const table = each.table();
  const values: number[] = [];
  const took: number[] = [];
  const verdicts: Record<string, number> = {};
  for (let seed = 1; seed <= nSeeds; seed++) {
    const begin = performance.now();
    const own = await fitModel(table, each.spec, { seed, runner });
    took.push((performance.now() - begin) / 1000);
    values.push(own.logLikelihood);
    const name = own.convergence.verdicts.map((verdict) => verdict.name).join("; ");
    verdicts[name] = (verdicts[name] ?? 0) + 1;
  }
  const peer = each.peer?.logLikelihood ?? Number.NEGATIVE_INFINITY;
  const best = Math.max(known?.logLikelihood ?? Number.NEGATIVE_INFINITY, peer, ...values);
  return {
    name: each.name,
    hard: each.hard,
    persons: table.nPersons,
    best,
    peer: each.peer,
    found: values.filter((value) => value > best - FOUND).length,
    seeds: nSeeds,
    logLikelihoods: values,
    verdicts,
    belowPeer: values.filter((value) => value < peer - FOUND).length,
    medianSeconds: summarise(took).median,
    ...flexmix(each, best, nSeeds),
  };
}

/** The same model from 20 random starts of flexmix per seed. */
function flexmix(each: MaximumCase, best: number, nSeeds: number): Pick<Row, "flexmix"> {
  if (each.flexmix === undefined) return {};
  const table = each.table();
  const column = (name: string): Float64Array => {
    const found = table.columns.get(name)!;
    if (found.kind !== "numeric") throw new Error(`${name} is not numeric`);
    return found.values;
  };
  const lines = ["id,time,y"];
  for (let i = 0; i < table.nPersons; i++)
    for (let r = table.personStart[i]!; r < table.personStart[i + 1]!; r++)
      lines.push(`${i},${column(each.spec.time)[r]},${column(each.spec.outcome)[r]}`);
  const file = join(ROOT, "benchmarks", "data", "maximum.csv");
  mkdirSync(join(ROOT, "benchmarks", "data"), { recursive: true });
  writeFileSync(file, `${lines.join("\n")}\n`);
  const degree = each.spec.fixed!.includes("^2") ? 2 : 1;
  const run = runR<FlexmixRun>(join(ROOT, "benchmarks", "r", "flexmixMaximum.R"), [
    file,
    String(each.spec.classes),
    String(degree),
    String(nSeeds),
  ]);
  if (run === null) return {};
  return {
    flexmix: {
      call: run.call,
      found: run.logLikelihoods.filter((value) => value > best - FOUND_BY_FLEXMIX).length,
      medianSeconds: summarise(run.seconds).median,
    },
  };
}

function line(row: Row): string {
  const peer = row.peer === null ? "" : `; ${row.peer.package} ${row.peer.logLikelihood.toFixed(3)}`;
  const other =
    row.flexmix === undefined
      ? ""
      : `; flexmix ${row.flexmix.found}/${row.seeds}, ${seconds(row.flexmix.medianSeconds)}`;
  const short = row.found < WANTED * row.seeds || row.belowPeer > 0 ? "  MISSED" : "";
  return `${row.name}: ${row.found}/${row.seeds} found ${row.best.toFixed(3)}, ${seconds(row.medianSeconds)}${peer}${other}${short}`;
}

const words = process.argv.slice(2);
const isSearch = words[0] === "search";
if (isSearch) words.shift();
const nSeeds = Number(isSearch ? 0 : (words.shift() ?? 20));
const cases = maximumCases().filter((each) => each.name.includes(words[0] ?? ""));
const runner = createRunner(Number(process.env.SYMTRAJ_BENCH_WORKERS ?? 2));
try {
  if (isSearch) await search(cases);
  else {
    const known = readKnown();
    const rows: Row[] = [];
    for (const each of cases) {
      rows.push(await test(each, known[each.name], nSeeds));
      console.log(line(rows.at(-1)!));
    }
    const found = rows.reduce((sum, row) => sum + row.found, 0);
    const tried = rows.reduce((sum, row) => sum + row.seeds, 0);
    const belowPeer = rows.reduce((sum, row) => sum + row.belowPeer, 0);
    console.log(
      `Found in ${found} of ${tried} fits (${((100 * found) / tried).toFixed(1)}%; wanted: ${100 * WANTED}%); below a peer's best value in ${belowPeer}.`,
    );
    if (words[0] === undefined) {
      mkdirSync(RESULTS, { recursive: true });
      const report = { machine: machine(), tolerance: FOUND, seeds: nSeeds, found, tried, belowPeer, rows };
      writeFileSync(join(RESULTS, "global-maximum.json"), `${JSON.stringify(report, null, 2)}\n`);
    }
    process.exitCode = found >= WANTED * tried && belowPeer === 0 ? 0 : 1;
  }
} finally {
  await runner.close();
}
