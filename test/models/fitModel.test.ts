import { describe, expect, test } from "vitest";
import { tableFromArrays } from "../../src/core/table.js";
import { fit } from "../../src/models/fitModel.js";
import type { FitResult, VerdictName } from "../../src/models/result.js";
import type { ModelSpecInput } from "../../src/models/spec.js";
import { familyOf } from "../../src/models/spec.js";
import {
  cohort,
  expectAllFinite,
  ordinary,
  type Person,
  problemsOf,
  QUICK,
  twoKinds,
  withColumns,
} from "./helpers.js";

const base = { outcome: "score", time: "time", fixed: "1 + time", random: "1 + time" };

async function verdictsOf(
  table: Parameters<typeof fit>[0],
  spec: Partial<ModelSpecInput>,
): Promise<{ names: VerdictName[]; result: FitResult }> {
  const result = await fit(table, { ...base, ...spec }, QUICK);
  expectAllFinite(result);
  // What is written to a file is what is read.
  expect(JSON.stringify(result)).not.toContain("NaN");
  for (const { sentence, advice } of result.convergence.verdicts) {
    expect(sentence).toMatch(/^[A-Z].*\.$/);
    expect(advice).toMatch(/^[A-Z].*\.$/);
  }
  return { names: result.convergence.verdicts.map((v) => v.name), result };
}

const steady =
  (level: (index: number) => number) =>
  (index: number): Person =>
  () =>
    level(index);
const line = (index: number, stream: Parameters<typeof ordinary>[1]): Person => {
  const [a, b] = [12 + 3 * stream.normal(), -0.5 + 0.3 * stream.normal()];
  return (session) => a + b * session + 0 * index;
};

