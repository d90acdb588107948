import type { LongTable } from "../../core/table.js";
import { allocateBlock, type Block, endOfBlock, readBlock } from "../design/blocks.js";
import { takeValues } from "../design/columns.js";
import { distinctTimes, orderStatistics } from "../design/times.js";
import type { Design } from "../design/types.js";
import { fillRows, isPower, type UsedRows, writeOutRows } from "../design/usedRows.js";
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
export function observedMeans(input: ObservedInput): ObservedMeans[] {
  const { used } = input.design;
  const bins = timeBins(takeValues(used.time, used.rows));
  const { count, distinct } = bins;
  const { weight, time, observed, fitted } =
    distinct !== null && followsTime(input.design) ? sumByTime(input, bins, distinct) : sumCells(input, bins);
  return Array.from({ length: input.parameters.nClasses }, (_, k) => {
    const cells = Array.from({ length: count }, (_cell, b) => k * count + b).filter(
      (cell) => weight[cell]! > 1e-6,
    );
    return {
      // A mean of equal times is that time only up to rounding.
      time: cells.map((cell) => distinct?.[cell - k * count] ?? time[cell]! / weight[cell]!),
      observed: cells.map((cell) => observed[cell]! / weight[cell]!),
      fitted: cells.map((cell) => fitted[cell]! / weight[cell]!),
      weight: cells.map((cell) => weight[cell]!),
    };
  });
}

/** Sums over rows weighted by the posterior of a class, K x number of bins. */
interface CellSums {
  readonly weight: Float64Array;
  readonly time: Float64Array;
  readonly observed: Float64Array;
  readonly fitted: Float64Array;
}

/** Whether everybody of a class has the same fitted mean at the same time. */
function followsTime({ used, personColumns }: Design): boolean {
  return personColumns.length === 1 && used.basis.every(isPower);
}

/** The sums where a bin is one time and the fitted means follow from it: only scores and posteriors differ by row. */
function sumByTime(
  { design, parameters, posteriors }: ObservedInput,
  bins: TimeBins,
  times: Float64Array,
): CellSums {
  const { used, keptStart, keptPersons } = design;
  const { scaling } = design.stored;
  const { nClasses } = parameters;
  const { count } = bins;
  // By time, then class: the classes of a row lie together.
  const weight = new Float64Array(count * nClasses);
  const observed = new Float64Array(count * nClasses);
  for (let i = 0; i < keptPersons.length; i++)
    addScores(weight, observed, bins, used, keptStart[i]!, keptStart[i + 1]!, posteriors, i * nClasses);
  const at: UsedRows = { ...used, nRows: count, rows: null, outcome: times, time: times };
  const { basis } = writeOutRows(at, scaling);
  const eta = new Float64Array(nClasses * basis.length);
  basisCoefficientsInto(eta, design, parameters, 0);
  const cell = (k: number, b: number): number => b * nClasses + k;
  const byClass = (value: (k: number, b: number) => number): Float64Array =>
    Float64Array.from({ length: nClasses * count }, (_, c) => value(Math.floor(c / count), c % count));
  const fittedMean = (k: number, b: number): number => {
    const mean = basis.reduce((sum, column, j) => sum + eta[k * basis.length + j]! * column[b]!, 0);
    return mean * scaling.outcomeSd + scaling.outcomeMean;
  };
  return {
    weight: byClass((k, b) => weight[cell(k, b)]!),
    time: byClass((k, b) => weight[cell(k, b)]! * times[b]!),
    observed: byClass((k, b) => observed[cell(k, b)]!),
    fitted: byClass((k, b) => weight[cell(k, b)]! * fittedMean(k, b)),
  };
}

/** Adds scores first .. end - 1, weighted by the posteriors of their person, which begin at `from`. */
function addScores(
  weight: Float64Array,
  observed: Float64Array,
  bins: TimeBins,
  { time, outcome, rows }: UsedRows,
  first: number,
  end: number,
  { values, nClasses }: Posteriors,
  from: number,
): void {
  let bin = -1;
  for (let r = first; r < end; r++) {
    const row = rows === null ? r : rows[r]!;
    const score = outcome[row]!;
    bin = binOf(bins, time[row]!, bin);
    for (let k = 0; k < nClasses; k++) {
      const p = values[from + k]!;
      weight[bin * nClasses + k]! += p;
      observed[bin * nClasses + k]! += p * score;
    }
  }
}

