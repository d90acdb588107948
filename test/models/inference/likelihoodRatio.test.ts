import { beforeAll, describe, expect, test } from "vitest";
import { chiSquareUpperTail } from "../../../src/core/distributions.js";
import { createStream } from "../../../src/core/random.js";
import { fit } from "../../../src/models/fitModel.js";
import { likelihoodRatioTest } from "../../../src/models/inference/likelihoodRatio.js";
import type { FitResult } from "../../../src/models/result.js";
import type { ModelSpecInput } from "../../../src/models/spec.js";
import { cohort, ordinary, problemsOf, QUICK, twoKinds, withColumns } from "../helpers.js";

const table = withColumns(
  cohort(90, (i) => 4 + (i % 3), ordinary),
  { age: (_row, _r, person) => (person * 37) % 50 },
);
const base = { outcome: "score", time: "time", fixed: "1 + time", random: "1" };
const fits = new Map<string, Promise<FitResult>>();
function fitted(change: Partial<ModelSpecInput>): Promise<FitResult> {
  const key = JSON.stringify(change);
  const known = fits.get(key) ?? fit(table, { ...base, ...change }, QUICK);
  fits.set(key, known);
  return known;
}
const compare = async (smaller: Partial<ModelSpecInput>, larger: Partial<ModelSpecInput>) =>
  likelihoodRatioTest(await fitted(smaller), await fitted(larger));

describe("the distribution follows from what is added", () => {
  test("fixed effects: chi-square", async () => {
    const own = await compare(
      { random: "1 + time" },
      { random: "1 + time", fixed: "1 + time + time^2 + age" },
    );
    expect(own).toMatchObject({
      df: 2,
      method: "ML",
      verdict: "ordinary",
      distribution: { kind: "chi-square", df: 2 },
      differences: ["fixed effects: time^2, age"],
      advice: "",
    });
    const [smaller, larger] = [
      await fitted({ random: "1 + time" }),
      await fitted({ random: "1 + time", fixed: "1 + time + time^2 + age" }),
    ];
    expect(own.statistic).toBe(2 * (larger.logLikelihood - smaller.logLikelihood));
    expect(own.p).toBe(chiSquareUpperTail(own.statistic, 2));
    expect(own.sentence).toMatch(/^The data do not show .* with 2 degrees of freedom, p = 0\.\d{3}\)\.$/);
  });

  test("a straight line lies within a spline, though the names differ", async () => {
    const own = await compare({ random: "1 + time" }, { random: "1 + time", fixed: "1 + ns(time, 3)" });
    expect(own.distribution).toEqual({ kind: "chi-square", df: 2 });
    const product = await compare(
      { random: "1 + time", fixed: "1 + time + age + age:time" },
      { random: "1 + time", fixed: "1 + age * poly(time, 2)" },
    );
    expect(product.df).toBe(2);
  });

  test.each([
    ["the first random effect", { random: "0" }, { random: "1" }, [0, 1]],
    ["a correlated slope", { random: "1" }, { random: "1 + time" }, [1, 2]],
    ["an uncorrelated slope", { random: "1" }, { random: "1 + time", diagonal: true }, [0, 1]],
    ["a slope and a fixed effect", { random: "1" }, { random: "1 + time", fixed: "1 + time + age" }, [2, 3]],
  ] as const)("%s: half and half", async (_, smaller, larger, df) => {
    const own = await compare(smaller, larger);
    expect(own).toMatchObject({ verdict: "boundary", distribution: { kind: "mixture", df }, pBounds: null });
    const tail = (d: number): number => (d === 0 ? 0 : chiSquareUpperTail(own.statistic, d));
    expect(own.p! / (0.5 * tail(df[0]) + 0.5 * tail(df[1]))).toBeCloseTo(1, 12);
    expect(own.p!).toBeLessThan(chiSquareUpperTail(own.statistic, df[1]));
    expect(own.sentence).toMatch(/a variance cannot be below zero/);
  });

  test("correlations alone are no boundary", async () => {
    const own = await compare({ random: "1 + time", diagonal: true }, { random: "1 + time" });
    expect(own).toMatchObject({ verdict: "ordinary", distribution: { kind: "chi-square", df: 1 } });
  });

  test("several random effects: bounds, which hold the p of each possible mixture", async () => {
    const own = await compare({ random: "1" }, { random: "1 + time + time^2" });
    expect(own).toMatchObject({
      df: 5,
      p: null,
      verdict: "boundary",
      distribution: { kind: "bounds", lower: [2, 3], upper: [4, 5] },
    });
    expect(own.pBounds!.lower).toBeLessThan(own.pBounds!.upper);
    const uncorrelated = await compare({ random: "0" }, { random: "1 + time", diagonal: true });
    expect(uncorrelated.distribution).toEqual({ kind: "bounds", lower: [0, 1], upper: [1, 2] });
    expect(uncorrelated.sentence).toMatch(/^The larger model describes the data better/);
  });

  test("REML fits of the same fixed effects", async () => {
    const own = await compare({ reml: true }, { random: "1 + time", reml: true });
    expect(own).toMatchObject({ method: "REML", distribution: { kind: "mixture", df: [1, 2] } });
  });

  test("a straight line lies within a latent basis", async () => {
    const own = await compare(
      { random: "1 + time" },
      { random: "1 + latent(time)", fixed: "1 + latent(time)" },
    );
    // Sessions 0 to 5: the loadings of the four between the first and the last.
    expect(own).toMatchObject({
      distribution: { kind: "chi-square", df: 4 },
      differences: ["a change of any shape over time in place of a straight line"],
    });
    expect(own.statistic).toBeGreaterThanOrEqual(0);
  });

  test("residual variances by occasion and autocorrelation of real fits", async () => {
    const occasion = await compare({ random: "1" }, { random: "1", residual: "occasion" });
    expect(occasion).toMatchObject({ distribution: { kind: "chi-square", df: 5 } });
    const both = await compare({ random: "1", residual: "ar1" }, { random: "1", residual: "ar1+occasion" });
    expect(both).toMatchObject({ distribution: { kind: "chi-square", df: 5 } });
    const slope = await compare({ random: "1", residual: "ar1" }, { random: "1 + time", residual: "ar1" });
    expect(slope).toMatchObject({ distribution: { kind: "mixture", df: [1, 2] } });
  });

  test("residual structure", async () => {
    // Built by hand: what is added is read from the specification and the number of parameters.
    const smaller = await fitted({ random: "1" });
    const larger = (residual: FitResult["model"]["residual"], more: number): FitResult => ({
      ...smaller,
      model: { ...smaller.model, residual },
      nParameters: smaller.nParameters + more,
      logLikelihood: smaller.logLikelihood + 3,
    });
    expect(likelihoodRatioTest(smaller, larger("ar1", 1))).toMatchObject({
      distribution: { kind: "chi-square", df: 1 },
      differences: ["autocorrelation of the residuals"],
      statistic: 6,
    });
    expect(likelihoodRatioTest(smaller, larger("ar1+occasion", 6)).distribution).toEqual({
      kind: "chi-square",
      df: 6,
    });
    expect(likelihoodRatioTest(smaller, larger("car1", 1))).toMatchObject({ p: null, verdict: "not known" });
    const [problem] = await problemsOf(() => likelihoodRatioTest(larger("occasion", 5), larger("ar1", 6)));
    expect(problem!.message).toMatch(/lacks residual variances by occasion/);
  });
});

