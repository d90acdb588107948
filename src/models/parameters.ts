import { semiDefiniteFactor } from "../core/linalg.js";
import type { FixedStructure } from "./design/moments.js";
import { allocateParameters, type ClassParameters, type ParameterSizes } from "./kernels/types.js";
import { type ResidualStructure, residualParts } from "./residuals.js";
import type { CovarianceSharing } from "./spec.js";

/** What a layout needs to know of a model. */
export interface LayoutShape {
  readonly nClasses: number;
  readonly fixed: FixedStructure;
  readonly nRandom: number;
  readonly nMembership: number;
  readonly diagonal: boolean;
  readonly covariance: CovarianceSharing;
  readonly residual: ResidualStructure;
  /** Occasions that may have a residual variance of their own; 1 unless the structure says so. */
  readonly nOccasions: number;
  /** Occasions of the latent time basis; 0 without one. */
  readonly nLoadings: number;
}

/**
 * The one place that maps the free vector of the optimiser to class parameters and back.
 *
 * Order of the vector: membership logits (classes 0 .. K-2 against the last), fixed coefficients (in term order; K
 * entries where class-specific), Cholesky factor of D (row by row; one per class when free), log scales of D (classes
 * 0 .. K-2 against the last, when proportional), log residual standard deviations (class by class, occasion by occasion),
 * the autocorrelation (inverse tanh by session number, logit by time), loadings of the latent basis but the first and last.
 *
 * The factor's diagonal is free in sign: a singular D is then an interior stationary point where gradient and
 * curvature exist, which a log-Cholesky would send to minus infinity. D does not depend on the signs.
 */
export interface ParameterLayout extends LayoutShape, ParameterSizes {
  readonly nParameters: number;
  readonly logitsAt: number;
  readonly betaAt: number;
  readonly factorAt: number;
  readonly scaleAt: number;
  readonly sigmaAt: number;
  readonly correlationAt: number;
  readonly loadingsAt: number;
  /** Residual variances of a class. */
  readonly nVariances: number;
  /** First vector position of each fixed coefficient. */
  readonly betaPosition: Int32Array;
  /** Row and column of each free entry of one factor. */
  readonly factorRow: Int32Array;
  readonly factorColumn: Int32Array;
  readonly nFactors: number;
  /** D and residual variance the same for every class. */
  readonly commonCovariance: boolean;
}

/**
 * Lays out the free parameters of a model.
 * @param shape - sizes and sharing
 * @returns the layout
 */
export function createLayout(shape: LayoutShape): ParameterLayout {
  const { nClasses, fixed, nRandom, nMembership } = shape;
  const factorRow: number[] = [];
  const factorColumn: number[] = [];
  for (let a = 0; a < nRandom; a++)
    for (let b = shape.diagonal ? a : 0; b <= a; b++) {
      factorRow.push(a);
      factorColumn.push(b);
    }
  const betaAt = (nClasses - 1) * nMembership;
  const betaPosition = new Int32Array(fixed.nFixed);
  let at = betaAt;
  for (let j = 0; j < fixed.nFixed; j++) {
    betaPosition[j] = at;
    at += fixed.classSpecific[j] ? nClasses : 1;
  }
  const factorAt = at;
  const nFactors = nRandom === 0 ? 0 : shape.covariance === "free" ? nClasses : 1;
  const scaleAt = factorAt + nFactors * factorRow.length;
  const sigmaAt = scaleAt + (shape.covariance === "proportional" && nRandom > 0 ? nClasses - 1 : 0);
  const { byClass, byOccasion, correlation } = residualParts(shape.residual);
  const nVariances = byOccasion ? shape.nOccasions : 1;
  const correlationAt = sigmaAt + nVariances * (byClass ? nClasses : 1);
  const loadingsAt = correlationAt + (correlation === null ? 0 : 1);
  return {
    ...shape,
    nFixed: fixed.nFixed,
    nParameters: loadingsAt + Math.max(shape.nLoadings - 2, 0),
    logitsAt: 0,
    betaAt,
    factorAt,
    scaleAt,
    sigmaAt,
    correlationAt,
    loadingsAt,
    nVariances,
    nResidual: nVariances + (correlation === null ? 0 : 1),
    betaPosition,
    factorRow: Int32Array.from(factorRow),
    factorColumn: Int32Array.from(factorColumn),
    nFactors,
    commonCovariance: nClasses === 1 || (!byClass && (nRandom === 0 || shape.covariance === "equal")),
  };
}

