// The E-step of mixtures with one D and one residual variance for all classes, two people at a time. The algebra is that of
// `src/models/kernels/plainAlgebra.ts`, where it is explained; the JavaScript beside it does the same. M, the number of columns of the
// time basis (3 or 4; fewer are filled up with zeros), is given by the build; there are 2 random effects (fewer: zeros in their factor).
import { exp2 } from "./exp";

/** People of one call at most; a multiple of 4. */
export const PEOPLE: i32 = 128;
/** Classes of one call at most. */
export const CLASSES: i32 = 16;
/** Different entries of a symmetric matrix of the basis. */
const MM: i32 = (M * (M + 1)) / 2;
/** Log ratios above this are left to the caller: their exponentials' sums could leave the range of numbers. */
const LARGEST: f64 = 300.0;

const D: i32 = 8;
const COLUMN: i32 = PEOPLE * D;

// Memory. What the caller writes:
// (People go through four at a time: after the last, up to the next multiple of four, BY, WEIGHT and PATTERN must hold zeros.)
/** PEOPLE x M: B'y, person by person. */
export const BY: i32 = 1024;
/** PEOPLE: how often each person counts. */
export const WEIGHT: i32 = BY + M * COLUMN;
/** Up to PEOPLE patterns x M x M: B'B. */
export const BTB: i32 = WEIGHT + COLUMN;
/** PEOPLE whole numbers: where in BTB the pattern of each person begins, in bytes from there. */
export const PATTERN: i32 = BTB + M * M * COLUMN;
/** CLASSES x (1 + number of columns): constant and coefficients of the log ratio against class 0. */
export const RATIO: i32 = PATTERN + COLUMN;
/** CLASSES x M: coefficients of the basis. */
export const MU: i32 = RATIO + CLASSES * (1 + M + MM) * D;
// What the calls leave:
/** (M [+ MM]) x PEOPLE, column by column: B'y (`alike`), or u = B'V^-1 y and the upper half of W = B'V^-1 B, row by row (`varied`). */
export const COLUMNS: i32 = MU + CLASSES * M * D;
/**
 * CLASSES x PEOPLE, class by class: the posterior of class 0, and ratios; posteriors of all classes after `normalise` or after `sums` of
 * `varied`.
 */
export const POSTERIOR: i32 = COLUMNS + (M + MM) * COLUMN;
/** PEOPLE: sum of the ratios; and |G|. */
export const TOTAL: i32 = POSTERIOR + CLASSES * COLUMN;
export const DETERMINANT: i32 = TOTAL + COLUMN;
/** Mantissa and exponent of the product of TOTAL, and of DETERMINANT. */
export const PRODUCTS: i32 = DETERMINANT + COLUMN;
// What the calls add to:
/** CLASSES x (1 + number of columns): sums over people of posterior, and of posterior times each column. */
export const SUMS: i32 = PRODUCTS + 4 * D;
/** Sums over people of z'M z, of S (x) S (6 different entries), of e e' (3), and of trace G^-1 and trace G^-2. */
export const SPREAD: i32 = SUMS + CLASSES * (1 + M + MM) * D;
/** Bytes in use. */
export const END: i32 = SPREAD + 12 * D;

// Short names, so that formulas look like formulas.
// @ts-expect-error: decorator
@inline
function mul(a: v128, b: v128): v128 {
  return f64x2.mul(a, b);
}
// @ts-expect-error: decorator
@inline
function add(a: v128, b: v128): v128 {
  return f64x2.add(a, b);
}
// @ts-expect-error: decorator
@inline
function sub(a: v128, b: v128): v128 {
  return f64x2.sub(a, b);
}
/** The number at an address, for both people. */
// @ts-expect-error: decorator
@inline
function both(address: usize): v128 {
  return v128.load_splat<f64>(address);
}
/** Numbers at two addresses, one per person. */
// @ts-expect-error: decorator
@inline
function pair(first: usize, second: usize): v128 {
  return v128.load_lane<f64>(second, v128.load_zero<f64>(first), 1);
}
// @ts-expect-error: decorator
@inline
function total(a: v128): f64 {
  return f64x2.extract_lane(a, 0) + f64x2.extract_lane(a, 1);
}
// @ts-expect-error: decorator
@inline
function addTo(address: usize, value: f64): void {
  store<f64>(address, load<f64>(address) + value);
}