describe("mixtures", () => {
  const people = withColumns(cohort(120, 4, twoKinds), { age: (_row, _r, person) => (person * 7) % 40 });
  const two = { ...base, classes: 2 };
  let simple: FitResult;
  beforeAll(async () => {
    simple = await fit(people, two, QUICK);
  });

  test("what differs by class, and predictors of membership: chi-square", async () => {
    for (const [change, df, words] of [
      [{ residual: "class" }, 1, "residual variances by class"],
      [{ covariance: "proportional" }, 1, "random effects proportional over classes"],
      [{ covariance: "free" }, 1, "random effects free over classes"],
      [{ membership: "age" }, 1, "predictors of membership: age"],
    ] as const) {
      const own = likelihoodRatioTest(simple, await fit(people, { ...two, ...change }, QUICK));
      expect(own.distribution).toEqual({ kind: "chi-square", df });
      expect(own.differences).toEqual([words]);
    }
    const shared = await fit(people, { ...two, classSpecific: "1" }, QUICK);
    const own = likelihoodRatioTest(shared, simple);
    expect(own.differences).toEqual(["differing by class: time"]);
    expect(own.p!).toBeLessThan(1e-6);
    expect(own.sentence).toMatch(/p < 0\.001/);
  });

  test("constraints lifted: chi-square, not where they held variances", async () => {
    const equal = await fit(people, { ...two, constraints: ["time@1 = time@2"] }, QUICK);
    expect(likelihoodRatioTest(equal, simple)).toMatchObject({
      df: 1,
      distribution: { kind: "chi-square", df: 1 },
      differences: ["freed: time@1 = time@2"],
    });
    const held = await fit(people, { ...two, constraints: ["residual sd = 1.5"] }, QUICK);
    expect(likelihoodRatioTest(held, simple)).toMatchObject({ p: null, verdict: "not known" });
  });

  test("another number of classes has no known distribution", async () => {
    const one = await fit(people, base, QUICK);
    const own = likelihoodRatioTest(one, simple);
    expect(own).toMatchObject({
      p: null,
      verdict: "classes differ",
      distribution: { kind: "unknown" },
      differences: ["2 classes in place of 1"],
    });
    expect(own.statistic).toBeGreaterThan(0);
    expect(own.advice).toMatch(/bootstrap/);
  });
});

