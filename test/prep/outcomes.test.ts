import { describe, expect, it } from "vitest";
import { resolveMeasure } from "../../src/prep/measures.js";
import { countOutcomes, pairScores, personOutcomes } from "../../src/prep/outcomes.js";
import { texts } from "./files.js";

/** Outcomes of one person from the scores of each measure, in the order of the definitions. */
function outcomes(scores: Readonly<Record<string, readonly number[]>>): (string | null)[] {
  const pairs = Object.entries(scores).map(([name, values]) =>
    pairScores(
      resolveMeasure({ name, maximum: 100 }),
      Float64Array.from(values),
      Int32Array.of(0, values.length),
    ),
  );
  return [...personOutcomes(pairs, 1).values()].map((column) => texts(column)[0]!);
}

const NA = Number.NaN;

describe("personOutcomes", () => {
  // Columns: caseness, recovery, reliable improvement, reliable deterioration, reliable recovery, no reliable change.
  it.each([
    ["recovers and improves", { phq9: [15, 9], gad7: [12, 7] }, ["yes", "yes", "yes", "no", "yes", "no"]],
    [
      "recovers without reliable change",
      { phq9: [10, 9], gad7: [7, 7] },
      ["yes", "yes", "no", "no", "no", "yes"],
    ],
    ["improves without recovery", { phq9: [20, 14], gad7: [12, 12] }, ["yes", "no", "yes", "no", "no", "no"]],
    [
      "is below both cut-offs",
      { phq9: [9, 3], gad7: [7, 7] },
      ["no", "not eligible", "yes", "no", "not eligible", "no"],
    ],
    ["improves on anxiety alone", { phq9: [12, 12], gad7: [12, 8] }, ["yes", "no", "yes", "no", "no", "no"]],
    [
      "just misses reliable change",
      { phq9: [20, 15], gad7: [12, 9] },
      ["yes", "no", "no", "no", "no", "yes"],
    ],
    ["deteriorates", { phq9: [10, 16], gad7: [5, 5] }, ["yes", "no", "no", "yes", "no", "no"]],
    ["moves both ways", { phq9: [20, 10], gad7: [8, 12] }, ["yes", "no", "no", "no", "no", "yes"]],
    ["has depression alone", { phq9: [20, 9] }, ["yes", "yes", "yes", "no", "yes", "no"]],
    ["has another measure alone", { wsas: [20, 9] }, ["yes", "yes", "yes", "no", "yes", "no"]],
  ])("a person who %s", (_, scores, expected) => {
    expect(outcomes(scores)).toEqual(expected);
  });

  it("leaves open what missing scores leave open, and only that", () => {
    // One score each: caseness is known, change is not.
    expect(outcomes({ phq9: [15], gad7: [12] })).toEqual(["yes", null, null, null, null, null]);
    // Still at caseness on the PHQ-9 at the end: no recovery, whatever the GAD-7.
    expect(outcomes({ phq9: [15, 15], gad7: [12, NA] })).toEqual(["yes", "no", null, null, "no", null]);
    // Not a case on the PHQ-9, GAD-7 unknown.
    expect(outcomes({ phq9: [5, 4], gad7: [NA, NA] })[0]).toBeNull();
    expect(outcomes({ phq9: [5], gad7: [3] })).toEqual([
      "no",
      "not eligible",
      null,
      null,
      "not eligible",
      null,
    ]);
  });

  it("takes the anxiety measure of the disorder where it was scored twice, else the GAD-7", () => {
    expect(outcomes({ phq9: [5, 5], gad7: [3, 3], spin: [30, 15] }).slice(0, 2)).toEqual(["yes", "yes"]);
    expect(outcomes({ phq9: [5, 5], gad7: [3, 3], spin: [30, NA] }).slice(0, 2)).toEqual([
      "no",
      "not eligible",
    ]);
  });

  it("uses first and last valid scores, and strict cut-offs where the manual has them", () => {
    expect(outcomes({ phq9: [NA, 15, 3, 9, NA] }).slice(0, 2)).toEqual(["yes", "yes"]);
    expect(outcomes({ mi: [2.3, 1.57] })).toEqual(["no", "not eligible", "yes", "no", "not eligible", "no"]);
    expect(outcomes({ mi: [2.31, 2.3] }).slice(0, 2)).toEqual(["yes", "yes"]);
  });

  it("gives no result without cut-offs", () => {
    expect(outcomes({ mood: [50, 10] })).toEqual([null, null, null, null, null, null]);
    // BIQ: a cut-off, but no reliable change.
    expect(outcomes({ biq: [50, 10] })).toEqual(["yes", "yes", null, null, null, null]);
  });
});

describe("countOutcomes", () => {
  it("keeps not eligible and missing apart from no", () => {
    const starts = Int32Array.of(0, 2, 4, 6, 7);
    const pairs = [
      pairScores(resolveMeasure({ name: "phq9" }), Float64Array.of(15, 5, 15, 15, 5, 5, 20), starts),
    ];
    const counts = countOutcomes(personOutcomes(pairs, 4));
    expect(counts.find(({ outcome }) => outcome === "recovery")).toEqual({
      outcome: "recovery",
      yes: 1,
      no: 1,
      notEligible: 1,
      missing: 1,
      rate: 0.5,
    });
    expect(countOutcomes(personOutcomes([], 0))[0]!.rate).toBeNull();
  });
});
