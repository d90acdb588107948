import { choleskyInPlace, invertPositiveDefinite } from "../../core/linalg.js";
import { type FixedStructure, type Moments, patternWeights } from "../design/moments.js";
import {
  allocatePatternAlgebra,
  applyInverse,
  computePattern,
  foldBetaInformation,
  foldVariance,
  type PatternAlgebra,
} from "./pattern.js";
import { addLogitInformation } from "./prior.js";
import { type ClassParameters, clearEvaluation, type Evaluation, type Kernel } from "./types.js";

// With one class there are no posteriors, so people never need to be visited again: each pattern's totals
// (y'y, B'y w', z z', w w' summed over its persons) give likelihood, gradient and information exactly.

/** Sums over the persons of each pattern, each counted with their weight. */
interface Totals {
  /** G: the weights. */
  readonly count: Float64Array;
  /** G. */
  readonly yy: Float64Array;
  /** G x c x m: sum of w (B'y)'. */
  readonly wb: Float64Array;
  /** G x q x q: sum of z z', z = Z'y. */
  readonly zz: Float64Array;
  /** G x c x c. */
  readonly ww: Float64Array;
}

interface Scratch {
  readonly pattern: PatternAlgebra;
  /** m x c: coefficients by basis and person column; B'B times it. */
  readonly gamma: Float64Array;
  readonly btbGamma: Float64Array;
  /** c x m: residual moments. */
  readonly wr: Float64Array;
  readonly zz: Float64Array;
  readonly score: Float64Array;
  readonly bvb: Float64Array;
  readonly reml: RemlScratch;
}

interface RemlScratch {
  readonly spread: Float64Array;
  readonly half: Float64Array;
  readonly bv2b: Float64Array;
}

/**
 * The likelihood of a growth curve (one class), maximum likelihood or restricted.
 * REML adds -log|X'V^-1 X| / 2 + (P / 2) log 2 pi to the log-likelihood of (beta, D, s2); at its joint maximum beta is
 * the generalised least squares estimate, so the maximum is that of the restricted likelihood.
 * @param moments - the data
 * @param fixed - structure of the mean
 * @param reml - restricted maximum likelihood
 * @returns the kernel
 * Source: Laird & Ware (1982); Harville (1977) for REML; the compression is ours.
 */
export function oneClassKernel(moments: Moments, fixed: FixedStructure, reml: boolean): Kernel {
  const { nBasis: m, nRandom: q, nPersonColumns: c } = moments;
  const totals = sumPatterns(moments);
  const x: Scratch = {
    pattern: allocatePatternAlgebra(q, m),
    gamma: new Float64Array(m * c),
    btbGamma: new Float64Array(m * c),
    wr: new Float64Array(c * m),
    zz: new Float64Array(q * q),
    score: new Float64Array(m),
    bvb: new Float64Array(m * m),
    reml: {
      spread: new Float64Array(m * m),
      half: new Float64Array(m * m),
      bv2b: new Float64Array(m * m),
    },
  };
  return {
    nClasses: 1,
    evaluate(parameters, out, request) {
      clearEvaluation(out);
      const information = request.information || reml;
      x.gamma.fill(0);
      for (let j = 0; j < fixed.nFixed; j++)
        x.gamma[fixed.basis[j]! * c + fixed.person[j]!]! += parameters.beta[j]!;
      for (let g = 0; g < moments.nPatterns; g++) {
        computePattern(x.pattern, moments, g, parameters.factor, 0, parameters.residual[0]!);
        foldPattern(x, moments, totals, fixed, g, out, information);
      }
      if (request.information) addLogitInformation(out, 1, 1, new Float64Array(1), moments.v, 0, 0);
      request.posteriors?.fill(1);
      if (reml) addReml(x, moments, totals, fixed, parameters, out);
    },
  };
}

function sumPatterns(moments: Moments): Totals {
  const { nPatterns, nBasis: m, nRandom: q, nPersonColumns: c, by, w, weights } = moments;
  const weighted = weights.length > 0;
  const totals: Totals = {
    count: patternWeights(moments),
    yy: new Float64Array(nPatterns),
    wb: new Float64Array(nPatterns * c * m),
    zz: new Float64Array(nPatterns * q * q),
    ww: new Float64Array(nPatterns * c * c),
  };
  for (let g = 0; g < nPatterns; g++)
    for (let i = moments.patternStart[g]!; i < moments.patternStart[g + 1]!; i++) {
      const weight = weighted ? weights[i]! : 1;
      if (weight === 0) continue;
      totals.yy[g]! += weight * moments.yy[i]!;
      for (let a = 0; a < q; a++)
        for (let b = 0; b < q; b++)
          totals.zz[(g * q + a) * q + b]! += weight * by[i * m + a]! * by[i * m + b]!;
      for (let j = 0; j < c; j++) {
        const wj = j === 0 ? weight : weight * w[i * c + j]!;
        for (let a = 0; a < m; a++) totals.wb[(g * c + j) * m + a]! += wj * by[i * m + a]!;
        for (let l = 0; l < c; l++) totals.ww[(g * c + j) * c + l]! += l === 0 ? wj : wj * w[i * c + l]!;
      }
    }
  return totals;
}

