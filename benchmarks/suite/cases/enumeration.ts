import { type EnumerationResult, enumerate } from "symptom-trajectories/models";
import { createRunner } from "symptom-trajectories/workers";
import { time } from "../../measure.js";
import { cohort, GROWTH, quadratic } from "../cohorts.js";
import type { Case, Measured } from "../types.js";

const RUNS = 2;
const STARTS = { startsInitial: 50, startsFinal: 10 };

/** No model may fit worse than that with one class fewer. */
function checkOrder({ rows }: EnumerationResult): void {
  rows.forEach((row, k) => {
    const fewer = rows[k - 1];
    if (fewer !== undefined && row.logLikelihood < fewer.logLikelihood - 1e-4)
      throw new Error(`${row.classes} classes fit worse than ${fewer.classes}`);
  });
}

async function measure(): Promise<Measured> {
  const table = cohort(GROWTH);
  const structures = [{ name: "GMM", spec: quadratic("session") }];
  const runner = createRunner("auto");
  try {
    let found: EnumerationResult | undefined;
    // A search this long needs no warm-up.
    const taken = await time(
      RUNS,
      () => enumerate(table, { structures, classes: { from: 1, to: 6 } }, { runner, ...STARTS }),
      (result) => {
        checkOrder(result);
        found = result;
      },
      0,
    );
    const each = found!.rows.map(({ classes, replicatedBest, finalists, verdict }) =>
      classes === 1 ? `1: ${verdict}` : `${classes}: ${replicatedBest} of ${finalists}, ${verdict}`,
    );
    return {
      persons: table.nPersons,
      rows: table.nRows,
      logLikelihood: found!.rows.at(-1)!.logLikelihood,
      checked: `no model fits worse than that with one class fewer; finalists at the best value: ${each.join("; ")}`,
      measures: [{ name: "search", seconds: taken }],
      peers: [],
    };
  } finally {
    await runner.close();
  }
}

export const enumerations: readonly Case[] = [
  {
    name: "enumeration",
    title: "Growth mixtures with 1 to 6 classes, 100,000 people, 50 starts each",
    group: "standard",
    timed:
      "table in memory to the choice, moments included; 50 starts screened, 10 carried to convergence, on all cores",
    targets: [{ measure: "search", atMostSeconds: 120 }],
    measure,
  },
];
