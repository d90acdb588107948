import { describe, expect, test } from "vitest";
import { parseFormula, termKey } from "../../src/models/formula.js";
import { problemsOf } from "./helpers.js";

/** Labels of the terms, the intercept first. */
function terms(text: string): string[] {
  const { intercept, terms: list } = parseFormula(text);
  return [...(intercept ? ["1"] : []), ...list.map((term) => term.label)];
}

describe("operators, as in R", () => {
  test.each([
    ["1", ["1"]],
    ["0", []],
    ["month", ["1", "month"]],
    ["1 + month", ["1", "month"]],
    ["0 + month", ["month"]],
    ["month + 0", ["month"]],
    ["month - 1", ["month"]],
    ["-1 + month", ["month"]],
    ["month - 1 + 1", ["1", "month"]],
    ["month - 0", ["1", "month"]],
    ["a * b", ["1", "a", "b", "a:b"]],
    ["a * b * c", ["1", "a", "b", "c", "a:b", "a:c", "b:c", "a:b:c"]],
    ["a:b", ["1", "a:b"]],
    ["a * b:c", ["1", "a", "b:c", "a:b:c"]],
    ["(a + b):c", ["1", "a:c", "b:c"]],
    ["(a + b) * c", ["1", "a", "b", "c", "a:c", "b:c"]],
    ["(a + b):(c + d)", ["1", "a:c", "a:d", "b:c", "b:d"]],
    ["((a)) + (b)", ["1", "a", "b"]],
    ["a + a + b", ["1", "a", "b"]],
    ["a:b + b:a", ["1", "a:b"]],
    ["a:a", ["1", "a"]],
    ["a * a", ["1", "a"]],
    ["a * b - a", ["1", "b", "a:b"]],
    ["a * b - a:b", ["1", "a", "b"]],
    ["a * b - b:a", ["1", "a", "b"]],
    ["a * b * c - a:b:c", ["1", "a", "b", "c", "a:b", "a:c", "b:c"]],
    ["a:b + c", ["1", "c", "a:b"]],
    ["a - b", ["1", "a"]],
  ])("%s", (text, expected) => {
    // Terms that differ only in the order of their atoms keep the order of their first appearance.
    const sorted = (list: readonly string[]): string[] =>
      list.map((label) => label.split(":").sort().join(":")).sort();
    expect(sorted(terms(text))).toEqual(sorted(expected));
    const order = terms(text).map((label) => (label === "1" ? 0 : label.split(":").length));
    expect(order).toEqual([...order].sort());
  });
});

describe("what is not an operator is arithmetic", () => {
  test.each([
    ["month^2", "month^2"],
    ["month ^ 2", "month^2"],
    ["month^-1", "month^-1"],
    ["log(month + 1)", "log(month+1)"],
    ["(age - 40) / 10", "(age-40)/10"],
    ["I(month - 3)", "I(month-3)"],
    ["I( month*2 )", "I(month*2)"],
    ["month / 12", "month/12"],
    ["factor( site )", "factor(site)"],
    ["poly(month, 2)", "poly(month,2)"],
    ["poly( log(month + 1) , 3 )", "poly(log(month+1),3)"],
    ["ns(month, 3)", "ns(month,3)"],
    ["ns( month, [6, 2.5] )", "ns(month,[2.5,6])"],
    ["ns(month, [-2])", "ns(month,[-2])"],
    ["piecewise(month, 4)", "piecewise(month,4)"],
    ["piecewise(month, [4])", "piecewise(month,4)"],
    ["piecewise(max(month, 1), [ 4,8 ])", "piecewise(max(month,1),[4,8])"],
    ['grp == "a + b"', 'grp=="a + b"'],
    ["grp == 'a:b'", "grp=='a:b'"],
    ['column("Age at (first) visit")', 'column("Age at (first) visit")'],
    ['factor(column("odd ) name"))', 'factor(column("odd ) name"))'],
    ["age < 25 ? 1 : 0", undefined],
  ])("%s", (text, label) => {
    // A conditional needs brackets, because its colon means an interaction elsewhere.
    if (label === undefined) expect(() => parseFormula(text)).toThrow();
    else expect(terms(text)).toEqual(["1", label]);
  });

  test("a conditional in I() is one term", () => {
    expect(terms("I(age < 25 ? 1 : 0)")).toEqual(["1", "I(age<25?1:0)"]);
  });

  test("white space never matters, save between quotes", () => {
    expect(terms("  1+month   +month^2+grp   *month ")).toEqual(terms("1 + month + month^2 + grp * month"));
    expect(terms("a\n+\tb")).toEqual(["1", "a", "b"]);
    expect(terms('g == "a b" + g == "ab"')).toHaveLength(3);
  });

  test("the columns read are named once", () => {
    expect(parseFormula('1 + month * grp + log(month) + column("my age")').symbols).toEqual([
      "month",
      "grp",
      "my age",
    ]);
  });

  test("text that a column is compared with, or that names a column, is no term of its own", () => {
    expect(terms('grp == "a"')).toEqual(["1", 'grp=="a"']);
    expect(terms('column("my age")')).toEqual(["1", 'column("my age")']);
    expect(terms('I(age < 25 ? "young" : "older")')).toEqual(["1", 'I(age<25?"young":"older")']);
  });

  test("a term's key does not depend on the order of its atoms", () => {
    expect(termKey(parseFormula("a:b").terms[0]!.atoms)).toBe(termKey(parseFormula("b:a").terms[0]!.atoms));
  });
});

