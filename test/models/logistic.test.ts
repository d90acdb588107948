import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type Column, columnFromArray, type PersonTable } from "../../src/core/table.js";
import { logisticRegression } from "../../src/models/logistic.js";

/** First and last rows of each person of sim600. */
function sim600(): { first: Record<string, number>[]; last: Record<string, number>[] } {
  const text = readFileSync(new URL("../reference/sim600.csv", import.meta.url), "utf8").trim();
  const [header, ...lines] = text.split("\n");
  const names = header!.split(",").map((name) => name.replaceAll('"', ""));
  const first = new Map<string, Record<string, number>>();
  const last = new Map<string, Record<string, number>>();
  for (const line of lines) {
    const cells = line.split(",");
    const row = Object.fromEntries(names.map((name, j) => [name, Number(cells[j])]));
    if (!first.has(cells[0]!)) first.set(cells[0]!, row);
    last.set(cells[0]!, row);
  }
  return { first: [...first.values()], last: [...last.values()] };
}

const { first, last } = sim600();
const improved = first.map((row, i) => Number(row.phq9! - last[i]!.phq9! >= 6));
const take = (name: string): number[] => first.map((row) => row[name]!);

function table(columns: Readonly<Record<string, ArrayLike<number | string | null> | Column>>): PersonTable {
  const entries = Object.entries(columns).map(
    ([name, values]) => [name, "kind" in values ? values : columnFromArray(values)] as const,
  );
  const column = entries[0]![1];
  const nPersons = column.kind === "numeric" ? column.values.length : column.codes.length;
  return {
    nPersons,
    personIds: Array.from({ length: nPersons }, (_, i) => String(i + 1)),
    columns: new Map(entries),
  };
}

const covariates = {
  improved,
  age: take("age"),
  female: take("female"),
  poor: take("imd").map((imd) => Number(imd > 5)),
  site: take("id").map((id) => ["north", "south", "west"][id % 3]!),
};

describe("against R 4.2.2 glm on sim600", () => {
  // glm(improved ~ age + female + poor + age:female, binomial, control = glm.control(epsilon = 1e-14)); improved: the
  // last PHQ-9 is at least 6 below the first. Robust errors: V crossprod(X * residual) V.
  test("estimates, standard errors, log-likelihood, intervals", () => {
    const result = logisticRegression(table(covariates), {
      outcome: "improved",
      formula: "age * female + poor",
    });
    const expected: Record<string, [number, number, number]> = {
      "(Intercept)": [-0.33128182110766, 0.4419998757788, 0.4483207139646],
      age: [-0.00677310718615, 0.0111754321019, 0.0114119124496],
      female: [-0.67127396411847, 0.574046316973, 0.5849946104076],
      poor: [0.20364509124659, 0.1740055408495, 0.1742557234474],
      "age:female": [0.01085778458683, 0.0142984102942, 0.0146057081499],
    };
    expect(result.oddsRatios.map((row) => row.term).sort()).toEqual(Object.keys(expected).sort());
    for (const row of result.oddsRatios) {
      const [estimate, se, robust] = expected[row.term]!;
      expect(Math.abs(row.logOdds - estimate)).toBeLessThan(1e-8);
      expect(Math.abs(row.standardError! / se - 1)).toBeLessThan(1e-6);
      expect(Math.abs(row.robustStandardError! / robust - 1)).toBeLessThan(1e-6);
      expect(row.outcome).toBe("yes");
      expect(row.reference).toBe("no");
    }
    expect(result.logLikelihood).toBeCloseTo(-383.99173626, 7);
    const poor = result.oddsRatios.find((row) => row.term === "poor")!;
    expect(poor.lower!).toBeCloseTo(Math.exp(-0.13739950193), 8); // confint.default
    expect(poor.upper!).toBeCloseTo(Math.exp(0.54468968442), 8);
    expect(result.nPersons).toBe(600);
    expect(result.convergence.converged).toBe(true);
    expect(result.warnings).toEqual([]);
  });

  // glm(improved ~ age + site); t(b) %*% solve(vcov) %*% b over the two dummies.
  test("a factor, and its Wald test", () => {
    const result = logisticRegression(table(covariates), { outcome: "improved", formula: "age + site" });
    expect(result.oddsRatios[2]!.logOdds).toBeCloseTo(-0.135052123711274, 9);
    expect(result.oddsRatios[3]!.logOdds).toBeCloseTo(0.043788330335423, 9);
    const site = result.termTests.find((t) => t.term === "site")!;
    expect(site.df).toBe(2);
    expect(site.chiSquare).toBeCloseTo(0.769930924665, 8);
  });
});

