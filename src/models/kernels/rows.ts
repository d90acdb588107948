import { choleskyInPlace, invertPositiveDefinite } from "../../core/linalg.js";
import type { FixedStructure, Moments } from "../design/moments.js";
import type { RowData } from "../design/rowData.js";
import type { ResidualStructure } from "../residuals.js";
import { finishLogits } from "./general.js";
import {
  applyInverse,
  computeAlgebra,
  foldBetaInformation,
  foldCovariance,
  foldCovarianceInformation,
} from "./pattern.js";
import { addLogitInformation, logPriorInto } from "./prior.js";
import { foldResidualInformation } from "./rowInformation.js";
import { foldLoadings } from "./rowLoadings.js";
import { allocateRowScratch, clearRowSums, type RowScratch } from "./rowScratch.js";
import {
  type ClassParameters,
  clearEvaluation,
  clearGradient,
  type Evaluation,
  type EvaluationRequest,
  type Kernel,
} from "./types.js";
import { computeWhitening, foldResidual, whitenInto } from "./whitening.js";

// Models that look at each row. Whitened by R, the rows follow the same algebra as with independent residuals of variance 1
// (pattern.ts), person by person:
//   r = y - B eta,  rw = whitened r,  B'R^-1 r = Bw'rw,  r'V^-1 r = rw'rw - z'M z,  z = Z'R^-1 r.
// The residual parameters need the residuals given the random effects, e = r - Z b with b = M z, and their posterior
// spread Z M Z': sums of e_t^2 and e_t e_(t-1) over persons, whatever the structure.

const LOG_2PI = Math.log(2 * Math.PI);

/** What {@link rowsKernel} needs to know of a model. */
export interface RowsModel {
  readonly nClasses: number;
  readonly residual: ResidualStructure;
  /** D and residual structure equal over classes: their sums are then totals, left in class 0. */
  readonly commonCovariance: boolean;
  readonly reml: boolean;
}

/**
 * The likelihood of mixtures whose residuals differ by occasion or are correlated, or whose time basis has free loadings.
 * @param moments - the data
 * @param rows - its rows
 * @param fixed - structure of the means
 * @param model - classes, residual structure, REML (one class)
 * @returns the kernel
 * Source: Laird & Ware (1982); gradients by Fisher's identity (Louis 1982); REML: Harville (1977).
 */
export function rowsKernel(moments: Moments, rows: RowData, fixed: FixedStructure, model: RowsModel): Kernel {
  const x = allocateRowScratch(moments, rows, fixed, model);
  return {
    nClasses: model.nClasses,
    evaluate(parameters, out, request) {
      clearEvaluation(out);
      const wanted = model.reml ? { ...request, information: true } : request;
      logPriorInto(x.logPrior, x.nClasses, parameters.logits, moments.nMembership, moments.v, 0);
      for (let g = 0; g < moments.nPatterns; g++) {
        preparePattern(x, parameters, g);
        accumulate(x, parameters, g, moments.patternStart[g]!, moments.patternStart[g + 1]!, out, wanted);
        foldPattern(x, g, out, wanted.information);
      }
      finishLogits(out, moments, x.logPrior, request.information);
      if (model.reml) addReml(x, parameters, out);
    },
  };
}

/**
 * Visits the gradient of each person's log-likelihood (the score), in the order of the moments.
 * @param moments - the data
 * @param rows - its rows
 * @param fixed - structure of the means
 * @param model - classes and residual structure
 * @param parameters - where
 * @param out - filled for one person at a time
 * @param visit - called once per person after `out` is filled
 */
export function visitRowScores(
  moments: Moments,
  rows: RowData,
  fixed: FixedStructure,
  model: RowsModel,
  parameters: ClassParameters,
  out: Evaluation,
  visit: (person: number) => void,
): void {
  const x = allocateRowScratch(moments, rows, fixed, model);
  const request: EvaluationRequest = { information: false };
  logPriorInto(x.logPrior, x.nClasses, parameters.logits, moments.nMembership, moments.v, 0);
  for (let g = 0; g < moments.nPatterns; g++) {
    preparePattern(x, parameters, g);
    for (let i = moments.patternStart[g]!; i < moments.patternStart[g + 1]!; i++) {
      clearGradient(out);
      accumulate(x, parameters, g, i, i + 1, out, request);
      foldPattern(x, g, out, false);
      if (moments.nMembership === 1)
        for (let k = 0; k < x.nClasses; k++)
          out.gradientLogits[k] = out.weight[k]! - Math.exp(x.logPrior[k]!);
      visit(i);
    }
  }
}

