import { expect, test } from "vitest";
import { fit } from "../../src/models/fitModel.js";
import { buildMethods } from "../../src/report/methods.js";
import { cohort, QUICK, twoKinds } from "../models/helpers.js";
import { makeInput } from "./fixtures.js";

const SENTENCES: [string, object, string][] = [
  ["common", {}, "Residuals were independent and normal, with one variance."],
  [
    "by class",
    { classes: 2, residual: "class" },
    "Residuals were independent and normal, with a variance for each class.",
  ],
  [
    "by occasion",
    { residual: "occasion" },
    "Residuals were independent and normal, with a variance for each of 5 occasions (time).",
  ],
  [
    "by class and occasion",
    { classes: 2, residual: "class+occasion" },
    "Residuals were independent and normal, with a variance for each class and each of 5 occasions (time).",
  ],
  [
    "AR(1)",
    { residual: "ar1" },
    "Residuals were normal with a first-order autocorrelation over sessions (time), with one variance.",
  ],
  ["continuous AR(1) by occasion", { residual: "car1+occasion" }, "decays exponentially with the time"],
];

test.each(SENTENCES)("the methods section words the residual structure: %s", async (_, spec, sentence) => {
  const chosen = await fit(
    cohort(60, 5, twoKinds),
    { outcome: "score", time: "time", random: "0", ...spec },
    QUICK,
  );
  expect(buildMethods(makeInput({ chosen })).join(" ")).toContain(sentence);
});

test("the methods section names what was asked beyond standard errors", () => {
  const text = buildMethods(makeInput({ inference: { profileIntervals: [] } })).join(" ");
  expect(text).toContain("profile-likelihood 95% intervals");
  expect(buildMethods(makeInput()).join(" ")).not.toContain("profile-likelihood");
});
