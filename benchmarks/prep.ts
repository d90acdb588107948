// Preparation: 1,000,000 rows of CSV to the long table in memory, with all checks, the account of rows and the person
// table. Usage: npm run build && npx tsc -p benchmarks && node out/benchmarks/prep.js [RUNS]. Writes
// benchmarks/results/prep.json.
import { createWriteStream, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { prepare } from "symptom-trajectories/prep";
import { inWords, machine, time } from "./measure.js";
import { ROOT } from "./paths.js";

const PERSONS = 100_000;
const SESSIONS = 10;
const TARGET_SECONDS = 2;

/** Deterministic rows: a person in ten has an impossible score, one in a hundred a doubled session. */
function* lines(): Generator<string> {
  yield "id,session,date,phq9,gad7,age,sex,imd\n";
  let state = 1;
  const next = (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  for (let p = 0; p < PERSONS; p++) {
    const id = String(p).padStart(7, "0");
    const person = `${18 + next(60)},${next(2) === 0 ? "female" : "male"},${1 + next(10)}`;
    const start = Date.UTC(2020, 0, 1 + next(1000));
    let text = "";
    for (let s = 0; s < SESSIONS; s++) {
      const date = new Date(start + (7 * s + next(4)) * 86_400_000).toISOString().slice(0, 10);
      const phq9 = s === 3 && p % 10 === 0 ? 99 : next(28);
      const session = s === 5 && p % 100 === 0 ? 4 : s;
      text += `${id},${session},${date},${phq9},${next(22)},${person}\n`;
    }
    yield text;
  }
}

const folder = join(ROOT, "benchmarks", "data");
mkdirSync(folder, { recursive: true });
const data = join(folder, "prep-1000000.csv");
await pipeline(Readable.from(lines(), { objectMode: false }), createWriteStream(data));

const axes = {
  "sessions as time": { column: "session" },
  "dates as time": { column: "date", kind: "date" },
} as const;
const results = [];
for (const [name, axis] of Object.entries(axes)) {
  const timing = await time(
    Number(process.argv[2] ?? 5),
    () =>
      prepare({
        data,
        id: "id",
        time: axis,
        measures: ["phq9", "gad7"],
        covariates: ["age", "sex", "imd", { name: "age_c", expression: "(age - 40) / 10" }],
        exclusions: ["age >= 18"],
      }),
    ({ ledger, long }) => {
      const aside = ledger.setAside.reduce((sum, { rows }) => sum + rows, 0);
      if (
        ledger.read !== PERSONS * SESSIONS ||
        ledger.used + aside !== ledger.read ||
        long.nPersons !== PERSONS
      )
        throw new Error(`${name}: the account of rows is wrong: ${JSON.stringify(ledger)}`);
    },
  );
  const peakMemoryMb = Math.round(process.resourceUsage().maxRSS / 1024);
  const met = timing.median < TARGET_SECONDS;
  console.log(
    `prep, 1,000,000 rows, ${name}: ${inWords(timing)}, peak memory ${peakMemoryMb} MB so far; ` +
      `target under ${TARGET_SECONDS} s: ${met ? "met" : "missed"}`,
  );
  results.push({ name, timing, peakMemoryMb, targetSeconds: TARGET_SECONDS, met });
}
mkdirSync(join(ROOT, "benchmarks", "results"), { recursive: true });
const document = { date: new Date().toISOString(), machine: machine(), results };
writeFileSync(join(ROOT, "benchmarks", "results", "prep.json"), `${JSON.stringify(document, null, 2)}\n`);