/** Basis with the loadings in place, whitened rows and their algebra, and, without covariates, the class means. */
function preparePattern(x: RowScratch, parameters: ClassParameters, g: number): void {
  const { moments, rows, basis } = x;
  const { nBasis: m, nRandom: q } = moments;
  const first = rows.patternRow[g]!;
  const n = rows.patternRow[g + 1]! - first;
  for (let e = 0; e < n * m; e++) basis[e] = rows.basis[first * m + e]!;
  if (rows.latentBasis >= 0)
    for (let t = 0; t < n; t++)
      basis[t * m + rows.latentBasis] = parameters.loadings[rows.occasion[first + t]!]!;
  for (let k = 0; k < x.nClasses; k++) {
    // Classes that share the residual structure share its whitened rows, too.
    if (k === 0 || x.whitenings[k] !== x.whitenings[0]) whitenPattern(x, parameters, g, k);
    if (k < x.nCovariances) computeAlgebra(x.patterns[k]!, x.btb[k]!, 0, n, parameters.factor, k * q * q, 1);
    if (moments.nPersonColumns === 1) meanInto(x, parameters, k, 0, n);
  }
}

/** Whitened basis of pattern g under class k, and its cross-products. */
function whitenPattern(x: RowScratch, parameters: ClassParameters, g: number, k: number): void {
  const { rows, basis, nResidual, nVariances } = x;
  const { nBasis: m } = x.moments;
  const whitening = x.whitenings[k]!;
  const whitened = x.whitenedBasis[k]!;
  const btb = x.btb[k]!;
  const correlated = nResidual > nVariances;
  computeWhitening(whitening, rows, g, parameters.residual, k * nResidual, nVariances, correlated);
  for (let b = 0; b < m; b++) whitenInto(whitened, b, whitening, basis, b, m);
  for (let a = 0; a < m; a++)
    for (let b = 0; b <= a; b++) {
      let sum = 0;
      for (let t = 0; t < whitening.n; t++) sum += whitened[t * m + a]! * whitened[t * m + b]!;
      btb[a * m + b] = sum;
      btb[b * m + a] = sum;
    }
}

/** Mean of class k at each row of person i, and the coefficient of the latent basis. */
function meanInto(x: RowScratch, parameters: ClassParameters, k: number, i: number, n: number): void {
  const { moments, fixed, eta, basis, mean, maxRows } = x;
  const { nBasis: m, nPersonColumns: c, w } = moments;
  eta.fill(0);
  for (let j = 0; j < fixed.nFixed; j++) {
    const person = fixed.person[j]!;
    const coefficient = parameters.beta[k * fixed.nFixed + j]!;
    eta[fixed.basis[j]!]! += person === 0 ? coefficient : coefficient * w[i * c + person]!;
  }
  for (let t = 0; t < n; t++) {
    let sum = 0;
    for (let b = 0; b < m; b++) sum += basis[t * m + b]! * eta[b]!;
    mean[k * maxRows + t] = sum;
  }
  if (x.rows.latentBasis >= 0) x.latentMean[k] = eta[x.rows.latentBasis]!;
}

