import type { FixedStructure, Moments } from "../moments.js";
import { finishLogits } from "./general.js";
import {
  allocatePatternAlgebra,
  applyInverse,
  computePattern,
  foldBetaInformation,
  foldVariance,
  type PatternAlgebra,
} from "./pattern.js";
import { addLogitInformation, logPriorInto } from "./prior.js";
import {
  type ClassParameters,
  clearEvaluation,
  type Evaluation,
  type EvaluationRequest,
  type Kernel,
} from "./types.js";

// With D and the residual variance common to the classes, and class-specific coefficients on the time basis
// alone, the quadratic part of the density is the same for every class. With mu_k the class's coefficients of
// the basis, delta_i = Delta w_i the shared covariate effects, and b_i = B'(y - B delta_i):
//   log f_k(i) = common_i + a_gk + l_gk'b_i,   l_gk = A'mu_k,   a_gk = -l_gk'(B'B mu_k) / 2,   A = B'V^-1 as a map of B'y
// so a class costs m multiply-adds per person. The gradient needs only, per pattern and class, the sum of posteriors
// P and of posterior-weighted b_i (F): the second moments summed over classes do not depend on the posteriors.

interface Scratch {
  readonly pattern: PatternAlgebra;
  readonly logPrior: Float64Array;
  /** K: a_gk plus the log prior where that is the same for all. */
  readonly offset: Float64Array;
  /** K x m: l_gk. */
  readonly slope: Float64Array;
  /** K and K x m: a_gk and l_gk less those of class 0. */
  readonly relativeOffset: Float64Array;
  readonly relative: Float64Array;
  /** Persons x K: log ratios, then posteriors, of one block. */
  readonly block: Float64Array;
  /** K x m: coefficients of the basis, and B'B times them. */
  readonly mu: Float64Array;
  readonly btbMu: Float64Array;
  /** K. */
  readonly logit: Float64Array;
  /** m x c: shared covariate effects. */
  readonly delta: Float64Array;
  readonly deltaI: Float64Array;
  /** m: b_i. */
  readonly b: Float64Array;
  /** Sums over the pattern. K; K x m; q x q; c x m; K x c; K x c x c. */
  readonly weight: Float64Array;
  readonly first: Float64Array;
  readonly zz: Float64Array;
  readonly wb: Float64Array;
  readonly pw: Float64Array;
  readonly ww: Float64Array;
  yy: number;
  readonly score: Float64Array;
  readonly bvb: Float64Array;
}

/**
 * Whether the fast kernel applies: covariances are common and class-specific coefficients carry no covariate.
 * @param fixed - structure of the means
 * @param commonCovariance - D and the residual variance equal over classes
 * @returns true when {@link commonKernel} computes this model
 */
export function isCommonKernelModel(fixed: FixedStructure, commonCovariance: boolean): boolean {
  if (!commonCovariance) return false;
  for (let j = 0; j < fixed.nFixed; j++) if (fixed.classSpecific[j] && fixed.person[j] !== 0) return false;
  return true;
}

/**
 * The likelihood of mixtures with one D and one residual variance for all classes.
 * D and the variance are read from class 0; gradients of D and of the variance, and of coefficients that the
 * classes share and that carry a covariate, are totals, left in class 0.
 * @param moments - the data
 * @param fixed - structure of the means
 * @param nClasses - K
 * @returns the kernel
 */
export function commonKernel(moments: Moments, fixed: FixedStructure, nClasses: number): Kernel {
  const { nBasis: m, nRandom: q, nPersonColumns: c } = moments;
  const x: Scratch = {
    pattern: allocatePatternAlgebra(q, m),
    logPrior: new Float64Array(nClasses),
    offset: new Float64Array(nClasses),
    slope: new Float64Array(nClasses * m),
    relativeOffset: new Float64Array(nClasses),
    relative: new Float64Array(nClasses * m),
    block: new Float64Array(BLOCK * nClasses),
    mu: new Float64Array(nClasses * m),
    btbMu: new Float64Array(nClasses * m),
    logit: new Float64Array(nClasses),
    delta: new Float64Array(m * c),
    deltaI: new Float64Array(m),
    b: new Float64Array(m),
    weight: new Float64Array(nClasses),
    first: new Float64Array(nClasses * m),
    zz: new Float64Array(q * q),
    wb: new Float64Array(c * m),
    pw: new Float64Array(nClasses * c),
    ww: new Float64Array(nClasses * c * c),
    yy: 0,
    score: new Float64Array(m),
    bvb: new Float64Array(m * m),
  };
  // Without covariates what does not depend on parameters is summed once.
  const plain = c === 1 && moments.nMembership === 1 ? patternTotals(moments) : null;
  return {
    nClasses,
    evaluate(parameters, out, request) {
      clearEvaluation(out);
      splitMeans(x, fixed, parameters, m, c);
      logPriorInto(x.logPrior, nClasses, parameters.logits, moments.nMembership, moments.v, 0);
      for (let g = 0; g < moments.nPatterns; g++) {
        computePattern(x.pattern, moments, g, parameters.factor, 0, parameters.variance[0]!);
        linearLogits(x, moments, g, nClasses);
        if (plain !== null) accumulatePlainPattern(x, moments, plain, g, out, request.posteriors);
        else accumulatePattern(x, moments, parameters, g, out, request);
        foldPattern(x, moments, fixed, g, out, request.information);
      }
      finishLogits(out, moments, x.logPrior, request.information);
    },
  };
}