function sumCells({ design, parameters, posteriors }: ObservedInput, bins: TimeBins): CellSums {
  const { used, keptStart, keptPersons, personColumns } = design;
  const { scaling } = design.stored;
  const { nClasses } = parameters;
  const cells = (): Float64Array => new Float64Array(nClasses * bins.count);
  const sums = { weight: cells(), time: cells(), observed: cells(), fitted: cells() };
  const m = used.basis.length;
  const eta = new Float64Array(nClasses * m);
  const block = allocateBlock(m);
  for (let from = 0; from < keptPersons.length; ) {
    const to = endOfBlock(keptStart, from);
    const first = keptStart[from]!;
    readBlock(block, first, keptStart[to]!, (...at) => fillRows(used, scaling, ...at));
    for (let i = from; i < to; i++) {
      // Without person-level columns everybody has the same coefficients.
      if (i === 0 || personColumns.length > 1) basisCoefficientsInto(eta, design, parameters, i);
      addPerson(sums, bins, design, block, first, i, eta, posteriors);
    }
    from = to;
  }
  return sums;
}

/** Adds the rows of a person, weighted by their posteriors. */
function addPerson(
  sums: CellSums,
  bins: TimeBins,
  design: Design,
  block: Block,
  firstOfBlock: number,
  person: number,
  eta: Float64Array,
  { values, nClasses }: Posteriors,
): void {
  const { used, keptStart } = design;
  const { outcomeMean, outcomeSd } = design.stored.scaling;
  const m = used.basis.length;
  let bin = -1;
  for (let r = keptStart[person]!; r < keptStart[person + 1]!; r++) {
    const row = used.rows === null ? r : used.rows[r]!;
    const time = used.time[row]!;
    const score = used.outcome[row]!;
    bin = binOf(bins, time, bin);
    for (let k = 0; k < nClasses; k++) {
      const p = values[person * nClasses + k]!;
      let mean = 0;
      for (let b = 0; b < m; b++) mean += eta[k * m + b]! * block.basis[b]![r - firstOfBlock]!;
      const cell = k * bins.count + bin;
      sums.weight[cell]! += p;
      sums.time[cell]! += p * time;
      sums.observed[cell]! += p * score;
      sums.fitted[cell]! += p * (mean * outcomeSd + outcomeMean);
    }
  }
}

/** A person's coefficients of the basis in every class, K x m, internal scale. */
function basisCoefficientsInto(
  eta: Float64Array,
  { fixed, used, personColumns }: Design,
  parameters: ClassParameters,
  person: number,
): void {
  const m = used.basis.length;
  eta.fill(0);
  for (let k = 0; k < parameters.nClasses; k++)
    for (let j = 0; j < fixed.nFixed; j++)
      eta[k * m + fixed.basis[j]!]! +=
        parameters.beta[k * fixed.nFixed + j]! * personColumns[fixed.person[j]!]![person]!;
}

/** The distinct times when there are few, else bins of about equal numbers of rows. */
interface TimeBins {
  readonly count: number;
  /** Time of each bin; null where a bin holds several. */
  readonly distinct: Float64Array | null;
  /** First time of each bin but the first. */
  readonly edges: Float64Array;
}

function timeBins(time: Float64Array): TimeBins {
  const distinct = distinctTimes(time, MAX_TIME_POINTS);
  if (distinct !== null) return { count: distinct.length, distinct, edges: distinct.subarray(1) };
  const ranks = Array.from({ length: QUANTILE_BINS - 1 }, (_, b) =>
    Math.floor(((b + 1) * time.length) / QUANTILE_BINS),
  );
  return { count: QUANTILE_BINS, distinct: null, edges: Float64Array.from(orderStatistics(time, ranks)) };
}

/** The bin of a time: number of edges at or below it. Mostly it is the one after that of the row before. */
function binOf({ edges }: TimeBins, time: number, before: number): number {
  const next = before + 1;
  if (next > 0 && next < edges.length && edges[next - 1]! <= time && time < edges[next]!) return next;
  let low = 0;
  let high = edges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (edges[middle]! <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}
