import type { ProfileGoal } from "./profileGoal.js";
import { learn, moveTo, type SurfacePoint, type SurfaceSearch } from "./surface.js";

/** Largest number of Lagrangian steps: they converge in about ten or not at all. */
const LAGRANGIAN_STEPS = 40;

/**
 * Steps towards the solution of l(x) = threshold, grad l = kappa grad g. The profile's signed root deviance
 * zeta = sqrt(2 (l* - l_p)) is nearly linear in g, with slope -kappa / zeta: g moves to where it would be z.
 * @param search - objective, quantity, H (updated)
 * @param goal - what is looked for
 * @returns the solution, or null where the steps do not lead to one
 * Source: the equations of Venzon & Moolgavkar (1988) Appl Stat 37:87, by quasi-Newton steps.
 */
export function lagrangianSteps(search: SurfaceSearch, goal: ProfileGoal): SurfacePoint | null {
  const n = search.objective.size;
  const { side, z } = goal;
  let current = goal.start;
  let change = side * z * goal.width;
  for (let step = 0; step < LAGRANGIAN_STEPS; step++) {
    const next = outward(search, goal, current, change);
    if (next === null) return null;
    current = next;
    const profile = current.point.value + 0.5 * current.gain;
    const excess = current.point.value - goal.threshold;
    if (current.gain < 1e-11 * n && Math.abs(excess) < 1e-8) return current;
    const zeta = Math.sqrt(2 * Math.max(goal.maximum - profile, 1e-4));
    const slope = -current.multiplier / zeta;
    if (!(side * slope > 0)) return null;
    const longest = z * goal.width;
    change = Math.max(-longest, Math.min(longest, (z - zeta) / slope));
  }
  return null;
}

/** One step, shortened while it falls far below the threshold; null where no step of a fair length stays near it. */
function outward(
  search: SurfaceSearch,
  goal: ProfileGoal,
  from: SurfacePoint,
  change: number,
): SurfacePoint | null {
  const floor = goal.threshold - 1.5 * goal.z * goal.z;
  for (let trial = 0, share = 1; trial < 6; trial++, share *= 0.5) {
    const value = from.scalar.value + share * change;
    if (goal.bound !== null && goal.side * (value - goal.bound.value) >= 0) return null;
    const next = moveTo(search, from, value, share);
    if (next !== null && next.point.value > Math.min(floor, from.point.value))
      return learn(search, from, next);
  }
  return null;
}
