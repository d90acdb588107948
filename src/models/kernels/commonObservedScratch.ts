import { allocateDensity, type DensitySums } from "./commonDensity.js";
import { allocateCurvature, type CurvatureScratch } from "./observed.js";
import { allocatePatternAlgebra, type PatternAlgebra } from "./pattern.js";

/** Persons whose posteriors and products are held at once. */
export const PERSONS_PER_BLOCK = 128;

/** Work space of `commonObserved.ts`, where c, d_k, a_k and e_k are defined: differences and sums of one pattern. nPhi = 1 + m; nSpecific = 1 + P; nShared = q (q + 1) / 2 + 1. */
export interface ObservedScratch {
  readonly pattern: PatternAlgebra;
  readonly curvature: CurvatureScratch;
  readonly density: DensitySums;
  readonly logPrior: Float64Array;
  /** m: mean of the class means, and W times it; q x q: D. */
  readonly middle: Float64Array;
  readonly centre: Float64Array;
  readonly d: Float64Array;
  /** K x m: d_k; a_k; K: constants of the logits. */
  readonly deviation: Float64Array;
  readonly shift: Float64Array;
  readonly offset: Float64Array;
  /** m. */
  readonly u: Float64Array;
  /** PERSONS_PER_BLOCK x K: posteriors; and of each person the weight, and that times the posteriors of a pair. */
  readonly posteriors: Float64Array;
  readonly own: Float64Array;
  readonly both: Float64Array;
  /** PERSONS_PER_BLOCK x nPhi (nPhi + 1) / 2: products of (1, c); the sums of them over persons, for all and for each pair of classes. */
  readonly products: Float64Array;
  readonly total: Float64Array;
  readonly pairs: Float64Array;
  /** K and K x m: sums of posteriors and of posterior-weighted c, then of e_k. */
  readonly weight: Float64Array;
  readonly first: Float64Array;
  /** nShared - 1: sum of p_k u_k u_k'. */
  readonly uu: Float64Array;
  /** 1: sum of weight times r'V^-1 r at the middle. */
  readonly quadratic: Float64Array;
  /** Coefficients (1, c) of the differences of scores of a pair, and those times the pair's sums. */
  readonly difference: Float64Array;
  readonly product: Float64Array;
  /** nPhi x nPhi: the sums of a pair as a matrix, and where they are kept; rows of `taken` of a pair's differences. */
  readonly square: Float64Array;
  readonly productAt: Int32Array;
  readonly rows: Int32Array;
  /** Of one person: K x nSpecific, K x nShared. */
  readonly specific: Float64Array;
  readonly shared: Float64Array;
  /** Square of size K nSpecific + nShared, lower triangle: what is taken away, shared parameters last. */
  readonly taken: Float64Array;
}

/** Sizes of a model. */
export interface ObservedSizes {
  readonly nClasses: number;
  readonly m: number;
  readonly q: number;
  readonly nPhi: number;
  readonly nSpecific: number;
  readonly nShared: number;
  /** Rows of `taken`. */
  readonly nTaken: number;
}

/**
 * Allocates the work space.
 * @param sizes - of the model
 * @returns arrays of zeros
 */
export function allocateObserved({
  nClasses,
  m,
  q,
  nPhi,
  nSpecific,
  nShared,
  nTaken,
}: ObservedSizes): ObservedScratch {
  const nProducts = (nPhi * (nPhi + 1)) / 2;
  const nDifference = 2 * nSpecific + nShared;
  return {
    pattern: allocatePatternAlgebra(q, m),
    curvature: allocateCurvature(q, m),
    density: allocateDensity(nClasses, m, q),
    logPrior: new Float64Array(nClasses),
    middle: new Float64Array(m),
    centre: new Float64Array(m),
    d: new Float64Array(q * q),
    deviation: new Float64Array(nClasses * m),
    shift: new Float64Array(nClasses * m),
    offset: new Float64Array(nClasses),
    u: new Float64Array(m),
    posteriors: new Float64Array(PERSONS_PER_BLOCK * nClasses),
    own: new Float64Array(PERSONS_PER_BLOCK),
    both: new Float64Array(PERSONS_PER_BLOCK),
    products: new Float64Array(PERSONS_PER_BLOCK * nProducts),
    total: new Float64Array(nProducts),
    pairs: new Float64Array(((nClasses * (nClasses - 1)) / 2) * nProducts),
    weight: new Float64Array(nClasses),
    first: new Float64Array(nClasses * m),
    uu: new Float64Array(nShared - 1),
    quadratic: new Float64Array(1),
    difference: new Float64Array(nDifference * nPhi),
    product: new Float64Array(nDifference * nPhi),
    square: new Float64Array(nPhi * nPhi),
    productAt: Int32Array.from({ length: nPhi * nPhi }, (_, e) =>
      positionOfProduct(nPhi, Math.floor(e / nPhi), e % nPhi),
    ),
    rows: new Int32Array(nDifference),
    specific: new Float64Array(nClasses * nSpecific),
    shared: new Float64Array(nClasses * nShared),
    taken: new Float64Array(nTaken * nTaken),
  };
}

/** Position of a product of (1, c) among those kept: first 1 times each entry, then c c' row by row. */
function positionOfProduct(nPhi: number, a: number, b: number): number {
  if (a === 0 || b === 0) return a + b;
  const row = Math.max(a, b) - 1;
  return nPhi + (row * (row + 1)) / 2 + Math.min(a, b) - 1;
}
