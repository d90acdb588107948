// Exponentials of two numbers at once.

// Constants lie in memory, each twice: loading two numbers at once is quicker than making them.
/** 1 / ln 2. */
const LOG2E: i32 = 0;
/** ln 2 in two parts, the first with zeros at its end, so that n times it is exact. */
const LN2_HIGH: i32 = 1;
const LN2_LOW: i32 = 2;
/** 1.5 * 2^52: adding it rounds to a whole number, which then stands in the lowest bits. */
const ROUND: i32 = 3;
/** Below this exp is smaller than any ordinary number. */
const SMALLEST: i32 = 4;
/** Polynomial of exp on [-ln 2 / 2, ln 2 / 2] through its values at the Chebyshev points; relative error below 1e-15. */
const COEFFICIENT: i32 = 5;
const CONSTANTS: usize = memory.data<f64>([
  1.4426950408889634, 1.4426950408889634,
  6.931471803691238e-1, 6.931471803691238e-1,
  1.9082149292705877e-10, 1.9082149292705877e-10,
  6755399441055744.0, 6755399441055744.0,
  -708.0, -708.0,
  1.0, 1.0,
  1.0000000000000067, 1.0000000000000067,
  0.5000000000000006, 0.5000000000000006,
  0.16666666666554406, 0.16666666666554406,
  0.04166666666657314, 0.04166666666657314,
  0.008333333385667782, 0.008333333385667782,
  0.0013888888932488599, 0.0013888888932488599,
  0.00019841170270440067, 0.00019841170270440067,
  2.4801504346997686e-5, 2.4801504346997686e-5,
  2.764018079620985e-6, 2.764018079620985e-6,
  2.7626357241447223e-7, 2.7626357241447223e-7,
], 16);

// @ts-expect-error: decorator
@inline
function constant(i: i32): v128 {
  return v128.load(CONSTANTS + i * 16);
}
// @ts-expect-error: decorator
@inline
function coefficient(i: i32): v128 {
  return constant(COEFFICIENT + i);
}
/** c_i + c_(i + 1) r */
// @ts-expect-error: decorator
@inline
function terms(i: i32, r: v128): v128 {
  return f64x2.add(coefficient(i), f64x2.mul(r, coefficient(i + 1)));
}

/**
 * exp(x) = 2^n exp(r), n the whole number nearest to x / ln 2.
 * @param x - two numbers below 709; those under -708 count as -708
 */
// @ts-expect-error: decorator
@inline
export function exp2(x: v128): v128 {
  const bounded = f64x2.pmax(x, constant(SMALLEST));
  const rounded = f64x2.add(f64x2.mul(bounded, constant(LOG2E)), constant(ROUND));
  const n = f64x2.sub(rounded, constant(ROUND));
  const high = f64x2.sub(bounded, f64x2.mul(n, constant(LN2_HIGH)));
  const r = f64x2.sub(high, f64x2.mul(n, constant(LN2_LOW)));
  // Estrin's scheme: pairs of terms first, so that few multiplications wait for one another.
  const r2 = f64x2.mul(r, r);
  const r4 = f64x2.mul(r2, r2);
  const low = f64x2.add(terms(0, r), f64x2.mul(r2, terms(2, r)));
  const middle = f64x2.add(terms(4, r), f64x2.mul(r2, terms(6, r)));
  const last = f64x2.add(terms(8, r), f64x2.mul(r2, coefficient(10)));
  const p = f64x2.add(low, f64x2.mul(r4, f64x2.add(middle, f64x2.mul(r4, last))));
  // Times 2^n: n, in the lowest bits of `rounded`, is added to the exponent.
  return i64x2.add(p, i64x2.shl(rounded, 52));
}
