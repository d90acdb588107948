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
  addSumsOfClass,
  extremePosteriorsOfBlock,
  posteriorsOfBlock,
  ratiosOfClass,
  sumOfLogs,
} from "./scalarBlocks.js";

/** `varied` is written out for this basis; smaller ones are filled up with zeros. */
const COLUMNS = 3;
const HALF = 6;
const ALL = COLUMNS + HALF;

/**
 * The engine in JavaScript: where WebAssembly has no vectors, and what the other engine is compared with.
 * @param moments - the data
 * @param nClasses - K
 * @returns the engine, which leaves out no block
 */
export function scalarEngine(moments: Moments, nClasses: number): BlockEngine {
  return new ScalarEngine(moments, nClasses);
}

class ScalarEngine extends BlockEngine {
  readonly takesVaried: boolean;
  /** Columns in use, a multiple of three; and how many there is memory for. */
  private nColumns = 0;
  private isVaried = false;
  private readonly mostColumns: number;
  /** mostColumns x PEOPLE_PER_BLOCK: B'y, or u and W. */
  private readonly columns: Float64Array;
  /** K x PEOPLE_PER_BLOCK: log ratios, then posteriors, then posteriors by weight. */
  private readonly block: Float64Array;
  /** PEOPLE_PER_BLOCK: sum of ratios, the largest where ratios are extreme, and |G|. */
  private readonly totals: Float64Array = new Float64Array(PEOPLE_PER_BLOCK);
  private readonly largest: Float64Array = new Float64Array(PEOPLE_PER_BLOCK);
  private readonly determinants: Float64Array = new Float64Array(PEOPLE_PER_BLOCK);
  private readonly mu: Float64Array;
  /** K x (1 + mostColumns): coefficients of the log ratios, and sums. */
  private readonly ratios: Float64Array;
  private readonly classSums: Float64Array;
  /** S (x) S: six different entries. */
  private readonly sixProducts: Float64Array = new Float64Array(6);

  constructor(moments: Moments, nClasses: number) {
    super(moments, nClasses);
    const m = moments.nBasis;
    this.takesVaried = m <= COLUMNS && moments.nRandom <= MOST_RANDOM;
    this.mostColumns = Math.max(3 * Math.ceil(m / 3), ALL);
    this.columns = new Float64Array(this.mostColumns * PEOPLE_PER_BLOCK);
    this.block = new Float64Array(nClasses * PEOPLE_PER_BLOCK);
    this.mu = new Float64Array(nClasses * COLUMNS);
    this.ratios = new Float64Array(nClasses * (1 + this.mostColumns));
    this.classSums = new Float64Array(nClasses * (1 + this.mostColumns));
  }

  beginAlike(ratios: Float64Array): void {
    const m = this.moments.nBasis;
    this.clear();
    this.begin(3 * Math.ceil(m / 3), false);
    for (let k = 1; k < this.nClasses; k++)
      for (let c = 0; c <= m; c++) this.ratios[k * (1 + this.nColumns) + c] = ratios[k * (1 + m) + c]!;
  }

  alike(from: number, to: number, posteriors: Float64Array | undefined): boolean {
    const { columns } = this;
    const { nBasis: m, by } = this.moments;
    for (let a = 0; a < m; a++)
      for (let i = from, at = a * PEOPLE_PER_BLOCK, b = from * m + a; i < to; i++, at++, b += m)
        columns[at] = by[b]!;
    this.sumBlock(from, to, posteriors);
    return true;
  }

  override beginVaried(model: VariedModel): void {
    super.beginVaried(model);
    this.begin(ALL, true);
    this.sixProducts.fill(0);
    this.spread.fill(0);
    const { mu, ratios } = model;
    const { moments, nClasses } = this;
    const m = moments.nBasis;
    const size = 1 + m + halfSize(m);
    for (let k = 0; k < nClasses; k++) {
      const to = k * (1 + ALL);
      this.ratios[to] = ratios[k * size]!;
      for (let a = 0; a < m; a++) {
        this.mu[k * COLUMNS + a] = mu[k * m + a]!;
        this.ratios[to + 1 + a] = ratios[k * size + 1 + a]!;
        for (let b = a; b < m; b++)
          this.ratios[to + 1 + COLUMNS + halfIndex(COLUMNS, a, b)] =
            ratios[k * size + 1 + m + halfIndex(m, a, b)]!;
      }
    }
  }

  varied(pattern: number, from: number, to: number, posteriors: Float64Array | undefined): boolean {
    this.columnsOfPeople(pattern, from, to);
    this.sumBlock(from, to, posteriors);
    this.addSpread(to - from);
    return true;
  }

  end(): void {
    const { sums, classSums, nClasses, nColumns } = this;
    const { nBasis: m, nRandom: q } = this.moments;
    let out = 0;
    for (let k = 0; k < nClasses; k++) {
      const from = k * (1 + nColumns);
      for (let c = 0; c <= m; c++) sums[out++] = classSums[from + c]!;
      if (!this.isVaried) continue;
      for (let a = 0; a < m; a++)
        for (let b = a; b < m; b++) sums[out++] = classSums[from + 1 + COLUMNS + halfIndex(COLUMNS, a, b)]!;
    }
    if (this.isVaried) expandProducts(this.products, q, this.sixProducts);
  }

