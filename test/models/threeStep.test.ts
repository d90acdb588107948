import { describe, expect, test } from "vitest";
import { InputError } from "../../src/core/errors.js";
import { columnFromArray, type PersonTable } from "../../src/core/table.js";
import type { RegressionResult } from "../../src/models/result.js";
import { threeStep } from "../../src/models/threeStep.js";
import { reference, referencePosteriors } from "./regression/helpers.js";

const fit = { posteriors: referencePosteriors };

function table(
  columns: Readonly<Record<string, ArrayLike<number | string | null>>>,
  personIds: readonly string[] = reference.persons.id,
): PersonTable {
  return {
    nPersons: personIds.length,
    personIds,
    columns: new Map(Object.entries(columns).map(([name, values]) => [name, columnFromArray(values)])),
  };
}

const { age, female, employed, ltc, imd, id } = reference.persons;
const persons = table({ age, female, employed, ltc, imd });

/** No number of the tables is NaN or infinite. */
function expectPresentable(result: RegressionResult): void {
  const numbers = JSON.stringify(result, (_, value: unknown) =>
    typeof value === "number" && !Number.isFinite(value) ? "NOT FINITE" : value,
  );
  expect(numbers).not.toContain("NOT FINITE");
}

describe("against R on sim600", () => {
  const AGE = "(age-38)/10";
  const formula = `${AGE} + employed + ltc`;

  test.each(Object.entries(reference.entries))("%s", (_, entry) => {
    const result = threeStep(fit, persons, {
      formula,
      correction: entry.correction,
      assignment: entry.assignment,
      standardErrors: "model",
    });
    expect(result.convergence.converged).toBe(true);
    expect(result.nParameters).toBe(8);
    expect(Math.abs(result.logLikelihood - entry.logLik)).toBeLessThan(1e-7);
    for (const [name, estimate] of Object.entries(entry.estimates)) {
      const [rTerm, outcome] = name.replace(" vs class3", "").split(" class") as [string, string];
      const term = rTerm === "agec" ? AGE : rTerm;
      const row = result.oddsRatios.find(
        (r) => r.term === term && r.outcome === `Class ${outcome}` && r.reference === "Class 3",
      );
      expect(row, `${term} ${outcome}`).toBeDefined();
      expect(Math.abs(row!.logOdds - estimate)).toBeLessThan(1e-5);
      expect(Math.abs(row!.standardError! / entry.se[name]! - 1)).toBeLessThan(1e-3);
      if (entry.seRobust !== null)
        expect(Math.abs(row!.robustStandardError! / entry.seRobust[name]! - 1)).toBeLessThan(1e-3);
    }
  });

  test("weighted likelihoods take robust standard errors unless told otherwise", () => {
    for (const options of [{ correction: "bch" }, { assignment: "proportional" }] as const) {
      const { oddsRatios } = threeStep(fit, persons, { formula, ...options });
      for (const row of oddsRatios) expect(row.standardError).toBe(row.robustStandardError);
    }
  });
});

