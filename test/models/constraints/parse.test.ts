import { describe, expect, test } from "vitest";
import { parseConstraints } from "../../../src/models/constraints/parse.js";
import { problemsOf } from "../helpers.js";

describe("constraints are read as users write them", () => {
  test("a value, an equality, several sides", () => {
    expect(parseConstraints(["month@1 = 0", "a@1=a@2 = a@3", "-1.5e1 = x"])).toEqual([
      {
        text: "month@1 = 0",
        references: [{ text: "month@1", block: null, name: "month", class: 1 }],
        value: 0,
      },
      {
        text: "a@1=a@2 = a@3",
        references: [1, 2, 3].map((k) => ({ text: `a@${k}`, block: null, name: "a", class: k })),
        value: null,
      },
      { text: "-1.5e1 = x", references: [{ text: "x", block: null, name: "x", class: null }], value: -15 },
    ]);
  });

  test("names with spaces, brackets, colons and comparisons", () => {
    const names = parseConstraints([
      "residual sd@2 = 3",
      "cov((Intercept),month) = 0",
      "age:month = 0",
      "(month >= 3)@1 = 0",
      "month == 0 = 1",
      "membership: age:imd@1 = 0",
      "fixed:(Intercept) = 0",
    ]).map(({ references }) => references[0]!);
    expect(names.map(({ name }) => name)).toEqual([
      "residual sd",
      "cov((Intercept),month)",
      "age:month",
      "(month >= 3)",
      "month == 0",
      "age:imd",
      "(Intercept)",
    ]);
    expect(names.map(({ block }) => block)).toEqual([null, null, null, null, null, "membership", "fixed"]);
  });

  test("every line that cannot be read is told at once", async () => {
    const problems = await problemsOf(() =>
      parseConstraints([
        "month@1",
        "month@1 = ",
        "1 = 2",
        "month@x = 0",
        "month@0 = 0",
        "month = 3 = 4",
        "fine = 0",
      ]),
    );
    expect(problems.map(({ where }) => where)).toEqual([
      'constraint "month@1"',
      'constraint "month@1 = "',
      'constraint "1 = 2"',
      'constraint "1 = 2"',
      'constraint "month@x = 0"',
      'constraint "month@0 = 0"',
      'constraint "month = 3 = 4"',
    ]);
    for (const { code, expected } of problems) {
      expect(code).toBe("bad-constraint");
      expect(expected).toContain("month@2 = 0");
    }
  });
});
