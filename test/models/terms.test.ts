import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Column, columnFromArray } from "../../src/core/table.js";
import { curveColumnNames } from "../../src/models/formula/atom.js";
import { parseFormula } from "../../src/models/formula.js";
import { emptyCoding, evaluateFormula } from "../../src/models/terms.js";
import { problemsOf } from "./helpers.js";

const empty = emptyCoding;

function columns(data: Record<string, (number | string | null)[]>): Map<string, Column> {
  return new Map(Object.entries(data).map(([name, values]) => [name, columnFromArray(values)]));
}

/** t = 0..2 crossed with grp a, b and site x, y, z. */
const GRID = (() => {
  const t: number[] = [];
  const grp: string[] = [];
  const site: string[] = [];
  for (const s of ["x", "y", "z"])
    for (const g of ["a", "b"])
      for (const value of [0, 1, 2]) {
        t.push(value);
        grp.push(g);
        site.push(s);
      }
  return { t, grp, site };
})();

describe("coding of factors", () => {
  // colnames(model.matrix(~ formula, expand.grid(t = 0:2, grp = c("a", "b"), site = c("x", "y", "z")))), R 4.2.2
  test.each([
    ["1 + t:grp", "(Intercept) t:grpa t:grpb"],
    ["t*grp", "(Intercept) t grpb t:grpb"],
    ["0 + grp", "grpa grpb"],
    ["0 + t + t:grp", "t t:grpa t:grpb"],
    ["0 + grp + site", "grpa grpb sitey sitez"],
    ["0 + grp + t:grp", "grpa grpb grpa:t grpb:t"],
    ["grp:site", "(Intercept) grpa:sitex grpb:sitex grpa:sitey grpb:sitey grpa:sitez grpb:sitez"],
    ["grp + grp:site", "(Intercept) grpb grpa:sitey grpb:sitey grpa:sitez grpb:sitez"],
    ["0 + grp:site", "grpa:sitex grpb:sitex grpa:sitey grpb:sitey grpa:sitez grpb:sitez"],
    ["1 + t + site:grp", "(Intercept) t sitex:grpa sitey:grpa sitez:grpa sitex:grpb sitey:grpb sitez:grpb"],
    ["(t + grp):site", "(Intercept) t:sitex t:sitey t:sitez grpb:sitex grpb:sitey grpb:sitez"],
    ["t:grp + grp", "(Intercept) grpb t:grpa t:grpb"],
    [
      "t + site + grp:site:t",
      "(Intercept) t sitey sitez t:sitex:grpa t:sitey:grpa t:sitez:grpa t:sitex:grpb t:sitey:grpb t:sitez:grpb",
    ],
    ["0 + t + grp", "t grpa grpb"],
    ["t*grp - t", "(Intercept) grpb t:grpa t:grpb"],
    ["t*grp - t:grp", "(Intercept) t grpb"],
    [
      "grp*site*t - grp:site:t",
      "(Intercept) grpb sitey sitez t grpb:sitey grpb:sitez grpb:t sitey:t sitez:t",
    ],
    ["-1 + t", "t"],
  ])("%s has the columns of R", (text, expected) => {
    const { names } = evaluateFormula(parseFormula(text), columns(GRID), 18, empty());
    const sorted = (list: readonly string[]): string[] =>
      list.map((name) => name.split(":").sort().join(":")).sort();
    expect(sorted(names.map((name) => name.replace(/[[\]]/g, "")))).toEqual(sorted(expected.split(" ")));
  });

  test("dummies are 1 in their level, 0 elsewhere, missing where the category is", () => {
    const { names, values } = evaluateFormula(
      parseFormula("grp"),
      columns({ grp: ["b", "a", null, "c"] }),
      4,
      empty(),
    );
    expect(names).toEqual(["(Intercept)", "grp[b]", "grp[c]"]);
    expect(values.map((column) => [...column])).toEqual([
      [1, 1, 1, 1],
      [1, 0, Number.NaN, 0],
      [0, 0, Number.NaN, 1],
    ]);
  });

  test("a level that does not occur makes no column", () => {
    const grp: Column = { kind: "factor", codes: Int32Array.of(1, 2, 1), levels: ["never", "a", "b"] };
    const { names } = evaluateFormula(parseFormula("grp"), new Map([["grp", grp]]), 3, empty());
    expect(names).toEqual(["(Intercept)", "grp[b]"]);
  });

  test("factor() of numbers orders levels by number", () => {
    const coding = empty();
    evaluateFormula(parseFormula("factor(n)"), columns({ n: [10, 2, 1, 10] }), 4, coding);
    expect(coding.levels["factor(n)"]).toEqual(["1", "2", "10"]);
  });

  test("new data are coded with the levels of the old, also where they hold fewer or came as numbers", () => {
    const coding = empty();
    evaluateFormula(parseFormula("site"), columns({ site: ["1", "2", "3"] }), 3, coding);
    const again = evaluateFormula(parseFormula("site"), columns({ site: ["3"] }), 1, coding);
    expect(again.names).toEqual(["(Intercept)", "site[2]", "site[3]"]);
    expect(again.values.map((column) => column[0])).toEqual([1, 0, 1]);
    const numbers = evaluateFormula(parseFormula("site"), columns({ site: [2, 3] }), 2, coding);
    expect(numbers.values[1]).toEqual(Float64Array.of(1, 0));
  });

  test("a level never seen is an error that names it and the known ones", async () => {
    const coding = empty();
    evaluateFormula(parseFormula("site"), columns({ site: ["x", "y"] }), 2, coding);
    const [problem] = await problemsOf(() =>
      evaluateFormula(parseFormula("site"), columns({ site: ["y", "w"] }), 2, coding),
    );
    expect(problem).toMatchObject({ code: "unseen-level", where: "term site", expected: "one of x, y" });
    expect(problem!.message).toContain('"w"');
  });

  test("more than 200 levels are refused", async () => {
    const [problem] = await problemsOf(() =>
      evaluateFormula(
        parseFormula("factor(n)"),
        columns({ n: Array.from({ length: 201 }, (_, i) => i) }),
        201,
        empty(),
      ),
    );
    expect(problem!.code).toBe("too-many-levels");
  });
});

