import { afterAll, expect, test } from "vitest";
import { enumerate } from "../../src/models/enumeration.js";
import { fit } from "../../src/models/fitModel.js";
import type { JobRunner } from "../../src/models/jobs/job.js";
import { createLocalRunner } from "../../src/models/localRunner.js";
import type { FitResult } from "../../src/models/result.js";
import { cohort, QUICK, twoKinds, withColumns } from "../models/helpers.js";

// The pool runs the built package, as its users do.
const { createRunner } = (await import(
  new URL("../../dist/workers/index.js", import.meta.url).href
)) as typeof import("../../src/workers/index.js");

const runners: [string, JobRunner][] = [
  ["the models' own", createLocalRunner()],
  ["0 workers", createRunner(0)],
  ["1 worker", createRunner(1)],
  ["2 workers", createRunner(2)],
];
afterAll(() => Promise.all(runners.map(([, runner]) => runner.close())));

const table = withColumns(
  cohort(80, (i) => 3 + (i % 4), twoKinds),
  { age: (_row, _r, person) => ((person * 37) % 50) / 10 },
);
const base = { outcome: "score", time: "time", fixed: "1 + time", random: "1" };

/** Time and place of the work are no part of the answer. */
const timeless = ({ elapsedSeconds: _, execution: __, ...rest }: FitResult): unknown => rest;

test("a fit is the same, bit for bit, wherever it runs", async () => {
  const spec = { ...base, classes: 3, membership: "age", residual: "class" as const };
  const results = [];
  for (const [, runner] of runners) results.push(timeless(await fit(table, spec, { ...QUICK, runner })));
  for (const result of results.slice(1)) expect(result).toEqual(results[0]);
});

test("an enumeration too", async () => {
  const structures = [
    { name: "LCGA", spec: { ...base, random: "0" } },
    { name: "GMM", spec: base },
  ];
  const results = [];
  for (const [, runner] of runners) {
    const result = await enumerate(table, { structures, classes: { from: 1, to: 3 } }, { ...QUICK, runner });
    results.push({ ...result, fits: result.fits.map(timeless) });
  }
  for (const result of results.slice(1)) expect(result).toEqual(results[0]);
});
