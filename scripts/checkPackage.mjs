// Checks the package as it would be published: publint, are-the-types-wrong, and a smoke test that installs
// the packed tarball in an empty folder and imports the models alone.
import { spawnSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root, setUp } from "./setup.mjs";

const folder = mkdtempSync(join(tmpdir(), "symtraj-package-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

function run(what, command, args, cwd = root) {
  console.log(`package check: ${what}`);
  const shell = process.platform === "win32";
  const result = spawnSync(command, args, { cwd, encoding: "utf8", shell });
  if (result.status === 0) return result.stdout;
  console.log(`${result.stdout ?? ""}${result.stderr ?? ""}${result.error?.message ?? ""}`);
  console.log(`package check: ${what} FAILED`);
  process.exit(1);
}

const bin = (name) => join(root, "node_modules", ".bin", name);

// What the models must not load: they run in a browser page and start fast.
const HEAVY = ["@duckdb", "@resvg", "vega", "vega-lite", "piscina", "commander", "yaml", "zod"];

/** Takes dependencies from this clone, so that nothing is downloaded. */
function link(dependencies, wanted) {
  const names = new Set(dependencies.map((name) => (name.startsWith("@") ? name.split("/")[0] : name)));
  for (const name of readdirSync(join(root, "node_modules")))
    if (names.has(name) && wanted(name))
      symlinkSync(join(root, "node_modules", name), join(folder, "node_modules", name), "junction");
}

const smoke = (body) => {
  writeFileSync(join(folder, "smoke.mjs"), body);
  return ["smoke.mjs"];
};

await setUp();
run("publint", bin("publint"), ["--strict"]);
const packed = JSON.parse(
  run("npm pack", "npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder]),
);
const tarball = join(folder, packed[0].filename);
run("are the types wrong", bin("attw"), [tarball, "--profile", "esm-only"]);
const target = join(folder, "node_modules", "symptom-trajectories");
mkdirSync(target, { recursive: true });
run("unpack", "tar", ["-xzf", tarball, "-C", target, "--strip-components=1"]);
writeFileSync(join(folder, "package.json"), '{ "type": "module" }\n');
const dependencies = Object.keys(JSON.parse(readFileSync(join(target, "package.json"), "utf8")).dependencies);
link(dependencies, (name) => !HEAVY.includes(name));
const models = `const { fit } = await import("symptom-trajectories/models");
if (typeof fit !== "function") throw new Error("symptom-trajectories/models exports no fit");`;
run(
  "import the models with DuckDB, figures and threads out of reach",
  process.execPath,
  smoke(models),
  folder,
);
link(dependencies, (name) => HEAVY.includes(name));
const all = `for (const path of ["", "/models", "/prep", "/study", "/workers", "/report", "/simulate"])
  await import("symptom-trajectories" + path);`;
run("import every entry point", process.execPath, smoke(all), folder);
run(
  "symtraj --version from the tarball",
  process.execPath,
  [join(target, "dist", "cli", "main.js"), "--version"],
  folder,
);
console.log("package check: all is well");
