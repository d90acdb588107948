// Is the best maximum found? Hard cases, each fitted with the default settings from several seeds, against the best value known:
// that of a very large search (kept in results/known-maxima.json) or of another package, whichever is higher.
// Usage: node out/benchmarks/global-maximum.js [SEEDS] [PART OF A NAME]; also `npm run bench:maximum`.
// With `search` as first word the large search is made anew. Writes benchmarks/results/global-maximum.json.
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type FitOptions, fit as fitModel } from "symptom-trajectories/models";
import { createRunner } from "symptom-trajectories/workers";
import { type MaximumCase, maximumCases } from "./maximumCases.js";
import { machine, runR, seconds, summarise } from "./measure.js";
import { ROOT } from "./paths.js";

/** A log-likelihood within this of the best known has found it. */
const FOUND = 1e-3;
/** flexmix divides residual sums of squares by n - p, so it ends a little below the maximum. */
const FOUND_BY_FLEXMIX = 0.1;
/** Seeds that flexmix gets: 20 starts take it minutes. */
const FLEXMIX_SEEDS = 5;
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
  /** Processor time of a fit, all threads: what other work on the machine disturbs least. */
  readonly medianCpuSeconds: number;
  readonly flexmix?: {
    readonly call: string;
    readonly found: number;
    readonly seeds: number;
    readonly medianCpuSeconds: number;
  };
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

/** One fit with the default settings. */
interface FitRecord {
  readonly name: string;
  readonly seed: number;
  readonly logLikelihood: number;
  readonly verdict: string;
  readonly cpuSeconds: number;
}

/** Fits done so far, one a line: a run that was stopped goes on where it was. Delete the file to begin anew. */
const SO_FAR = join(ROOT, "out", "global-maximum.jsonl");

function readRecords(): FitRecord[] {
  if (!existsSync(SO_FAR)) return [];
  return readFileSync(SO_FAR, "utf8")
    .trim()
    .split("\n")
    .map((text) => JSON.parse(text) as FitRecord);
}

/** Every case from one seed, then from the next: what is finished is a whole smaller benchmark. */
async function fitAll(cases: readonly MaximumCase[], nSeeds: number): Promise<FitRecord[]> {
  const records = readRecords();
  const done = new Set(records.map(({ name, seed }) => `${seed} ${name}`));
  for (let seed = 1; seed <= nSeeds; seed++)
    for (const each of cases) {
      if (done.has(`${seed} ${each.name}`)) continue;
      const table = each.table();
      const begin = process.cpuUsage();
      const own = await fitModel(table, each.spec, { seed, runner });
      const { user, system } = process.cpuUsage(begin);
      const record = {
        name: each.name,
        seed,
        logLikelihood: own.logLikelihood,
        verdict: own.convergence.verdicts.map((verdict) => verdict.name).join("; "),
        cpuSeconds: (user + system) / 1e6,
      };
      records.push(record);
      appendFileSync(SO_FAR, `${JSON.stringify(record)}\n`);
    }
  return records;
}

function summariseCase(
  each: MaximumCase,
  known: KnownMaximum | undefined,
  records: readonly FitRecord[],
): Row {
  const own = records.filter((record) => record.name === each.name);
  const values = own.map((record) => record.logLikelihood);
  const verdicts: Record<string, number> = {};
  for (const { verdict } of own) verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
  const peer = each.peer?.logLikelihood ?? Number.NEGATIVE_INFINITY;
  const best = Math.max(known?.logLikelihood ?? Number.NEGATIVE_INFINITY, peer, ...values);
  return {
    name: each.name,
    hard: each.hard,
    persons: each.table().nPersons,
    best,
    peer: each.peer,
    found: values.filter((value) => value > best - FOUND).length,
    seeds: own.length,
    logLikelihoods: values,
    verdicts,
    belowPeer: values.filter((value) => value < peer - FOUND).length,
    medianCpuSeconds: summarise(own.map((record) => record.cpuSeconds)).median,
    ...flexmix(each, best),
  };
}

/** The same model from 20 random starts of flexmix per seed. */
function flexmix(each: MaximumCase, best: number): Pick<Row, "flexmix"> {
  if (each.flexmix === undefined || process.env.SYMTRAJ_BENCH_FLEXMIX === "0") return {};
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
    String(FLEXMIX_SEEDS),
  ]);
  if (run === null) return {};
  return {
    flexmix: {
      call: run.call,
      found: run.logLikelihoods.filter((value) => value > best - FOUND_BY_FLEXMIX).length,
      seeds: FLEXMIX_SEEDS,
      medianCpuSeconds: summarise(run.seconds).median,
    },
  };
}

function line(row: Row): string {
  const peer = row.peer === null ? "" : `; ${row.peer.package} ${row.peer.logLikelihood.toFixed(3)}`;
  const other =
    row.flexmix === undefined
      ? ""
      : `; flexmix ${row.flexmix.found}/${row.flexmix.seeds}, ${seconds(row.flexmix.medianCpuSeconds)}`;
  const short = row.found < WANTED * row.seeds || row.belowPeer > 0 ? "  MISSED" : "";
  return `${row.name}: ${row.found}/${row.seeds} found ${row.best.toFixed(3)}, ${seconds(row.medianCpuSeconds)}${peer}${other}${short}`;
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
    const records = await fitAll(cases, nSeeds);
    const rows = cases.map((each) => summariseCase(each, known[each.name], records));
    for (const row of rows) console.log(line(row));
    const total = (of: (row: Row) => number): number => rows.reduce((sum, row) => sum + of(row), 0);
    const [found, tried, belowPeer] = [
      total((row) => row.found),
      total((row) => row.seeds),
      total((row) => row.belowPeer),
    ];
    console.log(
      `Found in ${found} of ${tried} fits (${((100 * found) / tried).toFixed(1)}%; wanted: ${100 * WANTED}%); below a peer's best value in ${belowPeer}.`,
    );
    const report = { machine: machine(), tolerance: FOUND, seeds: nSeeds, found, tried, belowPeer, rows };
    mkdirSync(RESULTS, { recursive: true });
    if (words[0] === undefined)
      writeFileSync(join(RESULTS, "global-maximum.json"), `${JSON.stringify(report, null, 2)}\n`);
    process.exitCode = found >= WANTED * tried && belowPeer === 0 ? 0 : 1;
  }
} finally {
  await runner.close();
}
