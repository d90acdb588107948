import type { Piscina } from "piscina";
import type { FitJob } from "../models/jobs/job.js";
import {
  allocateTeam,
  closeTeam,
  dismissAssistant,
  prepareSlot,
  type TeamMemory,
} from "../models/jobs/team.js";
import { type AssistMessage, type PlacedData, PROTOCOL_VERSION } from "./protocol.js";

/** Most assistants of one job: each has four megabytes of address space in its team, of which it uses what it needs. */
const MOST_ASSISTANTS = 31;
/** Assistants of one job that may die before it gets no more: something in its data or its size kills them. */
const MOST_DEATHS = 3;

/** A job in a thread, or on its way to one. */
export interface RunningJob {
  /** Where assistants can help it; undefined where its work does not divide. */
  readonly team: TeamMemory | undefined;
  readonly dataKey: string;
  readonly data: PlacedData;
  /** Slots with an assistant, those asked to leave not among them. */
  readonly present: Set<number>;
  /** Slots that nobody is in any more. */
  readonly free: number[];
  deaths: number;
}

/**
 * Lends the threads of a pool that have no job to jobs whose work divides over people. A job that begins takes its thread back.
 */
export class Assistants {
  private readonly running = new Set<RunningJob>();
  private scheduled = false;

  /**
   * @param threads - of the pool
   * @param nThreads - how many
   */
  constructor(
    private readonly threads: Piscina,
    private readonly nThreads: number,
  ) {}

  /**
   * A job is about to be given to a thread.
   * @param job - the job
   * @param data - its data
   * @returns the job, to be ended by {@link ended}
   */
  begun({ dataKey, parts = 1 }: FitJob, data: PlacedData): RunningJob {
    const most = Math.min(parts - 1, this.nThreads - 1, MOST_ASSISTANTS);
    const running: RunningJob = {
      team: most > 0 ? allocateTeam(most, parts) : undefined,
      dataKey,
      data,
      present: new Set(),
      free: Array.from({ length: Math.max(0, most) }, (_, slot) => slot),
      deaths: 0,
    };
    this.running.add(running);
    this.makeRoom();
    this.schedule();
    return running;
  }

  /**
   * A job has ended, or its thread has died.
   * @param job - the job
   */
  ended(job: RunningJob): void {
    this.running.delete(job);
    if (job.team !== undefined) closeTeam(job.team);
    this.schedule();
  }

  /** Threads without a job. */
  private idle(): number {
    return this.nThreads - this.running.size;
  }

  private lent(): number {
    let sum = 0;
    for (const { present } of this.running) sum += present.size;
    return sum;
  }

  /** Sends assistants away where there are jobs for their threads. */
  private makeRoom(): void {
    for (let excess = this.lent() - this.idle(); excess > 0; excess--) {
      const job = [...this.running].reduce((most, other) =>
        other.present.size > most.present.size ? other : most,
      );
      const [slot] = job.present;
      if (slot === undefined) return;
      job.present.delete(slot);
      dismissAssistant(job.team!, slot);
    }
  }

  /** Later: when a job ends, the next one usually begins at once. */
  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      this.lend();
    });
  }

  private lend(): void {
    for (let left = this.idle() - this.lent(); left > 0; left--) {
      const job = [...this.running]
        .filter(({ free, deaths }) => free.length > 0 && deaths < MOST_DEATHS)
        .sort((a, b) => a.present.size - b.present.size)[0];
      if (job === undefined) return;
      void this.send(job, job.free.pop()!);
    }
  }

  private async send(job: RunningJob, slot: number): Promise<void> {
    const team = job.team!;
    prepareSlot(team, slot);
    job.present.add(slot);
    const { dataKey, data } = job;
    const message: AssistMessage = { version: PROTOCOL_VERSION, dataKey, data, team, slot };
    try {
      await this.threads.run(message, { name: "assistJob" });
    } catch {
      job.deaths++;
    }
    // Whether it left or died, its thread writes no more.
    job.present.delete(slot);
    job.free.push(slot);
    this.schedule();
  }
}
