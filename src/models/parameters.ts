import { semiDefiniteFactor } from "../core/linalg.js";
import { allocateParameters, type ClassParameters, type Evaluation } from "./kernels/types.js";
import type { FixedStructure } from "./moments.js";
import type { CovarianceSharing, ResidualStructure } from "./spec.js";

/** What a layout needs to know of a model. */
export interface LayoutShape {
  readonly nClasses: number;
  readonly fixed: FixedStructure;
  readonly nRandom: number;
  readonly nMembership: number;
  readonly diagonal: boolean;
  readonly covariance: CovarianceSharing;
  readonly residual: ResidualStructure;
}

/**
 * The one place that maps the free vector of the optimiser to class parameters and back.
 *
 * Order of the vector: membership logits (classes 0 .. K-2 against the last), fixed coefficients (in term order; K
 * entries where class-specific), Cholesky factor of D (row by row; one per class when free), log scales of D (classes
 * 0 .. K-2 against the last, when proportional), log residual standard deviations.
 *
 * The factor's diagonal is free in sign: a singular D is then an interior stationary point where gradient and
 * curvature exist, which a log-Cholesky would send to minus infinity. D does not depend on the signs.
 */
export interface ParameterLayout extends LayoutShape {
  readonly nParameters: number;
  readonly logitsAt: number;
  readonly betaAt: number;
  readonly factorAt: number;
  readonly scaleAt: number;
  readonly sigmaAt: number;
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
  return {
    ...shape,
    nParameters: sigmaAt + (shape.residual === "class" ? nClasses : 1),
    logitsAt: 0,
    betaAt,
    factorAt,
    scaleAt,
    sigmaAt,
    betaPosition,
    factorRow: Int32Array.from(factorRow),
    factorColumn: Int32Array.from(factorColumn),
    nFactors,
    commonCovariance:
      nClasses === 1 || (shape.residual === "common" && (nRandom === 0 || shape.covariance === "equal")),
  };
}

/**
 * Allocates class parameters of the layout's shape.
 * @param layout - the layout
 * @returns zeroed parameters
 */
export function allocateFor(layout: ParameterLayout): ClassParameters {
  return allocateParameters(layout.nClasses, layout.fixed.nFixed, layout.nRandom, layout.nMembership);
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
    out.variance[k] = Math.exp(2 * x[layout.sigmaAt + (layout.residual === "class" ? k : 0)]!);
  }
}

function logScale(layout: ParameterLayout, x: Float64Array, k: number): number {
  return layout.sigmaAt > layout.scaleAt && k < layout.nClasses - 1 ? x[layout.scaleAt + k]! : 0;
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
  for (let f = 0; f < layout.nFactors; f++) {
    const k = layout.nFactors > 1 ? f : last;
    for (let e = 0; e < nEntries; e++)
      x[layout.factorAt + f * nEntries + e] =
        parameters.factor[(k * q + layout.factorRow[e]!) * q + layout.factorColumn[e]!]!;
  }
  if (layout.sigmaAt > layout.scaleAt) {
    const base = sumSquares(parameters.factor, last * q * q, q * q);
    for (let k = 0; k < last; k++)
      x[layout.scaleAt + k] =
        base > 0
          ? 0.5 * Math.log(Math.max(sumSquares(parameters.factor, k * q * q, q * q) / base, 1e-12))
          : 0;
  }
  const nSigma = layout.nParameters - layout.sigmaAt;
  for (let k = 0; k < nSigma; k++)
    x[layout.sigmaAt + k] = 0.5 * Math.log(parameters.variance[nSigma > 1 ? k : last]!);
  return x;
}

function sumSquares(values: Float64Array, from: number, length: number): number {
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
    to.variance[k] = from.variance[old]!;
  }
  return pack(layout, to);
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

/**
 * Gradient of the log-likelihood with respect to the free vector, by the chain rule.
 * @param layout - the layout
 * @param x - nParameters
 * @param parameters - class parameters at x
 * @param evaluation - filled at x
 * @param out - nParameters, overwritten
 */
