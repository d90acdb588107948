import { invertPositiveDefinite } from "../../core/linalg.js";
import { type IdentifiedDesign, identifyColumns } from "./identify.js";
import { evaluateMultinomial, type MultinomialProblem } from "./multinomial.js";
import { maximiseByNewton } from "./newton.js";
import type { RegressionDesign } from "./personDesign.js";

/** Which standard errors go with the estimates. */
export type StandardErrorKind = "model" | "robust";

/** Coefficients of a multinomial logit with their covariances, on the user's scale. */
export interface RegressionEstimate {
  readonly nClasses: number;
  /** Columns of the original design that have a coefficient. */
  readonly columns: readonly number[];
  /** (nClasses - 1) x columns.length, row-major: logits of each class against the last. */
  readonly coefficients: Float64Array;
  /** From the observed information; null where the information is not positive definite. */
  readonly modelCovariance: Float64Array | null;
  /** Huber-White sandwich over persons; null likewise. */
  readonly robustCovariance: Float64Array | null;
  /** Largest minus smallest value of each column. */
  readonly range: Float64Array;
  readonly logLikelihood: number;
  readonly converged: boolean;
  /** One sentence for each column left out as constant or collinear. */
  readonly aliased: readonly string[];
}

/** What was assigned, and how well: see {@link MultinomialProblem}. */
export interface Assignment {
  readonly nClasses: number;
  readonly weights: Float64Array;
  readonly table: Float64Array | null;
}

/**
 * Fits a multinomial logit to assigned classes, with a correction table or without.
 * @param design - person-level design without missing values
 * @param assignment - weights (nPersons x nClasses) and classification table
 * @returns coefficients and covariances; what cannot be estimated is named, not thrown
 */
export function estimateRegression(design: RegressionDesign, assignment: Assignment): RegressionEstimate {
  const identified = identifyColumns(design);
  const { nClasses } = assignment;
  const nColumns = identified.kept.length;
  const problem: MultinomialProblem = {
    nPersons: design.nPersons,
    nColumns,
    nClasses,
    design: identified.matrix,
    assignment: assignment.weights,
    table: assignment.table,
  };
  const size = (nClasses - 1) * nColumns;
  // The uncorrected likelihood is concave; its maximum is the start for the corrected one.
  const naive =
    assignment.table === null
      ? new Float64Array(size)
      : maximiseByNewton(
          (point) => evaluateMultinomial({ ...problem, table: null }, point),
          new Float64Array(size),
        ).point;
  const start = tame(naive, identified, nClasses);
  const { point, evaluation, converged } = maximiseByNewton(
    (candidate) => evaluateMultinomial(problem, candidate),
    start,
  );
  const inverse = size === 0 ? null : invertInformation(evaluation.information, size);
  const sandwich =
    inverse === null ? null : multiply(multiply(inverse, evaluation.scoreProducts, size), inverse, size);
  return {
    nClasses,
    columns: identified.kept,
    coefficients: transformCoefficients(identified, point, nClasses),
    modelCovariance: inverse && transformCovariance(identified, inverse, nClasses),
    robustCovariance: sandwich && transformCovariance(identified, sandwich, nClasses),
    range: identified.range,
    logLikelihood: evaluation.logLikelihood,
    converged,
    aliased: identified.aliased,
  };
}

/**
 * Inverse of the information. Under separation it is singular to machine precision in the directions that run to
 * infinity; a ridge gives those a huge variance, which marks them, and leaves the others as they are.
 */
function invertInformation(information: Float64Array, size: number): Float64Array | null {
  const plain = invertPositiveDefinite(information, size);
  if (plain !== null) return plain;
  let largest = 0;
  for (let j = 0; j < size; j++) largest = Math.max(largest, information[j * size + j]!);
  const ridged = information.slice();
  for (let j = 0; j < size; j++) ridged[j * size + j]! += 1e-10 * largest;
  return invertPositiveDefinite(ridged, size);
}

/** A naive estimate that ran off to infinity (separation) starts the corrected fit from where logits are flat. */
function tame(naive: Float64Array, identified: IdentifiedDesign, nClasses: number): Float64Array {
  const width = identified.kept.length;
  const limit = 5;
  for (let t = 0; t < nClasses - 1; t++)
    for (let c = 0; c < width; c++)
      if (Math.abs(naive[t * width + c]!) > limit) return new Float64Array(naive.length);
  return naive;
}

function transformCoefficients(
  identified: IdentifiedDesign,
  point: Float64Array,
  nClasses: number,
): Float64Array {
  const width = identified.kept.length;
  const out = new Float64Array(point.length);
  for (let t = 0; t < nClasses - 1; t++)
    for (let r = 0; r < width; r++)
      for (let c = 0; c < width; c++)
        out[t * width + r]! += identified.toUserScale[r * width + c]! * point[t * width + c]!;
  return out;
}

function transformCovariance(
  identified: IdentifiedDesign,
  covariance: Float64Array,
  nClasses: number,
): Float64Array {
  const width = identified.kept.length;
  const size = (nClasses - 1) * width;
  const map = new Float64Array(size * size);
  for (let t = 0; t < nClasses - 1; t++)
    for (let r = 0; r < width; r++)
      for (let c = 0; c < width; c++)
        map[(t * width + r) * size + t * width + c] = identified.toUserScale[r * width + c]!;
  return multiply(multiply(map, covariance, size), transpose(map, size), size);
}

function multiply(a: Float64Array, b: Float64Array, size: number): Float64Array {
  const out = new Float64Array(size * size);
  for (let r = 0; r < size; r++)
    for (let k = 0; k < size; k++) {
      const value = a[r * size + k]!;
      if (value === 0) continue;
      for (let c = 0; c < size; c++) out[r * size + c]! += value * b[k * size + c]!;
    }
  return out;
}

function transpose(a: Float64Array, size: number): Float64Array {
  const out = new Float64Array(size * size);
  for (let r = 0; r < size; r++) for (let c = 0; c < size; c++) out[c * size + r] = a[r * size + c]!;
  return out;
}
