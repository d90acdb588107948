// Checks the package as it would be published: publint, are-the-types-wrong, and a smoke test that installs
// the packed tarball in an empty folder and imports the models alone.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
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

/** Unpacks the tarball as a dependency, its own dependencies taken from this clone: nothing is downloaded. */
function unpack(tarball) {
  const target = join(folder, "node_modules", "symptom-trajectories");
  mkdirSync(target, { recursive: true });
  run("unpack", "tar", ["-xzf", tarball, "-C", target, "--strip-components=1"]);
  const { dependencies } = JSON.parse(readFileSync(join(target, "package.json"), "utf8"));
  for (const name of readdirSync(join(root, "node_modules"))) {
    const needed = Object.keys(dependencies).some((d) => d === name || d.startsWith(`${name}/`));
    if (needed) symlinkSync(join(root, "node_modules", name), join(folder, "node_modules", name), "junction");
  }
  return target;
}

const SMOKE = `
import { createRequire } from "node:module";
const seen = [];
// Every module that Node loads passes through the resolver: heavy ones must not be among them.
const { registerHooks } = createRequire(import.meta.url)("node:module");
if (registerHooks) registerHooks({ resolve(s, c, next) { const r = next(s, c); seen.push(r.url); return r; } });
const models = await import("symptom-trajectories/models");
const heavy = seen.filter((url) => /node_modules[/](@duckdb|vega|vega-lite|@resvg|piscina)[/]/.test(url));
if (heavy.length > 0) throw new Error("the models alone load " + heavy[0]);
if (typeof models.fit !== "function") throw new Error("symptom-trajectories/models exports no fit");
await import("symptom-trajectories");
console.log("ok");
`;

setUp();
run("publint", bin("publint"), ["--strict"]);
const packed = JSON.parse(run("npm pack", "npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder]));
const tarball = join(folder, packed[0].filename);
run("are the types wrong", bin("attw"), [tarball, "--profile", "esm-only"]);
const target = unpack(tarball);
writeFileSync(join(folder, "package.json"), '{ "type": "module" }\n');
writeFileSync(join(folder, "smoke.mjs"), SMOKE);
run("import from the tarball", process.execPath, ["smoke.mjs"], folder);
run("symtraj --version from the tarball", process.execPath, [join(target, "dist", "cli", "main.js"), "--version"], folder);
console.log("package check: all is well");
