import type { RandomStream } from "../../core/random.js";
import type { FreeLikelihood } from "../likelihood.js";
import { permuteClasses, withSomeAutocorrelation } from "../parameters.js";
import { nearestFreeVector } from "./freeSpace.js";

/** Assignments of groups to classes that are compared when the best of several is wanted. */
const COMPARED = 8;

/**
 * Brings start values into the space of the constraints. The nearest vector is that in the metric of the complete-data
 * information: a slope that is taken away leaves the level at the middle of the times, not at time 0. Where constraints name
 * classes, groups found in the data are given to the classes at random, in every second start in the best of several ways.
 * @param likelihood - log-likelihood, layout and space
 * @param x - start values of the model without its constraints
 * @param exchangeable - whether the order of the classes is free
 * @param stream - of the start
 * @param index - number of the start, from 0
 * @returns the free vector; x itself where nothing is constrained
 */
export function constrainedStart(
  likelihood: FreeLikelihood,
  x: Float64Array,
  exchangeable: boolean,
  stream: RandomStream,
  index: number,
): Float64Array {
  const { layout } = likelihood;
  if (exchangeable) return projected(likelihood, x);
  const order = Int32Array.from({ length: layout.nClasses }, (_, k) => k);
  let best = x;
  let bestValue = Number.NEGATIVE_INFINITY;
  for (let trial = 0; trial < (index % 2 === 0 ? COMPARED : 1); trial++) {
    stream.shuffle(order);
    const u = projected(likelihood, permuteClasses(layout, x, order));
    const { value } = likelihood.objective.evaluate(u, false);
    if (trial > 0 && !(value > bestValue)) continue;
    best = u;
    bestValue = value;
  }
  return best;
}

/**
 * The free vector nearest to a full one in the metric of the complete-data information there, or, where that leads to where no likelihood
 * is (the metric is that of one point, and a residual variance near zero has a steep one), in the plain metric.
 * @param likelihood - log-likelihood, layout and space
 * @param given - full vector; a start without any autocorrelation by time gets a little
 * @returns the free vector; the full one where nothing is constrained
 */
export function projected(
  { objective, full, layout, space }: FreeLikelihood,
  given: Float64Array,
): Float64Array {
  const x = withSomeAutocorrelation(layout, given);
  if (space === undefined) return x;
  const { value, information } = full.evaluate(x, true);
  if (Number.isFinite(value)) {
    const nearest = nearestFreeVector(space, x, information!);
    if (Number.isFinite(objective.evaluate(nearest, false).value)) return nearest;
  }
  return nearestFreeVector(space, x);
}
