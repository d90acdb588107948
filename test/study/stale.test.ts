import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { readEarlierFiles, removeStale } from "../../src/study/stale.js";

let folder: string;
let output: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "symtraj-stale-"));
  output = join(folder, "out");
  for (const path of ["out/models", "out/.symtraj", "elsewhere"])
    await mkdir(join(folder, path), { recursive: true });
  for (const path of [
    "mine.csv",
    "elsewhere/mine.csv",
    "out/models/a.json",
    "out/models/b.json",
    "out/models/unlisted.json",
    "out/.symtraj/kept.bin",
    "out/manifest.json",
    "out/..odd.csv",
  ])
    await writeFile(join(folder, path), "x");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

it("deletes what is listed and not kept, and nothing else", async () => {
  const listed = ["models/a.json", "models/b.json", "models/gone.json", "..odd.csv"];
  const { removed, left } = await removeStale(output, listed, ["models/b.json"]);
  expect(removed).toEqual(["models/a.json", "..odd.csv"]);
  expect(left).toEqual([]);
  expect(existsSync(join(output, "models/b.json"))).toBe(true);
  expect(existsSync(join(output, "models/unlisted.json"))).toBe(true);
});

it("never follows a manifest out of the folder, into links, folders or the kept fits", async () => {
  await symlink(join(folder, "elsewhere"), join(output, "figures"));
  await symlink(join(folder, "mine.csv"), join(output, "link.csv"));
  const listed = [
    "../mine.csv",
    "models/../../mine.csv",
    join(folder, "mine.csv"),
    join(output, "models/a.json"),
    "figures/mine.csv",
    "link.csv",
    "models",
    ".",
    "",
    ".symtraj/kept.bin",
    "manifest.json",
  ];
  const { removed, left } = await removeStale(output, listed, []);
  expect([removed, left]).toEqual([[], []]);
  for (const path of [
    "mine.csv",
    "elsewhere/mine.csv",
    "out/link.csv",
    "out/.symtraj/kept.bin",
    "out/models/a.json",
  ])
    expect(existsSync(join(folder, path)), path).toBe(true);
});

it("keeps files given by their absolute path", async () => {
  const keep = [join(output, "models/a.json")];
  expect((await removeStale(output, ["models/a.json"], keep)).removed).toEqual([]);
});

it.each([
  ["no JSON", "x", []],
  ["null", "null", []],
  ["lists of other things", '{"files": [1, null, "a.csv"], "earlierFiles": "b"}', ["a.csv"]],
  ["both lists, none twice", '{"files": ["a", "b"], "earlierFiles": ["b", "c"]}', ["a", "b", "c"]],
])("reads a manifest of %s", async (_, text, files) => {
  await writeFile(join(output, "manifest.json"), text);
  expect(await readEarlierFiles(output)).toEqual(files);
});

it("lists nothing where there is no manifest", async () => {
  expect(await readEarlierFiles(folder)).toEqual([]);
});
