import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Worker threads and whole-process tests run the built package, so it is brought up to date first. */
export default function setup(): void {
  const root = fileURLToPath(new URL("..", import.meta.url));
  execFileSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "."], {
    cwd: root,
    stdio: "inherit",
  });
}
