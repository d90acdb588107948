import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { BroadcastChannel } from "node:worker_threads";
import { Piscina } from "piscina";
import { InputError, RunFailure } from "../core/errors.js";
import { errorOf } from "../models/jobs/failure.js";
import { requireData, runnerClosed } from "../models/jobs/inThread.js";
import type { FitJob, JobRunner, RunOptions, SharedData } from "../models/jobs/job.js";
import { costOf, type ProgressMeter, startProgress } from "../models/jobs/progress.js";
import { Assistants } from "./assistants.js";
import { createInlineRunner } from "./inline.js";
import { MAX_WORKERS } from "./limits.js";
import { createPatientRunner } from "./patient.js";
import {
  type ForgetMessage,
  type JobMessage,
  type PlacedData,
  PROTOCOL_VERSION,
  type ReplyMessage,
  type WorkerSettings,
} from "./protocol.js";
import { placeShared } from "./shared.js";

/** How often a job is tried before its worker's dying fails the run: once, and redone twice. */
const ATTEMPTS = 3;
/** How often the pool is looked at for having no thread left at all, in milliseconds. */
const WATCH_MS = 250;

/** Options of {@link createPool}. */
export interface PoolOptions {
  /** Number of threads, at least 1. */
  readonly workers: number;
  /** Module that exports `tasks`; default: the models' own. */
  readonly tasks?: URL;
  /** Largest JavaScript heap of a worker in megabytes (shared data do not count); default: Node's own limit. */
  readonly heapLimitMb?: number;
  /** The built `worker.js`; default: the one beside this module. For packages bundled into one file. */
  readonly workerFile?: URL;
}

/**
 * Makes a runner for a number of workers as users give it.
 * @param workers - threads; 0: the calling thread; `auto`: one per processor, once the work is worth their start, and none on
 *   a machine with only one
 * @returns a pool, the inline runner, or one that goes over from the second to the first
 * @throws InputError when the number is not a whole number from 0 to {@link MAX_WORKERS}
 */
export function createRunner(workers: number | "auto"): JobRunner {
  const processors = availableParallelism();
  if (workers === 0 || (workers === "auto" && processors === 1)) return createInlineRunner();
  if (workers !== "auto") return createPool({ workers });
  return createPatientRunner({
    here: createInlineRunner(),
    makePool: () => createPool({ workers: processors }),
    workers: processors,
  });
}

/**
 * Makes a pool of worker threads (piscina). Jobs are handed out dearest first, one per free thread, so that a
 * hundred thousand jobs wait here as they are and not as copies in a queue; results come back in job order.
 *
 * Threads without a job help with those whose work divides into parts (`assistants.ts`): many jobs run one per thread, the last ones or a
 * single one on all threads.
 *
 * A thread that dies (exit, uncaught error, out of memory) is replaced and its job redone, twice at most; an
 * error that a task throws is not retried. Either way `run` ends its other jobs and rejects, naming the job.
 * @param options - the number of threads and where the tasks are
 * @returns the runner; close it, or its threads go on waiting
 * @throws InputError when `workers` is not a whole number from 1 to {@link MAX_WORKERS}
 */
export function createPool(options: PoolOptions): JobRunner {
  return new Pool(options);
}

class Pool implements JobRunner {
  readonly workers: number;
  private readonly threads: Piscina;
  private readonly assistants: Assistants;
  private readonly channel: BroadcastChannel;
  private readonly shared = new Map<string, PlacedData>();
  private readonly runs = new Set<PoolRun>();
  private nextKey = 0;
  private closed = false;

  constructor(options: PoolOptions) {
    if (!(Number.isInteger(options.workers) && options.workers >= 1 && options.workers <= MAX_WORKERS))
      throw new InputError({
        code: "bad-workers",
        message: `workers is ${options.workers}.`,
        expected: `a whole number from 0 (no threads) to ${MAX_WORKERS}, or auto`,
      });
    this.workers = options.workers;
    const settings: WorkerSettings = {
      version: PROTOCOL_VERSION,
      tasksUrl: (options.tasks ?? besideBuilt("../models/tasks.js")).href,
      channel: `symtraj-${process.pid}-${crypto.randomUUID()}`,
    };
    const workerFile = fileURLToPath(options.workerFile ?? besideBuilt("./worker.js"));
    if (!existsSync(workerFile))
      throw new RunFailure("no-worker-file", `${workerFile} does not exist. Build the package first.`);
    this.channel = new BroadcastChannel(settings.channel);
    this.channel.unref();
    this.threads = new Piscina({
      filename: workerFile,
      name: "runJob",
      minThreads: options.workers,
      maxThreads: options.workers,
      // Waiting threads stay in their event loop, where they hear that data were released.
      atomics: "disabled",
      recordTiming: false,
      workerData: settings,
      ...(options.heapLimitMb === undefined
        ? {}
        : { resourceLimits: { maxOldGenerationSizeMb: options.heapLimitMb } }),
    });
    // A thread that dies between jobs: nothing is lost, and the run that needs a thread makes a new one.
    this.threads.on("error", () => undefined);
    this.assistants = new Assistants(this.threads, options.workers);
  }

  share(data: SharedData): string {
    const key = `data-${this.nextKey++}`;
    this.shared.set(key, placeShared(data));
    return key;
  }

  release(key: string): void {
    if (!this.shared.delete(key)) return;
    const message: ForgetMessage = { version: PROTOCOL_VERSION, forget: key };
    this.channel.postMessage(message);
  }

