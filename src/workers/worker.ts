import { BroadcastChannel, workerData } from "node:worker_threads";
import { RunFailure } from "../core/errors.js";
import { failureOf } from "../models/jobs/failure.js";
import type { SharedData } from "../models/jobs/job.js";
import { pickTask, type TaskRegistry } from "../models/jobs/registry.js";
import {
  type ForgetMessage,
  type JobMessage,
  PROTOCOL_VERSION,
  type ReplyMessage,
  type WorkerSettings,
} from "./protocol.js";
import { loadTasks } from "./registry.js";
import { restoreShared } from "./shared.js";

/** Data this thread has rebuilt, by key, so that a hundred jobs on the same data rebuild it once. */
const known = new Map<string, SharedData>();
const settings = workerData as WorkerSettings;
let tasks: Promise<TaskRegistry> | undefined;

const channel = new BroadcastChannel(settings.channel);
channel.onmessage = (event: unknown): void => {
  const message = (event as { readonly data: ForgetMessage }).data;
  known.delete(message.forget);
};
channel.unref();

/**
 * Thread entry: does one job. An error that the task throws is part of the reply; the promise never rejects, so a
 * rejection seen by the pool always means that the thread itself has died.
 * @param message - the job
 * @returns how it ended
 */
export async function runJob(message: JobMessage): Promise<ReplyMessage> {
  try {
    if (message.version !== PROTOCOL_VERSION)
      throw new RunFailure(
        "protocol-version",
        `the worker speaks version ${PROTOCOL_VERSION} of the protocol, the job version ${message.version}`,
      );
    tasks ??= loadTasks(settings.tasksUrl);
    const task = pickTask(await tasks, message.task);
    let data = known.get(message.dataKey);
    if (data === undefined) {
      data = restoreShared(message.data);
      known.set(message.dataKey, data);
    }
    return { version: PROTOCOL_VERSION, ok: true, output: await task(data, message.input) };
  } catch (thrown) {
    return { version: PROTOCOL_VERSION, ok: false, failure: failureOf(thrown) };
  }
}