/**
 * Mantissa and (unbiased) exponent of the product of so many positive numbers, so that one logarithm serves them all.
 * @param from - the numbers, a multiple of 4
 * @param to - where the two go
 */
function product(from: usize, numbers: i32, to: usize): void {
  const one = f64x2.splat(1.0);
  const fraction = i64x2.splat(0x000fffffffffffff);
  let p = one;
  let q = one;
  let exponents = i64x2.splat(0);
  const end = from + numbers * D;
  for (; from < end; from += 4 * D) {
    p = mul(p, v128.load(from));
    q = mul(q, v128.load(from, 2 * D));
    exponents = i64x2.add(exponents, i64x2.add(i64x2.shr_u(p, 52), i64x2.shr_u(q, 52)));
    p = v128.or(v128.and(p, fraction), one);
    q = v128.or(v128.and(q, fraction), one);
  }
  p = mul(p, q);
  store<f64>(to, f64x2.extract_lane(p, 0) * f64x2.extract_lane(p, 1));
  const biased = i64x2.extract_lane(exponents, 0) + i64x2.extract_lane(exponents, 1);
  store<f64>(to, <f64>(biased - 1023 * <i64>numbers), D);
}

/** Up to the next multiple of 4. */
// @ts-expect-error: decorator
@inline
function filled(nPeople: i32): i32 {
  return (nPeople + 3) & ~3;
}

/** B'y of four people, one after the other, to their places in columns. */
// @ts-expect-error: decorator
@inline
function transpose(by: usize, column: usize): void {
  v128.store(column, pair(by, by + M * D));
  v128.store(column, pair(by + 2 * M * D, by + 3 * M * D), 2 * D);
  v128.store(column, pair(by + D, by + (M + 1) * D), COLUMN);
  v128.store(column, pair(by + (2 * M + 1) * D, by + (3 * M + 1) * D), COLUMN + 2 * D);
  v128.store(column, pair(by + 2 * D, by + (M + 2) * D), 2 * COLUMN);
  v128.store(column, pair(by + (2 * M + 2) * D, by + (3 * M + 2) * D), 2 * COLUMN + 2 * D);
  if (M > 3) {
    v128.store(column, pair(by + 3 * D, by + (M + 3) * D), 3 * COLUMN);
    v128.store(column, pair(by + (2 * M + 3) * D, by + (3 * M + 3) * D), 3 * COLUMN + 2 * D);
  }
}

/** MM coefficients times as many columns. */
// @ts-expect-error: decorator
@inline
function half(h: usize, w: usize): v128 {
  let x = add(mul(both(h), v128.load(w)), mul(both(h + D), v128.load(w, COLUMN)));
  x = add(x, add(mul(both(h + 2 * D), v128.load(w, 2 * COLUMN)), mul(both(h + 3 * D), v128.load(w, 3 * COLUMN))));
  x = add(x, add(mul(both(h + 4 * D), v128.load(w, 4 * COLUMN)), mul(both(h + 5 * D), v128.load(w, 5 * COLUMN))));
  if (M > 3) {
    x = add(x, add(mul(both(h + 6 * D), v128.load(w, 6 * COLUMN)), mul(both(h + 7 * D), v128.load(w, 7 * COLUMN))));
    x = add(x, add(mul(both(h + 8 * D), v128.load(w, 8 * COLUMN)), mul(both(h + 9 * D), v128.load(w, 9 * COLUMN))));
  }
  return x;
}

/**
 * From COLUMNS to POSTERIOR and TOTAL: exp of the log ratios, and their sum.
 * @param nPeople - 1 to PEOPLE
 * @param nClasses - K
 * @param all - whether W is among the columns
 * @returns 1, or 0 where a ratio is too large, or no number
 */
