import type { FitJob, Progress, RunOptions } from "./job.js";

/** Counts finished jobs of one `run` call and reports after each. */
export interface ProgressMeter {
  /** A job has finished. */
  finished(job: FitJob): void;
}

/**
 * Starts a progress meter and sends its first report (nothing done, time left unknown).
 *
 * Time left = elapsed x (cost not finished) / (cost finished): right when the jobs' costs are right, however
 * many run at once.
 * @param jobs - all jobs of the call
 * @param options - where to report, and the stage's name
 * @param now - clock in milliseconds; given by tests
 * @returns the meter
 */
export function startProgress(
  jobs: readonly FitJob[],
  options: RunOptions,
  now: () => number = () => performance.now(),
): ProgressMeter {
  const started = now();
  const total = jobs.length;
  let costLeft = 0;
  for (const job of jobs) costLeft += costOf(job);
  let costDone = 0;
  let done = 0;
  const report = (): void => {
    if (options.onProgress === undefined) return;
    const elapsedSeconds = (now() - started) / 1000;
    const progress: Progress = {
      stage: options.stage,
      done,
      total,
      elapsedSeconds,
      remainingSeconds: remaining(elapsedSeconds),
    };
    options.onProgress(progress);
  };
  const remaining = (elapsedSeconds: number): number | null => {
    if (done === total) return 0;
    return costDone > 0 ? (elapsedSeconds * Math.max(costLeft, 0)) / costDone : null;
  };
  report();
  return {
    finished(job: FitJob): void {
      done++;
      costDone += costOf(job);
      costLeft -= costOf(job);
      report();
    },
  };
}

/**
 * The cost of a job for scheduling and estimates.
 * @param job - the job
 * @returns its cost; 1 when it states none or one that is not a positive number
 */
export function costOf(job: FitJob): number {
  const cost = job.cost ?? 1;
  return cost > 0 && Number.isFinite(cost) ? cost : 1;
}
