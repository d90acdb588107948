import type { LongTable } from "../core/table.js";
import { observedMeans } from "./classes/observedMeans.js";
import { basisAtTimes, internalBasisAtTimes } from "./design/basisAtTimes.js";
import { latentAtom } from "./design/occasions.js";
import { parseModel } from "./design/parse.js";
import type { Design, StoredDesign } from "./design/types.js";
import { curveBands, curveFactor } from "./inference/bands.js";
import type { Inference } from "./inference.js";
import type { ClassParameters } from "./kernels/types.js";
import type { ParameterLayout } from "./parameters.js";
import type { ClassSummary, Posteriors, Trajectory } from "./result.js";
import type { ModelSpec } from "./spec.js";
import { latentColumns } from "./terms/latent.js";

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
  const rankOf = new Int32Array(table.nPersons);
  for (let rank = 0; rank < nPersons; rank++) rankOf[design.keptPersons[rank]!] = rank;
  const out = new Float64Array(nPersons * nClasses);
  const modalClass = new Int32Array(nPersons);
  for (let position = 0; position < nPersons; position++) {
    const rank = rankOf[personIndex[position]!]!;
    let best = 0;
    for (let k = 0; k < nClasses; k++) {
      const p = values[position * nClasses + k]!;
      out[rank * nClasses + k] = p;
      if (p > values[position * nClasses + best]!) best = k;
    }
    modalClass[rank] = best + 1;
  }
  return {
    personIds: keptIds(table, design.keptPersons),
    nClasses,
    values: out,
    modalClass,
  };
}

/** Identifiers of the persons kept: the table's own list where everybody is. */
function keptIds({ personIds, nPersons }: LongTable, kept: Int32Array): readonly string[] {
  return kept.length === nPersons ? personIds : Array.from(kept, (i) => personIds[i]!);
}

/** What {@link describeClasses} needs. */
export interface ClassInput {
  readonly table: LongTable;
  readonly spec: ModelSpec;
  readonly design: Design;
  readonly layout: ParameterLayout;
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

/**
 * The same on the internal scale, where powers of time are centred: means and standard errors computed from it keep their digits
 * at times far from zero.
 * @param spec - the model
 * @param stored - the design
 * @param times - times
 * @returns nFixed arrays of length times.length, for internal coefficients
 */
export function internalMeanDesign(
  spec: ModelSpec,
  stored: StoredDesign,
  times: readonly number[],
): Float64Array[] {
  const basis = internalBasisAtTimes(spec, stored, times);
  return stored.fixedColumns.map(({ basis: b, person }) => {
    const held = stored.personMeans[person]! / stored.scaling.person[person]!;
    return basis[b]!.map((value) => value * held);
  });
}

/** A class mean over time and a factor of its covariance. */
export interface ClassCurve {
  /** T, user's scale. */
  readonly mean: readonly number[];
  /** T rows whose products are the covariances of the curve; null where a coefficient has no standard error. */
  readonly factor: readonly (readonly number[])[] | null;
}

/**
 * The mean of a class at given times with its uncertainty.
 * @param input - the fit
 * @param k - class from 0
 * @param times - T times
 * @returns the curve
 */
export function classCurve(
  input: Pick<ClassInput, "spec" | "design" | "layout" | "parameters" | "inference">,
  k: number,
  times: readonly number[],
): ClassCurve {
  const { spec, design, layout, parameters, inference } = input;
  const { fixedColumns, scaling } = design.stored;
  const rows = internalMeanDesign(spec, design.stored, times);
  const nFixed = fixedColumns.length;
  const mean = times.map((_, t) => {
    let value = 0;
    for (let j = 0; j < nFixed; j++) value += parameters.beta[k * nFixed + j]! * rows[j]![t]!;
    return value * scaling.outcomeSd + scaling.outcomeMean;
  });
  const inverse = inference.internalCovariance;
  const known = inference.parameters.every(
    ({ block, class: label, standardError, constraint }) =>
      block !== "fixed" || (label ?? k + 1) !== k + 1 || standardError !== null || constraint === "fixed",
  );
  if (inverse === null || !known) return { mean, factor: null };
  const position = fixedColumns.map(
    (_, j) => layout.betaPosition[j]! + (layout.fixed.classSpecific[j] ? k : 0),
  );
  const weights = times.map((_, t) => rows.map((row) => row[t]! * scaling.outcomeSd));
  addLoadings(input, k, times, position, weights);
  const covariance = position.map((a) => position.map((b) => inverse[a * layout.nParameters + b]!));
  return { mean, factor: curveFactor(weights, covariance) };
}

/** Adds what the loadings of a latent basis contribute to a curve: their positions, and the curve's slopes in them. */
function addLoadings(
  { spec, design, layout, parameters }: Pick<ClassInput, "spec" | "design" | "layout" | "parameters">,
  k: number,
  times: readonly number[],
  position: number[],
  weights: number[][],
): void {
  const { stored } = design;
  const atom = layout.nLoadings > 0 ? latentAtom(parseModel(spec)) : null;
  if (atom === null) return;
  const latent = stored.basisNames.indexOf(atom.text);
  const { fixedColumns, personMeans, scaling, occasions } = stored;
  let coefficient = 0;
  fixedColumns.forEach(({ basis, person }, j) => {
    if (basis === latent)
      coefficient +=
        (parameters.beta[k * fixedColumns.length + j]! * personMeans[person]!) / scaling.person[person]!;
  });
  for (let o = 1; o < layout.nLoadings - 1; o++) {
    position.push(layout.loadingsAt + o - 1);
    // The basis runs straight between occasions: its slope in one loading is 1 there and 0 at the others.
    const alone = { occasions: occasions!.values, values: occasions!.values.map((_, p) => Number(p === o)) };
    const coding = { ...stored.coding, loadings: { [atom.text]: alone } };
    const [slope] = latentColumns(atom, Float64Array.from(times), coding).values;
    times.forEach((_, t) => {
      weights[t]!.push(coefficient * slope![t]! * scaling.outcomeSd);
    });
  }
}

function meanTrajectory(input: ClassInput, k: number): Trajectory {
  const { grid } = input.design.stored.times;
  const { mean, factor } = classCurve(input, k, grid);
  return { time: grid, mean, ...curveBands(mean, factor) };
}
