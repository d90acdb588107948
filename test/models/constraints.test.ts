import { beforeAll, describe, expect, test } from "vitest";
import { createStream } from "../../src/core/random.js";
import type { LongTable } from "../../src/core/table.js";
import { compileConstraints, refuseClassesByName } from "../../src/models/constraints.js";
import { fullVector } from "../../src/models/fit/freeSpace.js";
import { freeLikelihoodOf, layoutOf, objectiveOf } from "../../src/models/likelihood.js";
import { reportedParameters, reportedValues } from "../../src/models/parameters/reported.js";
import { allocateFor, unpackInto } from "../../src/models/parameters.js";
import { buildProblem, shapeOf } from "../../src/models/problem.js";
import { type ModelSpec, type ModelSpecInput, resolveSpec } from "../../src/models/spec.js";
import { cohort, problemsOf, twoKinds, withColumns } from "./helpers.js";

let table: LongTable;
beforeAll(() => {
  table = withColumns(cohort(60, 6, twoKinds), {
    age: (_row, _r, person) => ((person * 37) % 50) / 10,
    grp: (_row, _r, person) => (person % 3) - 1,
  });
});

const base = {
  outcome: "score",
  time: "time",
  fixed: "1 + time + time^2 + age + age:time",
  random: "1 + time",
  membership: "age + grp",
  classes: 3,
} satisfies ModelSpecInput;

function setUp(extra: Partial<ModelSpecInput>): {
  spec: ModelSpec;
  compiled: NonNullable<ReturnType<typeof compileConstraints>>;
  keys: string[];
  valuesAt: (u: Float64Array) => Float64Array;
} {
  const spec = resolveSpec({ ...base, ...extra });
  const { design, data } = buildProblem(table, spec);
  const layout = layoutOf(data, spec);
  const compiled = compileConstraints(spec, design.stored, layout)!;
  const keys = reportedParameters(layout, design.stored).map(
    ({ name, block, class: label }) =>
      `${block === "membership" ? "membership: " : ""}${name}${label === null ? "" : `@${label}`}`,
  );
  const parameters = allocateFor(layout);
  return {
    spec,
    compiled,
    keys,
    valuesAt: (u) => {
      unpackInto(layout, fullVector(compiled.space, u), parameters);
      return reportedValues(layout, design.stored, parameters);
    },
  };
}

/** A free vector in general position, small enough for any parameter. */
function somewhere(n: number, seed: number): Float64Array {
  const u = new Float64Array(n);
  createStream(seed).fillNormal(u);
  return u.map((value) => 0.4 * value);
}

