import type { Moments } from "../../design/moments.js";
import {
  BlockEngine,
  expandProducts,
  halfIndex,
  halfSize,
  MOST_RANDOM,
  PEOPLE_PER_BLOCK,
  type VariedModel,
} from "./engine.js";
import {
  LARGEST_PRODUCT,
  lineRatios,
  lineSums,
  posteriorsOfBlock,
  quadraticRatios,
  quadraticSums,
  weighBlock,
} from "./scalarBlocks.js";

/** `varied` is written out for this basis; smaller ones are filled up with zeros. */
const COLUMNS = 3;
const HALF = 6;
const ALL = COLUMNS + HALF;

/**
 * The engine in JavaScript: where WebAssembly has no vectors, and what the other engine is compared with.
 * @param moments - the data
 * @param nClasses - K
 * @returns the engine
 */
export function scalarEngine(moments: Moments, nClasses: number): BlockEngine {
  return new ScalarEngine(moments, nClasses);
}

class ScalarEngine extends BlockEngine {
  readonly takesVaried: boolean;
  /** PEOPLE_PER_BLOCK x K: log ratios, then posteriors (times weights). */
  private readonly block: Float64Array;
  /** ALL x PEOPLE_PER_BLOCK, column by column: u and W. */
  private readonly columns: Float64Array;
  private readonly mu: Float64Array;
  /** K x (1 + ALL). */
  private readonly ratios: Float64Array;

  constructor(moments: Moments, nClasses: number) {
    super(moments, nClasses);
    this.takesVaried = moments.nBasis <= COLUMNS && moments.nRandom <= MOST_RANDOM;
    this.block = new Float64Array(PEOPLE_PER_BLOCK * nClasses);
    this.columns = new Float64Array(ALL * PEOPLE_PER_BLOCK);
    this.mu = new Float64Array(nClasses * COLUMNS);
    this.ratios = new Float64Array(nClasses * (1 + ALL));
  }

  alike(ratios: Float64Array, from: number, to: number, posteriors: Float64Array | undefined): boolean {
    const { moments, nClasses, block, sums } = this;
    const { nBasis: m, by } = moments;
    for (let k = 1; k < nClasses; k++) {
      if (m === 3) quadraticRatios(block, ratios, by, from, to, k, nClasses);
      else lineRatios(block, ratios, by, from, to, k, m, nClasses);
    }
    this.posteriors(from, to, posteriors);
    for (let k = 0; k < nClasses; k++) {
      if (m === 3) quadraticSums(sums, block, by, from, to, k, nClasses);
      else lineSums(sums, block, by, from, to, k, m, nClasses);
    }
    return true;
  }

  override prepareVaried(model: VariedModel): void {
    super.prepareVaried(model);
    const { mu, ratios } = model;
    const { moments, nClasses } = this;
    const m = moments.nBasis;
    const nColumns = m + halfSize(m);
    for (let k = 0; k < nClasses; k++) {
      this.ratios[k * (1 + ALL)] = ratios[k * (1 + nColumns)]!;
      for (let a = 0; a < m; a++) {
        this.mu[k * COLUMNS + a] = mu[k * m + a]!;
        this.ratios[k * (1 + ALL) + 1 + a] = ratios[k * (1 + nColumns) + 1 + a]!;
        for (let b = a; b < m; b++)
          this.ratios[k * (1 + ALL) + 1 + COLUMNS + halfIndex(COLUMNS, a, b)] =
            ratios[k * (1 + nColumns) + 1 + m + halfIndex(m, a, b)]!;
      }
    }
  }

  varied(pattern: number, from: number, to: number, posteriors: Float64Array | undefined): boolean {
    this.columnsOfPeople(pattern, from, to);
    this.ratiosOfPeople(to - from);
    this.posteriors(from, to, posteriors);
    this.addSpread(to - from);
    this.sumColumns(to - from);
    return true;
  }

