import { RunFailure } from "../core/errors.js";
import type { PassRegistry } from "../models/jobs/passes.js";
import type { TaskRegistry } from "../models/jobs/registry.js";

/** What a module of tasks exports. */
export interface TaskModule {
  readonly tasks: TaskRegistry;
  /** Passes of the tasks that divide over threads. */
  readonly passes?: PassRegistry;
}

/**
 * Loads the models' own tasks, when first needed.
 * @returns the tasks
 */
export async function loadModelTasks(): Promise<TaskRegistry> {
  return (await import("../models/tasks.js")).tasks as TaskRegistry;
}

/**
 * Loads a module that exports `tasks`.
 * @param url - the module's address
 * @returns its tasks and passes
 * @throws RunFailure when it cannot be loaded or has no tasks
 */
export async function loadTasks(url: string): Promise<TaskModule> {
  let module: Partial<TaskModule>;
  try {
    module = (await import(url)) as Partial<TaskModule>;
  } catch (error) {
    throw new RunFailure("no-tasks", `the tasks in ${url} cannot be loaded: ${(error as Error).message}`, {
      cause: error,
    });
  }
  if (typeof module.tasks !== "object") throw new RunFailure("no-tasks", `${url} exports no tasks`);
  return module as TaskModule;
}