/** Persons first .. end - 1 of pattern g: densities, posteriors, and their posterior-weighted sums. */
function accumulate(
  x: RowScratch,
  parameters: ClassParameters,
  g: number,
  first: number,
  end: number,
  out: Evaluation,
  request: EvaluationRequest,
): void {
  const { moments, nClasses } = x;
  const { nPersonColumns: c, nMembership, v } = moments;
  const n = x.rows.patternRow[g + 1]! - x.rows.patternRow[g]!;
  clearRowSums(x);
  for (let i = first; i < end; i++) {
    const personWeight = moments.weights.length > 0 ? moments.weights[i]! : 1;
    if (personWeight === 0 && request.posteriors === undefined) continue;
    if (nMembership > 1)
      logPriorInto(x.logPrior, nClasses, parameters.logits, nMembership, v, i * nMembership);
    let largest = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < nClasses; k++) {
      if (c > 1) meanInto(x, parameters, k, i, n);
      const density = x.logPrior[k]! + personDensity(x, i, k);
      x.logDensity[k] = density;
      if (density > largest) largest = density;
    }
    let sum = 0;
    for (let k = 0; k < nClasses; k++) {
      const share = Math.exp(x.logDensity[k]! - largest);
      x.logDensity[k] = share;
      sum += share;
    }
    out.logLikelihood += personWeight * (largest + Math.log(sum));
    const inverse = 1 / sum;
    for (let k = 0; k < nClasses; k++) {
      const posterior = x.logDensity[k]! * inverse;
      if (request.posteriors !== undefined) request.posteriors[i * nClasses + k] = posterior;
      addPerson(x, i, k, posterior * personWeight, request.information);
      if (nMembership > 1) {
        const excess = personWeight * (posterior - Math.exp(x.logPrior[k]!));
        out.gradientLogits[k * nMembership]! += excess;
        for (let j = 1; j < nMembership; j++)
          out.gradientLogits[k * nMembership + j]! += excess * v[i * nMembership + j]!;
      }
    }
    if (request.information && nMembership > 1)
      addLogitInformation(out, nClasses, nMembership, x.logPrior, v, i * nMembership, personWeight);
  }
}

/** Log density of person i in class k; leaves r, B'R^-1 r and b = M z in the scratch. */
function personDensity(x: RowScratch, i: number, k: number): number {
  const { rows, residual, whitened, mean, score, effects, maxRows } = x;
  const { nBasis: m, nRandom: q } = x.moments;
  const w = x.whitenings[k]!;
  const p = x.patterns[k]!;
  const basis = x.whitenedBasis[k]!;
  const from = rows.personRow[i]!;
  const at = k * maxRows;
  for (let t = 0; t < w.n; t++) residual[at + t] = rows.y[from + t]! - mean[at + t]!;
  whitenInto(whitened, 0, w, residual, at, 1);
  const r = k * m;
  for (let b = 0; b < m; b++) score[r + b] = 0;
  let quad = 0;
  for (let t = 0; t < w.n; t++) {
    const value = whitened[t]!;
    quad += value * value;
    for (let b = 0; b < m; b++) score[r + b]! += basis[t * m + b]! * value;
  }
  for (let a = 0; a < q; a++) {
    let sum = 0;
    for (let b = 0; b < q; b++) sum += p.m[a * q + b]! * score[r + b]!;
    effects[k * q + a] = sum;
    quad -= sum * score[r + a]!;
  }
  return -0.5 * (w.n * LOG_2PI + p.logDeterminant + w.logDeterminant + quad);
}

/** Adds person i, with posterior p, to the sums of class k. */
function addPerson(x: RowScratch, i: number, k: number, p: number, information: boolean): void {
  if (p === 0) return;
  const { score, residual, effects, basis, given, maxRows, moments } = x;
  const { nBasis: m, nRandom: q, nPersonColumns: c } = moments;
  const r = k * m;
  const v = x.nCovariances > 1 ? k : 0;
  x.weight[k]! += p;
  x.covarianceWeight[v]! += p;
  for (let a = 0; a < q; a++)
    for (let b = 0; b < q; b++) x.zz[(v * q + a) * q + b]! += p * score[r + a]! * score[r + b]!;
  for (let j = 0; j < c; j++) {
    const pw = j === 0 ? p : p * moments.w[i * c + j]!;
    const at = (k * c + j) * m;
    for (let b = 0; b < m; b++) x.wr[at + b]! += pw * score[r + b]!;
    if (information)
      for (let l = 0; l < c; l++) x.ww[(k * c + j) * c + l]! += l === 0 ? pw : pw * moments.w[i * c + l]!;
  }
  const at = k * maxRows;
  const { n } = x.whitenings[k]!;
  for (let t = 0; t < n; t++) {
    let e = residual[at + t]!;
    for (let a = 0; a < q; a++) e -= basis[t * m + a]! * effects[k * q + a]!;
    given[t] = e;
    x.e11[v * maxRows + t]! += p * e * e;
    if (t > 0) x.e10[v * maxRows + t]! += p * e * given[t - 1]!;
  }
  if (x.rows.latentBasis >= 0) addLatent(x, k, v, p);
}

