import { describe, expect, test } from "vitest";
import {
  DEFAULT_FIT_OPTIONS,
  type FitOptions,
  type ModelSpecInput,
  resolveFitOptions,
  resolveSpec,
} from "../../src/models/spec.js";
import { problemsOf } from "./helpers.js";

const base = { outcome: "phq9", time: "month" };

describe("model specification", () => {
  test("defaults", () => {
    expect(resolveSpec(base)).toEqual({
      outcome: "phq9",
      time: "month",
      fixed: "1 + month",
      random: "1",
      classes: 1,
      membership: "1",
      residual: "common",
      covariance: "equal",
      diagonal: false,
      reml: false,
    });
  });

  test("what is given is kept, and resolving twice changes nothing", () => {
    const spec = resolveSpec({ ...base, classes: 3, classSpecific: "1", residual: "class", random: "0" });
    expect(spec).toMatchObject({ classes: 3, classSpecific: "1", residual: "class", random: "0" });
    expect(resolveSpec(spec)).toEqual(spec);
  });

  test("every mistake is reported at once", async () => {
    const input = { ...base, classes: 2.5, residual: "sd", covariance: "same" } as unknown as ModelSpecInput;
    const problems = await problemsOf(() => resolveSpec(input));
    expect(problems.map((p) => p.code)).toEqual(["bad-class-count", "bad-choice", "bad-choice"]);
  });

  test.each([0, -1, 51, Number.NaN, Number.POSITIVE_INFINITY])("%s classes are refused", async (classes) => {
    expect((await problemsOf(() => resolveSpec({ ...base, classes })))[0]!.code).toBe("bad-class-count");
  });

  test("REML with classes is refused", async () => {
    const [problem] = await problemsOf(() => resolveSpec({ ...base, classes: 2, reml: true }));
    expect(problem!.code).toBe("reml-with-classes");
  });
});

describe("fitting options", () => {
  test("defaults", () => {
    expect(resolveFitOptions()).toEqual(DEFAULT_FIT_OPTIONS);
  });

  test("finalists are never more than starts", () => {
    expect(resolveFitOptions({ startsInitial: 5 }).startsFinal).toBe(5);
  });

  test("every mistake is reported at once", async () => {
    const problems = await problemsOf(() =>
      resolveFitOptions({
        startsInitial: 0,
        startsFinal: 1.5,
        screeningIterations: Number.NaN,
        maxIterations: -3,
        seed: 0.5,
        gradientTolerance: 0,
      }),
    );
    expect(problems).toHaveLength(6);
    for (const problem of problems) expect(problem.expected).toBeDefined();
  });
});

test("more finalists than starts are refused when both are asked for", () => {
  expect(() => resolveFitOptions({ startsInitial: 5, startsFinal: 10 })).toThrow(
    "startsFinal is 10, startsInitial 5.",
  );
  expect(resolveFitOptions({ startsInitial: 5 }).startsFinal).toBe(5);
});

describe("misspelt options", () => {
  test.each([
    [
      () => resolveSpec({ ...base, randum: "0" } as ModelSpecInput),
      'There is no option "randum".',
      'Did you mean "random"?',
    ],
    [
      () => resolveFitOptions({ startInitial: 3 } as Partial<FitOptions>),
      '"startInitial"',
      'Did you mean "startsInitial"?',
    ],
    [() => resolveSpec({ time: "week" } as ModelSpecInput), "model: outcome", "the name of a column"],
  ])("are refused, not ignored", (call, message, help) => {
    expect(call).toThrow(message);
    expect(call).toThrow(help);
  });
});