export function pullGradientInto(
  layout: ParameterLayout,
  parameters: ClassParameters,
  evaluation: Evaluation,
  out: Float64Array,
): void {
  const { nClasses, nRandom: q, fixed } = layout;
  const nEntries = layout.factorRow.length;
  out.fill(0);
  for (let j = 0; j < layout.betaAt; j++) out[j] = evaluation.gradientLogits[j]!;
  const { gradientD, gradientVariance } = evaluation;
  const nSigma = layout.nParameters - layout.sigmaAt;
  for (let k = 0; k < nClasses; k++) {
    for (let j = 0; j < fixed.nFixed; j++)
      out[layout.betaPosition[j]! + (fixed.classSpecific[j] ? k : 0)]! +=
        evaluation.gradientBeta[k * fixed.nFixed + j]!;
    const sigma = nSigma > 1 ? k : 0;
    // The common kernel leaves totals in class 0; variances are then equal, so the factor 2 s2 is too.
    out[layout.sigmaAt + sigma]! += 2 * parameters.variance[k]! * gradientVariance[k]!;
    if (q === 0) continue;
    // dD = dL L' + L dL'  =>  dl/dL = 2 G L; with D_k = exp(2 w_k) L L', L_k = exp(w_k) L
    const scale = layout.sigmaAt > layout.scaleAt ? relativeScale(layout, parameters, k) : 1;
    const at = layout.factorAt + (layout.nFactors > 1 ? k * nEntries : 0);
    for (let e = 0; e < nEntries; e++) {
      const row = layout.factorRow[e]!;
      const column = layout.factorColumn[e]!;
      let sum = 0;
      for (let a = 0; a < q; a++)
        sum += gradientD[(k * q + row) * q + a]! * parameters.factor[(k * q + a) * q + column]!;
      out[at + e]! += 2 * sum * scale;
    }
    if (layout.sigmaAt > layout.scaleAt && k < nClasses - 1) {
      let sum = 0;
      for (let a = 0; a < q; a++)
        for (let b = 0; b < q; b++)
          for (let c = 0; c < q; c++)
            sum +=
              gradientD[(k * q + a) * q + b]! *
              parameters.factor[(k * q + a) * q + c]! *
              parameters.factor[(k * q + b) * q + c]!;
      out[layout.scaleAt + k]! += 2 * sum;
    }
  }
}

function relativeScale(layout: ParameterLayout, parameters: ClassParameters, k: number): number {
  const q2 = layout.nRandom ** 2;
  const last = sumSquares(parameters.factor, (layout.nClasses - 1) * q2, q2);
  return last > 0 ? Math.sqrt(sumSquares(parameters.factor, k * q2, q2) / last) : 1;
}

/**
 * Complete-data information of the free vector: block diagonal in logits, coefficients and variances.
 * @param layout - the layout
 * @param parameters - class parameters
 * @param evaluation - filled with information
 * @param out - nParameters^2, overwritten
 */
export function pullInformationInto(
  layout: ParameterLayout,
  parameters: ClassParameters,
  evaluation: Evaluation,
  out: Float64Array,
): void {
  const { nClasses, fixed, nParameters: size, nMembership } = layout;
  out.fill(0);
  const nLogits = nClasses * nMembership;
  for (let i = 0; i < layout.betaAt; i++)
    for (let j = 0; j < layout.betaAt; j++)
      out[i * size + j] = evaluation.informationLogits[i * nLogits + j]!;
  for (let k = 0; k < nClasses; k++)
    for (let i = 0; i < fixed.nFixed; i++) {
      const row = layout.betaPosition[i]! + (fixed.classSpecific[i] ? k : 0);
      for (let j = 0; j < fixed.nFixed; j++)
        out[row * size + layout.betaPosition[j]! + (fixed.classSpecific[j] ? k : 0)]! +=
          evaluation.informationBeta[(k * fixed.nFixed + i) * fixed.nFixed + j]!;
    }
  addVarianceInformation(layout, parameters, evaluation, out);
}

