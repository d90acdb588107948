import { expect, it } from "vitest";
import { resolvePrepSpec } from "../../src/prep/spec.js";
import type { TimeSpec } from "../../src/prep/types.js";
import { parseStudy } from "../../src/study/load.js";
import { resolveStudy } from "../../src/study/resolve.js";
import { timeLabelOf } from "../../src/study/words.js";

const timeOf = (time: Partial<TimeSpec>): TimeSpec =>
  resolvePrepSpec({ data: "a.csv", id: "id", measures: ["phq9"], time }).time;

it.each<[Partial<TimeSpec>, string]>([
  [{ kind: "session" }, "Session (the first is 0)"],
  [{ column: "month", unit: "months" }, "Months"],
  [{ column: "week", unit: "weeks", origin: "first-session" }, "Weeks since first session"],
  [{ kind: "date", column: "date" }, "Weeks since first session"],
  [
    { kind: "date", column: "date", origin: "column", originColumn: "referral_date" },
    "Weeks since referral date",
  ],
  [
    { kind: "date", column: "date", origin: "column", originColumn: "ReferralDate" },
    "Weeks since referral date",
  ],
  [{ kind: "date", column: "date", origin: "column", originColumn: "GPReferral" }, "Weeks since GPReferral"],
])("%j is labelled %s", (time, label) => {
  expect(timeLabelOf(timeOf(time))).toBe(label);
});

it("the study's own label comes first, and is no business of the preparation", () => {
  const study = parseStudy(`data: {file: a.csv, id: id}
measures: {phq9: }
time: {column: week, unit: weeks, label: Weeks since first contact}
models: {GMM: {fixed: 1 + week}}
`);
  const resolved = resolveStudy({ study, path: "/s/study.yaml", directory: "/s" });
  expect(resolved.timeLabel).toBe("Weeks since first contact");
  expect(resolved.prep.time).not.toHaveProperty("label");
});
