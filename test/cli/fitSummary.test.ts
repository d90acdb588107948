import { describe, expect, it } from "vitest";
import { fitSummary } from "../../src/cli/fitSummary.js";
import { fit } from "../../src/models/fitModel.js";
import type { FitResult } from "../../src/models/result.js";
import { cohort, ordinary, QUICK, twoKinds, withColumns } from "../models/helpers.js";
import { makeFit } from "../report/fixtures.js";

const flat = (text: string): string => text.replace(/\s+/g, " ");

/** A fit of PHQ-9 whose first class ends below the range. */
function leaving(entropy: number): FitResult {
  const fit = makeFit({ classes: 2 });
  const [first, second] = fit.classes;
  const { time, mean } = first!.meanTrajectory;
  const below = {
    ...first!.meanTrajectory,
    mean: mean.map((value, i) => (i === time.length - 1 ? -2.5 : value)),
  };
  return {
    ...fit,
    model: { ...fit.model, outcome: "phq9" },
    warnings: ["A warning of the fit."],
    criteria: { ...fit.criteria, entropy },
    classes: [{ ...first!, meanTrajectory: below }, second!],
  };
}

describe("the summary of a fit", () => {
  it("has its warnings after the verdict and before every number", () => {
    const text = fitSummary(leaving(0.9));
    const at = text.indexOf("A warning of the fit.");
    expect(at).toBeGreaterThan(0);
    expect(at).toBeLessThan(text.indexOf("log-likelihood"));
    expect(at).toBeLessThan(text.indexOf("Fixed effects"));
    expect(text.split("A warning of the fit.")).toHaveLength(2);
  });

  it("says when a mean leaves the range of a known measure", () => {
    const fit = leaving(0.9);
    const last = fit.classes[0]!.meanTrajectory.time.at(-1);
    expect(flat(fitSummary(fit))).toContain(
      `The fitted mean of class 1 leaves the range of the PHQ-9 (0 to 27) within the observed times: -2.5 at ${fit.model.time} ${last}.`,
    );
    expect(fitSummary({ ...fit, model: { ...fit.model, outcome: "mood" } })).not.toContain(
      "leaves the range",
    );
    expect(flat(fitSummary(fit))).not.toContain("fitted mean of class 2");
  });

  it("says when a class holds a handful of people, and that something is to be read", () => {
    const fit = makeFit({ classes: 2 });
    const [first, second] = fit.classes;
    const sized = (people: number): string =>
      flat(
        fitSummary({
          ...fit,
          warnings: [],
          classes: [{ ...first!, proportion: people / fit.nPersons }, second!],
        }),
      );
    expect(sized(1.001)).toContain("Class 1 holds about 1 person:");
    expect(sized(4.4)).toContain("Class 1 holds about 4 people:");
    expect(sized(5)).not.toContain("holds about");
    expect(sized(4.4)).toContain("See the warnings below.");
    expect(sized(5)).toContain("Nothing to do.");
  });

  it("says how the work was spread over several workers", () => {
    const spread = (callingThread: number, oneWorker: number, severalWorkers: number): string =>
      fitSummary({
        ...makeFit({ classes: 2 }),
        execution: { workers: 4, jobs: { callingThread, oneWorker, severalWorkers }, shards: 62 },
      });
    expect(spread(0, 20, 0)).toContain("\n  4 workers: one start each\n");
    expect(spread(0, 0, 5)).toContain("\n  4 workers: the people divided between them (62 blocks)\n");
    expect(spread(1, 18, 3)).toContain(
      "\n  4 workers: one start each, and the people divided between them (62 blocks) in 3 of 22 steps\n",
    );
    expect(spread(22, 0, 0)).not.toContain("workers");
    expect(fitSummary(makeFit({ classes: 2 }))).not.toContain("workers");
  });

  it("says that one class has no predictors of membership", () => {
    const one = makeFit({ classes: 1 });
    const asked = { ...one, model: { ...one.model, membership: "1 + age" } };
    expect(flat(fitSummary(asked))).toContain("Nothing was done with 1 + age: one class has no predictors");
    expect(fitSummary(one)).not.toContain("Nothing was done");
  });

  it("says that classes overlap when entropy is below .6", () => {
    expect(fitSummary(leaving(0.59))).toContain("The classes overlap (entropy 0.59)");
    expect(fitSummary(leaving(0.6))).not.toContain("overlap");
  });
});

const people = cohort(60, 5, twoKinds);
const LINE = { outcome: "score", time: "time", fixed: "1 + time" } as const;

/** The header of the table under a title. */
function header(text: string, title: string): string {
  const lines = text.split("\n");
  return lines[lines.findIndex((line) => line.startsWith(title)) + 1]!.trim().replace(/ {2,}/g, "|");
}

