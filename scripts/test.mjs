// `npm test`: set-up, then the tests. Further arguments go to vitest, e.g. `npm test -- test/prep`.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { root, setUp } from "./setup.mjs";

await setUp();
process.stderr.write("symtraj test: running the tests (vitest) …\n");
const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
const result = spawnSync(process.execPath, [vitest, "run", ...process.argv.slice(2)], {
  cwd: root,
  stdio: "inherit",
});
process.exit(result.status ?? 1);
