import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { VERSION } from "../core/version.js";
import type { JobCounts } from "../models/result.js";
import type { DataSource } from "../prep/types.js";
import type { ResolvedStudy } from "./resolve.js";

/** One step of a run. */
export interface StageRecord {
  readonly name: string;
  readonly seconds: number;
  /** Fits taken over from an earlier run, and made anew. */
  readonly reused?: number;
  readonly fitted?: number;
  /** Pieces of work of the fits made anew, by where they were done. */
  readonly jobs?: JobCounts;
}

/** The record of a run: enough to repeat it and to see that it was repeated. Plain JSON. */
export interface Manifest {
  readonly formatVersion: 1;
  readonly status: "complete" | "cancelled" | "failed";
  /** Why a failed run ended. */
  readonly error: string | null;
  readonly title: string;
  /** The study as understood, every default filled in. */
  readonly study: ResolvedStudy;
  readonly data: readonly DataSource[];
  readonly seed: number;
  readonly versions: { readonly symtraj: string; readonly node: string; readonly platform: string };
  /** ISO 8601. */
  readonly started: string;
  readonly finished: string;
  readonly elapsedSeconds: number;
  readonly stages: readonly StageRecord[];
  /** Files of the output folder that this run wrote, relative to it. */
  readonly files: readonly string[];
  /** Files of earlier runs that may still lie there: an unfinished run leaves them, a complete one deletes them. */
  readonly earlierFiles: readonly string[];
  readonly warnings: readonly string[];
  /** What a cancelled or failed run did not come to. */
  readonly notFinished: readonly string[];
}

/** What a run has to say of itself. */
export interface RunRecord
  extends Pick<
    Manifest,
    "status" | "error" | "stages" | "files" | "earlierFiles" | "warnings" | "notFinished"
  > {
  readonly started: Date;
  readonly sources: readonly DataSource[];
}

/**
 * Writes `manifest.json` to the output folder of a study.
 * @param study - the study that ran
 * @param record - what the run has to say of itself
 * @returns the manifest as written
 */
export async function writeManifest(study: ResolvedStudy, record: RunRecord): Promise<Manifest> {
  const finished = new Date();
  const manifest: Manifest = {
    formatVersion: 1,
    status: record.status,
    error: record.error,
    title: study.title,
    study,
    data: record.sources,
    seed: study.seed,
    versions: {
      symtraj: VERSION,
      node: process.versions.node,
      platform: `${process.platform} ${process.arch}`,
    },
    started: record.started.toISOString(),
    finished: finished.toISOString(),
    elapsedSeconds: (finished.getTime() - record.started.getTime()) / 1000,
    stages: record.stages,
    files: [...record.files, "manifest.json"],
    earlierFiles: record.earlierFiles,
    warnings: record.warnings,
    notFinished: record.notFinished,
  };
  await writeFile(join(study.output, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  return manifest;
}
