import { setImmediate } from "node:timers/promises";
import { createInThreadRunner } from "../models/jobs/inThread.js";
import type { JobRunner } from "../models/jobs/job.js";
import { loadModelTasks, loadTasks } from "./registry.js";

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
  return createInThreadRunner({
    loadTasks: async () =>
      options.tasks === undefined ? loadModelTasks() : (await loadTasks(options.tasks.href)).tasks,
    pause: () => setImmediate(),
  });
}
