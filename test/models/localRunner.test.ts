import { describe, expect, test } from "vitest";
import { RunFailure } from "../../src/core/errors.js";
import type { FitJob, Progress } from "../../src/models/jobs/job.js";
import { createLocalRunner } from "../../src/models/localRunner.js";
import { buildProblem } from "../../src/models/problem.js";
import { resolveSpec } from "../../src/models/spec.js";
import { cohort, ordinary } from "./helpers.js";

const spec = resolveSpec({ outcome: "score", time: "time" });
const { data } = buildProblem(cohort(20, 4, ordinary), spec);

function jobs(dataKey: string, n: number, task = "growthCurve"): FitJob[] {
  return Array.from({ length: n }, (_, index) => ({
    index,
    task,
    label: `job ${index}`,
    dataKey,
    input: { shape: spec, maxIterations: 100 },
  }));
}

describe("the runner without threads", () => {
  test("runs jobs in order, reports the beginning and each", async () => {
    const runner = createLocalRunner();
    const key = runner.share(data);
    const seen: Progress[] = [];
    const results = await runner.run(jobs(key, 3), { stage: "s", onProgress: (p) => seen.push(p) });
    expect(results).toHaveLength(3);
    expect(results[1]).toEqual(results[0]);
    expect(seen.map(({ stage, done, total }) => [stage, done, total])).toEqual([
      ["s", 0, 3],
      ["s", 1, 3],
      ["s", 2, 3],
      ["s", 3, 3],
    ]);
    expect(seen[3]!.remainingSeconds).toBe(0);
    expect(runner.workers).toBe(0);
  });

  test("stops between jobs when cancelled, and keeps what is done", async () => {
    const runner = createLocalRunner();
    const key = runner.share(data);
    const controller = new AbortController();
    const results = await runner.run(jobs(key, 4), {
      stage: "s",
      signal: controller.signal,
      onProgress: ({ done }) => {
        if (done === 2) controller.abort();
      },
    });
    expect(results.map((r) => r === undefined)).toEqual([false, false, true, true]);
  });

  test("a task or data that do not exist are failures with the job's name", async () => {
    const runner = createLocalRunner();
    const key = runner.share(data);
    await expect(runner.run(jobs(key, 1, "nothing"), { stage: "s" })).rejects.toThrow(/job 0.*nothing/);
    runner.release(key);
    await expect(runner.run(jobs(key, 1), { stage: "s" })).rejects.toThrow(RunFailure);
    await runner.close();
  });
});
