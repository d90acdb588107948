import type { FitJob, JobRunner, RunOptions } from "../models/jobs/job.js";
import { cacheKey } from "./cache.js";

/**
 * A runner that remembers what its jobs gave, so that work that was cancelled half-way need not be done twice. Sound because
 * tasks are pure functions of the shared data and their input.
 * @param inner - runs the jobs
 * @param known - results by job, of the same shared data; new ones are added
 * @returns the runner; closing it closes the inner one
 */
export function rememberingRunner(inner: JobRunner, known: Map<string, unknown>): JobRunner {
  return {
    workers: inner.workers,
    share: (data) => inner.share(data),
    release: (key) => inner.release(key),
    close: () => inner.close(),
    async run<Input, Output>(jobs: readonly FitJob<Input>[], options: RunOptions) {
      const keys = jobs.map(({ task, input }) => cacheKey(task, input));
      const left = jobs.filter((_, j) => !known.has(keys[j]!));
      const placed = left.map((job, index) => ({ ...job, index }));
      const results = placed.length === 0 ? [] : await inner.run<Input, Output>(placed, options);
      results.forEach((result, i) => {
        // Undefined: cancelled before it began.
        if (result !== undefined) known.set(keys[left[i]!.index]!, result);
      });
      return keys.map((key) => known.get(key) as Output | undefined);
    },
  };
}