describe("polynomials", () => {
  // poly(c(0, 1, 2, 4, 7, 7), 3), R 4.2.2
  const R_POLY = [
    [-0.51887452166277, 0.5570910338716928, -0.448856873769002],
    [-0.37062465833055, -0.0012532981639409, 0.43583682521777],
    [-0.22237479499833, -0.3885224308216528, 0.472292961161217],
    [0.07412493166611, -0.6498350980033128, -0.611495880243233],
    [0.51887452166277, 0.2412598965586071, 0.076111483816623],
    [0.51887452166277, 0.2412598965586071, 0.076111483816623],
  ];

  test("columns are those of R: orthonormal, and orthogonal to the constant", () => {
    const { values } = evaluateFormula(
      parseFormula("poly(x, 3)"),
      columns({ x: [0, 1, 2, 4, 7, 7] }),
      6,
      empty(),
    );
    R_POLY.forEach((row, r) => {
      row.forEach((value, d) => {
        expect(values[d + 1]![r]).toBeCloseTo(value, 12);
      });
    });
    values.forEach((a, i) => {
      values.forEach((b, j) => {
        const sum = a.reduce((total, value, r) => total + value * b[r]!, 0);
        expect(sum).toBeCloseTo(i !== j ? 0 : i === 0 ? 6 : 1, 12);
      });
    });
  });

  test("new data get the old polynomial", () => {
    const coding = empty();
    const formula = parseFormula("poly(x, 2)");
    const old = evaluateFormula(formula, columns({ x: [0, 1, 2, 4, 7] }), 5, coding);
    const again = evaluateFormula(formula, columns({ x: [4, 0] }), 2, coding);
    for (const j of [1, 2]) {
      expect(again.values[j]![0]).toBeCloseTo(old.values[j]![3]!, 14);
      expect(again.values[j]![1]).toBeCloseTo(old.values[j]![0]!, 14);
    }
  });

  test("missing values stay missing and move nothing", () => {
    const formula = parseFormula("poly(x, 2)");
    const full = evaluateFormula(formula, columns({ x: [0, 1, 2, 4] }), 4, empty());
    const gap = evaluateFormula(formula, columns({ x: [0, null, 1, 2, 4] }), 5, empty());
    expect(gap.values[2]![1]).toBeNaN();
    expect([0, 2, 3, 4].map((r) => gap.values[2]![r])).toEqual([...full.values[2]!]);
  });

  test("a degree that the values cannot carry is refused", async () => {
    const [problem] = await problemsOf(() =>
      evaluateFormula(parseFormula("poly(x, 3)"), columns({ x: [0, 1, 2, 1, 0] }), 5, empty()),
    );
    expect(problem).toMatchObject({ code: "poly-degree", where: "term poly(x,3)" });
    expect(problem!.message).toContain("3 different values");
  });

  test("of text is refused", async () => {
    const [problem] = await problemsOf(() =>
      evaluateFormula(parseFormula("poly(grp, 2)"), columns({ grp: ["a", "b"] }), 2, empty()),
    );
    expect(problem!.code).toBe("term-type");
  });
});