// @ts-expect-error: decorator
@inline
function posteriors(nPeople: i32, nClasses: i32, all: bool): i32 {
  const largest = f64x2.splat(LARGEST);
  const one = f64x2.splat(1.0);
  const step = (1 + M + (all ? MM : 0)) * D;
  let fine = i64x2.splat(-1);
  for (let i = 0; i < nPeople; i += 4) {
    const column = COLUMNS + i * D;
    const at = POSTERIOR + i * D;
    if (!all) transpose(BY + i * M * D, column);
    const a = v128.load(column);
    const a2 = v128.load(column, 2 * D);
    const b = v128.load(column, COLUMN);
    const b2 = v128.load(column, COLUMN + 2 * D);
    const c = v128.load(column, 2 * COLUMN);
    const c2 = v128.load(column, 2 * COLUMN + 2 * D);
    let sum = one;
    let sum2 = one;
    let r: usize = RATIO;
    let p: usize = at;
    for (let k = 1; k < nClasses; k++) {
      r += step;
      p += COLUMN;
      const r0 = both(r);
      const r1 = both(r + D);
      const r2 = both(r + 2 * D);
      const r3 = both(r + 3 * D);
      let x = add(add(r0, mul(r1, a)), add(mul(r2, b), mul(r3, c)));
      let x2 = add(add(r0, mul(r1, a2)), add(mul(r2, b2), mul(r3, c2)));
      if (M > 3) {
        const r4 = both(r + 4 * D);
        x = add(x, mul(r4, v128.load(column, 3 * COLUMN)));
        x2 = add(x2, mul(r4, v128.load(column, 3 * COLUMN + 2 * D)));
      }
      if (all) {
        x = add(x, half(r + (1 + M) * D, column + M * COLUMN));
        x2 = add(x2, half(r + (1 + M) * D, column + M * COLUMN + 2 * D));
      }
      fine = v128.and(fine, v128.and(f64x2.le(x, largest), f64x2.le(x2, largest)));
      const ratio = exp2(x);
      const ratio2 = exp2(x2);
      v128.store(p, ratio);
      v128.store(p, ratio2, 2 * D);
      sum = add(sum, ratio);
      sum2 = add(sum2, ratio2);
    }
    v128.store(TOTAL + i * D, sum);
    v128.store(TOTAL + i * D, sum2, 2 * D);
    // Class 0: its ratio is 1.
    v128.store(at, f64x2.div(one, sum));
    v128.store(at, f64x2.div(one, sum2), 2 * D);
  }
  const last = filled(nPeople);
  for (let i = nPeople; i < last; i++) {
    store<f64>(TOTAL + i * D, 1.0);
    for (let k = 0; k < nClasses; k++) store<f64>(POSTERIOR + k * COLUMN + i * D, 0);
  }
  product(TOTAL, last, PRODUCTS);
  return i64x2.all_true(fine) ? 1 : 0;
}

/**
 * Posteriors of people of one pattern: log ratio = a + r'B'y, (a, r) in RATIO.
 * @param nPeople - 1 to PEOPLE
 * @param nClasses - K, up to CLASSES
 * @returns 1, or 0 where a ratio is too large, or no number
 */
export function alike(nPeople: i32, nClasses: i32): i32 {
  return posteriors(nPeople, nClasses, false);
}

/** Column number of entry (a, b), a <= b, of a symmetric matrix of the basis. */
// @ts-expect-error: decorator
@inline
function entry(a: i32, b: i32): i32 {
  return a * M - (a * (a - 1)) / 2 + b - a;
}

/**
 * Posteriors of people each of whom has a pattern of their own: log ratio = a + d'u + sum of h_ab W_ab, (a, d, h) in RATIO.
 * Adds to SPREAD too, but for e e', where it returns 1.
 * @param nPeople - 1 to PEOPLE
 * @param nClasses - K, up to CLASSES
 * @param l00 - factor of D, with l10 and l11
 * @param variance - residual variance s2
 * @param information - whether S (x) S and trace G^-2 are wanted
 * @returns 1, or 0 where a ratio is too large or |G| not positive, or either no number
 */
