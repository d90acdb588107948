import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { createStream } from "../../../src/core/random.js";
import { tableFromArrays } from "../../../src/core/table.js";
import { fit } from "../../../src/models/fitModel.js";
import { contrastText, parseContrasts } from "../../../src/models/inference/contrastText.js";
import { parameterKey } from "../../../src/models/inference/names.js";
import { waldTest } from "../../../src/models/inference/wald.js";
import type { FitResult } from "../../../src/models/result.js";
import { fitFromJson, fitToJson } from "../../../src/report/fitJson.js";
import { cohort, ordinary, problemsOf, QUICK, twoKinds, withColumns } from "../helpers.js";

const table = withColumns(
  cohort(120, (i) => 3 + (i % 4), twoKinds),
  {
    age: (_row, _r, person) => (person * 37) % 50,
    site: (_row, _r, person) => ["A", "B b", "C"][(person % 11) % 3]!,
  },
);
const mixture = {
  outcome: "score",
  time: "time",
  fixed: "1 + time + time^2 + age + site",
  random: "1",
  classes: 2,
  membership: "age + site",
};

let result: FitResult;
let growth: FitResult;
beforeAll(async () => {
  result = await fit(table, mixture, QUICK);
  growth = await fit(table, {
    outcome: "score",
    time: "time",
    fixed: "1 + time + site",
    random: "1 + time",
    reml: true,
  });
});

const entry = (key: string) => result.parameters.find((p) => parameterKey(p) === key)!;

describe("a single contrast", () => {
  test.each(["observed", "robust"] as const)("of one parameter is its z squared (%s)", (covariance) => {
    const { estimate, standardError, robustStandardError } = entry("time@1");
    const own = waldTest(result, "time@1", { covariance });
    const error = covariance === "robust" ? robustStandardError! : standardError!;
    expect(own.estimates[0]).toBe(estimate);
    expect(own.standardErrors[0]! / error).toBeCloseTo(1, 12);
    expect(own.statistic! / (estimate / error) ** 2).toBeCloseTo(1, 12);
    expect([own.df, own.distribution, own.denominatorDf, own.reason]).toEqual([1, "chi-square", null, null]);
    if (covariance === "observed") expect(own.p! / entry("time@1").p!).toBeCloseTo(1, 9);
  });

  test("of a difference has the variance of the difference", () => {
    const [a, b] = ["time@1", "time@2"].map((key) => result.parameters.indexOf(entry(key))) as [
      number,
      number,
    ];
    const v = result.parameterCovariance!;
    const own = waldTest(result, { weights: { "time@1": 1, "time@2": -1 }, equals: 0.25 });
    expect(own.hypotheses).toEqual(["time@1 - time@2 = 0.25"]);
    expect(own.estimates[0]).toBeCloseTo(entry("time@1").estimate - entry("time@2").estimate - 0.25, 12);
    expect(own.standardErrors[0]! ** 2).toBeCloseTo(v[a]![a]! + v[b]![b]! - 2 * v[a]![b]!, 12);
  });

  test("of a REML fit is a t test with the degrees of freedom of the coefficient", () => {
    const slope = growth.parameters.find((p) => p.name === "time")!;
    const own = waldTest(growth, "time = 0");
    expect([own.distribution, own.df]).toEqual(["F", 1]);
    expect(own.denominatorDf).toBe(slope.df);
    expect(own.p! / slope.p!).toBeCloseTo(1, 9);
    expect(waldTest(growth, "time = 0", { degreesOfFreedom: "infinite" }).distribution).toBe("chi-square");
    expect(waldTest(growth, "time = 0", { covariance: "robust" }).reason).toMatch(/no robust covariance/);
  });
});

describe("several contrasts", () => {
  test("any independent combinations of the hypotheses give the same test", () => {
    const keys = ["time@1", "time^2@2", "age", "site[B b]"];
    const joint = waldTest(result, keys);
    expect(joint.df).toBe(4);
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: 16, maxLength: 16 }),
        (noise) => {
          // A matrix with a dominant diagonal has full rank.
          const mixed = keys.map((_, i) => ({
            weights: Object.fromEntries(keys.map((key, j) => [key, noise[4 * i + j]! + (i === j ? 10 : 0)])),
          }));
          const own = waldTest(result, mixed);
          expect(own.df).toBe(4);
          expect(own.statistic! / joint.statistic!).toBeCloseTo(1, 8);
        },
      ),
      { numRuns: 40 },
    );
  });

  test("redundant ones do not count, in any order", () => {
    const two = waldTest(result, "site[B b] = 0, site[C] = 0");
    for (const redundant of [
      "site[B b] = 0, site[C] = 0, site[B b] - site[C] = 0",
      "site[B b] = site[C] = 0; 2 * site[C] = 0",
      "site[C] - site[B b], site[C] + site[B b], site[C], site[B b]",
    ]) {
      const own = waldTest(result, redundant);
      expect(own.df).toBe(2);
      expect(own.statistic! / two.statistic!).toBeCloseTo(1, 9);
    }
  });

  test("that contradict each other are refused", async () => {
    const [problem] = await problemsOf(() => waldTest(result, "age = 0, 2 * age = 1"));
    expect(problem!.code).toBe("contradiction");
  });
});

