import { describe, expect, it } from "vitest";
import {
  checkEqual,
  coresBusy,
  inWords,
  seconds,
  summarise,
  time,
  wasBusy,
  withMeanBusy,
} from "../../benchmarks/measure.js";
import { MACHINE } from "./fixtures.js";

describe("timing", () => {
  it("summarises by the median, of an even number of runs the mean of the middle two", () => {
    expect(summarise([3, 1, 2])).toEqual({ median: 2, fastest: 1, slowest: 3, runs: [3, 1, 2] });
    expect(summarise([4, 1, 2, 3]).median).toBe(2.5);
  });

  it("leaves warm-ups out, and checks every answer, theirs too", async () => {
    const answers: number[] = [];
    const { runs } = await time(
      3,
      (run) => run,
      (answer) => void answers.push(answer),
      2,
    );
    expect(runs).toHaveLength(3);
    expect(answers).toEqual([0, 0, 1, 2, 3]);
  });

  it("stops at a wrong answer, and at one that is no number", async () => {
    const check = (answer: number) => checkEqual("it", answer, 1, 0.1);
    await expect(time(1, () => 1.2, check)).rejects.toThrow("it: log-likelihood 1.2, expected 1 within 0.1");
    expect(() => check(Number.NaN)).toThrow();
  });

  it("is written with three figures and a unit", () => {
    expect([0.000_123_4, 0.123_45, 1.2345, 12.345, 123.45].map(seconds)).toEqual([
      "0.123 ms",
      "123 ms",
      "1.23 s",
      "12.3 s",
      "123 s",
    ]);
    expect(inWords(summarise([1]))).toBe("1.00 s (one run)");
  });
});

describe("a busy machine", () => {
  it("is one where others use more than a fifth of a core, on average over a run", () => {
    expect(wasBusy(withMeanBusy(MACHINE, [0, 0, 0.4]))).toBe(false);
    expect(wasBusy(withMeanBusy(MACHINE, [0, 0, 1.6]))).toBe(true);
    expect(wasBusy({ ...MACHINE, loadAverage: 3 })).toBe(true);
    expect(withMeanBusy(MACHINE, [0, 0, 1]).coresBusy).toBe(0.25);
  });

  it("is looked at for half a second", () => {
    const begin = performance.now();
    expect(coresBusy()).toBeGreaterThanOrEqual(0);
    expect(performance.now() - begin).toBeGreaterThan(450);
  });
});
