// Brings a clone to a state where the command runs: packages installed, sources built. Plain Node, so it
// works before anything is installed; does nothing when there is nothing to do.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/** The package's own folder. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const say = (text) => process.stderr.write(`symtraj set-up: ${text}\n`);

/** Runs a command in the package's folder; ends this process with its status when it fails. */
export function runOrExit(command, args, what) {
  const shell = process.platform === "win32" && command === "npm";
  // Standard output carries results (and CI's counts), so set-up talks on standard error only.
  const result = spawnSync(command, args, { cwd: root, stdio: ["ignore", 2, 2], shell });
  if (result.error) {
    say(`${what} could not start: ${result.error.message}`);
    process.exit(1);
  }
  if (result.status !== 0) {
    say(`${what} failed (status ${result.status ?? result.signal}).`);
    process.exit(result.status ?? 1);
  }
}

function checkNode() {
  const { engines } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const wanted = engines.node.replace(">=", "").split(".").map(Number);
  const here = process.versions.node.split(".").map(Number);
  const old = here[0] < wanted[0] || (here[0] === wanted[0] && here[1] < wanted[1]);
  if (old) {
    say(`Node ${engines.node} is needed; this is ${process.versions.node}.`);
    process.exit(1);
  }
}

/** Installs packages when node_modules is missing or was made from another package-lock.json. */
function install() {
  const stamp = join(root, "node_modules", ".symtraj-lock");
  const lock = createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === lock) return false;
  const npmStamp = join(root, "node_modules", ".package-lock.json");
  const fresh =
    !existsSync(stamp) &&
    existsSync(npmStamp) &&
    statSync(npmStamp).mtimeMs >= statSync(join(root, "package-lock.json")).mtimeMs;
  if (!fresh) {
    say("installing packages (npm ci) …");
    runOrExit("npm", ["ci", "--no-audit", "--no-fund"], "npm ci");
  }
  writeFileSync(stamp, lock);
  return !fresh;
}

function newestChange(path) {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  let newest = stat.mtimeMs;
  for (const name of readdirSync(path)) newest = Math.max(newest, newestChange(join(path, name)));
  return newest;
}

/** Removes what was compiled from a source that is gone, so that it is neither run nor packed. */
function prune(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) prune(path);
    else if (/\.(d\.ts|js)(\.map)?$/.test(entry.name)) {
      const source = relative(join(root, "dist"), path).replace(/\.(d\.ts|js)(\.map)?$/, ".ts");
      if (!existsSync(join(root, "src", source))) rmSync(path, { force: true });
    }
  }
}

/** Compiles the sources when they are newer than the last good build. */
export async function build() {
  const { buildKernels } = await import("./buildKernels.mjs");
  const compiled = await buildKernels().catch((error) => {
    say(error.message);
    process.exit(1);
  });
  if (compiled) say("built the WebAssembly modules (AssemblyScript).");
  const stamp = join(root, "dist", ".built");
  const newest = Math.max(
    ...["src", "tsconfig.json", "package-lock.json"].map((p) => newestChange(join(root, p))),
  );
  if (existsSync(stamp) && statSync(stamp).mtimeMs >= newest) return false;
  say("building (tsc) …");
  const started = Date.now();
  runOrExit(process.execPath, [join("node_modules", "typescript", "bin", "tsc"), "-p", "."], "the build");
  chmodSync(join(root, "dist", "cli", "main.js"), 0o755);
  prune(join(root, "dist"));
  writeFileSync(stamp, "");
  say(`built in ${((Date.now() - started) / 1000).toFixed(1)} s.`);
  return true;
}

/** All set-up; says what it does, or that there was nothing to do. */
export async function setUp() {
  checkNode();
  const installed = install();
  const built = await build();
  if (!installed && !built) say("packages and build are up to date.");
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) await setUp();