describe("what cannot be tested", () => {
  test("an unfinished maximum is a verdict", async () => {
    const smaller = await fitted({});
    const larger = await fitted({ random: "1 + time" });
    const worse = { ...larger, logLikelihood: smaller.logLikelihood - 0.5 };
    expect(likelihoodRatioTest(smaller, worse)).toMatchObject({
      statistic: -1,
      p: null,
      verdict: "unfinished maximum",
    });
    const rounding = { ...larger, logLikelihood: smaller.logLikelihood - 1e-6 };
    expect(likelihoodRatioTest(smaller, rounding)).toMatchObject({ statistic: 0, p: 1, verdict: "boundary" });
    const stopped = { ...larger, convergence: { ...larger.convergence, converged: false } };
    expect(likelihoodRatioTest(smaller, stopped).verdict).toBe("unfinished maximum");
  });

  test("doubts about a p are said", async () => {
    const [smaller, larger] = [await fitted({ fixed: "1" }), await fitted({})];
    const doubtful: FitResult = {
      ...larger,
      model: { ...larger.model, cluster: "service" },
      convergence: {
        ...larger.convergence,
        verdicts: [{ name: "best value not replicated", sentence: "", advice: "" }],
      },
    };
    expect(likelihoodRatioTest(smaller, larger).advice).toBe("");
    const own = likelihoodRatioTest(smaller, doubtful);
    expect(own.p).toBe(likelihoodRatioTest(smaller, larger).p);
    expect(own.advice).toMatch(/best value of the larger model was not replicated.*those of a cluster/);
  });

  test("a smaller model on its own boundary has no known distribution", async () => {
    const flat = withColumns(table, { score: (row, r) => row.time! + ((r * 7919) % 13) });
    const [smaller, larger] = [await fit(flat, base), await fit(flat, { ...base, fixed: "1 + time + age" })];
    expect(smaller.convergence.verdicts[0]!.name).toBe("converged on a boundary");
    expect(likelihoodRatioTest(smaller, larger)).toMatchObject({ p: null, verdict: "not known" });
  });

  test.each([
    ["another method", { reml: true }, { random: "1 + time" }, "different-method"],
    [
      "REML with other fixed effects",
      { reml: true },
      { reml: true, fixed: "1 + time + age" },
      "reml-fixed-effects",
    ],
    ["models in the wrong order", { random: "1 + time" }, { random: "1" }, "not-nested"],
    ["the same model twice", {}, {}, "not-nested"],
    ["other fixed effects", { fixed: "1 + age" }, { fixed: "1 + time + time^2" }, "not-nested"],
    [
      "a fixed effect that is no function of time",
      { fixed: "1 + age" },
      { fixed: "1 + ns(time, 3)" },
      "not-nested",
    ],
    ["a spline and a parabola", { fixed: "1 + time^2" }, { fixed: "1 + time + time^3" }, "not-nested"],
    ["other random effects", { random: "1" }, { random: "0 + time + time^2" }, "not-nested"],
    [
      "correlations lost",
      { random: "1 + time" },
      { random: "1 + time + time^2", diagonal: true, fixed: "1 + time + age" },
      "not-nested",
    ],
  ] as const)("%s", async (_, smaller, larger, code) => {
    const [one, other] = [await fitted(smaller), await fitted(larger)];
    const problems = await problemsOf(() => likelihoodRatioTest(one, other));
    expect(problems.map((p) => p.code)).toEqual([code]);
  });

  test("other data", async () => {
    const one = await fitted({});
    for (const other of [
      withColumns(table, { score: (row) => (row.time === 5 ? Number.NaN : row.score!) }),
      withColumns(table, { score: (row, r) => row.score! + (r === 7 ? 1 : 0) }),
    ]) {
      const larger = await fit(other, { ...base, random: "1 + time" });
      const [problem] = await problemsOf(() => likelihoodRatioTest(one, larger));
      expect(problem!.code).toBe("different-data");
    }
    const renamed = await fit(withColumns(table, { phq9: (row) => row.score! }), {
      ...base,
      outcome: "phq9",
      random: "1 + time",
    });
    expect((await problemsOf(() => likelihoodRatioTest(one, renamed)))[0]!.message).toMatch(
      /of score and of phq9/,
    );
  });

  test("an intercept less is still the same data", async () => {
    expect((await compare({ fixed: "0 + time" }, {})).differences).toEqual(["fixed effects: (Intercept)"]);
  });
});

test("under a true smaller model the mixture rejects as often as it should", async () => {
  const replicates = 250;
  let rejected = 0;
  let zero = 0;
  for (let s = 0; s < replicates; s++) {
    // Random intercepts, no random slopes.
    const people = cohort(
      60,
      4,
      (i) => {
        const level = 12 + 2 * createStream(17, s, i).normal();
        return (session, own) => level - 0.5 * session + 1.5 * own.normal();
      },
      5000 + s,
    );
    const own = likelihoodRatioTest(
      await fit(people, base),
      await fit(people, { ...base, random: "1 + time", diagonal: true }),
    );
    expect(own.statistic).toBeGreaterThanOrEqual(0);
    if (own.statistic < 1e-4) zero++;
    if (own.p! < 0.05) rejected++;
  }
  // Binomial: 12.5 with a standard deviation of 3.4, and half of the statistics at zero with one of 3.2%.
  expect(rejected).toBeGreaterThan(3);
  expect(rejected).toBeLessThan(23);
  expect(Math.abs(zero / replicates - 0.5)).toBeLessThan(0.11);
});
