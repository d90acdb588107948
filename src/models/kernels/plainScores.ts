import type { FixedStructure, Moments } from "../design/moments.js";
import { basisMeansInto } from "./means.js";
import { allocatePatternAlgebra, computePattern, type PatternAlgebra } from "./pattern.js";
import { logPriorInto, posteriorsInPlace } from "./prior.js";
import type { ClassParameters } from "./types.js";

// Scores of persons in the parameters of the classes, for the models of `plain.ts`, in the notation there. With v_k = u - W mu_k = B'V^-1 r_k, e_k the first q entries of v_k:
//   logits   p_k - pi_k
//   beta_k   p_k v_k
//   D        (sum_k p_k e_k e_k' - S) / 2
//   s2       (Q - trace(D E) - n + trace(D S)) / (2 s2),   E = sum_k p_k e_k e_k',   trace(D S) = n - s2 trace V^-1,
//            Q = sum_k p_k r_k'V^-1 r_k = (y'y - z'M z) / s2 - sum_k p_k mu_k'(u + v_k)
// An entry of D off the diagonal stands for both, so it counts twice.

/** Work space: what a pattern's persons share, and one person's posteriors and v_k. */
interface Scratch {
  readonly pattern: PatternAlgebra;
  readonly prior: Float64Array;
  /** K: log pi_k - mu_k'W mu_k / 2. */
  readonly offset: Float64Array;
  /** K x m: mu_k, W mu_k. */
  readonly mu: Float64Array;
  readonly wMu: Float64Array;
  /** q x q: D. */
  readonly d: Float64Array;
  /** m: u; K: posteriors; K x m: v_k. */
  readonly u: Float64Array;
  readonly posterior: Float64Array;
  readonly v: Float64Array;
}

/**
 * Visits the score of every person, in the order of the moments; weights are left to the visitor.
 * @param moments - the data: one person column, one membership column
 * @param fixed - structure of the means, of basis columns alone
 * @param parameters - where; D and s2 are those of class 0
 * @param score - filled for one person at a time: the entries of `scoreEntries`, class by class; those of D and s2 after class 0
 * @param visit - called once per person after `score` is filled
 */
export function visitPlainScores(
  moments: Moments,
  fixed: FixedStructure,
  parameters: ClassParameters,
  score: Float64Array,
  visit: (person: number) => void,
): void {
  const x = prepare(moments, fixed, parameters);
  for (let g = 0; g < moments.nPatterns; g++) {
    preparePattern(x, moments, parameters, g);
    const end = moments.patternStart[g + 1]!;
    for (let i = moments.patternStart[g]!; i < end; i++) {
      posteriorsOf(x, moments, i);
      scoreOf(x, moments, fixed, i, score);
      visit(i);
    }
  }
}

function prepare(moments: Moments, fixed: FixedStructure, parameters: ClassParameters): Scratch {
  const { nBasis: m, nRandom: q } = moments;
  const { nClasses, factor } = parameters;
  const logPrior = new Float64Array(nClasses);
  logPriorInto(logPrior, nClasses, parameters.logits, 1, moments.v, 0);
  const mu = new Float64Array(nClasses * m);
  basisMeansInto(mu, fixed, parameters.beta, nClasses, m);
  const d = new Float64Array(q * q);
  for (let a = 0; a < q; a++)
    for (let b = 0; b < q; b++)
      for (let c = 0; c < q; c++) d[a * q + b]! += factor[a * q + c]! * factor[b * q + c]!;
  return {
    pattern: allocatePatternAlgebra(q, m),
    prior: logPrior.map(Math.exp),
    offset: new Float64Array(nClasses),
    mu,
    wMu: new Float64Array(nClasses * m),
    d,
    u: new Float64Array(m),
    posterior: new Float64Array(nClasses),
    v: new Float64Array(nClasses * m),
  };
}

/** W mu_k and the offsets of pattern g. */
function preparePattern(x: Scratch, moments: Moments, parameters: ClassParameters, g: number): void {
  const { nBasis: m, nRandom: q, btb } = moments;
  const { pattern, mu, wMu, offset, prior } = x;
  computePattern(pattern, moments, g, parameters.factor, 0, parameters.residual[0]!);
  const inverse = 1 / pattern.variance;
  for (let k = 0; k < prior.length; k++) {
    let quadratic = 0;
    for (let a = 0; a < m; a++) {
      let sum = 0;
      for (let b = 0; b < m; b++) {
        let w = btb[(g * m + a) * m + b]!;
        for (let c = 0; c < q; c++) w -= btb[(g * m + a) * m + c]! * pattern.h[c * m + b]!;
        sum += w * inverse * mu[k * m + b]!;
      }
      wMu[k * m + a] = sum;
      quadratic += sum * mu[k * m + a]!;
    }
    offset[k] = Math.log(prior[k]!) - 0.5 * quadratic;
  }
}

/** u, v_k and the posteriors of person i. */
function posteriorsOf(x: Scratch, { nBasis: m, nRandom: q, by }: Moments, i: number): void {
  const { pattern, mu, wMu, offset, u, v, posterior } = x;
  const { h } = pattern;
  const nClasses = posterior.length;
  const inverse = 1 / pattern.variance;
  for (let a = 0; a < m; a++) {
    let sum = by[i * m + a]!;
    for (let c = 0; c < q; c++) sum -= h[c * m + a]! * by[i * m + c]!;
    u[a] = sum * inverse;
  }
  for (let k = 0, at = 0; k < nClasses; k++) {
    let value = offset[k]!;
    for (let a = 0; a < m; a++, at++) {
      value += mu[at]! * u[a]!;
      v[at] = u[a]! - wMu[at]!;
    }
    posterior[k] = value;
  }
  posteriorsInPlace(posterior, nClasses);
}

function scoreOf(x: Scratch, moments: Moments, fixed: FixedStructure, i: number, score: Float64Array): void {
  const { nBasis: m, nRandom: q, by, yy } = moments;
  const { pattern, posterior, prior, mu, u, v, d } = x;
  const nClasses = posterior.length;
  const inverse = 1 / pattern.variance;
  let squares = yy[i]!;
  for (let a = 0; a < q; a++)
    for (let b = 0; b < q; b++) squares -= pattern.m[a * q + b]! * by[i * m + a]! * by[i * m + b]!;
  squares *= inverse;
  const nShared = (q * (q + 1)) / 2 + 1;
  for (let k = 0, at = 0; k < nClasses; k++) {
    const p = posterior[k]!;
    score[at++] = p - prior[k]!;
    for (let j = 0; j < fixed.nFixed; j++) score[at++] = p * v[k * m + fixed.basis[j]!]!;
    for (let a = 0; a < m; a++) squares -= p * mu[k * m + a]! * (u[a]! + v[k * m + a]!);
    if (k === 0) at += nShared;
  }
  // trace(D S) - n = -s2 trace V^-1
  let rest = squares - pattern.variance * pattern.traceInverse;
  let at = 1 + fixed.nFixed;
  for (let a = 0; a < q; a++)
    for (let b = 0; b <= a; b++) {
      let sum = 0;
      for (let k = 0; k < nClasses; k++) sum += posterior[k]! * v[k * m + a]! * v[k * m + b]!;
      const times = a === b ? 1 : 2;
      score[at++] = 0.5 * times * (sum - pattern.s[a * q + b]!);
      rest -= times * d[a * q + b]! * sum;
    }
  score[at] = 0.5 * inverse * rest;
}
