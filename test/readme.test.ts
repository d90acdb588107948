import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const readme = readFileSync(join(root, "README.md"), "utf8");
// Within the package, so that its own name can be imported.
const folder = mkdtempSync(join(root, "dist", "readme-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("README", () => {
  const example = /```ts\n([\s\S]*?)```/.exec(readme)![1]!;

  it("shows an example of some 20 lines that compiles under the strictest settings", () => {
    expect(example.trim().split("\n").length).toBeLessThanOrEqual(24);
    writeFileSync(join(folder, "example.ts"), example);
    const options = "--noEmit --strict --skipLibCheck --module nodenext --target es2023 --types node".split(
      " ",
    );
    const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
    execFileSync(process.execPath, [tsc, ...options, join(folder, "example.ts")], {
      cwd: root,
      stdio: "pipe",
    });
  });

  it("shows an example that runs and finds the three classes of its data", () => {
    writeFileSync(join(folder, "example.mjs"), example);
    const out = execFileSync(process.execPath, ["example.mjs"], { cwd: folder, encoding: "utf8" });
    expect(out).toContain("It chose GMM with 3 classes");
    expect(out).toContain("oddsRatio");
    // A table of a few columns: 18 odds ratios, and no raw objects.
    expect(out).not.toContain("robustStandardError");
    expect(out.split("\n").length).toBeLessThan(45);
  }, 60_000);

  it("names the commands that CI runs and people type", () => {
    expect(readme).toMatch(/^npm start\b/m);
    expect(readme).toMatch(/^npm test\b/m);
    const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    expect(Object.keys(scripts)).toEqual(expect.arrayContaining(["start", "test", "docs"]));
    expect(readFileSync(join(root, ".ci/run"), "utf8")).toContain("npm test");
  });

  it.each([
    "README.md",
    "docs/study-file.md",
    "docs/architecture.md",
    "docs/glossary.md",
    "docs/methods.md",
    "docs/performance.md",
  ])("%s links to files that exist", (page) => {
    const text = readFileSync(join(root, page), "utf8");
    for (const [, target] of text.matchAll(/\]\((?!https?:|#)([^)#\s]+)[^)]*\)/g))
      expect(existsSync(join(root, page, "..", target!)), target).toBe(true);
  });

  it("lists every command", () => {
    const main = readFileSync(join(root, "src/cli/main.ts"), "utf8");
    for (const [, name] of main.matchAll(/import \{ declare(\w+) \}/g))
      expect(readme).toContain(`\`symtraj ${name!.toLowerCase()}`);
  });
});
