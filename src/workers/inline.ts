import { setImmediate } from "node:timers/promises";
import { RunFailure } from "../core/errors.js";
import { errorOf, failureOf } from "../models/jobs/failure.js";
import type { FitJob, JobRunner, RunOptions, SharedData } from "../models/jobs/job.js";
import { startProgress } from "../models/jobs/progress.js";
import { loadModelTasks, loadTasks, pickTask, type TaskRegistry } from "./registry.js";

/** Options of {@link createInlineRunner}. */
export interface InlineOptions {
  /** Module that exports `tasks`; default: the models' own. */
  readonly tasks?: URL;
}

/**
 * Makes a runner that does its jobs in the calling thread, one after the other in job order. Between jobs it lets the
 * event loop turn, so that Ctrl-C, timers and progress output work.
 * @param options - where the tasks are
 * @returns the runner; its `workers` is 0
 */
export function createInlineRunner(options: InlineOptions = {}): JobRunner {
  const shared = new Map<string, SharedData>();
  const load = (): Promise<TaskRegistry> =>
    options.tasks === undefined ? loadModelTasks() : loadTasks(options.tasks.href);
  let registry: Promise<TaskRegistry> | undefined;
  let nextKey = 0;
  let closed = false;

  return {
    workers: 0,
    share(data: SharedData): string {
      const key = `data-${nextKey++}`;
      shared.set(key, data);
      return key;
    },
    release(key: string): void {
      shared.delete(key);
    },
    async run<Input, Output>(
      jobs: readonly FitJob<Input>[],
      runOptions: RunOptions,
    ): Promise<(Output | undefined)[]> {
      const results: (Output | undefined)[] = new Array(jobs.length).fill(undefined);
      const progress = startProgress(jobs, runOptions);
      for (const [position, job] of jobs.entries()) {
        await setImmediate();
        if (runOptions.signal?.aborted) break;
        if (closed) throw poolClosed(job.label);
        const data = requireData(shared, job);
        try {
          registry ??= load();
          const task = pickTask(await registry, job.task);
          results[position] = (await task(data, job.input)) as Output;
        } catch (thrown) {
          throw errorOf(failureOf(thrown), job.label);
        }
        progress.finished(job);
      }
      return results;
    },
    close(): Promise<void> {
      closed = true;
      shared.clear();
      return Promise.resolve();
    },
  };
}

/**
 * Finds the data of a job.
 * @param shared - data by key
 * @param job - the job
 * @returns its data
 * @throws RunFailure when nothing is shared under the job's key
 */
export function requireData<Data>(shared: ReadonlyMap<string, Data>, job: FitJob): Data {
  const data = shared.get(job.dataKey);
  if (data === undefined)
    throw new RunFailure(
      "no-data",
      `${job.label}: no data are shared under the key "${job.dataKey}" (never shared, or released)`,
    );
  return data;
}

/**
 * The error of a job that finds its runner closed.
 * @param label - the job's label
 * @returns the error
 */
export function poolClosed(label: string): RunFailure {
  return new RunFailure("pool-closed", `${label} was not done: the runner was closed`);
}
