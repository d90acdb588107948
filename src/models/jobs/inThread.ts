import { RunFailure } from "../../core/errors.js";
import { errorOf, failureOf } from "./failure.js";
import type { FitJob, JobRunner, RunOptions, SharedData } from "./job.js";
import { startProgress } from "./progress.js";
import { pickTask, type TaskRegistry } from "./registry.js";

/** What a runner in the calling thread needs. */
export interface InThreadOptions {
  /** Called when the first job begins. */
  readonly loadTasks: () => TaskRegistry | Promise<TaskRegistry>;
  /** Awaited before each job, to let timers, input and cancellation in. */
  readonly pause: () => Promise<void>;
}

/**
 * Makes a runner that does its jobs in the calling thread, one after the other in job order.
 * @param options - the tasks, and what to do between jobs
 * @returns the runner; its `workers` is 0. `run` rejects with what a task throws (InputError, or RunFailure naming the job)
 */
export function createInThreadRunner({ loadTasks, pause }: InThreadOptions): JobRunner {
  const shared = new Map<string, SharedData>();
  let registry: TaskRegistry | Promise<TaskRegistry> | undefined;
  let nextKey = 0;
  let closed = false;

  const doJob = async (job: FitJob): Promise<unknown> => {
    if (closed) throw runnerClosed(job.label);
    const data = requireData(shared, job);
    try {
      registry ??= loadTasks();
      return await pickTask(await registry, job.task)(data, job.input);
    } catch (thrown) {
      throw errorOf(failureOf(thrown), job.label);
    }
  };

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
      options: RunOptions,
    ): Promise<(Output | undefined)[]> {
      const results: (Output | undefined)[] = new Array(jobs.length).fill(undefined);
      const progress = startProgress(jobs, options);
      for (const [position, job] of jobs.entries()) {
        await pause();
        if (options.signal?.aborted) break;
        results[position] = (await doJob(job)) as Output;
        options.onPlaced?.(job, "callingThread");
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
export function runnerClosed(label: string): RunFailure {
  return new RunFailure("pool-closed", `${label} was not done: the runner was closed`);
}
