import { expect, it } from "vitest";
import type { FitJob, Progress } from "../../../src/models/jobs/job.js";
import { costOf, startProgress } from "../../../src/models/jobs/progress.js";

const job = (index: number, cost?: number): FitJob => ({
  index,
  task: "any",
  label: `job ${index}`,
  dataKey: "data-0",
  input: null,
  ...(cost === undefined ? {} : { cost }),
});

it("estimates the time left from the cost finished, not from the number of jobs", () => {
  const seen: Progress[] = [];
  let clock = 5000;
  const jobs = [job(0, 6), job(1, 3), job(2)];
  const meter = startProgress(jobs, { stage: "s", onProgress: (p) => seen.push(p) }, () => clock);
  clock += 1200;
  meter.finished(jobs[0]!);
  clock += 600;
  meter.finished(jobs[1]!);
  clock += 200;
  meter.finished(jobs[2]!);
  expect(seen.map((p) => p.elapsedSeconds)).toEqual([0, 1.2, 1.8, 2]);
  expect(seen[0]!.remainingSeconds).toBeNull();
  expect(seen[1]!.remainingSeconds).toBeCloseTo(0.8, 12);
  expect(seen[2]!.remainingSeconds).toBeCloseTo(0.2, 12);
  expect(seen[3]!.remainingSeconds).toBe(0);
});

it("a cost that is no positive number counts as 1", () => {
  expect([job(0), job(0, 0), job(0, -3), job(0, Number.NaN), job(0, 2.5)].map(costOf)).toEqual([
    1, 1, 1, 1, 2.5,
  ]);
});
