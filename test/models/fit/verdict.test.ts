import { describe, expect, test } from "vitest";
import { judge, type VerdictEvidence } from "../../../src/models/fit/verdict.js";
import type { StartsSummary } from "../../../src/models/result.js";

const starts = (replicatedBest: number): StartsSummary => ({
  tried: 100,
  drawnLater: 0,
  groupings: 90,
  finalists: 20,
  converged: 20,
  refused: 0,
  refusedWhenScreened: 0,
  replicatedBest,
  distinctMaxima: 3,
  logLikelihoods: [],
  screenedLogLikelihoods: [],
  fewerClasses: null,
});
const sound: VerdictEvidence = {
  gradientCriterion: 1e-14,
  gradientTolerance: 1e-8,
  smallestCurvature: 0.3,
  emptyClasses: [],
  boundary: [],
  separated: false,
  unidentified: [],
  degenerate: false,
  fewerIsBetter: false,
  starts: starts(20),
};
const names = (change: Partial<VerdictEvidence>): string[] =>
  judge({ ...sound, ...change }).verdicts.map((v) => v.name);

describe("verdicts", () => {
  test.each<[string[], Partial<VerdictEvidence>]>([
    [["converged"], {}],
    [["converged"], { starts: null }],
    [["best value not replicated"], { starts: starts(1) }],
    [["stopped early"], { gradientCriterion: 1e-3 }],
    [["stopped early"], { gradientCriterion: Number.NaN }],
    [["stopped early", "not identified"], { smallestCurvature: -0.1 }],
    [["not identified"], { smallestCurvature: 1e-9 }],
    [["not identified"], { separated: true }],
    [["converged on a boundary"], { boundary: ["time"] }],
    // No curvature along what has vanished is no news.
    [["converged on a boundary"], { boundary: ["time"], smallestCurvature: 0 }],
    [["class vanished"], { emptyClasses: [2], smallestCurvature: 0 }],
    [["fewer classes fit better"], { fewerIsBetter: true }],
    [["likelihood unbounded"], { degenerate: true }],
    [
      ["likelihood unbounded"],
      { degenerate: true, gradientCriterion: 1, smallestCurvature: 0, emptyClasses: [1], starts: starts(0) },
    ],
    [
      ["class vanished", "stopped early", "converged on a boundary", "best value not replicated"],
      { emptyClasses: [2], gradientCriterion: 1, boundary: ["time"], starts: starts(1) },
    ],
  ])("%j", (expected, change) => {
    expect(names(change)).toEqual(expected);
  });

  test("converged means a maximum that exists", () => {
    expect(judge(sound).converged).toBe(true);
    expect(judge({ ...sound, degenerate: true }).converged).toBe(false);
    expect(judge({ ...sound, fewerIsBetter: true }).converged).toBe(false);
    expect(judge({ ...sound, gradientCriterion: 1 }).converged).toBe(false);
    expect(judge({ ...sound, boundary: ["time"] }).converged).toBe(true);
  });

  test("sentences name the classes and effects concerned", () => {
    const { verdicts } = judge({ ...sound, emptyClasses: [2, 3], boundary: ["time", "mood"] });
    expect(verdicts[0]!.sentence).toMatch(/\(classes 2, 3\)\.$/);
    expect(verdicts[1]!.sentence).toMatch(/\(time, mood\)\.$/);
  });

  test("sentences name the parameters that cannot be told apart, the first few of many", () => {
    const sentence = (unidentified: readonly string[]): string =>
      judge({ ...sound, smallestCurvature: 0, unidentified }).verdicts[0]!.sentence;
    expect(sentence([])).toMatch(/equally well\.$/);
    expect(sentence(["x@1", "x@2"])).toMatch(/equally well \(x@1, x@2\)\.$/);
    expect(sentence([..."abcdefgh"])).toMatch(/\(a, b, c, d, e, f and 2 more\)\.$/);
  });
});