/**
 * Position in the free vector of a log residual standard deviation.
 * @param layout - the layout
 * @param k - class from 0
 * @param occasion - index of the occasion; 0 where the occasions share one
 * @returns its position
 */
export function sigmaPosition(layout: ParameterLayout, k: number, occasion: number): number {
  const ofClass = residualParts(layout.residual).byClass ? k * layout.nVariances : 0;
  return layout.sigmaAt + ofClass + occasion;
}

/**
 * Allocates class parameters of the layout's shape.
 * @param layout - the layout
 * @returns zeroed parameters
 */
export function allocateFor(layout: ParameterLayout): ClassParameters {
  return allocateParameters(layout);
}

/**
 * Vector to class parameters.
 * @param layout - the layout
 * @param x - nParameters
 * @param out - overwritten
 */
export function unpackInto(layout: ParameterLayout, x: Float64Array, out: ClassParameters): void {
  const { nClasses, nRandom: q, fixed } = layout;
  const nEntries = layout.factorRow.length;
  out.logits.fill(0);
  for (let j = 0; j < layout.betaAt; j++) out.logits[j] = x[j]!;
  out.factor.fill(0);
  for (let k = 0; k < nClasses; k++) {
    for (let j = 0; j < fixed.nFixed; j++)
      out.beta[k * fixed.nFixed + j] = x[layout.betaPosition[j]! + (fixed.classSpecific[j] ? k : 0)]!;
    const from = layout.factorAt + (layout.nFactors > 1 ? k * nEntries : 0);
    const scale = Math.exp(logScale(layout, x, k));
    if (q > 0)
      for (let e = 0; e < nEntries; e++)
        out.factor[(k * q + layout.factorRow[e]!) * q + layout.factorColumn[e]!] = scale * x[from + e]!;
    for (let o = 0; o < layout.nVariances; o++)
      out.residual[k * layout.nResidual + o] = Math.exp(2 * x[sigmaPosition(layout, k, o)]!);
    if (layout.loadingsAt > layout.correlationAt)
      out.residual[(k + 1) * layout.nResidual - 1] = autocorrelationOf(layout, x[layout.correlationAt]!);
  }
  const last = layout.nLoadings - 1;
  for (let o = 0; o <= last; o++)
    out.loadings[o] = o === 0 ? 0 : o === last ? 1 : x[layout.loadingsAt + o - 1]!;
}

/**
 * Free parameter of an autocorrelation by time below which it is exactly zero (1e-87 per usual lag), and the likelihood flat: a maximum
 * without autocorrelation is then reached, not approached for ever.
 */
const NO_AUTOCORRELATION = -200;

/** By session number it may be negative; by time it is a share kept per unit. */
function autocorrelationOf(layout: ParameterLayout, free: number): number {
  if (residualParts(layout.residual).correlation === "ar1") return Math.tanh(free);
  return free < NO_AUTOCORRELATION ? 0 : 1 / (1 + Math.exp(-free));
}

/** Its inverse. */
function freeAutocorrelation(layout: ParameterLayout, r: number): number {
  if (residualParts(layout.residual).correlation === "ar1") return Math.atanh(r);
  return r > 0 ? Math.log(r / (1 - r)) : NO_AUTOCORRELATION - 1;
}

/** Free parameter of an autocorrelation by time of 0.05. */
const LITTLE_AUTOCORRELATION = -3;

/**
 * Where to start from: no autocorrelation by time is a place that gradients do not lead away from, so a start has a little.
 * @param layout - the layout
 * @param x - full vector
 * @returns the vector, or a copy with a little autocorrelation
 */
export function withSomeAutocorrelation(layout: ParameterLayout, x: Float64Array): Float64Array {
  const { correlationAt } = layout;
  if (residualParts(layout.residual).correlation !== "car1" || x[correlationAt]! >= LITTLE_AUTOCORRELATION)
    return x;
  const out = x.slice();
  out[correlationAt] = LITTLE_AUTOCORRELATION;
  return out;
}

