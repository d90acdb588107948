import { createInThreadRunner } from "./jobs/inThread.js";
import type { JobRunner } from "./jobs/job.js";
import type { TaskRegistry } from "./jobs/registry.js";
import { tasks } from "./tasks.js";

/** Longest time without a pause. */
const BREATH_MS = 20;

/**
 * Makes a runner that does jobs one after the other in the calling thread and needs nothing but the language: for
 * browsers, small models and tests. `workers` has the pools.
 * @returns the runner; its `workers` is 0
 */
export function createLocalRunner(): JobRunner {
  let breathed = performance.now();
  return createInThreadRunner({
    loadTasks: () => tasks as TaskRegistry,
    // Timers of browsers are slow: not between short jobs.
    async pause() {
      if (performance.now() - breathed <= BREATH_MS) return;
      await new Promise((resolve) => setTimeout(resolve, 0));
      breathed = performance.now();
    },
  });
}
