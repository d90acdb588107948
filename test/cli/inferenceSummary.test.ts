import { beforeAll, describe, expect, it } from "vitest";
import { inferenceSummary } from "../../src/cli/inferenceSummary.js";
import { fit } from "../../src/models/fitModel.js";
import type { FurtherInference } from "../../src/report/input.js";
import { furtherInference, NO_INFERENCE } from "../../src/study/inference.js";
import { cohort, QUICK, twoKinds } from "../models/helpers.js";

const flat = (text: string): string => text.replace(/\s+/g, " ");

let inference: FurtherInference;
beforeAll(async () => {
  const table = cohort(60, 4, twoKinds);
  const result = await fit(table, { outcome: "score", time: "time", random: "1", classes: 2 }, QUICK);
  inference = await furtherInference(table, result, {
    ...NO_INFERENCE,
    profile: true,
    bootstrap: 5,
    tests: ["time@1 = time@2", "var((Intercept)) = 0"],
    influence: 2,
  });
});

describe("the summary of further inference", () => {
  it("is empty where nothing was asked for", () => {
    expect(inferenceSummary({})).toBe("");
    // In a study: none of the hypotheses can be asked of the chosen model.
    expect(inferenceSummary({ tests: [] })).toBe("");
  });

  it("gives each test its statistic, or the reason why there is none", () => {
    const text = flat(inferenceSummary({ tests: inference.tests! }));
    const [slopes] = inference.tests!;
    expect(text).toContain(
      `time@1 - time@2 = 0 ${slopes!.estimates[0]!.toFixed(4)} χ²(1) = ${slopes!.statistic!.toFixed(2)} < .001`,
    );
    expect(text).toContain("Not tested - var((Intercept)) = 0: var((Intercept)): a variance of zero");
  });

  it("says that tests are by robust errors", () => {
    const [slopes] = inference.tests!;
    const robust = inferenceSummary({ tests: [{ ...slopes!, covariance: "robust" }] });
    expect(robust).toContain("Tests asked for (Wald, by robust standard errors)");
    expect(inferenceSummary({ tests: [slopes!] })).not.toContain("robust");
  });

  it("says of profile limits which are bounds and which are not known", () => {
    const [first] = inference.profileIntervals!;
    const text = flat(inferenceSummary({ profileIntervals: [{ ...first!, lower: 0, lowerBoundary: true }] }));
    expect(text).toContain("ends at the bound");
    const unknown = {
      ...first!,
      upper: null,
      reason: { name: "no limit found" as const, sentence: "The data set no limit." },
    };
    const words = flat(inferenceSummary({ profileIntervals: [unknown] }));
    expect(words).toContain("Limits not known - var((Intercept)): The data set no limit.");
    expect(words).not.toContain("bound ");
  });

  it("names what the bootstrap drew, and its classes", () => {
    const text = inferenceSummary({ bootstrap: inference.bootstrap! });
    expect(text).toContain("Bootstrap: people drawn 5 times, 5 used");
    expect(text).toMatch(/^ {2}membership: \(Intercept\) +1 /m);
    expect(text).toMatch(/class +share +SE +95% interval +stability +dissolved/);
    expect(flat(text)).toContain("Percentile intervals need at least");
    expect(text).not.toMatch(/NaN|null|undefined/);
  });

  it("lists the most influential people, or says why there are none", () => {
    const { influence } = inference;
    const text = inferenceSummary({ influence: influence! });
    for (const { personId } of influence!.top) expect(text).toMatch(new RegExp(`^ +${personId} `, "m"));
    const flatFit = { ...influence!, displacement: null, top: [] };
    expect(inferenceSummary({ influence: flatFit })).toContain("the fit is not at a proper maximum");
  });
});
