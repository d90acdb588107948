import { beforeAll, describe, expect, test } from "vitest";
import type { LongTable } from "../../src/core/table.js";
import type { BootstrapOptions, BootstrapResult } from "../../src/models/bootstrap/types.js";
import { bootstrap } from "../../src/models/bootstrap.js";
import { fit } from "../../src/models/fitModel.js";
import type { FitJob, JobRunner, RunOptions } from "../../src/models/jobs/job.js";
import { createLocalRunner } from "../../src/models/localRunner.js";
import type { FitResult } from "../../src/models/result.js";
import { createRunner } from "../../src/workers/index.js";
import { cohort, expectAllFinite, ordinary, problemsOf, QUICK, twoKinds, withColumns } from "./helpers.js";

const base = { outcome: "score", time: "time", fixed: "1 + time", random: "1" };

/** Everything but the time it took. */
function answer(result: BootstrapResult): unknown {
  return { ...result, elapsedSeconds: 0 };
}

describe("two classes", () => {
  const table = cohort(240, (i) => 3 + (i % 4), twoKinds);
  let result: FitResult;
  let people: BootstrapResult;
  let model: BootstrapResult;
  beforeAll(async () => {
    result = await fit(table, { ...base, classes: 2 }, QUICK);
    people = await bootstrap(table, result, { replicates: 200 });
    model = await bootstrap(table, result, { replicates: 200, kind: "parametric" });
  });

  test("errors are those of the observed information, by people and by the model", () => {
    for (const own of [people, model]) {
      expectAllFinite(own);
      expect(own.replicates).toEqual({
        requested: 200,
        finished: 200,
        used: 200,
        failed: [],
        reordered: 0,
        poorMatch: 0,
        elsewhere: 0,
      });
      own.parameters.forEach((parameter, j) => {
        const { name, block, class: label, estimate, standardError } = result.parameters[j]!;
        expect(parameter).toMatchObject({ name, block, class: label, estimate });
        // 200 replicates know an error to 5%; 240 people are few enough for another few percent of difference.
        const ratio = parameter.standardError! / standardError!;
        expect(ratio, `${name} ${label}`).toBeGreaterThan(0.8);
        expect(ratio, `${name} ${label}`).toBeLessThan(1.25);
        // Bias below a third of an error, and within the interval.
        expect(Math.abs(parameter.bias!)).toBeLessThan(parameter.standardError! / 3);
        expect(parameter.lower!).toBeLessThan(estimate);
        expect(parameter.upper!).toBeGreaterThan(estimate);
      });
    }
  });

  test("proportions and mean trajectories have errors of their own", () => {
    people.classes.forEach(({ label, proportion, meanTrajectory, stability, dissolved }, k) => {
      const own = result.classes[k]!;
      expect(label).toBe(own.label);
      expect(proportion.estimate).toBe(own.proportion);
      // Two thirds and a third of 240 people, hardly ever in doubt: sqrt(2 / 9 / 240) = 0.030.
      expect(proportion.standardError!).toBeGreaterThan(0.025);
      expect(proportion.standardError!).toBeLessThan(0.037);
      expect(stability!).toBeGreaterThan(0.9);
      expect(dissolved).toBe(0);
      expect(meanTrajectory.time).toEqual(own.meanTrajectory.time);
      meanTrajectory.mean.forEach((mean, t) => {
        const half = (own.meanTrajectory.upper[t]! - own.meanTrajectory.lower[t]!) / 2;
        expect((1.96 * meanTrajectory.standardError[t]!) / half).toBeGreaterThan(0.75);
        expect((1.96 * meanTrajectory.standardError[t]!) / half).toBeLessThan(1.3);
        expect(meanTrajectory.lower[t]!).toBeLessThan(mean);
        expect(meanTrajectory.upper[t]!).toBeGreaterThan(mean);
      });
    });
  });

  test("the covariance is that of the estimates kept", () => {
    const p = people.parameters.length;
    expect(people.estimates).toHaveLength(200 * p);
    people.parameters.forEach(({ standardError }, j) => {
      expect(people.covariance![j]![j]!).toBeCloseTo(standardError! ** 2, 10);
    });
  });

  test("random starts change nothing where they find nothing better, and switched labels are switched back", async () => {
    const more = await bootstrap(table, result, { replicates: 40, startsPerReplicate: 2 });
    expect(more.replicates.elsewhere).toBe(0);
    const p = people.parameters.length;
    expect(more.estimates).toEqual(people.estimates.subarray(0, 40 * p));
  });

  test("another runner, other workers, fewer replicates: the same replicates bit for bit", async () => {
    const options: BootstrapOptions = { replicates: 30, kind: "parametric", seed: 8 };
    const local = answer(await bootstrap(table, result, options));
    for (const runner of [backwards(), createRunner(2)]) {
      expect(answer(await bootstrap(table, result, { ...options, runner }))).toEqual(local);
      await runner.close();
    }
    const fewer = await bootstrap(table, result, { ...options, replicates: 7 });
    const { estimates } = local as BootstrapResult;
    expect(fewer.estimates).toEqual(estimates.subarray(0, fewer.estimates.length));
  });

  test("a cancelled bootstrap gives what is finished, and says so", async () => {
    const controller = new AbortController();
    const own = await bootstrap(table, result, {
      replicates: 200,
      signal: controller.signal,
      onProgress: ({ done }) => {
        if (done === 3) controller.abort();
      },
    });
    expectAllFinite(own);
    expect(own.replicates.finished).toBe(60);
    expect(own.estimates).toEqual(people.estimates.subarray(0, own.estimates.length));
    expect(own.warnings).toContain("Only 60 of 200 replicates were finished.");
    controller.abort();
    const none = await bootstrap(table, result, { replicates: 5, signal: controller.signal });
    expectAllFinite(none);
    expect(none.replicates).toMatchObject({ finished: 0, used: 0, poorMatch: null });
    expect(none.covariance).toBeNull();
  });

  test("bad input is refused, all of it at once", async () => {
    const bad = {
      replicates: 0,
      startsPerReplicate: -1,
      seed: 0.5,
      kind: "people",
    } as unknown as BootstrapOptions;
    const problems = await problemsOf(() => bootstrap(table, result, bad));
    expect(problems.map(({ code }) => code)).toEqual(new Array(4).fill("bad-option"));
    const other = await problemsOf(() => bootstrap(cohort(50, 4, ordinary), result, { replicates: 2 }));
    expect(other[0]!.code).toBe("other-people");
  });
});

