/** Work over all of a data set that is cut into parts whose numbers are added up, in order: the same bits whoever computes them. */
export interface Pass {
  readonly nParts: number;
  /** Numbers that each part gives. */
  readonly width: number;
  /** Computes a part at `input` and writes its numbers into `out` from `at` on. */
  compute(part: number, input: Float64Array, out: Float64Array, at: number): void;
}

/**
 * Adds a part's numbers.
 * @param out - added to
 * @param numbers - as many from `at` on
 * @param at - first of them
 */
export function addInto(out: Float64Array, numbers: Float64Array, at: number): void {
  for (let e = 0; e < out.length; e++) out[e]! += numbers[at + e]!;
}