/**
 * Largest log of the ratio of random effects' standard deviations in two classes, where their covariances are proportional. Beyond
 * it a class has no variance to speak of: the likelihood is flat there, so that a maximum at the end is reached.
 */
export const LARGEST_LOG_SCALE = 100;

function logScale(layout: ParameterLayout, x: Float64Array, k: number): number {
  if (layout.sigmaAt === layout.scaleAt || k === layout.nClasses - 1) return 0;
  return Math.min(Math.max(x[layout.scaleAt + k]!, -LARGEST_LOG_SCALE), LARGEST_LOG_SCALE);
}

/**
 * Residual variances of every class, occasion by occasion.
 * @param layout - the layout
 * @param parameters - class parameters
 * @returns K x nVariances
 */
export function residualVariances(layout: ParameterLayout, parameters: ClassParameters): Float64Array {
  const { nClasses, nVariances, nResidual } = layout;
  if (nVariances === nResidual) return parameters.residual;
  const out = new Float64Array(nClasses * nVariances);
  for (let k = 0; k < nClasses; k++)
    out.set(parameters.residual.subarray(k * nResidual, k * nResidual + nVariances), k * nVariances);
  return out;
}

/**
 * Residual variances given the residual before, a usual lag apart: the variances themselves where residuals are not correlated. Scores
 * are reproduced exactly where these vanish, be it by an autocorrelation that goes to one.
 * @param layout - the layout
 * @param parameters - class parameters
 * @returns K x nVariances
 */
export function innovationVariances(layout: ParameterLayout, parameters: ClassParameters): Float64Array {
  const variances = residualVariances(layout, parameters);
  if (layout.nVariances === layout.nResidual) return variances;
  const rho = parameters.residual[layout.nResidual - 1]!;
  return variances.map((variance) => variance * (1 - rho * rho));
}

/**
 * Class parameters to vector; logits are taken against the last class, shared entries from the last class
 * (a proportional D's scale is the root of the ratio of traces).
 * @param layout - the layout
 * @param parameters - class parameters that satisfy the layout's sharing
 * @returns the vector
 */
export function pack(layout: ParameterLayout, parameters: ClassParameters): Float64Array {
  const { nClasses, nRandom: q, nMembership, fixed } = layout;
  const x = new Float64Array(layout.nParameters);
  const last = nClasses - 1;
  for (let k = 0; k < last; k++)
    for (let j = 0; j < nMembership; j++)
      x[k * nMembership + j] =
        parameters.logits[k * nMembership + j]! - parameters.logits[last * nMembership + j]!;
  for (let j = 0; j < fixed.nFixed; j++) {
    if (fixed.classSpecific[j])
      for (let k = 0; k < nClasses; k++)
        x[layout.betaPosition[j]! + k] = parameters.beta[k * fixed.nFixed + j]!;
    else x[layout.betaPosition[j]!] = parameters.beta[last * fixed.nFixed + j]!;
  }
  const nEntries = layout.factorRow.length;
  const shape = layout.sigmaAt > layout.scaleAt ? proportionalShape(layout, parameters) : null;
  for (let f = 0; f < layout.nFactors; f++) {
    const k = layout.nFactors > 1 ? f : (shape?.of ?? last);
    for (let e = 0; e < nEntries; e++)
      x[layout.factorAt + f * nEntries + e] =
        (shape?.scale ?? 1) *
        parameters.factor[(k * q + layout.factorRow[e]!) * q + layout.factorColumn[e]!]!;
  }
  if (shape !== null)
    for (let k = 0; k < last; k++)
      x[layout.scaleAt + k] =
        shape.base > 0
          ? 0.5 * Math.log(Math.max(sumSquares(parameters.factor, k * q * q, q * q) / shape.base, 1e-12))
          : 0;
  for (let k = 0; k < nClasses; k++)
    for (let o = 0; o < layout.nVariances; o++)
      x[sigmaPosition(layout, k, o)] = 0.5 * Math.log(parameters.residual[k * layout.nResidual + o]!);
  if (layout.loadingsAt > layout.correlationAt) {
    const r = parameters.residual[layout.nResidual - 1]!;
    x[layout.correlationAt] = freeAutocorrelation(layout, r);
  }
  for (let o = 1; o < layout.nLoadings - 1; o++) x[layout.loadingsAt + o - 1] = parameters.loadings[o]!;
  return x;
}

