import type { ClassParameters, Evaluation } from "../kernels/types.js";
import { LARGEST_LOG_SCALE, type ParameterLayout, sigmaPosition, sumSquares } from "../parameters.js";
import { residualParts } from "../residuals.js";

// From derivatives in class parameters, which kernels give, to derivatives in the free vector.

/** Scale of a class's random effects at and below which (and at and above whose inverse) its parameter moves nothing. */
const SMALLEST_SCALE = Math.exp(-LARGEST_LOG_SCALE) * (1 + 1e-9);

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
  const { gradientD } = evaluation;
  for (let k = 0; k < nClasses; k++) {
    for (let j = 0; j < fixed.nFixed; j++)
      out[layout.betaPosition[j]! + (fixed.classSpecific[j] ? k : 0)]! +=
        evaluation.gradientBeta[k * fixed.nFixed + j]!;
    pullResidual(layout, parameters, evaluation, k, out);
    if (q === 0) continue;
    // dD = dL L' + L dL'  =>  dl/dL = 2 G L; with D_k = exp(2 w_k) L L', L_k = exp(w_k) L
    const { scale, scaleMoves } = scaleSlope(layout, parameters, k);
    const at = layout.factorAt + (layout.nFactors > 1 ? k * nEntries : 0);
    for (let e = 0; e < nEntries; e++) {
      const row = layout.factorRow[e]!;
      const column = layout.factorColumn[e]!;
      let sum = 0;
      for (let a = 0; a < q; a++)
        sum += gradientD[(k * q + row) * q + a]! * parameters.factor[(k * q + a) * q + column]!;
      out[at + e]! += 2 * sum * scale;
    }
    if (scaleMoves) {
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
  for (let o = 1; o < layout.nLoadings - 1; o++)
    out[layout.loadingsAt + o - 1] = evaluation.gradientLoadings[o]!;
}

/**
 * Residual part of class k. Kernels of a common covariance leave totals in class 0; variances are then equal, so the factors are,
 * too.
 */
function pullResidual(
  layout: ParameterLayout,
  parameters: ClassParameters,
  { gradientResidual }: Evaluation,
  k: number,
  out: Float64Array,
): void {
  const at = k * layout.nResidual;
  for (let o = 0; o < layout.nVariances; o++)
    out[sigmaPosition(layout, k, o)]! += 2 * parameters.residual[at + o]! * gradientResidual[at + o]!;
  if (layout.loadingsAt > layout.correlationAt) {
    const last = at + layout.nVariances;
    out[layout.correlationAt]! +=
      correlationSlope(layout, parameters.residual[last]!) * gradientResidual[last]!;
  }
}

/** d autocorrelation / d its free parameter. */
function correlationSlope(layout: ParameterLayout, r: number): number {
  return residualParts(layout.residual).correlation === "ar1" ? 1 - r * r : r * (1 - r);
}

/**
 * Scale of the random effects of class k against the last class, where covariances are proportional.
 * @param layout - the layout
 * @param parameters - class parameters
 * @param k - class
 * @returns the scale (1 where there is none) and whether its parameter is free and moves D: beyond its ends it does not
 */
export function scaleSlope(
  layout: ParameterLayout,
  parameters: ClassParameters,
  k: number,
): { readonly scale: number; readonly scaleMoves: boolean } {
  if (layout.sigmaAt === layout.scaleAt) return { scale: 1, scaleMoves: false };
  const scale = relativeScale(layout, parameters, k);
  const inside = scale > SMALLEST_SCALE && scale < 1 / SMALLEST_SCALE;
  return { scale, scaleMoves: inside && k < layout.nClasses - 1 };
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
  for (let o = 1; o < layout.nLoadings - 1; o++)
    for (let p = 1; p < layout.nLoadings - 1; p++)
      out[(layout.loadingsAt + o - 1) * size + layout.loadingsAt + p - 1] =
        evaluation.informationLoadings[o * layout.nLoadings + p]!;
}

/**
 * I[a, b] = sum_k tr(V^-1 dV_a V^-1 dV_b) / 2, where dV = Z dD Z' + sum_r dr dV_r, r the residual parameters of the class:
 * sum_k { tr(S dD_a S dD_b) + sum_r (dr_b tr(dD_a C_r) + dr_a tr(dD_b C_r)) + sum_rs dr_a dr_b tr(V^-1 dV_r V^-1 dV_s) } / 2,
 * S = Z'V^-1 Z, C_r = Z'V^-1 dV_r V^-1 Z.
 */
function addVarianceInformation(
  layout: ParameterLayout,
  parameters: ClassParameters,
  evaluation: Evaluation,
  out: Float64Array,
): void {
  const { nClasses, nRandom: q, nParameters: size, nResidual } = layout;
  const q2 = q * q;
  const nTheta = layout.loadingsAt - layout.factorAt;
  const derivatives = varianceDerivatives(layout, parameters);
  const towardsD = new Float64Array(q2);
  const towardsResidual = new Float64Array(nResidual);
  for (let k = 0; k < nClasses; k++)
    for (let i = 0; i < nTheta; i++) {
      if (derivatives.touches[i * nClasses + k] === 0) continue;
      pairWithOne(layout, evaluation, derivatives, i, k, towardsD, towardsResidual);
      for (let j = 0; j < nTheta; j++) {
        if (derivatives.touches[j * nClasses + k] === 0) continue;
        const dD = (j * nClasses + k) * q2;
        const dr = (j * nClasses + k) * nResidual;
        let sum = 0;
        for (let e = 0; e < q2; e++) sum += derivatives.d[dD + e]! * towardsD[e]!;
        for (let r = 0; r < nResidual; r++) sum += derivatives.residual[dr + r]! * towardsResidual[r]!;
        out[(layout.factorAt + i) * size + layout.factorAt + j]! += 0.5 * sum;
      }
    }
}

/** What parameter i of class k gives with a unit change of each entry of D, and of each residual parameter. */
function pairWithOne(
  layout: ParameterLayout,
  evaluation: Evaluation,
  derivatives: VarianceDerivatives,
  i: number,
  k: number,
  towardsD: Float64Array,
  towardsResidual: Float64Array,
): void {
  const { nClasses, nRandom: q, nResidual } = layout;
  const q2 = q * q;
  const dD = (i * nClasses + k) * q2;
  const dr = (i * nClasses + k) * nResidual;
  // towardsD[b, a] = sum over c, d of S[a, c] dD_i[c, d] S[b, d]
  for (let a = 0; a < q; a++)
    for (let b = 0; b < q; b++) {
      let sum = 0;
      for (let c = 0; c < q; c++)
        for (let d = 0; d < q; d++)
          sum +=
            evaluation.informationD[k * q2 * q2 + ((a * q + c) * q + b) * q + d]! *
            derivatives.d[dD + c * q + d]!;
      towardsD[b * q + a] = sum;
    }
  for (let r = 0; r < nResidual; r++) {
    const change = derivatives.residual[dr + r]!;
    const cross = (k * nResidual + r) * q2;
    let sum = 0;
    for (let e = 0; e < q2; e++) {
      sum += derivatives.d[dD + e]! * evaluation.informationDResidual[cross + e]!;
      towardsD[e]! += change * evaluation.informationDResidual[cross + e]!;
    }
    for (let s = 0; s < nResidual; s++)
      sum +=
        derivatives.residual[dr + s]! * evaluation.informationResidual[(k * nResidual + s) * nResidual + r]!;
    towardsResidual[r] = sum;
  }
}

interface VarianceDerivatives {
  /** nTheta x K x q x q. */
  readonly d: Float64Array;
  /** nTheta x K x nResidual. */
  readonly residual: Float64Array;
  readonly touches: Uint8Array;
}

/** dD_k and the change of the residual parameters of class k with respect to each variance parameter. */
function varianceDerivatives(layout: ParameterLayout, parameters: ClassParameters): VarianceDerivatives {
  const { nClasses, nRandom: q, nResidual } = layout;
  const nTheta = layout.loadingsAt - layout.factorAt;
  const nEntries = layout.factorRow.length;
  const out: VarianceDerivatives = {
    d: new Float64Array(nTheta * nClasses * q * q),
    residual: new Float64Array(nTheta * nClasses * nResidual),
    touches: new Uint8Array(nTheta * nClasses),
  };
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
    for (let r = 0; r < nResidual; r++) {
      const value = parameters.residual[k * nResidual + r]!;
      const position = r < layout.nVariances ? sigmaPosition(layout, k, r) : layout.correlationAt;
      const i = position - layout.factorAt;
      out.touches[i * nClasses + k] = 1;
      out.residual[(i * nClasses + k) * nResidual + r] =
        r < layout.nVariances ? 2 * value : correlationSlope(layout, value);
    }
  }
  return out;
}
