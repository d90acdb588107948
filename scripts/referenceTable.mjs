// Fits every model of test/reference again and writes what was found into docs/notes/references.md: `npm run references`. The numbers are
// those that the tests assert on. Without the REFRAMED file beside the clone its models are left out.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const NOTE = join(root, "docs", "notes", "references.md");
const BEGIN = "<!-- table: scripts/referenceTable.mjs -->";
const END = "<!-- end of table -->";
const PARTS = ["sim600", "reframed"];
const DATA = { sim600: "sim600", reframed: "REFRAMED" };

/** Runs the reference tests, which leave what they found in a folder. */
function measure() {
  const folder = mkdtempSync(join(tmpdir(), "references-"));
  const tests = PARTS.map((part) => `test/reference/${part}.test.ts`);
  const run = spawnSync(process.execPath, [join(root, "node_modules/vitest/vitest.mjs"), "run", ...tests], {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, SYMTRAJ_REFERENCE_RECORD: folder },
  });
  const found = PARTS.map((part) => join(folder, `${part}.json`)).flatMap((file) =>
    existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : [],
  );
  rmSync(folder, { recursive: true });
  if (run.status !== 0) throw new Error("A reference test failed, so there is no table to write.");
  return found;
}

const largest = (values) => {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : Math.max(...known);
};
const exponent = (value) => (value === null ? "-" : value === 0 ? "0" : value.toExponential(1));
const percent = (value) => {
  if (value === null) return "-";
  return value < 5e-5 ? "below 0.01%" : `${(100 * value).toFixed(value < 0.00995 ? 2 : 1)}%`;
};
const count = (rows, only) => rows.filter((row) => row.only === only).length;

const WORDS = {
  boundary: "on a boundary",
  "local maximum": "a local maximum, ours is higher",
  better: "ours is higher",
  "other scale": "log-likelihood alone",
};

/** What is not compared in full, in words. */
function exceptions(rows) {
  const parts = Object.entries(WORDS).flatMap(([only, text]) => {
    const n = count(rows, only);
    return n === 0 ? [] : [`${n} ${text}`];
  });
  const doubtful = rows.reduce((sum, row) => sum + row.doubtful.length, 0);
  if (doubtful > 0) parts.push(`${doubtful} standard errors of its own wrong`);
  return parts.length === 0 ? "none" : parts.join("; ");
}

function tableOf(found) {
  const groups = new Map();
  for (const row of found) {
    const key = [row.package, DATA[row.data], row.mixture ? "mixtures" : "one class"].join(" | ");
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  const lines = [...groups]
    .sort(([a], [b]) => a.localeCompare(b, "en"))
    .map(([key, rows]) => {
      // Where the peer is stuck, wrong or elsewhere its log-likelihood says nothing of agreement: those are the exceptions.
      const same = rows.filter((row) => row.only === null || row.only === "boundary");
      const errors = rows.reduce((sum, row) => sum + row.standardErrors, 0);
      const cells = [
        key,
        rows.length,
        exponent(largest(same.map((row) => Math.abs(row.gain)))),
        exponent(largest(rows.map((row) => row.largestDistance))),
        errors,
        percent(largest(rows.map((row) => row.largestErrorDifference))),
        exceptions(rows),
      ];
      return `| ${cells.join(" | ")} |`;
    });
  const higher = found
    .filter((row) => row.only !== null && row.gain > 1e-4)
    .map((row) => `| ${row.name} | ${row.package} | ${WORDS[row.only]} | +${row.gain.toFixed(5)} |`);
  const doubtful = found.flatMap((row) =>
    row.doubtful.map(
      ({ what, off }) =>
        `| ${row.name} | ${what.replace("standard error of ", "").replace(" (lcmm's own)", "")} | ${percent(off)} |`,
    ),
  );
  return [
    `${found.length} models, fitted on ${new Date().toISOString().slice(0, 10)}.`,
    "",
    "| package | data | models | number | log-likelihood: largest difference | estimates: largest distance, in standard errors | standard errors compared | largest difference | not compared in full |",
    "|---|---|---|---|---|---|---|---|---|",
    ...lines,
    "",
    "Log-likelihoods above those of the package:",
    "",
    "| model | package | why | ours is higher by |",
    "|---|---|---|---|",
    ...higher,
    "",
    "Standard errors of lcmm more than 2% from those of exact derivatives (and of ours):",
    "",
    "| model | standard error | off by |",
    "|---|---|---|",
    ...doubtful,
  ].join("\n");
}

const found = measure();
const text = readFileSync(NOTE, "utf8");
const [before, after] = [text.split(BEGIN)[0], text.split(END)[1]];
writeFileSync(NOTE, `${before}${BEGIN}\n\n${tableOf(found)}\n\n${END}${after}`);
