import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InputError } from "../../src/core/errors.js";
import { parseNode } from "../../src/core/expression/syntax.js";
import { evaluateColumn, evaluateExpression, parseExpression } from "../../src/core/expression.js";
import type { Column } from "../../src/core/table.js";
import { columnFromArray } from "../../src/core/table.js";

const columns = new Map<string, Column>([
  ["age", columnFromArray([18, 40, Number.NaN, 65])],
  ["phq9", columnFromArray([0, 9, 10, 27])],
  ["sex", columnFromArray(["f", "m", "", "f"])],
  ["site", columnFromArray(["1", "2", "10", "1"])],
  ["referral", columnFromArray(["2020-01-01", "2020-02-01", "", "2021-01-01"])],
  ["Age at referral", columnFromArray([1, 2, 3, 4])],
]);

function numbers(text: string): number[] {
  return [...evaluateExpression(parseExpression(text), columns, 4)];
}

function problem(text: string): InputError["problems"][number] {
  return problems(text)[0]!;
}

function problems(text: string): InputError["problems"] {
  try {
    evaluateColumn(parseExpression(text), columns, 4);
  } catch (error) {
    if (error instanceof InputError) return error.problems;
    throw error;
  }
  throw new Error(`${text} was accepted`);
}

describe("evaluateExpression", () => {
  it("does arithmetic with the usual precedence, missing staying missing", () => {
    expect(numbers("(age - 40) / 10")).toEqual([-2.2, 0, Number.NaN, 2.5]);
    expect(numbers("-phq9^2 + 1")).toEqual([1, -80, -99, -728]);
    expect(numbers("age^0")).toEqual([1, 1, Number.NaN, 1]);
    expect(numbers("2")).toEqual([2, 2, 2, 2]);
    expect(numbers("phq9 mod 10")).toEqual([0, 9, 0, 7]);
  });

  it("gives NaN for undefined and infinite results", () => {
    expect(numbers("1 / phq9")[0]).toBeNaN();
    expect(numbers("log(phq9)")[0]).toBeNaN();
    expect(numbers("sqrt(phq9 - 9)")).toEqual([Number.NaN, 0, 1, Math.sqrt(18)]);
  });

  it("has the functions of the contract", () => {
    expect(numbers("log2(8) + log10(100) + exp(0) + abs(-2) + floor(1.5) + ceil(1.5)")[0]).toBe(11);
    expect(numbers("log(8, 2)")[0]).toBeCloseTo(3, 12);
    expect(numbers("min(age, phq9, 20)")).toEqual([0, 9, Number.NaN, 20]);
    expect(numbers("max(phq9, 10)")).toEqual([10, 10, 10, 27]);
    expect(numbers("round(phq9 / 2)")).toEqual([0, 5, 5, 14]);
    expect(numbers("round(-2.5)")[0]).toBe(-3);
    expect(numbers("round(phq9 / 7, 2)")).toEqual([0, 1.29, 1.43, 3.86]);
    expect(numbers("pi")[0]).toBe(Math.PI);
  });

  it("compares, with missing operands giving missing", () => {
    expect(numbers("age >= 40")).toEqual([0, 1, Number.NaN, 1]);
    expect(numbers("5 < phq9 <= 10")).toEqual([0, 1, 1, 0]);
    expect(numbers('sex == "f"')).toEqual([1, 0, Number.NaN, 1]);
    expect(numbers('sex != "f"')).toEqual([0, 1, Number.NaN, 0]);
    expect(numbers('sex == "other"')).toEqual([0, 0, Number.NaN, 0]);
    expect(numbers("site == 1")).toEqual([1, 0, 0, 1]);
    expect(numbers("site == site")).toEqual([1, 1, 1, 1]);
    expect(numbers('referral >= "2020-02-01"')).toEqual([0, 1, Number.NaN, 1]);
    expect(numbers('days(referral) - days("2020-01-01")')).toEqual([0, 31, Number.NaN, 366]);
  });

  it("joins conditions by three-valued logic", () => {
    expect(numbers('age >= 18 and sex == "f"')).toEqual([1, 0, Number.NaN, 1]);
    expect(numbers("age >= 18 or phq9 == 10")).toEqual([1, 1, 1, 1]);
    expect(numbers("age < 0 or phq9 == 9")).toEqual([0, 1, Number.NaN, 0]);
    expect(numbers("not (age > 40)")).toEqual([1, 1, Number.NaN, 0]);
    expect(numbers("is_missing(age) or is_missing(sex)")).toEqual([0, 0, 1, 0]);
    expect(numbers("true and not false")).toEqual([1, 1, 1, 1]);
  });

  it("chooses by a condition, a missing condition giving missing", () => {
    expect(numbers("age > 30 ? phq9 : -1")).toEqual([-1, 9, Number.NaN, 27]);
    const column = evaluateColumn(
      parseExpression('age < 25 ? "young" : age < 50 ? "mid" : "old"'),
      columns,
      4,
    );
    expect(column).toEqual({
      kind: "factor",
      codes: Int32Array.of(0, 1, -1, 2),
      levels: ["young", "mid", "old"],
    });
    const copy = evaluateColumn(parseExpression('sex == "f" ? sex : NaN'), columns, 4);
    expect(copy.kind === "factor" && [...copy.codes]).toEqual([0, -1, -1, 0]);
  });

  it("lists the columns it reads once, odd names by column()", () => {
    expect(parseExpression("log(age) + age * phq9").symbols).toEqual(["age", "phq9"]);
    expect(numbers('column("Age at referral") * 2')).toEqual([2, 4, 6, 8]);
  });

  it("agrees with JavaScript on random arithmetic", () => {
    const leaf = fc.oneof(fc.constantFrom("age", "phq9"), fc.integer({ min: 0, max: 9 }).map(String));
    const tree = fc.letrec<{ e: string }>((tie) => ({
      e: fc.oneof(
        { depthSize: "small" },
        leaf,
        fc
          .tuple(tie("e"), fc.constantFrom("+", "-", "*", "/", "<", ">=", "=="), tie("e"))
          .map(([a, op, b]) => `(${a} ${op} ${b})`),
        tie("e").map((a) => `(-${a})`),
      ),
    })).e;
    const rows = [18, 40, 65].map((age, i) => ({ age, phq9: [3, 9, 27][i]! }));
    const table = new Map([
      ["age", columnFromArray(rows.map((row) => row.age))],
      ["phq9", columnFromArray(rows.map((row) => row.phq9))],
    ]);
    fc.assert(
      fc.property(tree, (text) => {
        const values = evaluateExpression(parseExpression(text), table, 3);
        const direct = new Function("age", "phq9", `return +(${text.replaceAll("(-(-", "(- (-")})`);
        rows.forEach((row, i) => {
          const expected = Number(direct(row.age, row.phq9));
          // Inside an expression 1/0 is infinite as in JavaScript, 0/0 missing where JavaScript compares false.
          if (Number.isFinite(expected) && !Number.isNaN(values[i]!))
            expect(values[i]).toBeCloseTo(expected, 9);
          else if (!Number.isFinite(expected)) expect(values[i]).toBeNaN();
        });
      }),
      { numRuns: 200 },
    );
  });

  it("does a million rows quickly", () => {
    const n = 1_000_000;
    const big = new Map<string, Column>([["x", { kind: "numeric", values: new Float64Array(n).fill(3) }]]);
    const begin = performance.now();
    const values = evaluateExpression(parseExpression("(x - 1) / 2 + (x > 2 ? x : 0)"), big, n);
    expect(values[n - 1]).toBe(4);
    expect(performance.now() - begin).toBeLessThan(2000);
  });
});

