import { dot, symmetricEigen } from "../../core/linalg.js";
import { FLAT_CURVATURE, observedInformation } from "./newton.js";
import type { Objective } from "./objective.js";
import type { SurfacePoint, SurfaceSearch } from "./surface.js";

/** First- and second-order conditions of a maximum of the log-likelihood on a surface of constant g. */
export interface Certificate {
  /** r'M^-1 r / n over the directions with curvature: r the Lagrangian's gradient, M its information within the surface. */
  readonly criterion: number;
  /** Smallest curvature within the surface, relative to the complete-data information. */
  readonly curvature: number;
  /** Move of the free vector along that curvature, of complete-data information 1. */
  readonly direction: Float64Array;
  /** Positive definite approximation of the inverse information of the Lagrangian, n x n. */
  readonly inverse: Float64Array;
}

/** Shares of the complete-data information below this are raised to it in the inverse. */
const SMALLEST_SHARE = 1e-4;

/**
 * Examines a point by the observed information of the Lagrangian l - kappa g, by central differences of its exact gradient.
 * @param search - objective and quantity
 * @param at - the point
 * @returns the conditions there
 * Source: Nocedal & Wright (2006), theorems 12.1 and 12.5 (first- and second-order conditions).
 */
export function certify(search: SurfaceSearch, at: SurfacePoint): Certificate {
  const n = search.objective.size;
  // On the user's scale: variances are quadratic in x, so that their differences are exact even near zero.
  const kappa = at.multiplier * at.scalar.slope;
  const { eigenvalues, directions } = observedInformation(lagrangian(search, kappa), {
    ...at.point,
    information: null,
  });
  const normal = pull(directions, at.scalar.naturalGradient, n);
  const length = Math.sqrt(dot(normal, normal, n));
  for (let d = 0; d < n; d++) normal[d] = length > 0 ? normal[d]! / length : 0;
  const residual = pull(directions, at.residual, n);
  const across = dot(residual, normal, n);
  for (let d = 0; d < n; d++) residual[d]! -= across * normal[d]!;
  const { values, vectors } = symmetricEigen(withinSurface(eigenvalues, normal, n), n);
  let criterion = 0;
  for (let e = 0; e < n; e++) {
    let along = 0;
    for (let d = 0; d < n; d++) along += vectors[d * n + e]! * residual[d]!;
    if (Math.abs(values[e]!) > FLAT_CURVATURE) criterion += (along * along) / Math.abs(values[e]!);
  }
  const direction = new Float64Array(n);
  for (let i = 0; i < n; i++)
    for (let d = 0; d < n; d++) direction[i]! += directions[i * n + d]! * vectors[d * n]!;
  return {
    criterion: criterion / n,
    curvature: values[0]!,
    direction,
    inverse: inverseOf(eigenvalues, directions, n),
  };
}

/** The log-likelihood less kappa times the quantity, on the user's scale. */
function lagrangian({ objective, scalar }: SurfaceSearch, kappa: number): Objective {
  return {
    ...objective,
    observed: undefined,
    evaluate: (x, information) => {
      const point = objective.evaluate(x, information);
      const { natural, naturalGradient } = scalar.at(x);
      return {
        ...point,
        value: point.value - kappa * natural,
        gradient: point.gradient.map((g, i) => g - kappa * naturalGradient[i]!),
      };
    },
  };
}

/** V'a: a gradient in the coordinates of the directions. */
function pull(directions: Float64Array, a: Float64Array, n: number): Float64Array {
  const out = new Float64Array(n);
  for (let i = 0; i < n; i++) for (let d = 0; d < n; d++) out[d]! += directions[i * n + d]! * a[i]!;
  return out;
}

/** P E P, P orthogonal to the normal, with a curvature along the normal above all others, so that it is no candidate. */
function withinSurface(eigenvalues: Float64Array, normal: Float64Array, n: number): Float64Array {
  let largest = 1;
  let middle = 0;
  for (let d = 0; d < n; d++) {
    largest = Math.max(largest, Math.abs(eigenvalues[d]!));
    middle += eigenvalues[d]! * normal[d]! ** 2;
  }
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++)
      out[i * n + j] =
        (i === j ? eigenvalues[i]! : 0) -
        (eigenvalues[i]! + eigenvalues[j]! - middle - 2 * largest) * normal[i]! * normal[j]!;
  return out;
}

/**
 * Inverse information from its directions, the flattest raised to a ten-thousandth of the complete-data information.
 * @param eigenvalues - n, relative to the complete data
 * @param directions - n x n, columns
 * @param n - size
 * @returns n x n, positive definite
 */
export function inverseOf(eigenvalues: Float64Array, directions: Float64Array, n: number): Float64Array {
  const inverse = new Float64Array(n * n);
  for (let d = 0; d < n; d++) {
    const share = Math.max(Math.abs(eigenvalues[d]!), SMALLEST_SHARE);
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++)
        inverse[i * n + j]! += (directions[i * n + d]! * directions[j * n + d]!) / share;
  }
  return inverse;
}
