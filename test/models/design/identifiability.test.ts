import { describe, expect, test } from "vitest";
import { type LongTable, tableFromArrays } from "../../../src/core/table.js";
import { classWarnings } from "../../../src/models/design/identifiability.js";
import { buildDesign } from "../../../src/models/design.js";
import { fit } from "../../../src/models/fitModel.js";
import { type ModelSpecInput, resolveSpec } from "../../../src/models/spec.js";
import { cohort, expectAllFinite, ordinary, QUICK, withColumns } from "../helpers.js";

const table = withColumns(cohort(40, 5, ordinary), {
  twice: (row) => 2 * row.time!,
  affine: (row) => 10 - 0.5 * row.time!,
  three: () => 3,
  zero: () => 0,
  grp: (_row, _r, person) => "ab"[person % 2]!,
  copy: (_row, _r, person) => "xy"[person % 2]!,
});

function warnings(spec: Partial<ModelSpecInput>, data: LongTable = table): readonly string[] {
  return buildDesign(data, resolveSpec({ outcome: "score", time: "time", ...spec })).warnings;
}

describe("a rank-deficient design says what each term is a combination of", () => {
  test.each<[string, string]>([
    ["1 + time + twice", "twice = 2 × time"],
    ["1 + time + affine", "affine = 10 - 0.5 × time"],
    ["1 + time + three", "three = 3"],
    ["1 + time + zero", "zero = 0"],
    ["1 + time + grp + copy", "copy[y] = grp[b]"],
    ["1 + time + time^2 + I(time * (time - 1))", "I(time*(time-1)) = -time + time^2"],
    ["1 + twice + time", "time = 0.5 × twice"],
  ])("%s", (fixed, equation) => {
    const [warning, ...others] = warnings({ fixed });
    expect(others).toEqual([]);
    expect(warning).toContain(`(${equation})`);
    expect(warning).toMatch(/says nothing that other terms do not .* left out of the fixed effects/);
  });

  test("on the user's scale, where time is centred inside", () => {
    // Two times: the square is a line through them, (t - 3)(t - 5) = 0.
    const two = withColumns(cohort(40, 2, ordinary), { time: (row) => 3 + 2 * row.time! });
    const [warning] = warnings({ fixed: "1 + time + time^2", random: "1" }, two);
    expect(warning).toContain("(time^2 = -15 + 8 × time)");
  });

  test("the lower power of time stays, whatever the order of the terms", () => {
    const two = cohort(40, 2, ordinary);
    const spec = resolveSpec({ outcome: "score", time: "time", fixed: "1 + time^2 + time", random: "1" });
    const { stored } = buildDesign(two, spec);
    expect(stored.dropped).toEqual(["time^2"]);
    expect(stored.centring).toBeDefined();
  });

  test("random effects too", () => {
    const [warning] = warnings({ fixed: "1 + time", random: "1 + time + twice" });
    expect(warning).toContain("The random effect of twice cannot be told from the others (twice = 2 × time)");
  });
});

describe("more random effects than sessions bear", () => {
  const uneven = (long: number): LongTable => cohort(40, (i) => (i < long ? 4 : 2), ordinary);

  test("nobody has enough", () => {
    const [warning] = warnings({ random: "1 + time" }, uneven(0));
    expect(warning).toContain("Nobody has more than 2 sessions, too few to tell 2 random effects (1 + time)");
    expect(warning).toContain("Use fewer random effects");
  });

  test("too few have enough", () => {
    const [warning] = warnings({ random: "1 + time" }, uneven(3));
    expect(warning).toContain("Only 3 of 40 people have more than 2 sessions, and the 4 variances");
  });

  test("enough have, or there are no random effects", () => {
    expect(warnings({ random: "1 + time" }, uneven(4))).toEqual([]);
    expect(warnings({ fixed: "1", random: "0" }, cohort(40, 1, ordinary))).toEqual([]);
    expect(warnings({ random: "1" }, uneven(0))).toEqual([]);
  });
});

