import { choleskyInPlace, choleskySolveInPlace, semiDefiniteFactor } from "../../core/linalg.js";
import { createStream, type RandomStream } from "../../core/random.js";
import { patternOf } from "../design/shards.js";
import type { ClassParameters } from "../kernels/types.js";
import type { ProblemData } from "../likelihood.js";
import { allocateFor, type ParameterLayout, pack, unpackInto } from "../parameters.js";

/** Persons looked at when centres are drawn: enough to see the shape of the cloud, few enough to be free. */
const SAMPLE = 2000;

/** Growth estimates of a sample of persons: deviations from the one-class mean. */
interface GrowthEstimates {
  readonly n: number;
  readonly m: number;
  /** n x m. */
  readonly values: Float64Array;
  /** m x m: mean B'B per person; squared distance in this metric is that between trajectories at the times seen. */
  readonly metric: Float64Array;
  /** Factor R of the metric, R R', and n x m: R' times the values, whose plain distances are those of the metric. */
  readonly root: Float64Array;
  readonly turned: Float64Array;
}

/** A start and the grouping of persons that it was made of. */
export interface StartValues {
  readonly x: Float64Array;
  /** Fingerprint of the grouping: the same for groupings that differ in labels only. */
  readonly grouping: number;
  /** Which of the ways of making starts this is, from 0. */
  readonly kind: number;
}

/**
 * Start values for a mixture, around the one-class fit. Four ways, in turn: k-means on the growth estimates of a random half of
 * the persons, persons drawn at random as class means, slices of the cloud of growth estimates along a random direction, and
 * k-means after one of the persons farthest out was given a class of their own (for small classes).
 * @param data - the data
 * @param layout - the mixture's layout
 * @param oneClass - vector of the one-class fit and its layout
 * @param seed - seed of the run
 * @param index - number of the start, from 0
 * @returns the start vector and its grouping; the same for the same seed and index
 */
export function startVector(
  data: ProblemData,
  layout: ParameterLayout,
  oneClass: { readonly x: Float64Array; readonly layout: ParameterLayout },
  seed: number,
  index: number,
): StartValues {
  const stream = createStream(seed, layout.nClasses, index);
  const base = allocateFor(oneClass.layout);
  unpackInto(oneClass.layout, oneClass.x, base);
  const estimates = growthEstimates(data, base.beta, stream);
  const nClasses = layout.nClasses;
  const ways = [kMeans, randomPersons, slices, outlier];
  const kind = index % ways.length;
  const assignment = ways[kind]!(estimates, nClasses, stream);
  return {
    x: vectorFromAssignment(data, layout, base, estimates, assignment, stream),
    grouping: fingerprint(assignment, nClasses),
    kind,
  };
}

/** FNV-1a hash (32 bits) of the labels in order of first appearance. */
function fingerprint(assignment: Int32Array, nClasses: number): number {
  const label = new Int32Array(nClasses).fill(-1);
  let next = 0;
  let hash = 0x811c9dc5;
  for (const k of assignment) {
    if (label[k] === -1) label[k] = next++;
    hash = Math.imul(hash ^ label[k]!, 0x01000193);
  }
  return hash >>> 0;
}

/** (B'B + I)^-1 B'(y - B eta): least squares with a ridge worth one observation, so one session is enough. */
function growthEstimates(data: ProblemData, beta: Float64Array, stream: RandomStream): GrowthEstimates {
  const { moments, fixed } = data;
  const { nBasis: m, nPersonColumns: c } = moments;
  const n = Math.min(SAMPLE, moments.nPersons);
  const stride = moments.nPersons / n;
  const shift = n < moments.nPersons ? stream.uniform() : 0;
  const values = new Float64Array(n * m);
  const metric = new Float64Array(m * m);
  const factor = new Float64Array(m * m);
  const residual = new Float64Array(m);
  const eta = new Float64Array(m);
  for (let s = 0; s < n; s++) {
    const i = Math.min(moments.nPersons - 1, Math.floor((s + shift) * stride));
    const g = patternOf(moments, i);
    eta.fill(0);
    for (let j = 0; j < fixed.nFixed; j++) {
      const person = fixed.person[j]!;
      eta[fixed.basis[j]!]! += beta[j]! * (person === 0 ? 1 : moments.w[i * c + person]!);
    }
    for (let a = 0; a < m; a++) {
      let sum = moments.by[i * m + a]!;
      for (let b = 0; b < m; b++) {
        const value = moments.btb[(g * m + a) * m + b]!;
        sum -= value * eta[b]!;
        factor[a * m + b] = value + (a === b ? 1 : 0);
        metric[a * m + b]! += value / n;
      }
      residual[a] = sum;
    }
    choleskyInPlace(factor, m);
    choleskySolveInPlace(factor, m, residual);
    values.set(residual, s * m);
  }
  const root = semiDefiniteFactor(metric, m);
  return { n, m, values, metric, root, turned: turn(root, values, m) };
}

