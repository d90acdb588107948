import type { FixedStructure } from "../../design/moments.js";
import { applyInverse, type PatternAlgebra } from "../pattern.js";
import type { Evaluation } from "../types.js";
import type { DataTotals } from "./dataTotals.js";
import { type BlockEngine, halfIndex, halfSize } from "./engine.js";

// Sums over people and what follows from them; `plain.ts` has the formulas.

/** Sums over people at one point, by weight. */
export interface PlainTotals {
  /** log sum_k ratio_k; log|G| - q log s2; z'M z; trace G^-1; trace G^-2. */
  logRatios: number;
  logDeterminant: number;
  squares: number;
  trace: number;
  trace2: number;
  /** K x (1 + m + half): posteriors, U_k, and the upper half of W_k row by row. */
  readonly sums: Float64Array;
  /** E, q x q. */
  readonly spread: Float64Array;
  /** S (x) S, q^4. */
  readonly products: Float64Array;
  /** Scratch: m, m and q x q. */
  readonly score: Float64Array;
  readonly wMu: Float64Array;
  readonly square: Float64Array;
}

/** Parameters that the totals are of. */
export interface PlainParameters {
  /** K log prior probabilities. */
  readonly logPrior: Float64Array;
  /** K x m: coefficients of the basis. */
  readonly mu: Float64Array;
  /** Factor of D, q x q, lower. */
  readonly factor: Float64Array;
  readonly variance: number;
}

/**
 * Allocates totals.
 * @param nClasses - K
 * @param m - columns of the basis
 * @param q - random effects
 * @returns zeros
 */
export function allocateTotals(nClasses: number, m: number, q: number): PlainTotals {
  return {
    logRatios: 0,
    logDeterminant: 0,
    squares: 0,
    trace: 0,
    trace2: 0,
    sums: new Float64Array(nClasses * (1 + m + halfSize(m))),
    spread: new Float64Array(q * q),
    products: new Float64Array(q ** 4),
    score: new Float64Array(m),
    wMu: new Float64Array(m),
    square: new Float64Array(q * q),
  };
}

/**
 * Sets the sums to zero.
 * @param totals - changed in place
 */
export function clearTotals(totals: PlainTotals): void {
  totals.logRatios = 0;
  totals.logDeterminant = 0;
  totals.squares = 0;
  totals.trace = 0;
  totals.trace2 = 0;
  totals.sums.fill(0);
  totals.spread.fill(0);
  totals.products.fill(0);
}

/**
 * Adds people with patterns of their own.
 * @param totals - added to
 * @param block - an engine after blocks of `varied`
 */
export function addVariedPeople(totals: PlainTotals, block: BlockEngine): void {
  const { sums, spread, products } = totals;
  totals.logRatios += block.logRatios;
  totals.logDeterminant += block.logDeterminant;
  totals.squares += block.squares;
  totals.trace += block.trace;
  totals.trace2 += block.trace2;
  for (let e = 0; e < sums.length; e++) sums[e]! += block.sums[e]!;
  for (let e = 0; e < spread.length; e++) spread[e]! += block.spread[e]!;
  for (let e = 0; e < products.length; e++) products[e]! += block.products[e]!;
}

/**
 * Adds what people of one pattern have in common, whatever their class: |G|, z'M z, S (x) S, and the part T (sum of z z') T' of E, with
 * Z'V^-1 y = T z.
 * @param totals - added to
 * @param p - the pattern
 * @param people - how many, by weight
 * @param zz - q x q at `at`: sum of z z' by weight
 * @param at - its position
 */
export function addPattern(
  totals: PlainTotals,
  p: PatternAlgebra,
  people: number,
  zz: Float64Array,
  at: number,
): void {
  const { nRandom: q, m, s, t } = p;
  const { spread, products, square } = totals;
  const free = (p.sessions - q) / p.variance;
  totals.logDeterminant += people * (p.logDeterminant - p.sessions * Math.log(p.variance));
  totals.trace += people * (p.traceInverse - free);
  totals.trace2 += people * (p.traceInverse2 - free / p.variance);
  for (let e = 0; e < q * q; e++) totals.squares += m[e]! * zz[at + e]!;
  for (let a = 0; a < q; a++)
    for (let b = 0; b < q; b++) {
      let sum = 0;
      for (let c = 0; c < q; c++) sum += t[a * q + c]! * zz[at + c * q + b]!;
      square[a * q + b] = sum;
    }
  for (let a = 0; a < q; a++)
    for (let b = 0; b < q; b++)
      for (let c = 0; c < q; c++) spread[a * q + b]! += square[a * q + c]! * t[b * q + c]!;
  let out = 0;
  for (let a = 0; a < q; a++)
    for (let c = 0; c < q; c++) {
      const sac = people * s[a * q + c]!;
      for (let b = 0; b < q; b++) for (let d = 0; d < q; d++) products[out++]! += sac * s[b * q + d]!;
    }
}

/**
 * Adds people of one pattern.
 * @param totals - added to
 * @param block - an engine after blocks of `alike`
 * @param p - the pattern
 * @param w - its W, m x m
 * @param mu - K x m
 */
