import { RunFailure } from "../../core/errors.js";
import type { Task } from "./job.js";

/** Tasks by name. */
export type TaskRegistry = Readonly<Record<string, Task<unknown>>>;

/**
 * Looks a task up by name.
 * @param registry - tasks by name
 * @param name - the wanted one
 * @returns the task
 * @throws RunFailure when there is none of that name
 */
export function pickTask(registry: TaskRegistry, name: string): Task<unknown> {
  const task = Object.hasOwn(registry, name) ? registry[name] : undefined;
  if (task === undefined) throw new RunFailure("unknown-task", `there is no task named ${name}`);
  return task;
}
