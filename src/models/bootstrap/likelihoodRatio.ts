import { createStream } from "../../core/random.js";
import { constrainedStart, projected } from "../fit/constrainedStart.js";
import { emSteps } from "../fit/em.js";
import { fullVector } from "../fit/freeSpace.js";
import { SPLIT_DISTANCES, splitVector } from "../fit/split.js";
import { startVector } from "../fit/starts.js";
import { layoutOf, type ProblemData, type ProblemShape } from "../likelihood.js";
import { allocateFor, type ParameterLayout, unpackInto } from "../parameters.js";
import {
  type Refit,
  type ReplicateFailure,
  refit,
  type SampleLikelihood,
  sampleLikelihood,
  VALUE_SETTLED,
  warmStart,
} from "./refit.js";
import { STREAMS } from "./replicate.js";
import { createSimulator } from "./simulate.js";

/** Input of a block of replicates of the likelihood-ratio statistic. */
export interface RatioInput {
  readonly smaller: { readonly shape: ProblemShape; readonly x: readonly number[] };
  /** One class more. */
  readonly larger: { readonly shape: ProblemShape };
  readonly seed: number;
  readonly first: number;
  readonly count: number;
  /** Random starts of the larger model beside the splits of the smaller one. */
  readonly randomStarts: number;
  readonly maxIterations: number;
  /** Vector of the one-class fit, which random starts are built around. */
  readonly oneClass: readonly number[];
}

/** One replicate of the statistic. */
export interface RatioReplicate {
  readonly number: number;
  readonly failure: ReplicateFailure | null;
  /** Twice the difference of the log-likelihoods, at least 0; null where a fit failed. */
  readonly statistic: number | null;
}

/**
 * EM steps of a start of the larger model before it is compared with others: enough to tell hopeless starts. More took most of the time
 * and told no better which start ends best (docs/notes/likelihood-ratio-calibration.md).
 */
const SCREENING_STEPS = 2;
/** Random starts of the larger model carried to convergence, beside all splits: which split ends best cannot be seen early. */
const RANDOM_FINALISTS = 12;

/**
 * Draws samples from the smaller model and fits both models to each.
 * @param data - the data fitted
 * @param input - both models and which replicates
 * @returns one entry per replicate, failures among them
 * Source: McLachlan (1987).
 */
export function runRatioReplicates(data: ProblemData, input: RatioInput): RatioReplicate[] {
  const layout = layoutOf(data, input.smaller.shape);
  const parameters = allocateFor(layout);
  const x = Float64Array.from(input.smaller.x);
  unpackInto(layout, x, parameters);
  const simulator = createSimulator(data, layout, parameters);
  return Array.from({ length: input.count }, (_, r) => {
    const number = input.first + r;
    const sample = simulator.draw(createStream(input.seed, STREAMS.likelihoodRatio, number));
    return ratioOf(sample, layout, x, input, number);
  });
}

function ratioOf(
  data: ProblemData,
  layout: ParameterLayout,
  x: Float64Array,
  input: RatioInput,
  number: number,
): RatioReplicate {
  const { smaller, larger, maxIterations } = input;
  const fewer = refit(
    sampleLikelihood(data, smaller.shape),
    warmStart(layout, x),
    maxIterations,
    VALUE_SETTLED,
  );
  if (!hasValue(fewer)) return { number, failure: fewer.failure, statistic: null };
  const sample = sampleLikelihood(data, larger.shape);
  const ends = finalistsOf(sample, { x: fewer.x, layout }, input, number).map((start) =>
    refit(sample, start, maxIterations, VALUE_SETTLED),
  );
  const values = ends.filter(hasValue).map((end) => end.logLikelihood);
  if (values.length === 0) return { number, failure: ends[0]?.failure ?? "no likelihood", statistic: null };
  // The larger model contains the smaller one, so a negative difference is an unfinished climb from a split.
  return {
    number,
    failure: null,
    statistic: Math.max(0, 2 * (Math.max(...values) - fewer.logLikelihood)),
  };
}

/** A vanished class is no estimate, but its likelihood counts: under the smaller model nothing else is to be expected. */
function hasValue({ failure }: Refit): boolean {
  return failure === null || failure === "class vanished";
}

/** The best starts of the larger model after a few EM steps: splits of the smaller fit and random ones. */
function finalistsOf(
  { data, shape, likelihood }: SampleLikelihood,
  fewer: { readonly x: Float64Array; readonly layout: ParameterLayout },
  { randomStarts, oneClass, seed }: RatioInput,
  number: number,
): Float64Array[] {
  const { layout, objective, space } = likelihood;
  const screened = (u: Float64Array): Screened => {
    const point = emSteps(objective, u, SCREENING_STEPS, 1e-4);
    return { x: fullVector(space, point.x), value: point.value };
  };
  const splits = Array.from({ length: fewer.layout.nClasses }, (_, split) => split).flatMap((split) =>
    SPLIT_DISTANCES.map((distance) =>
      screened(projected(likelihood, splitVector(layout, fewer, split, distance))),
    ),
  );
  const base = {
    x: fewer.layout.nClasses === 1 ? fewer.x : Float64Array.from(oneClass),
    layout: layoutOf(data, { ...shape, classes: 1 }),
  };
  const random = Array.from({ length: randomStarts }, (_, s) => {
    const index = number * randomStarts + s;
    const { x } = startVector(data, layout, base, seed, index);
    const stream = createStream(seed, STREAMS.likelihoodRatio, number, s);
    return screened(constrainedStart(likelihood, x, shape.restriction?.exchangeable ?? true, stream, index));
  });
  return [...ranked(splits), ...ranked(random).slice(0, RANDOM_FINALISTS)].map(({ x }) => x);
}

/** A start after its EM steps. */
interface Screened {
  readonly x: Float64Array;
  readonly value: number;
}

function ranked(starts: readonly Screened[]): Screened[] {
  return starts.filter(({ value }) => Number.isFinite(value)).sort((a, b) => b.value - a.value);
}
