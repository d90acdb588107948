import type { FitJob, JobRunner, Progress, RunOptions, SharedData } from "../models/jobs/job.js";
import { startProgress } from "../models/jobs/progress.js";
import { sharedBytes } from "./shared.js";

/**
 * Work done in the calling thread before threads are started: about what starting them costs (each loads the models' modules).
 * So the whole never takes more than twice as long as with the better choice, whichever that is.
 * Source: the rent-or-buy rule (Karlin, Manasse, Rudolph & Sleator 1988).
 */
const PATIENCE_MS = 250;
/** A single job on larger data may take long, while no other processor helps: threads are then started at once. */
const SMALL_BYTES = 512 * 1024;

/** What {@link createPatientRunner} goes from and to. */
export interface PatientOptions {
  /** Does jobs in the calling thread. */
  readonly here: JobRunner;
  /** Starts the threads; called once at most. */
  readonly makePool: () => JobRunner;
  /** Number of threads there will be. */
  readonly workers: number;
  /** Clock in milliseconds; given by tests. */
  readonly now?: () => number;
}

/**
 * Makes a runner that does jobs on small data in the calling thread and starts a pool of threads once they have taken a quarter
 * of a second in all; the results are the same.
 * @param options - the two runners
 * @returns the runner; closing it closes both
 */
export function createPatientRunner(options: PatientOptions): JobRunner {
  return new PatientRunner(options);
}

class PatientRunner implements JobRunner {
  readonly workers: number;
  private readonly now: () => number;
  /** Data by their key, with their key in the pool where that has them. */
  private readonly shared = new Map<string, { readonly data: SharedData; poolKey: string | undefined }>();
  private pool: JobRunner | undefined;
  private spentMs = 0;
  private closed = false;

  constructor(private readonly options: PatientOptions) {
    this.workers = options.workers;
    this.now = options.now ?? (() => performance.now());
  }

  share(data: SharedData): string {
    const key = this.options.here.share(data);
    this.shared.set(key, { data, poolKey: undefined });
    if (sharedBytes(data) > SMALL_BYTES) this.spentMs = Number.POSITIVE_INFINITY;
    return key;
  }

  release(key: string): void {
    this.options.here.release(key);
    const poolKey = this.shared.get(key)?.poolKey;
    if (poolKey !== undefined) this.pool?.release(poolKey);
    this.shared.delete(key);
  }

  async run<Input, Output>(
    jobs: readonly FitJob<Input>[],
    options: RunOptions,
  ): Promise<(Output | undefined)[]> {
    // It says that it is closed.
    if (this.closed) return this.options.here.run<Input, Output>(jobs, options);
    const begun = this.now();
    const done = this.pool === undefined ? await this.runHere<Input, Output>(jobs, options) : [];
    if (done.length === jobs.length) return done;
    const onProgress = (progress: Progress): void =>
      options.onProgress?.({
        ...progress,
        done: progress.done + done.length,
        total: jobs.length,
        elapsedSeconds: (this.now() - begun) / 1000,
      });
    const left = jobs.slice(done.length).map((job, index) => this.forPool(job, index));
    return [...done, ...(await this.thePool().run<Input, Output>(left, { ...options, onProgress }))];
  }

  async close(): Promise<void> {
    this.closed = true;
    this.shared.clear();
    await Promise.all([this.options.here.close(), this.pool?.close()]);
  }

  /** Does jobs in this thread while there is patience; all of them where the run is cancelled meanwhile, or only one is left. */
  private async runHere<Input, Output>(
    jobs: readonly FitJob<Input>[],
    options: RunOptions,
  ): Promise<(Output | undefined)[]> {
    const { stage, signal, onPlaced } = options;
    const results: (Output | undefined)[] = [];
    // Work that divides into parts is there for several threads to share.
    if (jobs.some(({ parts = 1 }) => parts > 1)) this.spentMs = Number.POSITIVE_INFINITY;
    if (this.spentMs > PATIENCE_MS) return results;
    const progress = startProgress(jobs, options);
    for (const job of jobs) {
      const several = results.length < jobs.length - 1;
      if (this.spentMs > PATIENCE_MS && several && signal?.aborted !== true) break;
      const begun = this.now();
      const [result] = await this.options.here.run<Input, Output>([job], {
        stage,
        ...(signal === undefined ? {} : { signal }),
        ...(onPlaced === undefined ? {} : { onPlaced }),
      });
      this.spentMs += this.now() - begun;
      results.push(result);
      if (result !== undefined) progress.finished(job);
    }
    return results;
  }

  private thePool(): JobRunner {
    this.pool ??= this.options.makePool();
    return this.pool;
  }

  /** A job as the pool takes it: its data are placed there when the first job needs them. */
  private forPool<Input>(job: FitJob<Input>, index: number): FitJob<Input> {
    const entry = this.shared.get(job.dataKey);
    // Data that nobody shared are missed by the pool, which says so.
    if (entry === undefined) return { ...job, index };
    entry.poolKey ??= this.thePool().share(entry.data);
    return { ...job, index, dataKey: entry.poolKey };
  }
}
