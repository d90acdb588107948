import { NORMAL_95, twoSidedP } from "../core/distributions.js";
import type { CompiledConstraints } from "./constraints.js";
import type { StoredDesign } from "./design/types.js";
import { endOfCorrelation, varyingEffects } from "./fit/boundary.js";
import type { FinishedFit } from "./fit/finish.js";
import { FLAT_CURVATURE } from "./fit/newton.js";
import { parameterKey } from "./inference/names.js";
import type { ClassParameters } from "./kernels/types.js";
import {
  type ReportedParameter,
  reportedParameters,
  reportedValues,
  smallestVariance,
} from "./parameters/reported.js";
import { allocateFor, type ParameterLayout, residualVariances, unpackInto } from "./parameters.js";
import type { ParameterEstimate } from "./result.js";

/** Estimates on the user's scale with their covariance. */
export interface Inference {
  readonly parameters: readonly ParameterEstimate[];
  /** In the order of `parameters`; null where curvature gives none. */
  readonly covariance: number[][] | null;
  /** Sandwich, likewise. */
  readonly robustCovariance: number[][] | null;
  /** Derivative of the reported parameters in the internal vector, one row each. */
  readonly jacobian: Float64Array;
  /** Inverse observed information of the internal vector over the directions with curvature; null where one rises. */
  readonly internalInverse: Float64Array | null;
  /** Covariance of the internal vector that tests and intervals rest on: that inverse, or with clusters the sandwich. */
  readonly internalCovariance: Float64Array | null;
  /** A covariate (or combination) foretells class membership perfectly, so that some logits are infinite. */
  readonly separated: boolean;
  /** Keys (see `parameterKey`) of parameters that have no standard error because the curvature says nothing of them. */
  readonly unidentified: readonly string[];
}

/** Standard error of a logit, per standard deviation of its covariate, above which the logit counts as infinite. */
const LARGEST_LOGIT_ERROR = 100;

/**
 * Standard errors on the user's scale: the inverse observed information and the sandwich, carried over by the delta
 * method. Directions without curvature are left out, and what depends on them has no standard error.
 * @param layout - the layout
 * @param stored - the design
 * @param fit - the finished fit
 * @param constraints - those of the model; what they fix has no standard error
 * @param clustered - whether people belong to clusters: tests and intervals then rest on the robust errors
 * @returns estimates and covariance
 * Source: observed information: Efron & Hinkley (1978); sandwich: Huber (1967), White (1982).
 */
export function infer(
  layout: ParameterLayout,
  stored: StoredDesign,
  fit: FinishedFit,
  constraints: CompiledConstraints | null = null,
  clustered = false,
): Inference {
  const names = reportedParameters(layout, stored);
  const parameters = allocateFor(layout);
  unpackInto(layout, fit.x, parameters);
  const values = reportedValues(layout, stored, parameters);
  const jacobian = reportedJacobian(layout, stored, fit);
  constraints?.fixed.forEach((value, i) => {
    values[i] = value;
    jacobian.fill(0, i * layout.nParameters, (i + 1) * layout.nParameters);
  });
  const inverse = usableInverse(fit);
  const n = layout.nParameters;
  const flatShare = reachedByFlat(fit, jacobian, names.length);
  const infinite = infiniteLogits(layout, inverse);
  const atEnd = estimatesAtEnd(names, values, stored, layout, parameters, constraints);
  const covariance = inverse === null ? null : sandwich(jacobian, inverse, names.length, n);
  const internalRobust =
    inverse === null || fit.scoreProducts === null ? null : sandwich(inverse, fit.scoreProducts, n, n);
  const robust = internalRobust === null ? null : sandwich(jacobian, internalRobust, names.length, n);
  const unknown = (i: number): boolean =>
    flatShare[i]! > 1e-4 ||
    (names[i]!.block === "membership" && infinite.has(i - (names.length - layout.betaAt)));
  const errorAt = (matrix: Float64Array | null, i: number): number | null => {
    if (matrix === null || atEnd.has(i) || unknown(i)) return null;
    const variance = matrix[i * names.length + i]!;
    return variance > 0 && Number.isFinite(variance) ? Math.sqrt(variance) : null;
  };
  return {
    parameters: names.map((entry, i) => {
      const standardError = errorAt(covariance, i);
      const robustStandardError = errorAt(robust, i);
      const error = clustered ? robustStandardError : standardError;
      const estimate = values[i]!;
      const z = entry.testable && error !== null ? estimate / error : null;
      return {
        name: entry.name,
        block: entry.block,
        class: entry.class,
        estimate,
        standardError,
        robustStandardError,
        z,
        df: null,
        p: z === null ? null : twoSidedP(z),
        lower: error === null ? null : estimate - NORMAL_95 * error,
        upper: error === null ? null : estimate + NORMAL_95 * error,
        ...(constraints?.fixed.has(i) ? { constraint: "fixed" as const } : {}),
        ...(constraints?.equal.has(i) ? { constraint: "equal" as const } : {}),
      };
    }),
    covariance: rowsOf(covariance, names.length),
    robustCovariance: rowsOf(robust, names.length),
    jacobian,
    internalInverse: inverse,
    internalCovariance: clustered ? internalRobust : inverse,
    separated: infinite.size > 0,
    unidentified: names.flatMap((entry, i) => (unknown(i) && !atEnd.has(i) ? [parameterKey(entry)] : [])),
  };
}

function rowsOf(matrix: Float64Array | null, size: number): number[][] | null {
  if (matrix === null) return null;
  return Array.from({ length: size }, (_, i) => Array.from(matrix.subarray(i * size, (i + 1) * size)));
}

