import { describe, expect, test } from "vitest";
import { curveBands } from "../../src/models/inference/bands.js";
import type { FitResult } from "../../src/models/result.js";
import { describeClasses, timeUnit } from "../../src/report/describe.js";
import type { ReportMeasure } from "../../src/report/input.js";
import { reliableChange, severityWord } from "../../src/report/severity.js";
import { makeFit } from "./fixtures.js";

const phq9: ReportMeasure = { name: "phq9", label: "PHQ-9", minimum: 0, maximum: 27, caseness: 10 };
const gad7: ReportMeasure = { name: "gad", label: "GAD-7", minimum: 0, maximum: 21, caseness: 8 };
const other: ReportMeasure = { name: "core", label: "CORE-10", minimum: 0, maximum: 40, caseness: null };

/** A fit with the given mean paths over weeks 0, 3, …, 12. */
function fitWith(paths: readonly (readonly number[])[]): FitResult {
  const fit = makeFit({ classes: 1, persons: 40 });
  const time = paths[0]!.map((_, i) => (12 * i) / (paths[0]!.length - 1));
  return {
    ...fit,
    classes: paths.map((mean, k) => ({
      ...fit.classes[0]!,
      label: k + 1,
      proportion: 1 / paths.length,
      assigned: 10,
      meanTrajectory: { time, mean, ...curveBands(mean, null) },
    })),
  };
}

describe("severity words", () => {
  test("PHQ-9 and GAD-7 bands", () => {
    expect([0, 4.9, 5, 9.99, 10, 15, 20, 27].map((score) => severityWord(phq9, score))).toEqual([
      "minimal",
      "minimal",
      "mild",
      "mild",
      "moderate",
      "moderately severe",
      "severe",
      "severe",
    ]);
    expect([4, 5, 10, 15, 21].map((score) => severityWord(gad7, score))).toEqual([
      "minimal",
      "mild",
      "moderate",
      "severe",
      "severe",
    ]);
  });

  test("a measure of another range or name has none", () => {
    expect(severityWord(other, 20)).toBeNull();
    expect(severityWord({ ...phq9, maximum: 30 }, 20)).toBeNull();
    expect([phq9, gad7, other, { ...other, reliableChange: 6 }].map(reliableChange)).toEqual([6, 4, 8, 6]);
  });
});

describe("names of shapes", () => {
  test.each([
    [[20, 12, 9, 8, 8], "rapid improvement"],
    [[20, 18, 15, 12, 10], "gradual improvement"],
    [[20, 20, 19.5, 17, 10], "late improvement"],
    [[14, 13, 12, 11, 10.5], "slight improvement"],
    [[21, 21, 21, 21, 21], "persistently severe"],
    [[6, 6, 6, 6, 6], "persistently mild"],
    [[8, 9, 11, 13, 15], "gradual deterioration"],
    [[20, 12, 9, 14, 18], "improvement, then worsening"],
    [[10, 15, 19, 15, 9], "worsening, then improvement"],
  ])("%j is %s", (path, name) => {
    expect(describeClasses(fitWith([path]), phq9, "weeks")[0]!.name).toBe(name);
  });

  test("without bands or cut-off the level is told by thirds of the range", () => {
    const names = [
      [3, 3],
      [20, 20],
      [39, 39],
    ].map((path) => describeClasses(fitWith([path]), other, null)[0]!.name);
    expect(names).toEqual(["persistently low", "persistently in the middle range", "persistently high"]);
  });

  test("names that occur twice are told apart by where they start", () => {
    const names = describeClasses(
      fitWith([
        [24, 20, 16, 12, 8],
        [16, 14, 11, 7, 3],
      ]),
      phq9,
      "weeks",
    ).map((each) => each.name);
    expect(names).toEqual(["gradual improvement from severe", "gradual improvement from moderately severe"]);
  });
});

test("a sentence says where a class starts, how far it moves, how long that takes and where it ends", () => {
  const [each] = describeClasses(
    fitWith([
      [18.2, 12, 10, 9, 8.8],
      [21, 21, 21, 21, 21],
    ]),
    phq9,
    "weeks",
  );
  expect(each!.sentence).toBe(
    "Class 1 (50%, 10 people) starts moderately severe (PHQ-9 18.2), falls by 9.4 points over 12 weeks to 8.8, below the caseness cut-off (10): rapid improvement.",
  );
});

test("a path that ends at a cut-off which only higher scores exceed is not above it", () => {
  const mi = { ...other, caseness: 10, casenessExclusive: true };
  expect(describeClasses(fitWith([[30, 20, 10]]), mi, "weeks")[0]!.text).toMatch(
    /to 10\.0, not above the caseness cut-off \(10\)$/,
  );
  expect(
    describeClasses(fitWith([[30, 20, 10]]), { ...mi, casenessExclusive: false }, "weeks")[0]!.text,
  ).toMatch(/at or above the caseness cut-off \(10\) throughout$/);
});

test("a class is described to the time given, between the points of its path by a straight line", () => {
  const fit = fitWith([[20, 14, 12, 16, 22]]);
  const [each] = describeClasses(fit, phq9, "weeks", [7.5]);
  expect(each).toMatchObject({ start: 20, end: 14, name: "rapid improvement" });
  expect(each!.text).toContain("falls by 6.0 points over 7.5 weeks to 14.0");
  expect(describeClasses(fit, phq9, "weeks", [6])[0]!.end).toBe(12);
  for (const until of [null, 0, 12, 50])
    expect(describeClasses(fit, phq9, "weeks", [until])[0]!.end).toBe(22);
});

test("a low point on the way is told though the name stays", () => {
  const [each] = describeClasses(fitWith([[17.5, 11, 9.2, 9.1, 11.2]]), phq9, "months");
  expect(each!.name).toBe("rapid improvement");
  expect(each!.text).toContain("to 11.2 (lowest 9.1 at 9 months), ending above the caseness cut-off (10)");
});

test("a class without a trajectory is described without numbers", () => {
  const [each] = describeClasses(fitWith([[Number.NaN, Number.NaN]]), phq9, "weeks");
  expect(each).toMatchObject({ name: "no trajectory", start: null, end: null });
  expect(each!.sentence).not.toMatch(/NaN|undefined/);
});

test("the unit of time is the one given, else the one named on the axis, else none", () => {
  expect(timeUnit({ timeLabel: "Weeks since first session" })).toBe("weeks");
  expect(timeUnit({ timeLabel: "Session number" })).toBe("sessions");
  expect(timeUnit({ timeLabel: "Time", timeUnit: "months" })).toBe("months");
  expect(timeUnit({ timeLabel: "t" })).toBeNull();
});