describe("natural cubic splines", () => {
  const x = [0, 0.5, 1, 2, 2, 3.5, 5, 7, 8, 9, 11, 12];
  const at = (text: string, values: number[], coding = empty()): number[][] => {
    const formula = parseFormula(text);
    evaluateFormula(formula, columns({ x }), x.length, coding);
    const out = evaluateFormula(formula, columns({ x: values }), values.length, coding);
    return out.values.map((column) => [...column]);
  };

  test("are straight beyond the boundaries and smooth at every knot", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 1, max: 11 }), { minLength: 1, maxLength: 4 }),
        (knots) => {
          const text = `0 + ns(x, [${knots}])`;
          const h = 1e-3;
          const second = (t: number): number[] =>
            at(text, [t - h, t, t + h]).map(([a, b, c]) => (a! - 2 * b! + c!) / h ** 2);
          for (const t of [-3, 15]) for (const value of second(t)) expect(Math.abs(value)).toBeLessThan(1e-6);
          // The second derivative is continuous: no jump at a knot beyond what the third one explains.
          for (const knot of [0, ...knots, 12]) {
            const [before, after] = [second(knot - 2 * h), second(knot + 2 * h)];
            before.forEach((value, j) => {
              expect(Math.abs(after[j]! - value)).toBeLessThan(0.05);
            });
          }
        },
      ),
      { numRuns: 20 },
    );
  });

  test("with an intercept they hold every straight line", () => {
    const [one, ...columnsOfNs] = at("ns(x, 3)", x);
    const design = [one!, ...columnsOfNs];
    // Least squares by hand: residuals of x on the columns vanish.
    const fitted = leastSquares(design, x);
    fitted.forEach((value, r) => {
      expect(value).toBeCloseTo(x[r]!, 10);
    });
  });

  test("one degree of freedom is a straight line from the first value", () => {
    const [, line] = at("ns(x, 1)", [0, 3, 6, 12, 24]);
    const slope = line![1]! / 3;
    expect(line!.map((value) => value / slope).map((v) => Number(v.toFixed(9)))).toEqual([0, 3, 6, 12, 24]);
  });

  test("missing values stay missing", () => {
    expect(at("0 + ns(x, 2)", [1, Number.NaN])[0]![1]).toBeNaN();
  });

  test.each([
    ["ns(x, [3, 12])", "knot-outside", /knot 12 lies outside the values, which run from 0 to 12/],
    ["ns(x, [-1, 3, 20])", "knot-outside", /knots -1, 20 lie outside/],
    ["piecewise(x, 0)", "knot-outside", /knot 0 lies outside/],
    ["ns(x, 12)", "too-few-values", /only 11 different values/],
    ["ns(few, 2)", "too-few-values", /only 2 different values/],
    ["ns(heap, 4)", "repeated-knots", /coincide \(0, 0, 0, 1, 2, 3, 4, 5\)|coincide/],
    ["ns(text, 2)", "term-type", /text/],
    ["piecewise(text, 2)", "term-type", /text/],
  ])("%s is refused", async (text, code, message) => {
    const data = columns({
      x,
      few: x.map((value) => (value > 3 ? 1 : 0)),
      heap: x.map((value) => Math.max(value - 7, 0)),
      text: x.map(String).map((value) => `v${value}`),
    });
    const [problem] = await problemsOf(() => evaluateFormula(parseFormula(text), data, x.length, empty()));
    expect(problem!.code).toBe(code);
    expect(problem!.where).toBe(`term ${parseFormula(text).terms[0]!.label}`);
    expect(problem!.message).toMatch(message);
  });
});

