import { describe, expect, it } from "vitest";
import { summarise } from "../../benchmarks/measure.js";
import { compareTimings, logSpread } from "../../benchmarks/suite/noise.js";
import { createStream } from "../../src/core/random.js";
import { runsAround } from "./fixtures.js";

/** Times whose logarithms are normal. */
function draws(seed: number, median: number, sd: number, count: number) {
  const stream = createStream(seed);
  return summarise(Array.from({ length: count }, () => median * Math.exp(sd * stream.normal())));
}

describe("the noise band", () => {
  it.each([3, 4, 9, 15])("estimates the spread of %i runs without much bias", (count) => {
    const spreads = Array.from({ length: 400 }, (_, seed) => logSpread(draws(seed, 2, 0.1, count)));
    const mean = spreads.reduce((sum, value) => sum + value, 0) / spreads.length;
    // The median absolute deviation of few runs is a little small (Croux & Rousseeuw 1992).
    expect(mean).toBeGreaterThan(0.085);
    expect(mean).toBeLessThan(0.108);
  });

  it.each([3, 9, 15])("calls one program the same as itself 99 times in 100, from %i runs each", (count) => {
    const changed = Array.from({ length: 2000 }, (_, i) =>
      compareTimings(draws(2 * i, 1, 0.05, count), draws(2 * i + 1, 1, 0.05, count)),
    ).filter(({ verdict }) => verdict !== "same").length;
    expect(changed).toBeLessThan(20);
  });

  it("is never narrower than 5%, and finds what is beyond it in both directions", () => {
    const exact = (seconds: number) => runsAround(seconds, 0);
    expect(compareTimings(exact(1), exact(1.04)).verdict).toBe("same");
    expect(compareTimings(exact(1), exact(1.06)).verdict).toBe("slower");
    expect(compareTimings(exact(1.06), exact(1)).verdict).toBe("faster");
  });

  it("widens with the spread of either", () => {
    const steady = runsAround(1, 0.001);
    const noisy = runsAround(1, 0.1);
    expect(compareTimings(steady, noisy).band).toBeGreaterThan(compareTimings(steady, steady).band);
    expect(compareTimings(noisy, steady).band).toBeCloseTo(compareTimings(steady, noisy).band, 12);
    expect(compareTimings(noisy, runsAround(1.15, 0.1)).verdict).toBe("same");
  });

  it("takes one run as uncertain by a tenth", () => {
    const { band } = compareTimings(summarise([1]), summarise([1]));
    expect(Math.log(band)).toBeCloseTo(4 * 1.2533 * 0.1 * Math.SQRT2, 10);
  });
});