/** Sums for the loadings: p u_t (eta + b) and p (eta + b)^2, u = R^-1 e, eta + b the person's coefficient of the latent basis. */
function addLatent(x: RowScratch, k: number, v: number, p: number): void {
  const { given, whitened, effects, maxRows, moments, rows } = x;
  const { nRandom: q } = moments;
  const w = x.whitenings[k]!;
  const latent = rows.latentBasis;
  const coefficient = x.latentMean[k]! + (latent < q ? effects[k * q + latent]! : 0);
  whitenInto(whitened, 0, w, given, 0, 1);
  for (let t = 0; t < w.n; t++) {
    let u = w.own[t]! * whitened[t]!;
    if (t + 1 < w.n) u -= w.before[t + 1]! * whitened[t + 1]!;
    x.latentScore[v * maxRows + t]! += p * u * coefficient;
  }
  x.latentSquares[v]! += p * coefficient * coefficient;
}

/** From the pattern's sums to gradient and information. */
function foldPattern(x: RowScratch, g: number, out: Evaluation, information: boolean): void {
  const { moments, fixed } = x;
  const { nBasis: m, nRandom: q, nPersonColumns: c } = moments;
  for (let v = 0; v < x.nCovariances; v++) foldCovarianceOf(x, g, v, out, information);
  for (let k = 0; k < x.nClasses; k++) {
    const p = x.patterns[k]!;
    out.weight[k]! += x.weight[k]!;
    for (let j = 0; j < c; j++) {
      applyInverse(x.column, 0, p, x.wr, (k * c + j) * m, q, m);
      for (let f = 0; f < fixed.nFixed; f++)
        if (fixed.person[f] === j) out.gradientBeta[k * fixed.nFixed + f]! += x.column[fixed.basis[f]!]!;
    }
    if (information) foldBetaInformation(out, k, p, c, fixed, x.ww, k * c * c, x.bvb);
  }
}

/** Share of D, residual parameters and loadings of class v, or of all classes where they share them. */
function foldCovarianceOf(x: RowScratch, g: number, v: number, out: Evaluation, information: boolean): void {
  const { rows, nResidual, nVariances, maxRows } = x;
  const { nRandom: q } = x.moments;
  const p = x.patterns[v]!;
  const w = x.whitenings[v]!;
  const weight = x.covarianceWeight[v]!;
  foldCovariance(out, v, p, q, weight, x.zz, v * q * q);
  addSpread(x, v, weight);
  foldResidual(out, v * nResidual, nVariances, w, weight, x.e11, x.e10, v * maxRows);
  if (rows.latentBasis >= 0) foldLoadings(out, x, g, v, information);
  if (!information) return;
  foldCovarianceInformation(out, v, p, q, weight);
  foldResidualInformation(out, v, x.information, w, p, x.basis, nVariances, nResidual, weight);
}

/** Adds the posterior spread of the random effects, weight Z M Z', to the products of residuals. */
function addSpread(x: RowScratch, v: number, weight: number): void {
  const { basis, maxRows } = x;
  const { nBasis: m, nRandom: q } = x.moments;
  const { n } = x.whitenings[v]!;
  const { m: spread } = x.patterns[v]!;
  for (let t = 0; t < n; t++)
    for (let a = 0; a < q; a++) {
      let half = 0;
      for (let b = 0; b < q; b++) half += spread[a * q + b]! * basis[t * m + b]!;
      x.e11[v * maxRows + t]! += weight * half * basis[t * m + a]!;
      if (t > 0) x.e10[v * maxRows + t]! += weight * half * basis[(t - 1) * m + a]!;
    }
}

