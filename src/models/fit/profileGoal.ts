import type { ProfileTarget } from "./profileTarget.js";
import type { SurfacePoint } from "./surface.js";

/** What the search for one limit is after; values are on its scale. */
export interface ProfileGoal {
  /** The maximum. */
  readonly start: SurfacePoint;
  readonly side: 1 | -1;
  /** Normal quantile of the level. */
  readonly z: number;
  readonly maximum: number;
  /** Log-likelihood at the limit. */
  readonly threshold: number;
  /** Standard error of the quantity by the delta method. */
  readonly width: number;
  readonly bound: ProfileBound | null;
  /** The estimate itself is the bound on this side, or on the other one, where the quantity has no derivative. */
  readonly startsAtBound: "no" | "this side" | "other side";
}

/** The end of a quantity's range. */
export interface ProfileBound {
  /** So near to the bound that a log-likelihood above the threshold here settles the matter. */
  readonly value: number;
  /** The bound on the user's scale. */
  readonly natural: number;
}

/** Standard deviations below this share of the estimate count as zero: their variance is below 1e-8 of it. */
const ZERO_SHARE = 1e-4;
/** Angles nearer than this to a right one: correlations above 1 - 5e-9. */
const RIGHT_ANGLE = 1e-4;
/** An estimate nearer to its bound than this share of its standard error is on it. */
const ON_BOUND = 1e-3;

/**
 * The bound on the side looked at, and where the estimate stands.
 * @param kind - of the quantity
 * @param estimate - on the scale of the search
 * @param side - 1 upper, -1 lower
 * @param width - standard error
 * @returns bound and place
 */
export function boundOf(
  kind: ProfileTarget["kind"],
  estimate: number,
  side: 1 | -1,
  width: number,
): Pick<ProfileGoal, "bound" | "startsAtBound"> {
  if (kind === "variance") {
    const atZero = estimate <= ON_BOUND * width;
    return {
      bound: side === -1 ? { value: ZERO_SHARE * estimate, natural: 0 } : null,
      startsAtBound: !atZero ? "no" : side === -1 ? "this side" : "other side",
    };
  }
  if (kind === "correlation") {
    const near = Math.max(RIGHT_ANGLE, ON_BOUND * width);
    const distance = (end: 1 | -1): number => Math.PI / 2 - end * estimate;
    return {
      bound: { value: side * (Math.PI / 2 - RIGHT_ANGLE), natural: side },
      startsAtBound:
        distance(side) < near ? "this side" : distance(side === 1 ? -1 : 1) < near ? "other side" : "no",
    };
  }
  return { bound: null, startsAtBound: "no" };
}
