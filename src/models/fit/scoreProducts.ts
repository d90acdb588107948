import { countClusters } from "../design/clusters.js";
import { type PassKind, preparePass, sumParts } from "../jobs/passes.js";
import { scoreEntries, visitClassScores } from "../kernels/classScores.js";
import { observedLayout } from "../kernels/observed.js";
import { OuterProducts } from "../kernels/outerProducts.js";
import { type KernelShape, layoutOf, type ProblemData, shardCount, shardsOf } from "../likelihood.js";
import { pullMatrix } from "../parameters/observed.js";
import { allocateFor, type ParameterLayout, unpackInto } from "../parameters.js";
import { visitScores } from "./scores.js";

/**
 * The middle of the sandwich: sum over persons (each as often as their weight says) of s s', or, where people belong to
 * clusters, G / (G - 1) times the sum over the G clusters of S S', S the sum of the scores in a cluster.
 * @param data - the data
 * @param layout - the layout
 * @param x - free vector at a maximum
 * @returns nParameters^2; null where all people are in one cluster (their scores sum to zero)
 * Source: Huber (1967), White (1982); clusters: Liang & Zeger (1986), Rogers (1993).
 */
export function sumScoreProducts(
  data: ProblemData,
  layout: ParameterLayout,
  x: Float64Array,
): Float64Array | null {
  const { clusters } = data;
  const { size, pull } = coordinatesOf(data, layout);
  const products = new Float64Array(size * size);
  if (clusters === null) {
    sumOverShards(data, layout, productsPass, x, products);
    return pull(products, x);
  }
  const count = countClusters(clusters);
  if (count < 2) return null;
  const sums = new Float64Array(count * size);
  sumOverShards(data, layout, clusterSumsPass, x, sums);
  const total = new OuterProducts(size);
  for (let g = 0; g < count; g++) total.add(sums.subarray(g * size, (g + 1) * size), count / (count - 1));
  total.addTo(products, 0);
  return pull(products, x);
}

/** What scores are summed in: entries that the score in the free vector is a linear function of, the same one for everybody. */
interface ScoreCoordinates {
  readonly size: number;
  /** Visits everybody's score, not weighed. */
  readonly visit: (x: Float64Array, visit: (person: number, score: Float64Array) => void) => void;
  /** From a sum of products (size^2, lower triangle) to that of scores in the free vector (symmetric). */
  readonly pull: (products: Float64Array, x: Float64Array) => Float64Array;
}

function coordinatesOf(data: ProblemData, layout: ParameterLayout): ScoreCoordinates {
  if (data.rows === null) return classCoordinates(data, layout);
  const n = layout.nParameters;
  return {
    size: n,
    visit: (x, visit) => visitScores(data, layout, x, visit),
    pull: (products) => mirrored(products, n),
  };
}

/** In the parameters of the classes: no chain rule for every person. */
function classCoordinates({ moments, fixed }: ProblemData, layout: ParameterLayout): ScoreCoordinates {
  const { commonCovariance, nMembership, nParameters } = layout;
  const entries = scoreEntries(layout, commonCovariance);
  const size = entries.length;
  const parameters = allocateFor(layout);
  return {
    size,
    visit(x, visit) {
      unpackInto(layout, x, parameters);
      const score = new Float64Array(size);
      visitClassScores({ ...moments, nMembership }, fixed, commonCovariance, parameters, score, (person) =>
        visit(person, score),
      );
    },
    pull(products, x) {
      unpackInto(layout, x, parameters);
      const { size: width } = observedLayout(layout);
      const all = new Float64Array(width * width);
      for (let a = 0; a < size; a++)
        for (let b = 0; b <= a; b++) all[entries[a]! * width + entries[b]!] = products[a * size + b]!;
      return mirrored(pullMatrix(layout, parameters, all), nParameters);
    },
  };
}

/** Adds something of each person's score to `out` from `at` on, the person counted by weight. */
type ScoreSum = (
  out: Float64Array,
  at: number,
  data: ProblemData,
  coordinates: ScoreCoordinates,
  x: Float64Array,
) => void;

/** Lower triangle of the sum of s s'. */
const addProducts: ScoreSum = (out, at, data, { size, visit }, x) => {
  const products = new OuterProducts(size);
  visit(x, (person, score) => products.add(score, weightOf(data, person)));
  products.addTo(out, at);
};

/** Clusters x size: the sum of s in each. */
const addClusterSums: ScoreSum = (out, at, data, { size, visit }, x) => {
  visit(x, (person, score) => {
    const first = at + data.clusters![person]! * size;
    const weight = weightOf(data, person);
    for (let j = 0; j < size; j++) out[first + j]! += weight * score[j]!;
  });
};

function weightOf({ moments: { weights } }: ProblemData, person: number): number {
  return weights.length === 0 ? 1 : weights[person]!;
}

type ScorePass = PassKind<ProblemData, KernelShape> & { readonly add: ScoreSum };

/** Sum of products of scores over the shards. */
export const productsPass: ScorePass = scorePass("scoreProducts", addProducts, (size) => size * size);
/** Sums of scores by cluster over the shards; the number of clusters is that of all people. */
export const clusterSumsPass: ScorePass = scorePass(
  "scoreClusters",
  addClusterSums,
  (size, { clusters }) => size * countClusters(clusters!),
);

function scorePass(
  name: string,
  add: ScoreSum,
  widthOf: (size: number, data: ProblemData) => number,
): ScorePass {
  return {
    name,
    add,
    make(data, shape) {
      const layout = layoutOf(data, shape);
      const shards = shardsOf(data);
      const width = widthOf(coordinatesOf(data, layout).size, data);
      return {
        nParts: shards.length,
        width,
        compute(part, x, out, at) {
          const shard = shards[part]!;
          out.fill(0, at, at + width);
          add(out, at, shard, coordinatesOf(shard, layout), x);
        },
      };
    },
  };
}

/** Most numbers that the shards of one pass may give together: with a great many clusters all people are gone through in one. */
const MOST_NUMBERS = 1 << 22;

function sumOverShards(
  data: ProblemData,
  layout: ParameterLayout,
  kind: ScorePass,
  x: Float64Array,
  out: Float64Array,
): void {
  if (shardCount(data) === 1 || shardCount(data) * out.length > MOST_NUMBERS)
    kind.add(out, 0, data, coordinatesOf(data, layout), x);
  else sumParts(preparePass(data, kind, shapeOf(layout)), x, out);
}

function shapeOf({ nClasses, diagonal, covariance, residual }: ParameterLayout): KernelShape {
  return { classes: nClasses, diagonal, covariance, residual, reml: false };
}

function mirrored(a: Float64Array, n: number): Float64Array {
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) a[j * n + i] = a[i * n + j]!;
  return a;
}