describe("mistakes", () => {
  it("points at a syntax error", () => {
    expect(problem("age + * 2")).toMatchObject({ code: "expression-syntax" });
    expect(problem("age + * 2").where).toContain("character 7");
    expect(problem("  ").message).toContain("empty");
    expect(problem("age > 2 && phq9 > 3").fix).toContain("and, or");
    expect(() => parseNode("(1 +")).toThrow(InputError);
  });

  it("names unknown columns and functions, all at once, with the nearest", () => {
    const unknown = problems("aeg + phq")!;
    expect(unknown.map((p) => p.fix)).toEqual(["Did you mean age?", "Did you mean phq9?"]);
    expect(unknown[1]!.where).toContain("character 7");
    expect(problem("sqr(age)").fix).toBe("Did you mean sqrt?");
    expect(problems("foo(1) + bar(2)")).toHaveLength(2);
    expect(problem("round()").message).toBe("round takes 1 to 2 arguments, not 0.");
    expect(problem("log(1, 2, 3)").message).toBe("log takes 1 to 2 arguments, not 3.");
    expect(problem("abs(1, 2)").message).toBe("abs takes 1 argument, not 2.");
    expect(problem("min()").message).toBe("min takes at least 1 argument, not 0.");
  });

  it("refuses what has no meaning for columns", () => {
    expect(problem("age = 3").fix).toContain("==");
    expect(problem("2 age").message).toContain("operator is missing");
    expect(problem("age.x").fix).toContain("column(");
    expect(problem("[1, 2]").code).toBe("expression-unsupported");
    expect(problem("phq9!").message).toContain("!");
    expect(problem("f(x) = x").code).toBe("expression-unsupported");
    expect(problem("age; phq9").code).toBe("expression-unsupported");
    expect(problem("column(age)").message).toContain("quotes");
  });

  it("refuses to mix numbers and text", () => {
    expect(problem("sex + 1").message).toContain("categories (f, m)");
    expect(problem('age == "f"').message).toContain("compared with text");
    expect(problem('sex < "m"').message).toContain("no order");
    expect(problem("days(age)").expected).toContain("dates");
    expect(problem("days(sex)").expected).toContain("YYYY-MM-DD");
    expect(problem("sex ? 1 : 2").message).toContain("condition");
    expect(() => evaluateExpression(parseExpression("sex"), columns, 4)).toThrow(/result is text/);
  });
});
