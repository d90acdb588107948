import { describe, expect, it } from "vitest";
import { compareResults, comparisonText } from "../../benchmarks/suite/compareResults.js";
import { caseOf, resultsOf, runsAround } from "./fixtures.js";

describe("comparing result files", () => {
  const before = resultsOf([
    caseOf("steady", { fit: runsAround(1, 0.01) }),
    caseOf("changed", { moments: runsAround(2, 0.01), fit: runsAround(2, 0.01) }),
    caseOf("gone", { fit: runsAround(1, 0.01) }),
  ]);
  const after = resultsOf([
    caseOf("steady", { fit: runsAround(1.01, 0.01) }),
    caseOf("changed", { moments: runsAround(1, 0.01), fit: runsAround(3, 0.01) }),
    caseOf("added", { fit: runsAround(1, 0.01) }),
  ]);

  it("judges measure by measure and names what one file lacks", () => {
    const compared = compareResults(before, after);
    expect(compared.measures.map(({ name, verdict }) => [name, verdict])).toEqual([
      ["steady: fit", "same"],
      ["changed: moments", "faster"],
      ["changed: fit", "slower"],
    ]);
    expect(compared.onlyBefore).toEqual(["gone: fit"]);
    expect(compared.onlyAfter).toEqual(["added: fit"]);
    expect(compared.cautions).toEqual([]);
  });

  it("prints a line for each, the verdicts in words", () => {
    const text = comparisonText(compareResults(before, after));
    expect(text).toMatch(/^steady: fit .* x 1\.01 .* within noise$/m);
    expect(text).toMatch(/^changed: fit .* x 1\.50 .* SLOWER$/m);
    expect(text).toContain("only in the baseline: gone: fit");
  });

  it("warns of other machines, busy machines and failures", () => {
    const busy = {
      ...resultsOf(after.cases, { cpu: "Other", coresBusy: 1.5 }),
      failed: [{ name: "x", why: "no" }],
    };
    const { cautions } = compareResults(before, busy);
    expect(cautions).toHaveLength(3);
    expect(cautions.join(" ")).toMatch(/different machines.*busy machine \(1\.5 cores.*x failed: no/);
  });

  it("compares peaks of memory where both have one", () => {
    const peak = (mb: number) =>
      resultsOf([
        caseOf("p", {}, { measures: [{ name: "process", seconds: runsAround(1, 0), peakMemoryMb: mb }] }),
      ]);
    expect(compareResults(peak(100), peak(150)).measures[0]!.memoryRatio).toBe(1.5);
  });
});