export function varied(
  nPeople: i32,
  nClasses: i32,
  l00: f64,
  l10: f64,
  l11: f64,
  variance: f64,
  information: bool,
): i32 {
  let fine = i64x2.splat(-1);
  let zmz = f64x2.splat(0);
  let trace = f64x2.splat(0);
  let trace2 = f64x2.splat(0);
  let ss0 = f64x2.splat(0);
  let ss1 = f64x2.splat(0);
  let ss2 = f64x2.splat(0);
  let ss3 = f64x2.splat(0);
  let ss4 = f64x2.splat(0);
  let ss5 = f64x2.splat(0);
  const zero = f64x2.splat(0);
  const L00 = f64x2.splat(l00);
  const L10 = f64x2.splat(l10);
  const L11 = f64x2.splat(l11);
  const s2 = f64x2.splat(variance);
  const inverse = f64x2.splat(1.0 / variance);
  for (let i = 0; i < nPeople; i += 2) {
    const by = BY + i * M * D;
    const own = v128.load(WEIGHT + i * D);
    const first: usize = BTB + load<i32>(PATTERN + i * 4);
    const second: usize = BTB + load<i32>(PATTERN + i * 4, 4);
    const b0 = pair(by, by + M * D);
    const b1 = pair(by + D, by + (M + 1) * D);
    const b2 = pair(by + 2 * D, by + (M + 2) * D);
    const b3 = M > 3 ? pair(by + 3 * D, by + (M + 3) * D) : zero;
    const B00 = pair(first, second);
    const B01 = pair(first + D, second + D);
    const B02 = pair(first + 2 * D, second + 2 * D);
    const B03 = M > 3 ? pair(first + 3 * D, second + 3 * D) : zero;
    const B11 = pair(first + (M + 1) * D, second + (M + 1) * D);
    const B12 = pair(first + (M + 2) * D, second + (M + 2) * D);
    const B13 = M > 3 ? pair(first + (M + 3) * D, second + (M + 3) * D) : zero;
    const B22 = pair(first + (2 * M + 2) * D, second + (2 * M + 2) * D);
    const B23 = M > 3 ? pair(first + (2 * M + 3) * D, second + (2 * M + 3) * D) : zero;
    const B33 = M > 3 ? pair(first + (3 * M + 3) * D, second + (3 * M + 3) * D) : zero;

    // C = L'Z'B and L'z; G = s2 I + C L = (1 0; f 1) diag(g0, g1) (1 f; 0 1)
    const c00 = add(mul(L00, B00), mul(L10, B01));
    const c01 = add(mul(L00, B01), mul(L10, B11));
    const c02 = add(mul(L00, B02), mul(L10, B12));
    const c03 = M > 3 ? add(mul(L00, B03), mul(L10, B13)) : zero;
    const c0y = add(mul(L00, b0), mul(L10, b1));
    const g0 = add(s2, add(mul(c00, L00), mul(c01, L10)));
    const g01 = mul(c01, L11);
    const i0 = f64x2.div(f64x2.splat(1.0), g0);
    const f = mul(g01, i0);
    const c11 = mul(L11, B11);
    const g1 = sub(add(s2, mul(c11, L11)), mul(f, g01));
    const i1 = f64x2.div(f64x2.splat(1.0), g1);
    fine = v128.and(fine, v128.and(f64x2.gt(g0, zero), f64x2.gt(g1, zero)));
    v128.store(DETERMINANT + i * D, mul(g0, g1));
    // G^-1 = (i0 + f^2 i1, -f i1; -f i1, i1)
    const f1 = mul(f, i1);
    const corner = add(i0, mul(f, f1));
    trace = add(trace, mul(own, add(corner, i1)));
    if (information)
      trace2 = add(trace2, mul(own, add(mul(corner, corner), add(mul(f1, add(f1, f1)), mul(i1, i1)))));

    // (Z'B)'M Z'B = C'G^-1 C, by the rows of C after elimination
    const e10 = sub(mul(L11, B01), mul(f, c00));
    const e11 = sub(c11, mul(f, c01));
    const e12 = sub(mul(L11, B12), mul(f, c02));
    const e13 = M > 3 ? sub(mul(L11, B13), mul(f, c03)) : zero;
    const e1y = sub(mul(L11, b1), mul(f, c0y));
    const s0 = mul(c0y, i0);
    const s1 = mul(e1y, i1);
    zmz = add(zmz, mul(own, add(mul(s0, c0y), mul(s1, e1y))));
    const u0 = mul(inverse, sub(b0, add(mul(c00, s0), mul(e10, s1))));
    const u1 = mul(inverse, sub(b1, add(mul(c01, s0), mul(e11, s1))));
    const u2 = mul(inverse, sub(b2, add(mul(c02, s0), mul(e12, s1))));
    const u3 = M > 3 ? mul(inverse, sub(b3, add(mul(c03, s0), mul(e13, s1)))) : zero;
    let p = mul(c00, i0);
    let q = mul(e10, i1);
    const W00 = mul(inverse, sub(B00, add(mul(p, c00), mul(q, e10))));
    const W01 = mul(inverse, sub(B01, add(mul(p, c01), mul(q, e11))));
    const W02 = mul(inverse, sub(B02, add(mul(p, c02), mul(q, e12))));
    const W03 = M > 3 ? mul(inverse, sub(B03, add(mul(p, c03), mul(q, e13)))) : zero;
    p = mul(c01, i0);
    q = mul(e11, i1);
    const W11 = mul(inverse, sub(B11, add(mul(p, c01), mul(q, e11))));
    const W12 = mul(inverse, sub(B12, add(mul(p, c02), mul(q, e12))));
    const W13 = M > 3 ? mul(inverse, sub(B13, add(mul(p, c03), mul(q, e13)))) : zero;
    p = mul(c02, i0);
    q = mul(e12, i1);
    const W22 = mul(inverse, sub(B22, add(mul(p, c02), mul(q, e12))));
    const W23 = M > 3 ? mul(inverse, sub(B23, add(mul(p, c03), mul(q, e13)))) : zero;
    const W33 =
      M > 3 ? mul(inverse, sub(B33, add(mul(mul(c03, i0), c03), mul(mul(e13, i1), e13)))) : zero;
    const column = COLUMNS + i * D;
    v128.store(column, u0);
    v128.store(column + COLUMN, u1);
    v128.store(column + 2 * COLUMN, u2);
    if (M > 3) v128.store(column + 3 * COLUMN, u3);
    const w = column + M * COLUMN;
    v128.store(w + entry(0, 0) * COLUMN, W00);
    v128.store(w + entry(0, 1) * COLUMN, W01);
    v128.store(w + entry(0, 2) * COLUMN, W02);
    v128.store(w + entry(1, 1) * COLUMN, W11);
    v128.store(w + entry(1, 2) * COLUMN, W12);
    v128.store(w + entry(2, 2) * COLUMN, W22);
    if (M > 3) {
      v128.store(w + entry(0, 3) * COLUMN, W03);
      v128.store(w + entry(1, 3) * COLUMN, W13);
      v128.store(w + entry(2, 3) * COLUMN, W23);
      v128.store(w + entry(3, 3) * COLUMN, W33);
    }
    if (information) {
      const own00 = mul(own, W00);
      const own01 = mul(own, W01);
      ss0 = add(ss0, mul(own00, W00));
      ss1 = add(ss1, mul(own00, W01));
      ss2 = add(ss2, mul(own00, W11));
      ss3 = add(ss3, mul(own01, W01));
      ss4 = add(ss4, mul(own01, W11));
      ss5 = add(ss5, mul(mul(own, W11), W11));
    }
  }
  const last = filled(nPeople);
  for (let i = nPeople; i < last; i++) store<f64>(DETERMINANT + i * D, 1.0);
  product(DETERMINANT, last, PRODUCTS + 2 * D);
  if (!i64x2.all_true(fine) || posteriors(nPeople, nClasses, true) === 0) return 0;
  addTo(SPREAD, total(zmz));
  addTo(SPREAD + D, total(ss0));
  addTo(SPREAD + 2 * D, total(ss1));
  addTo(SPREAD + 3 * D, total(ss2));
  addTo(SPREAD + 4 * D, total(ss3));
  addTo(SPREAD + 5 * D, total(ss4));
  addTo(SPREAD + 6 * D, total(ss5));
  addTo(SPREAD + 10 * D, total(trace));
  addTo(SPREAD + 11 * D, total(trace2));
  return 1;
}

