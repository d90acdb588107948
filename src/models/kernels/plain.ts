import { type FixedStructure, type Moments, weightBetween } from "../design/moments.js";
import { finishLogits } from "./general.js";
import { basisMeansInto } from "./means.js";
import { allocatePatternAlgebra, applyInverse, computePattern, type PatternAlgebra } from "./pattern.js";
import { addSquares, type DataTotals, dataTotals } from "./plain/dataTotals.js";
import { type BlockEngine, type EngineMaker, halfIndex, halfSize, PEOPLE_PER_BLOCK } from "./plain/engine.js";
import { scalarEngine } from "./plain/scalarEngine.js";
import {
  addAlikePeople,
  addPattern,
  addVariedPeople,
  allocateTotals,
  clearTotals,
  foldTotals,
  type PlainTotals,
} from "./plain/totals.js";
import { vectorEngine } from "./plain/vectorEngine.js";
import { logPriorInto } from "./prior.js";
import { type ClassParameters, clearEvaluation, type Kernel } from "./types.js";

// The model of most analyses and of the largest data: one D and one residual variance s2 for all classes, and no covariates. The classes
// differ in the coefficients mu_k of the time basis B alone, Z being its first q columns. With V = Z D Z' + s2 I,
//   u = B'V^-1 y (m numbers),   W = B'V^-1 B (m x m),
// what does not depend on the class cancels in the density ratio against class 0:
//   log ratio_k = log pi_k / pi_0 + d_k'u - (mu_k'W mu_k - mu_0'W mu_0) / 2,   d_k = mu_k - mu_0,
// linear in u and the entries of W, so a class costs as many multiplications as there are entries. By Woodbury with D = L L',
//   G = s2 I + L'Z'Z L,   M = L G^-1 L',   u = (B'y - (Z'B)'M Z'y) / s2,   W = (B'B - (Z'B)'M Z'B) / s2,   log|V| = (n - q) log s2 + log|G|.
// Everything asked for follows from sums over people, p being posteriors (times weights):
//   U_k = sum p_k u,   W_k = sum p_k W:    score of mu_k: U_k - W_k mu_k;  its information: W_k
//   E = sum p_k e_k e_k',  e_k = Z'V^-1 r_k, the first q of u - W mu_k;   S = Z'V^-1 Z, the first q x q of W:
//     score of D: (E - sum S) / 2;  its information: sum S (x) S
//   Q = sum p_k r_k'V^-1 r_k = (sum y'y - sum z'M z) / s2 - 2 sum_k mu_k'U_k + sum_k mu_k'W_k mu_k,  z = Z'y
//   r'V^-2 r = (r'V^-1 r - e'D e) / s2 and Z'V^-2 Z = (S - S D S) / s2, because V^-1 = (I - Z D Z'V^-1) / s2;
//   trace V^-1 = (n - q) / s2 + trace G^-1 and trace V^-2 = (n - q) / s2^2 + trace G^-2, because V has the eigenvalues of G and n - q times s2:
//     score of s2: ((Q - trace(D E)) / s2 - sum trace V^-1) / 2;  its information: sum trace V^-2
// People with the same pattern of occasions share W, and u is one linear map of B'y for all of them: their sums are those of p_k and of
// p_k B'y. Where few share a pattern (weeks, dates), each person's u and W are made anew. Sums go over blocks of people: first all
// posteriors, then all sums (`plain/engine.ts`); without weights one logarithm serves a whole block.

/**
 * Whether {@link plainKernel} computes a model: a common covariance, no person-level covariate in the growth model or for membership.
 * @param moments - the data
 * @param commonCovariance - D and the residual variance equal over classes
 * @returns true when it does
 */
export function isPlainModel(moments: Moments, commonCovariance: boolean): boolean {
  return commonCovariance && moments.nPersonColumns === 1 && moments.nMembership === 1;
}

/**
 * The fastest engine of this machine.
 * @param moments - the data
 * @param nClasses - K
 * @returns vectors in WebAssembly where there are, else JavaScript
 */
export function fastestEngine(moments: Moments, nClasses: number): BlockEngine {
  return vectorEngine(moments, nClasses) ?? scalarEngine(moments, nClasses);
}

