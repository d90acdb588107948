import { normalQuantile } from "../../core/distributions.js";
import { dot, multiplyInto } from "../../core/linalg.js";
import type { StoredDesign } from "../design/types.js";
import { freeLikelihoodOf, type ProblemData, type ProblemShape } from "../likelihood.js";
import { certify, inverseOf } from "./certificate.js";
import { checkVariances } from "./degenerate.js";
import { freeVector, fullVector } from "./freeSpace.js";
import { lagrangianSteps } from "./lagrangian.js";
import { observedInformation } from "./newton.js";
import type { Objective, Point } from "./objective.js";
import { boundOf, type ProfileGoal } from "./profileGoal.js";
import { followPath, LEAVING_STEP, lookBeyond } from "./profilePath.js";
import { type ProfileTarget, scalarOf } from "./profileTarget.js";
import { describePoint, type SurfacePoint, type SurfaceSearch } from "./surface.js";

/** Input of the task that looks at the maximum before any profile starts from it. */
export interface MaximumInput {
  readonly shape: ProblemShape;
  readonly x: readonly number[];
}

/** The maximum as profiles need it. */
export interface MaximumOutcome {
  readonly logLikelihood: number;
  /** Positive definite approximation of the inverse observed information, n x n. */
  readonly inverse: readonly number[];
  /** g'H g / n. */
  readonly gradientCriterion: number;
  /** Smallest eigenvalue of the observed information, relative to the complete data. */
  readonly smallestCurvature: number;
}

/** Input of the search for one limit. */
export interface LimitInput {
  readonly shape: ProblemShape;
  readonly stored: StoredDesign;
  readonly x: readonly number[];
  readonly maximum: MaximumOutcome;
  readonly target: ProfileTarget;
  readonly side: "lower" | "upper";
  /** Coverage asked for, e.g. 0.95. */
  readonly level: number;
  /** `quick` is the search of Lagrangian steps alone, `path` the maximisation at fixed values alone; default: both, in this order. */
  readonly method?: "quick" | "path";
}

/** Why a limit is not known. */
export type LimitTrouble =
  | "better maximum found"
  | "no limit found"
  | "not a maximum"
  | "not estimated"
  | "search failed";

/** One limit of a profile-likelihood interval. */
export interface LimitOutcome {
  /** On the user's scale; null where it is not known. */
  readonly limit: number | null;
  /** The parameter's own bound (0 of a variance, -1 or 1 of a correlation): the profile does not fall to the threshold before it. */
  readonly boundary: boolean;
  readonly trouble: LimitTrouble | null;
  /** Log-likelihood at the limit less the threshold. */
  readonly excess: number | null;
  /** Gradient criterion of the Lagrangian, and its smallest curvature within the surface relative to the complete data. */
  readonly criterion: number | null;
  readonly curvature: number | null;
  /** The limit's free vector (internal scale). */
  readonly x: readonly number[] | null;
  readonly method: "quick" | "path";
  readonly evaluations: number;
}

/** Gradient criterion above which a vector is no maximum to start from. */
const NOT_A_MAXIMUM = 1e-6;
/** A log-likelihood this far above the maximum's shows that it is none. */
const BETTER = 1e-4;
/** A certified limit: log-likelihood within this of the threshold, gradient criterion below, curvature above. */
const LARGEST_EXCESS = 1e-6;
const LARGEST_CRITERION = 1e-8;
const SMALLEST_CURVATURE = -1e-5;
/** Evaluations a search may take; most take 5 per parameter. */
const SPARE_EVALUATIONS = 400;
const EVALUATIONS_PER_PARAMETER = 40;
/** Times a path that ended on a ridge is taken up beside it. */
const RETRIES = 4;

/**
 * Log-likelihood and inverse information at a maximum.
 * @param data - the data
 * @param input - shape and vector
 * @returns what the searches start from
 */
export function describeMaximum(data: ProblemData, input: MaximumInput): MaximumOutcome {
  const { objective, space } = freeLikelihoodOf(data, input.shape);
  const point = objective.evaluate(freeVector(space, Float64Array.from(input.x)), true);
  const n = objective.size;
  const { eigenvalues, directions } = observedInformation(objective, point);
  const inverse = inverseOf(eigenvalues, directions, n);
  const step = new Float64Array(n);
  multiplyInto(step, inverse, point.gradient, n);
  return {
    logLikelihood: point.value,
    inverse: Array.from(inverse),
    gradientCriterion: dot(step, point.gradient, n) / n,
    smallestCurvature: eigenvalues[0] ?? 1,
  };
}

