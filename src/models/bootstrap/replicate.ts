import { createStream } from "../../core/random.js";
import { constrainedStart } from "../fit/constrainedStart.js";
import { emSteps } from "../fit/em.js";
import { orderClasses } from "../fit/finish.js";
import { fullVector } from "../fit/freeSpace.js";
import { startVector } from "../fit/starts.js";
import { layoutOf, objectiveOf, type ProblemData, type ProblemShape } from "../likelihood.js";
import { allocateFor, type ParameterLayout, permuteClasses, unpackInto } from "../parameters.js";
import { classSimilarity, DISSOLVED, matchClasses } from "./align.js";
import {
  ESTIMATES_SETTLED,
  type Refit,
  type ReplicateFailure,
  refit,
  type SampleLikelihood,
  sampleLikelihood,
  warmStart,
} from "./refit.js";
import { drawPeople } from "./resample.js";
import { createSimulator } from "./simulate.js";

/** What is drawn anew: people (with replacement), or their scores from the fitted model. */
export type BootstrapKind = "nonparametric" | "parametric";

/** Numbers that keep the random streams of the bootstraps apart from each other and from those of starts. */
export const STREAMS = { nonparametric: 1001, parametric: 1002, likelihoodRatio: 1003 } as const;

/** Input of a block of replicates. */
export interface ReplicateInput {
  readonly shape: ProblemShape;
  /** Full vector of the fit. */
  readonly x: readonly number[];
  /** Inverse observed information there, of what the constraints leave free: refits begin with it, since samples are much alike. */
  readonly inverse: readonly number[];
  readonly kind: BootstrapKind;
  readonly seed: number;
  /** Number of the first replicate, from 0, and how many. */
  readonly first: number;
  readonly count: number;
  /** Random starts of each replicate beside the fit's own vector. */
  readonly extraStarts: number;
  readonly maxIterations: number;
  /** Vector of the one-class fit, which random starts are built around; null without them. */
  readonly oneClass: readonly number[] | null;
}

/** One replicate, its classes matched to those of the fit. */
export interface Replicate {
  readonly number: number;
  readonly failure: ReplicateFailure | null;
  /** Full vector; empty where the replicate failed. */
  readonly x: Float64Array;
  /** K: mean posterior probability in the replicate's own sample. */
  readonly proportions: Float64Array;
  /** K: similarity of each class of the fit to its counterpart. */
  readonly similarity: readonly number[];
  /** The order of the classes by their mean at the last common time is not that of the fit. */
  readonly reordered: boolean;
  /** A random start found a better maximum than the fit's own vector did. */
  readonly elsewhere: boolean;
}

/** Log-likelihood by which a maximum is better than another. */
const BETTER = 1e-3;
/** EM steps of a random start before it is compared with others. */
const SCREENING_STEPS = 12;

/**
 * Draws samples, refits the model to each and matches the classes: replicates `first` .. `first + count - 1`, the same wherever
 * they run and however they are grouped.
 * @param data - the data fitted
 * @param input - the fit and which replicates
 * @returns one entry per replicate, failures among them
 */
export function runReplicates(data: ProblemData, input: ReplicateInput): Replicate[] {
  const layout = layoutOf(data, input.shape);
  const x = Float64Array.from(input.x);
  const posteriorsAt = classifier(data, input.shape, layout);
  const fit: Fit = { data, layout, x, posteriors: posteriorsAt(x), posteriorsAt };
  const next = sampler(data, layout, x, input.kind);
  return Array.from({ length: input.count }, (_, r) => {
    const number = input.first + r;
    return replicateOf(fit, sampleLikelihood(next(input.seed, number), input.shape), input, number);
  });
}

/** The fit that is bootstrapped. */
interface Fit {
  readonly data: ProblemData;
  readonly layout: ParameterLayout;
  readonly x: Float64Array;
  /** nPersons x K. */
  readonly posteriors: Float64Array;
  /** Posteriors that other parameters give to the same people. */
  readonly posteriorsAt: (x: Float64Array) => Float64Array;
}

function classifier(data: ProblemData, shape: ProblemShape, layout: ParameterLayout): Fit["posteriorsAt"] {
  const { objective } = objectiveOf(data, shape);
  return (x) => {
    const out = new Float64Array(data.moments.nPersons * layout.nClasses);
    if (layout.nClasses > 1) objective.evaluatePosteriors(x, out);
    return out;
  };
}