test("time that is the same for everybody is named", () => {
  const still = withColumns(table, { time: () => 2020 });
  const [constant, alias] = warnings({ fixed: "1 + time", random: "1" }, still);
  expect(constant).toContain("time is 2020 in every row, so no change over time can be estimated");
  expect(alias).toContain("(time = 2020)");
  expect(warnings({ fixed: "1", random: "1" }, still)).toEqual([]);
});

describe("more classes than trajectories", () => {
  const kinds = (n: number): LongTable => {
    const ids: string[] = [];
    const time: number[] = [];
    const score: number[] = [];
    for (let person = 0; person < 30; person++)
      for (let t = 0; t < 3; t++) {
        ids.push(`p${person}`);
        time.push(t);
        score.push(10 + (person % n) * 3 - t * (1 + (person % n)));
      }
    return tableFromArrays(ids, { time, score });
  };
  const momentsOf = (data: LongTable, spec: Partial<ModelSpecInput> = {}) =>
    buildDesign(data, resolveSpec({ outcome: "score", time: "time", random: "0", ...spec })).moments;

  test("counts the different people", () => {
    expect(classWarnings(momentsOf(kinds(2)), 2)).toEqual([]);
    expect(classWarnings(momentsOf(kinds(2)), 3)).toEqual([
      "The people have only 2 different trajectories, fewer than the 3 classes. Choose fewer classes.",
    ]);
    expect(classWarnings(momentsOf(kinds(1)), 1)).toEqual([]);
  });

  test("covariates make people different", () => {
    const data = withColumns(kinds(1), { age: (_row, _r, person) => person });
    expect(classWarnings(momentsOf(data), 3)).toHaveLength(1);
    expect(classWarnings(momentsOf(data, { membership: "age" }), 3)).toEqual([]);
    expect(classWarnings(momentsOf(data, { fixed: "1 + time + age" }), 3)).toEqual([]);
  });

  test("more classes than people", () => {
    expect(classWarnings(momentsOf(cohort(3, 4, ordinary)), 5)).toEqual([
      "5 classes are asked of 3 people. Choose fewer classes.",
    ]);
  });

  test("the fit runs all the same, carries the warning and ends in a verdict", async () => {
    const spec = { outcome: "score", time: "time", random: "0", classes: 4 };
    const result = await fit(kinds(2), spec, QUICK);
    expect(result.warnings.join()).toContain("only 2 different trajectories");
    expect(result.convergence.verdicts.length).toBeGreaterThan(0);
    const { model: _m, design: _d, options: _o, ...numbers } = result;
    expectAllFinite(numbers);
  });
});

describe("residuals by occasion or correlated", () => {
  const sessions = (count: number): LongTable => cohort(40, count, ordinary);

  test.each([
    [1, "0", "Nobody has more than 1 session, so that no autocorrelation can be estimated."],
    [2, "1", "Nobody has more than 2 sessions, too few to tell an autocorrelation from random effects."],
  ])("an autocorrelation of people with %i sessions, random effects %s", (count, random, sentence) => {
    for (const residual of ["ar1", "car1"] as const)
      expect(warnings({ fixed: "1", random, residual }, sessions(count))).toContain(
        `${sentence} Choose residuals without ${residual}.`,
      );
  });

  test("no warning where it can be estimated", () => {
    expect(warnings({ fixed: "1", random: "0", residual: "ar1" }, sessions(2))).toEqual([]);
    expect(warnings({ fixed: "1", random: "1", residual: "ar1" }, sessions(3))).toEqual([]);
  });

  test("variances of occasions that hardly anybody has", () => {
    const few = cohort(40, (i) => (i < 1 ? 6 : i < 5 ? 5 : 4), ordinary);
    const found = warnings({ fixed: "1", random: "1", residual: "occasion" }, few);
    expect(found).toEqual([
      "Some residual variances rest on fewer than 5 scores: those of time 5 (1). Leave these sessions out, or choose residuals without occasion.",
    ]);
    expect(warnings({ fixed: "1", random: "1", residual: "common" }, few)).toEqual([]);
  });
});

test("scores that are all the same", () => {
  const floor = withColumns(cohort(10, 3, ordinary), { score: () => 0 });
  expect(warnings({ fixed: "1" }, floor)).toEqual([
    "Every score of score is 0, so there is nothing to model. Check the column.",
  ]);
});