/** R' times each row. */
function turn(root: Float64Array, rows: Float64Array, m: number): Float64Array {
  const out = new Float64Array(rows.length);
  for (let at = 0; at < rows.length; at += m)
    for (let a = 0; a < m; a++) {
      let sum = 0;
      for (let b = a; b < m; b++) sum += root[b * m + a]! * rows[at + b]!;
      out[at + a] = sum;
    }
  return out;
}

/** Squared distance of a person's trajectory to that of a centre, which has been turned. */
function distance(turned: Float64Array, person: number, m: number, centre: Float64Array, at: number): number {
  let sum = 0;
  for (let a = 0; a < m; a++) {
    const difference = turned[person * m + a]! - centre[at + a]!;
    sum += difference * difference;
  }
  return sum;
}

/** Centres spread by k-means++ (Arthur & Vassilvitskii 2007). */
function drawCentres(e: GrowthEstimates, nClasses: number, stream: RandomStream): Float64Array {
  const { n, m, turned } = e;
  const centres = new Float64Array(nClasses * m);
  const nearest = new Float64Array(n).fill(Number.POSITIVE_INFINITY);
  let chosen = stream.integer(n);
  for (let k = 0; k < nClasses; k++) {
    centres.set(e.values.subarray(chosen * m, (chosen + 1) * m), k * m);
    let total = 0;
    for (let i = 0; i < n; i++) {
      nearest[i] = Math.min(nearest[i]!, distance(turned, i, m, turned, chosen * m));
      total += nearest[i]!;
    }
    chosen = total > 0 ? stream.categorical(nearest) : stream.integer(n);
  }
  return centres;
}

function nearestTo(e: GrowthEstimates, centres: Float64Array): Int32Array {
  const { n, m, turned } = e;
  const nClasses = centres.length / m;
  const to = turn(e.root, centres, m);
  const assignment = new Int32Array(n);
  for (let i = 0; i < n; i++) {
    let best = Number.POSITIVE_INFINITY;
    for (let k = 0; k < nClasses; k++) {
      const d = distance(turned, i, m, to, k * m);
      if (d < best) {
        best = d;
        assignment[i] = k;
      }
    }
  }
  return assignment;
}

function randomPersons(e: GrowthEstimates, nClasses: number, stream: RandomStream): Int32Array {
  return nearestTo(e, drawCentres(e, nClasses, stream));
}

/** One of the twelve persons farthest from the mean alone in the last class, k-means for the others. */
function outlier(e: GrowthEstimates, nClasses: number, stream: RandomStream): Int32Array {
  const origin = new Float64Array(e.m);
  const order = Array.from({ length: e.n }, (_, i) => i);
  const far = Float64Array.from(order, (i) => distance(e.turned, i, e.m, origin, 0));
  order.sort((a, b) => far[b]! - far[a]! || a - b);
  const person = order[stream.integer(Math.min(12, e.n))]!;
  const assignment = kMeans(e, Math.max(nClasses - 1, 1), stream);
  assignment[person] = nClasses - 1;
  return assignment;
}

/** Centres from a random half of the persons, so that two k-means starts seldom end in one grouping; then everybody joins the nearest. */
function kMeans(e: GrowthEstimates, nClasses: number, stream: RandomStream): Int32Array {
  const half = randomHalf(e, nClasses, stream);
  const centres = drawCentres(half, nClasses, stream);
  let assignment: Int32Array | null = null;
  for (let round = 0; round < 10; round++) {
    const next = nearestTo(half, centres);
    if (assignment?.every((k, i) => k === next[i])) break;
    assignment = next;
    const { means, counts } = classMeans(half, nClasses, assignment);
    for (let k = 0; k < nClasses; k++)
      if (counts[k]! > 0) centres.set(means.subarray(k * e.m, (k + 1) * e.m), k * e.m);
  }
  return nearestTo(e, centres);
}

