// Compares two result files: `npm run bench:compare -- [BASELINE] [NEW]`, by default the saved baseline with the latest
// results. Exit status 1 when something is slower beyond the noise, or failed; 2 when a file cannot be read.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { RESULTS } from "./paths.js";
import { compareResults, comparisonText } from "./suite/compareResults.js";
import type { Results } from "./suite/types.js";

function read(path: string): Results {
  if (!existsSync(path)) {
    console.error(
      `${path} does not exist. \`npm run bench\` writes results, \`npm run bench -- --baseline\` also the baseline.`,
    );
    process.exit(2);
  }
  return JSON.parse(readFileSync(path, "utf8")) as Results;
}

const [baseline = join(RESULTS, "baseline.json"), latest = join(RESULTS, "latest.json")] =
  process.argv.slice(2);
const [before, after] = [read(baseline), read(latest)];
const compared = compareResults(before, after);
console.log(comparisonText(compared));
const slower = compared.measures.filter(({ verdict }) => verdict === "slower").length;
const faster = compared.measures.filter(({ verdict }) => verdict === "faster").length;
console.log(
  `${compared.measures.length} measures: ${slower} slower, ${faster} faster, the others within noise; ${after.failed.length} cases failed.`,
);
process.exitCode = slower > 0 || after.failed.length > 0 ? 1 : 0;