describe("the summary of a growth curve", () => {
  it("leaves out what one class and untested parameters have no use for", async () => {
    const text = fitSummary(await fit(cohort(50, 5, ordinary), { ...LINE, random: "1 + time" }));
    expect(header(text, "Fixed effects")).toBe("term|estimate|SE|robust SE|z|p|2.5%|97.5%");
    expect(header(text, "Variances")).toBe("term|estimate|SE|robust SE|2.5%|97.5%");
    expect(text).toContain("Robust SE: by the sandwich estimator");
    expect(text).not.toMatch(/Tests of whole terms|Held:|with the classes/);
  });

  it("ends in one line break, whatever the last table is", async () => {
    const specs = [
      { random: "1" },
      { random: "0", residual: "occasion" },
      { random: "1", residual: "occasion" },
    ] as const;
    for (const changes of specs)
      expect(fitSummary(await fit(cohort(40, 4, ordinary), { ...LINE, ...changes }))).toMatch(/[^\n]\n$/);
  });

  it("says how much variance is explained, with the numbers of the fit", async () => {
    const result = await fit(cohort(50, 5, ordinary), { ...LINE, random: "1" });
    const { marginalR2, conditionalR2, intraclassCorrelation } = result.explainedVariance!;
    expect(flat(fitSummary(result))).toContain(
      `R2 ${marginalR2!.toFixed(3)} by the fixed effects, ${conditionalR2!.toFixed(3)} with the random effects; intraclass correlation ${intraclassCorrelation!.toFixed(3)}`,
    );
  });

  it("has t with its degrees of freedom under REML, and no robust errors", async () => {
    const result = await fit(cohort(30, 5, ordinary), { ...LINE, random: "1", reml: true });
    const text = fitSummary(result);
    expect(header(text, "Fixed effects")).toBe("term|estimate|SE|t|df|p|2.5%|97.5%");
    const slope = result.parameters.find(({ name }) => name === "time")!;
    expect(text).toMatch(new RegExp(`time .* ${slope.z!.toFixed(2)} +${slope.df!.toFixed(1)} `));
  });

  it("tests terms of several columns as a whole", async () => {
    const grouped = withColumns(cohort(60, 4, ordinary), {
      site: (_row, _index, person) => ["a", "b", "c"][person % 3]!,
    });
    const result = await fit(grouped, { ...LINE, fixed: "1 + time + site", random: "1" });
    const test = result.termTests.find(({ term }) => term === "site")!;
    expect(test.df).toBe(2);
    expect(flat(fitSummary(result))).toContain(`site χ²(2) = ${test.statistic!.toFixed(2)}`);
  });
});

describe("the summary of a mixture", () => {
  it("names the class, and tests whether classes differ", async () => {
    const result = await fit(people, { ...LINE, random: "0", classes: 2 }, QUICK);
    const text = fitSummary(result);
    expect(header(text, "Fixed effects")).toBe("term|class|estimate|SE|robust SE|z|p|2.5%|97.5%");
    expect(header(text, "Tests of whole terms")).toBe("term|no effect|p|same in all classes|p");
    expect(text).toMatch(/R2 [\d.]+ by the fixed effects, [\d.]+ with the classes/);
    expect(text).not.toContain("with the random effects");
  });

  it("marks what constraints hold", async () => {
    const constraints = ["time@1 = 0", "residual sd@1 = residual sd@2"];
    const text = fitSummary(
      await fit(people, { ...LINE, random: "0", classes: 2, residual: "class", constraints }, QUICK),
    );
    expect(text).toMatch(/^ {2}time +1 +0\.0000 +– +– .*fixed$/m);
    expect(text.match(/^ {2}residual sd .*equal$/gm)).toHaveLength(2);
    expect(text).toContain("Held: fixed at a value, or equal to others");
  });

  it("shows the next best solution where there is one", () => {
    const result = makeFit({ classes: 2 });
    const runnerUp = {
      logLikelihood: result.logLikelihood - 1.25,
      below: 1.25,
      finalists: 3,
      adjustedRandIndex: 0.5,
      sameClass: 0.81,
      classes: [0.25, 0.75].map((proportion, k) => ({ label: k + 1, proportion, assigned: 1, mean: [] })),
    };
    expect(flat(fitSummary({ ...result, runnerUp }))).toContain(
      "The next best solution is 1.25 points of log-likelihood below. It has 81% of the people in the same class; shares of its classes: 25.0%, 75.0%.",
    );
    expect(fitSummary({ ...result, runnerUp: null })).not.toContain("next best");
  });
});
