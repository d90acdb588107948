import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cacheKey, engineFingerprint, openCache } from "../../src/study/cache.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "symtraj-cache-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("the cache of finished work", () => {
  it("gives back what was kept, typed arrays, maps and NaN included", async () => {
    const value = { a: Float64Array.of(0.1, Number.NaN), b: new Map([["x", 1]]), c: Number.NaN, d: null };
    const cache = openCache(folder);
    await cache.put("one", value);
    expect(await cache.get("one")).toEqual(value);
    expect((await readdir(folder)).filter((name) => name.endsWith(".part"))).toEqual([]);
  });

  it("counts an absent or broken file as nothing kept", async () => {
    const cache = openCache(folder);
    expect(await cache.get("absent")).toBeUndefined();
    await writeFile(join(folder, "broken.bin"), "not serialised");
    expect(await cache.get("broken")).toBeUndefined();
  });

  it("finds nothing when asked to work anew, but keeps", async () => {
    const fresh = openCache(folder, false);
    await fresh.put("two", 2);
    expect(await fresh.get("two")).toBeUndefined();
    expect(await openCache(folder).get("two")).toBe(2);
  });

  it("has a key for everything that a result depends on", async () => {
    expect(cacheKey("a", { b: 1 })).toBe(cacheKey("a", { b: 1 }));
    expect(cacheKey("a", { b: 1 })).not.toBe(cacheKey("a", { b: 2 }));
    expect(await engineFingerprint()).toMatch(/^[0-9a-f]{64}$/);
  });
});
