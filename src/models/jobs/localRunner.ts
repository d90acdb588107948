import { RunFailure } from "../../core/errors.js";
import type { FitJob, JobRunner, RunOptions, SharedData } from "./job.js";
import { tasks } from "./tasks.js";

/**
 * Makes a runner that does jobs one after the other in the calling thread and needs nothing but the language: for
 * browsers, small models and tests. `workers` has the pools.
 * @returns the runner; `run` rejects with RunFailure `unknown-task` where a task or its data do not exist
 */
export function createLocalRunner(): JobRunner {
  const shared = new Map<string, SharedData>();
  let nextKey = 0;
  return {
    workers: 0,
    share(data) {
      const key = `local-${nextKey++}`;
      shared.set(key, data);
      return key;
    },
    release(key) {
      shared.delete(key);
    },
    async run<Input, Output>(
      jobs: readonly FitJob<Input>[],
      options: RunOptions,
    ): Promise<(Output | undefined)[]> {
      const results: (Output | undefined)[] = new Array(jobs.length).fill(undefined);
      const started = performance.now();
      let breathed = started;
      for (const [position, job] of jobs.entries()) {
        // Lets timers, input and cancellation in, without paying for it between short jobs.
        if (performance.now() - breathed > 20) {
          await new Promise((resolve) => setTimeout(resolve, 0));
          breathed = performance.now();
        }
        if (options.signal?.aborted) break;
        const task = tasks[job.task];
        const data = shared.get(job.dataKey);
        if (task === undefined || data === undefined)
          throw new RunFailure(
            "unknown-task",
            `${job.label}: there is no task ${job.task} or no data ${job.dataKey}`,
          );
        results[position] = task(data as never, job.input as never) as Output;
        const elapsedSeconds = (performance.now() - started) / 1000;
        const done = position + 1;
        options.onProgress?.({
          stage: options.stage,
          done,
          total: jobs.length,
          elapsedSeconds,
          remainingSeconds: (elapsedSeconds * (jobs.length - done)) / done,
        });
      }
      return results;
    },
    async close() {
      shared.clear();
    },
  };
}
