import { RunFailure } from "../core/errors.js";
import type { TaskRegistry } from "../models/jobs/registry.js";

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
 * @returns its tasks
 * @throws RunFailure when it cannot be loaded or has no tasks
 */
export async function loadTasks(url: string): Promise<TaskRegistry> {
  let module: { readonly tasks?: TaskRegistry };
  try {
    module = (await import(url)) as { readonly tasks?: TaskRegistry };
  } catch (error) {
    throw new RunFailure("no-tasks", `the tasks in ${url} cannot be loaded: ${(error as Error).message}`, {
      cause: error,
    });
  }
  if (typeof module.tasks !== "object") throw new RunFailure("no-tasks", `${url} exports no tasks`);
  return module.tasks;
}
