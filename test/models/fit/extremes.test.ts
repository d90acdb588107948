import { describe, expect, test } from "vitest";
import { createStream, type RandomStream } from "../../../src/core/random.js";
import { tableFromArrays } from "../../../src/core/table.js";
import { newtonFinish, observedInformation } from "../../../src/models/fit/newton.js";
import type { Objective } from "../../../src/models/fit/objective.js";
import { fit } from "../../../src/models/fitModel.js";
import { objectiveOf } from "../../../src/models/likelihood.js";
import { buildProblem } from "../../../src/models/problem.js";
import { resolveSpec } from "../../../src/models/spec.js";
import { cohort, expectAllFinite, ordinary, type Person, QUICK, twoKinds, withColumns } from "../helpers.js";

const base = { outcome: "score", time: "time", fixed: "1 + time", random: "1" };

/** Residuals of neighbouring sessions lie on opposite sides of the line. */
const alternating: Person = (session, stream) =>
  10 - session + (session % 2 === 0 ? 1 : -1) + stream.normal();

describe("parameters at the end of their range", () => {
  test.each(["car1", "car1+occasion"] as const)(
    "%s where neighbours differ: no autocorrelation is the best, and said",
    async (residual) => {
      const table = cohort(40, 6, () => alternating);
      const result = await fit(table, { ...base, random: "0", residual }, QUICK);
      expectAllFinite(result);
      const { verdicts, converged } = result.convergence;
      expect(converged).toBe(true);
      expect(verdicts.map(({ name }) => name)).toEqual(["converged on a boundary"]);
      expect(verdicts[0]!.sentence).toContain("(no autocorrelation)");
      expect(result.residual.autocorrelation).toBeLessThan(1e-4);
      expect(result.parameters.find(({ name }) => name === "autocorrelation")!.standardError).toBeNull();
      const without = await fit(
        table,
        { ...base, random: "0", residual: residual === "car1" ? "common" : "occasion" },
        QUICK,
      );
      expect(result.logLikelihood).toBeCloseTo(without.logLikelihood, 4);
    },
  );

  test.each([0, 1])("proportional covariances, no variance in the class that is last: %s", async (still) => {
    const table = cohort(80, 5, (i, stream) => {
      const level = (i % 2 === 0 ? 5 : 18) + (i % 2 === still ? 0 : 3 * stream.normal());
      return (_session, own) => level + own.normal();
    });
    const spec = { ...base, classes: 2, covariance: "proportional" } as const;
    const result = await fit(table, spec, QUICK);
    expectAllFinite(result);
    const equal = await fit(table, { ...spec, covariance: "equal" }, QUICK);
    expect(result.logLikelihood).toBeGreaterThan(equal.logLikelihood);
    expect(Math.max(...result.internal.map(Math.abs))).toBeLessThan(30);
    expect(result.convergence.verdicts[0]!.name).not.toBe("stopped early");
  });
});

test("an autocorrelation that runs to one on scores it reproduces exactly: the likelihood is unbounded", async () => {
  // Two people who differ by a constant from the line: neighbours' residuals are the same number.
  const table = cohort(12, 5, (i) => (session) => 10 - session + (i % 2 === 0 ? 2 : -2));
  for (const residual of ["ar1", "car1"] as const) {
    const result = await fit(table, { ...base, random: "0", residual }, QUICK);
    expectAllFinite(result);
    expect(result.convergence.verdicts.map(({ name }) => name)).toEqual(["likelihood unbounded"]);
    expect(result.convergence.converged).toBe(false);
  }
});

test("starts are brought into constraints even where their metric would lead to a residual variance of zero", async () => {
  const ids: string[] = [];
  const time: number[] = [];
  const score: number[] = [];
  for (let i = 0; i < 20; i++) {
    const stream = createStream(0, i);
    for (let j = 0; j < 3 && (j === 0 || stream.integer(2) === 1); j++) {
      ids.push(`p${i}`);
      time.push(1e6 + 1e6 * j);
      score.push(j + 10 * stream.normal());
    }
  }
  const fixed = "1 + piecewise(time,1500000)";
  const spec = { ...base, fixed, random: "1 + time", classes: 2, residual: "occasion" } as const;
  const table = tableFromArrays(ids, { time, score });
  const result = await fit(table, { ...spec, constraints: ["var(time) = 0"] }, QUICK);
  expectAllFinite(result);
  expect(result.starts!.finalists).toBeGreaterThanOrEqual(QUICK.startsFinal);
});

