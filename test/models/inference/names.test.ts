import { expect, test } from "vitest";
import { nameKey, nearestParameter } from "../../../src/models/inference/names.js";

const known = ["(Intercept)", "month@1", "month@2", "grp[TAU]", "grp[TAU]:month", "cov((Intercept),month)"];

test.each([
  ["month:grp[TAU]", "grp[TAU]:month"],
  ["cov(month, (Intercept))", "cov((Intercept),month)"],
  ["grp", "grp[TAU]"],
  ["mont@2", "month@2"],
  ["moth", "month@1"],
  ["something else", undefined],
])("%s probably means %s", (written, meant) => {
  expect(nearestParameter(written, known)).toBe(meant);
});

test("the same parameter has one key, different ones different keys", () => {
  expect(nameKey("a : b")).toBe(nameKey("b:a"));
  expect(nameKey("log(1+a):b")).not.toBe(nameKey("log(1+b):a"));
});