/** Draws one sample after the other over the same memory. */
function sampler(
  data: ProblemData,
  layout: ParameterLayout,
  x: Float64Array,
  kind: BootstrapKind,
): (seed: number, number: number) => ProblemData {
  if (kind === "nonparametric") {
    const weights = new Float64Array(data.moments.nPersons);
    return (seed, number) => {
      drawPeople(weights, data.clusters, createStream(seed, STREAMS.nonparametric, number));
      return { ...data, moments: { ...data.moments, weights } };
    };
  }
  const parameters = allocateFor(layout);
  unpackInto(layout, x, parameters);
  const simulator = createSimulator(data, layout, parameters);
  return (seed, number) => simulator.draw(createStream(seed, STREAMS.parametric, number));
}

function replicateOf(fit: Fit, sample: SampleLikelihood, input: ReplicateInput, number: number): Replicate {
  const inverse = Float64Array.from(input.inverse);
  let best = refit(sample, warmStart(fit.layout, fit.x), input.maxIterations, ESTIMATES_SETTLED, inverse);
  let elsewhere = false;
  const start = bestRandomStart(sample, input, number);
  if (start !== null) {
    const other = refit(sample, start, input.maxIterations);
    elsewhere = isBetter(other, best);
    if (elsewhere) best = other;
  }
  if (best.failure === null) return { number, failure: null, elsewhere, ...aligned(fit, input.shape, best) };
  return {
    number,
    failure: best.failure,
    elsewhere,
    x: new Float64Array(0),
    proportions: new Float64Array(0),
    similarity: [],
    reordered: false,
  };
}

function isBetter(other: Refit, than: Refit): boolean {
  if (other.failure !== null) return false;
  return than.failure !== null || other.logLikelihood > than.logLikelihood + BETTER;
}

/** The replicate in the fit's class labels, by the posteriors that its parameters give to the people of the fit. */
function aligned(
  { data, layout, posteriors, posteriorsAt }: Fit,
  shape: ProblemShape,
  { x, weight }: Refit,
): Pick<Replicate, "x" | "proportions" | "similarity" | "reordered"> {
  const { nClasses } = layout;
  const total = weight.reduce((sum, value) => sum + value, 0);
  const proportions = weight.map((value) => value / total);
  const others = posteriorsAt(x);
  // Where constraints name classes, their labels mean something and stay.
  if (nClasses === 1 || shape.restriction?.exchangeable === false) {
    const similarity = classSimilarity(posteriors, others, nClasses).map((row, k) => row[k]!);
    return { x, proportions, similarity, reordered: false };
  }
  const { order, similarity } = matchClasses(posteriors, others, nClasses);
  const relabelled = permuteClasses(layout, x, order);
  return {
    x: relabelled,
    proportions: Float64Array.from(order, (old) => proportions[old]!),
    similarity,
    reordered: orderClasses(data, layout, relabelled) !== relabelled,
  };
}

/** The best of the random starts after a few EM steps; null without any. */
function bestRandomStart(
  { data, likelihood }: SampleLikelihood,
  { shape, extraStarts, oneClass, seed, kind }: ReplicateInput,
  number: number,
): Float64Array | null {
  if (oneClass === null || shape.classes === 1) return null;
  const { layout, objective, space } = likelihood;
  const base = { x: Float64Array.from(oneClass), layout: layoutOf(data, { ...shape, classes: 1 }) };
  let best: Float64Array | null = null;
  let bestValue = Number.NEGATIVE_INFINITY;
  for (let s = 0; s < extraStarts; s++) {
    const index = number * extraStarts + s;
    const stream = createStream(seed, STREAMS[kind], number, s);
    const start = startVector(data, layout, base, seed, index);
    const u = constrainedStart(likelihood, start.x, shape.restriction?.exchangeable ?? true, stream, index);
    const point = emSteps(objective, u, SCREENING_STEPS, 1e-4);
    if (!(point.value > bestValue)) continue;
    best = fullVector(space, point.x);
    bestValue = point.value;
  }
  return best;
}

/**
 * Whether a class of the fit has no counterpart in a replicate.
 * @param replicate - a replicate that did not fail
 * @returns true when any similarity is below {@link DISSOLVED}
 */
export function isPoorMatch(replicate: Replicate): boolean {
  return replicate.similarity.some((value) => value < DISSOLVED);
}
