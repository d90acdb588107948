// Exponentials of two numbers at once.

// Constants lie at fixed addresses, each twice: loading two numbers at once is quicker than making them.
/** 1 / ln 2. */
const LOG2E: usize = 512;
/** ln 2 in two parts, the first with zeros at its end, so that n times it is exact. */
const LN2_HIGH: usize = 528;
const LN2_LOW: usize = 544;
/** 1.5 * 2^52: adding it rounds to a whole number, which then stands in the lowest bits. */
const ROUND: usize = 560;
/** Below this exp is smaller than any ordinary number. */
const SMALLEST: usize = 576;
/** Polynomial of exp on [-ln 2 / 2, ln 2 / 2] through its values at the Chebyshev points; relative error below 1e-15. */
const C0: usize = 592;
const C1: usize = 608;
const C2: usize = 624;
const C3: usize = 640;
const C4: usize = 656;
const C5: usize = 672;
const C6: usize = 688;
const C7: usize = 704;
const C8: usize = 720;
const C9: usize = 736;
const C10: usize = 752;

// Runs when the module is instantiated.
v128.store(LOG2E, f64x2.splat(1.4426950408889634));
v128.store(LN2_HIGH, f64x2.splat(6.931471803691238e-1));
v128.store(LN2_LOW, f64x2.splat(1.9082149292705877e-10));
v128.store(ROUND, f64x2.splat(6755399441055744.0));
v128.store(SMALLEST, f64x2.splat(-708.0));
v128.store(C0, f64x2.splat(1.0));
v128.store(C1, f64x2.splat(1.0000000000000067));
v128.store(C2, f64x2.splat(0.5000000000000006));
v128.store(C3, f64x2.splat(0.16666666666554406));
v128.store(C4, f64x2.splat(0.04166666666657314));
v128.store(C5, f64x2.splat(0.008333333385667782));
v128.store(C6, f64x2.splat(0.0013888888932488599));
v128.store(C7, f64x2.splat(0.00019841170270440067));
v128.store(C8, f64x2.splat(2.4801504346997686e-5));
v128.store(C9, f64x2.splat(2.764018079620985e-6));
v128.store(C10, f64x2.splat(2.7626357241447223e-7));

/** a + b r */
// @ts-expect-error: decorator
@inline
function line(a: v128, b: v128, r: v128): v128 {
  return f64x2.add(a, f64x2.mul(b, r));
}

/**
 * exp(x) = 2^n exp(r), n the whole number nearest to x / ln 2.
 * @param x - two numbers below 709; those under -708 count as -708
 */
// @ts-expect-error: decorator
@inline
export function exp2(x: v128): v128 {
  const bounded = f64x2.pmax(x, v128.load(0, SMALLEST));
  const rounded = line(v128.load(0, ROUND), bounded, v128.load(0, LOG2E));
  const n = f64x2.sub(rounded, v128.load(0, ROUND));
  const high = f64x2.sub(bounded, f64x2.mul(n, v128.load(0, LN2_HIGH)));
  const r = f64x2.sub(high, f64x2.mul(n, v128.load(0, LN2_LOW)));
  // Estrin's scheme: pairs of terms first, so that few multiplications wait for one another.
  const r2 = f64x2.mul(r, r);
  const r4 = f64x2.mul(r2, r2);
  const low = line(line(v128.load(0, C0), v128.load(0, C1), r), line(v128.load(0, C2), v128.load(0, C3), r), r2);
  const middle = line(line(v128.load(0, C4), v128.load(0, C5), r), line(v128.load(0, C6), v128.load(0, C7), r), r2);
  const last = line(line(v128.load(0, C8), v128.load(0, C9), r), v128.load(0, C10), r2);
  const p = line(low, r4, line(middle, r4, last));
  // Times 2^n: n, in the lowest bits of `rounded`, is added to the exponent.
  return i64x2.add(p, i64x2.shl(rounded, 52));
}
