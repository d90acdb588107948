import { lstat, readFile, realpath, unlink } from "node:fs/promises";
import { dirname, isAbsolute, join, relative, resolve, sep } from "node:path";

/**
 * Lists the files that earlier runs left in an output folder, as its manifest tells.
 * @param directory - the output folder
 * @returns paths as the manifest has them, unchecked; empty where there is no manifest that can be read
 */
export async function readEarlierFiles(directory: string): Promise<readonly string[]> {
  let manifest: unknown;
  try {
    manifest = JSON.parse(await readFile(join(directory, "manifest.json"), "utf8"));
  } catch {
    return [];
  }
  const { files, earlierFiles } = (manifest ?? {}) as Readonly<Record<string, unknown>>;
  const listed = [files, earlierFiles].flatMap((list): unknown[] => (Array.isArray(list) ? list : []));
  return [...new Set(listed.filter((file) => typeof file === "string"))];
}

/**
 * Deletes the files of earlier runs that a new run did not write, so that the folder holds one run's results.
 * Folders, links, the kept fits and whatever lies outside the output folder are never touched: a manifest may
 * have been edited.
 * @param directory - the output folder
 * @param earlier - files of earlier runs, from {@link readEarlierFiles}
 * @param keep - files that stay, relative to the folder or absolute: those of the new run, its data, its study file
 * @returns the files that were deleted, and those that could not be
 */
export async function removeStale(
  directory: string,
  earlier: readonly string[],
  keep: readonly string[],
): Promise<{ readonly removed: readonly string[]; readonly left: readonly string[] }> {
  const kept = new Set(keep.map((file) => resolve(directory, file)));
  const removed: string[] = [];
  const left: string[] = [];
  for (const file of earlier) {
    const path = resolve(directory, file);
    if (kept.has(path) || !(await mayGo(directory, file))) continue;
    try {
      await unlink(path);
      removed.push(file);
    } catch {
      left.push(file);
    }
  }
  return { removed, left };
}

/** Whether a listed path is a plain file inside the folder, no link on the way leading out of it. */
async function mayGo(directory: string, file: string): Promise<boolean> {
  const path = resolve(directory, file);
  if (isAbsolute(file) || !isInside(directory, path)) return false;
  const [first] = relative(directory, path).split(sep);
  if (first === ".symtraj" || path === resolve(directory, "manifest.json")) return false;
  try {
    const folder = await realpath(dirname(path));
    const root = await realpath(directory);
    return (folder === root || isInside(root, folder)) && (await lstat(path)).isFile();
  } catch {
    return false;
  }
}

function isInside(directory: string, path: string): boolean {
  const way = relative(directory, path);
  return way !== "" && way.split(sep)[0] !== ".." && !isAbsolute(way);
}