/** mu_k from coefficients without covariates, Delta from the shared ones with covariates. */
function splitMeans(
  x: Scratch,
  fixed: FixedStructure,
  parameters: ClassParameters,
  m: number,
  c: number,
): void {
  x.mu.fill(0);
  x.delta.fill(0);
  for (let j = 0; j < fixed.nFixed; j++) {
    const basis = fixed.basis[j]!;
    const person = fixed.person[j]!;
    if (person === 0)
      for (let k = 0; k < parameters.nClasses; k++)
        x.mu[k * m + basis]! += parameters.beta[k * fixed.nFixed + j]!;
    else x.delta[basis * c + person]! += parameters.beta[j]!;
  }
}

/** l_gk, a_gk and B'B mu_k of pattern g. */
function linearLogits(x: Scratch, moments: Moments, g: number, nClasses: number): void {
  const { nBasis: m, nRandom: q, btb } = moments;
  const { mu, btbMu, slope, pattern } = x;
  const inverse = 1 / pattern.variance;
  for (let k = 0; k < nClasses; k++) {
    const at = k * m;
    for (let a = 0; a < m; a++) {
      let sum = 0;
      for (let b = 0; b < m; b++) sum += btb[(g * m + a) * m + b]! * mu[at + b]!;
      btbMu[at + a] = sum;
    }
    let offset = moments.nMembership > 1 ? 0 : x.logPrior[k]!;
    for (let a = 0; a < m; a++) {
      let value = mu[at + a]!;
      if (a < q) for (let b = 0; b < m; b++) value -= pattern.h[a * m + b]! * mu[at + b]!;
      value *= inverse;
      slope[at + a] = value;
      offset -= 0.5 * value * btbMu[at + a]!;
    }
    x.offset[k] = offset;
  }
}

/** Above this a likelihood ratio against class 0 could overflow, so the largest is found first. */
const LARGEST_LOG_RATIO = 300;
/** The product of likelihood sums is turned into a logarithm before it leaves the range of a double. */
const LARGEST_PRODUCT = 1e150;
/** Persons whose posteriors are held at once: small enough for the fastest cache. */
const BLOCK = 256;

/**
 * The same as {@link accumulatePattern} for the model without covariates, where most people are: densities are taken
 * relative to class 0 (one exponential less), one logarithm serves many persons, and persons go through in blocks,
 * first all posteriors, then all sums.
 */
function accumulatePlainPattern(
  x: Scratch,
  moments: Moments,
  totals: PatternTotals,
  g: number,
  out: Evaluation,
  posteriors: Float64Array | undefined,
): void {
  const { nBasis: m, nRandom: q, by } = moments;
  const { offset, slope, first, relative } = x;
  const nClasses = offset.length;
  clearSums(x, false);
  for (let k = 0; k < nClasses; k++) {
    x.relativeOffset[k] = offset[k]! - offset[0]!;
    for (let a = 0; a < m; a++) relative[k * m + a] = slope[k * m + a]! - slope[a]!;
  }
  const firstPerson = moments.patternStart[g]!;
  const end = moments.patternStart[g + 1]!;
  let logSums = 0;
  for (let from = firstPerson; from < end; from += BLOCK) {
    const to = Math.min(from + BLOCK, end);
    if (m === 3) logRatiosOfQuadratics(x, by, from, to, nClasses);
    else logRatios(x, by, from, to, m, nClasses);
    logSums += posteriorsOfBlock(x.block, to - from, nClasses);
    for (let k = 0; k < nClasses; k++) {
      if (m === 3) sumQuadratics(x, by, from, to, k, nClasses);
      else sumBlock(x, by, from, to, k, m, nClasses);
    }
    posteriors?.set(x.block.subarray(0, (to - from) * nClasses), from * nClasses);
  }
  x.yy = totals.yy[g]!;
  x.zz.set(totals.zz.subarray(g * q * q, (g + 1) * q * q));
  // Class 0's own part of every person's log-likelihood, from the pattern's totals.
  logSums += (end - firstPerson) * offset[0]!;
  for (let k = 0; k < nClasses; k++) for (let a = 0; a < m; a++) logSums += slope[a]! * first[k * m + a]!;
  addLogLikelihood(x, q, end - firstPerson, logSums, out);
}

