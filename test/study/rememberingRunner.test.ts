import { expect, it } from "vitest";
import type { JobRunner } from "../../src/models/jobs/job.js";
import { rememberingRunner } from "../../src/study/rememberingRunner.js";

/** Doubles the input of each job; notes which it ran, and begins no more than some. */
function doubling(most: number, ran: number[]): JobRunner {
  return {
    workers: 0,
    share: () => "key",
    release: () => {},
    close: async () => {},
    run: async <Input, Output>(jobs: readonly { readonly input: Input }[]) =>
      jobs.map(({ input }, i) => {
        if (i >= most) return undefined;
        ran.push(input as number);
        return (2 * (input as number)) as Output;
      }),
  };
}

it("runs only jobs whose results are not known, and gives all in the order of the jobs", async () => {
  const jobs = [5, 6, 7, 8].map((input, index) => ({ index, task: "t", label: "", dataKey: "key", input }));
  const known = new Map<string, unknown>();
  const ran: number[] = [];
  const run = (most: number): Promise<(number | undefined)[]> =>
    rememberingRunner(doubling(most, ran), known).run<number, number>(jobs, { stage: "s" });
  expect(await run(2)).toEqual([10, 12, undefined, undefined]);
  expect(await run(1)).toEqual([10, 12, 14, undefined]);
  expect(await run(9)).toEqual([10, 12, 14, 16]);
  expect(ran).toEqual([5, 6, 7, 8]);
  const other = jobs.map((job) => ({ ...job, task: "u" }));
  expect(await rememberingRunner(doubling(0, ran), known).run(other, { stage: "s" })).not.toContain(10);
});
