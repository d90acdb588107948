// Writes the tables of results into README.md and docs/performance.md: `npm run bench:table`. Numbers come from
// benchmarks/results/latest.json and scaling.json, never from a keyboard.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { RESULTS, ROOT } from "./paths.js";
import { longTable, replacePart, shortTable } from "./suite/markdown.js";
import { type PassesResults, passesTable } from "./suite/passesText.js";
import { scalingTable } from "./suite/scalingText.js";
import type { ScalingResults } from "./suite/scalingTypes.js";
import type { Results } from "./suite/types.js";

function write(page: string, parts: Readonly<Record<string, string>>): void {
  const path = join(ROOT, page);
  let text = readFileSync(path, "utf8");
  for (const [name, body] of Object.entries(parts)) text = replacePart(text, name, body);
  writeFileSync(path, text);
  console.log(`${page}: ${Object.keys(parts).join(", ")}`);
}

const read = <T>(file: string): T => JSON.parse(readFileSync(join(RESULTS, file), "utf8")) as T;
const results = read<Results>("latest.json");
write("README.md", { performance: shortTable(results) });
const scaling: Record<string, string> = existsSync(join(RESULTS, "scaling.json"))
  ? { scaling: scalingTable(read<ScalingResults>("scaling.json")) }
  : {};
const passes: Record<string, string> = existsSync(join(RESULTS, "passes.json"))
  ? { passes: passesTable(read<PassesResults>("passes.json")) }
  : {};
write("docs/performance.md", { figures: longTable(results), ...scaling, ...passes });