/**
 * Adds -log|X'V^-1 X| / 2 + (P / 2) log 2 pi and its gradient, tr{ dV U C U' } / 2 with U = V^-1 B and C the covariance of the
 * coefficients spread over the basis: the products of E = R U take the place of those of residuals.
 */
function addReml(x: RowScratch, parameters: ClassParameters, out: Evaluation): void {
  const { moments, fixed } = x;
  const { nFixed } = fixed;
  const covariance = invertPositiveDefinite(out.informationBeta, nFixed);
  const factor = out.informationBeta.slice(0, nFixed * nFixed);
  if (covariance === null || !choleskyInPlace(factor, nFixed)) {
    out.logLikelihood = Number.NaN;
    return;
  }
  let logDeterminant = 0;
  for (let j = 0; j < nFixed; j++) logDeterminant += 2 * Math.log(factor[j * nFixed + j]!);
  out.logLikelihood += 0.5 * (nFixed * LOG_2PI - logDeterminant);
  for (let g = 0; g < moments.nPatterns; g++) {
    preparePattern(x, parameters, g);
    spreadCoefficients(x, covariance, g);
    foldRemlPattern(x, out);
  }
}

/** C_ab = sum over persons of the pattern and coefficients j on a, l on b of cov_jl w_j w_l. */
function spreadCoefficients(x: RowScratch, covariance: Float64Array, g: number): void {
  const { moments, fixed, remlSpread } = x;
  const { nBasis: m, nPersonColumns: c, patternStart, weights, w } = moments;
  remlSpread.fill(0);
  for (let i = patternStart[g]!; i < patternStart[g + 1]!; i++) {
    const personWeight = weights.length > 0 ? weights[i]! : 1;
    for (let j = 0; j < fixed.nFixed; j++) {
      const wj = personWeight * (fixed.person[j] === 0 ? 1 : w[i * c + fixed.person[j]!]!);
      for (let l = 0; l < fixed.nFixed; l++) {
        const wl = fixed.person[l] === 0 ? 1 : w[i * c + fixed.person[l]!]!;
        remlSpread[fixed.basis[j]! * m + fixed.basis[l]!]! += covariance[j * fixed.nFixed + l]! * wj * wl;
      }
    }
  }
}

function foldRemlPattern(x: RowScratch, out: Evaluation): void {
  const { moments, basis, remlSpread: spread, remlRows, bvb, zz, nVariances } = x;
  const { nBasis: m, nRandom: q } = moments;
  const p = x.patterns[0]!;
  const { n } = x.whitenings[0]!;
  // E = R U = B - Z H; Z'U = (B'V^-1 B)' rows of Z
  for (let t = 0; t < n; t++)
    for (let b = 0; b < m; b++) {
      let sum = basis[t * m + b]!;
      for (let a = 0; a < q; a++) sum -= basis[t * m + a]! * p.h[a * m + b]!;
      remlRows[t * m + b] = sum;
    }
  for (let t = 0; t < n; t++) {
    x.e11[t] = quadratic(spread, remlRows, t * m, t * m, m);
    x.e10[t] = t > 0 ? quadratic(spread, remlRows, t * m, (t - 1) * m, m) : 0;
  }
  foldResidual(out, 0, nVariances, x.whitenings[0]!, 0, x.e11, x.e10, 0);
  for (let b = 0; b < m; b++) applyInverse(bvb, b * m, p, p.btb, b * m, q, m);
  for (let a = 0; a < q; a++)
    for (let b = 0; b < q; b++) zz[a * q + b] = quadratic(spread, bvb, a * m, b * m, m);
  for (let e = 0; e < q * q; e++) out.gradientD[e]! += 0.5 * zz[e]!;
}

function quadratic(middle: Float64Array, rows: Float64Array, left: number, right: number, m: number): number {
  let sum = 0;
  for (let a = 0; a < m; a++)
    for (let b = 0; b < m; b++) sum += rows[left + a]! * middle[a * m + b]! * rows[right + b]!;
  return sum;
}
