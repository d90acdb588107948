import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { type LongTable, tableFromArrays } from "../../src/core/table.js";
import { fit } from "../../src/models/fitModel.js";
import { waldTest } from "../../src/models/inference/wald.js";
import type { FitResult } from "../../src/models/result.js";
import { sim600 } from "./fixtures.js";

/** A model by lme4 and lmerTest; see test/reference/r/inference.R. */
interface Reference {
  readonly name: string;
  readonly data: "all" | "few";
  readonly spec: {
    readonly fixed: string;
    readonly random: string;
    readonly diagonal: boolean;
    readonly reml: boolean;
  };
  readonly nObservations: number;
  readonly coefficients: readonly {
    readonly name: string;
    readonly estimate: number;
    readonly se: number;
    readonly df: number;
    readonly p: number;
  }[];
  readonly joint: readonly {
    readonly names: string | readonly string[];
    readonly f: number;
    readonly numDf: number;
    readonly denDf: number;
    readonly p: number;
  }[];
  readonly variance: { readonly fixed: number; readonly random: number; readonly residual: number };
  readonly performance: { readonly marginal: number; readonly conditional: number; readonly icc: number };
}

const { models } = JSON.parse(readFileSync(new URL("./inference-sim600.json", import.meta.url), "utf8")) as {
  readonly models: readonly Reference[];
};

/** The first 40 people of sim600. */
function firstPeople(table: LongTable, nPersons: number): LongTable {
  const nRows = table.personStart[nPersons]!;
  const ids: string[] = [];
  for (let i = 0; i < nPersons; i++)
    for (let r = table.personStart[i]!; r < table.personStart[i + 1]!; r++) ids.push(table.personIds[i]!);
  return tableFromArrays(
    ids,
    Object.fromEntries(
      [...table.columns].map(([name, column]) => [
        name,
        column.kind === "numeric" ? Array.from(column.values.subarray(0, nRows)) : [],
      ]),
    ),
    "session",
  );
}

/** Our name of lme4's `week:agec`. */
function ours(name: string): string {
  return name.startsWith("week:") ? name.replace(/^week:(.*)$/, "$1:week") : name;
}

describe.each(models.map((model) => [model.name, model] as const))("lmerTest: %s", (_, reference) => {
  let result: FitResult;
  beforeAll(async () => {
    const table = reference.data === "few" ? firstPeople(sim600(6), 40) : sim600();
    result = await fit(table, { outcome: "phq9", time: "week", ...reference.spec });
    expect(result.nObservations).toBe(reference.nObservations);
  });

  test("degrees of freedom, t and p of each coefficient", () => {
    for (const { name, estimate, se, df, p } of reference.coefficients) {
      const own = result.parameters.find((each) => each.name === ours(name))!;
      expect(own.estimate, name).toBeCloseTo(estimate, 4);
      // Theirs is the expected information of the fixed effects, as in our Satterthwaite terms; standard errors are from
      // the observed one, which differs by up to 1% in these data.
      const position = result.parameters.indexOf(own);
      const expected = Math.sqrt(result.satterthwaite!.covariance[position]![position]!);
      expect(expected / se, name).toBeCloseTo(1, 3);
      expect(Math.abs(own.standardError! / se - 1), name).toBeLessThan(0.01);
      const single = waldTest(result, `${own.name} = 0`, { degreesOfFreedom: "satterthwaite" });
      // Derivatives and curvature are numerical on both sides, and lme4 stops a little before the maximum.
      expect(Math.abs(single.denominatorDf! / df - 1), name).toBeLessThan(1e-3);
      expect(own.df).toBe(reference.spec.reml ? single.denominatorDf : null);
      if (reference.spec.reml && p > 1e-6) expect(own.p! / p, name).toBeCloseTo(1, 1);
    }
  });

  test("F tests of several coefficients", () => {
    for (const { names, f, numDf, denDf } of reference.joint) {
      const list = (typeof names === "string" ? [names] : names).map(ours);
      const own = waldTest(result, list, { degreesOfFreedom: "satterthwaite" });
      expect(own.distribution).toBe("F");
      expect(own.df).toBe(numDf);
      expect(Math.abs(own.denominatorDf! / denDf - 1), list.join()).toBeLessThan(1e-3);
      // A variance ratio: twice the difference of the standard errors above.
      expect(Math.abs(own.statistic! / f - 1), list.join()).toBeLessThan(0.02);
    }
  });

  test("explained variance", () => {
    const { components, marginalR2, conditionalR2, intraclassCorrelation } = result.explainedVariance!;
    const { fixed, random, residual } = reference.variance;
    expect(components.fixedEffects / fixed).toBeCloseTo(1, 4);
    expect(components.randomEffects / random).toBeCloseTo(1, 4);
    expect(components.residual / residual).toBeCloseTo(1, 4);
    const total = fixed + random + residual;
    expect(marginalR2!).toBeCloseTo(fixed / total, 5);
    expect(conditionalR2!).toBeCloseTo((fixed + random) / total, 5);
    expect(intraclassCorrelation!).toBeCloseTo(random / (random + residual), 5);
    // The package divides by n - 1.
    const { nObservations } = reference;
    // Of uncorrelated random effects it counts the first alone.
    if (reference.spec.diagonal) return;
    const apart = Math.abs(marginalR2! - reference.performance.marginal);
    expect(apart).toBeLessThan(1 / nObservations);
    expect(intraclassCorrelation!).toBeCloseTo(reference.performance.icc, 4);
  });
});
