import { describe, expect, it } from "vitest";
import type { FitJob, JobRunner, Progress } from "../../src/models/jobs/job.js";
import { createInlineRunner } from "../../src/workers/index.js";
import { createPatientRunner } from "../../src/workers/patient.js";
import { sharedBytes } from "../../src/workers/shared.js";

const TASKS = new URL("./tasks.fixture.mjs", import.meta.url);
const STAGE = { stage: "test" };

function sums(n: number, dataKey: string): FitJob<{ scale: number }>[] {
  return Array.from({ length: n }, (_, index) => ({
    index,
    task: "sum",
    label: `job ${index}`,
    dataKey,
    input: { scale: index + 1 },
  }));
}

/** A patient runner between two that count, on a clock by which a job takes `jobMs`. */
function counted(jobMs: number) {
  const counts = { here: 0, pool: 0, made: 0, poolData: 0 };
  let clock = 0;
  const counting = (which: "here" | "pool"): JobRunner => {
    const inner = createInlineRunner({ tasks: TASKS });
    return {
      ...inner,
      share: (data) => {
        if (which === "pool") counts.poolData++;
        // Keys of another kind, so that keys which are not translated are noticed.
        return `${which} ${inner.share(data)}`;
      },
      release: (key) => inner.release(key.replace(`${which} `, "")),
      run: (jobs, options) => {
        counts[which] += jobs.length;
        clock += jobMs * jobs.length;
        return inner.run(
          jobs.map((job) => ({ ...job, dataKey: job.dataKey.replace(`${which} `, "") })),
          options,
        );
      },
    };
  };
  const makePool = (): JobRunner => {
    counts.made++;
    return counting("pool");
  };
  const runner = createPatientRunner({ here: counting("here"), makePool, workers: 2, now: () => clock });
  return { runner, counts };
}

describe("a patient runner", () => {
  const x = Float64Array.from({ length: 50 }, (_, i) => i / 7);

  it("starts no threads for little work", async () => {
    const { runner, counts } = counted(10);
    await runner.run(sums(20, runner.share({ x })), STAGE);
    expect(counts).toEqual({ here: 20, pool: 0, made: 0, poolData: 0 });
    await runner.close();
  });

  it("goes over to threads in the middle of a run, once, with results and progress as if nothing had happened", async () => {
    const { runner, counts } = counted(100);
    const key = runner.share({ x });
    const reports: Progress[] = [];
    const options = { stage: "sums", onProgress: (progress: Progress) => reports.push(progress) };
    const results = await runner.run(sums(8, key), options);
    expect(counts).toEqual({ here: 3, pool: 5, made: 1, poolData: 1 });
    const plain = createInlineRunner({ tasks: TASKS });
    expect(results).toEqual(await plain.run(sums(8, plain.share({ x })), STAGE));
    expect(reports.at(-1)).toMatchObject({ done: 8, total: 8, remainingSeconds: 0 });
    expect(
      reports.every(({ total }, i) => total === 8 && (reports[i - 1]?.done ?? 0) <= reports[i]!.done),
    ).toBe(true);

    await runner.run(sums(2, key), STAGE);
    expect(counts).toEqual({ here: 3, pool: 7, made: 1, poolData: 1 });
    runner.release(key);
    await expect(runner.run(sums(2, key), STAGE)).rejects.toThrow(/no data are shared/);
    await runner.close();
  });

  it("counts the work of all runs, and does the last job of one where it is", async () => {
    const { runner, counts } = counted(200);
    const key = runner.share({ x });
    await runner.run(sums(1, key), STAGE);
    await runner.run(sums(2, key), STAGE);
    expect(counts).toMatchObject({ here: 3, made: 0 });
    await runner.run(sums(2, key), STAGE);
    expect(counts).toMatchObject({ here: 3, pool: 2, made: 1 });
    await runner.close();
  });

  it("starts threads at once for large data", async () => {
    const { runner, counts } = counted(1);
    const key = runner.share({ x, more: [{ rows: new Float64Array(100_000) }] });
    await runner.run(sums(2, key), STAGE);
    expect(counts).toEqual({ here: 0, pool: 2, made: 1, poolData: 1 });
    await runner.close();
  });

  it("starts threads at once for a job that they can share", async () => {
    const { runner, counts } = counted(1);
    const [job] = sums(1, runner.share({ x }));
    await runner.run([{ ...job!, parts: 2 }], STAGE);
    expect(counts).toEqual({ here: 0, pool: 1, made: 1, poolData: 1 });
    await runner.close();
  });

  it("stops where it is cancelled, and makes no threads for what is left", async () => {
    const { runner, counts } = counted(100);
    const results = await runner.run(sums(6, runner.share({ x })), {
      stage: "test",
      signal: AbortSignal.abort(),
    });
    expect(results).toEqual(new Array(6).fill(undefined));
    expect(counts.made).toBe(0);
    await runner.close();
  });

  it("makes no threads once it is closed", async () => {
    const { runner, counts } = counted(1);
    const key = runner.share({ x: new Float64Array(100_000) });
    await runner.close();
    await expect(runner.run(sums(2, key), STAGE)).rejects.toThrow(/closed/);
    expect(counts.made).toBe(0);
  });
});

describe("sharedBytes", () => {
  it("counts every array once, at any depth", () => {
    const a = new Float64Array(10);
    expect(
      sharedBytes({
        a,
        again: a,
        list: [{ b: new Int32Array(3) }],
        map: new Map([["c", new Uint8Array(5)]]),
      }),
    ).toBe(97);
  });
});
