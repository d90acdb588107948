import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const cli = fileURLToPath(new URL("../../dist/cli", import.meta.url));

/** Every module that loading a built file loads at once; `import()` waits until it is called. */
function loadedWith(path: string, seen = new Set<string>()): Set<string> {
  if (seen.has(path)) return seen;
  seen.add(path);
  const text = readFileSync(path, "utf8");
  for (const [, specifier] of text.matchAll(
    /^(?:import|export\b[^;"']*?\bfrom)\b[^;"']*?["']([^"']+)["'];/gm,
  ))
    if (specifier!.startsWith(".")) loadedWith(join(dirname(path), specifier!), seen);
    else seen.add(specifier!);
  return seen;
}

const packages = (modules: Set<string>): string[] =>
  [...modules].filter((name) => !name.startsWith("/") && !name.startsWith("node:"));

describe("start-up", () => {
  it("loads nothing but the parser of options", () => {
    expect(packages(loadedWith(join(cli, "main.js")))).toEqual(["commander"]);
  });

  it("loads no figures, no study file and no threads for a fit", () => {
    const modules = new Set(
      ["fit", "options", "data", "summary", "progress", "../models/fitModel", "../study/ledger"].flatMap(
        (name) => [...loadedWith(join(cli, `${name}.js`))],
      ),
    );
    const found = packages(modules);
    expect(found).toContain("@duckdb/node-api");
    for (const heavy of ["vega", "vega-lite", "@resvg/resvg-js", "piscina", "zod", "yaml", "mathjs"])
      expect(found).not.toContain(heavy);
  });
});
