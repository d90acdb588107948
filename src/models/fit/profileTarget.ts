import type { StoredDesign } from "../design/types.js";
import { reportedValues } from "../parameters/reported.js";
import { allocateFor, type ParameterLayout, unpackInto } from "../parameters.js";
import { type FreeSpace, fullVector } from "./freeSpace.js";

/** The quantity a profile is of: one reported parameter, or a correlation made of three of them. Plain data. */
export type ProfileTarget =
  | { readonly kind: "value" | "positive" | "variance"; readonly at: number }
  | {
      readonly kind: "correlation";
      readonly covariance: number;
      readonly variances: readonly [number, number];
    };

/** A quantity and its gradient at one point. */
export interface ScalarPoint {
  /** On the user's scale. */
  readonly natural: number;
  /** d natural / d x. */
  readonly naturalGradient: Float64Array;
  /** On the scale of the search: standard deviation of a variance, log of a positive quantity, arc sine of a correlation. */
  readonly value: number;
  /** d value / d natural. */
  readonly slope: number;
  /** d value / d x. */
  readonly gradient: Float64Array;
  /** Reported values it is made of: itself, or a covariance and two variances. */
  readonly parts: readonly number[];
}

/** A quantity as a function of the free vector. */
export interface Scalar {
  readonly kind: ProfileTarget["kind"];
  at(x: Float64Array): ScalarPoint;
}

/** Step of the differences: the reported values are polynomials and exponentials of x, so the error is about 1e-10. */
const STEP = 1e-5;

/**
 * A target as a function of the free vector, with its gradient by central differences. Variances and covariances are
 * differentiated as they are (they are quadratic in x) and carried to the scale of the search by the chain rule, because
 * standard deviations and correlations have no derivative at their bounds.
 * @param layout - the layout
 * @param space - from the free vector to the layout's; undefined where nothing is constrained
 * @param stored - the design with its scaling
 * @param target - the quantity
 * @returns the function
 */
export function scalarOf(
  layout: ParameterLayout,
  space: FreeSpace | undefined,
  stored: StoredDesign,
  target: ProfileTarget,
): Scalar {
  const parameters = allocateFor(layout);
  const parts = target.kind === "correlation" ? [target.covariance, ...target.variances] : [target.at];
  const partsAt = (x: Float64Array): number[] => {
    unpackInto(layout, fullVector(space, x), parameters);
    const values = reportedValues(layout, stored, parameters);
    return parts.map((part) => values[part]!);
  };
  return {
    kind: target.kind,
    at(x) {
      const values = partsAt(x);
      const natural = target.kind === "correlation" ? correlation(values) : values[0]!;
      const weights = target.kind === "correlation" ? correlationWeights(values) : [1];
      const naturalGradient = new Float64Array(x.length);
      const moved = x.slice();
      for (let j = 0; j < x.length; j++) {
        const step = STEP * Math.max(1, Math.abs(x[j]!));
        moved[j] = x[j]! + step;
        const above = partsAt(moved);
        moved[j] = x[j]! - step;
        const below = partsAt(moved);
        moved[j] = x[j]!;
        let sum = 0;
        weights.forEach((weight, p) => {
          sum += (weight * (above[p]! - below[p]!)) / (2 * step);
        });
        naturalGradient[j] = sum;
      }
      const { value, slope } = toSearchScale(target.kind, natural);
      return {
        natural,
        naturalGradient,
        value,
        slope,
        gradient: naturalGradient.map((g) => g * slope),
        parts: values,
      };
    },
  };
}

function correlation([covariance, first, second]: readonly number[]): number {
  const value = covariance! / Math.sqrt(first! * second!);
  return Math.max(-1, Math.min(1, value));
}

/** Derivatives of a correlation with respect to the covariance and the two variances. */
function correlationWeights([covariance, first, second]: readonly number[]): number[] {
  const root = Math.sqrt(first! * second!);
  const rho = covariance! / root;
  return [1 / root, (-0.5 * rho) / first!, (-0.5 * rho) / second!];
}

/**
 * A quantity on the scale of the search, on which profiles are closer to quadratic and bounds lie at finite distances.
 * @param kind - of the target
 * @param natural - value on the user's scale
 * @returns value and derivative
 */
function toSearchScale(
  kind: ProfileTarget["kind"],
  natural: number,
): { readonly value: number; readonly slope: number } {
  switch (kind) {
    case "variance": {
      const sd = Math.sqrt(Math.max(natural, 0));
      // At zero there is no derivative: the gradient of the variance is zero there, and so is this.
      return { value: sd, slope: sd > 0 ? 0.5 / sd : 0 };
    }
    case "positive":
      return { value: Math.log(natural), slope: 1 / natural };
    case "correlation":
      return { value: Math.asin(natural), slope: 1 / Math.sqrt(Math.max(1 - natural * natural, 1e-16)) };
    case "value":
      return { value: natural, slope: 1 };
  }
}