/**
 * Makes posteriors of ratios.
 * @param nPeople - of the last call of `alike` or `varied`
 * @param nClasses - likewise
 */
export function normalise(nPeople: i32, nClasses: i32): void {
  for (let k = 1; k < nClasses; k++) {
    const p = POSTERIOR + k * COLUMN;
    for (let i = 0; i < nPeople * D; i += 2 * D)
      v128.store(p + i, mul(v128.load(p + i), v128.load(POSTERIOR + i)));
  }
}

/** Multiplies the posteriors by the people's weights. */
function weigh(nPeople: i32, nClasses: i32): void {
  for (let i = 0; i < nPeople; i += 2) {
    const weight = v128.load(WEIGHT + i * D);
    for (let k = 0; k < nClasses; k++) {
      const p = POSTERIOR + k * COLUMN + i * D;
      v128.store(p, mul(v128.load(p), weight));
    }
  }
}

/** Sum of e e' over people and classes, by posterior, to SPREAD: e = Z'V^-1 r, the first entries of u - W mu. */
function spread(nPeople: i32, nClasses: i32): void {
  let ee00 = f64x2.splat(0);
  let ee01 = f64x2.splat(0);
  let ee11 = f64x2.splat(0);
  for (let i = 0; i < nPeople; i += 2) {
    const column = COLUMNS + i * D;
    const w = column + M * COLUMN;
    const u0 = v128.load(column);
    const u1 = v128.load(column, COLUMN);
    const W00 = v128.load(w);
    const W01 = v128.load(w, COLUMN);
    const W02 = v128.load(w, 2 * COLUMN);
    const W11 = v128.load(w + entry(1, 1) * COLUMN);
    const W12 = v128.load(w + entry(1, 2) * COLUMN);
    for (let k = 0; k < nClasses; k++) {
      const mu = MU + k * M * D;
      const m0 = both(mu);
      const m1 = both(mu + D);
      const m2 = both(mu + 2 * D);
      let e0 = sub(u0, add(add(mul(W00, m0), mul(W01, m1)), mul(W02, m2)));
      let e1 = sub(u1, add(add(mul(W01, m0), mul(W11, m1)), mul(W12, m2)));
      if (M > 3) {
        const m3 = both(mu + 3 * D);
        e0 = sub(e0, mul(v128.load(w + entry(0, 3) * COLUMN), m3));
        e1 = sub(e1, mul(v128.load(w + entry(1, 3) * COLUMN), m3));
      }
      const posterior = v128.load(POSTERIOR + k * COLUMN + i * D);
      const pe0 = mul(posterior, e0);
      ee00 = add(ee00, mul(pe0, e0));
      ee01 = add(ee01, mul(pe0, e1));
      ee11 = add(ee11, mul(mul(posterior, e1), e1));
    }
  }
  addTo(SPREAD + 7 * D, total(ee00));
  addTo(SPREAD + 8 * D, total(ee01));
  addTo(SPREAD + 9 * D, total(ee11));
}