/**
 * One limit of a profile-likelihood interval: the extreme of a quantity g over { x : l(x) >= l* - z^2 / 2 }, followed from the
 * maximum outwards. First by Lagrangian steps, each of which moves g to where the profile should meet the threshold and the other
 * parameters towards their maximum there; where that fails, by maximising l at fixed values of g that are bracketed. A limit is
 * only given when l lies on the threshold and first- and second-order conditions of the constrained maximum hold.
 * @param data - the data
 * @param input - the maximum, the quantity, side and level
 * @returns the limit, a bound, or the reason why there is neither
 * Source: Venzon & Moolgavkar (1988) Appl Stat 37:87.
 */
export function profileLimit(data: ProblemData, input: LimitInput): LimitOutcome {
  const { objective, layout, space } = freeLikelihoodOf(data, input.shape);
  const ceiling = input.maximum.logLikelihood + BETTER;
  const watched = watch(objective, {
    budget: SPARE_EVALUATIONS + EVALUATIONS_PER_PARAMETER * objective.size,
    // Above the maximum the likelihood may be running to infinity, in a place that fits refuse.
    refused: ({ value, x }) =>
      value > ceiling && checkVariances(data, input.shape, fullVector(space, x)).degenerate,
  });
  const searchOf = (target: ProfileTarget): SurfaceSearch => ({
    objective: watched.objective,
    scalar: scalarOf(layout, space, input.stored, target),
    inverse: Float64Array.from(input.maximum.inverse),
  });
  const found = findLimit(searchOf, input, freeVector(space, Float64Array.from(input.x)));
  const better = watched.highest() > ceiling;
  const outcome = better ? { ...UNKNOWN, trouble: "better maximum found" as const } : found;
  return { ...outcome, evaluations: objective.evaluations };
}

/**
 * Passes evaluations on and remembers the highest log-likelihood seen; at refused points, and everywhere once its budget is spent (a
 * search that gets lost ends soon), the log-likelihood is -Infinity.
 */
function watch(
  objective: Objective,
  { budget, refused }: { readonly budget: number; readonly refused: (point: Point) => boolean },
): { objective: Objective; highest: () => number } {
  let highest = Number.NEGATIVE_INFINITY;
  const spent: Point = {
    x: new Float64Array(objective.size),
    value: Number.NEGATIVE_INFINITY,
    gradient: new Float64Array(objective.size),
    information: new Float64Array(objective.size ** 2),
    exactFit: false,
  };
  return {
    objective: {
      ...objective,
      evaluate: (x, information) => {
        if (objective.evaluations >= budget) return { ...spent, x: x.slice() };
        const point = objective.evaluate(x, information);
        if (refused(point)) return { ...point, value: Number.NEGATIVE_INFINITY };
        if (point.value > highest) highest = point.value;
        return point;
      },
    },
    highest: () => highest,
  };
}

type Found = Omit<LimitOutcome, "evaluations">;

const UNKNOWN: Found = {
  limit: null,
  boundary: false,
  trouble: "search failed",
  excess: null,
  criterion: null,
  curvature: null,
  x: null,
  method: "path",
};

function findLimit(
  searchOf: (target: ProfileTarget) => SurfaceSearch,
  input: LimitInput,
  x: Float64Array,
): Found {
  const { maximum, target } = input;
  const search = searchOf(target);
  if (!(maximum.gradientCriterion < NOT_A_MAXIMUM) || maximum.smallestCurvature < SMALLEST_CURVATURE)
    return { ...UNKNOWN, trouble: "not a maximum" };
  const goal = goalOf(search, input, x, input.side);
  if (!(goal.width > 0)) return { ...UNKNOWN, trouble: "not estimated" };
  if (goal.startsAtBound === "this side")
    return { ...UNKNOWN, limit: goal.bound!.natural, boundary: true, trouble: null };
  if (input.method !== "path" && goal.startsAtBound === "no") {
    const end = lagrangianSteps(search, goal);
    const found = end === null ? null : certified(search, goal, end, "quick").found;
    if (end !== null && found !== null)
      return input.method === "quick" ? found : farthest(search, goal, found, end, maximum.inverse);
  }
  if (input.method === "quick") return { ...UNKNOWN, method: "quick" };
  // With a random effect gone, its correlations can be anything.
  const canVanish = (at: number): boolean => {
    const variance = searchOf({ kind: "variance", at });
    const goal = goalOf(variance, input, x, "lower");
    return goal.startsAtBound === "this side" || followPath(variance, goal, null, null) === "bound";
  };
  if (target.kind === "correlation" && target.variances.some(canVanish))
    return { ...UNKNOWN, limit: goal.side, boundary: true, trouble: null };
  return byPath(search, goal, maximum.inverse, null);
}