function foldPattern(
  x: Scratch,
  moments: Moments,
  totals: Totals,
  fixed: FixedStructure,
  g: number,
  out: Evaluation,
  information: boolean,
): void {
  const { nBasis: m, nRandom: q, nPersonColumns: c, btb } = moments;
  const { gamma, btbGamma, wr, zz, pattern } = x;
  const nPersons = totals.count[g]!;
  const wbAt = g * c * m;
  const wwAt = g * c * c;
  for (let a = 0; a < m; a++)
    for (let j = 0; j < c; j++) {
      let sum = 0;
      for (let b = 0; b < m; b++) sum += btb[(g * m + a) * m + b]! * gamma[b * c + j]!;
      btbGamma[a * c + j] = sum;
    }
  // wr = sum of w (B'r)' = wb - ww (B'B Gamma)'; r'r = y'y - sum Gamma o (wb + wr)'
  let rr = totals.yy[g]!;
  for (let j = 0; j < c; j++)
    for (let a = 0; a < m; a++) {
      const raw = totals.wb[wbAt + j * m + a]!;
      let value = raw;
      for (let l = 0; l < c; l++) value -= totals.ww[wwAt + j * c + l]! * btbGamma[a * c + l]!;
      wr[j * m + a] = value;
      rr -= gamma[a * c + j]! * (raw + value);
    }
  // sum of z z' of residuals = zz - E wr_z - wb_z' E', E = rows of B'B Gamma for the random columns
  for (let a = 0; a < q; a++)
    for (let b = 0; b < q; b++) {
      let sum = totals.zz[(g * q + a) * q + b]!;
      for (let j = 0; j < c; j++)
        sum -= btbGamma[a * c + j]! * wr[j * m + b]! + totals.wb[wbAt + j * m + a]! * btbGamma[b * c + j]!;
      zz[a * q + b] = sum;
    }
  let quad = rr;
  for (let a = 0; a < q * q; a++) quad -= pattern.m[a]! * zz[a]!;
  out.logLikelihood -=
    0.5 *
    (nPersons * (pattern.sessions * Math.log(2 * Math.PI) + pattern.logDeterminant) +
      quad / pattern.variance);
  out.weight[0]! += nPersons;
  foldVariance(out, 0, pattern, q, nPersons, zz, 0, rr, information);
  for (let w = 0; w < c; w++) {
    applyInverse(x.score, 0, pattern, wr, w * m, q, m);
    for (let j = 0; j < fixed.nFixed; j++)
      if (fixed.person[j] === w) out.gradientBeta[j]! += x.score[fixed.basis[j]!]!;
  }
  if (information) foldBetaInformation(out, 0, pattern, c, fixed, totals.ww, wwAt, x.bvb);
}

/**
 * Adds the REML term with its gradient. With H = X'V^-1 X (already summed in informationBeta) and, per pattern,
 * Q = sum over persons of C H^-1 C' where X_i = B C_i:
 *   d(-log|H| / 2) / dD = (Z'V^-1 B) Q (B'V^-1 Z) / 2,   d / ds2 = trace(B'V^-2 B Q) / 2
 */
function addReml(
  x: Scratch,
  moments: Moments,
  totals: Totals,
  fixed: FixedStructure,
  parameters: ClassParameters,
  out: Evaluation,
): void {
  const nFixed = fixed.nFixed;
  const inverse = invertPositiveDefinite(out.informationBeta, nFixed);
  const factor = out.informationBeta.slice();
  if (inverse === null || !choleskyInPlace(factor, nFixed)) {
    out.logLikelihood = Number.NEGATIVE_INFINITY;
    return;
  }
  let logDeterminant = 0;
  for (let j = 0; j < nFixed; j++) logDeterminant += 2 * Math.log(factor[j * nFixed + j]!);
  out.logLikelihood += 0.5 * (nFixed * Math.log(2 * Math.PI) - logDeterminant);
  for (let g = 0; g < moments.nPatterns; g++) {
    computePattern(x.pattern, moments, g, parameters.factor, 0, parameters.residual[0]!);
    spreadInverse(x.reml.spread, inverse, moments, totals, fixed, g);
    addRemlPattern(x, moments, g, out);
  }
}

/** Q of pattern g: m x m. */
function spreadInverse(
  spread: Float64Array,
  inverse: Float64Array,
  moments: Moments,
  totals: Totals,
  fixed: FixedStructure,
  g: number,
): void {
  const { nBasis: m, nPersonColumns: c } = moments;
  spread.fill(0);
  for (let i = 0; i < fixed.nFixed; i++)
    for (let j = 0; j < fixed.nFixed; j++)
      spread[fixed.basis[i]! * m + fixed.basis[j]!]! +=
        inverse[i * fixed.nFixed + j]! * totals.ww[(g * c + fixed.person[i]!) * c + fixed.person[j]!]!;
}

function addRemlPattern(x: Scratch, moments: Moments, g: number, out: Evaluation): void {
  const { nBasis: m, nRandom: q, btb } = moments;
  const { pattern, bvb } = x;
  const { spread, half, bv2b } = x.reml;
  for (let b = 0; b < m; b++) applyInverse(bvb, b * m, pattern, btb, (g * m + b) * m, q, m);
  // B'V^-2 B = (B'V^-1 B - H' (Z'V^-1 B)) / s2: apply V^-1 once more to B'(V^-1 B)
  for (let b = 0; b < m; b++) applyInverse(bv2b, b * m, pattern, bvb, b * m, q, m);
  let trace = 0;
  for (let a = 0; a < m; a++)
    for (let b = 0; b < m; b++) {
      trace += bv2b[a * m + b]! * spread[a * m + b]!;
      let sum = 0;
      for (let d = 0; d < m; d++) sum += bvb[a * m + d]! * spread[d * m + b]!;
      half[a * m + b] = sum;
    }
  out.gradientResidual[0]! += 0.5 * trace;
  for (let a = 0; a < q; a++)
    for (let b = 0; b < q; b++) {
      let sum = 0;
      for (let d = 0; d < m; d++) sum += half[a * m + d]! * bvb[d * m + b]!;
      out.gradientD[a * q + b]! += 0.5 * sum;
    }
}
