import type { Failure } from "../models/jobs/failure.js";
import type { TeamMemory } from "../models/jobs/team.js";

/** Version of the messages below; a worker refuses any other, so a half-updated installation says so. */
export const PROTOCOL_VERSION = 2;

/** A typed array whose memory every thread can see. */
export type SharedArray =
  | Float64Array
  | Float32Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | BigInt64Array
  | BigUint64Array;

/**
 * Bulk data in a form that costs a message a few handles only: the plain part as bytes, in shared memory,
 * with markers where the typed arrays go.
 */
export interface PlacedData {
  readonly plain: Uint8Array;
  readonly arrays: readonly SharedArray[];
}

/** Main thread to worker: do one job. */
export interface JobMessage {
  readonly version: number;
  readonly task: string;
  readonly label: string;
  readonly dataKey: string;
  readonly data: PlacedData;
  readonly input: unknown;
  /** Where assistants can help with the work; left out where it does not divide. */
  readonly team?: TeamMemory;
}

/** Main thread to worker: help the job of this team until it has ended or sends you away. */
export interface AssistMessage {
  readonly version: number;
  readonly dataKey: string;
  readonly data: PlacedData;
  readonly team: TeamMemory;
  /** Place among the assistants, from 0. */
  readonly slot: number;
}

/** Main thread to every worker of a pool, over its broadcast channel: drop your handles on this data. */
export interface ForgetMessage {
  readonly version: number;
  readonly forget: string;
}

/** Worker to main thread: how the job ended. */
export type ReplyMessage =
  | {
      readonly version: number;
      readonly ok: true;
      readonly output: unknown;
      /** Parts of the work that assistants did. */
      readonly helped: number;
    }
  | { readonly version: number; readonly ok: false; readonly failure: Failure };

/** What a worker is told when it starts. */
export interface WorkerSettings {
  readonly version: number;
  /** URL of the module that exports `tasks`. */
  readonly tasksUrl: string;
  /** Name of the pool's broadcast channel. */
  readonly channel: string;
}
