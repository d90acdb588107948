import { afterEach, describe, expect, it } from "vitest";
import type { FitJob, JobRunner } from "../../src/models/jobs/job.js";
import { createInlineRunner, createPool } from "../../src/workers/index.js";

const TASKS = new URL("./team.fixture.mjs", import.meta.url);
/** As in the fixture. */
const BEGUN = 0;
const GO = 1;
const LED = 2;
const STAGE = { stage: "test" };
const open: JobRunner[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((made) => made.close()));
});

function runner(workers: number): JobRunner {
  const made = workers === 0 ? createInlineRunner({ tasks: TASKS }) : createPool({ workers, tasks: TASKS });
  open.push(made);
  return made;
}

function share(made: JobRunner): { key: string; flags: Int32Array } {
  const flags = new Int32Array(new SharedArrayBuffer(64));
  const x = Float64Array.from({ length: 1000 }, (_, i) => Math.sqrt(i + 1));
  return { key: made.share({ flags, x }), flags };
}

const INPUTS = { inputs: [1, 2, 3, 4, 5] };

function job(dataKey: string, task: string, input: unknown = INPUTS, index = 0): FitJob {
  return { index, task, label: `job ${index}`, dataKey, input, parts: 8 };
}

type WaitAsync = (array: Int32Array, index: number, value: number) => { value: Promise<string> | string };

async function raised(array: Int32Array, index: number, least = 1): Promise<void> {
  const { waitAsync } = Atomics as unknown as { waitAsync: WaitAsync };
  for (let value = Atomics.load(array, index); value < least; value = Atomics.load(array, index))
    await waitAsync(array, index, value).value;
}

function raise(array: Int32Array, index: number): void {
  Atomics.add(array, index, 1);
  Atomics.notify(array, index);
}

/** What the calling thread computes alone. */
async function expected(): Promise<unknown> {
  const made = runner(0);
  return (await made.run([job(share(made).key, "passes")], STAGE))[0];
}

/** Both threads of a pool can be at work at once: none is lost, or busy with something else. */
async function expectBothThreadsFree(made: JobRunner): Promise<void> {
  const { key } = share(made);
  const input = { started: 5, go: 5, least: 2 };
  expect(await made.run([job(key, "hold", input), job(key, "hold", input, 1)], STAGE)).toEqual([
    "held",
    "held",
  ]);
}

describe("parts of a job's work", () => {
  it("are done by whoever has nothing else to do, and have the same bits", async () => {
    const alone = await expected();
    for (const workers of [1, 2, 4]) {
      const made = runner(workers);
      const { key, flags } = share(made);
      const helped: number[] = [];
      const input = { ...INPUTS, assistant: workers === 1 ? "none" : "helps" };
      const [output] = await made.run([job(key, "passes", input)], {
        ...STAGE,
        onPlaced: ({ index }, place) => place === "severalWorkers" && helped.push(index),
      });
      expect(output).toEqual(alone);
      expect(helped).toEqual(workers === 1 ? [] : [0]);
      expect(Atomics.load(flags, BEGUN) > 0).toBe(workers > 1);
    }
  });

  it.each(["dies", "throws"])(
    "are done again where an assistant %s in the middle of one",
    async (assistant) => {
      const made = runner(2);
      const { key, flags } = share(made);
      expect(await made.run([job(key, "passes", { ...INPUTS, assistant })], STAGE)).toEqual([
        await expected(),
      ]);
      expect(Atomics.load(flags, BEGUN)).toBeGreaterThan(0);
      await expectBothThreadsFree(made);
    },
  );

  it("that come late are in nobody's way", async () => {
    const made = runner(2);
    const { key } = share(made);
    const input = { ...INPUTS, assistant: "is late" };
    expect(await made.run([job(key, "passes", input)], STAGE)).toEqual([await expected()]);
  });

  it("of a job whose thread dies are done by its successor", async () => {
    const made = runner(2);
    const { key, flags } = share(made);
    expect(await made.run([job(key, "leaderDies")], STAGE)).toEqual([await expected()]);
    expect(Atomics.load(flags, LED)).toBe(2);
    await expectBothThreadsFree(made);
  });

  it("that no team has room for are done alone", async () => {
    const made = runner(2);
    const { key } = share(made);
    const many = { ...INPUTS, assistant: "none", nParts: 40 };
    const [together] = await made.run([job(key, "passes", many)], STAGE);
    const alone = runner(0);
    expect(together).toEqual((await alone.run([job(share(alone).key, "passes", many)], STAGE))[0]);
  });
});

describe("assistants", () => {
  it("leave when the run is cancelled", async () => {
    const made = runner(2);
    const { key, flags } = share(made);
    const controller = new AbortController();
    const run = made.run([job(key, "leadUntil")], { ...STAGE, signal: controller.signal });
    await raised(flags, BEGUN);
    controller.abort();
    expect(await run).toEqual([undefined]);
    await expectBothThreadsFree(made);
  });

  it("give their thread to the job of another run", async () => {
    const made = runner(2);
    const { key, flags } = share(made);
    const long = made.run([job(key, "leadUntil")], STAGE);
    await raised(flags, BEGUN);
    // Waits for what only this test does, so both threads are needed.
    const other = made.run([job(key, "hold", { started: 5, go: 6, least: 1 }, 7)], STAGE);
    await raised(flags, 5);
    raise(flags, 6);
    expect(await other).toEqual(["held"]);
    const before = Atomics.load(flags, BEGUN);
    await raised(flags, BEGUN, before + 1);
    raise(flags, GO);
    expect(await long).toEqual([await expected()]);
  });

  it("go to the last job running, after the others", async () => {
    const made = runner(2);
    const { key, flags } = share(made);
    const helped: number[] = [];
    const run = made.run([job(key, "leadUntil"), job(key, "hold", { started: 5, go: LED, least: 1 }, 1)], {
      ...STAGE,
      onPlaced: ({ index }, place) => place === "severalWorkers" && helped.push(index),
    });
    await raised(flags, BEGUN);
    raise(flags, GO);
    expect(await run).toEqual([await expected(), "held"]);
    expect(helped).toEqual([0]);
  });

  it("end with their pool", async () => {
    const made = runner(2);
    const { key, flags } = share(made);
    const message = made.run([job(key, "leadUntil")], STAGE).catch((error: Error) => error.message);
    await raised(flags, BEGUN);
    await made.close();
    expect(await message).toBe("job 0 was not done: the runner was closed");
  });
});