/**
 * The limit, or the one beyond it where the log-likelihood rises above the threshold again: profiles of mixtures can have several
 * humps, and no value of any of them is rejected.
 */
function farthest(
  search: SurfaceSearch,
  goal: ProfileGoal,
  found: Found,
  end: SurfacePoint,
  inverse: readonly number[],
): Found {
  const hump = lookBeyond(search, goal, end);
  return hump === null ? found : byPath(search, goal, inverse, hump);
}

/** What is looked for, on the scale of the search. */
function goalOf(
  search: SurfaceSearch,
  input: LimitInput,
  x: Float64Array,
  towards: LimitInput["side"],
): ProfileGoal {
  const point = search.objective.evaluate(x, false);
  const start = describePoint(search, point, search.scalar.at(point.x));
  const z = normalQuantile(0.5 + input.level / 2);
  const side = towards === "upper" ? 1 : -1;
  const width = start.normalLength > 0 ? Math.sqrt(start.normalLength) : reach(search, point.x);
  return {
    start,
    side,
    z,
    threshold: input.maximum.logLikelihood - 0.5 * z * z,
    maximum: input.maximum.logLikelihood,
    width,
    ...boundOf(search.scalar.kind, start.scalar.value, side, width),
  };
}

/** Largest change of the quantity as one entry of the vector moves by a little: its scale where it has no derivative. */
function reach(search: SurfaceSearch, x: Float64Array): number {
  const { value } = search.scalar.at(x);
  let largest = 0;
  for (let j = 0; j < x.length; j++) {
    const moved = x.slice();
    moved[j]! += LEAVING_STEP;
    largest = Math.max(largest, Math.abs(search.scalar.at(moved).value - value));
  }
  return largest;
}

/** The point as a limit where it is one; else what is wrong with it. */
function certified(
  search: SurfaceSearch,
  goal: ProfileGoal,
  end: SurfacePoint,
  method: "quick" | "path",
): { readonly found: Found | null; readonly ridge: Float64Array | null; readonly inverse: Float64Array } {
  const { criterion, curvature, direction, inverse } = certify(search, end);
  const excess = end.point.value - goal.threshold;
  const holds =
    Math.abs(excess) < LARGEST_EXCESS && criterion < LARGEST_CRITERION && curvature > SMALLEST_CURVATURE;
  return {
    found: holds
      ? {
          limit: end.scalar.natural,
          boundary: false,
          trouble: null,
          excess,
          criterion,
          curvature,
          x: Array.from(end.point.x),
          method,
        }
      : null,
    ridge: curvature > SMALLEST_CURVATURE ? null : direction,
    inverse,
  };
}

/**
 * Follows the profile at fixed values, from the maximum or a point further out; where it ended on a ridge (a saddle of the
 * surface), once more from beside it; where there is another hump beyond, from there.
 */
function byPath(
  search: SurfaceSearch,
  goal: ProfileGoal,
  inverse: readonly number[],
  start: SurfacePoint | null,
): Found {
  search.inverse.set(inverse);
  let from = start;
  let ridge: Float64Array | null = null;
  for (let attempt = 0; attempt < RETRIES; attempt++) {
    const end = followPath(search, goal, from, ridge);
    if (end === "bound") return { ...UNKNOWN, limit: goal.bound!.natural, boundary: true, trouble: null };
    if (end === "endless") return { ...UNKNOWN, trouble: "no limit found" };
    if (end === null) return UNKNOWN;
    const judged = certified(search, goal, end, "path");
    search.inverse.set(judged.inverse);
    ridge = judged.ridge;
    if (judged.found === null) from = end;
    else {
      from = lookBeyond(search, goal, end);
      if (from === null) return judged.found;
    }
  }
  return UNKNOWN;
}
