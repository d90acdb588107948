import { EigenvalueDecomposition, Matrix } from "ml-matrix";

// Small dense symmetric algebra for hot loops: row-major Float64Array, sizes passed in, no allocation.
// Whatever is not hot goes through ml-matrix (eigenvalues below).

/**
 * Cholesky factor of a symmetric positive definite matrix, in place.
 * @param a - n x n, row-major; the lower triangle is read and overwritten by L with a = L L'
 * @param n - size
 * @param offset - position of the matrix in `a`
 * @returns false when a pivot is not positive (the matrix is then left half done)
 */
export function choleskyInPlace(a: Float64Array, n: number, offset = 0): boolean {
  for (let j = 0; j < n; j++) {
    const rowJ = offset + j * n;
    let pivot = a[rowJ + j]!;
    for (let k = 0; k < j; k++) pivot -= a[rowJ + k]! * a[rowJ + k]!;
    if (!(pivot > 0) || pivot === Number.POSITIVE_INFINITY) return false;
    const diagonal = Math.sqrt(pivot);
    a[rowJ + j] = diagonal;
    for (let i = j + 1; i < n; i++) {
      const rowI = offset + i * n;
      let sum = a[rowI + j]!;
      for (let k = 0; k < j; k++) sum -= a[rowI + k]! * a[rowJ + k]!;
      a[rowI + j] = sum / diagonal;
    }
  }
  return true;
}

/**
 * Solves L L' x = b in place.
 * @param l - lower Cholesky factor, n x n row-major
 * @param n - size
 * @param b - right-hand side of length n, overwritten by x
 * @param offset - position of the factor in `l`
 */
export function choleskySolveInPlace(l: Float64Array, n: number, b: Float64Array, offset = 0): void {
  for (let i = 0; i < n; i++) {
    let sum = b[i]!;
    for (let k = 0; k < i; k++) sum -= l[offset + i * n + k]! * b[k]!;
    b[i] = sum / l[offset + i * n + i]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    let sum = b[i]!;
    for (let k = i + 1; k < n; k++) sum -= l[offset + k * n + i]! * b[k]!;
    b[i] = sum / l[offset + i * n + i]!;
  }
}

/**
 * Inverse of a symmetric positive definite matrix.
 * @param a - n x n row-major; not changed
 * @param n - size
 * @returns the full symmetric inverse, or null when `a` is not positive definite
 */
export function invertPositiveDefinite(a: Float64Array, n: number): Float64Array | null {
  const factor = a.slice(0, n * n);
  if (!choleskyInPlace(factor, n)) return null;
  const inverse = new Float64Array(n * n);
  const column = new Float64Array(n);
  for (let j = 0; j < n; j++) {
    column.fill(0);
    column[j] = 1;
    choleskySolveInPlace(factor, n, column);
    for (let i = 0; i < n; i++) inverse[i * n + j] = column[i]!;
  }
  symmetriseInPlace(inverse, n);
  return inverse;
}

/**
 * Lower factor L with L L' = a for a positive semi-definite matrix; a pivot that is not above rounding
 * error becomes a zero column.
 * @param a - n x n row-major; not changed
 * @param n - size
 * @returns L, n x n row-major
 */
export function semiDefiniteFactor(a: Float64Array, n: number): Float64Array {
  const l = new Float64Array(n * n);
  let largest = 0;
  for (let i = 0; i < n; i++) largest = Math.max(largest, a[i * n + i]!);
  for (let j = 0; j < n; j++) {
    let pivot = a[j * n + j]!;
    for (let k = 0; k < j; k++) pivot -= l[j * n + k]! ** 2;
    if (pivot <= largest * 1e-14) continue;
    const diagonal = Math.sqrt(pivot);
    l[j * n + j] = diagonal;
    for (let i = j + 1; i < n; i++) {
      let sum = a[i * n + j]!;
      for (let k = 0; k < j; k++) sum -= l[i * n + k]! * l[j * n + k]!;
      l[i * n + j] = sum / diagonal;
    }
  }
  return l;
}

/**
 * Replaces a by (a + a') / 2, so that rounding leaves it exactly symmetric.
 * @param a - n x n row-major, changed in place
 * @param n - size
 */
export function symmetriseInPlace(a: Float64Array, n: number): void {
  for (let i = 0; i < n; i++)
    for (let j = 0; j < i; j++) {
      const mean = 0.5 * (a[i * n + j]! + a[j * n + i]!);
      a[i * n + j] = mean;
      a[j * n + i] = mean;
    }
}

/** Eigenvalues and eigenvectors of a symmetric matrix. */
export interface SymmetricEigen {
  /** Ascending. */
  readonly values: Float64Array;
  /** n x n row-major; column j belongs to values[j]. */
  readonly vectors: Float64Array;
}

/** Entries below this share of the largest are set to zero: far below rounding, and the library's iteration fails on the very smallest. */
const NEGLIGIBLE_ENTRY = 1e-100;

/**
 * Eigen-decomposition of a symmetric matrix (through ml-matrix; not for hot loops).
 * @param a - n x n row-major
 * @param n - size
 * @returns eigenvalues ascending with their vectors
 */
export function symmetricEigen(a: Float64Array, n: number): SymmetricEigen {
  if (n === 0) return { values: new Float64Array(0), vectors: new Float64Array(0) };
  const smallest = NEGLIGIBLE_ENTRY * a.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const rows: number[][] = [];
  for (let i = 0; i < n; i++)
    rows.push(
      Array.from(a.subarray(i * n, (i + 1) * n), (value) => (Math.abs(value) < smallest ? 0 : value)),
    );
  const decomposition = new EigenvalueDecomposition(new Matrix(rows), { assumeSymmetric: true });
  const order = decomposition.realEigenvalues
    .map((value, index) => ({ value, index }))
    .sort((x, y) => x.value - y.value);
  const vectors = new Float64Array(n * n);
  order.forEach(({ index }, j) => {
    for (let i = 0; i < n; i++) vectors[i * n + j] = decomposition.eigenvectorMatrix.get(i, index);
  });
  return { values: Float64Array.from(order, (entry) => entry.value), vectors };
}

/**
 * a x for a square matrix.
 * @param a - n x n row-major
 * @param x - length n
 * @param n - size
 * @param out - length n, overwritten; must not be `x`
 */
export function multiplyInto(out: Float64Array, a: Float64Array, x: Float64Array, n: number): void {
  for (let i = 0; i < n; i++) {
    let sum = 0;
    for (let j = 0; j < n; j++) sum += a[i * n + j]! * x[j]!;
    out[i] = sum;
  }
}

/**
 * x'y.
 * @param x - at least n numbers
 * @param y - at least n numbers
 * @param n - how many count
 * @returns the inner product
 */
export function dot(x: Float64Array, y: Float64Array, n: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += x[i]! * y[i]!;
  return sum;
}
