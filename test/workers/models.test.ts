import { expect, it } from "vitest";
import { fit as fitModel } from "../../src/models/index.js";
import { simulateTable } from "../../src/simulate/index.js";
import { createRunner } from "../../src/workers/index.js";

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
    results.push({ ...result, elapsedSeconds: 0 });
  }
  for (const result of results.slice(1)) expect(result).toEqual(results[0]);
});
