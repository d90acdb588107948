import { enumerate } from "symptom-trajectories/models";
import { createRunner } from "symptom-trajectories/workers";
import { summarise } from "../../measure.js";
import { cohort, GROWTH, quadratic } from "../cohorts.js";
import type { Case, Measured } from "../types.js";

/** One run: a search of this size finds its own check in the starts that agree. */
async function measure(): Promise<Measured> {
  const table = cohort(GROWTH);
  const runner = createRunner("auto");
  try {
    const begin = performance.now();
    const { rows } = await enumerate(
      table,
      { structures: [{ name: "GMM", spec: quadratic("session") }], classes: { from: 1, to: 6 } },
      { runner, startsInitial: 50, startsFinal: 10 },
    );
    const elapsed = (performance.now() - begin) / 1000;
    rows.forEach((row, k) => {
      const fewer = rows[k - 1];
      if (fewer !== undefined && row.logLikelihood < fewer.logLikelihood - 1e-4)
        throw new Error(`${row.classes} classes fit worse than ${fewer.classes}`);
    });
    const found = rows.map(
      ({ classes, replicatedBest, verdict }) =>
        `${classes}: ${classes === 1 ? verdict : `${replicatedBest} of 10, ${verdict}`}`,
    );
    return {
      persons: table.nPersons,
      rows: table.nRows,
      logLikelihood: rows.at(-1)!.logLikelihood,
      checked: `no model fits worse than that with one class fewer; finalists at the best value: ${found.join("; ")}`,
      measures: [{ name: "search", seconds: summarise([elapsed]) }],
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
    group: "large",
    timed:
      "table in memory to the choice, moments included; 50 starts screened, 10 carried to convergence, on all cores",
    targets: [{ measure: "search", atMostSeconds: 120 }],
    measure,
  },
];