describe("strange data end in a named verdict and finite numbers", () => {
  const random = ["0", "1", "1 + time"];

  test.each([
    ["0", "converged"],
    ["1", "converged on a boundary"],
    ["1 + time", "converged on a boundary"],
  ])("one person, random %s", async (effects, expected) => {
    expect((await verdictsOf(cohort(1, 8, ordinary), { random: effects })).names).toEqual([expected]);
  });

  test("one person in two classes", async () => {
    const { names } = await verdictsOf(cohort(1, 8, ordinary), { random: "0", classes: 2 });
    expect(names[0]).toBe("class vanished");
  });

  test("one session each: random effects and residual cannot be told apart", async () => {
    const single = cohort(50, 1, ordinary);
    const intercept = await verdictsOf(single, { fixed: "1", random: "1" });
    expect(intercept.names).toEqual(["not identified"]);
    const byName = new Map(intercept.result.parameters.map((p) => [p.name, p]));
    expect(byName.get("var((Intercept))")!.standardError).toBeNull();
    expect(byName.get("residual sd")!.standardError).toBeNull();
    expect(byName.get("(Intercept)")!.standardError).toBeGreaterThan(0);
    const slope = await verdictsOf(single, {});
    expect(slope.names).toEqual(["not identified"]);
    expect(slope.result.warnings[0]).toContain("time");
    expect((await verdictsOf(single, { fixed: "1", random: "0" })).names).toEqual(["converged"]);
  });

  test.each([false, true])("two sessions cannot carry four variances (reml: %s)", async (reml) => {
    const { names, result } = await verdictsOf(cohort(60, 2, ordinary), { reml });
    expect(names).toEqual(["not identified"]);
    for (const p of result.parameters) {
      if (p.block === "fixed") expect(p.standardError).toBeGreaterThan(0);
      else expect(p.standardError).toBeNull();
    }
  });

  test.each(random)("constant scores, random %s", async (effects) => {
    const { names } = await verdictsOf(
      cohort(
        40,
        5,
        steady(() => 7),
      ),
      { random: effects },
    );
    expect(names).toEqual(["likelihood unbounded"]);
  });

  test("constant scores in two classes", async () => {
    const { names } = await verdictsOf(
      cohort(
        40,
        5,
        steady(() => 7),
      ),
      { classes: 2 },
    );
    expect(names).toEqual(["likelihood unbounded"]);
  });

  test("each person constant: no residual is left once everybody has an intercept or a class", async () => {
    const table = cohort(
      40,
      5,
      steady((i) => i % 7),
    );
    expect((await verdictsOf(table, { random: "0" })).names).toEqual(["converged"]);
    expect((await verdictsOf(table, { random: "1" })).names).toEqual(["likelihood unbounded"]);
    const seven = await verdictsOf(table, { random: "0", classes: 7 });
    expect(seven.names).toEqual(["likelihood unbounded"]);
    expect(seven.result.convergence.converged).toBe(false);
  });

  test.each([false, true])("perfect lines (reml: %s)", async (reml) => {
    expect((await verdictsOf(cohort(40, 5, line), { reml })).names).toEqual(["likelihood unbounded"]);
    expect((await verdictsOf(cohort(40, 5, line), { reml, random: "1" })).names).toEqual(["converged"]);
  });

  test("perfect lines of unequal length, some of one session", async () => {
    expect(
      (
        await verdictsOf(
          cohort(40, (i) => 1 + (i % 5), line),
          {},
        )
      ).names,
    ).toEqual(["likelihood unbounded"]);
  });

  test("the outcome among its own predictors", async () => {
    expect((await verdictsOf(cohort(30, 4, ordinary), { fixed: "1 + score" })).names).toEqual([
      "likelihood unbounded",
    ]);
  });

  test.each([
    ["LCGA", { random: "0" }],
    ["GMM", { random: "1" }],
    ["LCGA with own residuals", { random: "0", residual: "class" }],
  ] as const)("30 classes of 40 people: %s", async (_, spec) => {
    const { names, result } = await verdictsOf(cohort(40, 5, ordinary), { ...spec, classes: 30 });
    expect(["class vanished", "likelihood unbounded"]).toContain(names[0]);
    expect(result.classes).toHaveLength(30);
    expect(result.classes.reduce((sum, c) => sum + c.assigned, 0)).toBe(40);
    expect(result.classes.reduce((sum, c) => sum + c.proportion, 0)).toBeCloseTo(1, 9);
  });

  test("more classes than people", async () => {
    const { names } = await verdictsOf(cohort(5, 5, ordinary), { random: "0", classes: 8 });
    expect(names[0]).toMatch(/class vanished|likelihood unbounded/);
  });

  test("a class of three people far from the rest is found", async () => {
    const table = cohort(60, 6, (i, stream) =>
      i < 3 ? (_session, own) => 40 + 2 * own.normal() : ordinary(i, stream),
    );
    const { names, result } = await verdictsOf(table, { classes: 2 });
    expect(names).toEqual(["converged"]);
    expect(result.classes.map((c) => c.assigned)).toEqual([57, 3]);
  });

  test("200 sessions of one person among people with four", async () => {
    const table = cohort(
      40,
      (i) => (i === 0 ? 200 : 4),
      (i, stream) => ordinary(i, stream),
    );
    for (const classes of [1, 2]) expect((await verdictsOf(table, { classes })).names).not.toEqual([]);
  });

  test("200 sessions with far-off values underflow nothing", async () => {
    const table = cohort(20, 200, (i) => (_session, own) => 100 * (i % 2) + 30 * own.normal());
    const { names, result } = await verdictsOf(table, { classes: 2, fixed: "1", random: "0" });
    expect(names).toEqual(["converged"]);
    expect(result.criteria.entropy).toBe(1);
    expect(result.classes.map((c) => c.assigned)).toEqual([10, 10]);
    expect(result.classes[0]!.oddsOfCorrectClassification).toBeNull();
  });

  test("two persons alike, and a person with two scores at one time", async () => {
    const table = cohort(30, 5, ordinary);
    const twins = withColumns(table, {
      time: (row, r) => (r % 10 === 1 ? 0 : row.time!),
      score: (row, r) => (r < 10 ? 10 + (r % 5) : row.score!),
    });
    expect((await verdictsOf(twins, {})).result.nPersons).toBe(30);
  });

  test("class-specific nothing: the classes cannot be told apart", async () => {
    const { names } = await verdictsOf(cohort(40, 5, ordinary), { classes: 2, classSpecific: "0" });
    expect(names[0]).toBe("not identified");
  });

  test("a random effect twice over", async () => {
    const twice = withColumns(cohort(40, 5, ordinary), { again: (row) => 2 * row.time! });
    const { names } = await verdictsOf(twice, { random: "1 + time + again" });
    expect(names).toContain("not identified");
  });

  test("a covariate that foretells the class perfectly has no standard error", async () => {
    const table = withColumns(cohort(60, 6, twoKinds), {
      kind: (_row, _r, person) => Number(person % 3 === 0),
    });
    const { names, result } = await verdictsOf(table, { classes: 2, membership: "kind", random: "0" });
    expect(names).toEqual(["not identified"]);
    const membership = result.parameters.filter((p) => p.block === "membership");
    expect(membership.map((p) => [p.name, p.standardError])).toEqual([
      ["(Intercept)", null],
      ["kind", null],
    ]);
  });

  test.each([1e12, 1e-12])("scores times %s", async (scale) => {
    const table = cohort(40, 5, ordinary);
    const scaled = withColumns(table, { score: (row) => scale * row.score! });
    const [one, other] = [await verdictsOf(table, {}), await verdictsOf(scaled, {})];
    expect(other.names).toEqual(one.names);
    expect(other.result.residual.sd[0]! / scale).toBeCloseTo(one.result.residual.sd[0]!, 6);
  });

  test("no random intercept, no fixed intercept", async () => {
    const { result } = await verdictsOf(cohort(40, 5, ordinary), { fixed: "0 + time", random: "0 + time" });
    expect(result.parameters.map((p) => p.name)).toEqual(["time", "var(time)", "residual sd"]);
  });
});

