import { describe, expect, it } from "vitest";
import { fitSummary, regressionSummary } from "../../src/cli/summary.js";
import type { FitResult } from "../../src/models/result.js";
import { makeFit, makeThreeStep } from "../report/fixtures.js";

const flat = (text: string): string => text.replace(/\s+/g, " ");

/** A fit of PHQ-9 whose first class ends below the range. */
function leaving(entropy: number): FitResult {
  const fit = makeFit({ classes: 2 });
  const [first, second] = fit.classes;
  const { time, mean } = first!.meanTrajectory;
  const below = {
    ...first!.meanTrajectory,
    mean: mean.map((value, i) => (i === time.length - 1 ? -2.5 : value)),
  };
  return {
    ...fit,
    model: { ...fit.model, outcome: "phq9" },
    warnings: ["A warning of the fit."],
    criteria: { ...fit.criteria, entropy },
    classes: [{ ...first!, meanTrajectory: below }, second!],
  };
}

describe("the summary of a fit", () => {
  it("has its warnings after the verdict and before every number", () => {
    const text = fitSummary(leaving(0.9));
    const at = text.indexOf("A warning of the fit.");
    expect(at).toBeGreaterThan(0);
    expect(at).toBeLessThan(text.indexOf("log-likelihood"));
    expect(at).toBeLessThan(text.indexOf("Fixed effects"));
    expect(text.split("A warning of the fit.")).toHaveLength(2);
  });

  it("says when a mean leaves the range of a known measure", () => {
    const fit = leaving(0.9);
    const last = fit.classes[0]!.meanTrajectory.time.at(-1);
    expect(flat(fitSummary(fit))).toContain(
      `The fitted mean of class 1 leaves the range of the PHQ-9 (0 to 27) within the observed times: -2.5 at ${fit.model.time} ${last}.`,
    );
    expect(fitSummary({ ...fit, model: { ...fit.model, outcome: "mood" } })).not.toContain(
      "leaves the range",
    );
    expect(flat(fitSummary(fit))).not.toContain("fitted mean of class 2");
  });

  it("says that classes overlap when entropy is below .6", () => {
    expect(fitSummary(leaving(0.59))).toContain("The classes overlap (entropy 0.59)");
    expect(fitSummary(leaving(0.6))).not.toContain("overlap");
  });
});

describe("the summary of a regression", () => {
  it("says each verdict once, though warnings hold it again", () => {
    const verdict = {
      name: "converged on a boundary",
      sentence: "age: separated.",
      advice: "Look.",
    } as const;
    const text = regressionSummary({
      ...makeThreeStep(2),
      convergence: { converged: true, verdicts: [verdict] },
      warnings: ["age: separated. Look.", "Another."],
    });
    expect(text.split("age: separated.")).toHaveLength(2);
    expect(text).toContain("Another.");
  });
});
