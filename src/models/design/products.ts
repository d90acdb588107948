import { type AtomColumns, multiplyColumns } from "../terms.js";

/**
 * Product of the columns of a term's atoms.
 * @param atoms - columns of each atom, each of length n
 * @param n - rows, or persons
 * @returns every product of one column of each; the constant, named with the empty text, of no atoms
 */
export function multiplyAll(atoms: readonly AtomColumns[], n: number): AtomColumns {
  return atoms.reduce(multiplyColumns, { names: [""], values: [new Float64Array(n).fill(1)] });
}

/**
 * A product's name as a column.
 * @param name - from {@link multiplyAll}
 * @returns the name; `(Intercept)` for the empty product, which is the constant
 */
export function productName(name: string): string {
  return name === "" ? "(Intercept)" : name;
}
