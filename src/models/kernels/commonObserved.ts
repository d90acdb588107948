import { type FixedStructure, type Moments, totalWeight } from "../design/moments.js";
import { addDensity, clearDensity, foldDensity } from "./commonDensity.js";
import {
  allocateObserved,
  type ObservedScratch,
  type ObservedSizes,
  PERSONS_PER_BLOCK,
} from "./commonObservedScratch.js";
import { addPairs, addProducts, foldPairs } from "./commonPairs.js";
import { basisMeansInto } from "./means.js";
import { addPriorCurvature, type ObservedLayout, observedLayout, weighBasis } from "./observed.js";
import { applyInverse, computePattern } from "./pattern.js";
import { logPriorInto } from "./prior.js";
import type { ClassParameters } from "./types.js";

// Observed information with one D and one residual variance for all classes and no covariates, as in `plain.ts`: the part of the log densities is
// in `commonDensity.ts`. What the classes are not known takes away is a sum over pairs of classes,
//   sum_k p_k s_k s_k' - s s' = sum over k < l of p_k p_l (s_k - s_l)(s_k - s_l)',
// and the quadratic part of the scores is the same in every class: their differences are affine in c = B'V^-1 (y - B mu), mu the mean of the class
// means. With W = B'V^-1 B, d_k = mu_k - mu, a_k = -W d_k, e_k = c + a_k = B'V^-1 r_k, and bars for the mean of k and l:
//   beta_k   e_k                  D   sym((a_k - a_l) (c + a)'), a the bar, first q entries
//   s2       -((d_k - d_l)'(c + a) + (a_k - a_l)'D (c + a)) / s2, first q entries in the second product
// So per pattern and pair of classes the sums of p_k p_l (1, c)(1, c)' suffice; where few people share a pattern, scores are summed person by person.

/** With fewer people in a pattern, their own scores are cheaper than folding the pattern's sums. */
const PERSONS_FOR_SUMS = 10;

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
  const nTaken = nClasses * nSpecific + nShared;
  const sizes: ObservedSizes = { nClasses, m, q, nPhi: 1 + m, nSpecific, nShared, nTaken };
  const x = allocateObserved(sizes);
  return (parameters, out) => {
    const variance = parameters.residual[0]!;
    logPriorInto(x.logPrior, nClasses, parameters.logits, 1, moments.v, 0);
    addPriorCurvature(out, layout, 1, x.logPrior, moments.v, 0, totalWeight(moments));
    setParameters(x, sizes, fixed, parameters);
    x.taken.fill(0);
    clearDensity(x.density);
    for (let g = 0; g < moments.nPatterns; g++) {
      computePattern(x.pattern, moments, g, parameters.factor, 0, variance);
      weighBasis(x.curvature, x.pattern);
      preparePattern(x, sizes);
      const nPersons = moments.patternStart[g + 1]! - moments.patternStart[g]!;
      const bySums = nPersons >= PERSONS_FOR_SUMS;
      addPersons(x, sizes, moments, fixed, g, bySums);
      if (bySums) foldPairs(x, sizes, fixed);
      addPatternDensity(x, sizes);
    }
    foldDensity(x.density, layout, fixed, x.d, m, q, variance, out);
    scatter(x, sizes, layout, out);
  };
}

/** The mean of the class means, what they deviate from it, and D. */
function setParameters(
  x: ObservedScratch,
  { nClasses, m, q }: ObservedSizes,
  fixed: FixedStructure,
  { beta, factor }: ClassParameters,
): void {
  const { deviation, middle, d } = x;
  basisMeansInto(deviation, fixed, beta, nClasses, m);
  middle.fill(0);
  for (let e = 0; e < nClasses * m; e++) middle[e % m]! += deviation[e]! / nClasses;
  for (let e = 0; e < nClasses * m; e++) deviation[e]! -= middle[e % m]!;
  for (let a = 0; a < q; a++)
    for (let b = 0; b < q; b++) {
      let sum = 0;
      for (let c = 0; c < q; c++) sum += factor[a * q + c]! * factor[b * q + c]!;
      d[a * q + b] = sum;
    }
}

/** The centre W mu, a_k, and the constants of the logits against the middle: log pi_k - d_k'W d_k / 2. */
function preparePattern(
  { curvature, middle, centre, deviation, shift, offset, logPrior }: ObservedScratch,
  { nClasses, m }: ObservedSizes,
): void {
  const w = curvature.bvb;
  for (let a = 0; a < m; a++) {
    let sum = 0;
    for (let b = 0; b < m; b++) sum += w[a * m + b]! * middle[b]!;
    centre[a] = sum;
  }
  for (let k = 0; k < nClasses; k++) {
    let constant = logPrior[k]!;
    for (let a = 0; a < m; a++) {
      let sum = 0;
      for (let b = 0; b < m; b++) sum -= w[a * m + b]! * deviation[k * m + b]!;
      shift[k * m + a] = sum;
      constant += 0.5 * deviation[k * m + a]! * sum;
    }
    offset[k] = constant;
  }
}

