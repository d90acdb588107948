/** Rows that are independent of those before them, and the length of a vector in their metric. */
export interface StandardisedRows {
  /** Positions of the independent rows. */
  readonly kept: readonly number[];
  /** d'M^-1 d over the independent rows. */
  readonly square: number;
  /** Whether the other rows say of d what the independent ones imply. */
  readonly consistent: boolean;
}

/** Squared share of a row not explained by those before it, below which it counts as their combination. */
const DEPENDENT = 1e-9;
/** Variance of a row, as a share of what it would be were the estimates independent, below which it is rounding. */
const NO_VARIANCE = 1e-10;
/** Largest standardised departure from what the independent rows imply that is still rounding. */
const ROUNDING = 1e-6;

/**
 * Whether the variance of a combination of estimates is more than rounding.
 * @param variance - computed from the covariance matrix
 * @param size - what it would be were the estimates independent
 * @returns false for a combination that the model itself fixes
 */
export function varies(variance: number, size: number): boolean {
  return variance > NO_VARIANCE * size;
}

/**
 * Solves d'M^-1 d for a covariance matrix that may be singular: row by row, leaving out those that are combinations of the
 * ones before them (Cholesky factorisation of the correlation matrix, so units do not matter).
 * @param matrix - n x n, symmetric and positive semi-definite
 * @param vector - d, length n
 * @param sizes - variance that each row would have were the estimates independent
 * @returns the independent rows, the quadratic form over them, and whether the others agree
 */
export function independentRows(
  matrix: readonly (readonly number[])[],
  vector: readonly number[],
  sizes: readonly number[],
): StandardisedRows {
  const kept: number[] = [];
  const factor: number[][] = [];
  const solved: number[] = [];
  let consistent = true;
  const has = (i: number): boolean => varies(matrix[i]![i]!, sizes[i]!);
  const total = Math.sqrt(
    vector.reduce((sum, value, i) => sum + (has(i) ? value ** 2 / matrix[i]![i]! : 0), 0),
  );
  for (let i = 0; i < vector.length; i++) {
    if (!has(i)) {
      if (Math.abs(vector[i]!) > ROUNDING * Math.sqrt(sizes[i]!)) consistent = false;
      continue;
    }
    const scale = Math.sqrt(matrix[i]![i]!);
    const row: number[] = [];
    let pivot = 1;
    let rest = vector[i]! / scale;
    kept.forEach((j, a) => {
      let value = matrix[i]![j]! / (scale * Math.sqrt(matrix[j]![j]!));
      for (let b = 0; b < a; b++) value -= row[b]! * factor[a]![b]!;
      value /= factor[a]![a]!;
      row.push(value);
      pivot -= value ** 2;
      rest -= value * solved[a]!;
    });
    if (pivot > DEPENDENT) {
      row.push(Math.sqrt(pivot));
      factor.push(row);
      solved.push(rest / Math.sqrt(pivot));
      kept.push(i);
    } else if (Math.abs(rest) > ROUNDING * (1 + total)) consistent = false;
  }
  return { kept, square: solved.reduce((sum, value) => sum + value ** 2, 0), consistent };
}