describe("what cannot be tested", () => {
  test("a variance against zero", () => {
    const own = waldTest(result, ["age = 0", "var((Intercept)) = 0"]);
    expect([own.statistic, own.p, own.df]).toEqual([null, null, 0]);
    expect(own.reason).toMatch(/likelihood-ratio/);
    expect(waldTest(result, "var((Intercept)) = 1").p).not.toBeNull();
  });

  test("what has no standard error, and only that", () => {
    const without: FitResult = {
      ...result,
      parameters: result.parameters.map((p) => (p.name === "age" ? { ...p, standardError: null } : p)),
    };
    const own = waldTest(without, "age - time@1");
    expect([own.statistic, own.p]).toEqual([null, null]);
    expect(own.reason).toBe("No standard error is known for age.");
    expect(waldTest(without, "time@1").p).toBe(waldTest(result, "time@1").p);
    expect(waldTest({ ...result, parameterCovariance: null }, "age").reason).toMatch(/no covariance/);
  });

  test("what constraints of the model fix", async () => {
    const constrained = await fit(
      table,
      {
        ...mixture,
        fixed: "1 + time + age",
        membership: "1",
        constraints: ["time@1 = time@2", "age = 0.05"],
      },
      QUICK,
    );
    expect(waldTest(constrained, "time@1 = time@2").reason).toBe(
      "The model itself makes the hypothesis true.",
    );
    expect(waldTest(constrained, "age = 0.05").reason).toBe("The model itself makes the hypothesis true.");
    expect(waldTest(constrained, "age = 0").reason).toMatch(/fixes part/);
    expect(waldTest(constrained, "time@1 = 0, time@2 = 0").df).toBe(1);
  });
});

describe("hypotheses as text", () => {
  const parameters = (names: readonly (readonly [string, number | null])[]) =>
    names.map(([name, label]) => ({ name, class: label, block: "fixed" as const }));

  test("names may hold signs, brackets, spaces and numbers", () => {
    const known = parameters([
      ["time", 1],
      ["time^2", 1],
      ["log(time+1)", null],
      ["(age-40)/10", null],
      ["site[North - East]", null],
      ["2*x", null],
    ]);
    expect(
      parseContrasts(
        "time @ 1 - 2*time^2@1=log( time + 1 ), 2*x+(age - 40) / 10 - .5e1*site[North - East] + 1 = 3",
        known,
      ),
    ).toEqual([
      { weights: { "time@1": 1, "time^2@1": -2, "log(time+1)": -1 }, equals: 0 },
      { weights: { "2*x": 1, "(age-40)/10": 1, "site[North - East]": -5 }, equals: 2 },
    ]);
  });

  test("are read back from their words", () => {
    const known = parameters([
      ["a", 1],
      ["a", 2],
      ["b:c", null],
    ]);
    fc.assert(
      fc.property(
        fc.tuple(
          fc.integer({ min: -5, max: 5 }),
          fc.integer({ min: 1, max: 9 }),
          fc.integer({ min: -50, max: 50 }),
        ),
        ([first, second, value]) => {
          const contrast = {
            weights: { "a@1": second / 4, "a@2": first - 0.5, "b:c": -1 },
            equals: value / 8,
          };
          expect(parseContrasts(contrastText(contrast), known)).toEqual([contrast]);
        },
      ),
    );
  });

  test("the membership model is named with its block", () => {
    expect(waldTest(result, "membership: age@1 = 0").estimates[0]).toBe(
      result.parameters.find((p) => p.name === "age" && p.block === "membership")!.estimate,
    );
  });

  test.each([
    ["tim@1", "unknown-parameter", /Did you mean "time@1"/],
    ["time", "parameter-class", /time@1 or time@2/],
    ["age@2", "parameter-class", /expected age/i],
    ["time@3 = 0", "parameter-class", /no class 3/],
    ["age = ", "contrast-syntax", /missing/],
    ["age + = 1", "contrast-syntax", /cannot be read/],
    ["3 = 0", "empty-contrast", /nothing is tested/],
    ["age - age = 0", "empty-contrast", /nothing is tested/],
    ["2 age", "contrast-syntax", /cannot be read/],
  ])("%s is refused", async (text, code, words) => {
    const [problem] = await problemsOf(() => waldTest(result, text));
    expect(problem!.code).toBe(code);
    expect(`${problem!.message} expected ${problem!.expected} ${problem!.fix}`).toMatch(words);
  });

  test("every problem of several contrasts is reported", async () => {
    const problems = await problemsOf(() =>
      waldTest(result, [{ weights: { x: 1 } }, { weights: { age: Number.NaN } }, { weights: {} }]),
    );
    expect(problems.map((p) => p.code)).toEqual(["unknown-parameter", "bad-weight", "empty-contrast"]);
    expect((await problemsOf(() => waldTest(result, [])))[0]!.code).toBe("no-contrast");
  });
});

