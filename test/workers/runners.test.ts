import { spawnSync } from "node:child_process";
import { afterEach, describe, expect, it } from "vitest";
import { InputError, RunFailure } from "../../src/core/errors.js";
import type { FitJob, JobRunner, Progress } from "../../src/models/jobs/job.js";
import { createInlineRunner, createPool, createRunner, MAX_WORKERS } from "../../src/workers/index.js";

const TASKS = new URL("./tasks.fixture.mjs", import.meta.url);
const open: JobRunner[] = [];

function runner(workers: number, heapLimitMb?: number): JobRunner {
  const made =
    workers === 0
      ? createInlineRunner({ tasks: TASKS })
      : createPool({ workers, tasks: TASKS, ...(heapLimitMb === undefined ? {} : { heapLimitMb }) });
  open.push(made);
  return made;
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((made) => made.close()));
});

function job<Input = unknown>(
  index: number,
  task: string,
  dataKey: string,
  input: Input,
  cost?: number,
): FitJob<Input> {
  return { index, task, label: `job ${index}`, dataKey, input, ...(cost === undefined ? {} : { cost }) };
}

/** Flags that tests and threads share. */
function flags(n: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer(4 * n));
}

type WaitAsync = (array: Int32Array, index: number, value: number) => { value: Promise<string> | string };

/** Waits, without blocking the event loop, until a flag is at least `least`. */
async function raised(array: Int32Array, index: number, least = 1): Promise<void> {
  const { waitAsync } = Atomics as unknown as { waitAsync: WaitAsync };
  for (let value = Atomics.load(array, index); value < least; value = Atomics.load(array, index))
    await waitAsync(array, index, value).value;
}

function raise(array: Int32Array, index: number): void {
  Atomics.add(array, index, 1);
  Atomics.notify(array, index);
}

/** The error that a promise rejects with; fails when it does not. */
async function rejection(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error("expected a rejection");
}

const STAGE = { stage: "test" };

describe("results", () => {
  it("are in job order and bit-identical with 0, 1, 2 and 4 workers, whatever the costs", async () => {
    const x = Float64Array.from({ length: 1000 }, (_, i) => Math.sqrt(i));
    const runs: unknown[] = [];
    for (const workers of [0, 1, 2, 4]) {
      const made = runner(workers);
      expect(made.workers).toBe(workers);
      const key = made.share({ x });
      const jobs = Array.from({ length: 40 }, (_, i) =>
        job(i, "sum", key, { scale: 1 + i / 7 }, (i * 17) % 11),
      );
      const results = await made.run<{ scale: number }, { scale: number }>(jobs, STAGE);
      expect(results.map((result) => result?.scale)).toEqual(jobs.map((each) => each.input.scale));
      runs.push(results);
    }
    expect(runs[1]).toEqual(runs[0]);
    expect(runs[2]).toEqual(runs[0]);
    expect(runs[3]).toEqual(runs[0]);
  });

  it("no jobs give no results", async () => {
    for (const workers of [0, 1]) expect(await runner(workers).run([], STAGE)).toEqual([]);
  });

  it("several runs at once keep their results apart", async () => {
    const made = runner(2);
    const key = made.share({ flags: flags(1) });
    const run = (name: string): Promise<unknown[]> =>
      made.run(
        [0, 1, 2].map((i) => job(i, "mark", key, { flag: 0, name: `${name}${i}` })),
        STAGE,
      );
    expect(await Promise.all([run("a"), run("b"), run("c")])).toEqual([
      ["a0", "a1", "a2"],
      ["b0", "b1", "b2"],
      ["c0", "c1", "c2"],
    ]);
  });
});

