import { type FixedStructure, type Moments, totalWeight } from "../design/moments.js";
import {
  addPriorCurvature,
  allocateCurvature,
  type CurvatureScratch,
  foldMeanCurvature,
  foldVarianceCurvature,
  type ObservedLayout,
  observedLayout,
  weighBasis,
} from "./observed.js";
import { allocatePatternAlgebra, applyInverse, computePattern, type PatternAlgebra } from "./pattern.js";
import { logPriorInto } from "./prior.js";
import type { ClassParameters } from "./types.js";

// Observed information with one D and one residual variance for all classes and no covariates, as in `plain.ts`. What the classes are not
// known takes away is a sum over pairs of classes,
//   sum_k p_k s_k s_k' - s s' = sum over k < l of p_k p_l (s_k - s_l)(s_k - s_l)',
// and the quadratic part of the scores is the same in every class: their differences are affine in c = B'(y - B mu), mu the mean of the class means.
// With A = B'V^-1 as a map of B'y, d_k = B'B (mu - mu_k), a_k = A d_k, and bars for the mean of k and l:
//   beta_k   A c + a_k               D   (u u' of k less that of l) / 2 = sym((a_k - a_l) (A c + a)'), a the bar, its random rows
//   s2       -(mu_k - mu_l)'A A (c + d), d the bar
// So per pattern and pair of classes the sums of p_k p_l (1, c)(1, c)' suffice; where few people share a pattern, scores are summed person by person.

/** With fewer people in a pattern, their own scores are cheaper than folding the pattern's sums. */
const PERSONS_FOR_SUMS = 10;
/** Persons whose posteriors and products are held at once. */
const PERSONS_PER_BLOCK = 128;