/** Log density ratios against class 0 of a block of persons. */
function logRatios(
  x: Scratch,
  by: Float64Array,
  from: number,
  to: number,
  m: number,
  nClasses: number,
): void {
  const { block, relative, relativeOffset } = x;
  for (let i = from, at = 0; i < to; i++, at += nClasses)
    for (let k = 1; k < nClasses; k++) {
      let value = relativeOffset[k]!;
      for (let a = 0; a < m; a++) value += relative[k * m + a]! * by[i * m + a]!;
      block[at + k] = value;
    }
}

/** {@link logRatios} for three basis columns (quadratic trajectories), written out. */
function logRatiosOfQuadratics(
  x: Scratch,
  by: Float64Array,
  from: number,
  to: number,
  nClasses: number,
): void {
  const { block, relative, relativeOffset } = x;
  for (let k = 1; k < nClasses; k++) {
    const r0 = relative[k * 3]!;
    const r1 = relative[k * 3 + 1]!;
    const r2 = relative[k * 3 + 2]!;
    const base = relativeOffset[k]!;
    for (let i = from, at = k, b = from * 3; i < to; i++, at += nClasses, b += 3)
      block[at] = base + r0 * by[b]! + r1 * by[b + 1]! + r2 * by[b + 2]!;
  }
}

/** Log ratios to posteriors, in place; returns the sum over persons of log sum_k ratio_k. */
function posteriorsOfBlock(block: Float64Array, count: number, nClasses: number): number {
  let product = 1;
  let logSums = 0;
  for (let i = 0, at = 0; i < count; i++, at += nClasses) {
    let largest = 0;
    for (let k = 1; k < nClasses; k++) if (block[at + k]! > largest) largest = block[at + k]!;
    if (largest < LARGEST_LOG_RATIO) largest = 0;
    const own = largest === 0 ? 1 : Math.exp(-largest);
    let sum = own;
    for (let k = 1; k < nClasses; k++) {
      const value = Math.exp(block[at + k]! - largest);
      block[at + k] = value;
      sum += value;
    }
    const inverse = 1 / sum;
    block[at] = own * inverse;
    for (let k = 1; k < nClasses; k++) block[at + k]! *= inverse;
    logSums += largest;
    product *= sum;
    if (product > LARGEST_PRODUCT) {
      logSums += Math.log(product);
      product = 1;
    }
  }
  return logSums + Math.log(product);
}

/** Adds a block's posteriors and posterior-weighted B'y of class k. */
function sumBlock(
  x: Scratch,
  by: Float64Array,
  from: number,
  to: number,
  k: number,
  m: number,
  nClasses: number,
): void {
  const { block, first } = x;
  let total = 0;
  for (let i = from, at = k; i < to; i++, at += nClasses) {
    const p = block[at]!;
    total += p;
    for (let a = 0; a < m; a++) first[k * m + a]! += p * by[i * m + a]!;
  }
  x.weight[k]! += total;
}

/** {@link sumBlock} for three basis columns, written out. */
function sumQuadratics(
  x: Scratch,
  by: Float64Array,
  from: number,
  to: number,
  k: number,
  nClasses: number,
): void {
  const { block, first } = x;
  let total = 0;
  let f0 = 0;
  let f1 = 0;
  let f2 = 0;
  for (let i = from, at = k, b = from * 3; i < to; i++, at += nClasses, b += 3) {
    const p = block[at]!;
    total += p;
    f0 += p * by[b]!;
    f1 += p * by[b + 1]!;
    f2 += p * by[b + 2]!;
  }
  x.weight[k]! += total;
  first[k * 3]! += f0;
  first[k * 3 + 1]! += f1;
  first[k * 3 + 2]! += f2;
}