  private begin(nColumns: number, isVaried: boolean): void {
    this.nColumns = nColumns;
    this.isVaried = isVaried;
    this.ratios.fill(0);
    this.classSums.fill(0);
    // Columns beyond the model's own have coefficients of zero, and must hold numbers.
    this.columns.fill(0);
  }

  /** u and W of each person, and the sums of log|G|, z'M z and S (x) S: the formulas of `plain.ts`, written out for q = 2, m = 3. */
  private columnsOfPeople(pattern: number, from: number, to: number): void {
    const { moments, columns, factor, variance, determinants, sixProducts } = this;
    const { nBasis: m, by, btb, patternStart, weights } = moments;
    const weighted = weights.length > 0;
    const inverse = 1 / variance;
    const l00 = factor[0]!;
    const l10 = factor[1]!;
    const l11 = factor[2]!;
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
      const base = g * m * m;
      const b0 = by[i * m]!;
      const b1 = m > 1 ? by[i * m + 1]! : 0;
      const b2 = m > 2 ? by[i * m + 2]! : 0;
      const B00 = btb[base]!;
      const B01 = m > 1 ? btb[base + 1]! : 0;
      const B02 = m > 2 ? btb[base + 2]! : 0;
      const B11 = m > 1 ? btb[base + m + 1]! : 0;
      const B12 = m > 2 ? btb[base + m + 2]! : 0;
      const B22 = m > 2 ? btb[base + 2 * m + 2]! : 0;
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
      const at = i - from;
      columns[at] = inverse * (b0 - c00 * s0 - e10 * s1);
      columns[at + PEOPLE_PER_BLOCK] = inverse * (b1 - c01 * s0 - e11 * s1);
      columns[at + 2 * PEOPLE_PER_BLOCK] = inverse * (b2 - c02 * s0 - e12 * s1);
      columns[at + 3 * PEOPLE_PER_BLOCK] = W00;
      columns[at + 4 * PEOPLE_PER_BLOCK] = W01;
      columns[at + 5 * PEOPLE_PER_BLOCK] = inverse * (B02 - c00 * i0 * c02 - e10 * i1 * e12);
      columns[at + 6 * PEOPLE_PER_BLOCK] = W11;
      columns[at + 7 * PEOPLE_PER_BLOCK] = inverse * (B12 - c01 * i0 * c02 - e11 * i1 * e12);
      columns[at + 8 * PEOPLE_PER_BLOCK] = inverse * (B22 - c02 * i0 * c02 - e12 * i1 * e12);
      // NaN where rounding has eaten the variance: the likelihood does not exist there.
      determinants[at] = g0 > 0 && g1 > 0 ? g0 * g1 : Number.NaN;
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
    }
    this.squares += squares;
    this.trace += trace;
    this.trace2 += trace2;
    this.addVaried(people, this.logsByWeight(determinants, from, to));
    sixProducts[0]! += ss0;
    sixProducts[1]! += ss1;
    sixProducts[2]! += ss2;
    sixProducts[3]! += ss3;
    sixProducts[4]! += ss4;
    sixProducts[5]! += ss5;
  }

  /** From columns to posteriors and their sums. */
  private sumBlock(from: number, to: number, posteriors: Float64Array | undefined): void {
    const { nClasses, nColumns, block, columns, totals, largest, classSums } = this;
    const { weights } = this.moments;
    const n = to - from;
    this.logRatiosOfBlock(n);
    if (!posteriorsOfBlock(block, totals, nClasses, n)) {
      this.logRatiosOfBlock(n);
      extremePosteriorsOfBlock(block, totals, largest, nClasses, n);
      for (let i = 0; i < n; i++)
        this.logRatios += weights.length > 0 ? weights[from + i]! * largest[i]! : largest[i]!;
    }
    if (posteriors !== undefined)
      for (let k = 0; k < nClasses; k++)
        for (let i = 0; i < n; i++) posteriors[(from + i) * nClasses + k] = block[k * PEOPLE_PER_BLOCK + i]!;
    this.logRatios += this.logsByWeight(totals, from, to);
    if (weights.length > 0)
      for (let k = 0; k < nClasses; k++)
        for (let i = 0; i < n; i++) block[k * PEOPLE_PER_BLOCK + i]! *= weights[from + i]!;
    for (let k = 0; k < nClasses; k++)
      addSumsOfClass(classSums, k * (1 + nColumns), block, k, columns, nColumns, n);
  }

  private logRatiosOfBlock(n: number): void {
    const { nClasses, nColumns, block, columns, ratios } = this;
    for (let k = 1; k < nClasses; k++)
      ratiosOfClass(block, k, ratios, k * (1 + nColumns), columns, nColumns, n);
  }

  private logsByWeight(values: Float64Array, from: number, to: number): number {
    const { weights } = this.moments;
    if (weights.length === 0) return sumOfLogs(values, to - from);
    let sum = 0;
    for (let i = from; i < to; i++) if (weights[i]! !== 0) sum += weights[i]! * Math.log(values[i - from]!);
    return sum;
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
        const p = block[k * PEOPLE_PER_BLOCK + i]!;
        ee00 += p * e0 * e0;
        ee01 += p * e0 * e1;
        ee11 += p * e1 * e1;
      }
    }
    if (q > 0) spread[0]! += ee00;
    if (q < 2) return;
    spread[1]! += ee01;
    spread[2]! += ee01;
    spread[3]! += ee11;
  }
}
