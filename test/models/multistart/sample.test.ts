import { describe, expect, test } from "vitest";
import { fit } from "../../../src/models/fitModel.js";
import { SAMPLE_PERSONS, samplePersons } from "../../../src/models/multistart/sample.js";
import { convergeStart, fitGrowthCurve, screenStart } from "../../../src/models/multistart/startTasks.js";
import { buildProblem } from "../../../src/models/problem.js";
import { resolveSpec } from "../../../src/models/spec.js";
import { cohort, twoKinds } from "../helpers.js";

const SPEC = { outcome: "score", time: "time", fixed: "1 + time", random: "1", classes: 2 } as const;
const MANY = 2 * SAMPLE_PERSONS;
const table = cohort(MANY, (person) => 2 + (person % 2), twoKinds);
const problem = buildProblem(table, resolveSpec(SPEC));

describe("the sample of people", () => {
  test("is the same for the same seed, and of people all over the data", () => {
    const sample = samplePersons(problem.data, 5)!;
    const { personIndex, nPatterns, patternStart } = sample.data.moments;
    expect(sample.ratio).toBe(2);
    expect(samplePersons(problem.data, 5)!.data.moments.personIndex).toEqual(personIndex);
    expect(samplePersons(problem.data, 6)!.data.moments.personIndex).not.toEqual(personIndex);
    expect(new Set(personIndex).size).toBe(SAMPLE_PERSONS);
    // Both patterns of occasions have half of the people, in the sample too, and whoever comes every third time is no rarer in it.
    expect(nPatterns).toBe(2);
    expect(patternStart[1]! / SAMPLE_PERSONS).toBeCloseTo(0.5, 3);
    expect(personIndex.filter((i) => i % 3 === 0).length / SAMPLE_PERSONS).toBeCloseTo(1 / 3, 1.7);
  });

  test("is not drawn of fewer people than twice its size", () => {
    const moments = { ...problem.data.moments, nPersons: MANY - 1 };
    expect(samplePersons({ ...problem.data, moments }, 5)).toBeNull();
  });
});

test("a search that begins on the sample ends on the maximum of everybody", async () => {
  const shape = resolveSpec(SPEC);
  const oneClass = fitGrowthCurve(problem.data, { shape, maxIterations: 200 }).x;
  const start = screenStart(problem.data, { shape, oneClass, seed: 9, index: 0, iterations: 12 });
  const direct = convergeStart(problem.data, { ...start, shape, maxIterations: 200 });
  const result = await fit(table, SPEC, { startsInitial: 4, startsFinal: 2, seed: 9 });
  const shift = problem.data.moments.nObservations * Math.log(problem.design.stored.scaling.outcomeSd);
  expect(Math.abs(result.logLikelihood - (direct.logLikelihood - shift))).toBeLessThan(1e-6);
  expect(result.convergence.verdicts).toMatchObject([{ name: "converged" }]);
  expect(result.starts!.finalists).toBeGreaterThanOrEqual(2);
  // Finalists are told at their value on everybody, what was screened on the scale of everybody.
  for (const value of result.starts!.logLikelihoods)
    expect(value).toBeLessThanOrEqual(result.logLikelihood + 1e-6);
  const screened = result.starts!.screenedLogLikelihoods[0]!;
  expect(Math.abs(screened / result.logLikelihood - 1)).toBeLessThan(0.02);
});