const HELD: [string, Partial<ModelSpecInput>, Record<string, number>, readonly string[][], number][] = [
  ["a coefficient of a class", { constraints: ["time@1 = 0"] }, { "time@1": 0 }, [], 1],
  [
    "an intercept at a score, a shared coefficient at a value",
    { constraints: ["(Intercept)@2 = 12.5", "age = 0.1"] },
    { "(Intercept)@2": 12.5, age: 0.1 },
    [],
    2,
  ],
  [
    "slopes of all classes equal",
    { constraints: ["time@1 = time@2 = time@3"] },
    {},
    [["time@1", "time@2", "time@3"]],
    2,
  ],
  [
    "without a class: in every class",
    { constraints: ["time^2 = 0"] },
    { "time^2@1": 0, "time^2@2": 0, "time^2@3": 0 },
    [],
    3,
  ],
  [
    "class by class",
    { constraints: ["time = time^2"] },
    {},
    [
      ["time@1", "time^2@1"],
      ["time@2", "time^2@2"],
      ["time@3", "time^2@3"],
    ],
    3,
  ],
  [
    "membership",
    { constraints: ["membership: age@1 = 0", "grp@1 = grp@2"] },
    { "membership: age@1": 0 },
    [["membership: grp@1", "membership: grp@2"]],
    2,
  ],
  [
    "residual standard deviations",
    { residual: "class", constraints: ["residual sd@1 = residual sd@3", "residual sd@2 = 3"] },
    { "residual sd@2": 3 },
    [["residual sd@1", "residual sd@3"]],
    2,
  ],
  [
    "variances of uncorrelated effects",
    { diagonal: true, constraints: ["var(time) = 0.2"] },
    { "var(time)": 0.2 },
    [],
    1,
  ],
  [
    "variances of uncorrelated effects over classes",
    {
      diagonal: true,
      covariance: "free",
      constraints: ["var(time)@1 = var(time)@2", "var((Intercept))@3 = 4"],
    },
    { "var((Intercept))@3": 4 },
    [["var(time)@1", "var(time)@2"]],
    2,
  ],
  [
    "a random effect left out",
    { constraints: ["var(time) = 0"] },
    { "var(time)": 0, "cov((Intercept),time)": 0 },
    [],
    2,
  ],
  [
    "the first random effect left out",
    { constraints: ["var((Intercept)) = 0"] },
    { "var((Intercept))": 0, "cov((Intercept),time)": 0 },
    [],
    2,
  ],
  [
    "a random effect left out in one class",
    { covariance: "free", constraints: ["var(time)@2 = 0"] },
    { "var(time)@2": 0, "cov((Intercept),time)@2": 0 },
    [],
    2,
  ],
  [
    "one of three random effects left out",
    { random: "1 + time + time^2", constraints: ["var(time) = 0"] },
    { "var(time)": 0, "cov((Intercept),time)": 0, "cov(time,time^2)": 0 },
    [],
    3,
  ],
  [
    "two of three random effects left out, line by line",
    { random: "1 + time + time^2", constraints: ["var((Intercept)) = 0", "var(time^2) = 0"] },
    { "var((Intercept))": 0, "var(time^2)": 0, "cov((Intercept),time)": 0, "cov(time,time^2)": 0 },
    [],
    5,
  ],
  [
    "scales of proportional matrices",
    { covariance: "proportional", constraints: ["random-effect scale@1 = random-effect scale@2"] },
    {},
    [["random-effect scale@1", "random-effect scale@2"]],
    1,
  ],
  ["orders", { orders: [2, 1, 0] }, { "time^2@2": 0, "time@3": 0, "time^2@3": 0 }, [], 3],
];

describe("what is held stays held, whatever the free vector", () => {
  test.each(HELD)("%s", (_, extra, fixed, equal, lost) => {
    const { spec, compiled, keys, valuesAt } = setUp(extra);
    const layout = layoutOf(buildProblem(table, spec).data, spec);
    expect(compiled.space.nFree).toBe(layout.nParameters - lost);
    const stated = new Map([...compiled.fixed].map(([i, value]) => [keys[i]!, value]));
    for (const [key, value] of Object.entries(fixed)) expect(stated.get(key), key).toBe(value);
    expect([...compiled.equal].map((i) => keys[i]!).sort()).toEqual(equal.flat().sort());
    const seen = [1, 2, 3].map((seed) => valuesAt(somewhere(compiled.space.nFree, seed)));
    for (const values of seen) {
      for (const [key, value] of Object.entries(fixed))
        expect(values[keys.indexOf(key)], key).toBeCloseTo(value, 10);
      for (const group of equal)
        for (const key of group)
          expect(values[keys.indexOf(key)]! / values[keys.indexOf(group[0]!)]!, key).toBeCloseTo(1, 10);
    }
    // Everything else still varies.
    keys.forEach((key, i) => {
      if (!compiled.fixed.has(i)) expect(Math.abs(seen[0]![i]! - seen[1]![i]!), key).toBeGreaterThan(1e-6);
    });
  });

  test.each(HELD)("the gradient and curvature of the rest are right: %s", (_, extra) => {
    const spec = resolveSpec({ ...base, ...extra });
    const problem = buildProblem(table, spec);
    const { objective } = freeLikelihoodOf(problem.data, shapeOf(problem, spec));
    const u = somewhere(objective.size, 5);
    const { gradient, value } = objective.evaluate(u, false);
    expect(Number.isFinite(value)).toBe(true);
    for (let c = 0; c < u.length; c++) {
      const at = (shift: number): number => {
        const moved = u.slice();
        moved[c]! += shift;
        return objective.evaluate(moved, false).value;
      };
      const step = 1e-3;
      const numerical = (8 * (at(step) - at(-step)) - (at(2 * step) - at(-2 * step))) / (12 * step);
      expect(Math.abs(numerical - gradient[c]!) / Math.max(1, Math.abs(gradient[c]!))).toBeLessThan(1e-5);
    }
  });
});