/** Smallest size of the last class's D against the largest D, where they are proportional: none would leave the others no shape. */
const SMALLEST_REFERENCE = 1e-12;

/** Class whose factor, times a scale, is that of the last class, and the latter's sum of squares. */
function proportionalShape(
  { nClasses, nRandom: q }: ParameterLayout,
  { factor }: ClassParameters,
): { readonly of: number; readonly scale: number; readonly base: number } {
  const sizes = Array.from({ length: nClasses }, (_, k) => sumSquares(factor, k * q * q, q * q));
  const largest = Math.max(...sizes);
  const own = sizes[nClasses - 1]!;
  if (!(own < SMALLEST_REFERENCE * largest)) return { of: nClasses - 1, scale: 1, base: own };
  const base = SMALLEST_REFERENCE * largest;
  return { of: sizes.indexOf(largest), scale: Math.sqrt(SMALLEST_REFERENCE), base };
}

/**
 * Sum of squares of a stretch of numbers.
 * @param values - numbers
 * @param from - first entry
 * @param length - number of entries
 * @returns the sum
 */
export function sumSquares(values: Float64Array, from: number, length: number): number {
  let sum = 0;
  for (let i = from; i < from + length; i++) sum += values[i]! ** 2;
  return sum;
}

/**
 * Reorders the classes of a parameter vector.
 * @param layout - the layout
 * @param x - nParameters
 * @param order - order[new class] = old class
 * @returns the vector of the same model with classes relabelled
 */
export function permuteClasses(
  layout: ParameterLayout,
  x: Float64Array,
  order: ArrayLike<number>,
): Float64Array {
  const from = allocateFor(layout);
  unpackInto(layout, x, from);
  const to = allocateFor(layout);
  const q2 = layout.nRandom ** 2;
  const { nFixed } = layout.fixed;
  for (let k = 0; k < layout.nClasses; k++) {
    const old = order[k]!;
    to.beta.set(from.beta.subarray(old * nFixed, (old + 1) * nFixed), k * nFixed);
    to.factor.set(from.factor.subarray(old * q2, (old + 1) * q2), k * q2);
    to.logits.set(
      from.logits.subarray(old * layout.nMembership, (old + 1) * layout.nMembership),
      k * layout.nMembership,
    );
    const { nResidual } = layout;
    to.residual.set(from.residual.subarray(old * nResidual, (old + 1) * nResidual), k * nResidual);
  }
  to.loadings.set(from.loadings);
  return pack(layout, to);
}

/**
 * Relabels the classes so that the last, which proportional covariances are relative to, has the largest.
 * @param layout - a layout with proportional covariances
 * @param x - nParameters
 * @returns the vector of the same model; x itself where the last class is the one already
 */
export function largestCovarianceLast(layout: ParameterLayout, x: Float64Array): Float64Array {
  const last = layout.nClasses - 1;
  let largest = last;
  let logScaleOfLargest = 0;
  for (let k = 0; k < last; k++) {
    if (x[layout.scaleAt + k]! <= logScaleOfLargest) continue;
    largest = k;
    logScaleOfLargest = x[layout.scaleAt + k]!;
  }
  if (largest === last) return x;
  const order = Array.from({ length: layout.nClasses }, (_, k) => k);
  order[largest] = last;
  order[last] = largest;
  return permuteClasses(layout, x, order);
}

/**
 * Covariance matrix to the free entries of its factor.
 * @param layout - the layout
 * @param d - q x q positive semi-definite
 * @returns L, q x q
 */
export function factorOf(layout: ParameterLayout, d: Float64Array): Float64Array {
  const q = layout.nRandom;
  if (!layout.diagonal) return semiDefiniteFactor(d, q);
  const factor = new Float64Array(q * q);
  for (let a = 0; a < q; a++) factor[a * q + a] = Math.sqrt(Math.max(d[a * q + a]!, 0));
  return factor;
}
