// Times the built package, R's packages and C beside it. `npm run bench` runs every case, `-- quick` those of seconds, `-- NAME …`
// some; `-- --list` lists them. A run of all writes benchmarks/results/latest.json (with `-- --baseline` also baseline.json),
// a run of some results/partial.json.
// `-- --scale 0.01` gives the large cohorts a hundredth of their people, to try the suite out; also to partial.json.
import { fork } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { coresBusy, machine, seconds, wasBusy, withMeanBusy } from "./measure.js";
import { RESULTS } from "./paths.js";
import { CASES } from "./suite/cases/index.js";
import { chooseCases } from "./suite/choice.js";
import { judge } from "./suite/targets.js";
import type { Case, CaseResult, Measured, Results } from "./suite/types.js";
import { describeCase, describeMachine } from "./suite/words.js";

/** Runs one case in a process of its own. */
function measureApart(name: string): Promise<Measured> {
  const child = fork(fileURLToPath(new URL("./suite/child.js", import.meta.url)), [name]);
  return new Promise((resolve, reject) => {
    let answer: Measured | undefined;
    child.on("message", (message) => {
      answer = message as Measured;
    });
    child.on("error", reject);
    child.on("close", (status) => {
      if (answer !== undefined && status === 0) resolve(answer);
      else reject(new Error(`ended with status ${status}`));
    });
  });
}

async function runAll(chosen: readonly Case[]): Promise<Results> {
  const where = machine();
  console.log(describeMachine(where));
  const cases: CaseResult[] = [];
  const failed: { name: string; why: string }[] = [];
  const looks: number[] = [];
  for (const { name, title, group, timed, targets } of chosen) {
    looks.push(coresBusy());
    try {
      const measured = await measureApart(name);
      const result = { name, title, group, timed, ...measured, targets: judge(targets, measured) };
      cases.push(result);
      console.log(describeCase(result));
    } catch (error) {
      failed.push({ name, why: String(error) });
      console.log(`${name}: FAILED (${String(error)}); its times do not count`);
    }
  }
  const during = withMeanBusy(where, looks);
  if (wasBusy(during))
    console.log(
      `The machine was busy (${during.coresBusy} cores in use by others, load average ${during.loadAverage}): times are longer than they could be.`,
    );
  return { date: new Date().toISOString(), machine: during, cases, failed };
}

const { values: options, positionals: words } = parseArgs({
  allowPositionals: true,
  options: { list: { type: "boolean" }, baseline: { type: "boolean" }, scale: { type: "string" } },
});
if (options.list) {
  for (const { name, group, title } of CASES) console.log(`${name.padEnd(18)}${group.padEnd(10)}${title}`);
} else {
  const begin = performance.now();
  const { cases, isWhole, unknown } = chooseCases(CASES, words);
  if (unknown.length > 0) {
    console.error(`Unknown: ${unknown.join(", ")}. \`npm run bench -- --list\` lists the cases.`);
    process.exit(2);
  }
  // The processes of the cases read it.
  if (options.scale !== undefined) process.env.SYMTRAJ_BENCH_SCALE = options.scale;
  const results = await runAll(cases);
  mkdirSync(RESULTS, { recursive: true });
  const files = [isWhole && options.scale === undefined ? "latest.json" : "partial.json"];
  if (options.baseline) files.push("baseline.json");
  for (const file of files) writeFileSync(join(RESULTS, file), `${JSON.stringify(results, null, 2)}\n`);
  const missed = results.cases.flatMap(({ targets }) => targets).filter(({ met }) => met === false).length;
  const took = seconds((performance.now() - begin) / 1000);
  console.log(
    `Done in ${took}: ${missed} targets missed, ${results.failed.length} cases failed. Written: ${files.join(", ")}.`,
  );
  process.exitCode = missed > 0 || results.failed.length > 0 ? 1 : 0;
}