test("the value is that of the model without constraints at the same parameters", () => {
  const spec = resolveSpec({ ...base, constraints: ["time@1 = 0", "age = 0.1"] });
  const problem = buildProblem(table, spec);
  const { objective, space } = freeLikelihoodOf(problem.data, shapeOf(problem, spec));
  const u = somewhere(objective.size, 4);
  expect(objective.evaluate(u, false).value).toBe(
    objectiveOf(problem.data, spec).objective.evaluate(fullVector(space, u), false).value,
  );
});

describe("the order of classes", () => {
  test.each([
    ["time@1 = 0", false],
    ["time@1 = time@2", false],
    ["time@1 = time@2 = time@3", true],
    ["time = 0", true],
    ["age = 0", true],
    ["membership: age@1 = 0", false],
    ["membership: age@1 = membership: age@2 = 0", true],
    ["residual sd@1 = residual sd@2 = residual sd@3", true],
    ["residual sd@1 = residual sd@2", false],
  ])("%s: free %s", (line, free) => {
    const { compiled } = setUp({ residual: "class", constraints: [line] });
    expect(compiled.exchangeable).toBe(free);
    expect(compiled.notes.length).toBe(free ? 0 : 1);
  });

  test("equal orders leave it free, different ones do not", () => {
    expect(setUp({ orders: [1, 1, 1] }).compiled.exchangeable).toBe(true);
    expect(setUp({ orders: [2, 1, 1] }).compiled.exchangeable).toBe(false);
  });
});

test("a constraint that follows from the others is named", () => {
  const { compiled } = setUp({ constraints: ["time@1 = time@2 = time@3", "time@1 = time@3"] });
  expect(compiled.notes).toEqual([
    'Constraint "time@1 = time@3" follows from the others and changes nothing.',
  ]);
});