/** Fitted values of the least-squares fit, by normal equations (Gauss-Jordan). */
function leastSquares(design: readonly (readonly number[])[], y: readonly number[]): number[] {
  const p = design.length;
  const rows = design.map((a) => [
    ...design.map((b) => a.reduce((sum, value, r) => sum + value * b[r]!, 0)),
    a.reduce((sum, value, r) => sum + value * y[r]!, 0),
  ]);
  for (let j = 0; j < p; j++) {
    const pivot = rows[j]![j]!;
    rows[j] = rows[j]!.map((value) => value / pivot);
    for (let i = 0; i < p; i++) {
      const factor = i === j ? 0 : rows[i]![j]!;
      rows[i] = rows[i]!.map((value, k) => value - factor * rows[j]![k]!);
    }
  }
  return y.map((_, r) => design.reduce((sum, column, j) => sum + rows[j]![p]! * column[r]!, 0));
}

describe("piecewise lines", () => {
  const coding = empty();
  const formula = parseFormula("piecewise(x, [4, 8])");
  const values = (x: number[]): number[][] =>
    evaluateFormula(formula, columns({ x: [0, 10, ...x] }), x.length + 2, coding).values.map((column) =>
      [...column].slice(2),
    );

  test("have a column per segment, which grows by 1 within it and nowhere else", () => {
    expect(values([0, 3, 4, 6, 8, 9]).slice(1)).toEqual([
      [0, 3, 4, 4, 4, 4],
      [0, 0, 0, 2, 4, 4],
      [0, 0, 0, 0, 0, 1],
    ]);
    expect(curveColumnNames(formula.terms[0]!.atoms[0]!)).toEqual([
      "piecewise(x,[4,8])[to 4]",
      "piecewise(x,[4,8])[4 to 8]",
      "piecewise(x,[4,8])[from 8]",
    ]);
  });

  test("add up to the variable, before and after the data too", () => {
    const x = [-5, 0, 2.5, 7, 8, 20];
    const [, ...segments] = values(x);
    x.forEach((value, r) => {
      expect(segments.reduce((sum, column) => sum + column[r]!, 0)).toBe(value);
    });
  });
});

test("interactions are products", () => {
  const { names, values } = evaluateFormula(
    parseFormula("a:b:c"),
    columns({ a: [1, 2], b: [3, 4], c: [5, null] }),
    2,
    empty(),
  );
  expect(names[1]).toBe("a:b:c");
  expect([...values[1]!]).toEqual([15, Number.NaN]);
});

test("strings in comparisons keep their spaces", () => {
  const { values } = evaluateFormula(
    parseFormula('grp == "a b" + grp == "ab"'),
    columns({ grp: ["a b", "ab", "ab"] }),
    3,
    empty(),
  );
  expect([...values[1]!]).toEqual([1, 0, 0]);
  expect([...values[2]!]).toEqual([0, 1, 1]);
});

test("an unknown name is an error with the nearest one", async () => {
  const [problem] = await problemsOf(() =>
    evaluateFormula(parseFormula("monht"), columns({ month: [1] }), 1, empty()),
  );
  expect(problem!.fix).toContain("month");
});
