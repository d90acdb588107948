import { countClusters } from "../design/clusters.js";
import { addInto } from "../jobs/pass.js";
import { type PassKind, preparePass, sumParts } from "../jobs/passes.js";
import { visitGaussianScores } from "../kernels/gaussian.js";
import { observedLayout } from "../kernels/observed.js";
import { addScoreProducts } from "../kernels/scoreProducts.js";
import { allocateEvaluation } from "../kernels/types.js";
import { type KernelShape, layoutOf, type ProblemData, shardCount, shardsOf } from "../likelihood.js";
import { pullGradientInto } from "../parameters/chainRule.js";
import { pullMatrix } from "../parameters/observed.js";
import { allocateFor, type ParameterLayout, unpackInto } from "../parameters.js";

/**
 * Receives one person's share of the log-likelihood and its gradient.
 * @param person - position in the order of the moments
 * @param score - nParameters: gradient of the person's log-likelihood; overwritten for the next person
 * @param logLikelihood - the person's log-likelihood, internal scale
 */
export type ScoreVisitor = (person: number, score: Float64Array, logLikelihood: number) => void;

/**
 * Visits the score of every person: the gradient of their log-likelihood in the free vector.
 * @param data - the data
 * @param layout - the layout
 * @param x - free vector, nParameters
 * @param visit - called once per person, in the order of the moments
 */
export function visitScores(
  data: ProblemData,
  layout: ParameterLayout,
  x: Float64Array,
  visit: ScoreVisitor,
): void {
  const parameters = allocateFor(layout);
  unpackInto(layout, x, parameters);
  const score = new Float64Array(layout.nParameters);
  const evaluation = allocateEvaluation(layout);
  const { nMembership } = layout;
  // A score is that of the person once; weights are the visitor's business.
  const moments = { ...data.moments, nMembership, weights: new Float64Array(0) };
  visitGaussianScores(moments, data.rows, data.fixed, layout, parameters, evaluation, (person) => {
    pullGradientInto(layout, parameters, evaluation, score);
    visit(person, score, evaluation.logLikelihood);
  });
}

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
  const n = layout.nParameters;
  const { clusters } = data;
  if (clusters === null) {
    const out = new Float64Array(n * n);
    sumOverShards(data, layout, productsPass, x, out);
    mirror(out, n);
    return out;
  }
  const count = countClusters(clusters);
  if (count < 2) return null;
  const sums = new Float64Array(count * n);
  sumOverShards(data, layout, clusterSumsPass, x, sums);
  const out = new Float64Array(n * n);
  for (let g = 0; g < count; g++) addProduct(out, sums, g * n, n, 1);
  const factor = count / (count - 1);
  for (let e = 0; e < n * n; e++) out[e]! *= factor;
  mirror(out, n);
  return out;
}

/** Adds something of each person's score to `out` from `at` on, the person counted by weight. */
type ScoreSum = (
  out: Float64Array,
  at: number,
  data: ProblemData,
  layout: ParameterLayout,
  x: Float64Array,
) => void;

/** Lower triangle of the sum of s s'. */
const addProducts: ScoreSum = (out, at, data, layout, x) => {
  const own = out.subarray(at, at + layout.nParameters ** 2);
  if (data.rows === null) {
    addInto(own, productsOfScores(data, layout, x), 0);
    return;
  }
  visitScores(data, layout, x, (person, score) =>
    addProduct(own, score, 0, layout.nParameters, weightOf(data, person)),
  );
};

/** The same where sums over rows suffice: in the parameters of the classes first, without a chain rule for every person. */
function productsOfScores(data: ProblemData, layout: ParameterLayout, x: Float64Array): Float64Array {
  const parameters = allocateFor(layout);
  unpackInto(layout, x, parameters);
  const products = new Float64Array(observedLayout(layout).size ** 2);
  const moments = { ...data.moments, nMembership: layout.nMembership };
  addScoreProducts(moments, data.fixed, layout.commonCovariance, parameters, products);
  return pullMatrix(layout, parameters, products);
}

/** Clusters x parameters: the sum of s in each. */
const addClusterSums: ScoreSum = (out, at, data, layout, x) => {
  const n = layout.nParameters;
  visitScores(data, layout, x, (person, score) => {
    const first = at + data.clusters![person]! * n;
    const weight = weightOf(data, person);
    for (let j = 0; j < n; j++) out[first + j]! += weight * score[j]!;
  });
};

function weightOf({ moments: { weights } }: ProblemData, person: number): number {
  return weights.length === 0 ? 1 : weights[person]!;
}

/** Sum of products of scores over the shards. */
export const productsPass: ScorePass = scorePass("scoreProducts", addProducts, (n) => n * n);
/** Sums of scores by cluster over the shards; the number of clusters is that of all people. */
export const clusterSumsPass: ScorePass = scorePass(
  "scoreClusters",
  addClusterSums,
  (n, { clusters }) => n * countClusters(clusters!),
);

type ScorePass = PassKind<ProblemData, KernelShape> & { readonly add: ScoreSum };

function scorePass(
  name: string,
  add: ScoreSum,
  widthOf: (nParameters: number, data: ProblemData) => number,
): ScorePass {
  return {
    name,
    add,
    make(data, shape) {
      const layout = layoutOf(data, shape);
      const shards = shardsOf(data);
      const width = widthOf(layout.nParameters, data);
      return {
        nParts: shards.length,
        width,
        compute(part, x, out, at) {
          out.fill(0, at, at + width);
          add(out, at, shards[part]!, layout, x);
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
    kind.add(out, 0, data, layout, x);
  else sumParts(preparePass(data, kind, shapeOf(layout)), x, out);
}

function shapeOf({ nClasses, diagonal, covariance, residual }: ParameterLayout): KernelShape {
  return { classes: nClasses, diagonal, covariance, residual, reml: false };
}

/** Lower triangle of out += weight s s', s the n numbers at `at`. */
function addProduct(out: Float64Array, s: Float64Array, at: number, n: number, weight: number): void {
  for (let i = 0; i < n; i++) {
    const value = weight * s[at + i]!;
    for (let j = 0; j <= i; j++) out[i * n + j]! += value * s[at + j]!;
  }
}

function mirror(a: Float64Array, n: number): void {
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) a[j * n + i] = a[i * n + j]!;
}
