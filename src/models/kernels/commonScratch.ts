import type { Moments } from "../design/moments.js";
import { allocatePatternAlgebra, type PatternAlgebra } from "./pattern.js";
import type { Evaluation } from "./types.js";

/** Working memory of the kernel of `common.ts`, where a_gk, l_gk, mu_k, b_i, P and F are defined. */
export interface CommonScratch {
  readonly pattern: PatternAlgebra;
  readonly logPrior: Float64Array;
  /** K: a_gk plus the log prior where that is the same for all. */
  readonly offset: Float64Array;
  /** K x m: l_gk. */
  readonly slope: Float64Array;
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
 * Working memory for one kernel.
 * @param moments - the data
 * @param nClasses - K
 * @returns arrays of zeros
 */
export function allocateCommonScratch(moments: Moments, nClasses: number): CommonScratch {
  const { nBasis: m, nRandom: q, nPersonColumns: c } = moments;
  return {
    pattern: allocatePatternAlgebra(q, m),
    logPrior: new Float64Array(nClasses),
    offset: new Float64Array(nClasses),
    slope: new Float64Array(nClasses * m),
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
}

/**
 * Empties the sums over persons before a pattern.
 * @param x - scratch, changed
 * @param information - whether the sums that only the information needs are emptied too
 */
export function clearSums(x: CommonScratch, information: boolean): void {
  x.weight.fill(0);
  x.first.fill(0);
  x.zz.fill(0);
  x.wb.fill(0);
  x.pw.fill(0);
  if (information) x.ww.fill(0);
}

/**
 * Adds a pattern's log-likelihood, sum_i [logsumexp_i - (n log 2pi + log|V| + b'V^-1 b) / 2], its quadratic part from
 * the pattern's totals y'y and z z' in the scratch.
 * @param x - scratch of the pattern
 * @param q - number of random effects
 * @param nPersons - persons of the pattern, counted by weight
 * @param logSums - sum over persons of the log of the classes' summed linear parts
 * @param out - receives it
 */
export function addLogLikelihood(
  x: CommonScratch,
  q: number,
  nPersons: number,
  logSums: number,
  out: Evaluation,
): void {
  const p = x.pattern;
  let quad = x.yy;
  for (let a = 0; a < q * q; a++) quad -= p.m[a]! * x.zz[a]!;
  const constant = p.sessions * Math.log(2 * Math.PI) + p.logDeterminant;
  out.logLikelihood += logSums - 0.5 * (nPersons * constant + quad / p.variance);
}
