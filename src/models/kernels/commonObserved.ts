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
  /** K: posteriors of a person. */
  readonly posterior: Float64Array;
  /** nPhi (nPhi + 1) / 2: products of (1, c), and the sums of them over persons, for all and for each pair of classes. */
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
    posterior: new Float64Array(nClasses),
    products: new Float64Array(nProducts),
    total: new Float64Array(nProducts),
    pairs: new Float64Array(((nClasses * (nClasses - 1)) / 2) * nProducts),
    weight: new Float64Array(nClasses),
    first: new Float64Array(nClasses * m),
    zz: new Float64Array(q * q),
    difference: new Float64Array(nDifference * nPhi),
    product: new Float64Array(nDifference * nPhi),
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
  const { nClasses, m, nPhi } = sizes;
  const { by, weights } = moments;
  const { products, total, posterior, weight, first, centre } = x;
  const nProducts = products.length;
  total.fill(0);
  weight.fill(0);
  first.fill(0);
  if (bySums) x.pairs.fill(0);
  const end = moments.patternStart[g + 1]!;
  for (let i = moments.patternStart[g]!; i < end; i++) {
    const own = weights.length > 0 ? weights[i]! : 1;
    if (own === 0) continue;
    products[0] = 1;
    let at = nPhi;
    for (let a = 0; a < m; a++) products[1 + a] = by[i * m + a]! - centre[a]!;
    for (let a = 1; a <= m; a++) for (let b = 1; b <= a; b++) products[at++] = products[a]! * products[b]!;
    for (let e = 0; e < nProducts; e++) total[e]! += own * products[e]!;
    posteriorsInto(x, nClasses, m);
    for (let k = 0; k < nClasses; k++) {
      const p = own * posterior[k]!;
      weight[k]! += p;
      for (let a = 0; a < m; a++) first[k * m + a]! += p * products[1 + a]!;
    }
    if (bySums) addPairs(x, nClasses, own);
    else takePerson(x, sizes, fixed, own);
  }
}

/** Posteriors of the person whose c is in the products. */
function posteriorsInto({ posterior, slope, offset, products }: Scratch, nClasses: number, m: number): void {
  let largest = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < nClasses; k++) {
    let value = offset[k]!;
    for (let a = 0; a < m; a++) value += slope[k * m + a]! * products[1 + a]!;
    posterior[k] = value;
    if (value > largest) largest = value;
  }
  let sum = 0;
  for (let k = 0; k < nClasses; k++) {
    const share = Math.exp(posterior[k]! - largest);
    posterior[k] = share;
    sum += share;
  }
  const inverse = 1 / sum;
  for (let k = 0; k < nClasses; k++) posterior[k]! *= inverse;
}

/** Adds p_k p_l (1, c)(1, c)' to the sums of every pair. */
function addPairs({ pairs, products, posterior }: Scratch, nClasses: number, own: number): void {
  const n = products.length;
  let at = 0;
  for (let k = 1; k < nClasses; k++)
    for (let l = 0; l < k; l++) {
      const both = own * posterior[k]! * posterior[l]!;
      for (let e = 0; e < n; e++) pairs[at + e]! += both * products[e]!;
      at += n;
    }
}

/** Differences of scores of each pair of classes, times the pair's sums, times the differences. */
function foldPairs(x: Scratch, sizes: Sizes, fixed: FixedStructure): void {
  const { nClasses, nPhi, nSpecific, nShared, nTaken } = sizes;
  const { difference, product, pairs, taken } = x;
  const n = 2 * nSpecific + nShared;
  let at = 0;
  for (let k = 1; k < nClasses; k++)
    for (let l = 0; l < k; l++, at += x.products.length) {
      differencesInto(x, sizes, fixed, k, l);
      for (let r = 0; r < n; r++)
        for (let c = 0; c < nPhi; c++) {
          let sum = 0;
          for (let e = 0; e < nPhi; e++)
            sum += difference[r * nPhi + e]! * pairs[at + productAt(nPhi, c, e)]!;
          product[r * nPhi + c] = sum;
        }
      for (let r = 0; r < n; r++) {
        const row = rowOfPair(sizes, k, l, r) * nTaken;
        for (let s = 0; s <= r; s++) {
          let sum = 0;
          for (let e = 0; e < nPhi; e++) sum += product[r * nPhi + e]! * difference[s * nPhi + e]!;
          taken[row + rowOfPair(sizes, k, l, s)]! += sum;
        }
      }
    }
}

/** Position among the products of (1, c): first 1 times each entry, then c c' row by row. */
function productAt(nPhi: number, a: number, b: number): number {
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

/** What the class of one person not being known takes away, from their scores in each class. */
function takePerson(x: Scratch, sizes: Sizes, fixed: FixedStructure, own: number): void {
  const { nClasses, nSpecific, nShared, nTaken } = sizes;
  const { posterior, specific, shared, taken } = x;
  personScoresInto(x, sizes, fixed);
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

/** Scores of the person whose c is in the products: those of shared parameters against their mean over classes. */
function personScoresInto(x: Scratch, sizes: Sizes, fixed: FixedStructure): void {
  const { nClasses, m, q, nSpecific, nShared } = sizes;
  const { specific, shared, products, map, twice, score, mu, shift, posterior, middle } = x;
  for (let k = 0; k < nClasses; k++) {
    const first = k * nSpecific;
    specific[first] = 1;
    for (let j = 0; j < fixed.nFixed; j++) {
      const basis = fixed.basis[j]!;
      let sum = score[k * m + basis]!;
      for (let b = 0; b < m; b++) sum += map[basis * m + b]! * products[1 + b]!;
      specific[first + 1 + j] = sum;
    }
    // Against the middle, where the shift and its score are zero: (u + a)(u + a)' - u u', u the score there.
    let at = k * nShared;
    for (let a = 0; a < q; a++) {
      const ua = scoreAtMiddle(map, products, a, m) + 0.5 * score[k * m + a]!;
      for (let b = 0; b <= a; b++) {
        const ub = scoreAtMiddle(map, products, b, m) + 0.5 * score[k * m + b]!;
        shared[at++] = score[k * m + a]! * ub + (a === b ? 0 : score[k * m + b]! * ua);
      }
    }
    let sum = 0;
    for (let a = 0; a < m; a++)
      for (let b = 0; b < m; b++)
        sum -=
          (mu[k * m + a]! - middle[a]!) * twice[a * m + b]! * (products[1 + b]! + 0.5 * shift[k * m + b]!);
    shared[at] = sum;
  }
  for (let e = 0; e < nShared; e++) {
    let mean = 0;
    for (let k = 0; k < nClasses; k++) mean += posterior[k]! * shared[k * nShared + e]!;
    for (let k = 0; k < nClasses; k++) shared[k * nShared + e]! -= mean;
  }
}

function scoreAtMiddle(map: Float64Array, products: Float64Array, a: number, m: number): number {
  let sum = 0;
  for (let b = 0; b < m; b++) sum += map[a * m + b]! * products[1 + b]!;
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
    for (let b = 0; b < q; b++) zz[a * q + b] = total[productAt(nPhi, 1 + a, 1 + b)]!;
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
