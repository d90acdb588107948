import { describe, expect, test } from "vitest";
import { bootstrapLikelihoodRatio } from "../../src/models/bootstrapLikelihoodRatio.js";
import { fit } from "../../src/models/fitModel.js";
import type { FitResult } from "../../src/models/result.js";
import { cohort, expectAllFinite, ordinary, problemsOf, QUICK, twoKinds } from "./helpers.js";

const base = { outcome: "score", time: "time", fixed: "1 + time", random: "1 + time" };

async function fits(table: Parameters<typeof fit>[0], from: number): Promise<[FitResult, FitResult]> {
  return [
    await fit(table, { ...base, classes: from }, QUICK),
    await fit(table, { ...base, classes: from + 1 }, QUICK),
  ];
}

const options = { replicates: 39, startsPerReplicate: 2 };

test("two kinds of people are two classes, not one and not three", async () => {
  const table = cohort(150, 5, twoKinds);
  const [one, two] = await fits(table, 1);
  const [, three] = await fits(table, 2);
  const first = await bootstrapLikelihoodRatio(table, one, two, options);
  expectAllFinite(first);
  expect(first.statistic).toBeCloseTo(2 * (two.logLikelihood - one.logLikelihood), 10);
  // Nothing that one class makes comes near: 1 / (39 + 1).
  expect(first.p).toBe(1 / 40);
  expect(first.replicates).toEqual({ requested: 39, finished: 39, used: 39, failed: [] });
  expect(first.sentence).toContain("2 classes describe the data better than 1 class");
  expect(Math.min(...first.statistics)).toBeGreaterThanOrEqual(0);
  const second = await bootstrapLikelihoodRatio(table, two, three, options);
  expect(second.p!).toBeGreaterThan(0.05);
  expect(second.sentence).toContain("do not show that 3 classes are needed");
});

describe("one kind of people", () => {
  const table = cohort(120, 5, ordinary);

  test("p counts the samples at least as extreme, the data among them", async () => {
    const [one, two] = await fits(table, 1);
    const own = await bootstrapLikelihoodRatio(table, one, two, options);
    expect(own.p!).toBeGreaterThan(0.05);
    const extreme = own.statistics.filter((value) => value >= own.statistic).length;
    expect(own.p).toBe((extreme + 1) / 40);
    expect(own.pStandardError).toBeCloseTo(Math.sqrt((own.p! * (1 - own.p!)) / 40), 12);
    const again = await bootstrapLikelihoodRatio(table, one, two, { ...options, replicates: 10 });
    expect(again.statistics).toEqual(own.statistics.slice(0, 10));
    expect(again.advice).toContain("ask for at least 99");
  });

  test("a formula is the same model however it is spaced", async () => {
    const [one, two] = await fits(table, 1);
    const spaced = await fit(table, { ...base, fixed: "1+time", random: "1+time", classes: 2 }, QUICK);
    const few = { replicates: 2, startsPerReplicate: 1 };
    const own = await bootstrapLikelihoodRatio(table, one, two, few);
    expect((await bootstrapLikelihoodRatio(table, one, spaced, few)).statistics).toEqual(own.statistics);
    const other = await fit(table, { ...base, random: "1", classes: 2 }, QUICK);
    const problems = await problemsOf(() => bootstrapLikelihoodRatio(table, one, other, few));
    expect(problems[0]!.message).toBe("The models differ in random.");
  });

  test("more starts never make a statistic smaller", async () => {
    const [one, two] = await fits(table, 1);
    const few = await bootstrapLikelihoodRatio(table, one, two, { replicates: 12, startsPerReplicate: 0 });
    const many = await bootstrapLikelihoodRatio(table, one, two, { replicates: 12, startsPerReplicate: 8 });
    many.statistics.forEach((value, b) => {
      expect(value).toBeGreaterThanOrEqual(few.statistics[b]!);
    });
  });

  test("a larger model that fits worse has no p", async () => {
    const [one, two] = await fits(table, 1);
    const worse = { ...two, logLikelihood: one.logLikelihood - 3 };
    const own = await bootstrapLikelihoodRatio(table, one, worse, { replicates: 2 });
    expect(own.p).toBeNull();
    expect(own.sentence).toContain("its estimation is not finished");
  });

  test("models that differ otherwise are refused", async () => {
    const [one, two] = await fits(table, 1);
    const free = await fit(table, { ...base, classes: 3, covariance: "free" }, QUICK);
    const codes = async (a: FitResult, b: FitResult): Promise<string[]> =>
      (await problemsOf(() => bootstrapLikelihoodRatio(table, a, b))).map(({ code }) => code);
    expect(await codes(one, free)).toEqual(["not-one-class-more", "different-models"]);
    expect(await codes(two, one)).toEqual(["not-one-class-more"]);
    expect(await codes(two, free)).toEqual(["different-models"]);
  });
});
