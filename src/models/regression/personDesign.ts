/** A person-level design matrix as the regressions read it. */
export interface RegressionDesign {
  readonly nPersons: number;
  /** nPersons x names.length, row-major, the intercept among the columns; NaN where a covariate is missing. */
  readonly matrix: Float64Array;
  /** Column names, e.g. `(Intercept)`, `age`, `female:yes`. */
  readonly names: readonly string[];
  /** Index into `terms` of each column. */
  readonly termOfColumn: Int32Array;
  readonly terms: readonly string[];
}

/** Counts persons left out, by reason, in order of first appearance. */
export class LeftOut {
  private readonly counts = new Map<string, number>();

  /**
   * Counts persons left out.
   * @param reason - in words, e.g. `missing age`
   * @param persons - how many
   */
  add(reason: string, persons = 1): void {
    if (persons > 0) this.counts.set(reason, (this.counts.get(reason) ?? 0) + persons);
  }

  /**
   * The counts as they go into a result.
   * @returns one entry per reason
   */
  list(): { reason: string; persons: number }[] {
    return [...this.counts].map(([reason, persons]) => ({ reason, persons }));
  }
}

/**
 * Keeps some persons of a design, leaving out (and counting by covariate) those with a missing covariate.
 * @param design - design of everyone in the person table
 * @param rows - persons wanted, as rows of the design
 * @param leftOut - receives the counts
 * @returns the design of the persons kept, and their positions in `rows`
 */
export function completeRows(
  design: RegressionDesign,
  rows: ArrayLike<number>,
  leftOut: LeftOut,
): { design: RegressionDesign; positions: number[] } {
  const width = design.names.length;
  const positions: number[] = [];
  for (let position = 0; position < rows.length; position++) {
    const missing = missingTerms(design, rows[position]!);
    if (missing.length === 0) positions.push(position);
    else leftOut.add(`missing ${missing.join(" and ")}`);
  }
  const matrix = new Float64Array(positions.length * width);
  positions.forEach((position, out) => {
    const row = rows[position]!;
    matrix.set(design.matrix.subarray(row * width, (row + 1) * width), out * width);
  });
  return { design: { ...design, nPersons: positions.length, matrix }, positions };
}

/** Terms whose value is missing for a person; an interaction is not named beside its own parts. */
function missingTerms(design: RegressionDesign, row: number): string[] {
  const width = design.names.length;
  const missing = new Set<string>();
  for (let j = 0; j < width; j++)
    if (!Number.isFinite(design.matrix[row * width + j]!))
      missing.add(design.terms[design.termOfColumn[j]!]!);
  return [...missing].filter((term) => {
    const parts = term.split(":");
    return parts.length === 1 || !parts.some((part) => missing.has(part));
  });
}