/** Sums over the persons of each pattern that no parameter changes: y'y, and z z' (q x q). */
interface PatternTotals {
  readonly yy: Float64Array;
  readonly zz: Float64Array;
}

function patternTotals(moments: Moments): PatternTotals {
  const { nPatterns, nBasis: m, nRandom: q, by } = moments;
  const yy = new Float64Array(nPatterns);
  const zz = new Float64Array(nPatterns * q * q);
  for (let g = 0; g < nPatterns; g++)
    for (let i = moments.patternStart[g]!; i < moments.patternStart[g + 1]!; i++) {
      yy[g]! += moments.yy[i]!;
      for (let a = 0; a < q; a++)
        for (let d = 0; d < q; d++) zz[(g * q + a) * q + d]! += by[i * m + a]! * by[i * m + d]!;
    }
  return { yy, zz };
}

/** Persons of pattern g: posteriors and the sums F, P, and those of shared covariate effects. */
function accumulatePattern(
  x: Scratch,
  moments: Moments,
  parameters: ClassParameters,
  g: number,
  out: Evaluation,
  request: EvaluationRequest,
): void {
  const { nBasis: m, nRandom: q, nPersonColumns: c, nMembership, by, w, v } = moments;
  const nClasses = parameters.nClasses;
  const { b, logit, offset, slope, weight, first, zz } = x;
  const posteriors = request.posteriors;
  clearSums(x, request.information);
  let yy = 0;
  let logSums = 0;
  const end = moments.patternStart[g + 1]!;
  for (let i = moments.patternStart[g]!; i < end; i++) {
    yy += moments.yy[i]!;
    if (c > 1) yy -= residualiseShared(x, moments, g, i);
    else for (let a = 0; a < m; a++) b[a] = by[i * m + a]!;
    if (nMembership > 1)
      logPriorInto(x.logPrior, nClasses, parameters.logits, nMembership, v, i * nMembership);
    for (let a = 0; a < q; a++) for (let d = 0; d <= a; d++) zz[a * q + d]! += b[a]! * b[d]!;
    let largest = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < nClasses; k++) {
      let value = offset[k]!;
      if (nMembership > 1) value += x.logPrior[k]!;
      for (let a = 0; a < m; a++) value += slope[k * m + a]! * b[a]!;
      logit[k] = value;
      if (value > largest) largest = value;
    }
    let sum = 0;
    for (let k = 0; k < nClasses; k++) {
      const value = Math.exp(logit[k]! - largest);
      logit[k] = value;
      sum += value;
    }
    logSums += largest + Math.log(sum);
    const inverse = 1 / sum;
    for (let k = 0; k < nClasses; k++) {
      const p = logit[k]! * inverse;
      logit[k] = p;
      weight[k]! += p;
      for (let a = 0; a < m; a++) first[k * m + a]! += p * b[a]!;
    }
    if (posteriors !== undefined) for (let k = 0; k < nClasses; k++) posteriors[i * nClasses + k] = logit[k]!;
    if (c > 1) accumulateShared(x, w, i, c, m, nClasses, request.information);
    if (nMembership > 1) accumulateMembership(x, v, i, nMembership, nClasses, out, request.information);
  }
  x.yy = yy;
  for (let a = 0; a < q; a++) for (let d = 0; d < a; d++) zz[d * q + a] = zz[a * q + d]!;
  addLogLikelihood(x, q, end - moments.patternStart[g]!, logSums, out);
}

function clearSums(x: Scratch, information: boolean): void {
  x.weight.fill(0);
  x.first.fill(0);
  x.zz.fill(0);
  x.wb.fill(0);
  x.pw.fill(0);
  if (information) x.ww.fill(0);
}

/** sum_i [logsumexp_i - (n log 2pi + log|V| + b'V^-1 b) / 2], the quadratic part from the pattern's totals. */
function addLogLikelihood(x: Scratch, q: number, nPersons: number, logSums: number, out: Evaluation): void {
  const p = x.pattern;
  let quad = x.yy;
  for (let a = 0; a < q * q; a++) quad -= p.m[a]! * x.zz[a]!;
  const constant = p.sessions * Math.log(2 * Math.PI) + p.logDeterminant;
  out.logLikelihood += logSums - 0.5 * (nPersons * constant + quad / p.variance);
}