  async run<Input, Output>(
    jobs: readonly FitJob<Input>[],
    options: RunOptions,
  ): Promise<(Output | undefined)[]> {
    if (this.closed) throw runnerClosed(jobs[0]?.label ?? options.stage);
    const run = new PoolRun(this.threads, this.workers, this.assistants, this.shared, jobs, options);
    this.runs.add(run);
    try {
      return (await run.finish()) as (Output | undefined)[];
    } finally {
      this.runs.delete(run);
    }
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    for (const run of this.runs) run.fail(runnerClosed);
    this.shared.clear();
    this.channel.close();
    await this.threads.destroy();
  }
}

/** One `run` call: as many lanes as threads, each doing one job after the other. */
class PoolRun {
  private readonly results: unknown[];
  /** Positions of the jobs still to begin, the next one last. */
  private readonly waiting: number[];
  /** Jobs in a thread now, by the controller that ends them. */
  private readonly running = new Map<AbortController, FitJob>();
  private progress: ProgressMeter | undefined;
  private stopped = false;
  private failure: unknown;

  constructor(
    private readonly threads: Piscina,
    private readonly lanes: number,
    private readonly assistants: Assistants,
    private readonly shared: ReadonlyMap<string, PlacedData>,
    private readonly jobs: readonly FitJob[],
    private readonly options: RunOptions,
  ) {
    this.results = new Array(jobs.length).fill(undefined);
    this.waiting = jobs.map((_, position) => position);
    this.waiting.sort((a, b) => costOf(jobs[a]!) - costOf(jobs[b]!) || b - a);
  }

  async finish(): Promise<unknown[]> {
    const { signal } = this.options;
    if (signal?.aborted) return this.results;
    const cancel = (): void => this.stop();
    signal?.addEventListener("abort", cancel, { once: true });
    // The timer also keeps the process alive while no thread does.
    const watch = setInterval(() => this.endIfNoThreads(), WATCH_MS);
    try {
      this.progress = startProgress(this.jobs, this.options);
      await Promise.all(Array.from({ length: Math.min(this.lanes, this.jobs.length) }, () => this.lane()));
    } finally {
      clearInterval(watch);
      signal?.removeEventListener("abort", cancel);
    }
    if (this.failure !== undefined) throw this.failure;
    return this.results;
  }

  /** Ends the run with an error made from the label of a job that is running, or else the next one. */
  fail(makeError: (label: string) => Error): void {
    const job = [...this.running.values()][0] ?? this.jobs[this.waiting.at(-1) ?? 0];
    this.failure ??= makeError(job?.label ?? this.options.stage);
    this.stop();
  }

  private stop(): void {
    this.stopped = true;
    for (const controller of this.running.keys()) controller.abort();
  }

  private async lane(): Promise<void> {
    while (!this.stopped) {
      const position = this.waiting.pop();
      if (position === undefined) return;
      const job = this.jobs[position]!;
      try {
        const reply = await this.attempt(job);
        if (reply === undefined) return;
        if (!reply.ok) throw errorOf(reply.failure, job.label);
        this.results[position] = reply.output;
        this.options.onPlaced?.(job, reply.helped > 0 ? "severalWorkers" : "oneWorker");
        this.progress?.finished(job);
      } catch (error) {
        this.failure ??= error;
        this.stop();
      }
    }
  }

  /** Does a job, again when its thread dies; undefined when the run was stopped meanwhile. */
  private async attempt(job: FitJob): Promise<ReplyMessage | undefined> {
    const data = requireData(this.shared, job);
    const message: JobMessage = {
      version: PROTOCOL_VERSION,
      task: job.task,
      label: job.label,
      dataKey: job.dataKey,
      data,
      input: job.input,
    };
    let death: unknown;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const controller = new AbortController();
      this.running.set(controller, job);
      // A team of its own: nobody who helped a thread that died writes where its successor reads.
      const running = this.assistants.begun(job, data);
      const { team } = running;
      try {
        return (await this.threads.run(team === undefined ? message : { ...message, team }, {
          signal: controller.signal,
        })) as ReplyMessage;
      } catch (error) {
        if (this.stopped) return undefined;
        death = error;
        // Sending it again would fail again.
        if (isCloneError(error)) break;
      } finally {
        this.running.delete(controller);
        this.assistants.ended(running);
      }
    }
    throw deathOf(job.label, death);
  }

  /** Threads that die while starting leave jobs that nobody will ever take. */
  private endIfNoThreads(): void {
    if (this.threads.threads.length === 0)
      for (const controller of this.running.keys()) controller.abort("no worker could be started");
  }
}

function deathOf(label: string, death: unknown): RunFailure {
  if (isCloneError(death))
    return new RunFailure(
      "job-not-sendable",
      `${label}: its input cannot be sent to a worker: ${(death as Error).message}`,
      { cause: death },
    );
  const { message, cause } = death as Partial<Error>;
  // An error that cannot cross threads itself arrives without its text: a result that holds a function, say.
  const reason = cause === undefined ? (message ?? "an error without a message") : String(cause);
  return new RunFailure(
    "worker-died",
    `${label}: its worker died ${ATTEMPTS} times (${reason}). The other jobs were ended.`,
    { cause: death },
  );
}

function isCloneError(error: unknown): boolean {
  return error instanceof Error && error.name === "DataCloneError";
}

/** Threads run the built package, also when this module is run from its source (by tests). */
function besideBuilt(file: string): URL {
  const here = import.meta.url;
  return here.endsWith(".ts")
    ? new URL(file, new URL("../../dist/workers/pool.js", here))
    : new URL(file, here);
}
