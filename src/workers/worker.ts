import { BroadcastChannel, workerData } from "node:worker_threads";
import { RunFailure } from "../core/errors.js";
import { failureOf } from "../models/jobs/failure.js";
import type { SharedData } from "../models/jobs/job.js";
import { passFromText, setTeam } from "../models/jobs/passes.js";
import { pickTask } from "../models/jobs/registry.js";
import { assist, closeTeam, createTeam } from "../models/jobs/team.js";
import {
  type AssistMessage,
  type ForgetMessage,
  type JobMessage,
  PROTOCOL_VERSION,
  type ReplyMessage,
  type WorkerSettings,
} from "./protocol.js";
import { loadTasks, type TaskModule } from "./registry.js";
import { restoreShared } from "./shared.js";

/** Data this thread has rebuilt, by key, so that a hundred jobs on the same data rebuild it once. */
const known = new Map<string, SharedData>();
const settings = workerData as WorkerSettings;
let module: Promise<TaskModule> | undefined;

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
    requireVersion(message.version);
    const task = pickTask((await tasksOfThread()).tasks, message.task);
    const data = dataOf(message);
    if (message.team === undefined) return success(await task(data, message.input), 0);
    const team = createTeam(message.team);
    setTeam(data, team);
    try {
      return success(await task(data, message.input), team.helped);
    } finally {
      setTeam(data, null);
      closeTeam(message.team);
    }
  } catch (thrown) {
    return { version: PROTOCOL_VERSION, ok: false, failure: failureOf(thrown) };
  }
}

/**
 * Thread entry: helps the thread that runs a job. Where that cannot be done the job does without, and shows what is wrong itself.
 * @param message - whom to help
 */
export async function assistJob(message: AssistMessage): Promise<void> {
  try {
    requireVersion(message.version);
    const { passes = {} } = await tasksOfThread();
    const data = dataOf(message);
    assist(message.team, message.slot, (text) => passFromText(data, passes, text));
  } catch {
    // What an assistant has begun and not finished is done by the leader.
  }
}

function success(output: unknown, helped: number): ReplyMessage {
  return { version: PROTOCOL_VERSION, ok: true, output, helped };
}

function requireVersion(version: number): void {
  if (version !== PROTOCOL_VERSION)
    throw new RunFailure(
      "protocol-version",
      `the worker speaks version ${PROTOCOL_VERSION} of the protocol, the job version ${version}`,
    );
}

function tasksOfThread(): Promise<TaskModule> {
  module ??= loadTasks(settings.tasksUrl);
  return module;
}

function dataOf({ dataKey, data: placed }: JobMessage | AssistMessage): SharedData {
  let data = known.get(dataKey);
  if (data === undefined) {
    data = restoreShared(placed);
    known.set(dataKey, data);
  }
  return data;
}