test("information that left the range of numbers is a flat direction, not an exception", () => {
  const evaluate = (x: Float64Array): ReturnType<Objective["evaluate"]> => ({
    x: x.slice(),
    value: -x[0]! * x[0]!,
    gradient: Float64Array.of(-2 * x[0]!, 0),
    information: Float64Array.of(2, Number.NaN, Number.NaN, Number.NaN),
    exactFit: false,
  });
  const objective = {
    size: 2,
    squared: [],
    deviations: [],
    evaluations: 0,
    evaluate,
  } as unknown as Objective;
  const { information, criterion } = newtonFinish(objective, evaluate(Float64Array.of(0.5, 1)), 10);
  expect(criterion).toBeLessThan(1e-13);
  expect([...information.eigenvalues].map((value) => Math.round(value))).toEqual([0, 1]);
  expect([...information.directions].every(Number.isFinite)).toBe(true);
});

test("random slopes of any size: finite, with a verdict", async () => {
  for (const sd of [1e3, 1e5, 1e7]) {
    const table = cohort(30, 5, (index, stream) => {
      const score = ordinary(index, stream);
      const slope = sd * createStream(5, index).normal();
      return (session, own) => score(session, own) + slope * session;
    });
    const result = await fit(table, { ...base, random: "1 + time" }, QUICK);
    expectAllFinite(result);
    expect(["converged", "likelihood unbounded"]).toContain(result.convergence.verdicts[0]!.name);
  }
});

test("curvatures where four random effects vary as one are those of the log-likelihood", () => {
  const table = cohort(40, 6, (_index, person) => {
    const level = 12 + 3 * person.normal();
    return (_session, own) => level + 1.5 * own.normal();
  });
  const fixed = "1 + ns(time,3)";
  const spec = resolveSpec({ ...base, fixed, random: fixed });
  const { objective, layout } = objectiveOf(buildProblem(table, spec).data, spec);
  const stream = createStream(3);
  const x = new Float64Array(layout.nParameters);
  for (const entry of objective.deviations) x[entry] = 1e-6 * stream.normal();
  // The first column of the factor, row by row.
  [0, 1, 3, 6].forEach((entry, row) => {
    x[layout.factorAt + entry] = [0.9, 0.3, -0.4, 0.2][row]!;
  });
  x[layout.sigmaAt] = Math.log(0.45);
  const point = objective.evaluate(x, true);
  const { eigenvalues, directions } = observedInformation(objective, point);
  const n = x.length;
  const valueAt = (direction: number, step: number): number =>
    objective.evaluate(
      x.map((value, i) => value + step * directions[i * n + direction]!),
      false,
    ).value;
  for (let d = 0; d < n; d++) {
    const step = 1e-2 / Math.sqrt(Math.max(1, Math.abs(eigenvalues[d]!)));
    const curvature = (2 * point.value - valueAt(d, step) - valueAt(d, -step)) / step ** 2;
    expect(Math.abs(curvature - eigenvalues[d]!)).toBeLessThan(0.02 * Math.max(1, Math.abs(curvature)));
  }
});

test("a residual variance that no score speaks of stays finite", async () => {
  const table = cohort(
    6,
    (index) => (index === 0 ? 8 : 3),
    (index) => (session, own) => (index % 2 === 0 ? 20 : 5) - session + own.normal(),
  );
  const spec = { ...base, classes: 2, residual: "class+occasion" } as const;
  expectAllFinite(await fit(table, spec, QUICK));
});

test("a climb to an occasion that few people saw is given up once its variance has left the bound", async () => {
  // One person has a sixth session, three a fifth.
  const table = cohort(20, (person) => (person < 1 ? 6 : person < 3 ? 5 : 4), ordinary, 2);
  const result = await fit(table, { ...base, classes: 2, residual: "occasion" }, QUICK);
  expect(result.convergence.verdicts.map(({ name }) => name)).toEqual(["likelihood unbounded"]);
  expect(result.convergence.iterations).toBeLessThan(1000);
});

/** One of two kinds of people, whose neighbouring sessions lie on opposite sides of the line. */
function opposite(index: number, stream: RandomStream): Person {
  const kind = twoKinds(index, stream);
  return (session, own) => kind(session, own) + (session % 2 === 0 ? 1 : -1);
}

test("residuals without autocorrelation end a mixture by time quickly, at its boundary and on the value of independent ones", async () => {
  const table = withColumns(
    cohort(80, (i) => 4 + (i % 3), opposite),
    {
      // Irregular times, some a tenth of the usual lag apart.
      time: (row, r) => row.time! + 0.9 * Math.abs(Math.sin(7 * r)),
    },
  );
  const spec = { outcome: "score", time: "time", fixed: "1 + time", random: "1", classes: 2 } as const;
  const independent = await fit(table, spec, QUICK);
  const result = await fit(table, { ...spec, residual: "car1" }, QUICK);
  expect(result.logLikelihood).toBeGreaterThan(independent.logLikelihood - 1e-6);
  expect(result.convergence.evaluations).toBeLessThan(5000);
  expect(result.convergence.converged).toBe(true);
  expect(result.residual.autocorrelation!).toBeLessThan(1e-4);
  expect(result.convergence.verdicts[0]!.name).toBe("converged on a boundary");
});