/** Sums over the persons of pattern g; person by person also what their classes not being known takes away. */
function addPersons(
  x: ObservedScratch,
  sizes: ObservedSizes,
  moments: Moments,
  fixed: FixedStructure,
  g: number,
  bySums: boolean,
): void {
  x.total.fill(0);
  x.weight.fill(0);
  x.first.fill(0);
  x.quadratic[0] = 0;
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
function readPerson(
  x: ObservedScratch,
  { nClasses, m, q }: ObservedSizes,
  moments: Moments,
  i: number,
  at: number,
): void {
  const { by, yy, weights } = moments;
  const { products, centre, u, pattern, middle } = x;
  const own = weights.length > 0 ? weights[i]! : 1;
  const c = at * x.total.length;
  applyInverse(u, 0, pattern, by, i * m, q, m);
  // r'V^-1 r at the middle: y'V^-1 y - mu'(u + c)
  let quad = yy[i]!;
  for (let a = 0; a < q; a++)
    for (let b = 0; b < q; b++) quad -= pattern.m[a * q + b]! * by[i * m + a]! * by[i * m + b]!;
  quad /= pattern.variance;
  products[c] = 1;
  for (let a = 0; a < m; a++) {
    const value = u[a]! - centre[a]!;
    products[c + 1 + a] = value;
    quad -= middle[a]! * (u[a]! + value);
  }
  let to = c + 1 + m;
  for (let a = 1; a <= m; a++)
    for (let b = 1; b <= a; b++) products[to++] = products[c + a]! * products[c + b]!;
  x.own[at] = own;
  x.quadratic[0]! += own * quad;
  posteriorsInto(x, nClasses, m, at * nClasses, c);
}

/** Adds a block's products for all together, and its posteriors and posterior-weighted c for each class. */
function addClasses(x: ObservedScratch, { nClasses, m }: ObservedSizes, count: number): void {
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

/** Posteriors, at `p`, of the person whose c is in the products at `c`. */
function posteriorsInto(x: ObservedScratch, nClasses: number, m: number, p: number, c: number): void {
  const { posteriors, deviation, offset, products } = x;
  let largest = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < nClasses; k++) {
    let value = offset[k]!;
    for (let a = 0; a < m; a++) value += deviation[k * m + a]! * products[c + 1 + a]!;
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

/** What the class of one person of the block not being known takes away, from their scores in each class. */
function takePerson(x: ObservedScratch, sizes: ObservedSizes, fixed: FixedStructure, at: number): void {
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
  x: ObservedScratch,
  sizes: ObservedSizes,
  fixed: FixedStructure,
  posterior: Float64Array,
  c: number,
): void {
  const { nClasses, m, q, nSpecific, nShared } = sizes;
  const { specific, shared, products, shift, deviation, d, pattern } = x;
  for (let k = 0; k < nClasses; k++) {
    const first = k * nSpecific;
    const s = k * m;
    specific[first] = 1;
    for (let j = 0; j < fixed.nFixed; j++) {
      const basis = fixed.basis[j]!;
      specific[first + 1 + j] = products[c + 1 + basis]! + shift[s + basis]!;
    }
    // Against the middle, where a is zero.
    let at = k * nShared;
    let sum = 0;
    for (let a = 0; a < m; a++) {
      const halfway = products[c + 1 + a]! + 0.5 * shift[s + a]!;
      sum -= deviation[s + a]! * halfway;
      if (a >= q) continue;
      for (let b = 0; b < q; b++) sum -= shift[s + b]! * d[b * q + a]! * halfway;
      for (let b = 0; b <= a; b++) {
        const other = products[c + 1 + b]! + 0.5 * shift[s + b]!;
        shared[at++] = shift[s + a]! * other + (a === b ? 0 : shift[s + b]! * halfway);
      }
    }
    shared[at] = sum / pattern.variance;
  }
  for (let e = 0; e < nShared; e++) {
    let mean = 0;
    for (let k = 0; k < nClasses; k++) mean += posterior[k]! * shared[k * nShared + e]!;
    for (let k = 0; k < nClasses; k++) shared[k * nShared + e]! -= mean;
  }
}

/** The pattern's share of the second derivatives of the log densities, from the sums over its persons. */
function addPatternDensity(x: ObservedScratch, { nClasses, m, q, nPhi }: ObservedSizes): void {
  const { first, weight, shift, deviation, total, uu, d, pattern } = x;
  let quadratic = x.quadratic[0]!;
  for (let a = 0, e = 0; a < q; a++)
    for (let b = 0; b <= a; b++) uu[e++] = total[x.productAt[(1 + a) * nPhi + 1 + b]!]!;
  for (let k = 0; k < nClasses; k++) {
    const at = k * m;
    const p = weight[k]!;
    for (let a = 0, e = 0; a < q; a++)
      for (let b = 0; b <= a; b++)
        uu[e++]! +=
          first[at + a]! * shift[at + b]! +
          shift[at + a]! * first[at + b]! +
          p * shift[at + a]! * shift[at + b]!;
    for (let a = 0; a < m; a++) {
      quadratic -= deviation[at + a]! * (2 * first[at + a]! + p * shift[at + a]!);
      first[at + a]! += p * shift[at + a]!;
    }
  }
  // r'V^-2 r = (r'V^-1 r - u'D u) / s2
  for (let a = 0, e = 0; a < q; a++)
    for (let b = 0; b <= a; b++) quadratic -= (a === b ? 1 : 2) * d[a * q + b]! * uu[e++]!;
  addDensity(x.density, pattern, x.curvature.bvb, weight, first, uu, quadratic / pattern.variance);
}

/** Takes what was collected away from the matrix of the classes' parameters. */
function scatter(
  { taken }: ObservedScratch,
  { nClasses, nSpecific, nTaken }: ObservedSizes,
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
