import { describe, expect, it } from "vitest";
import { regressionSummary } from "../../src/cli/summary.js";
import { makeThreeStep } from "../report/fixtures.js";

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