/** Runs jobs from the last to the first. */
function backwards(): JobRunner {
  const runner = createLocalRunner();
  return {
    ...runner,
    async run<Input, Output>(
      jobs: readonly FitJob<Input>[],
      options: RunOptions,
    ): Promise<(Output | undefined)[]> {
      return (await runner.run<Input, Output>([...jobs].reverse(), options)).reverse();
    },
  };
}

test("classes that trade places at the last time keep their labels, and errors are not inflated", async () => {
  // Same mean at session 4, where classes are ordered; 4 points apart at the start.
  const table = cohort(
    200,
    5,
    (i) => {
      const start = i % 2 === 0 ? 16 : 12;
      return (session, own) => start + ((10 - start) / 4) * session + 1.5 * own.normal();
    },
    7,
  );
  const result = await fit(table, { ...base, random: "0", classes: 2 }, QUICK);
  const own = await bootstrap(table, result, { replicates: 200, kind: "parametric" });
  expect(own.replicates.reordered!).toBeGreaterThan(0.2);
  expect(own.replicates.poorMatch).toBe(0);
  own.parameters.forEach(({ name, standardError }, j) => {
    const ratio = standardError! / result.parameters[j]!.standardError!;
    // 200 replicates know an error to 5%.
    expect(ratio, name).toBeGreaterThan(0.8);
    expect(ratio, name).toBeLessThan(1.2);
  });
});

describe("one class", () => {
  const table = withColumns(cohort(150, 8, ordinary), { x: (_row, _index, person) => (person % 7) - 3 });
  const spec = { ...base, fixed: "1 + time * x", random: "1 + time" };

  test.each([
    // Drawn from the model, errors are those of the model; drawn from the people, those that ask nothing of it.
    ["REML, scores of the model", { reml: true }, "parametric", "standardError"],
    ["ML, people", {}, "nonparametric", "robustStandardError"],
  ] as const)("%s: errors are those of the fit", async (_, method, kind, error) => {
    const result = await fit(table, { ...spec, ...method });
    const own = await bootstrap(table, result, { replicates: 200, kind });
    expectAllFinite(own);
    expect(own.replicates.used).toBe(200);
    own.parameters.forEach(({ standardError, name }, j) => {
      const ratio = standardError! / result.parameters[j]![error]!;
      expect(ratio, name).toBeGreaterThan(0.82);
      expect(ratio, name).toBeLessThan(1.2);
    });
    expect(own.classes).toHaveLength(1);
    expect(own.classes[0]!.proportion).toMatchObject({ estimate: 1, standardError: null });
  });

  test("constraints hold in every replicate, and what they fix has no error", async () => {
    const constraints = ["x = 0.25"];
    const result = await fit(table, { ...spec, constraints });
    const own = await bootstrap(table, result, { replicates: 40 });
    expectAllFinite(own);
    const fixed = own.parameters.find(({ name }) => name === "x")!;
    expect(fixed).toMatchObject({ estimate: 0.25, standardError: null, lower: null });
    expect(own.parameters.filter(({ standardError }) => standardError === null)).toEqual([fixed]);
  });

  test.each(["ar1", "occasion"] as const)("%s residuals: errors are those of the fit", async (residual) => {
    const result = await fit(cohort(200, 5, ordinary), { ...base, residual });
    const own = await bootstrap(cohort(200, 5, ordinary), result, { replicates: 150, kind: "parametric" });
    expectAllFinite(own);
    own.parameters.forEach(({ standardError, name }, j) => {
      const ratio = standardError! / result.parameters[j]!.standardError!;
      // 150 replicates know an error to 6%.
      expect(ratio, name).toBeGreaterThan(0.78);
      expect(ratio, name).toBeLessThan(1.25);
    });
  });

  test("a latent basis: the curve runs through the loadings of each replicate", async () => {
    const bent = cohort(200, 4, (_, stream) => {
      const intercept = 12 + 2 * stream.normal();
      return (session, own) => intercept - 4 * Math.sqrt(session / 3) + own.normal();
    });
    const result = await fit(bent, { ...base, fixed: "1 + latent(time)" });
    const own = await bootstrap(bent, result, { replicates: 150, kind: "parametric" });
    const { meanTrajectory } = own.classes[0]!;
    const fitted = result.classes[0]!.meanTrajectory;
    meanTrajectory.mean.forEach((_, t) => {
      const half = (fitted.upper[t]! - fitted.lower[t]!) / 2;
      expect((1.96 * meanTrajectory.standardError[t]!) / half).toBeGreaterThan(0.8);
      expect((1.96 * meanTrajectory.standardError[t]!) / half).toBeLessThan(1.25);
    });
  });

  test("a variance at zero leaves zero in samples that want it to", async () => {
    // No person differs from another in slope; the estimate is zero in about half of all data sets.
    const table = cohort(
      120,
      5,
      (_, stream) => {
        const intercept = 12 + 2 * stream.normal();
        return (session, own) => intercept - session + 2 * own.normal();
      },
      2,
    );
    const result = await fit(table, { ...base, random: "1 + time", diagonal: true });
    const at = result.parameters.findIndex(({ name }) => name === "var(time)");
    expect(result.parameters[at]!.estimate).toBeLessThan(1e-8);
    const own = await bootstrap(table, result, { replicates: 100, kind: "parametric" });
    const p = own.parameters.length;
    const variances = Array.from({ length: own.replicates.used }, (_, r) => own.estimates[r * p + at]!);
    const away = variances.filter((value) => value > 1e-4).length / variances.length;
    // The share is near a half; 100 replicates know it to 5%.
    expect(away).toBeGreaterThan(0.3);
    expect(away).toBeLessThan(0.7);
    expect(own.replicates.used).toBeGreaterThan(95);
  });
});