const REFUSED: [string, Partial<ModelSpecInput>, string, RegExp][] = [
  ["a misspelt name", { constraints: ["tme@1 = 0"] }, "unknown-parameter", /Did you mean "time"/],
  ["a class too many", { constraints: ["time@4 = 0"] }, "unknown-class", /no class 4.*from 1 to 3/],
  [
    "a shared coefficient",
    { constraints: ["age@1 = 0"], membership: "1" },
    "shared-parameter",
    /Add age to classSpecific/,
  ],
  [
    "a shared coefficient that is a covariate of membership too",
    { constraints: ["age@1 = 0"] },
    "shared-parameter",
    /write "membership: age@1"/,
  ],
  ["the reference class", { constraints: ["membership: grp@3 = 0"] }, "shared-parameter", /reference class/],
  [
    "one D of several classes",
    { constraints: ["var(time)@1 = 0"] },
    "shared-parameter",
    /covariance to free/,
  ],
  [
    "one residual",
    { constraints: ["residual sd@1 = 2"] },
    "shared-parameter",
    /Add class to the residual structure/,
  ],
  ["an entry of a full D", { constraints: ["cov((Intercept),time) = 0"] }, "not-linear", /diagonal to true/],
  ["a variance within a full D", { constraints: ["var(time) = 0.3"] }, "not-linear", /var\(\.\.\.\) = 0/],
  ["no residual at all", { constraints: ["residual sd = 0"] }, "impossible-value", /a number above 0/],
  [
    "a residual of nothing to speak of",
    { constraints: ["residual sd = 1e-6"] },
    "impossible-value",
    /out of all proportion/,
  ],
  [
    "a variance beyond all scores",
    { diagonal: true, constraints: ["var(time) = 1e8"] },
    "impossible-value",
    /out of all proportion/,
  ],
  [
    "a negative variance",
    { diagonal: true, constraints: ["var(time) = -1"] },
    "impossible-value",
    /0 or a number above/,
  ],
  [
    "unlike things",
    { residual: "class", constraints: ["time@1 = residual sd@1"] },
    "different-kinds",
    /different kinds/,
  ],
  ["one class against all", { constraints: ["time@1 = time^2"] }, "unequal-classes", /a class on both sides/],
  [
    "a contradiction",
    { constraints: ["time@1 = 0", "time@1 = time@2 = 1"] },
    "contradictory-constraint",
    /contradicts/,
  ],
  ["orders for fewer classes", { orders: [1, 2] }, "bad-orders", /2 orders for 3 classes/],
  ["an order that is not there", { orders: [1, 2, 3] }, "bad-orders", /Class 3 has order 3.*power of 2/],
  ["orders of a shared curve", { classSpecific: "1", orders: [2, 1, 0] }, "bad-orders", /classSpecific/],
  [
    "orders of a logarithm",
    { fixed: "1 + log(time + 1)", orders: [1, 1, 0] },
    "bad-orders",
    /no power of time/,
  ],
  [
    "orders of categories",
    { fixed: "1 + factor(time)", orders: [1, 1, 0] },
    "bad-orders",
    /no power of time/,
  ],
];

test.each(REFUSED)("%s is refused, with a way out", async (_, extra, code, words) => {
  const [problem] = await problemsOf(() => setUp(extra));
  expect(problem!.code).toBe(code);
  expect(`${problem!.message} ${problem!.expected} ${problem!.fix}`).toMatch(words);
});

test("several mistakes are told together", async () => {
  const problems = await problemsOf(() => setUp({ constraints: ["tme = 0", "time@9 = 0"], orders: [1] }));
  expect(problems.map(({ code }) => code)).toEqual(["bad-orders", "unknown-parameter", "unknown-class"]);
});

test("REML holds no fixed effect, but a variance", async () => {
  const one = { classes: 1, membership: "1", reml: true, diagonal: true };
  const [problem] = await problemsOf(() => setUp({ ...one, constraints: ["time = 0"] }));
  expect(problem!.code).toBe("reml-with-fixed-effect");
  expect(setUp({ ...one, constraints: ["var(time) = 0.2"] }).compiled.fixed.size).toBe(1);
});

test("a model with nothing left to estimate is refused", async () => {
  const [problem] = await problemsOf(() =>
    setUp({
      classes: 1,
      membership: "1",
      fixed: "1",
      random: "0",
      constraints: ["(Intercept) = 12", "residual sd = 3"],
    }),
  );
  expect(problem!.code).toBe("nothing-free");
});

test("constraints that name classes are refused where several numbers of classes are tried", async () => {
  const problems = await problemsOf(() =>
    refuseClassesByName([
      { name: "GMM", spec: { constraints: ["time@1 = 0", "age = 0"] } },
      { name: "LCGA", spec: { orders: [1, 0] } },
    ]),
  );
  expect(problems.map(({ where }) => where)).toEqual([
    'structure GMM: constraint "time@1 = 0"',
    "structure LCGA: orders",
  ]);
  refuseClassesByName([{ name: "GMM", spec: { constraints: ["age = 0"] } }]);
});

test("constraints of the wrong type are refused with the specification", async () => {
  const problems = await problemsOf(() =>
    resolveSpec({
      ...base,
      constraints: "time = 0" as unknown as string[],
      orders: [1.5, 0, 0],
    }),
  );
  expect(problems.map(({ where }) => where)).toEqual(["model: constraints", "model: orders"]);
});