/**
 * The likelihood of mixtures with one D and one residual variance for all classes and no covariates.
 * @param moments - the data
 * @param fixed - structure of the means, of basis columns alone
 * @param nClasses - K, 1 or more
 * @param makeEngine - what does the arithmetic of blocks
 * @returns the kernel; gradients of D and of the variance are totals, left in class 0
 * Source: Verbeke & Lesaffre (1996) for the model; the arrangement is ours.
 */
export function plainKernel(
  moments: Moments,
  fixed: FixedStructure,
  nClasses: number,
  makeEngine: EngineMaker = fastestEngine,
): Kernel {
  const pass = new PlainPass(moments, fixed, nClasses, makeEngine(moments, nClasses));
  return {
    nClasses,
    evaluate(parameters, out, request) {
      clearEvaluation(out);
      pass.setParameters(parameters);
      pass.sumPeople(request.posteriors, request.information);
      foldTotals(pass.totals, pass.data, pass, fixed, out, request.information);
      finishLogits(out, moments, pass.logPrior, request.information);
    },
  };
}

/** Work space of one kernel, and the sums over people at one point. */
class PlainPass {
  readonly data: DataTotals;
  readonly totals: PlainTotals;
  readonly logPrior: Float64Array;
  /** K x m: coefficients of the basis. */
  readonly mu: Float64Array;
  /** Factor of D, and the residual variance. */
  factor: Float64Array = new Float64Array(0);
  variance = 1;
  /** K x (1 + m + m (m + 1) / 2): a, d and h of log ratio = a + d'u + sum of h_ab W_ab. */
  private readonly ratios: Float64Array;
  /** K x (1 + m): the same for people of one pattern, in terms of B'y. */
  private readonly patternRatios: Float64Array;
  private readonly pattern: PatternAlgebra;
  /** m x m: W of a pattern. */
  private readonly w: Float64Array;
  /** q x q: z z' of some people of a pattern. */
  private readonly squares: Float64Array;
  private readonly fallback: BlockEngine;

  constructor(
    private readonly moments: Moments,
    private readonly fixed: FixedStructure,
    private readonly nClasses: number,
    private readonly engine: BlockEngine,
  ) {
    const { nBasis: m, nRandom: q } = moments;
    this.fallback = scalarEngine(moments, nClasses);
    this.data = dataTotals(moments, engine.takesVaried);
    this.totals = allocateTotals(nClasses, m, q);
    this.logPrior = new Float64Array(nClasses);
    this.mu = new Float64Array(nClasses * m);
    this.ratios = new Float64Array(nClasses * (1 + m + halfSize(m)));
    this.patternRatios = new Float64Array(nClasses * (1 + m));
    this.pattern = allocatePatternAlgebra(q, m);
    this.w = new Float64Array(m * m);
    this.squares = new Float64Array(q * q);
  }

  setParameters(parameters: ClassParameters): void {
    const { fixed, moments, nClasses, logPrior, mu, ratios } = this;
    const m = moments.nBasis;
    this.factor = parameters.factor;
    this.variance = parameters.residual[0]!;
    logPriorInto(logPrior, nClasses, parameters.logits, 1, moments.v, 0);
    basisMeansInto(mu, fixed, parameters.beta, nClasses, m);
    for (let k = 1; k < nClasses; k++) {
      const at = k * (1 + m + halfSize(m));
      ratios[at] = logPrior[k]! - logPrior[0]!;
      for (let a = 0; a < m; a++) {
        ratios[at + 1 + a] = mu[k * m + a]! - mu[a]!;
        for (let b = a; b < m; b++) {
          const change = mu[k * m + a]! * mu[k * m + b]! - mu[a]! * mu[b]!;
          ratios[at + 1 + m + halfIndex(m, a, b)] = a === b ? -0.5 * change : -change;
        }
      }
    }
  }