/**
 * Adds to `out` the sum of a class's posteriors, and of these times each of the first M columns.
 * @param ratios - whether the class's column holds ratios, not posteriors
 * @param keep - whether posteriors are to take their place
 */
// @ts-expect-error: decorator
@inline
function lineSums(out: usize, nPeople: i32, p: usize, ratios: bool, keep: bool): void {
  const end = filled(nPeople) * D;
  const zero = f64x2.splat(0);
  let total0 = zero;
  let total2 = zero;
  let a0 = zero;
  let a2 = zero;
  let b0 = zero;
  let b2 = zero;
  let c0 = zero;
  let c2 = zero;
  let d0 = zero;
  let d2 = zero;
  for (let i = 0; i < end; i += 4 * D) {
    const column = COLUMNS + i;
    let first = v128.load(p + i);
    let second = v128.load(p + i, 2 * D);
    if (ratios) {
      first = mul(first, v128.load(POSTERIOR + i));
      second = mul(second, v128.load(POSTERIOR + i, 2 * D));
    }
    if (keep) {
      v128.store(p + i, first);
      v128.store(p + i, second, 2 * D);
    }
    total0 = add(total0, first);
    total2 = add(total2, second);
    a0 = add(a0, mul(first, v128.load(column)));
    a2 = add(a2, mul(second, v128.load(column, 2 * D)));
    b0 = add(b0, mul(first, v128.load(column, COLUMN)));
    b2 = add(b2, mul(second, v128.load(column, COLUMN + 2 * D)));
    c0 = add(c0, mul(first, v128.load(column, 2 * COLUMN)));
    c2 = add(c2, mul(second, v128.load(column, 2 * COLUMN + 2 * D)));
    if (M > 3) {
      d0 = add(d0, mul(first, v128.load(column, 3 * COLUMN)));
      d2 = add(d2, mul(second, v128.load(column, 3 * COLUMN + 2 * D)));
    }
  }
  addTo(out, total(add(total0, total2)));
  addTo(out + D, total(add(a0, a2)));
  addTo(out + 2 * D, total(add(b0, b2)));
  addTo(out + 3 * D, total(add(c0, c2)));
  if (M > 3) addTo(out + 4 * D, total(add(d0, d2)));
}

