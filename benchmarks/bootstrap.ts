// The bootstrap against the observed information on a large cohort whose model is right, and how long it takes.
// Usage: node out/benchmarks/bootstrap.js [REPLICATES]; also `npm run bench:bootstrap`. Writes benchmarks/results/bootstrap.json.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  type BootstrapKind,
  type BootstrapResult,
  bootstrap,
  bootstrapLikelihoodRatio,
  type FitResult,
  fit,
} from "symptom-trajectories/models";
import { simulateTable } from "symptom-trajectories/simulate";
import { createRunner } from "symptom-trajectories/workers";
import { machine } from "./measure.js";
import { ROOT } from "./paths.js";

/** Mean ratio of bootstrap errors to those of the fit that counts as agreement. */
const AGREEMENT = [0.9, 1.1] as const;

const replicates = Number(process.argv[2] ?? 400);
const SPEC = { outcome: "phq9", time: "week", fixed: "1 + week + week^2", random: "1 + week" } as const;

/** Unrounded scores and no covariates, so that the model fitted is the model that made them. */
function cohort(nPersons: number) {
  return simulateTable({ nPersons, separation: "well-separated", rounding: false, seed: 12 }).table;
}

/** Ratios of bootstrap errors to those of the fit, parameter by parameter. */
function ratios(own: BootstrapResult, result: FitResult, error: "standardError" | "robustStandardError") {
  return own.parameters.map(({ name, class: label, standardError }, j) => {
    const other = result.parameters[j]![error];
    const ratio = standardError === null || other === null ? null : standardError / other;
    return { name, class: label, ratio };
  });
}

const runner = createRunner("auto");
const output: Record<string, unknown> = { date: new Date().toISOString(), machine: machine(), replicates };
let met = true;
for (const nPersons of [2000, 8000]) {
  const table = cohort(nPersons);
  const result = await fit(table, { ...SPEC, classes: 3 }, { runner, startsInitial: 20, startsFinal: 4 });
  for (const kind of ["nonparametric", "parametric"] satisfies BootstrapKind[]) {
    const own = await bootstrap(table, result, { replicates, kind, runner });
    const error = kind === "parametric" ? "standardError" : "robustStandardError";
    const rows = ratios(own, result, error);
    const known = rows.flatMap(({ ratio }) => ratio ?? []);
    const [smallest, largest] = [Math.min(...known), Math.max(...known)];
    const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
    // Where errors of 400 replicates scatter by 3.5%, the extremes of a dozen lie about 6% out.
    met &&= mean > AGREEMENT[0] && mean < AGREEMENT[1] && own.replicates.used === replicates;
    output[`${kind}, ${nPersons} people`] = {
      seconds: own.elapsedSeconds,
      error,
      rows,
      counts: own.replicates,
    };
    console.log(
      `${nPersons} people, 3 classes, ${kind}: ${replicates} replicates in ${own.elapsedSeconds.toFixed(1)} s; ` +
        `bootstrap / ${error} from ${smallest.toFixed(2)} to ${largest.toFixed(2)}, mean ${mean.toFixed(3)}; ` +
        `${own.replicates.used} used, ${own.replicates.reordered} reordered`,
    );
  }
}
const table = cohort(500);
const fits = await Promise.all(
  [2, 3, 4].map((classes) => fit(table, { ...SPEC, classes }, { runner, startsInitial: 20, startsFinal: 4 })),
);
for (const [smaller, larger] of [
  [fits[0]!, fits[1]!],
  [fits[1]!, fits[2]!],
] as const) {
  const test = await bootstrapLikelihoodRatio(table, smaller, larger, { replicates: 99, runner });
  output[`likelihood ratio, ${smaller.model.classes} against ${larger.model.classes} classes`] = {
    seconds: test.elapsedSeconds,
    statistic: test.statistic,
    p: test.p,
  };
  console.log(
    `${smaller.model.classes} against ${larger.model.classes} classes: ${test.statistic.toFixed(1)}, p ${test.p}, ${test.elapsedSeconds.toFixed(1)} s`,
  );
}
await runner.close();
mkdirSync(join(ROOT, "benchmarks", "results"), { recursive: true });
writeFileSync(join(ROOT, "benchmarks", "results", "bootstrap.json"), `${JSON.stringify(output, null, 2)}\n`);
process.exitCode = met ? 0 : 1;
