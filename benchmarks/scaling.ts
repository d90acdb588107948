// Measures and draws the four scaling laws: `npm run bench:scaling`, or `-- people sessions starts workers` for some of them,
// `-- --scale 0.05` for a trial at a twentieth of the sizes, `-- --draw` to draw what was measured before. Writes
// benchmarks/results/scaling.json and docs/images/scaling.svg and .png (a trial: out/scaling.*).
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { renderPng, renderSvg, withPaper } from "symptom-trajectories/report";
import { coresBusy, machine, seconds, withMeanBusy } from "./measure.js";
import { RESULTS, ROOT } from "./paths.js";
import { scalingFigure } from "./suite/scalingFigure.js";
import { lawOfPeople, lawOfSessions, lawOfStarts, lawOfWorkers } from "./suite/scalingLaws.js";
import { lawInWords } from "./suite/scalingText.js";
import type { ScalingLaw, ScalingResults } from "./suite/scalingTypes.js";
import { describeMachine } from "./suite/words.js";

const LAWS = {
  people: lawOfPeople,
  sessions: lawOfSessions,
  starts: lawOfStarts,
  workers: lawOfWorkers,
} as const;

async function measureLaws(wanted: readonly string[], scale: number): Promise<ScalingResults> {
  const where = machine();
  console.log(describeMachine(where));
  const laws: ScalingLaw[] = [];
  const looks: number[] = [];
  for (const [name, measure] of Object.entries(LAWS)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    looks.push(coresBusy());
    const begin = performance.now();
    const law = await measure(scale);
    laws.push(law);
    console.log(`${law.title} (${seconds((performance.now() - begin) / 1000)}): ${law.held}`);
    for (const series of law.series) console.log(`  ${series.name}: ${lawInWords(law, series)}`);
  }
  return { date: new Date().toISOString(), machine: withMeanBusy(where, looks), scale, laws };
}

async function draw(results: ScalingResults, stem: string): Promise<void> {
  const { spec, alt } = scalingFigure(results);
  const svg = withPaper(await renderSvg(spec), alt);
  writeFileSync(`${stem}.svg`, svg);
  writeFileSync(`${stem}.png`, await renderPng(svg, 2));
  console.log(`Drawn: ${stem}.svg and .png`);
}

const { values: options, positionals: wanted } = parseArgs({
  allowPositionals: true,
  options: { scale: { type: "string" }, draw: { type: "boolean" } },
});
const unknown = wanted.filter((name) => !Object.hasOwn(LAWS, name));
if (unknown.length > 0) {
  console.error(`Unknown: ${unknown.join(", ")}. Laws: ${Object.keys(LAWS).join(", ")}.`);
  process.exit(2);
}
const scale = Number(options.scale ?? 1);
// Only all laws at full size are worth keeping.
const isTrial = scale !== 1 || wanted.length > 0;
const folder = isTrial ? join(ROOT, "out") : RESULTS;
mkdirSync(folder, { recursive: true });
const file = join(folder, "scaling.json");
const results = options.draw
  ? (JSON.parse(readFileSync(file, "utf8")) as ScalingResults)
  : await measureLaws(wanted, scale);
if (!options.draw) writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`);
await draw(results, isTrial ? join(ROOT, "out", "scaling") : join(ROOT, "docs", "images", "scaling"));
process.exitCode = results.laws.some(({ series }) => series.some(({ met }) => met === false)) ? 1 : 0;
