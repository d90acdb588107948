import { describe, expect, it } from "vitest";
import { KNOWN_MEASURES } from "../../src/prep/measures.js";
import { outcomeFigure } from "../../src/report/figures/outcomes.js";
import { buildMethods } from "../../src/report/methods.js";
import { outcomeCutoffs, outcomeDefinitions, outcomeMeasures } from "../../src/report/outcomeWords.js";
import { outcomesTable } from "../../src/report/tables/cohort.js";
import { makeInput } from "./fixtures.js";

const known = (...names: string[]) => names.map((name) => KNOWN_MEASURES.get(name)!);

describe("the words for outcomes of treatment", () => {
  it("name the measures and cut-offs", () => {
    expect(outcomeCutoffs(known("phq9", "gad7", "wsas"))).toBe(
      "At caseness: PHQ-9 ≥ 10 or GAD-7 ≥ 8. Reliable change: PHQ-9 by at least 6, GAD-7 by at least 4.",
    );
    expect(outcomeCutoffs(known("phq9"))).toBe(
      "At caseness: PHQ-9 ≥ 10. Reliable change: PHQ-9 by at least 6.",
    );
    expect(outcomeCutoffs(known("mi"))).toBe("At caseness: MI > 2.3. Reliable change: MI by at least 0.73.");
  });

  it("say which anxiety measure counts, and where no cut-off is known", () => {
    expect(outcomeCutoffs(known("gad7", "spin", "pcl5", "phq9"))).toContain(
      "is the first of SPIN and PCL-5 that was scored at least twice, otherwise the GAD-7",
    );
    const [biq] = known("biq");
    expect(outcomeCutoffs([{ ...biq!, caseness: null }])).toBe(
      "No cut-off of caseness is known for BIQ. No reliable change is known for BIQ.",
    );
    expect(outcomeMeasures(known("wsas"))).toEqual(known("wsas"));
    expect(outcomeCutoffs([])).toBe("");
  });

  it("stand in the methods, under the table and under the figure", () => {
    const input = makeInput({ outcomeMeasures: known("phq9", "gad7") });
    const words = outcomeDefinitions(input);
    expect(words).toContain("PHQ-9 ≥ 10 or GAD-7 ≥ 8");
    for (const idea of ["Recovery:", "not eligible", "Reliable improvement:", "Reliable recovery:"])
      expect(words).toContain(idea);
    expect(buildMethods(input).join("\n")).toContain(words);
    expect(outcomesTable(input)!.note).toContain(words);
    expect(outcomeFigure(input)!.caption).toContain(words);
  });

  it("define without cut-offs where the measures are not known, and say nothing without outcomes", () => {
    const input = makeInput();
    expect(outcomeDefinitions(input)).toMatch(/^Recovery:/);
    const none = makeInput({ cohort: { ...input.cohort, outcomes: [] } });
    expect(outcomeDefinitions(none)).toBe("");
    expect(buildMethods(none).join("\n")).not.toContain("Talking Therapies");
  });
});