/** Differences and sums of one pattern. nPhi = 1 + m; nSpecific = 1 + P; nShared = q (q + 1) / 2 + 1. */
interface Scratch {
  readonly pattern: PatternAlgebra;
  readonly curvature: CurvatureScratch;
  readonly logPrior: Float64Array;
  /** K x m: coefficients of the basis; d_k; a_k; logits' slopes; K: their offsets. */
  readonly mu: Float64Array;
  readonly shift: Float64Array;
  readonly score: Float64Array;
  readonly slope: Float64Array;
  readonly offset: Float64Array;
  /** m: mean of the class means, and B'B times it. */
  readonly middle: Float64Array;
  readonly centre: Float64Array;
  /** m x m: A and A A. */
  readonly map: Float64Array;
  readonly twice: Float64Array;
  /** PERSONS_PER_BLOCK x K: posteriors; and of each person the weight, and that times the posteriors of a pair. */
  readonly posteriors: Float64Array;
  readonly own: Float64Array;
  readonly both: Float64Array;
  /** PERSONS_PER_BLOCK x nPhi (nPhi + 1) / 2: products of (1, c); the sums of them over persons, for all and for each pair of classes. */
  readonly products: Float64Array;
  readonly total: Float64Array;
  readonly pairs: Float64Array;
  /** K and K x m: sums of posteriors and of posterior-weighted c, then of B'r. */
  readonly weight: Float64Array;
  readonly first: Float64Array;
  readonly zz: Float64Array;
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

/** Sizes that the functions below pass around. */
interface Sizes {
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
 * Observed information of a mixture with one D and one residual variance for all classes, without covariates.
 * @param moments - the data; one person column, one membership column
 * @param fixed - structure of the means
 * @param nClasses - K
 * @returns a function that adds the lower triangle of the matrix of `observed.ts`, what is of D and the residual variance in class 0
 * Source: Louis (1982), equation 3.2.
 */
export function commonObserved(
  moments: Moments,
  fixed: FixedStructure,
  nClasses: number,
): (parameters: ClassParameters, out: Float64Array) => void {
  const { nBasis: m, nRandom: q } = moments;
  const layout = observedLayout({ nClasses, nFixed: fixed.nFixed, nRandom: q, nMembership: 1 });
  const nSpecific = 1 + fixed.nFixed;
  const nShared = (q * (q + 1)) / 2 + 1;
  const sizes: Sizes = {
    nClasses,
    m,
    q,
    nPhi: 1 + m,
    nSpecific,
    nShared,
    nTaken: nClasses * nSpecific + nShared,
  };
  const x = allocate(sizes);
  return (parameters, out) => {
    logPriorInto(x.logPrior, nClasses, parameters.logits, 1, moments.v, 0);
    addPriorCurvature(out, layout, 1, x.logPrior, moments.v, 0, totalWeight(moments));
    meansInto(x, sizes, fixed, parameters);
    x.taken.fill(0);
    for (let g = 0; g < moments.nPatterns; g++) {
      computePattern(x.pattern, moments, g, parameters.factor, 0, parameters.residual[0]!);
      weighBasis(x.curvature, x.pattern);
      preparePattern(x, sizes, moments, g);
      const nPersons = moments.patternStart[g + 1]! - moments.patternStart[g]!;
      const bySums = nPersons >= PERSONS_FOR_SUMS;
      addPersons(x, sizes, moments, fixed, g, bySums);
      if (bySums) foldPairs(x, sizes, fixed);
      foldDensity(x, sizes, layout, moments, fixed, g, out);
    }
    scatter(x, sizes, layout, out);
  };
}

function allocate({ nClasses, m, q, nPhi, nSpecific, nShared, nTaken }: Sizes): Scratch {
  const nProducts = (nPhi * (nPhi + 1)) / 2;
  const nDifference = 2 * nSpecific + nShared;
  return {
    pattern: allocatePatternAlgebra(q, m),
    curvature: allocateCurvature(q, m),
    logPrior: new Float64Array(nClasses),
    mu: new Float64Array(nClasses * m),
    shift: new Float64Array(nClasses * m),
    score: new Float64Array(nClasses * m),
    slope: new Float64Array(nClasses * m),
    offset: new Float64Array(nClasses),
    middle: new Float64Array(m),
    centre: new Float64Array(m),
    map: new Float64Array(m * m),
    twice: new Float64Array(m * m),
    posteriors: new Float64Array(PERSONS_PER_BLOCK * nClasses),
    own: new Float64Array(PERSONS_PER_BLOCK),
    both: new Float64Array(PERSONS_PER_BLOCK),
    products: new Float64Array(PERSONS_PER_BLOCK * nProducts),
    total: new Float64Array(nProducts),
    pairs: new Float64Array(((nClasses * (nClasses - 1)) / 2) * nProducts),
    weight: new Float64Array(nClasses),
    first: new Float64Array(nClasses * m),
    zz: new Float64Array(q * q),
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

/** mu_k and their mean. */
function meansInto(
  x: Scratch,
  { nClasses, m }: Sizes,
  fixed: FixedStructure,
  { beta }: ClassParameters,
): void {
  x.mu.fill(0);
  x.middle.fill(0);
  for (let k = 0; k < nClasses; k++) {
    for (let j = 0; j < fixed.nFixed; j++) x.mu[k * m + fixed.basis[j]!]! += beta[k * fixed.nFixed + j]!;
    for (let a = 0; a < m; a++) x.middle[a]! += x.mu[k * m + a]! / nClasses;
  }
}

/** A, A A, the centre, d_k, a_k, and the logits of pattern g as functions of c: a_gk + l_gk'c against the middle. */
function preparePattern(x: Scratch, { nClasses, m, q }: Sizes, moments: Moments, g: number): void {
  const { pattern, map, twice, mu, middle, shift, score, slope } = x;
  const { btb } = moments;
  const inverse = 1 / pattern.variance;
  for (let a = 0; a < m; a++)
    for (let b = 0; b < m; b++)
      map[a * m + b] = ((a === b ? 1 : 0) - (b < q ? pattern.h[b * m + a]! : 0)) * inverse;
  for (let a = 0; a < m; a++) {
    let sum = 0;
    for (let b = 0; b < m; b++) {
      sum += btb[(g * m + a) * m + b]! * middle[b]!;
      let both = 0;
      for (let c = 0; c < m; c++) both += map[a * m + c]! * map[c * m + b]!;
      twice[a * m + b] = both;
    }
    x.centre[a] = sum;
  }
  for (let k = 0; k < nClasses; k++) {
    const at = k * m;
    for (let a = 0; a < m; a++) {
      let sum = 0;
      for (let b = 0; b < m; b++) sum += btb[(g * m + a) * m + b]! * (middle[b]! - mu[at + b]!);
      shift[at + a] = sum;
    }
    applyInverse(score, at, pattern, shift, at, q, m);
    // log f_k less that at the middle: (mu_k - middle)'A c - (mu_k - middle)'B'V^-1 B (mu_k - middle) / 2
    let offset = x.logPrior[k]!;
    for (let b = 0; b < m; b++) {
      let value = 0;
      for (let a = 0; a < m; a++) value += (mu[at + a]! - middle[a]!) * map[a * m + b]!;
      slope[at + b] = value;
      offset += 0.5 * (mu[at + b]! - middle[b]!) * score[at + b]!;
    }
    x.offset[k] = offset;
  }
}

/** Sums over the persons of pattern g; person by person also what their classes not being known takes away. */
function addPersons(
  x: Scratch,
  sizes: Sizes,
  moments: Moments,
  fixed: FixedStructure,
  g: number,
  bySums: boolean,
): void {
  x.total.fill(0);
  x.weight.fill(0);
  x.first.fill(0);
  if (bySums) x.pairs.fill(0);
  const end = moments.patternStart[g + 1]!;
  for (let from = moments.patternStart[g]!; from < end; from += PERSONS_PER_BLOCK) {
    const to = Math.min(from + PERSONS_PER_BLOCK, end);
    for (let i = from; i < to; i++) readPerson(x, sizes, moments, i, i - from);
    addClasses(x, sizes, to - from);
    if (bySums) addPairs(x, sizes.nClasses, to - from);
    else for (let i = 0; i < to - from; i++) takePerson(x, sizes, fixed, i);
  }
}

/** Products of (1, c), posteriors and weight of person i into place `at` of the block. */
function readPerson(x: Scratch, { nClasses, m }: Sizes, moments: Moments, i: number, at: number): void {
  const { by, weights } = moments;
  const { products, centre } = x;
  const c = at * x.total.length;
  products[c] = 1;
  for (let a = 0; a < m; a++) products[c + 1 + a] = by[i * m + a]! - centre[a]!;
  let to = c + 1 + m;
  for (let a = 1; a <= m; a++)
    for (let b = 1; b <= a; b++) products[to++] = products[c + a]! * products[c + b]!;
  x.own[at] = weights.length > 0 ? weights[i]! : 1;
  posteriorsInto(x, nClasses, m, at * nClasses, c);
}

/** Adds a block's products for all together, and its posteriors and posterior-weighted c for each class. */
function addClasses(x: Scratch, { nClasses, m }: Sizes, count: number): void {
  const { total, own, posteriors, products, weight, first } = x;
  const n = total.length;
  addProducts(x, total, 0, own, count);
  for (let k = 0; k < nClasses; k++)
    for (let a = 0; a <= m; a++) {
      let sum = 0;
      for (let i = 0, p = k, c = a; i < count; i++, p += nClasses, c += n)
        sum += own[i]! * posteriors[p]! * products[c]!;
      if (a === 0) weight[k]! += sum;
      else first[k * m + a - 1]! += sum;
    }
}

/** Adds a block's products, each person times a number. */
function addProducts(x: Scratch, sums: Float64Array, at: number, times: Float64Array, count: number): void {
  const n = x.total.length;
  if (n === 10) addTen(sums, at, times, x.products, count);
  else
    for (let i = 0, c = 0; i < count; i++)
      for (let e = 0; e < n; e++) sums[at + e]! += times[i]! * x.products[c++]!;
}

/** Posteriors, at `p`, of the person whose c is in the products at `c`. */
function posteriorsInto(x: Scratch, nClasses: number, m: number, p: number, c: number): void {
  const { posteriors, slope, offset, products } = x;
  let largest = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < nClasses; k++) {
    let value = offset[k]!;
    for (let a = 0; a < m; a++) value += slope[k * m + a]! * products[c + 1 + a]!;
    posteriors[p + k] = value;
    if (value > largest) largest = value;
  }
  let sum = 0;
  for (let k = 0; k < nClasses; k++) {
    const share = Math.exp(posteriors[p + k]! - largest);
    posteriors[p + k] = share;
    sum += share;
  }
  const inverse = 1 / sum;
  for (let k = 0; k < nClasses; k++) posteriors[p + k]! *= inverse;
}

/** Adds p_k p_l (1, c)(1, c)' of a block to the sums of every pair. */
function addPairs(x: Scratch, nClasses: number, count: number): void {
  const n = x.total.length;
  let at = 0;
  for (let k = 1; k < nClasses; k++)
    for (let l = 0; l < k; l++, at += n) {
      for (let i = 0, p = 0; i < count; i++, p += nClasses)
        x.both[i] = x.own[i]! * x.posteriors[p + k]! * x.posteriors[p + l]!;
      addProducts(x, x.pairs, at, x.both, count);
    }
}

/** {@link addProducts} for three basis columns (quadratic trajectories), written out. */
function addTen(
  sums: Float64Array,
  at: number,
  times: Float64Array,
  products: Float64Array,
  count: number,
): void {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let s4 = 0;
  let s5 = 0;
  let s6 = 0;
  let s7 = 0;
  let s8 = 0;
  let s9 = 0;
  for (let i = 0, c = 0; i < count; i++, c += 10) {
    const p = times[i]!;
    s0 += p;
    s1 += p * products[c + 1]!;
    s2 += p * products[c + 2]!;
    s3 += p * products[c + 3]!;
    s4 += p * products[c + 4]!;
    s5 += p * products[c + 5]!;
    s6 += p * products[c + 6]!;
    s7 += p * products[c + 7]!;
    s8 += p * products[c + 8]!;
    s9 += p * products[c + 9]!;
  }
  sums[at]! += s0;
  sums[at + 1]! += s1;
  sums[at + 2]! += s2;
  sums[at + 3]! += s3;
  sums[at + 4]! += s4;
  sums[at + 5]! += s5;
  sums[at + 6]! += s6;
  sums[at + 7]! += s7;
  sums[at + 8]! += s8;
  sums[at + 9]! += s9;
}

/** Differences of scores of each pair of classes, times the pair's sums, times the differences. */
function foldPairs(x: Scratch, sizes: Sizes, fixed: FixedStructure): void {
  const { nClasses, nPhi, nSpecific, nShared, nTaken } = sizes;
  const { difference, product, square, pairs, taken, rows } = x;
  const n = 2 * nSpecific + nShared;
  let at = 0;
  for (let k = 1; k < nClasses; k++)
    for (let l = 0; l < k; l++, at += x.total.length) {
      // Where the classes never compete for a person of the pattern there is nothing to take away.
      if (pairs[at] === 0) continue;
      differencesInto(x, sizes, fixed, k, l);
      for (let a = 0; a < nPhi; a++)
        for (let b = 0; b < nPhi; b++) square[a * nPhi + b] = pairs[at + x.productAt[a * nPhi + b]!]!;
      for (let r = 0; r < n; r++) {
        rows[r] = rowOfPair(sizes, k, l, r);
        for (let c = 0; c < nPhi; c++) {
          let sum = 0;
          for (let e = 0; e < nPhi; e++) sum += difference[r * nPhi + e]! * square[e * nPhi + c]!;
          product[r * nPhi + c] = sum;
        }
      }
      for (let r = 0; r < n; r++) {
        const row = rows[r]! * nTaken;
        for (let s = 0; s <= r; s++) {
          let sum = 0;
          for (let e = 0; e < nPhi; e++) sum += product[r * nPhi + e]! * difference[s * nPhi + e]!;
          taken[row + rows[s]!]! += sum;
        }
      }
    }
}

/** Position of a product of (1, c) among those kept: first 1 times each entry, then c c' row by row. */
function positionOfProduct(nPhi: number, a: number, b: number): number {
  if (a === 0 || b === 0) return a + b;
  const row = Math.max(a, b) - 1;
  return nPhi + (row * (row + 1)) / 2 + Math.min(a, b) - 1;
}

/** Row in `taken` of row r of a pair's differences: class l, class k (l < k), shared. */
function rowOfPair({ nClasses, nSpecific }: Sizes, k: number, l: number, r: number): number {
  if (r < nSpecific) return l * nSpecific + r;
  if (r < 2 * nSpecific) return k * nSpecific + r - nSpecific;
  return nClasses * nSpecific + r - 2 * nSpecific;
}

/** Scores of class k less those of class l as coefficients of (1, c). */
function differencesInto(x: Scratch, sizes: Sizes, fixed: FixedStructure, k: number, l: number): void {
  const { m, q, nPhi, nSpecific } = sizes;
  const { difference, map, score, mu, shift, twice } = x;
  const rows = nSpecific * nPhi;
  difference.fill(0);
  difference[0] = -1;
  difference[rows] = 1;
  for (let j = 0; j < fixed.nFixed; j++) {
    const basis = fixed.basis[j]!;
    const at = (1 + j) * nPhi;
    difference[at] = -score[l * m + basis]!;
    difference[rows + at] = score[k * m + basis]!;
    for (let b = 0; b < m; b++) {
      difference[at + 1 + b] = -map[basis * m + b]!;
      difference[rows + at + 1 + b] = map[basis * m + b]!;
    }
  }
  let at = 2 * rows;
  for (let a = 0; a < q; a++)
    for (let b = 0; b <= a; b++, at += nPhi) {
      const da = score[k * m + a]! - score[l * m + a]!;
      const db = a === b ? 0 : score[k * m + b]! - score[l * m + b]!;
      difference[at] =
        0.5 * (da * (score[k * m + b]! + score[l * m + b]!) + db * (score[k * m + a]! + score[l * m + a]!));
      for (let c = 0; c < m; c++) difference[at + 1 + c] = da * map[b * m + c]! + db * map[a * m + c]!;
    }
  for (let c = 0; c < m; c++) {
    let sum = 0;
    for (let a = 0; a < m; a++) sum -= (mu[k * m + a]! - mu[l * m + a]!) * twice[a * m + c]!;
    difference[at + 1 + c] = sum;
    difference[at]! += 0.5 * sum * (shift[k * m + c]! + shift[l * m + c]!);
  }
}

/** What the class of one person of the block not being known takes away, from their scores in each class. */
function takePerson(x: Scratch, sizes: Sizes, fixed: FixedStructure, at: number): void {
  const { nClasses, nSpecific, nShared, nTaken } = sizes;
  const { specific, shared, taken } = x;
  const own = x.own[at]!;
  if (own === 0) return;
  const posterior = x.posteriors.subarray(at * nClasses, (at + 1) * nClasses);
  personScoresInto(x, sizes, fixed, posterior, at * x.total.length);
  const sharedAt = nClasses * nSpecific;
  for (let k = 0; k < nClasses; k++) {
    const p = own * posterior[k]!;
    const first = k * nSpecific;
    let others = 0;
    for (let l = 0; l < nClasses; l++) if (l !== k) others += posterior[l]!;
    for (let a = 0; a < nSpecific; a++) {
      const value = p * specific[first + a]!;
      const row = (first + a) * nTaken;
      for (let l = 0; l < k; l++) {
        const both = value * posterior[l]!;
        const other = l * nSpecific;
        for (let b = 0; b < nSpecific; b++) taken[row + other + b]! -= both * specific[other + b]!;
      }
      for (let b = 0; b <= a; b++) taken[row + first + b]! += value * others * specific[first + b]!;
    }
    for (let e = 0; e < nShared; e++) {
      const value = p * shared[k * nShared + e]!;
      const row = (sharedAt + e) * nTaken;
      for (let a = 0; a < nSpecific; a++) taken[row + first + a]! += value * specific[first + a]!;
      for (let f = 0; f <= e; f++) taken[row + sharedAt + f]! += value * shared[k * nShared + f]!;
    }
  }
}

/** Scores of the person whose c is in the products at `c`: those of shared parameters against their mean over classes. */
function personScoresInto(
  x: Scratch,
  sizes: Sizes,
  fixed: FixedStructure,
  posterior: Float64Array,
  c: number,
): void {
  const { nClasses, m, q, nSpecific, nShared } = sizes;
  const { specific, shared, products, map, twice, score, mu, shift, middle } = x;
  for (let k = 0; k < nClasses; k++) {
    const first = k * nSpecific;
    specific[first] = 1;
    for (let j = 0; j < fixed.nFixed; j++) {
      const basis = fixed.basis[j]!;
      let sum = score[k * m + basis]!;
      for (let b = 0; b < m; b++) sum += map[basis * m + b]! * products[c + 1 + b]!;
      specific[first + 1 + j] = sum;
    }
    // Against the middle, where the shift and its score are zero: (u + a)(u + a)' - u u', u the score there.
    let at = k * nShared;
    for (let a = 0; a < q; a++) {
      const ua = scoreAtMiddle(map, products, c, a, m) + 0.5 * score[k * m + a]!;
      for (let b = 0; b <= a; b++) {
        const ub = scoreAtMiddle(map, products, c, b, m) + 0.5 * score[k * m + b]!;
        shared[at++] = score[k * m + a]! * ub + (a === b ? 0 : score[k * m + b]! * ua);
      }
    }
    let sum = 0;
    for (let a = 0; a < m; a++)
      for (let b = 0; b < m; b++)
        sum -=
          (mu[k * m + a]! - middle[a]!) *
          twice[a * m + b]! *
          (products[c + 1 + b]! + 0.5 * shift[k * m + b]!);
    shared[at] = sum;
  }
  for (let e = 0; e < nShared; e++) {
    let mean = 0;
    for (let k = 0; k < nClasses; k++) mean += posterior[k]! * shared[k * nShared + e]!;
    for (let k = 0; k < nClasses; k++) shared[k * nShared + e]! -= mean;
  }
}

function scoreAtMiddle(map: Float64Array, products: Float64Array, c: number, a: number, m: number): number {
  let sum = 0;
  for (let b = 0; b < m; b++) sum += map[a * m + b]! * products[c + 1 + b]!;
  return sum;
}

/** Minus the second derivatives of the log densities of pattern g: D and the residual variance for all classes together, in class 0. */
function foldDensity(
  x: Scratch,
  { nClasses, m, q, nPhi }: Sizes,
  layout: ObservedLayout,
  moments: Moments,
  fixed: FixedStructure,
  g: number,
  out: Float64Array,
): void {
  const { first, weight, shift, zz, mu, centre, total, curvature, pattern } = x;
  for (let a = 0; a < q; a++)
    for (let b = 0; b < q; b++) zz[a * q + b] = total[x.productAt[(1 + a) * nPhi + 1 + b]!]!;
  let rr = 0;
  const end = moments.patternStart[g + 1]!;
  for (let i = moments.patternStart[g]!; i < end; i++)
    rr += (moments.weights.length > 0 ? moments.weights[i]! : 1) * moments.yy[i]!;
  for (let k = 0; k < nClasses; k++) {
    const at = k * m;
    const p = weight[k]!;
    for (let a = 0; a < q; a++)
      for (let b = 0; b < q; b++)
        zz[a * q + b]! +=
          first[at + a]! * shift[at + b]! +
          shift[at + a]! * first[at + b]! +
          p * shift[at + a]! * shift[at + b]!;
    for (let a = 0; a < m; a++) {
      const f = first[at + a]!;
      // first becomes the sum of B'r; that of B'y is f + p centre.
      first[at + a] = f + p * shift[at + a]!;
      rr -= mu[at + a]! * (f + p * centre[a]! + first[at + a]!);
    }
    foldMeanCurvature(out, layout, k, 0, pattern, fixed, 1, first, at, weight, k, curvature);
  }
  foldVarianceCurvature(out, layout, 0, pattern, total[0]!, zz, 0, rr, curvature);
}

/** Takes what was collected away from the matrix of the classes' parameters. */
function scatter(
  { taken }: Scratch,
  { nClasses, nSpecific, nTaken }: Sizes,
  layout: ObservedLayout,
  out: Float64Array,
): void {
  const sharedAt = nClasses * nSpecific;
  const position = (r: number): number =>
    r < sharedAt
      ? Math.floor(r / nSpecific) * layout.width + (r % nSpecific)
      : layout.covarianceAt + r - sharedAt;
  for (let r = 0; r < nTaken; r++)
    for (let s = 0; s <= r; s++) {
      const row = Math.max(position(r), position(s));
      out[row * layout.size + Math.min(position(r), position(s))]! -= taken[r * nTaken + s]!;
    }
}
