import { describe, expect, test } from "vitest";
import { createStream } from "../../../src/core/random.js";
import { sumScoreProducts } from "../../../src/models/fit/scoreProducts.js";
import {
  layoutOf,
  objectiveOf,
  type ProblemData,
  type ProblemShape,
  shardCount,
  shardsOf,
} from "../../../src/models/likelihood.js";
import { passes } from "../../../src/models/tasks.js";
import { denseLikelihood } from "./dense.js";
import { type ModelShape, type RandomModel, randomModel } from "./randomModel.js";

const PERSONS = 600;
const PER_SHARD = 64;
const BASE: ModelShape = {
  seed: 20261124,
  nClasses: 3,
  nRandom: 2,
  extraBasis: 1,
  nPersonColumns: 1,
  nMembership: 1,
  diagonal: false,
  covariance: "equal",
  residual: "common",
  regular: false,
  nPersons: PERSONS,
  specificTimeOnly: true,
};

/** One model for every kernel; few patterns, which shards cut through, or one for each person. */
const MODELS: readonly [string, Partial<ModelShape>][] = [
  ["one class", { nClasses: 1, nPersonColumns: 2 }],
  ["one class, regular sessions", { nClasses: 1, regular: true }],
  ["common covariance", {}],
  ["common covariance, regular sessions", { regular: true }],
  ["common covariance, covariates", { nPersonColumns: 3, nMembership: 2, regular: true }],
  ["own covariances", { covariance: "free", residual: "class", specificTimeOnly: false, nPersonColumns: 2 }],
  ["own covariances, regular sessions", { covariance: "proportional", nMembership: 3, regular: true }],
  ["residuals by occasion and correlated", { residual: "car1+class+occasion", covariance: "free" }],
  ["residuals by occasion, regular sessions", { residual: "occasion", regular: true, nPersonColumns: 2 }],
  ["free loadings", { latent: true, regular: true }],
];

function dataOf(model: RandomModel, weights: Float64Array, personsPerShard: number): ProblemData {
  return {
    moments: { ...model.moments, weights },
    rows: model.rowData,
    fixed: model.fixed,
    orderBasis: new Float64Array(0),
    orderPerson: new Float64Array(0),
    orderOccasion: -1,
    clusters: Int32Array.from({ length: PERSONS }, (_, i) => (i * 7) % 30),
    personsPerShard,
  };
}

/** All that is said of a point: one array each. */
function answers(data: ProblemData, shape: ProblemShape, x: Float64Array): Record<string, Float64Array> {
  const { objective, layout } = objectiveOf(data, shape);
  const point = objective.evaluate(x, true);
  const observed = objective.observed?.(x) ?? new Float64Array(0);
  const posteriors = new Float64Array(PERSONS * shape.classes);
  const again = objective.evaluatePosteriors(x, posteriors);
  return {
    value: Float64Array.of(point.value),
    "value with posteriors": Float64Array.of(again.value),
    gradient: point.gradient,
    information: point.information!,
    observed,
    posteriors,
    "score products": sumScoreProducts({ ...data, clusters: null }, layout, x)!,
    "score products of clusters": sumScoreProducts(data, layout, x)!,
  };
}

function largest(numbers: Float64Array): number {
  return numbers.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

describe.each(MODELS)("%s", (_, limits) => {
  const model = randomModel({ ...BASE, ...limits });
  const { covariance, residual, diagonal, nClasses } = model.layout;
  const shape: ProblemShape = { classes: nClasses, covariance, residual, diagonal, reml: false };
  const stream = createStream(5);
  const drawn = Float64Array.from({ length: PERSONS }, () => stream.integer(3));

  test.each([
    ["everybody once", new Float64Array(0)],
    ["people by weight", drawn],
  ])("shards add up to the whole, %s", (_name, weights) => {
    const sharded = dataOf(model, weights, PER_SHARD);
    expect(shardCount(sharded)).toBe(10);
    const together = dataOf(model, weights, PERSONS);
    expect(layoutOf(together, shape).nParameters).toBe(model.layout.nParameters);
    const parts = answers(sharded, shape, model.x);
    for (const [name, whole] of Object.entries(answers(together, shape, model.x))) {
      const difference = whole.map((value, e) => value - parts[name]![e]!);
      // Sums of 600 people in another order.
      expect(largest(difference), name).toBeLessThanOrEqual(1e-11 * Math.max(1, largest(whole)));
    }
  });

  test("the log-likelihood is that of dense algebra", () => {
    const { value } = objectiveOf(dataOf(model, new Float64Array(0), PER_SHARD), shape).objective.evaluate(
      model.x,
      false,
    );
    const dense = denseLikelihood(model, model.x).logLikelihood;
    expect(Math.abs(value - dense)).toBeLessThanOrEqual(1e-10 * Math.abs(dense));
  });

  test("shards are the people, over the same memory", () => {
    const data = dataOf(model, drawn, PER_SHARD);
    const shards = shardsOf(data);
    const { moments } = data;
    expect(shards.flatMap((shard) => [...shard.moments.personIndex])).toEqual([...moments.personIndex]);
    expect(shards.reduce((sum, shard) => sum + shard.moments.nObservations, 0)).toBe(moments.nObservations);
    for (const shard of shards) {
      expect(shard.moments.nPersons).toBe(60);
      expect(shard.moments.by.buffer).toBe(moments.by.buffer);
      expect(shard.rows?.y.buffer).toBe(data.rows?.y.buffer);
      expect(shard.moments.patternStart.at(-1)).toBe(60);
      expect([...shard.moments.patternStart]).toEqual([...shard.moments.patternStart].sort((a, b) => a - b));
    }
  });
});

test("a restricted likelihood is taken in one, whatever the number of people", () => {
  const model = randomModel({ ...BASE, nClasses: 1, nPersonColumns: 2 });
  const shape: ProblemShape = {
    classes: 1,
    covariance: "equal",
    residual: "common",
    diagonal: false,
    reml: true,
  };
  const [parts, whole] = [PER_SHARD, PERSONS].map(
    (perShard) =>
      objectiveOf(dataOf(model, new Float64Array(0), perShard), shape).objective.evaluate(model.x, true)
        .value,
  );
  expect(parts).toBe(whole);
});

test("every pass can be made by its name", () => {
  for (const [name, kind] of Object.entries(passes)) expect(kind.name).toBe(name);
});