/** I[a, b] = sum_k { tr(S dD_a S dD_b) + ds_b tr(dD_a Z'V^-2 Z) + ds_a tr(dD_b Z'V^-2 Z) + ds_a ds_b tr V^-2 } / 2. */
function addVarianceInformation(
  layout: ParameterLayout,
  parameters: ClassParameters,
  evaluation: Evaluation,
  out: Float64Array,
): void {
  const { nClasses, nRandom: q, nParameters: size } = layout;
  const q2 = q * q;
  const nTheta = size - layout.factorAt;
  const derivatives = varianceDerivatives(layout, parameters);
  const product = new Float64Array(q2);
  for (let k = 0; k < nClasses; k++)
    for (let i = 0; i < nTheta; i++) {
      const dDi = (i * nClasses + k) * q2;
      const dsi = derivatives.variance[i * nClasses + k]!;
      if (derivatives.touches[i * nClasses + k] === 0) continue;
      // product[b, a] = sum over c, d of S[a, c] dD_i[c, d] S[b, d]
      for (let a = 0; a < q; a++)
        for (let b = 0; b < q; b++) {
          let sum = 0;
          for (let c = 0; c < q; c++)
            for (let d = 0; d < q; d++)
              sum +=
                evaluation.informationD[k * q2 * q2 + ((a * q + c) * q + b) * q + d]! *
                derivatives.d[dDi + c * q + d]!;
          product[b * q + a] = sum;
        }
      let cross = 0;
      for (let e = 0; e < q2; e++)
        cross += derivatives.d[dDi + e]! * evaluation.informationDVariance[k * q2 + e]!;
      for (let j = 0; j < nTheta; j++) {
        if (derivatives.touches[j * nClasses + k] === 0) continue;
        const dDj = (j * nClasses + k) * q2;
        const dsj = derivatives.variance[j * nClasses + k]!;
        let sum = dsj * (cross + dsi * evaluation.informationVariance[k]!);
        for (let e = 0; e < q2; e++)
          sum += derivatives.d[dDj + e]! * (product[e]! + dsi * evaluation.informationDVariance[k * q2 + e]!);
        out[(layout.factorAt + i) * size + layout.factorAt + j]! += 0.5 * sum;
      }
    }
}

interface VarianceDerivatives {
  /** nTheta x K x q x q. */
  readonly d: Float64Array;
  /** nTheta x K. */
  readonly variance: Float64Array;
  readonly touches: Uint8Array;
}

/** dD_k and ds2_k with respect to each variance parameter. */
function varianceDerivatives(layout: ParameterLayout, parameters: ClassParameters): VarianceDerivatives {
  const { nClasses, nRandom: q, nParameters } = layout;
  const nTheta = nParameters - layout.factorAt;
  const nEntries = layout.factorRow.length;
  const out: VarianceDerivatives = {
    d: new Float64Array(nTheta * nClasses * q * q),
    variance: new Float64Array(nTheta * nClasses),
    touches: new Uint8Array(nTheta * nClasses),
  };
  const nSigma = nParameters - layout.sigmaAt;
  for (let k = 0; k < nClasses; k++) {
    const scale = layout.sigmaAt > layout.scaleAt ? relativeScale(layout, parameters, k) : 1;
    for (let f = 0; f < layout.nFactors; f++) {
      if (layout.nFactors > 1 && f !== k) continue;
      for (let e = 0; e < nEntries; e++) {
        const i = f * nEntries + e;
        const row = layout.factorRow[e]!;
        const column = layout.factorColumn[e]!;
        const at = (i * nClasses + k) * q * q;
        out.touches[i * nClasses + k] = 1;
        for (let a = 0; a < q; a++) {
          const value = scale * parameters.factor[(k * q + a) * q + column]!;
          out.d[at + row * q + a]! += value;
          out.d[at + a * q + row]! += value;
        }
      }
    }
    if (layout.sigmaAt > layout.scaleAt && k < nClasses - 1) {
      const i = layout.scaleAt - layout.factorAt + k;
      const at = (i * nClasses + k) * q * q;
      out.touches[i * nClasses + k] = 1;
      for (let a = 0; a < q; a++)
        for (let b = 0; b < q; b++)
          for (let c = 0; c < q; c++)
            out.d[at + a * q + b]! +=
              2 * parameters.factor[(k * q + a) * q + c]! * parameters.factor[(k * q + b) * q + c]!;
    }
    const i = layout.sigmaAt - layout.factorAt + (nSigma > 1 ? k : 0);
    out.touches[i * nClasses + k] = 1;
    out.variance[i * nClasses + k] = 2 * parameters.variance[k]!;
  }
  return out;
}
