/**
 * A piece of fitting work that can run anywhere: named, with plain JSON-safe input and output. Bulk data
 * (moments) are not in it: they are placed once with the runner and referred to by key.
 */
export interface FitJob<Input = unknown> {
  /** Position among the jobs of one call; results come back in this order. */
  readonly index: number;
  /** Name of a task in `models/tasks.ts`. */
  readonly task: string;
  /** Words for progress and error messages, e.g. `3 classes, start 17`. */
  readonly label: string;
  /** Key of the shared data the task works on. */
  readonly dataKey: string;
  readonly input: Input;
  /** Rough relative cost, for scheduling and for the estimate of time left; default 1. */
  readonly cost?: number;
  /** Parts that the work of the task divides into, so that workers without a job can help with it; default 1. */
  readonly parts?: number;
}

/** Bulk data of jobs: plain fields, and typed arrays that may lie on SharedArrayBuffers. */
export type SharedData = Readonly<Record<string, unknown>>;

/** A progress report, sent as jobs finish. */
export interface Progress {
  readonly stage: string;
  readonly done: number;
  readonly total: number;
  /** Seconds since the stage began. */
  readonly elapsedSeconds: number;
  /** Estimated seconds left, from the cost finished so far; null until known. */
  readonly remainingSeconds: number | null;
}

/** Options of one `run` call. */
export interface RunOptions {
  readonly stage: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
  /** Called for each finished job. */
  readonly onPlaced?: (job: FitJob, place: JobPlace) => void;
}

/** Where a job was done: in the thread that called `run`, in one worker, or in several that shared its work. */
export type JobPlace = "callingThread" | "oneWorker" | "severalWorkers";

/**
 * Options of one `run` call from those of a caller, who may have more.
 * @param stage - words for progress
 * @param context - signal and progress callback
 * @returns what the runner takes
 */
export function runOptions(stage: string, { signal, onProgress }: Omit<RunOptions, "stage">): RunOptions {
  return {
    stage,
    ...(signal === undefined ? {} : { signal }),
    ...(onProgress === undefined ? {} : { onProgress }),
  };
}

/**
 * Runs jobs somewhere (in this thread, in a pool of threads, on other machines). Knows nothing of statistics.
 * Results are in job order and do not depend on where or when each job ran.
 */
export interface JobRunner {
  /** Number of jobs that can run at once; 0 means in the calling thread. */
  readonly workers: number;
  /**
   * Places bulk data where every worker can see it (typed arrays are moved to shared memory, once).
   * @returns the key that jobs refer to
   */
  share(data: SharedData): string;
  /** Forgets shared data. */
  release(key: string): void;
  /**
   * Runs all jobs. A result of `undefined` means that the job was cancelled before it began.
   * @throws RunFailure naming the job when one keeps failing
   */
  run<Input, Output>(jobs: readonly FitJob<Input>[], options: RunOptions): Promise<(Output | undefined)[]>;
  /** Ends the workers. */
  close(): Promise<void>;
}

/** A task: a pure function of shared data and input. */
export type Task<Input = never, Output = unknown> = (data: SharedData, input: Input) => Output;