describe("tables", () => {
  const result = threeStep(fit, persons, { formula: "age * female + factor(imd)" });

  test("every ordered pair of classes, mirrored", () => {
    expect(result.outcomeLevels).toEqual(["Class 1", "Class 2", "Class 3"]);
    expect(result.oddsRatios).toHaveLength(3 * 2 * 13);
    for (const row of result.oddsRatios) {
      const mirror = result.oddsRatios.find(
        (r) => r.term === row.term && r.outcome === row.reference && r.reference === row.outcome,
      )!;
      expect(row.oddsRatio * mirror.oddsRatio).toBeCloseTo(1, 10);
      expect(row.lower! * mirror.upper!).toBeCloseTo(1, 10);
      expect(row.standardError!).toBeCloseTo(mirror.standardError!, 12);
      expect(row.p!).toBeCloseTo(mirror.p!, 12);
    }
    expectPresentable(result);
  });

  test("contrasts of contrasts add up", () => {
    const value = (outcome: number, against: number) =>
      result.oddsRatios.find(
        (r) => r.term === "age" && r.outcome === `Class ${outcome}` && r.reference === `Class ${against}`,
      )!.logOdds;
    expect(value(1, 2) + value(2, 3)).toBeCloseTo(value(1, 3), 10);
  });

  test("a Wald test per term, dummies together", () => {
    expect(result.termTests.map((t) => [t.term, t.df])).toEqual([
      ["age", 2],
      ["female", 2],
      ["factor(imd)", 18],
      ["age:female", 2],
    ]);
    for (const { p } of result.termTests) expect(p > 0 && p < 1).toBe(true);
    // With one coefficient per class the test does not depend on which class is the reference.
    const two = threeStep(fit, persons, { formula: "ltc" });
    expect(two.termTests).toHaveLength(1);
  });

  test("the classification table has rows that sum to one", () => {
    for (const row of result.classificationTable!) expect(row.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
  });
});

describe("persons", () => {
  test("are matched by identifier, whatever the order, and counted when absent", () => {
    const order = [...id.keys()].reverse().filter((i) => i !== 5);
    const shuffled = table(
      { age: [...order.map((i) => age[i]!), 30], female: [...order.map((i) => female[i]!), 1] },
      [...order.map((i) => id[i]!), "stranger"],
    );
    const result = threeStep(fit, shuffled, { formula: "age + female" });
    expect(result.nPersons).toBe(599);
    expect(result.leftOut).toEqual([
      { reason: "no row in the person table", persons: 1 },
      { reason: "not in the trajectory model", persons: 1 },
    ]);
    const without = threeStep(fit, table({ age: age.map((a, i) => (i === 5 ? null : a)), female }), {
      formula: "age + female",
    });
    expect(without.leftOut).toEqual([{ reason: "missing age", persons: 1 }]);
    expect(without.logLikelihood).toBeCloseTo(result.logLikelihood, 9);
  });

  test("with missing covariates are left out by name", () => {
    const result = threeStep(
      fit,
      table({
        age: age.map((a, i) => (i < 10 ? null : a)),
        sex: female.map((f, i) => (i > 4 && i < 12 ? null : f === 1 ? "woman" : "man")),
      }),
      { formula: "age * sex" },
    );
    expect(result.leftOut).toEqual([
      { reason: "missing age", persons: 5 },
      { reason: "missing age and sex", persons: 5 },
      { reason: "missing sex", persons: 2 },
    ]);
    expect(result.nPersons).toBe(588);
  });
});

describe("what cannot be estimated is named", () => {
  test("constant and collinear covariates", () => {
    const result = threeStep(fit, table({ age, months: age.map((a) => 12 * a), site: age.map(() => 1) }), {
      formula: "age + months + site",
    });
    expect(result.convergence.verdicts.map((v) => v.name)).toEqual(["not identified", "not identified"]);
    expect(result.warnings.join(" ")).toContain("months is an exact combination of age");
    expect(result.warnings.join(" ")).toContain("site is 1 for everyone");
    expect(new Set(result.oddsRatios.map((r) => r.term))).toEqual(new Set(["(Intercept)", "age"]));
    expectPresentable(result);
  });

  test("a covariate that gives the class away", () => {
    const told = reference.persons.modal.map((m) => Number(m === 2));
    const result = threeStep(fit, table({ age, told }), { formula: "age + told" });
    expect(result.convergence.verdicts[0]!.name).toBe("converged on a boundary");
    expect(result.warnings[0]).toContain("told");
    expect(result.oddsRatios.filter((r) => r.term === "told").some((r) => r.standardError === null)).toBe(
      true,
    );
    expect(
      result.oddsRatios.find((r) => r.term === "age" && r.reference === "Class 3")!.standardError,
    ).not.toBeNull();
    expect(result.termTests).toEqual([]);
    expectPresentable(result);
  });

  test("a rare category found in one class only", () => {
    const firsts = reference.persons.modal.flatMap((m, i) => (m === 2 ? [i] : [])).slice(0, 12);
    const rare = id.map((_, i) => (firsts.includes(i) ? "rare" : "usual"));
    const result = threeStep(fit, table({ age, rare }), { formula: "age + rare" });
    expect(result.convergence.verdicts.map((v) => v.name)).toEqual(["converged on a boundary"]);
    expect(result.termTests.map((t) => t.term)).toEqual(["age"]);
    for (const row of result.oddsRatios.filter((r) => r.term === "age"))
      expect(row.standardError).not.toBeNull();
    expectPresentable(result);
  });

  test("a class nobody is assigned to", () => {
    const values = new Float64Array(600 * 4);
    for (let i = 0; i < 600; i++)
      for (let k = 0; k < 3; k++) values[i * 4 + k] = 0.999 * referencePosteriors.values[i * 3 + k]!;
    for (let i = 0; i < 600; i++) values[i * 4 + 3] = 0.001;
    const four = { posteriors: { ...referencePosteriors, nClasses: 4, values } };
    for (const correction of ["ml", "bch", "none"] as const) {
      const result = threeStep(four, persons, { formula: "age", correction });
      expect(result.convergence.verdicts[0]!.name).toBe("class vanished");
      expect(result.warnings[0]).toContain("class 4");
      expect(result.outcomeLevels).toEqual(["Class 1", "Class 2", "Class 3"]);
      expectPresentable(result);
    }
  });

  test("everyone in one class, everyone without a covariate, classes that cannot be told apart", () => {
    const one = {
      posteriors: { ...referencePosteriors, modalClass: new Int32Array(600).fill(2) },
    };
    const lone = threeStep(one, persons, { formula: "age" });
    expect(lone.warnings.join(" ")).toContain("Everyone is assigned to the same class");
    const nobody = threeStep(fit, table({ age: age.map(() => null) }), { formula: "age" });
    expect(nobody.warnings.join(" ")).toContain("Everyone lacks");
    expect(nobody.leftOut).toEqual([{ reason: "missing age", persons: 600 }]);
    const coin = {
      posteriors: {
        personIds: id,
        nClasses: 2,
        values: new Float64Array(1200).fill(0.5),
        modalClass: Int32Array.from(id, (_, i) => 1 + (i % 2)),
      },
    };
    const bch = threeStep(coin, persons, { formula: "age", correction: "bch" });
    expect(bch.warnings.join(" ")).toContain("told apart so badly");
    const ml = threeStep(coin, persons, { formula: "age" });
    expect(ml.convergence.verdicts.some((v) => v.name === "not identified")).toBe(true);
    for (const result of [lone, nobody, bch, ml]) expectPresentable(result);
  });

  test("covariates in the class model already", () => {
    const model = { membership: "1 + age" } as never;
    expect(threeStep({ ...fit, model }, persons, { formula: "age" }).warnings.join(" ")).toContain(
      "formed without",
    );
  });
});

test("mistakes are reported together", () => {
  expect(() => threeStep(fit, persons, { formula: "agee + femal" })).toThrow(
    /agee[\s\S]*"age"[\s\S]*"female"/,
  );
  expect(() =>
    threeStep({ posteriors: { ...referencePosteriors, nClasses: 1 } }, table({ age: [1, 2] }, ["1", "1"]), {
      formula: "age",
    }),
  ).toThrow(/one class[\s\S]*several rows/);
  expect(() => threeStep(fit, table({ age: [1] }, ["x"]), { formula: "age" })).toThrow(InputError);
});
