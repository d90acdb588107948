import { existsSync, readdirSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../src", import.meta.url));

/** Which layers a layer may import; its own is always allowed. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  core: [],
  prep: ["core"],
  models: ["core"],
  simulate: ["core"],
  workers: ["core", "models"],
  report: ["core", "models"],
  study: ["core", "prep", "models", "simulate", "workers", "report"],
  index: ["core", "prep", "models", "simulate", "workers", "report", "study"],
  cli: ["core", "prep", "models", "simulate", "workers", "report", "study", "index"],
};

/** The one home of each runtime dependency (or scope): a file, or a folder where it ends with a slash. */
const HOMES: Readonly<Record<string, readonly string[]>> = {
  "@duckdb/node-api": ["prep/duckdb.ts"],
  "@resvg/resvg-js": ["report/"],
  "@stdlib": ["core/distributions.ts"],
  "@expo-google-fonts/arimo": ["report/"],
  commander: ["cli/"],
  mathjs: ["core/expression/syntax.ts"],
  "ml-matrix": ["core/linalg.ts"],
  piscina: ["workers/"],
  "pure-rand": ["core/random.ts"],
  vega: ["report/"],
  "vega-lite": ["report/"],
  yaml: ["study/"],
  zod: ["study/"],
};

interface Import {
  readonly from: string;
  readonly specifier: string;
}

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sources(path);
    return entry.name.endsWith(".ts") && !entry.name.endsWith(".d.ts") ? [path] : [];
  });
}

const files = sources(root);
const imports: Import[] = files.flatMap((path) => {
  const text = readFileSync(path, "utf8").replace(/\/\*[\s\S]*?\*\//g, "");
  const found = text.matchAll(
    /^\s*(?:import|export)\b[^;"'`]*?\bfrom\s*"([^"]+)"|^\s*import\s*"([^"]+)"|\bimport\(\s*"([^"]+)"\s*\)/gm,
  );
  const from = relative(root, path);
  return [...found].map((match) => ({ from, specifier: (match[1] ?? match[2] ?? match[3])! }));
});
const layerOf = (file: string): string => (file.includes("/") ? file.split("/")[0]! : "index");
const targetOf = ({ from, specifier }: Import): string =>
  join(dirname(from), specifier).replace(/\.js$/, ".ts");
const isRelative = ({ specifier }: Import): boolean => specifier.startsWith(".");
const packageOf = (specifier: string): string =>
  specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");

describe("architecture", () => {
  it("reads imports from every layer", () => {
    for (const layer of Object.keys(MAY_IMPORT))
      expect(
        imports.some(({ from }) => layerOf(from) === layer) || layer === "core",
        `imports read in ${layer}`,
      ).toBe(true);
    expect(files.length).toBeGreaterThan(30);
  });

  it("imports only point up the list of layers", () => {
    const wrong = imports
      .filter(isRelative)
      .map((edge) => ({ from: edge.from, to: targetOf(edge) }))
      .filter(({ from, to }) => {
        const allowed = MAY_IMPORT[layerOf(from)];
        return allowed === undefined || !(layerOf(to) === layerOf(from) || allowed.includes(layerOf(to)));
      });
    expect(wrong).toEqual([]);
  });

  it("is described folder by folder, and documents name files that exist", () => {
    const documents = ["architecture.md", "methods.md"].map((name) =>
      readFileSync(join(root, "..", "docs", name), "utf8"),
    );
    const folders = new Set(files.map((path) => `src/${dirname(relative(root, path))}`));
    folders.delete("src/.");
    expect([...folders].filter((folder) => !documents[0]!.includes(`\`${folder}\``))).toEqual([]);
    const named = documents.flatMap((text) => [...text.matchAll(/`((?:src|test)\/[\w/.]+)`/g)]);
    expect(named.map((match) => match[1]!).filter((path) => !existsSync(join(root, "..", path)))).toEqual([]);
  });

  it("has no cycle of imports", () => {
    const edges = new Map<string, string[]>();
    for (const edge of imports.filter(isRelative))
      edges.set(edge.from, [...(edges.get(edge.from) ?? []), targetOf(edge)]);
    const finished = new Set<string>();
    const cycles: string[] = [];
    const visit = (file: string, trail: readonly string[]): void => {
      if (trail.includes(file)) {
        cycles.push([...trail.slice(trail.indexOf(file)), file].join(" -> "));
        return;
      }
      if (finished.has(file)) return;
      for (const next of edges.get(file) ?? []) visit(next, [...trail, file]);
      finished.add(file);
    };
    for (const file of edges.keys()) visit(file, []);
    expect(cycles).toEqual([]);
  });

  it("keeps Node out of what must run in a browser page", () => {
    const browser = /^(core|models|report\/figures|report\/tables)\//;
    const wrong = imports.filter(
      ({ from, specifier }) =>
        browser.test(from) &&
        (specifier.startsWith("node:") || builtinModules.includes(packageOf(specifier))),
    );
    expect(wrong).toEqual([]);
  });

  it("gives each runtime dependency one home, and uses no other package", () => {
    const packageJson = JSON.parse(readFileSync(join(root, "..", "package.json"), "utf8")) as {
      dependencies: Record<string, string>;
    };
    const outside = imports.filter(
      (edge) =>
        !isRelative(edge) &&
        !edge.specifier.startsWith("node:") &&
        !builtinModules.includes(packageOf(edge.specifier)),
    );
    const wrong = outside.filter(({ from, specifier }) => {
      const name = packageOf(specifier);
      const homes = HOMES[name] ?? HOMES[name.split("/")[0]!];
      if (homes === undefined || packageJson.dependencies[name] === undefined) return true;
      return !homes.some((home) => (home.endsWith("/") ? from.startsWith(home) : from === home));
    });
    expect(wrong).toEqual([]);
  });
});
