import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, describe, expect, it } from "vitest";

const main = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const { dependencies } = createRequire(import.meta.url)("../../package.json") as {
  readonly dependencies: Readonly<Record<string, string>>;
};
const folder = mkdtempSync(join(tmpdir(), "symtraj-startup-"));
afterAll(() => rmSync(folder, { recursive: true }));

const log = join(folder, "modules.txt");
const data = join(folder, "sessions.csv");
writeFileSync(
  data,
  `id,session,phq9\n${Array.from({ length: 160 }, (_, r) => `P${r >> 2},${r & 3},${10 - 2 * (r & 3) + ((r * 7) % 5)}\n`).join("")}`,
);

/** Takes down every module that the main thread loads, imported or required. */
const watcher = join(folder, "watcher.mjs");
const hooks = join(folder, "hooks.mjs");
writeFileSync(
  hooks,
  `import { appendFileSync } from "node:fs";
export function load(url, context, next) {
  appendFileSync(${JSON.stringify(log)}, url + "\\n");
  return next(url, context);
}`,
);
writeFileSync(
  watcher,
  `import { appendFileSync } from "node:fs";
import { createRequire, register } from "node:module";
register(${JSON.stringify(pathToFileURL(hooks).href)});
const { cache } = createRequire(import.meta.url);
process.on("exit", () => appendFileSync(${JSON.stringify(log)}, Object.keys(cache).join("\\n") + "\\n"));`,
);

/** The files that a command loads. */
function loadedBy(args: readonly string[]): string[] {
  writeFileSync(log, "");
  execFileSync(process.execPath, ["--import", watcher, main, ...args], { stdio: "pipe" });
  const files = readFileSync(log, "utf8").split("\n");
  return [
    ...new Set(files.map((file) => file.replace("file://", "")).filter((file) => file.startsWith("/"))),
  ];
}

/** Our dependencies among them. */
function dependenciesIn(files: readonly string[]): string[] {
  return Object.keys(dependencies).filter((name) =>
    files.some((file) => file.includes(`/node_modules/${name}/`)),
  );
}

const FIT = ["fit", data, "--id", "id", "--time", "session", "--outcome", "phq9"];
const MIXTURE = [...FIT, "--classes", "2", "--random", "0", "--starts", "1/1"];

describe("start-up", () => {
  it("loads nothing but the parser of options for help", () => {
    const files = loadedBy(["--help"]);
    expect(dependenciesIn(files)).toEqual(["commander"]);
    expect(files.length).toBeLessThan(40);
  });

  it.each([
    ["one class", [...FIT, "--fixed", "1 + session + session^2"], []],
    ["a mixture", MIXTURE, ["piscina"]],
  ])("loads no figures and no study file for a fit of %s", (_, args, more) => {
    const files = loadedBy(args);
    expect(dependenciesIn(files).filter((name) => !name.startsWith("@stdlib/"))).toEqual(
      ["@duckdb/node-api", "commander", "mathjs", "ml-matrix", "pure-rand", ...more].sort(),
    );
    // mathjs in one file: its 650 modules take longer to load than a small fit takes.
    expect(files.filter((file) => file.includes("/node_modules/mathjs/"))).toHaveLength(1);
    expect(files.filter((file) => file.includes("/dist/report/figures/"))).toEqual([]);
  });

  it("starts no threads for a small mixture, unless they are asked for", () => {
    const counter = join(folder, "counter.mjs");
    writeFileSync(counter, 'process.on("worker", () => console.error("a thread was started"));');
    const threads = (args: readonly string[]): number => {
      const { stderr } = spawnSync(process.execPath, ["--import", counter, main, ...args], {
        encoding: "utf8",
      });
      return stderr.split("a thread was started").length - 1;
    };
    expect(threads(MIXTURE)).toBe(0);
    expect(threads([...MIXTURE, "--workers", "2"])).toBe(2);
  });
});