describe("shared data", () => {
  const values = Float64Array.of(1.5, -0, Number.NaN);
  const data = {
    nested: { list: [{ values }], codes: Int32Array.of(3, 1, 2) },
    again: values,
    map: new Map([["column", Float64Array.of(7, 8)]]),
    words: ["a", "b"],
    nothing: null,
  };

  it("reach workers whole, typed arrays on shared memory", async () => {
    const made = runner(1);
    const [seen] = await made.run([job(0, "describe", made.share(data), null)], STAGE);
    expect(seen).toEqual({
      shared: true,
      same: true,
      values: [1.5, -0, Number.NaN],
      codes: [3, 1, 2],
      map: [7, 8],
      words: ["a", "b"],
      nothing: null,
    });
    expect(values.buffer).toBeInstanceOf(ArrayBuffer);
  });

  it("are the same memory for every worker, and for the caller where they were shared already", async () => {
    const made = runner(2);
    const cells = new Float64Array(new SharedArrayBuffer(24));
    const key = made.share({ cells });
    await made.run(
      [0, 1, 2].map((i) => job(i, "write", key, { at: i, value: 10 + i })),
      STAGE,
    );
    expect([...cells]).toEqual([10, 11, 12]);
    expect(
      await made.run(
        [0, 1, 2, 3].map((i) => job(i, "read", key, null)),
        STAGE,
      ),
    ).toEqual([0, 1, 2, 3].map(() => [10, 11, 12]));
  });

  it("that were released or never shared are named with the job", async () => {
    for (const workers of [0, 1]) {
      const made = runner(workers);
      const key = made.share({ cells: Float64Array.of(1) });
      made.release(key);
      made.release(key);
      const error = await rejection(made.run([job(4, "read", key, null)], STAGE));
      expect(error).toBeInstanceOf(RunFailure);
      expect(error.message).toMatch(/^job 4: no data are shared under the key/);
      const other = made.share({ cells: Float64Array.of(2) });
      expect(other).not.toBe(key);
      expect(await made.run([job(0, "read", other, null)], STAGE)).toEqual([[2]]);
    }
  });

  it("that cannot cross threads are refused", () => {
    expect(() => runner(1).share({ f: () => 1 })).toThrow(/cannot be sent to workers/);
  });
});

describe("progress", () => {
  it("is reported at the start and after each job, and ends at nothing left", async () => {
    for (const workers of [0, 2]) {
      const made = runner(workers);
      const key = made.share({ flags: flags(1) });
      const seen: Progress[] = [];
      const jobs = [5, 1, 1, 3].map((cost, i) => job(i, "mark", key, { flag: 0, name: i }, cost));
      await made.run(jobs, { stage: "starts", onProgress: (progress) => seen.push(progress) });
      expect(seen.map((progress) => progress.done)).toEqual([0, 1, 2, 3, 4]);
      expect(seen.every((progress) => progress.total === 4 && progress.stage === "starts")).toBe(true);
      expect(seen[0]?.remainingSeconds).toBeNull();
      expect(seen[2]?.remainingSeconds).toBeGreaterThan(0);
      expect(seen.at(-1)?.remainingSeconds).toBe(0);
    }
  });

  it("a reporter that throws ends the run", async () => {
    for (const workers of [0, 1]) {
      const made = runner(workers);
      const key = made.share({ flags: flags(1) });
      const jobs = [0, 1, 2].map((i) => job(i, "mark", key, { flag: 0, name: i }));
      const error = await rejection(
        made.run(jobs, {
          stage: "starts",
          onProgress: ({ done }) => {
            if (done === 1) throw new Error("pipe closed");
          },
        }),
      );
      expect(error.message).toBe("pipe closed");
    }
  });
});

describe("cancelling", () => {
  it("ends running jobs, begins no more, and keeps what is finished", async () => {
    const made = runner(2);
    const shared = flags(3);
    const key = made.share({ flags: shared });
    const controller = new AbortController();
    const jobs: FitJob[] = [
      job(0, "mark", key, { flag: 0, name: "done" }, 9),
      job(1, "hold", key, { started: 1, go: 2, name: "held" }, 8),
      job(2, "hold", key, { started: 1, go: 2, name: "held too" }, 7),
      job(3, "mark", key, { flag: 0, name: "never begun" }, 6),
    ];
    const run = made.run(jobs, { ...STAGE, signal: controller.signal });
    await raised(shared, 1, 2);
    controller.abort();
    expect(await run).toEqual(["done", undefined, undefined, undefined]);
    expect(Atomics.load(shared, 0)).toBe(1);
    // The threads that were ended are replaced.
    expect(await made.run([job(0, "mark", key, { flag: 0, name: "after" })], STAGE)).toEqual(["after"]);
  });

  it("before the run begins leaves every result undefined", async () => {
    for (const workers of [0, 2]) {
      const made = runner(workers);
      const key = made.share({ flags: flags(1) });
      const jobs = [0, 1].map((i) => job(i, "mark", key, { flag: 0, name: i }));
      expect(await made.run(jobs, { ...STAGE, signal: AbortSignal.abort() })).toEqual([undefined, undefined]);
    }
  });

  it("works between jobs in the calling thread", async () => {
    const made = runner(0);
    const key = made.share({ flags: flags(1) });
    const controller = new AbortController();
    const jobs = [0, 1, 2, 3].map((i) => job(i, "mark", key, { flag: 0, name: i }));
    const results = await made.run(jobs, {
      stage: "test",
      signal: controller.signal,
      onProgress: ({ done }) => {
        // As Ctrl-C does: from the event loop, not from within the job.
        if (done === 2) setImmediate(() => controller.abort());
      },
    });
    expect(results.slice(0, 2)).toEqual([0, 1]);
    expect(results[3]).toBeUndefined();
  });
});

