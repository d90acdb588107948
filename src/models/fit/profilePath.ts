import { certify } from "./certificate.js";
import type { ProfileGoal } from "./profileGoal.js";
import {
  climbSurface,
  describePoint,
  land,
  moveTo,
  type SurfacePoint,
  type SurfaceSearch,
} from "./surface.js";

/** Expected gain, in units of the log-likelihood, below which a maximum at a fixed value is reached. */
const SETTLED = 1e-10;
/** Log-likelihood this near to the threshold is on it. */
const ON_THRESHOLD = 1e-8;
/** Values of the quantity looked at. */
const MOST_VALUES = 80;
/** Standard errors beyond which a profile that has not fallen counts as endless. */
const FARTHEST = 1e4;
const CLIMB_STEPS = 80;

/** A bracket of the limit: the last value above the threshold and the first below it. */
interface Bracket {
  inside: SurfacePoint;
  outside: SurfacePoint | null;
  /** First step outwards, doubled while the profile stays above the threshold. */
  step: number;
}

/**
 * Follows the profile outwards from the maximum, maximising at one fixed value after the other, until the threshold is
 * bracketed, and closes the bracket on it.
 * @param search - objective, quantity, H (updated)
 * @param goal - what is looked for
 * @param from - a point where an earlier path ended on a ridge, or null
 * @param ridge - direction in which the log-likelihood rises from there, or null
 * @returns the point on the threshold; `bound` where the parameter's bound is reached first; `endless` where the profile does not
 *   fall to the threshold; null where the search fails
 */
export function followPath(
  search: SurfaceSearch,
  goal: ProfileGoal,
  from: SurfacePoint | null,
  ridge: Float64Array | null,
): SurfacePoint | "bound" | "endless" | null {
  const bracket = openBracket(search, goal, from, ridge);
  if (bracket === null) return null;
  for (let count = 0; count < MOST_VALUES; count++) {
    const nearest = bracket.outside ?? bracket.inside;
    for (const point of [bracket.inside, nearest])
      if (Math.abs(point.point.value - goal.threshold) < ON_THRESHOLD) return point;
    const value = nextValue(bracket, goal, count);
    if (Math.abs(value - goal.start.scalar.value) > FARTHEST * goal.z * goal.width) return "endless";
    const end = maximumAt(search, goal, bracket, value);
    if (end === null) {
      if (bracket.outside !== null) return null;
      bracket.step *= 0.3;
      continue;
    }
    if (end.point.value < goal.threshold) bracket.outside = end;
    else {
      if (goal.bound !== null && value === goal.bound.value) return "bound";
      bracket.step *= 2;
      bracket.inside = end;
    }
  }
  return null;
}

function openBracket(
  search: SurfaceSearch,
  goal: ProfileGoal,
  from: SurfacePoint | null,
  ridge: Float64Array | null,
): Bracket | null {
  const step = goal.z * goal.width;
  if (from !== null) {
    const beside = ridge === null ? climbed(search, from) : besideRidge(search, from, ridge);
    return beside.point.value >= goal.threshold
      ? { inside: beside, outside: null, step: 0.1 * step }
      : { inside: goal.start, outside: beside, step };
  }
  if (goal.startsAtBound === "no") return { inside: goal.start, outside: null, step };
  const left = leaveBound(search, goal);
  if (left === null) return null;
  const away = Math.abs(left.scalar.value - goal.start.scalar.value);
  return left.point.value >= goal.threshold
    ? { inside: left, outside: null, step: away }
    : { inside: goal.start, outside: left, step: away };
}

/** The next value to look at: outwards, or where the root deviance is expected to be that of the threshold. */
function nextValue({ inside, outside, step }: Bracket, goal: ProfileGoal, count: number): number {
  const { side, bound } = goal;
  const from = inside.scalar.value;
  if (outside === null) {
    const value = from + side * step;
    return bound !== null && side * (value - bound.value) >= 0 ? bound.value : value;
  }
  const to = outside.scalar.value;
  const rootInside = rootDeviance(inside, goal);
  const rootOutside = rootDeviance(outside, goal);
  // Every fourth value halves the bracket, whatever the profile's shape.
  if (count % 4 === 3) return 0.5 * (from + to);
  const nearest = Math.abs(rootInside - goal.z) < Math.abs(rootOutside - goal.z) ? inside : outside;
  const root = rootDeviance(nearest, goal);
  const newton = nearest.scalar.value + ((goal.z - root) * root) / -nearest.multiplier;
  if ((newton - from) * (to - newton) > 0) return newton;
  const secant = from + ((goal.z - rootInside) / (rootOutside - rootInside)) * (to - from);
  return (secant - from) * (to - secant) > 0 ? secant : 0.5 * (from + to);
}

function rootDeviance(at: SurfacePoint, goal: ProfileGoal): number {
  return Math.sqrt(2 * Math.max(goal.maximum - at.point.value, 0));
}

