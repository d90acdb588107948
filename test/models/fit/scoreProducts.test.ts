import fc from "fast-check";
import { expect, test } from "vitest";
import { sumScoreProducts } from "../../../src/models/fit/scoreProducts.js";
import { visitScores } from "../../../src/models/fit/scores.js";
import type { ProblemData } from "../../../src/models/likelihood.js";
import type { createLayout } from "../../../src/models/parameters.js";
import { modelShapes, randomModel } from "../kernels/randomModel.js";

/** Sum of s s' over persons, or over clusters of them, from scores visited one by one. */
function slowly(data: ProblemData, layout: ReturnType<typeof createLayout>, x: Float64Array): Float64Array {
  const n = layout.nParameters;
  const units = new Map<number, Float64Array>();
  visitScores(data, layout, x, (person, score) => {
    const unit = data.clusters === null ? person : data.clusters[person]!;
    const sum = units.get(unit) ?? new Float64Array(n);
    score.forEach((value, j) => {
      sum[j]! += value * (data.moments.weights[person] ?? 1);
    });
    units.set(unit, sum);
  });
  const factor = data.clusters === null ? 1 : units.size / (units.size - 1);
  const out = new Float64Array(n * n);
  for (const [person, s] of units) {
    // A weighted person counts as so many alike, a cluster by the sum of its people.
    const weight =
      data.clusters === null && data.moments.weights.length > 0 ? data.moments.weights[person]! : 1;
    if (weight === 0) continue;
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) out[i * n + j]! += (factor * s[i]! * s[j]!) / weight;
  }
  return out;
}

test.each([
  ["without covariates", { covariance: "equal", residual: "common", nPersonColumns: 1, nMembership: 1 }],
  ["a growth curve", { nClasses: 1, nPersonColumns: 1, nMembership: 1 }],
  ["any structure", {}],
])("products of scores are those of the scores one by one: %s", (_, limits) => {
  fc.assert(
    fc.property(
      modelShapes({ ...limits, nPersons: 12 }),
      fc.boolean(),
      fc.boolean(),
      (shape, clustered, weighted) => {
        // With one class there is no membership.
        const model = randomModel(shape.nClasses === 1 ? { ...shape, nMembership: 1 } : shape);
        const { nPersons } = model.moments;
        const weights = weighted
          ? Float64Array.from({ length: nPersons }, (_p, i) => i % 3)
          : new Float64Array(0);
        const data: ProblemData = {
          moments: { ...model.moments, weights },
          fixed: model.fixed,
          rows: model.rowData,
          orderBasis: new Float64Array(0),
          orderPerson: new Float64Array(0),
          orderOccasion: -1,
          clusters: clustered ? Int32Array.from({ length: nPersons }, (_p, i) => i % 5) : null,
        };
        const fast = sumScoreProducts(data, model.layout, model.x)!;
        const slow = slowly(data, model.layout, model.x);
        const size = Math.max(1, ...slow.map(Math.abs));
        const difference = Math.max(...fast.map((value, e) => Math.abs(value - slow[e]!)));
        expect(difference).toBeLessThanOrEqual(1e-10 * size);
      },
    ),
    { numRuns: 100, seed: 20261124 },
  );
});