describe("a result", () => {
  const table = cohort(90, 6, twoKinds);

  test("orders classes by their mean at the last common time", async () => {
    const { result } = await verdictsOf(table, { classes: 2, random: "1" });
    const last = result.classes.map((c) => c.meanTrajectory.mean.at(-1)!);
    expect(last[0]!).toBeLessThan(last[1]!);
    expect(result.classes.map((c) => c.assigned)).toEqual([60, 30]);
    expect(result.family).toBe("growth mixture model");
  });

  test("has the right number of everything", async () => {
    const { result } = await verdictsOf(table, { classes: 2, random: "1", residual: "class" });
    expect(result.nPersons).toBe(90);
    expect(result.nObservations).toBe(540);
    expect(result.rows).toEqual({ read: 540, used: 540, setAside: [] });
    // 2 x 2 means, 1 variance, 2 residuals, 1 logit
    expect(result.nParameters).toBe(8);
    expect(result.parameters).toHaveLength(8);
    expect(result.internal).toHaveLength(8);
    expect(result.posteriors.personIds).toEqual(table.personIds);
    expect(result.criteria.aic).toBeCloseTo(-2 * result.logLikelihood + 16, 9);
    // The one class is split twice, and the best split goes on beside the best random starts.
    expect(result.starts).toMatchObject({ tried: QUICK.startsInitial + 2, drawnLater: 0 });
    expect(result.starts!.finalists - QUICK.startsFinal).toBeLessThanOrEqual(1);
    expect(result.starts!.logLikelihoods).toHaveLength(result.starts!.finalists);
    expect(result.starts!.screenedLogLikelihoods).toHaveLength(result.starts!.tried);
    expect(result.starts!.logLikelihoods[0]!).toBeCloseTo(result.logLikelihood, 4);
  });

  test("names its family", () => {
    expect(familyOf({ classes: 1, random: "0" }, 0)).toBe("growth curve");
    expect(familyOf({ classes: 2, random: "0" }, 0)).toBe("latent class growth analysis");
    expect(familyOf({ classes: 2, random: "1" }, 1)).toBe("growth mixture model");
  });

  test("of a cancelled fit does not exist", async () => {
    const controller = new AbortController();
    controller.abort();
    await expect(fit(table, base, { signal: controller.signal })).rejects.toMatchObject({
      code: "cancelled",
    });
  });

  test("of a fit cancelled from a timer does not exist either", async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 10);
    const long = fit(table, { ...base, classes: 4 }, { startsInitial: 5000, signal: controller.signal });
    await expect(long).rejects.toMatchObject({ code: "cancelled" });
  });

  test("reports progress that ends", async () => {
    const seen: string[] = [];
    await fit(
      table,
      { ...base, classes: 2 },
      {
        ...QUICK,
        onProgress: ({ stage, done, total }) => {
          if (done === total) seen.push(stage);
        },
      },
    );
    expect(seen).toEqual(["one-class fits", "screening starts", "converging the best starts", "finishing"]);
  });

  test("with one start counts that start as its own replication", async () => {
    const result = await fit(table, { ...base, classes: 2 }, { startsInitial: 1, startsFinal: 1 });
    expect(result.starts).toMatchObject({ tried: 1, finalists: 1, replicatedBest: 1 });
  });
});

test("what cannot be a model is refused before anything is fitted", async () => {
  const table = tableFromArrays(["a", "a"], { score: [1, 2], time: [0, 1] });
  expect((await problemsOf(() => fit(table, { ...base, classes: 0 })))[0]!.code).toBe("bad-class-count");
  expect((await problemsOf(() => fit(table, base, { startsInitial: -1 })))[0]!.code).toBe("bad-option");
  expect((await problemsOf(() => fit(table, { ...base, outcome: "scores" })))[0]!.fix).toContain("score");
});
