import { createHash } from "node:crypto";
import { type FitOptions, fit, type ModelSpecInput } from "symptom-trajectories/models";
import type { SimulationInput } from "symptom-trajectories/simulate";
import { createRunner } from "symptom-trajectories/workers";
import { checkEqual, time } from "../measure.js";
import { cohort, csvFile } from "./cohorts.js";
import { fitMoments, momentsOf } from "./engine.js";
import { type PeerRequest, runPeers } from "./peers.js";
import type { Measure, Measured, Peer } from "./types.js";

/** A search with nothing repeated: what one start costs. */
export const ONE_START: Partial<FitOptions> = { startsInitial: 1, startsFinal: 1 };

/** A model to be fitted, in this process, with the data in memory. */
export interface Fitting {
  readonly cohort: SimulationInput;
  readonly model: ModelSpecInput;
  /** Starts and the rest; default: the package's defaults. */
  readonly options?: Partial<FitOptions>;
  /** Threads; default 0: the calling thread. */
  readonly workers?: number | "auto";
  readonly runs: number;
  /** Untimed runs before; default 1. */
  readonly warmUps?: number;
  /** Time the moments and the fit that follows apart (measures `moments` and `fit`), instead of together (`fit`). */
  readonly apart?: boolean;
  /** A longer search whose best value the answer must reach; left out where a peer is check enough. */
  readonly reference?: Partial<FitOptions>;
  /** How far below that value, or apart between runs; default 1e-4. */
  readonly tolerance?: number;
  readonly peers?: readonly PeerRequest[];
  /** Figures measured elsewhere. */
  readonly quoted?: readonly Peer[];
}

/**
 * Makes the `measure` of a case that fits a model.
 * @param fitting - data, model, runs, peers
 * @returns the function; it throws when an answer is not what it should be
 */
export function fitting(work: Fitting): () => Promise<Measured> {
  return async () => {
    const { options = {}, runs, warmUps = 1, tolerance = 1e-4 } = work;
    const table = cohort(work.cohort);
    const runner = createRunner(work.workers ?? 0);
    try {
      const expected = await fit(table, work.model, { ...(work.reference ?? options), runner });
      const same = ({ logLikelihood }: { logLikelihood: number }): void =>
        checkEqual("a run", logLikelihood, expected.logLikelihood, tolerance);
      const measures: Measure[] = [];
      if (work.apart === true) {
        const moments = await time(runs, () => momentsOf(table, work.model), sizeIs(table.nPersons), warmUps);
        const problem = momentsOf(table, work.model);
        const run = () => fitMoments(table, problem, options, runner);
        measures.push({ name: "moments", seconds: moments });
        measures.push({ name: "fit", seconds: await time(runs, run, same, warmUps) });
      } else {
        const run = () => fit(table, work.model, { ...options, runner });
        measures.push({ name: "fit", seconds: await time(runs, run, same, warmUps) });
      }
      const found = work.peers === undefined ? { peers: [], words: [] } : await peersOf(work, expected);
      const own =
        work.reference === undefined
          ? `log-likelihood the same in every run within ${tolerance}`
          : `log-likelihood in every run within ${tolerance} of the best of ${work.reference.startsInitial ?? 100} starts`;
      return {
        persons: table.nPersons,
        rows: table.nRows,
        logLikelihood: expected.logLikelihood,
        checked: [own, ...found.words].join("; "),
        measures,
        peers: [...found.peers, ...(work.quoted ?? [])],
      };
    } finally {
      await runner.close();
    }
  };
}

function sizeIs(nPersons: number): (answer: ReturnType<typeof momentsOf>) => void {
  return ({ data }) => {
    if (data.moments.nPersons !== nPersons) throw new Error(`moments of ${data.moments.nPersons} people`);
  };
}

async function peersOf(
  work: Fitting,
  { logLikelihood }: { readonly logLikelihood: number },
): Promise<{ peers: Peer[]; words: string[] }> {
  const name = createHash("sha256").update(JSON.stringify(work.cohort)).digest("hex").slice(0, 8);
  return runPeers(work.peers!, await csvFile(`cohort-${name}`, work.cohort), logLikelihood, "this case");
}