/** Share of the residual variance below which a random effect's variance counts as zero. */
const ZERO_VARIANCE = 1e-7;

/** Reported variances that are zero, and the covariances with them, or an autocorrelation at its end: no standard error exists. */
function estimatesAtEnd(
  names: readonly ReportedParameter[],
  values: Float64Array,
  stored: StoredDesign,
  layout: ParameterLayout,
  parameters: ClassParameters,
  constraints: CompiledConstraints | null,
): Set<number> {
  const varies = varyingEffects(layout, constraints?.space);
  const internal = Math.min(...residualVariances(layout, parameters)) * ZERO_VARIANCE;
  const out = new Set<number>();
  if (endOfCorrelation(layout, parameters) !== null)
    out.add(names.findIndex(({ name, block }) => block === "residual" && name === "autocorrelation"));
  for (const [a, effect] of stored.basisNames.slice(0, stored.nRandom).entries())
    names.forEach((entry, i) => {
      if (entry.name !== `var(${effect})` || values[i]! > smallestVariance(stored, a, internal, varies))
        return;
      names.forEach((other, j) => {
        const involved = other.name === entry.name || other.effects?.includes(effect);
        if (other.block === "covariance" && other.class === entry.class && involved) out.add(j);
      });
    });
  return out;
}

/**
 * Positions of logits that the data leave free to grow without limit, with the intercepts of their classes, which on
 * the user's scale are combinations of them.
 */
function infiniteLogits(layout: ParameterLayout, inverse: Float64Array | null): Set<number> {
  const out = new Set<number>();
  const n = layout.nParameters;
  if (layout.nMembership > 1 && inverse !== null)
    for (let j = 0; j < layout.betaAt; j++)
      if (inverse[j * n + j]! > LARGEST_LOGIT_ERROR ** 2) out.add(j).add(j - (j % layout.nMembership));
  return out;
}

/** d reported / d x by central differences of a smooth explicit function: exact to about 1e-9. */
function reportedJacobian(layout: ParameterLayout, stored: StoredDesign, fit: FinishedFit): Float64Array {
  const n = layout.nParameters;
  const parameters = allocateFor(layout);
  const at = (x: Float64Array): Float64Array => {
    unpackInto(layout, x, parameters);
    return reportedValues(layout, stored, parameters);
  };
  const nReported = at(fit.x).length;
  const out = new Float64Array(nReported * n);
  const x = fit.x.slice();
  for (let j = 0; j < n; j++) {
    const step = 1e-5 * Math.max(1, Math.abs(x[j]!));
    x[j] = fit.x[j]! + step;
    const above = at(x);
    x[j] = fit.x[j]! - step;
    const below = at(x);
    x[j] = fit.x[j]!;
    for (let i = 0; i < nReported; i++) out[i * n + j] = (above[i]! - below[i]!) / (2 * step);
  }
  return out;
}

/** Inverse information over the directions that are free and have curvature; null when a direction rises. */
function usableInverse(fit: FinishedFit): Float64Array | null {
  const n = fit.x.length;
  const nFree = fit.eigenvalues.length;
  if (fit.eigenvalues[0]! < -1e-4) return null;
  const out = new Float64Array(n * n);
  for (let d = 0; d < nFree; d++) {
    const value = fit.eigenvalues[d]!;
    if (value < FLAT_CURVATURE) continue;
    for (let i = 0; i < n; i++) {
      const vi = fit.directions[i * nFree + d]! / value;
      for (let j = 0; j < n; j++) out[i * n + j]! += vi * fit.directions[j * nFree + d]!;
    }
  }
  return out;
}

/** Share of each reported parameter's gradient (in units of `scale`) that lies in flat directions. */
function reachedByFlat(fit: FinishedFit, jacobian: Float64Array, nReported: number): Float64Array {
  const n = fit.x.length;
  const nFree = fit.eigenvalues.length;
  const out = new Float64Array(nReported);
  for (let i = 0; i < nReported; i++) {
    let total = 0;
    for (let j = 0; j < n; j++) total += (jacobian[i * n + j]! * fit.scale[j]!) ** 2;
    let flat = 0;
    for (let d = 0; d < nFree && fit.eigenvalues[d]! < FLAT_CURVATURE; d++) {
      let along = 0;
      let length = 0;
      for (let j = 0; j < n; j++) {
        if (fit.scale[j] === 0) continue;
        along += jacobian[i * n + j]! * fit.directions[j * nFree + d]!;
        length += (fit.directions[j * nFree + d]! / fit.scale[j]!) ** 2;
      }
      flat += (along * along) / length;
    }
    out[i] = total > 0 ? flat / total : 1;
  }
  return out;
}

/**
 * A M A'.
 * @param a - rows x n
 * @param middle - n x n
 * @returns rows x rows
 */
function sandwich(a: Float64Array, middle: Float64Array, rows: number, n: number): Float64Array {
  const half = new Float64Array(rows * n);
  for (let i = 0; i < rows; i++)
    for (let k = 0; k < n; k++) {
      const value = a[i * n + k]!;
      if (value !== 0) for (let j = 0; j < n; j++) half[i * n + j]! += value * middle[k * n + j]!;
    }
  const out = new Float64Array(rows * rows);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < rows; j++) {
      let sum = 0;
      for (let k = 0; k < n; k++) sum += half[i * n + k]! * a[j * n + k]!;
      out[i * rows + j] = sum;
    }
  return out;
}
