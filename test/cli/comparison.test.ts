import { beforeAll, describe, expect, it } from "vitest";
import { compareStored, comparisonSummary, distributionWords } from "../../src/cli/comparison.js";
import { fit } from "../../src/models/fitModel.js";
import type { FitResult } from "../../src/models/result.js";
import type { ModelSpecInput } from "../../src/models/spec.js";
import { cohort, ordinary, problemsOf } from "../models/helpers.js";

const people = cohort(60, 5, ordinary);
const fitted = (changes: Partial<ModelSpecInput>): Promise<FitResult> =>
  fit(people, { outcome: "score", time: "time", ...changes });

let intercepts: FitResult;
let slopes: FitResult;
let logarithm: FitResult;
beforeAll(async () => {
  intercepts = await fitted({ random: "1" });
  slopes = await fitted({ random: "1 + time" });
  logarithm = await fitted({ fixed: "1 + log(time + 1)", random: "1 + time" });
});

describe("compareStored", () => {
  it("takes the larger model less the smaller", () => {
    const { differences, likelihoodRatio } = compareStored(intercepts, slopes);
    // AIC = -2l + 2d.
    expect(differences.aic).toBeCloseTo(-likelihoodRatio!.statistic + 2 * likelihoodRatio!.df, 8);
  });

  it("compares models that are not nested by criteria alone", () => {
    const comparison = compareStored(intercepts, logarithm);
    expect(comparison.likelihoodRatio).toBeNull();
    expect(comparison.notNested).toContain("lacks");
    const text = comparisonSummary(
      { path: "a.json", fit: intercepts },
      { path: "b.json", fit: logarithm },
      { ...comparison, bootstrap: null },
    );
    expect(text).toContain("No likelihood-ratio test");
    expect(text).toMatch(/^ {2}b\.json +growth curve/m);
  });

  it("refuses the larger model first, and other data", async () => {
    expect((await problemsOf(() => compareStored(slopes, intercepts)))[0]!.fix).toBe("Change their places.");
    const other = await fit(cohort(59, 5, ordinary), { outcome: "score", time: "time", random: "1" });
    expect((await problemsOf(() => compareStored(other, slopes)))[0]!.code).toBe("different-data");
  });
});

describe("distributionWords", () => {
  it.each([
    [{ kind: "chi-square", df: 1 }, "chi-square with 1 degree of freedom"],
    [{ kind: "mixture", df: [0, 1] }, "half chi-square with 0, half with 1 degree of freedom (a variance"],
    [{ kind: "bounds", lower: [1, 2], upper: [2, 3] }, "between half chi-square with 1, half with 2"],
    [{ kind: "unknown" }, "not known"],
  ] as const)("words %j", (distribution, words) => {
    expect(distributionWords(distribution)).toContain(words);
  });
});
