import { join } from "node:path";
import { checkEqual, runR, summarise } from "../measure.js";
import { ROOT } from "../paths.js";
import type { Peer } from "./types.js";

/** An R package that fits the same model. */
export interface PeerRequest {
  /** The package. */
  readonly name: string;
  /** Script in `benchmarks/r`, called with the data file, the package and the number of runs. */
  readonly script: string;
  readonly runs: number;
  /** Largest difference of its log-likelihood from ours. */
  readonly tolerance: number;
  /** Why that much. */
  readonly because: string;
}

/** What a script in `benchmarks/r` prints. */
interface PeerRun {
  readonly package: string;
  readonly version: string;
  readonly r: string;
  readonly call: string;
  /** The best, where there are several starts. */
  readonly logLikelihood: number;
  readonly seconds: readonly number[];
}

/**
 * Runs packages on a data file, reading it outside the clock, and compares their answers with ours.
 * @param requests - which packages
 * @param data - CSV file
 * @param logLikelihood - ours
 * @param title - of the case, for messages
 * @returns those that are installed, and words on how the answers compared
 * @throws Error when an answer differs by more than its tolerance
 */
export function runPeers(
  requests: readonly PeerRequest[],
  data: string,
  logLikelihood: number,
  title: string,
): { peers: Peer[]; words: string[] } {
  const peers: Peer[] = [];
  const words: string[] = [];
  for (const request of requests) {
    const script = join(ROOT, "benchmarks", "r", request.script);
    const run = runR<PeerRun>(script, [data, request.name, String(request.runs)]);
    if (run === null) continue;
    checkEqual(`${title} against ${request.name}`, logLikelihood, run.logLikelihood, request.tolerance);
    words.push(`${request.name} within ${request.tolerance} (${request.because})`);
    peers.push({
      name: request.name,
      version: `${run.version}, ${run.r}`,
      call: run.call,
      seconds: summarise(run.seconds),
      logLikelihood: run.logLikelihood,
    });
  }
  return { peers, words };
}

/**
 * A figure that was measured at another time.
 * @param name - the program
 * @param version - its version
 * @param call - what it did
 * @param seconds - how long it took
 * @param source - who measured it, on what
 * @returns it as a peer
 */
export function quotedPeer(
  name: string,
  version: string,
  call: string,
  seconds: number,
  source: string,
): Peer {
  const timing = { median: seconds, fastest: seconds, slowest: seconds, runs: [] };
  return { name, version, call, seconds: timing, logLikelihood: null, source };
}
