import { describe, expect, test } from "vitest";
import { createStream } from "../../src/core/random.js";
import { objectiveOf, type ProblemData } from "../../src/models/likelihood.js";
import { buildProblem, shapeOf } from "../../src/models/problem.js";
import { RESIDUAL_STRUCTURES } from "../../src/models/residuals.js";
import { type ModelSpecInput, resolveSpec } from "../../src/models/spec.js";
import { cohort, twoKinds, withColumns } from "../models/helpers.js";

// People are independent, so log-likelihood, gradient and information of all people are sums over any split of them: what
// lets shards of a data set lie on different machines. A shard is the people who weigh 1 in it.

const table = withColumns(
  cohort(60, (i) => 1 + (i % 6), twoKinds),
  { age: (_row, _r, person) => ((person * 37) % 50) / 10 },
);
const mixture = { classes: 2, fixed: "1 + time", random: "1 + time" } as const;
const MODELS: [string, Partial<ModelSpecInput>][] = [
  ...RESIDUAL_STRUCTURES.map((residual): [string, Partial<ModelSpecInput>] => [
    `residual ${residual}`,
    { ...mixture, residual },
  ]),
  ["one class", { fixed: "1 + time + age", random: "1 + time" }],
  ["latent class growth", { ...mixture, random: "0", classes: 3 }],
  ["covariates and predictors of class", { ...mixture, fixed: "1 + time + age", membership: "age" }],
  ["a free D", { ...mixture, covariance: "free" }],
  ["a proportional D", { ...mixture, covariance: "proportional" }],
  ["free loadings", { fixed: "1 + latent(time)", random: "1 + latent(time)", classes: 2 }],
];

function shard(data: ProblemData, inside: (person: number) => boolean): ProblemData {
  const weights = Float64Array.from({ length: data.moments.nPersons }, (_, i) => (inside(i) ? 1 : 0));
  return { ...data, moments: { ...data.moments, weights } };
}

describe("people split over two shards", () => {
  test.each(MODELS)("give the log-likelihood, gradient and information of all: %s", (_, spec) => {
    const model = resolveSpec({ outcome: "score", time: "time", ...spec });
    const problem = buildProblem(table, model);
    const shape = shapeOf(problem, model);
    const stream = createStream(7);
    const first = Array.from({ length: table.nPersons }, () => stream.uniform() < 0.4);
    const at = (data: ProblemData) => {
      const { objective } = objectiveOf(data, shape);
      const draw = createStream(8);
      const x = Float64Array.from({ length: objective.size }, () => 0.3 * draw.normal());
      return objective.evaluate(x, true);
    };
    const whole = at(problem.data);
    const parts = [at(shard(problem.data, (i) => first[i]!)), at(shard(problem.data, (i) => !first[i]!))];
    const sum = (pick: (point: typeof whole) => ArrayLike<number>): number[] =>
      Array.from(pick(parts[0]!), (value, j) => value + pick(parts[1]!)[j]!);
    const size = Math.max(...whole.information!.map(Math.abs));
    expect(Number.isFinite(whole.value)).toBe(true);
    expect(sum(({ value }) => [value])[0]! / whole.value).toBeCloseTo(1, 12);
    const worst = (pick: (point: typeof whole) => Float64Array): number =>
      Math.max(...sum(pick).map((value, j) => Math.abs(value - pick(whole)[j]!))) / size;
    expect(worst(({ gradient }) => gradient)).toBeLessThan(1e-12);
    expect(worst(({ information }) => information!)).toBeLessThan(1e-12);
  });
});