describe("outcomes", () => {
  const factor: Column = {
    kind: "factor",
    levels: ["no", "yes", "not eligible"],
    codes: Int32Array.from(improved, (v, i) => (i < 7 ? -1 : i < 20 ? 2 : v)),
  };

  test("yes, no and not eligible: the last are left out and counted", () => {
    const result = logisticRegression(table({ ...covariates, reliable_recovery: factor }), {
      outcome: "reliable_recovery",
      formula: "age",
    });
    expect(result.leftOut).toEqual([
      { reason: "missing reliable_recovery", persons: 7 },
      { reason: "reliable_recovery: not eligible", persons: 13 },
    ]);
    expect(result.nPersons).toBe(580);
    const numeric = improved.map((v, i) => (i < 20 ? null : v));
    const same = logisticRegression(table({ ...covariates, improved: numeric }), {
      outcome: "improved",
      formula: "age",
    });
    expect(same.oddsRatios[1]!.logOdds).toBeCloseTo(result.oddsRatios[1]!.logOdds, 12);
  });

  test("that are not yes or no are refused, with a suggestion for a misspelt name", () => {
    expect(() => logisticRegression(table(covariates), { outcome: "site", formula: "age" })).toThrow(
      /north, south/,
    );
    expect(() => logisticRegression(table(covariates), { outcome: "age", formula: "female" })).toThrow(
      /holds the value/,
    );
    expect(() => logisticRegression(table(covariates), { outcome: "imprvoed", formula: "age" })).toThrow(
      /"improved"/,
    );
  });

  test("that are the same for everyone get a verdict", () => {
    const result = logisticRegression(table({ ...covariates, improved: improved.map(() => 1) }), {
      outcome: "improved",
      formula: "age",
    });
    expect(result.oddsRatios).toEqual([]);
    expect(result.convergence.verdicts[0]!.sentence).toContain("is yes for all 600 persons");
    expect(JSON.parse(JSON.stringify(result))).toEqual(result);
  });
});

describe("separation", () => {
  test("complete: named, with no intervals", () => {
    const age = covariates.age.map((a) => a + 0.5);
    const old = age.map((a) => Number(a > 40));
    const result = logisticRegression(table({ old, age }), { outcome: "old", formula: "age" });
    expect(result.convergence.verdicts[0]!.name).toBe("converged on a boundary");
    for (const row of result.oddsRatios) expect(row.lower).toBeNull();
    expect(JSON.stringify(result)).not.toContain('null,"oddsRatio":null');
  });

  test("quasi-complete: the other covariates keep theirs", () => {
    const marker = improved.map((v, i) => Number(v === 1 && i % 20 < 5));
    const result = logisticRegression(table({ ...covariates, marker }), {
      outcome: "improved",
      formula: "age + marker + female",
    });
    expect(result.warnings).toHaveLength(1);
    expect(result.warnings[0]).toContain("marker");
    expect(result.oddsRatios.filter((row) => row.standardError === null).map((row) => row.term)).toEqual([
      "marker",
    ]);
    expect(result.termTests.map((t) => t.term)).toEqual(["age", "female"]);
    // Those with the marker tell nothing about the rest: the same fit without them.
    const rest = marker.flatMap((m, i) => (m === 0 ? [i] : []));
    const pick = (values: number[]) => rest.map((i) => values[i]!);
    const without = logisticRegression(
      table({ improved: pick(improved), age: pick(covariates.age), female: pick(covariates.female) }),
      { outcome: "improved", formula: "age + female" },
    );
    const age = (r: typeof result) => r.oddsRatios.find((row) => row.term === "age")!;
    expect(age(result).logOdds).toBeCloseTo(age(without).logOdds, 6);
    expect(age(result).standardError!).toBeCloseTo(age(without).standardError!, 6);
  });

  test("a strong effect of a rare exposure is not separation", () => {
    const exposure = improved.map((v, i) => Number((v === 1 && i % 50 < 5) || i === 3));
    const result = logisticRegression(table({ ...covariates, exposure }), {
      outcome: "improved",
      formula: "exposure",
    });
    expect(result.warnings).toEqual([]);
    expect(result.oddsRatios[1]!.standardError).not.toBeNull();
  });

  test("more covariates than persons", () => {
    const few = (values: number[]) => values.slice(0, 6);
    const columns = Object.fromEntries(
      Array.from({ length: 8 }, (_, j) => [
        `x${j}`,
        few(covariates.age.map((a, i) => Math.sin(a * (j + 1) + i))),
      ]),
    );
    const result = logisticRegression(table({ ...columns, improved: [0, 1, 0, 1, 1, 0] }), {
      outcome: "improved",
      formula: Object.keys(columns).join(" + "),
    });
    expect(result.convergence.verdicts.some((v) => v.name === "not identified")).toBe(true);
    expect(JSON.stringify(result)).not.toContain('"logOdds":null');
  });
});