  /** Fills the totals, and posteriors where asked for. */
  sumPeople(posteriors: Float64Array | undefined, information: boolean): void {
    const { nRandom: q, patternStart } = this.moments;
    const { segments, count, zz } = this.data;
    clearTotals(this.totals);
    for (const { alike, first, end } of segments) {
      if (!alike) this.sumVaried(first, end, posteriors, information);
      else
        for (let g = first; g < end; g++) {
          this.sumAlike(
            this.engine,
            g,
            patternStart[g]!,
            patternStart[g + 1]!,
            count[g]!,
            zz,
            g * q * q,
            posteriors,
          );
        }
    }
  }

  /** People `from` .. `to` - 1 of pattern g: so many by weight, with their z z' at `at` of `zz`. */
  private sumAlike(
    engine: BlockEngine,
    g: number,
    from: number,
    to: number,
    people: number,
    zz: Float64Array,
    at: number,
    posteriors: Float64Array | undefined,
  ): void {
    const { moments, pattern, totals, w, mu, patternRatios, fallback } = this;
    computePattern(pattern, moments, g, this.factor, 0, this.variance);
    this.setPatternRatios();
    addPattern(totals, pattern, people, zz, at);
    engine.beginAlike(patternRatios);
    for (let start = from; start < to; start += PEOPLE_PER_BLOCK) {
      const end = Math.min(start + PEOPLE_PER_BLOCK, to);
      if (engine.alike(start, end, posteriors)) continue;
      fallback.beginAlike(patternRatios);
      fallback.alike(start, end, posteriors);
      fallback.end();
      addAlikePeople(totals, fallback, pattern, w, mu);
    }
    engine.end();
    addAlikePeople(totals, engine, pattern, w, mu);
  }

  /** W of the pattern, and r = A'd where u = A B'y: (A'd)_a = (d_a - [a < q] (M Z'B d)_a) / s2. */
  private setPatternRatios(): void {
    const { moments, nClasses, pattern, w, ratios, patternRatios } = this;
    const { nBasis: m, nRandom: q } = moments;
    const { h, btb, base } = pattern;
    for (let a = 0; a < m; a++) applyInverse(w, a * m, pattern, btb, base + a * m, q, m);
    const inverse = 1 / this.variance;
    for (let k = 1; k < nClasses; k++) {
      const from = k * (1 + m + halfSize(m));
      const to = k * (1 + m);
      let constant = ratios[from]!;
      let half = from + 1 + m;
      for (let a = 0; a < m; a++) {
        for (let b = a; b < m; b++) constant += ratios[half++]! * w[a * m + b]!;
        let value = ratios[from + 1 + a]!;
        if (a < q) for (let b = 0; b < m; b++) value -= h[a * m + b]! * ratios[from + 1 + b]!;
        patternRatios[to + 1 + a] = value * inverse;
      }
      patternRatios[to] = constant;
    }
  }

  /** People of patterns `first` .. `end` - 1. */
  private sumVaried(
    first: number,
    end: number,
    posteriors: Float64Array | undefined,
    information: boolean,
  ): void {
    const { moments, engine, totals, factor, variance, mu, ratios } = this;
    const { patternStart } = moments;
    const last = patternStart[end]!;
    engine.beginVaried({ factor, variance, mu, ratios, information });
    let g = first;
    for (let from = patternStart[first]!; from < last; from += PEOPLE_PER_BLOCK) {
      const to = Math.min(from + PEOPLE_PER_BLOCK, last);
      while (from >= patternStart[g + 1]!) g++;
      if (!engine.varied(g, from, to, posteriors)) this.sumOneByOne(g, from, to, posteriors);
    }
    engine.end();
    addVariedPeople(totals, engine);
  }

  /** People that the engine refused, pattern by pattern: for ratios that are extreme, and to find where there is no likelihood. */
  private sumOneByOne(pattern: number, from: number, to: number, posteriors: Float64Array | undefined): void {
    const { moments, squares } = this;
    const { patternStart } = moments;
    for (let g = pattern; g < moments.nPatterns && patternStart[g]! < to; g++) {
      const start = Math.max(from, patternStart[g]!);
      const end = Math.min(to, patternStart[g + 1]!);
      const people = weightBetween(moments, start, end);
      squares.fill(0);
      addSquares(moments, start, end, squares, 0);
      this.sumAlike(this.fallback, g, start, end, people, squares, 0, posteriors);
    }
  }
}
