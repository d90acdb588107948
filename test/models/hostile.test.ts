import { describe, expect, test } from "vitest";
import { fit } from "../../src/models/fitModel.js";
import type { FitResult, VerdictName } from "../../src/models/result.js";
import type { ModelSpecInput } from "../../src/models/spec.js";
import { fitToJson } from "../../src/report/fitJson.js";
import { cohort, expectAllFinite, ordinary, type Person, QUICK, twoKinds, withColumns } from "./helpers.js";

const base = { outcome: "score", time: "time", fixed: "1 + time", random: "1" };

/** Fits what no one should fit, and checks that every number is finite and every verdict has its two sentences. */
async function survive(
  table: Parameters<typeof fit>[0],
  spec: Partial<ModelSpecInput>,
): Promise<{ names: VerdictName[]; result: FitResult }> {
  const result = await fit(table, { ...base, ...spec }, QUICK);
  expectAllFinite(result);
  // Numbers that JSON lacks would be tagged.
  expect(JSON.stringify(fitToJson(result, { posteriors: "inline" }))).not.toMatch(/\$number|NaN|Infinity/);
  const { verdicts } = result.convergence;
  expect(verdicts.length).toBeGreaterThan(0);
  for (const { sentence, advice } of verdicts) {
    expect(sentence).toMatch(/^[A-Z].*\.$/);
    expect(advice).toMatch(/^[A-Z].*\.$/);
  }
  return { names: verdicts.map((verdict) => verdict.name), result };
}

const constant =
  (level: number): Person =>
  () =>
    level;

describe("hostile numbers end in finite results and a named verdict", () => {
  test("scores constant within a class: the solution on them is refused, and the sound one is the answer", async () => {
    const table = cohort(90, 5, (i, stream) => (i % 9 === 0 ? constant(3) : ordinary(i, stream)));
    const { names, result } = await survive(table, { random: "0", classes: 3, residual: "class" });
    expect(names).toEqual(["converged"]);
    const bound = result.convergence.varianceBound!;
    expect(bound.ratio).toBe(1e-4);
    expect(bound.smallestRatio).toBeGreaterThan(bound.ratio);
    expect(bound.smallestAllowed).toBeGreaterThan(0);
    expect(bound.refused).toBeGreaterThan(0);
    // What was refused has the higher likelihood: it grows without limit.
    const { logLikelihoods, finalists, refused } = result.starts!;
    expect(bound.refused).toBe(refused);
    expect(Math.min(...logLikelihoods.slice(finalists - refused))).toBeGreaterThan(
      result.logLikelihood + 100,
    );
  });

  test("a constant class so far out that every start ends on it: nothing is passed off as a maximum", async () => {
    const table = cohort(90, 5, (i, stream) => (i % 9 === 0 ? constant(30) : ordinary(i, stream)));
    const { names, result } = await survive(table, { random: "0", classes: 2, residual: "class" });
    expect(names).toEqual(["likelihood unbounded"]);
    expect(result.convergence.converged).toBe(false);
    expect(result.starts!.refused).toBe(result.starts!.finalists);
    expect(result.starts!.drawnLater).toBeGreaterThan(0);
  });

  test("a class of three people", async () => {
    const table = cohort(60, 6, (i, stream) =>
      i < 3 ? (_session, own) => 40 + 2 * own.normal() : ordinary(i, stream),
    );
    const { names, result } = await survive(table, { classes: 2, residual: "class" });
    expect(names).toEqual(["converged"]);
    expect(result.classes.map((each) => each.assigned)).toEqual([57, 3]);
  });

  test("200 sessions of one person", async () => {
    const table = cohort(
      40,
      (i) => (i === 0 ? 200 : 4),
      (i, stream) => ordinary(i, stream),
    );
    const { names, result } = await survive(table, { classes: 2, residual: "class" });
    expect(names[0]).not.toBe("not identified");
    expect(result.nObservations).toBe(200 + 39 * 4);
  });

  test("times of a million: the same fit as counted from zero", async () => {
    const near = cohort(90, 6, twoKinds);
    const far = withColumns(near, { time: (row) => row.time! + 1e6 });
    const spec = { fixed: "1 + time + time^2", classes: 2 };
    const [one, other] = [await survive(near, spec), await survive(far, spec)];
    expect(other.names).toEqual(one.names);
    expect(other.result.logLikelihood).toBeCloseTo(one.result.logLikelihood, 4);
    expect(other.result.classes.map((each) => each.assigned)).toEqual(
      one.result.classes.map((each) => each.assigned),
    );
  });

  test("collinear covariates: one is left out with a warning", async () => {
    const table = withColumns(cohort(60, 5, ordinary), {
      age: (_row, _r, person) => 20 + ((person * 7) % 40),
      months: (_row, _r, person) => 12 * (20 + ((person * 7) % 40)),
    });
    const { names, result } = await survive(table, { fixed: "1 + time + age + months" });
    expect(names).toEqual(["converged"]);
    expect(result.warnings.join(" ")).toContain("months");
  });

  const nearlyExact = async (residualSd: number): Promise<{ names: VerdictName[]; sd: number }> => {
    const table = cohort(40, 5, (_index, stream) => {
      const [level, slope] = [12 + 3 * stream.normal(), -0.5 + 0.3 * stream.normal()];
      return (session, own) => level + slope * session + residualSd * own.normal();
    });
    const { names, result } = await survive(table, { random: "1 + time" });
    return { names, sd: result.residual.sd[0]! };
  };

  test("a residual variance of 1e-8 counts as scores reproduced exactly", async () => {
    expect((await nearlyExact(1e-4)).names).toEqual(["likelihood unbounded"]);
  });

  test("a residual variance of 1e-6 does not", async () => {
    const { names, sd } = await nearlyExact(1e-3);
    expect(names).toEqual(["converged"]);
    expect(Math.abs(sd / 1e-3 - 1)).toBeLessThan(0.15);
  });

  test("30 classes asked of 40 people", async () => {
    const { names, result } = await survive(cohort(40, 5, ordinary), { random: "0", classes: 30 });
    expect(["class vanished", "likelihood unbounded"]).toContain(names[0]);
    expect(result.classes).toHaveLength(30);
  });

  test("everybody with one session", async () => {
    const { names } = await survive(cohort(60, 1, twoKinds), { fixed: "1", random: "0", classes: 2 });
    expect(names.length).toBeGreaterThan(0);
    expect((await survive(cohort(60, 1, ordinary), { fixed: "1" })).names).toEqual(["not identified"]);
  });

  test("one person only", async () => {
    expect((await survive(cohort(1, 8, ordinary), { random: "0" })).names).toEqual(["converged"]);
    expect((await survive(cohort(1, 8, ordinary), { classes: 2 })).names[0]).toBe("class vanished");
  });

  test.each(["common", "class"] as const)("all scores equal, residual %s", async (residual) => {
    const table = cohort(40, 5, () => constant(7));
    const { names, result } = await survive(table, { random: "0", classes: 2, residual });
    expect(names).toEqual(["likelihood unbounded"]);
    expect(result.convergence.converged).toBe(false);
  });
});