/** The maximum at a value, from the nearer end of the bracket, or from the other where that cannot be left. */
function maximumAt(
  search: SurfaceSearch,
  goal: ProfileGoal,
  { inside, outside }: Bracket,
  value: number,
): SurfacePoint | null {
  const atBound = goal.bound !== null && value === goal.bound.value;
  for (const from of outside === null ? [inside] : [inside, outside]) {
    const landed = moveTo(search, from, value, 0);
    if (landed === null) continue;
    const start = describePoint(search, landed.point, landed.scalar);
    const stop = (point: SurfacePoint): boolean =>
      (atBound && point.point.value >= goal.threshold) || hasVanished(goal, point);
    return climbed(search, start, stop);
  }
  return null;
}

/** Share of its estimate below which a variance counts as gone where a correlation is profiled. */
const GONE = 1e-6;

/**
 * A correlation's climb has run to where one of the variances is zero. There the correlation means nothing, and the
 * log-likelihood is that of the model without the random effect, known to be below the threshold.
 */
function hasVanished({ start }: ProfileGoal, { scalar }: SurfacePoint): boolean {
  return scalar.parts.length > 1 && [1, 2].some((p) => scalar.parts[p]! < GONE * start.scalar.parts[p]!);
}

/** Climbs; where that stalls, once more with the curvature measured anew. */
function climbed(
  search: SurfaceSearch,
  start: SurfacePoint,
  stop: (point: SurfacePoint) => boolean = () => false,
): SurfacePoint {
  const options = { tolerance: SETTLED, maxSteps: CLIMB_STEPS, stop };
  const first = climbSurface(search, start, options);
  if (first.converged) return first.end;
  search.inverse.set(certify(search, first.end).inverse);
  return climbSurface(search, describePoint(search, first.end.point, first.end.scalar), options).end;
}

/** How far beyond a limit to look, in distances of the limit from the estimate. */
const BEYOND: readonly number[] = [0.3, 1];
const BEYOND_STEPS = 20;

/**
 * Looks whether the log-likelihood rises above the threshold again beyond a limit.
 * @param search - objective, quantity, H
 * @param goal - what is looked for
 * @param limit - on the threshold
 * @returns a point above the threshold further out, or null where none was found
 */
export function lookBeyond(
  search: SurfaceSearch,
  goal: ProfileGoal,
  limit: SurfacePoint,
): SurfacePoint | null {
  const distance = limit.scalar.value - goal.start.scalar.value;
  for (const share of BEYOND) {
    const value = limit.scalar.value + share * distance;
    if (goal.bound !== null && goal.side * (value - goal.bound.value) >= 0) break;
    const landed = moveTo(search, limit, value, 0);
    if (landed === null) continue;
    const { end } = climbSurface(search, describePoint(search, landed.point, landed.scalar), {
      tolerance: SETTLED,
      maxSteps: BEYOND_STEPS,
      stop: (point) => point.point.value > goal.threshold || hasVanished(goal, point),
    });
    if (end.point.value > goal.threshold) return end;
  }
  return null;
}

/** The better of the maxima on both sides of a ridge. */
function besideRidge(search: SurfaceSearch, from: SurfacePoint, ridge: Float64Array): SurfacePoint {
  let best = from;
  for (const distance of [0.3, -0.3]) {
    const landed = land(
      search,
      from.point.x.map((x, i) => x + distance * ridge[i]!),
      from.scalar.value,
    );
    if (landed === null) continue;
    const end = climbed(search, describePoint(search, landed.point, landed.scalar));
    if (end.point.value > best.point.value) best = end;
  }
  return best;
}

/** Move of one entry of the free vector by which an estimate leaves its bound (internal scale). */
export const LEAVING_STEP = 0.02;

/**
 * The best maximum near an estimate on its bound. There the quantity has no derivative: it leaves the bound along
 * whichever entries of the vector change it, and which of these is best the log-likelihood decides.
 */
function leaveBound(search: SurfaceSearch, goal: ProfileGoal): SurfacePoint | null {
  const { x } = goal.start.point;
  const moves: Float64Array[] = [];
  let value = Number.NaN;
  for (let j = 0; j < x.length; j++)
    for (const step of [LEAVING_STEP, -LEAVING_STEP]) {
      const moved = x.slice();
      moved[j]! += step;
      const there = search.scalar.at(moved).value;
      const away = goal.side * (there - goal.start.scalar.value);
      if (!(away > 1e-6 * goal.width)) continue;
      moves.push(moved);
      if (!(goal.side * (there - value) > 0)) value = there;
    }
  let best: SurfacePoint | null = null;
  for (const moved of moves) {
    const landed = land(search, moved, value);
    if (landed === null) continue;
    const end = climbed(search, describePoint(search, landed.point, landed.scalar));
    if (best === null || end.point.value > best.point.value) best = end;
  }
  return best;
}
