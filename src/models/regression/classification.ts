import { invertPositiveDefinite, symmetricEigen } from "../../core/linalg.js";
import type { Posteriors, Verdict } from "../result.js";
import type { Assignment } from "./estimate.js";

/** How the classification error of step two is dealt with in step three. */
export type ThreeStepCorrection = "ml" | "bch" | "none";

/** Ratio of the singular values of a classification table below which classes are not told apart at all. */
const SINGULAR = 1e-5;

/** Step two: who was assigned where, and how surely. */
export interface Classification {
  /** Classes in the analysis, as indices into the fit's classes; classes nobody was assigned to are left out. */
  readonly classes: readonly number[];
  /** Weight of each person's assignment to each class: all persons of the fit x classes, row-major. */
  readonly weights: Float64Array;
  /** P(assigned class s | true class t), row t, column s. */
  readonly table: Float64Array;
  /** Empty classes, named. */
  readonly verdicts: readonly Verdict[];
}

/**
 * Assigns persons to classes and estimates the error of doing so from their posteriors:
 * P(W = s | X = t) = sum_i w_is p_it / sum_i p_it (Vermunt 2010, eq. 4-6).
 * @param posteriors - of every person of the fit
 * @param proportional - assign to every class by its posterior probability, not to the most probable one
 * @returns weights, classification table, and a verdict per empty class
 */
export function classify(posteriors: Posteriors, proportional: boolean): Classification {
  const { nClasses, values } = posteriors;
  const nPersons = posteriors.personIds.length;
  const assigned = new Float64Array(nClasses);
  for (let i = 0; i < nPersons; i++) {
    if (!hasPosterior(posteriors, i)) continue;
    if (proportional) for (let k = 0; k < nClasses; k++) assigned[k]! += values[i * nClasses + k]!;
    else assigned[modalClass(posteriors, i)]!++;
  }
  const classes = [...assigned.keys()].filter((k) => assigned[k]! > 1e-8 * nPersons);
  const size = classes.length;
  const weights = new Float64Array(nPersons * size);
  const table = new Float64Array(size * size);
  const classTotals = new Float64Array(size);
  for (let i = 0; i < nPersons; i++) {
    if (!hasPosterior(posteriors, i)) continue;
    let kept = 0;
    for (const k of classes) kept += values[i * nClasses + k]!;
    const posterior = (t: number): number => values[i * nClasses + classes[t]!]! / kept;
    const modal = modalClass(posteriors, i);
    for (let s = 0; s < size; s++)
      weights[i * size + s] = proportional ? posterior(s) : Number(classes[s] === modal);
    for (let t = 0; t < size; t++) {
      classTotals[t]! += posterior(t);
      for (let s = 0; s < size; s++) table[t * size + s]! += weights[i * size + s]! * posterior(t);
    }
  }
  for (let t = 0; t < size; t++) for (let s = 0; s < size; s++) table[t * size + s]! /= classTotals[t]!;
  const verdicts = [...assigned.keys()].filter((k) => !classes.includes(k)).map(emptyClass);
  return { classes, weights, table, verdicts };
}

/**
 * Whether a person has posterior probabilities at all.
 * @param posteriors - of every person of the fit
 * @param person - index of the person
 * @returns false when any of them is not a finite number
 */
export function hasPosterior(posteriors: Posteriors, person: number): boolean {
  const { nClasses, values } = posteriors;
  for (let k = 0; k < nClasses; k++) if (!Number.isFinite(values[person * nClasses + k]!)) return false;
  return true;
}

/**
 * The assignment and error table that the regression of step three maximises over.
 * @param classification - step two
 * @param correction - how to correct
 * @param members - persons wanted, as indices into the fit's persons
 * @returns the assignment, or null when the table is singular, so that it cannot correct anything
 */
export function assignmentFor(
  classification: Classification,
  correction: ThreeStepCorrection,
  members: readonly number[],
): Assignment | null {
  const size = classification.classes.length;
  const weights = new Float64Array(members.length * size);
  members.forEach((member, i) => {
    weights.set(classification.weights.subarray(member * size, (member + 1) * size), i * size);
  });
  if (correction === "none") return { nClasses: size, weights, table: null };
  const inverted = invertTable(classification.table, size);
  if (inverted === null) return null;
  if (correction === "ml") return { nClasses: size, weights, table: classification.table };
  const corrected = new Float64Array(weights.length);
  for (let i = 0; i < members.length; i++)
    for (let s = 0; s < size; s++)
      for (let t = 0; t < size; t++)
        corrected[i * size + t]! += weights[i * size + s]! * inverted[s * size + t]!;
  return { nClasses: size, weights: corrected, table: null };
}

/**
 * Inverse of the classification table D, as (D'D)^-1 D'; null when classes are told apart so badly that it would
 * mean nothing.
 */
function invertTable(table: Float64Array, size: number): Float64Array | null {
  const product = new Float64Array(size * size);
  for (let r = 0; r < size; r++)
    for (let c = 0; c < size; c++)
      for (let t = 0; t < size; t++) product[r * size + c]! += table[t * size + r]! * table[t * size + c]!;
  const squares = symmetricEigen(product, size).values;
  // Eigenvalues of D'D are squared singular values of D.
  if (!(squares[0]! > SINGULAR ** 2 * squares[size - 1]!)) return null;
  const inverse = invertPositiveDefinite(product, size);
  if (inverse === null) return null;
  const out = new Float64Array(size * size);
  for (let r = 0; r < size; r++)
    for (let c = 0; c < size; c++)
      for (let t = 0; t < size; t++) out[r * size + c]! += inverse[r * size + t]! * table[c * size + t]!;
  return out;
}

function modalClass(posteriors: Posteriors, person: number): number {
  return posteriors.modalClass[person]! - 1;
}

function emptyClass(k: number): Verdict {
  return {
    name: "class vanished",
    sentence: `Nobody is assigned to class ${k + 1}, so it has no part in this regression.`,
    advice: "Use a model with fewer classes.",
  };
}
