import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/**
 * Worker threads and whole-process tests run the built package, so it is brought up to date first. Type errors are
 * the business of `npm run typecheck`: the compiler emits all the same, and the tests say what breaks.
 */
export default function setup(): void {
  const root = fileURLToPath(new URL("..", import.meta.url));
  spawnSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "."], { cwd: root });
}