/** Half of the persons; all of them where a half would leave fewer than ten to a class. */
function randomHalf(e: GrowthEstimates, nClasses: number, stream: RandomStream): GrowthEstimates {
  const n = e.n >> 1;
  if (n < 10 * nClasses) return e;
  const order = Int32Array.from({ length: e.n }, (_, i) => i);
  stream.shuffle(order);
  const values = new Float64Array(n * e.m);
  const turned = new Float64Array(n * e.m);
  for (let i = 0; i < n; i++)
    for (let a = 0; a < e.m; a++) {
      values[i * e.m + a] = e.values[order[i]! * e.m + a]!;
      turned[i * e.m + a] = e.turned[order[i]! * e.m + a]!;
    }
  return { ...e, n, values, turned };
}

/** Groups of random sizes along a random direction through the cloud. */
function slices(e: GrowthEstimates, nClasses: number, stream: RandomStream): Int32Array {
  const direction = new Float64Array(e.m);
  stream.fillNormal(direction);
  const projected = new Float64Array(e.n);
  for (let i = 0; i < e.n; i++)
    for (let a = 0; a < e.m; a++)
      projected[i]! += direction[a]! * Math.sqrt(e.metric[a * e.m + a]!) * e.values[i * e.m + a]!;
  const order = Array.from({ length: e.n }, (_, i) => i).sort(
    (a, b) => projected[a]! - projected[b]! || a - b,
  );
  const cuts = new Float64Array(nClasses);
  let total = 0;
  for (let k = 0; k < nClasses; k++) {
    total += 0.2 + stream.uniform();
    cuts[k] = total;
  }
  const assignment = new Int32Array(e.n);
  let k = 0;
  order.forEach((person, rank) => {
    while (k < nClasses - 1 && ((rank + 1) / e.n) * total > cuts[k]!) k++;
    assignment[person] = k;
  });
  return assignment;
}

function classMeans(
  e: GrowthEstimates,
  nClasses: number,
  assignment: Int32Array,
): { means: Float64Array; counts: Float64Array } {
  const means = new Float64Array(nClasses * e.m);
  const counts = new Float64Array(nClasses);
  for (let i = 0; i < e.n; i++) {
    const k = assignment[i]!;
    counts[k]!++;
    for (let a = 0; a < e.m; a++) means[k * e.m + a]! += e.values[i * e.m + a]!;
  }
  for (let k = 0; k < nClasses; k++)
    for (let a = 0; a < e.m; a++) means[k * e.m + a]! /= Math.max(counts[k]!, 1);
  return { means, counts };
}

/** Root mean squared distance from the class mean, relative to all classes together; between 0.05 and 2. */
function relativeSpread(
  e: GrowthEstimates,
  means: Float64Array,
  counts: Float64Array,
  assignment: Int32Array,
): Float64Array {
  const within = new Float64Array(counts.length);
  const to = turn(e.root, means, e.m);
  let total = 0;
  for (let i = 0; i < e.n; i++) {
    const k = assignment[i]!;
    const d = distance(e.turned, i, e.m, to, k * e.m);
    within[k]! += d;
    total += d / e.n;
  }
  return within.map((sum, k) =>
    total > 0 ? Math.min(2, Math.max(0.05, Math.sqrt(sum / Math.max(counts[k]!, 1) / total))) : 1,
  );
}

/**
 * Class means from the groups; logits from their sizes; D and residual variance of the one-class fit, D shrunk by a random
 * factor because the classes take up part of what it describes,
 * and in proportion to the group's spread where D differs by class.
 */
function vectorFromAssignment(
  data: ProblemData,
  layout: ParameterLayout,
  base: ClassParameters,
  e: GrowthEstimates,
  assignment: Int32Array,
  stream: RandomStream,
): Float64Array {
  const { fixed } = data;
  const nClasses = layout.nClasses;
  const { means, counts } = classMeans(e, nClasses, assignment);
  const out = allocateFor(layout);
  const q2 = layout.nRandom ** 2;
  const shrink = Math.sqrt([1, 0.5, 0.2][stream.integer(3)]!);
  const spread = layout.covariance === "equal" ? null : relativeSpread(e, means, counts, assignment);
  for (let k = 0; k < nClasses; k++) {
    for (let j = 0; j < fixed.nFixed; j++) {
      const own = fixed.classSpecific[j] && fixed.person[j] === 0 ? means[k * e.m + fixed.basis[j]!]! : 0;
      out.beta[k * fixed.nFixed + j] = base.beta[j]! + own;
    }
    for (let a = 0; a < q2; a++) out.factor[k * q2 + a] = base.factor[a]! * shrink * (spread?.[k] ?? 1);
    out.residual.set(base.residual, k * layout.nResidual);
    out.logits[k * layout.nMembership] = Math.log((counts[k]! + 1) / (e.n + nClasses));
  }
  out.loadings.set(base.loadings);
  return pack(layout, out);
}