/** Leaves b_i = B'(y - B delta_i) in the scratch; returns what to take from y'y. */
function residualiseShared(x: Scratch, moments: Moments, g: number, i: number): number {
  const { nBasis: m, nPersonColumns: c, btb, by, w } = moments;
  for (let a = 0; a < m; a++) {
    let sum = 0;
    for (let j = 1; j < c; j++) sum += x.delta[a * c + j]! * w[i * c + j]!;
    x.deltaI[a] = sum;
  }
  let taken = 0;
  for (let a = 0; a < m; a++) {
    const raw = by[i * m + a]!;
    let value = raw;
    for (let b = 0; b < m; b++) value -= btb[(g * m + a) * m + b]! * x.deltaI[b]!;
    x.b[a] = value;
    taken += x.deltaI[a]! * (raw + value);
  }
  return taken;
}

function accumulateShared(
  x: Scratch,
  w: Float64Array,
  i: number,
  c: number,
  m: number,
  nClasses: number,
  information: boolean,
): void {
  for (let j = 1; j < c; j++) {
    const wij = w[i * c + j]!;
    for (let a = 0; a < m; a++) x.wb[j * m + a]! += wij * x.b[a]!;
    for (let k = 0; k < nClasses; k++) x.pw[k * c + j]! += x.logit[k]! * wij;
  }
  if (!information) return;
  for (let k = 0; k < nClasses; k++)
    for (let j = 0; j < c; j++) {
      const pw = x.logit[k]! * w[i * c + j]!;
      for (let l = 0; l < c; l++) x.ww[(k * c + j) * c + l]! += pw * w[i * c + l]!;
    }
}

function accumulateMembership(
  x: Scratch,
  v: Float64Array,
  i: number,
  nMembership: number,
  nClasses: number,
  out: Evaluation,
  information: boolean,
): void {
  for (let k = 0; k < nClasses; k++) {
    const excess = x.logit[k]! - Math.exp(x.logPrior[k]!);
    out.gradientLogits[k * nMembership]! += excess;
    for (let j = 1; j < nMembership; j++)
      out.gradientLogits[k * nMembership + j]! += excess * v[i * nMembership + j]!;
  }
  if (information) addLogitInformation(out, nClasses, nMembership, x.logPrior, v, i * nMembership, 1);
}

/** From the pattern's sums to gradient and information. */
function foldPattern(
  x: Scratch,
  moments: Moments,
  fixed: FixedStructure,
  g: number,
  out: Evaluation,
  information: boolean,
): void {
  const { nBasis: m, nRandom: q, nPersonColumns: c } = moments;
  const nClasses = x.weight.length;
  const nFixed = fixed.nFixed;
  const { btbMu, first, mu, pattern, weight, zz, score } = x;
  let rr = x.yy;
  let total = 0;
  for (let k = 0; k < nClasses; k++) {
    const at = k * m;
    const p = weight[k]!;
    total += p;
    out.weight[k]! += p;
    // first becomes R = F - P B'B mu, the posterior-weighted sum of B'r
    for (let a = 0; a < m; a++) {
      const f = first[at + a]!;
      const r = f - p * btbMu[at + a]!;
      first[at + a] = r;
      rr -= mu[at + a]! * (f + r);
    }
    for (let a = 0; a < q; a++)
      for (let b = 0; b < q; b++)
        zz[a * q + b]! -=
          first[at + a]! * btbMu[at + b]! +
          btbMu[at + a]! * first[at + b]! +
          p * btbMu[at + a]! * btbMu[at + b]!;
    applyInverse(score, 0, pattern, first, at, q, m);
    for (let j = 0; j < nFixed; j++)
      if (fixed.person[j] === 0) out.gradientBeta[k * nFixed + j]! += score[fixed.basis[j]!]!;
  }
  foldVariance(out, 0, pattern, q, total, zz, 0, rr, information);
  for (let w = 1; w < c; w++) {
    // Sum over persons of w_i (b_i - B'B sum_k p_ik mu_k)
    for (let a = 0; a < m; a++)
      for (let k = 0; k < nClasses; k++) x.wb[w * m + a]! -= x.pw[k * c + w]! * btbMu[k * m + a]!;
    applyInverse(score, 0, pattern, x.wb, w * m, q, m);
    for (let j = 0; j < nFixed; j++)
      if (fixed.person[j] === w) out.gradientBeta[j]! += score[fixed.basis[j]!]!;
  }
  if (!information) return;
  for (let k = 0; k < nClasses; k++) {
    if (c === 1) x.ww[k] = weight[k]!;
    foldBetaInformation(out, k, pattern, moments, g, fixed, x.ww, k * c * c, x.bvb);
  }
}