export function addAlikePeople(
  totals: PlainTotals,
  block: BlockEngine,
  p: PatternAlgebra,
  w: Float64Array,
  mu: Float64Array,
): void {
  const { nRandom: q, nBasis: m } = p;
  const { sums, spread, score, wMu } = totals;
  const step = 1 + m + halfSize(m);
  totals.logRatios += block.logRatios;
  for (let k = 0, at = 0, from = 0; at < sums.length; k++, at += step, from += 1 + m) {
    const people = block.sums[from]!;
    applyInverse(score, 0, p, block.sums, from + 1, q, m);
    sums[at]! += people;
    let half = at + 1 + m;
    for (let a = 0; a < m; a++) {
      sums[at + 1 + a]! += score[a]!;
      for (let b = a; b < m; b++) sums[half++]! += people * w[a * m + b]!;
    }
    // sum of p e e' = T (sum p z z') T' - U c' - c U' + P c c',  c = the first q of W mu_k
    for (let a = 0; a < q; a++) {
      let value = 0;
      for (let b = 0; b < m; b++) value += w[a * m + b]! * mu[k * m + b]!;
      wMu[a] = value;
    }
    for (let a = 0; a < q; a++)
      for (let b = 0; b < q; b++)
        spread[a * q + b]! += people * wMu[a]! * wMu[b]! - score[a]! * wMu[b]! - wMu[a]! * score[b]!;
  }
}

/**
 * From the sums to log-likelihood, gradient and information, but for the logits.
 * @param totals - sums over people
 * @param data - sums of the data
 * @param at - the parameters
 * @param fixed - structure of the means
 * @param out - filled; D and variance in class 0
 * @param information - whether the information is wanted
 */
export function foldTotals(
  totals: PlainTotals,
  data: DataTotals,
  at: PlainParameters,
  fixed: FixedStructure,
  out: Evaluation,
  information: boolean,
): void {
  const { logPrior, mu, variance } = at;
  const { sums, score, wMu } = totals;
  const nClasses = logPrior.length;
  const m = score.length;
  const q = Math.sqrt(totals.square.length);
  const step = 1 + m + halfSize(m);
  const ofData = (data.yy - totals.squares) / variance;
  // log density of class 0, and r'V^-1 r, summed over people: y'V^-1 y - 2 mu'u + mu'W mu, the latter of classes by posterior
  let ofClass0 = 0;
  let quadratic = ofData;
  out.gradientBeta.fill(0);
  for (let k = 0; k < nClasses; k++) {
    const from = k * step;
    out.weight[k] = sums[from]!;
    for (let a = 0; a < m; a++) {
      const u = sums[from + 1 + a]!;
      let own = 0;
      let of0 = 0;
      for (let b = 0; b < m; b++) {
        const w = sums[from + 1 + m + halfIndex(m, Math.min(a, b), Math.max(a, b))]!;
        own += w * mu[k * m + b]!;
        of0 += w * mu[b]!;
      }
      score[a] = u - own;
      wMu[a] = own;
      quadratic -= mu[k * m + a]! * (u + score[a]!);
      ofClass0 += mu[a]! * (u - 0.5 * of0);
    }
    for (let j = 0; j < fixed.nFixed; j++) out.gradientBeta[k * fixed.nFixed + j] = score[fixed.basis[j]!]!;
    if (information) foldBeta(sums, from + 1 + m, m, k, fixed, out);
  }
  out.logLikelihood =
    totals.logRatios +
    data.people * logPrior[0]! +
    ofClass0 -
    0.5 * (data.observations * (Math.log(2 * Math.PI) + Math.log(variance)) + totals.logDeterminant + ofData);
  foldVariances(totals, data, at, quadratic, q, m, out, information);
}

/** Information of the coefficients of class k: W_k by the basis columns of each. */
function foldBeta(
  sums: Float64Array,
  half: number,
  m: number,
  k: number,
  fixed: FixedStructure,
  out: Evaluation,
): void {
  const { nFixed, basis } = fixed;
  for (let i = 0; i < nFixed; i++)
    for (let j = 0; j < nFixed; j++) {
      const a = Math.min(basis[i]!, basis[j]!);
      const b = Math.max(basis[i]!, basis[j]!);
      out.informationBeta[(k * nFixed + i) * nFixed + j] = sums[half + halfIndex(m, a, b)]!;
    }
}

/** Gradient and information of D and of the residual variance, in class 0. */
function foldVariances(
  { sums, spread, products, trace, trace2 }: PlainTotals,
  data: DataTotals,
  { logPrior, factor, variance }: PlainParameters,
  quadratic: number,
  q: number,
  m: number,
  out: Evaluation,
  information: boolean,
): void {
  const step = 1 + m + halfSize(m);
  const d = new Float64Array(q * q);
  const s = new Float64Array(q * q);
  for (let a = 0; a < q; a++)
    for (let b = 0; b < q; b++) {
      for (let c = 0; c <= Math.min(a, b); c++) d[a * q + b]! += factor[a * q + c]! * factor[b * q + c]!;
      for (let k = 0; k < logPrior.length; k++)
        s[a * q + b]! += sums[k * step + 1 + m + halfIndex(m, Math.min(a, b), Math.max(a, b))]!;
    }
  const inverse = 1 / variance;
  let traceDE = 0;
  for (let e = 0; e < q * q; e++) {
    traceDE += d[e]! * spread[e]!;
    out.gradientD[e] = 0.5 * (spread[e]! - s[e]!);
  }
  const free = data.observations - q * data.people;
  out.gradientResidual[0] = 0.5 * (inverse * (quadratic - traceDE - free) - trace);
  if (!information) return;
  out.informationD.set(products);
  // S D S from S (x) S, entry [a c b d] = S_ac S_bd
  for (let a = 0; a < q; a++)
    for (let b = 0; b < q; b++) {
      let sds = 0;
      for (let c = 0; c < q; c++)
        for (let e = 0; e < q; e++) sds += products[((a * q + c) * q + e) * q + b]! * d[c * q + e]!;
      out.informationDResidual[a * q + b] = inverse * (s[a * q + b]! - sds);
    }
  out.informationResidual[0] = inverse * inverse * free + trace2;
}