describe("term tests", () => {
  const find = (term: string, block: string, question: string) =>
    result.termTests.find((t) => t.term === term && t.block === block && t.question === question)!;

  test("there is one per term and question, in order", () => {
    expect(result.termTests.map((t) => `${t.block} ${t.term}: ${t.question}`)).toEqual([
      "fixed (Intercept): equal over classes",
      "fixed time: no effect",
      "fixed time: equal over classes",
      "fixed time^2: no effect",
      "fixed time^2: equal over classes",
      "fixed age: no effect",
      "fixed site: no effect",
      "membership age: no effect",
      "membership site: no effect",
    ]);
  });

  test("they are the Wald tests of their hypotheses", () => {
    const cases: [string, string, string, string, number][] = [
      ["time", "fixed", "no effect", "time@1 = 0, time@2 = 0", 2],
      ["time", "fixed", "equal over classes", "time@1 = time@2", 1],
      ["site", "fixed", "no effect", "site[B b], site[C]", 2],
      ["site", "membership", "no effect", "membership: site[B b]@1, membership: site[C]@1", 2],
    ];
    for (const [term, block, question, text, df] of cases) {
      const own = find(term, block, question);
      const same = waldTest(result, text);
      expect(own.df).toBe(df);
      expect(own.statistic! / same.statistic!).toBeCloseTo(1, 9);
      expect(own.hypotheses).toEqual(same.hypotheses);
    }
    expect(growth.termTests.find((t) => t.term === "site")).toMatchObject({ df: 2, distribution: "F" });
  });

  test("a stored fit carries them, and can be tested further", () => {
    const stored = fitFromJson(JSON.parse(JSON.stringify(fitToJson(result))));
    expect(stored.termTests).toEqual(result.termTests);
    expect(stored.explainedVariance).toEqual(result.explainedVariance);
    expect(waldTest(stored, "time@1 = time@2", { covariance: "robust" })).toEqual(
      waldTest(result, "time@1 = time@2", { covariance: "robust" }),
    );
    const storedGrowth = fitFromJson(JSON.parse(JSON.stringify(fitToJson(growth))));
    expect(waldTest(storedGrowth, "site[B b] = site[C]")).toEqual(waldTest(growth, "site[B b] = site[C]"));
  });
});

test("with a dozen people t rejects a true hypothesis as often as it should, z too often", async () => {
  const replicates = 300;
  let byT = 0;
  let byZ = 0;
  for (let s = 0; s < replicates; s++) {
    const base = cohort(12, 4, ordinary, 1000 + s);
    const stream = createStream(7, s);
    const x = Array.from({ length: 12 }, () => stream.normal());
    const own = await fit(withColumns(base, { x: (_row, _r, person) => x[person]! }), {
      outcome: "score",
      time: "time",
      fixed: "1 + time + x",
      random: "1",
      reml: true,
    });
    const coefficient = own.parameters.find((p) => p.name === "x")!;
    if (coefficient.p! < 0.05) byT++;
    if (Math.abs(coefficient.z!) > 1.96) byZ++;
    expect(coefficient.df!).toBeCloseTo(10, 0);
  }
  // 5% of 300 is 15 with a standard deviation of 3.8; a normal p with 10 degrees of freedom rejects 7.8%.
  expect(byT).toBeGreaterThan(4);
  expect(byT).toBeLessThan(26);
  expect(byZ).toBeGreaterThan(byT);
});

test("contrasts do not depend on the order of the people or on their identifiers", async () => {
  const ids: string[] = [];
  const columns: Record<string, number[]> = { time: [], score: [], age: [] };
  for (let i = table.nPersons - 1; i >= 0; i--)
    for (let r = table.personStart[i]!; r < table.personStart[i + 1]!; r++) {
      ids.push(`z${i}`);
      for (const name of Object.keys(columns)) {
        const column = table.columns.get(name)!;
        if (column.kind === "numeric") columns[name]!.push(column.values[r]!);
      }
    }
  const spec = { outcome: "score", time: "time", fixed: "1 + time + age", random: "1 + time", reml: true };
  const [one, other] = [await fit(table, spec), await fit(tableFromArrays(ids, columns), spec)];
  const [a, b] = [one, other].map((each) => waldTest(each, "time = 0, age = 0.1")) as [
    ReturnType<typeof waldTest>,
    ReturnType<typeof waldTest>,
  ];
  expect(a.statistic! / b.statistic!).toBeCloseTo(1, 6);
  expect(a.denominatorDf! / b.denominatorDf!).toBeCloseTo(1, 5);
});
