// `npm start`: set-up, then the example study from simulated data to report. Further arguments go to
// `symtraj run`, e.g. `npm start -- --workers 1`.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { root, setUp } from "./setup.mjs";

const say = (text) => process.stderr.write(`symtraj start: ${text}\n`);
const command = join(root, "dist", "cli", "main.js");
const data = join("examples", "data", "sessions.csv");

function symtraj(args) {
  say(`symtraj ${args.join(" ")}`);
  const result = spawnSync(process.execPath, [command, ...args], { cwd: root, stdio: "inherit" });
  if (result.status !== 0) process.exit(result.status ?? 1);
}

await setUp();
if (existsSync(join(root, data))) say(`the simulated data are there already (${data}).`);
else {
  say("simulating session-by-session scores of 800 people with three known classes …");
  symtraj([
    "simulate",
    "--persons",
    "800",
    "--seed",
    "2024",
    "--separation",
    "well-separated",
    "--out",
    data,
  ]);
}
say("running the example study, from data to report …");
symtraj(["run", join("examples", "study.yaml"), ...process.argv.slice(2)]);