describe("workers that die", () => {
  it.each(["exit", "crash"])("are replaced and the job redone (%s)", async (task) => {
    const made = runner(2);
    const shared = flags(2);
    const key = made.share({ flags: shared, x: Float64Array.of(1) });
    const jobs: FitJob[] = [
      job(0, task, key, { flag: 0, deaths: 2 }),
      ...[1, 2, 3].map((i) => job(i, "mark", key, { flag: 1, name: i })),
    ];
    expect(await made.run(jobs, STAGE)).toEqual(["survived", 1, 2, 3]);
    expect(Atomics.load(shared, 0)).toBe(3);
  });

  it.each([
    ["exit", 1],
    ["crash", 2],
  ])("three times fail the run, naming the job (%s, %d workers)", async (task, workers) => {
    const made = runner(workers);
    const shared = flags(2);
    const key = made.share({ flags: shared });
    const error = await rejection(made.run([job(7, task, key, { flag: 0, deaths: 99 })], STAGE));
    expect(error).toBeInstanceOf(RunFailure);
    expect((error as RunFailure).code).toBe("worker-died");
    expect(error.message).toMatch(/^job 7: its worker died 3 times/);
    expect(Atomics.load(shared, 0)).toBe(3);
    expect(await made.run([job(0, "mark", key, { flag: 1, name: "after" })], STAGE)).toEqual(["after"]);
  });

  it("end the other jobs of a failed run", async () => {
    const made = runner(2);
    const shared = flags(3);
    const key = made.share({ flags: shared });
    const jobs: FitJob[] = [
      job(0, "hold", key, { started: 1, go: 2, name: "" }),
      job(1, "exit", key, { flag: 0, deaths: 99 }),
    ];
    const run = made.run(jobs, STAGE);
    expect((await rejection(run)).message).toMatch(/^job 1: /);
  });

  it("of too little memory are named", async () => {
    const made = runner(1, 24);
    const error = await rejection(made.run([job(2, "exhaust", made.share({}), null)], STAGE));
    expect(error.message).toMatch(/^job 2: its worker died 3 times .*memory/);
  });

  it("before they can take a job end the run too", async () => {
    const made = createPool({ workers: 2, workerFile: new URL("./dies.fixture.mjs", import.meta.url) });
    open.push(made);
    const key = made.share({});
    const error = await rejection(made.run([job(0, "any", key, 0), job(1, "any", key, 0)], STAGE));
    expect(error.message).toMatch(/^job [01]: its worker died 3 times/);
  });
});

