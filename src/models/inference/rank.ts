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
/** Largest standardised departure from what the independent rows imply that is still rounding. */
const ROUNDING = 1e-6;

/**
 * Solves d'M^-1 d for a covariance matrix that may be singular: row by row, leaving out those that are combinations of the
 * ones before them (Cholesky factorisation of the correlation matrix, so units do not matter).
 * @param matrix - n x n, symmetric and positive semi-definite
 * @param vector - d, length n
 * @returns the independent rows, the quadratic form over them, and whether the others agree
 */
export function independentRows(
  matrix: readonly (readonly number[])[],
  vector: readonly number[],
): StandardisedRows {
  const kept: number[] = [];
  const factor: number[][] = [];
  const solved: number[] = [];
  let consistent = true;
  const total = Math.sqrt(
    vector.reduce((sum, value, i) => sum + (matrix[i]![i]! > 0 ? value ** 2 / matrix[i]![i]! : 0), 0),
  );
  for (let i = 0; i < vector.length; i++) {
    const scale = Math.sqrt(Math.max(matrix[i]![i]!, 0));
    if (!(scale > 0)) {
      if (vector[i] !== 0) consistent = consistent && Math.abs(vector[i]!) < ROUNDING;
      continue;
    }
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
