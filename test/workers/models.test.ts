import { expect, it } from "vitest";
import { fit as fitModel } from "../../src/models/index.js";
import type { FitSearch } from "../../src/models/multistart/types.js";
import { searchAll } from "../../src/models/multistart.js";
import { buildProblem, shapeOf } from "../../src/models/problem.js";
import { type ModelSpecInput, resolveFitOptions, resolveSpec } from "../../src/models/spec.js";
import { simulateTable } from "../../src/simulate/index.js";
import { createRunner } from "../../src/workers/index.js";
import { withColumns } from "../models/helpers.js";

it.each([
  ["a mixture model", {}],
  ["a model whose constraints name classes", { orders: [2, 0], constraints: ["(Intercept)@1 = 12"] }],
])("%s is the same, bit for bit, in this thread and in 1 and 2 workers", async (_, extra) => {
  const { table } = simulateTable({ nPersons: 300, separation: "well-separated" });
  const model = {
    outcome: "phq9",
    time: "week",
    fixed: "1 + week + week^2",
    random: "1",
    classes: 2,
    ...extra,
  };
  const results: unknown[] = [];
  for (const workers of [0, 1, 2]) {
    const runner = createRunner(workers);
    const result = await fitModel(table, model, { runner, startsInitial: 5, startsFinal: 3, seed: 3 });
    await runner.close();
    const { callingThread, oneWorker, severalWorkers } = result.execution!.jobs;
    expect([callingThread > 0, oneWorker > 0, severalWorkers]).toEqual([workers === 0, workers > 0, 0]);
    results.push({ ...result, elapsedSeconds: 0, execution: undefined });
  }
  for (const result of results.slice(1)) expect(result).toEqual(results[0]);
});

const SHARDED: readonly [string, Partial<ModelSpecInput>][] = [
  ["one class", { classes: 1 }],
  ["a common covariance, irregular times", {}],
  ["a common covariance, regular sessions", { time: "session", fixed: "1 + session", random: "1 + session" }],
  ["covariances of their own and clusters", { residual: "class", membership: "age", cluster: "therapist" }],
  ["residuals by occasion", { time: "session", fixed: "1 + session", residual: "occasion" }],
];

it.each(SHARDED)("people in shards give the same bits in 0, 1 and 2 workers: %s", async (_, extra) => {
  const table = withColumns(simulateTable({ nPersons: 600, separation: "well-separated" }).table, {
    therapist: (_row, _r, person) => person % 20,
  });
  const spec = resolveSpec({
    outcome: "phq9",
    time: "week",
    fixed: "1 + week",
    random: "1",
    classes: 2,
    ...extra,
  });
  const whole = buildProblem(table, spec);
  const problem = { ...whole, data: { ...whole.data, personsPerShard: 64 } };
  const options = resolveFitOptions({ startsInitial: 1, startsFinal: 1, seed: 3 });
  const request = { problem, shape: shapeOf(problem, spec), options, label: "sharded" };
  const searches: FitSearch[] = [];
  for (const workers of [0, 1, 2]) {
    const runner = createRunner(workers);
    let shared: number;
    do {
      const [search] = await searchAll([request], { runner });
      const { execution, ...answer } = search!;
      expect(execution).toMatchObject({ workers, shards: 10 });
      shared = execution.jobs.severalWorkers;
      searches.push({ ...answer, execution: searches[0]?.execution ?? execution });
      // So small a fit can be over before the other thread has come to help.
    } while (workers === 2 && shared === 0);
    await runner.close();
    expect(shared > 0).toBe(workers === 2);
  }
  for (const search of searches.slice(1)) expect(search).toEqual(searches[0]);
});