describe("errors of tasks", () => {
  it.each([0, 2])("name the job, keep the cause and are not retried (%d workers)", async (workers) => {
    const made = runner(workers);
    const key = made.share({ flags: flags(1) });
    const jobs = [job(0, "throws", key, { thing: "a unicorn" })];
    const error = await rejection(made.run(jobs, STAGE));
    expect(error).toBeInstanceOf(RunFailure);
    expect((error as RunFailure).code).toBe("job-failed");
    expect(error.message).toBe("job 0 failed: no such thing as a unicorn");
    expect((error.cause as Error).name).toBe("RangeError");
    expect((error.cause as Error).stack).toContain("tasks.fixture.mjs");
    expect((await rejection(made.run([job(1, "throwsText", key, 0)], STAGE))).message).toBe(
      "job 1 failed: just text",
    );
  });

  it.each([0, 1])("an InputError passes through with its problems (%d workers)", async (workers) => {
    const made = runner(workers);
    const error = await rejection(made.run([job(0, "refuses", made.share({}), 0)], STAGE));
    expect(error).toBeInstanceOf(InputError);
    expect((error as InputError).problems).toEqual([
      { code: "bad-thing", message: "The thing is bad.", fix: "Fix it." },
    ]);
  });

  it.each([0, 1])(
    "an unknown task is named, also one that every object has (%d workers)",
    async (workers) => {
      const made = runner(workers);
      const key = made.share({});
      for (const task of ["nonsense", "toString"])
        expect((await rejection(made.run([job(3, task, key, 0)], STAGE))).message).toBe(
          `job 3: there is no task named ${task}`,
        );
    },
  );

  it("input or output that cannot cross threads is named", async () => {
    const made = runner(1);
    const key = made.share({ flags: flags(1) });
    const input = await rejection(made.run([job(5, "mark", key, { f: () => 1 })], STAGE));
    expect((input as RunFailure).code).toBe("job-not-sendable");
    expect(input.message).toMatch(/^job 5: its input cannot be sent to a worker/);
    const output = await rejection(made.run([job(6, "returnsFunction", key, 0)], STAGE));
    expect(output).toBeInstanceOf(RunFailure);
    expect(output.message).toMatch(/^job 6: its worker died 3 times/);
  });

  it("a registry that cannot be loaded is named", async () => {
    const nowhere = new URL("./nowhere.mjs", import.meta.url);
    for (const made of [createInlineRunner({ tasks: nowhere }), createPool({ workers: 1, tasks: nowhere })]) {
      open.push(made);
      const error = await rejection(made.run([job(0, "any", made.share({}), 0)], STAGE));
      expect(error.message).toMatch(/^job 0: the tasks in file:.*nowhere\.mjs cannot be loaded/);
    }
  });
});

describe("many jobs and closing", () => {
  it("a thousand small jobs go through, at most one per thread at a time", async () => {
    const made = runner(2);
    const key = made.share({ flags: flags(1) });
    const jobs = Array.from({ length: 1000 }, (_, i) => job(i, "mark", key, { flag: 0, name: i }));
    expect(await made.run(jobs, STAGE)).toEqual(jobs.map((each) => each.index));
  });

  it("closing during a run ends it, naming a job; afterwards nothing runs", async () => {
    const made = runner(1);
    const shared = flags(2);
    const key = made.share({ flags: shared });
    const run = rejection(made.run([job(6, "hold", key, { started: 0, go: 1, name: "" })], STAGE));
    await raised(shared, 0);
    await made.close();
    expect((await run).message).toBe("job 6 was not done: the runner was closed");
    await made.close();
    const inline = runner(0);
    await inline.close();
    for (const closed of [made, inline])
      expect((await rejection(closed.run([job(1, "mark", key, 0)], STAGE))).message).toMatch(/job 1 was not/);
  });

  it("a held job goes on when it is let go", async () => {
    const made = runner(1);
    const shared = flags(2);
    const run = made.run(
      [job(0, "hold", made.share({ flags: shared }), { started: 0, go: 1, name: "let go" })],
      STAGE,
    );
    await raised(shared, 0);
    raise(shared, 1);
    expect(await run).toEqual(["let go"]);
  });
});

describe("a process", () => {
  it.each(["", "await pool.close();"])("ends by itself after its jobs (%s)", (last) => {
    const pool = new URL("../../dist/workers/index.js", import.meta.url).href;
    const script = `
      import { createPool } from ${JSON.stringify(pool)};
      const pool = createPool({ workers: 2, tasks: new URL(${JSON.stringify(TASKS.href)}) });
      const key = pool.share({ flags: new Int32Array(new SharedArrayBuffer(4)) });
      const job = { index: 0, task: "mark", label: "job", dataKey: key, input: { flag: 0, name: "x" } };
      console.log(await pool.run([job], { stage: "test" }));
      pool.release(key);
      ${last}`;
    const run = spawnSync(process.execPath, ["--input-type=module", "--eval", script], {
      timeout: 20_000,
      encoding: "utf8",
    });
    expect(run.stderr).toBe("");
    expect(run.stdout).toBe("[ 'x' ]\n");
    expect(run.status).toBe(0);
  });
});

describe("createRunner", () => {
  it("picks by number and refuses nonsense", async () => {
    expect(createRunner(0).workers).toBe(0);
    const automatic = createRunner("auto");
    open.push(automatic);
    expect(automatic.workers).toBeGreaterThanOrEqual(0);
    for (const workers of [-1, 1.5, Number.NaN, MAX_WORKERS + 1])
      expect(() => createRunner(workers)).toThrow(InputError);
  });
});
