// Times the built package, R's packages beside it on the same file. `npm run bench` runs all cases;
// `npm run bench -- growth large` runs some. Writes benchmarks/results/latest.json and compares with the one before.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  type CaseResult,
  describe,
  earlier,
  growthCurve,
  growthMixture,
  largeMixture,
  latentClassGrowth,
  ROOT,
  total,
} from "./cases.js";
import { machine } from "./measure.js";

const CASES = {
  growth: growthCurve,
  mixture: growthMixture,
  lcga: latentClassGrowth,
  large: largeMixture,
} as const;

const begin = performance.now();
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in CASES));
if (unknown.length > 0) {
  console.error(`Unknown: ${unknown.join(", ")}. Cases: ${Object.keys(CASES).join(", ")}.`);
  process.exit(2);
}
const where = machine();
console.log(
  `${where.cpu}, ${where.cores} cores, Node ${where.node}, ${where.r ?? "no R: peers are left out"}`,
);
const cases: CaseResult[] = [];
for (const [name, run] of Object.entries(CASES)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const result = await run();
  cases.push(result);
  console.log(describe(result));
}
const path = join(ROOT, "benchmarks", "results", "latest.json");
const before = earlier(path);
for (const result of cases) {
  const old = before?.cases.find((other) => other.name === result.name);
  if (old === undefined) continue;
  const change = result.ours.median / old.ours.median;
  // Within the spread of the runs nothing has happened.
  if (result.ours.fastest > old.ours.slowest || result.ours.slowest < old.ours.fastest)
    console.log(
      `${result.name}: ${change > 1 ? "slower" : "faster"} than before, ${change.toFixed(2)} times the time.`,
    );
}
if (wanted.length === 0) {
  mkdirSync(join(ROOT, "benchmarks", "results"), { recursive: true });
  const document = { date: new Date().toISOString(), machine: where, cases };
  writeFileSync(path, `${JSON.stringify(document, null, 2)}\n`);
}
console.log(`Done in ${total(begin)}.`);
process.exitCode = cases.some((result) => result.met === false) ? 1 : 0;