describe("mistakes are pointed at", () => {
  test.each([
    ["", /empty/, undefined],
    ["   ", /empty/, undefined],
    ["y ~ month", /no left side/, /character 3/],
    ["month +", /missing/, /month \+/],
    ["month + + age", /missing/, /month/],
    ["* month", /missing/, /month/],
    ["a ** b", /missing/, /a \*\* b/],
    ["month + 2", /number 2 is not a term/, /"2" \(character 9\)/],
    ["2 * month", /number 2 is not a term/, /"2"/],
    ["1 * month", /cannot be crossed/, /1 \* month/],
    ["1:month", /cannot interact/, /1:month/],
    ["(month + age", /parentheses do not match/, /month/],
    ["month + age)", /parentheses do not match/, /month/],
    ['grp == "a', /quote is not closed/, /grp/],
    ["poly(month)", /needs a variable and a degree/, /poly\(month\)/],
    ["poly(month, 9)", /needs a variable and a degree/, /poly\(month, 9\)/],
    ["poly(month, x)", /needs a variable and a degree/, /poly\(month, x\)/],
    ["poly(month, 2, 3)", /needs a variable and a degree/, /poly\(month, 2, 3\)/],
    ["1 + ns(month)", /needs a variable, and degrees of freedom or knots/, /"ns\(month\)" \(character 5\)/],
    ["ns(month, 0)", /degrees of freedom or knots/, /ns\(month, 0\)/],
    ["ns(month, 2.5)", /degrees of freedom or knots/, /ns\(month, 2.5\)/],
    ["ns(month, 2, 6)", /degrees of freedom or knots in square brackets/, /ns\(month, 2, 6\)/],
    ["ns(month, [2, x])", /A knot is not a number/, /ns\(month, \[2, x\]\)/],
    ["ns(month, [])", /A knot is not a number/, /ns\(month, \[\]\)/],
    ["ns(month, [2, 6, 2])", /The knot 2 is there twice/, /term ns\(month,\[2,6,2\]\)/],
    ["piecewise(month)", /needs a variable and a knot/, /piecewise\(month\)/],
    ["piecewise(month, 4, 8)", /several in square brackets/, /piecewise\(month, 4, 8\)/],
    ["piecewise(month, four)", /A knot is not a number/, /piecewise\(month, four\)/],
    ["piecewise(month, [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15])", /15 knots/, /character 1/],
    ["1 + lag(month)", /no function lag/, /"lag\(month\)" \(character 5\)/],
    ["1 + month age", /operator is missing|Unexpected/, /"month age" \(character 5\)/],
    ["month && age", /./, /month && age/],
    ["factor()", /empty/, /factor/],
    ["1 + month + ()", /missing/, /character/],
    ['1 + week + "a"', /text "a" is not a term/, /at ""a"" \(character 12\)/],
    ["1 + 'a b'", /text 'a b' is not a term/, /character 5/],
    ['1 + week:("a")', /text "a" is not a term/, /character 11/],
    ['1 - "a"', /text "a" is not a term/, /character 5/],
    ['factor("a")', /text "a" is not a term/, /character 8/],
    ['poly("a", 2)', /text "a" is not a term/, /character 6/],
    ['1 + I(1 > 0 ? "a" : "b")', /is not a term/, /character 7/],
    ['1 + log("a")', /is "a"/, /character 5/],
  ])("%j", async (text, message, where) => {
    const problems = await problemsOf(() => parseFormula(text));
    expect(problems).toHaveLength(1);
    expect(problems[0]!.message).toMatch(message);
    if (where !== undefined) expect(problems[0]!.where).toMatch(where);
  });
});