describe("clusters", () => {
  /** 30 services that differ, 8 people each. */
  function services(): LongTable {
    const effects = Array.from({ length: 30 }, (_, g) => 3 * Math.sin(7.3 * g + g * g));
    const table = cohort(240, 4, (i, stream) => {
      const intercept = 12 + effects[i % 30]! + stream.normal();
      return (session, own) => intercept - 0.5 * session + own.normal();
    });
    return withColumns(table, {
      service: (_row, _index, person) => `s${person % 30}`,
      own: (_row, _index, person) => person,
    });
  }

  test("drawing clusters gives the cluster-robust error, drawing people one far too small", async () => {
    const table = services();
    const result = await fit(table, { ...base, cluster: "service" });
    const plain = await fit(table, base);
    const byCluster = await bootstrap(table, result, { replicates: 200 });
    const byPerson = await bootstrap(table, plain, { replicates: 200 });
    expect(byCluster.clusters).toBe("service");
    expect(byPerson.clusters).toBeNull();
    const robust = result.parameters[0]!.robustStandardError!;
    const ratio = byCluster.parameters[0]!.standardError! / robust;
    expect(ratio).toBeGreaterThan(0.8);
    expect(ratio).toBeLessThan(1.2);
    expect(byPerson.parameters[0]!.standardError!).toBeLessThan(0.6 * robust);
    expect(byCluster.warnings.join(" ")).toContain("only 30 clusters of service");
  });

  test("clusters of one person each are people", async () => {
    const table = services();
    const options = { replicates: 20, seed: 4 };
    const own = await bootstrap(table, await fit(table, { ...base, cluster: "own" }), options);
    const none = await bootstrap(table, await fit(table, base), options);
    expect(own.estimates).toEqual(none.estimates);
  });
});

describe("models that the data hardly support", () => {
  test("replicates that fail are named, and the numbers stay finite", async () => {
    const table = cohort(14, 3, ordinary);
    const result = await fit(table, { ...base, random: "0", classes: 4, residual: "class" }, QUICK);
    const own = await bootstrap(table, result, { replicates: 60 });
    expectAllFinite(own);
    const failed = own.replicates.failed.flatMap(({ numbers }) => numbers);
    expect(failed.length).toBeGreaterThan(0);
    expect(new Set(failed).size).toBe(failed.length);
    expect(failed.length + own.replicates.used).toBe(60);
    expect(own.warnings.length).toBeGreaterThan(0);
    for (const warning of own.warnings) expect(warning).toMatch(/^[A-Z].*\.$/);
  });

  test("classes that are not there do not come back", async () => {
    const table = cohort(100, 5, ordinary);
    const result = await fit(table, { ...base, random: "1 + time", classes: 3 }, QUICK);
    const own = await bootstrap(table, result, { replicates: 60 });
    expectAllFinite(own);
    expect(own.replicates.poorMatch!).toBeGreaterThan(0.2);
    expect(Math.min(...own.classes.map(({ stability }) => stability!))).toBeLessThan(0.75);
  });
});