  /** u and W of each person, and the sums of log|G|, z'M z and S (x) S: the formulas of `plain.ts`, written out for q = 2, m = 3. */
  private columnsOfPeople(pattern: number, from: number, to: number): void {
    const { moments, columns, factor, variance } = this;
    const { nBasis: m, by, btb, patternStart, weights } = moments;
    const weighted = weights.length > 0;
    const inverse = 1 / variance;
    const l00 = factor[0]!;
    const l10 = factor[1]!;
    const l11 = factor[2]!;
    const constant = MOST_RANDOM * Math.log(variance);
    let logDeterminant = 0;
    let determinants = 1;
    let people = 0;
    let squares = 0;
    let trace = 0;
    let trace2 = 0;
    let ss0 = 0;
    let ss1 = 0;
    let ss2 = 0;
    let ss3 = 0;
    let ss4 = 0;
    let ss5 = 0;
    let g = pattern;
    for (let i = from; i < to; i++) {
      while (i >= patternStart[g + 1]!) g++;
      const own = weighted ? weights[i]! : 1;
      const at = g * m * m;
      const b0 = by[i * m]!;
      const b1 = m > 1 ? by[i * m + 1]! : 0;
      const b2 = m > 2 ? by[i * m + 2]! : 0;
      const B00 = btb[at]!;
      const B01 = m > 1 ? btb[at + 1]! : 0;
      const B02 = m > 2 ? btb[at + 2]! : 0;
      const B11 = m > 1 ? btb[at + m + 1]! : 0;
      const B12 = m > 2 ? btb[at + m + 2]! : 0;
      const B22 = m > 2 ? btb[at + 2 * m + 2]! : 0;
      // C = L'Z'B and L'z; G = s2 I + C L = (1 0; f 1) diag(g0, g1) (1 f; 0 1)
      const c00 = l00 * B00 + l10 * B01;
      const c01 = l00 * B01 + l10 * B11;
      const c02 = l00 * B02 + l10 * B12;
      const c0y = l00 * b0 + l10 * b1;
      const g0 = variance + c00 * l00 + c01 * l10;
      const g01 = c01 * l11;
      const i0 = 1 / g0;
      const f = g01 * i0;
      const g1 = variance + l11 * B11 * l11 - f * g01;
      const i1 = 1 / g1;
      // (Z'B)'M Z'B = C'G^-1 C, by the rows of C after elimination
      const e10 = l11 * B01 - f * c00;
      const e11 = l11 * B11 - f * c01;
      const e12 = l11 * B12 - f * c02;
      const e1y = l11 * b1 - f * c0y;
      const s0 = c0y * i0;
      const s1 = e1y * i1;
      const W00 = inverse * (B00 - c00 * i0 * c00 - e10 * i1 * e10);
      const W01 = inverse * (B01 - c00 * i0 * c01 - e10 * i1 * e11);
      const W11 = inverse * (B11 - c01 * i0 * c01 - e11 * i1 * e11);
      const to = i - from;
      columns[to] = inverse * (b0 - c00 * s0 - e10 * s1);
      columns[to + PEOPLE_PER_BLOCK] = inverse * (b1 - c01 * s0 - e11 * s1);
      columns[to + 2 * PEOPLE_PER_BLOCK] = inverse * (b2 - c02 * s0 - e12 * s1);
      columns[to + 3 * PEOPLE_PER_BLOCK] = W00;
      columns[to + 4 * PEOPLE_PER_BLOCK] = W01;
      columns[to + 5 * PEOPLE_PER_BLOCK] = inverse * (B02 - c00 * i0 * c02 - e10 * i1 * e12);
      columns[to + 6 * PEOPLE_PER_BLOCK] = W11;
      columns[to + 7 * PEOPLE_PER_BLOCK] = inverse * (B12 - c01 * i0 * c02 - e11 * i1 * e12);
      columns[to + 8 * PEOPLE_PER_BLOCK] = inverse * (B22 - c02 * i0 * c02 - e12 * i1 * e12);
      if (own === 0) continue;
      people += own;
      squares += own * (c0y * s0 + e1y * s1);
      // G^-1 = (i0 + f^2 i1, -f i1; -f i1, i1)
      const f1 = f * i1;
      const corner = i0 + f * f1;
      trace += own * (corner + i1);
      trace2 += own * (corner * corner + 2 * f1 * f1 + i1 * i1);
      ss0 += own * W00 * W00;
      ss1 += own * W00 * W01;
      ss2 += own * W00 * W11;
      ss3 += own * W01 * W01;
      ss4 += own * W01 * W11;
      ss5 += own * W11 * W11;
      // NaN where rounding has eaten the variance: the likelihood does not exist there.
      const determinant = g0 > 0 && g1 > 0 ? g0 * g1 : Number.NaN;
      if (weighted) logDeterminant += own * Math.log(determinant);
      else {
        determinants *= determinant;
        if (!(determinants > 1 / LARGEST_PRODUCT && determinants < LARGEST_PRODUCT)) {
          logDeterminant += Math.log(determinants);
          determinants = 1;
        }
      }
    }
    this.squares = squares;
    // Random effects that the model does not have are of variance zero here: G is s2 there.
    const absent = people * (MOST_RANDOM - moments.nRandom) * inverse;
    this.trace = trace - absent;
    this.trace2 = trace2 - absent * inverse;
    this.logDeterminant = logDeterminant + Math.log(determinants) - people * constant;
    expandProducts(this.products, moments.nRandom, [ss0, ss1, ss2, ss3, ss4, ss5]);
  }

