import { createHash, randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { deserialize, serialize } from "node:v8";

/** Finished work kept in the output folder, found again by what it was made from. */
export interface WorkCache {
  /**
   * @param key - from {@link cacheKey}
   * @returns what was kept under the key, or undefined
   */
  readonly get: <T>(key: string) => Promise<T | undefined>;
  /** Keeps a value (plain data and typed arrays) under a key. */
  readonly put: (key: string, value: unknown) => Promise<void>;
}

/**
 * Opens the cache of an output folder.
 * @param directory - the folder; it is made when something is first kept
 * @param reuse - false: keep, but find nothing
 * @returns the cache; a file that cannot be read counts as absent
 */
export function openCache(directory: string, reuse = true): WorkCache {
  const fileOf = (key: string): string => join(directory, `${key}.bin`);
  return {
    async get<T>(key: string): Promise<T | undefined> {
      if (!reuse) return undefined;
      try {
        return deserialize(await readFile(fileOf(key))) as T;
      } catch {
        return undefined;
      }
    },
    async put(key, value) {
      await mkdir(directory, { recursive: true });
      // Written beside and renamed, so that a run that is killed never leaves half a file under the key.
      const temporary = join(directory, `${randomUUID()}.part`);
      await writeFile(temporary, serialize(value));
      await rename(temporary, fileOf(key));
    },
  };
}

/**
 * Makes the key of a piece of work.
 * @param parts - everything the result depends on, as plain JSON
 * @returns 32 hexadecimal digits
 */
export function cacheKey(...parts: readonly unknown[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 32);
}

let engine: Promise<string> | undefined;

/**
 * Fingerprint of the code that makes results: another build never reuses an older build's fits.
 * @returns SHA-256 over the files of the layers `core`, `prep` and `models`
 */
export function engineFingerprint(): Promise<string> {
  engine ??= hashFolders(["core", "prep", "models"]);
  return engine;
}

async function hashFolders(folders: readonly string[]): Promise<string> {
  const hash = createHash("sha256");
  for (const folder of folders) {
    const path = fileURLToPath(new URL(`../${folder}`, import.meta.url));
    const names = (await readdir(path, { recursive: true }))
      .filter((name) => /(?<!\.d)\.[jt]s$/.test(name))
      .sort();
    for (const name of names) hash.update(name).update(await readFile(join(path, name)));
  }
  return hash.digest("hex");
}