/** Adds to `out` the sums of a class's posteriors times each column of W, two by two. */
function halfSums(out: usize, nPeople: i32, p: usize): void {
  const end = filled(nPeople) * D;
  const zero = f64x2.splat(0);
  for (let c = 0; c < MM; c += 2) {
    const column = COLUMNS + (M + c) * COLUMN;
    let a0 = zero;
    let a2 = zero;
    let b0 = zero;
    let b2 = zero;
    for (let i = 0; i < end; i += 4 * D) {
      const first = v128.load(p + i);
      const second = v128.load(p + i, 2 * D);
      a0 = add(a0, mul(first, v128.load(column + i)));
      a2 = add(a2, mul(second, v128.load(column + i, 2 * D)));
      b0 = add(b0, mul(first, v128.load(column + i, COLUMN)));
      b2 = add(b2, mul(second, v128.load(column + i, COLUMN + 2 * D)));
    }
    addTo(out + c * D, total(add(a0, a2)));
    addTo(out + (c + 1) * D, total(add(b0, b2)));
  }
}

/**
 * Adds the sums over the people of the last call of `alike` or `varied`: SUMS, and e e' in SPREAD.
 * @param nPeople - theirs
 * @param nClasses - theirs
 * @param all - whether it was `varied`
 * @param normalised - whether `normalise` was called
 * @param weighted - whether people count by WEIGHT; then POSTERIOR is multiplied by it, and must have been normalised
 */
export function sums(nPeople: i32, nClasses: i32, all: bool, normalised: bool, weighted: bool): void {
  const step = (1 + M + (all ? MM : 0)) * D;
  if (weighted) weigh(nPeople, nClasses);
  lineSums(SUMS, nPeople, POSTERIOR, false, false);
  let out: usize = SUMS;
  let p: usize = POSTERIOR;
  for (let k = 1; k < nClasses; k++) {
    out += step;
    p += COLUMN;
    if (normalised) lineSums(out, nPeople, p, false, false);
    else if (all) lineSums(out, nPeople, p, true, true);
    else lineSums(out, nPeople, p, true, false);
  }
  if (!all) return;
  for (let k = 0; k < nClasses; k++)
    halfSums(SUMS + k * step + (1 + M) * D, nPeople, POSTERIOR + k * COLUMN);
  spread(nPeople, nClasses);
}
