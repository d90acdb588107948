import { NORMAL_95 } from "../core/distributions.js";
import type { LongTable } from "../core/table.js";
import { basisAtTimes } from "./design/basisAtTimes.js";
import type { Design, StoredDesign } from "./design/types.js";
import type { Inference } from "./inference.js";
import type { ClassParameters } from "./kernels/types.js";
import { observedMeans } from "./observedMeans.js";
import { userCoefficient } from "./reported.js";
import type { ClassSummary, Posteriors, Trajectory } from "./result.js";
import type { ModelSpec } from "./spec.js";

/**
 * Posteriors in the order of the long table's persons.
 * @param table - long table
 * @param design - design of the fit
 * @param values - nPersons x K in the order of the moments
 * @param nClasses - K
 * @returns posteriors with modal classes (the lowest label wins a tie)
 */
export function posteriorsOf(
  table: LongTable,
  design: Design,
  values: Float64Array,
  nClasses: number,
): Posteriors {
  const { personIndex } = design.moments;
  const nPersons = personIndex.length;
  const rankOfPerson = new Int32Array(table.nPersons).fill(-1);
  for (let rank = 0; rank < nPersons; rank++) rankOfPerson[design.keptPersons[rank]!] = rank;
  const out = new Float64Array(nPersons * nClasses);
  const modalClass = new Int32Array(nPersons);
  for (let position = 0; position < nPersons; position++) {
    const rank = rankOfPerson[personIndex[position]!]!;
    let best = 0;
    for (let k = 0; k < nClasses; k++) {
      const p = values[position * nClasses + k]!;
      out[rank * nClasses + k] = p;
      if (p > values[position * nClasses + best]!) best = k;
    }
    modalClass[rank] = best + 1;
  }
  return {
    personIds: Array.from(design.keptPersons, (i) => table.personIds[i]!),
    nClasses,
    values: out,
    modalClass,
  };
}

/** What {@link describeClasses} needs. */
export interface ClassInput {
  readonly table: LongTable;
  readonly spec: ModelSpec;
  readonly design: Design;
  readonly parameters: ClassParameters;
  readonly inference: Inference;
  readonly posteriors: Posteriors;
}

/**
 * Describes every class: size, certainty of classification, fitted mean trajectory with its band, observed means.
 * @param input - fit and data
 * @returns one summary per class, in order
 */
export function describeClasses(input: ClassInput): ClassSummary[] {
  const { posteriors, parameters } = input;
  const nClasses = parameters.nClasses;
  const nPersons = posteriors.personIds.length;
  const observed = observedMeans(input);
  return Array.from({ length: nClasses }, (_, k) => {
    let total = 0;
    let assigned = 0;
    let own = 0;
    for (let i = 0; i < nPersons; i++) {
      const p = posteriors.values[i * nClasses + k]!;
      total += p;
      if (posteriors.modalClass[i] === k + 1) {
        assigned++;
        own += p;
      }
    }
    const proportion = total / nPersons;
    const averagePosterior = assigned > 0 ? own / assigned : null;
    return {
      label: k + 1,
      proportion,
      assigned,
      averagePosterior,
      oddsOfCorrectClassification: correctOdds(averagePosterior, proportion, nClasses),
      meanTrajectory: meanTrajectory(input, k),
      observedMeans: observed[k]!,
    };
  });
}

/** [AvePP / (1 - AvePP)] / [pi / (1 - pi)] (Nagin 2005, p. 88); null where a ratio does not exist. */
function correctOdds(averagePosterior: number | null, proportion: number, nClasses: number): number | null {
  if (nClasses === 1 || averagePosterior === null || averagePosterior >= 1 || !(proportion > 0)) return null;
  return averagePosterior / (1 - averagePosterior) / (proportion / (1 - proportion));
}

/**
 * Fixed-effect row of the mean at each time, covariates at their means: one array per fixed column, user's scale.
 * @param spec - the model
 * @param stored - the design
 * @param times - times
 * @returns nFixed arrays of length times.length
 */
export function meanDesign(spec: ModelSpec, stored: StoredDesign, times: readonly number[]): Float64Array[] {
  const basis = basisAtTimes(spec, stored, times);
  return stored.fixedColumns.map((column) =>
    basis[column.basis]!.map((value) => value * stored.personMeans[column.person]!),
  );
}

function meanTrajectory({ spec, design, parameters, inference }: ClassInput, k: number): Trajectory {
  const { stored } = design;
  const { grid } = stored.times;
  const rows = meanDesign(spec, stored, grid);
  const nFixed = stored.fixedColumns.length;
  const coefficients = stored.fixedColumns.map((_, j) =>
    userCoefficient(stored, j, parameters.beta[k * nFixed + j]!),
  );
  const position = stored.fixedColumns.map((column) =>
    inference.parameters.findIndex(
      (entry) => entry.block === "fixed" && entry.name === column.name && (entry.class ?? k + 1) === k + 1,
    ),
  );
  const known = position.every((p) => inference.parameters[p]?.standardError !== null);
  const { covariance } = inference;
  const mean: number[] = [];
  const lower: (number | null)[] = [];
  const upper: (number | null)[] = [];
  grid.forEach((_, t) => {
    let value = 0;
    for (let j = 0; j < nFixed; j++) value += coefficients[j]! * rows[j]![t]!;
    mean.push(value);
    if (covariance === null || !known) {
      lower.push(null);
      upper.push(null);
      return;
    }
    let variance = 0;
    for (let i = 0; i < nFixed; i++)
      for (let j = 0; j < nFixed; j++)
        variance += rows[i]![t]! * rows[j]![t]! * covariance[position[i]!]![position[j]!]!;
    const half = NORMAL_95 * Math.sqrt(Math.max(variance, 0));
    lower.push(value - half);
    upper.push(value + half);
  });
  return { time: grid, mean, lower, upper };
}
