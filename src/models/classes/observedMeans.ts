import type { LongTable } from "../../core/table.js";
import { numericValues, takeValues } from "../design/columns.js";
import { distinctTimes } from "../design/times.js";
import type { Design } from "../design/types.js";
import type { ClassParameters } from "../kernels/types.js";
import type { ObservedMeans, Posteriors } from "../result.js";
import type { ModelSpec } from "../spec.js";

/** Most time points at which observed means are shown. */
const MAX_TIME_POINTS = 40;
const QUANTILE_BINS = 20;

/** What {@link observedMeans} needs. */
export interface ObservedInput {
  readonly table: LongTable;
  readonly spec: ModelSpec;
  readonly design: Design;
  readonly parameters: ClassParameters;
  readonly posteriors: Posteriors;
}

/**
 * Posterior-weighted mean scores of each class near each time, beside the fitted means of the same rows.
 * @param input - fit and data
 * @returns one entry per class; times that a class has no weight at are left out
 */
export function observedMeans({
  table,
  spec,
  design,
  parameters,
  posteriors,
}: ObservedInput): ObservedMeans[] {
  const nClasses = parameters.nClasses;
  const allTimes = numericValues(table, spec.time);
  const time = takeValues(allTimes, design.keptRows);
  const outcome = numericValues(table, spec.outcome);
  const { scaling } = design.stored;
  const { bin, count, distinct } = timeBins(time);
  const weight = new Float64Array(nClasses * count);
  const sumTime = new Float64Array(nClasses * count);
  const observed = new Float64Array(nClasses * count);
  const fitted = new Float64Array(nClasses * count);
  const m = design.rowBasis.length;
  const eta = new Float64Array(nClasses * m);
  for (let i = 0; i < design.keptPersons.length; i++) {
    basisCoefficientsInto(eta, design, parameters, i);
    for (let kept = design.keptStart[i]!; kept < design.keptStart[i + 1]!; kept++) {
      const score = outcome[design.keptRows[kept]!]!;
      for (let k = 0; k < nClasses; k++) {
        const p = posteriors.values[i * nClasses + k]!;
        let mean = 0;
        for (let b = 0; b < m; b++) mean += eta[k * m + b]! * design.rowBasis[b]![kept]!;
        const cell = k * count + bin[kept]!;
        weight[cell]! += p;
        sumTime[cell]! += p * time[kept]!;
        observed[cell]! += p * score;
        fitted[cell]! += p * (mean * scaling.outcomeSd + scaling.outcomeMean);
      }
    }
  }
  return Array.from({ length: nClasses }, (_, k) => {
    const used = Array.from({ length: count }, (_cell, b) => k * count + b).filter(
      (cell) => weight[cell]! > 1e-6,
    );
    return {
      // A mean of equal times is that time only up to rounding.
      time: used.map((cell) => distinct?.[cell - k * count] ?? sumTime[cell]! / weight[cell]!),
      observed: used.map((cell) => observed[cell]! / weight[cell]!),
      fitted: used.map((cell) => fitted[cell]! / weight[cell]!),
      weight: used.map((cell) => weight[cell]!),
    };
  });
}

/** A person's coefficients of the basis in every class, K x m, internal scale. */
function basisCoefficientsInto(
  eta: Float64Array,
  { fixed, rowBasis, personColumns }: Design,
  parameters: ClassParameters,
  person: number,
): void {
  eta.fill(0);
  for (let k = 0; k < parameters.nClasses; k++)
    for (let j = 0; j < fixed.nFixed; j++)
      eta[k * rowBasis.length + fixed.basis[j]!]! +=
        parameters.beta[k * fixed.nFixed + j]! * personColumns[fixed.person[j]!]![person]!;
}

/** The distinct times when there are few, else bins of about equal numbers of rows. */
function timeBins(time: Float64Array): { bin: Int32Array; count: number; distinct: Float64Array | null } {
  const bin = new Int32Array(time.length);
  const distinct = distinctTimes(time, MAX_TIME_POINTS);
  if (distinct !== null) {
    for (let r = 0; r < time.length; r++) bin[r] = lowerBound(distinct, time[r]!);
    return { bin, count: distinct.length, distinct };
  }
  const sorted = time.slice().sort();
  const edges = Float64Array.from(
    { length: QUANTILE_BINS - 1 },
    (_, b) => sorted[Math.floor(((b + 1) * sorted.length) / QUANTILE_BINS)]!,
  );
  for (let r = 0; r < time.length; r++) {
    let b = 0;
    while (b < edges.length && time[r]! >= edges[b]!) b++;
    bin[r] = b;
  }
  return { bin, count: QUANTILE_BINS, distinct: null };
}

/** First position whose value is not below t. */
function lowerBound(sorted: Float64Array, t: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < t) low = middle + 1;
    else high = middle;
  }
  return low;
}