  private ratiosOfPeople(n: number): void {
    const { nClasses, block, columns, ratios } = this;
    for (let k = 1; k < nClasses; k++) {
      const r = k * (1 + ALL);
      for (let i = 0; i < n; i++) {
        let value = ratios[r]!;
        for (let c = 0, at = i; c < ALL; c++, at += PEOPLE_PER_BLOCK)
          value += ratios[r + 1 + c]! * columns[at]!;
        block[i * nClasses + k] = value;
      }
    }
  }

  /** Log ratios to posteriors (times weights), and the sum of the logarithms of their sums. */
  private posteriors(from: number, to: number, posteriors: Float64Array | undefined): void {
    const { moments, nClasses, block } = this;
    const { weights } = moments;
    if (weights.length > 0) {
      this.logRatios = weighBlock(block, weights, from, to, nClasses, posteriors);
      return;
    }
    this.logRatios = posteriorsOfBlock(block, to - from, nClasses);
    posteriors?.set(block.subarray(0, (to - from) * nClasses), from * nClasses);
  }

  /** Sum of e e' over people and classes: e = Z'V^-1 r, the first entries of u - W mu. */
  private addSpread(n: number): void {
    const { nClasses, block, columns, mu, spread } = this;
    const q = this.moments.nRandom;
    let ee00 = 0;
    let ee01 = 0;
    let ee11 = 0;
    for (let k = 0; k < nClasses; k++) {
      const m0 = mu[k * COLUMNS]!;
      const m1 = mu[k * COLUMNS + 1]!;
      const m2 = mu[k * COLUMNS + 2]!;
      for (let i = 0; i < n; i++) {
        const W01 = columns[4 * PEOPLE_PER_BLOCK + i]!;
        const e0 =
          columns[i]! -
          columns[3 * PEOPLE_PER_BLOCK + i]! * m0 -
          W01 * m1 -
          columns[5 * PEOPLE_PER_BLOCK + i]! * m2;
        const e1 =
          columns[PEOPLE_PER_BLOCK + i]! -
          W01 * m0 -
          columns[6 * PEOPLE_PER_BLOCK + i]! * m1 -
          columns[7 * PEOPLE_PER_BLOCK + i]! * m2;
        const p = block[i * nClasses + k]!;
        ee00 += p * e0 * e0;
        ee01 += p * e0 * e1;
        ee11 += p * e1 * e1;
      }
    }
    if (q > 0) spread[0] = ee00;
    if (q < 2) return;
    spread[1] = ee01;
    spread[2] = ee01;
    spread[3] = ee11;
  }

  private sumColumns(n: number): void {
    const { moments, nClasses, block, columns, sums } = this;
    const m = moments.nBasis;
    let out = 0;
    for (let k = 0; k < nClasses; k++) {
      sums[out++] = posteriorSum(block, k, n, nClasses, columns, -1);
      for (let a = 0; a < m; a++) sums[out++] = posteriorSum(block, k, n, nClasses, columns, a);
      for (let a = 0; a < m; a++)
        for (let b = a; b < m; b++)
          sums[out++] = posteriorSum(block, k, n, nClasses, columns, COLUMNS + halfIndex(COLUMNS, a, b));
    }
  }
}

/** Sum over a block of posteriors of a class, times a column where that is not negative. */
function posteriorSum(
  block: Float64Array,
  k: number,
  n: number,
  nClasses: number,
  columns: Float64Array,
  column: number,
): number {
  let sum = 0;
  if (column < 0) for (let i = 0, at = k; i < n; i++, at += nClasses) sum += block[at]!;
  else
    for (let i = 0, at = k, c = column * PEOPLE_PER_BLOCK; i < n; i++, at += nClasses, c++)
      sum += block[at]! * columns[c]!;
  return sum;
}
