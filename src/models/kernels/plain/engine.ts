import type { Moments } from "../../design/moments.js";

/** People of one block at most: what is kept of them stays in the fastest cache. */
export const PEOPLE_PER_BLOCK = 128;
/** Above this a log ratio's exponential, or a sum of them, could leave the range of numbers. */
export const LARGEST_LOG_RATIO = 300;

/** Where the E-step of people with patterns of their own is evaluated. */
export interface VariedModel {
  /** Factor of D, q x q, lower. */
  readonly factor: Float64Array;
  readonly variance: number;
  /** K x m: coefficients of the basis. */
  readonly mu: Float64Array;
  /** K x (1 + m + m (m + 1) / 2): a, d and h of the log ratio a + d'u + sum of h_ab W_ab; entries of class 0 are not read. */
  readonly ratios: Float64Array;
  /** Whether S (x) S and trace G^-2 are wanted. */
  readonly information: boolean;
}

/** Random effects that `varied` takes; a model with fewer has others of variance zero there. */
export const MOST_RANDOM = 2;

/**
 * What does the arithmetic of blocks of people: in WebAssembly where there are vectors (`vectorEngine.ts`), else in JavaScript
 * (`scalarEngine.ts`); the two agree to rounding. After `beginAlike` or `beginVaried`, some blocks and `end`, the fields hold the sums over
 * these blocks.
 */
export abstract class BlockEngine {
  /** Sum over people, by weight, of log sum_k ratio_k. */
  logRatios = 0;
  /**
   * K x (1 + columns): sum of posteriors by weight, and of these times each column: B'y (m) of people alike; u (m), then the upper half of
   * W row by row, of others.
   */
  readonly sums: Float64Array;
  /** Of people with patterns of their own, by weight: sum of log|G| - q log s2; of z'M z; of trace G^-1 and of trace G^-2. */
  logDeterminant = 0;
  squares = 0;
  trace = 0;
  trace2 = 0;
  /** Of people with patterns of their own: sum of e e' (q x q), and of S (x) S (q^4, entry [a c b d] = S_ac S_bd). */
  readonly spread: Float64Array;
  readonly products: Float64Array;
  /** Whether people with patterns of their own can be evaluated. */
  abstract readonly takesVaried: boolean;
  /** Factor of D, entries 00, 10 and 11, and the residual variance. */
  protected readonly factor: Float64Array = new Float64Array(3);
  protected variance = 1;
  protected information = false;

  constructor(
    protected readonly moments: Moments,
    protected readonly nClasses: number,
  ) {
    const { nBasis: m, nRandom: q } = moments;
    this.sums = new Float64Array(nClasses * (1 + m + halfSize(m)));
    this.spread = new Float64Array(q * q);
    this.products = new Float64Array(q ** 4);
  }

  /**
   * Blocks of people of one pattern follow.
   * @param ratios - K x (1 + m): a and r of the log ratio a + r'B'y against class 0; entries of class 0 are not read
   */
  abstract beginAlike(ratios: Float64Array): void;

  /**
   * People `from` .. `to` - 1 of the pattern.
   * @returns false where a ratio is too large for the engine, or no number: the block is then left out
   */
  abstract alike(from: number, to: number, posteriors: Float64Array | undefined): boolean;

  /** Blocks of people with patterns of their own follow. */
  beginVaried({ factor, variance, information }: VariedModel): void {
    const q = this.moments.nRandom;
    this.factor[0] = q > 0 ? factor[0]! : 0;
    this.factor[1] = q > 1 ? factor[2]! : 0;
    this.factor[2] = q > 1 ? factor[3]! : 0;
    this.variance = variance;
    this.information = information;
    this.clear();
  }

  /**
   * People `from` .. `to` - 1, whose patterns begin with `pattern`.
   * @returns false where a ratio is too large for the engine, or no number: the block is then left out
   */
  abstract varied(pattern: number, from: number, to: number, posteriors: Float64Array | undefined): boolean;

  /** No block follows. */
  abstract end(): void;

  protected clear(): void {
    this.logRatios = 0;
    this.logDeterminant = 0;
    this.squares = 0;
    this.trace = 0;
    this.trace2 = 0;
  }

  /** Sums of random effects that the model does not have: of variance zero to `varied`, where G is s2 for them. */
  protected addVaried(people: number, logDeterminant: number): void {
    this.logDeterminant += logDeterminant - people * MOST_RANDOM * Math.log(this.variance);
    const absent = (people * (MOST_RANDOM - this.moments.nRandom)) / this.variance;
    this.trace -= absent;
    this.trace2 -= absent / this.variance;
  }
}

/** Makes an engine for data and a number of classes. */
export type EngineMaker = (moments: Moments, nClasses: number) => BlockEngine;

/**
 * Different entries of a symmetric matrix.
 * @param m - its size
 * @returns m (m + 1) / 2
 */
export function halfSize(m: number): number {
  return (m * (m + 1)) / 2;
}

/**
 * Position of entry (a, b), a <= b, in the upper half of a symmetric matrix, row by row.
 * @param m - size of the matrix
 * @param a - row
 * @param b - column, not below the row
 * @returns the position
 */
export function halfIndex(m: number, a: number, b: number): number {
  return a * m - (a * (a - 1)) / 2 + b - a;
}

/**
 * S (x) S of up to two random effects from its six different entries.
 * @param out - q^4, entry [a c b d] = S_ac S_bd
 * @param q - 0, 1 or 2
 * @param products - S_00 S_00, S_00 S_01, S_00 S_11, S_01 S_01, S_01 S_11, S_11 S_11
 */
export function expandProducts(out: Float64Array, q: number, products: ArrayLike<number>): void {
  let at = 0;
  for (let a = 0; a < q; a++)
    for (let c = 0; c < q; c++)
      for (let b = 0; b < q; b++)
        for (let d = 0; d < q; d++) {
          const first = Math.min(a + c, b + d);
          const second = Math.max(a + c, b + d);
          out[at++] = products[halfIndex(3, first, second)]!;
        }
}
