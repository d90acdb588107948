import { expect, test } from "vitest";
import { tableFromArrays } from "../../src/core/table.js";
import { buildReport } from "../../src/report/document.js";
import { describeFollowUp, followUp, shareSeenAfter } from "../../src/report/followUp.js";
import type { ReportInput } from "../../src/report/input.js";
import { makeFit, makeInput } from "./fixtures.js";

/** People of two classes with a score at time 0 and one at the last time given; a later row has no score. */
function inputWith(lastTimes: readonly [readonly number[], readonly number[]]): ReportInput {
  const people = lastTimes.flatMap((times, k) => times.map((last) => ({ last, label: k + 1 })));
  const ids = people.map((_, i) => `p${i}`);
  const { table: _, ...fit } = makeFit({ classes: 2, persons: 60, lastWeek: 20 });
  const rows = people.flatMap(({ last }, i) => [
    { id: ids[i]!, week: 0, phq9: 18 },
    { id: ids[i]!, week: last, phq9: 9 },
    { id: ids[i]!, week: 20, phq9: Number.NaN },
  ]);
  const posteriors = {
    personIds: ids,
    nClasses: 2,
    values: Float64Array.from(people.flatMap(({ label }) => (label === 1 ? [1, 0] : [0, 1]))),
    modalClass: Int32Array.from(people.map(({ label }) => label)),
  };
  const long = tableFromArrays(
    rows.map(({ id }) => id),
    { week: rows.map(({ week }) => week), phq9: rows.map(({ phq9 }) => phq9) },
    "week",
  );
  return makeInput({
    long,
    chosen: { ...fit, posteriors },
    enumeration: null,
    otherFits: [],
    regressions: [],
  });
}

/** 20 people who leave one by one: the times of their last scores are step, 2 step, … */
const leaving = (step: number): number[] => Array.from({ length: 20 }, (_, i) => (i + 1) * step);

test("people are seen until their last score, and a tenth of them until seenUntil", () => {
  const { all, classes } = followUp(inputWith([leaving(0.5), leaving(1)]));
  expect(classes.map((group) => group!.seenUntil)).toEqual([9.5, 19]);
  expect(classes.map((group) => shareSeenAfter(group!, group!.seenUntil))).toEqual([0.05, 0.05]);
  expect(all!.lastTimes).toHaveLength(40);
  expect(shareSeenAfter(all!, 10)).toBe(0.25);
  expect(all!.seenUntil).toBe(17);
});

test("the report says beyond where the curves are extrapolation, and its words stop there", () => {
  const input = inputWith([leaving(0.5), leaving(0.6)]);
  const caution = describeFollowUp(input);
  expect(caution!.text).toBe(
    "Few people are seen late: only 8% of people after 10 weeks and 5% of class 2 after 11 weeks. Beyond, the curves (drawn to 20 weeks) are extrapolation by the model, and the words on them stop there. Half of the people are last seen by 5.5 weeks.",
  );
  const { verdict, classes } = buildReport(input);
  expect(verdict.cautions.map(({ text }) => text)).toContain(caution!.text);
  expect(classes[0]!.text).toContain("9.5 weeks");
  expect(classes[1]!.text).toContain("11 weeks");
});

test("nothing is said where people are seen to the end, or the table lacks time", () => {
  const stay = Array.from({ length: 20 }, () => 20);
  expect(describeFollowUp(inputWith([stay, stay]))).toBeNull();
  const input = inputWith([leaving(0.5), leaving(0.5)]);
  const columns = new Map([...input.long.columns].filter(([name]) => name !== "week"));
  expect(describeFollowUp({ ...input, long: { ...input.long, columns } })).toBeNull();
});

test("with one class the class is the sample", () => {
  const { table, ...chosen } = makeFit({ classes: 1 });
  const { all, classes } = followUp({ chosen, long: table });
  expect(classes).toEqual([all]);
});
