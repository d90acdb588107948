import type { RegressionDesign } from "./personDesign.js";

/** A design fit for Newton's method: columns that can be told apart, centred and scaled. */
export interface IdentifiedDesign {
  readonly nPersons: number;
  /** Indices of the columns kept, into the original design. */
  readonly kept: readonly number[];
  /** nPersons x kept.length, row-major: standardised columns (the intercept is 1). */
  readonly matrix: Float64Array;
  /** kept x kept, row-major: coefficient on the user's scale = toUserScale * coefficient here. */
  readonly toUserScale: Float64Array;
  /** Largest minus smallest value of each kept column on the user's scale; 1 for the intercept. */
  readonly range: Float64Array;
  /** One sentence for each column left out. */
  readonly aliased: readonly string[];
}

/** Squared share of a column that its predecessors do not explain, below which it counts as their combination. */
const ALIAS_TOLERANCE = 1e-10;

/**
 * Leaves out constant and collinear columns, naming what each is a combination of, and standardises the rest.
 * @param design - person-level design without missing values
 * @returns the columns kept, their transformation, and a sentence per column left out
 */
export function identifyColumns(design: RegressionDesign): IdentifiedDesign {
  const { nPersons, names } = design;
  const moments = names.map((_, j) => columnMoments(design, j));
  const intercept = moments.findIndex((column) => column.constant && column.mean !== 0);
  const candidates: number[] = [];
  const aliased: string[] = [];
  moments.forEach((column, j) => {
    if (!column.constant || j === intercept) candidates.push(j);
    else aliased.push(`${names[j]} is ${formatValue(column.mean)} for everyone in the analysis`);
  });
  const scaled = candidates.map((j) => standardised(design, j, moments[j]!, j === intercept, intercept >= 0));
  const kept: number[] = [];
  const orthogonal: Float64Array[] = [];
  candidates.forEach((j, position) => {
    const rest = residual(scaled[position]!, orthogonal);
    if (squaredNorm(rest) > ALIAS_TOLERANCE * squaredNorm(scaled[position]!)) {
      kept.push(position);
      orthogonal.push(rest);
    } else {
      const parts = explainedBy(
        scaled[position]!,
        kept.map((k) => scaled[k]!),
      ).map((k) => names[candidates[kept[k]!]!]!);
      aliased.push(`${names[j]} is an exact combination of ${parts.join(" and ")}`);
    }
  });
  const columns = kept.map((position) => candidates[position]!);
  const matrix = new Float64Array(nPersons * kept.length);
  kept.forEach((position, c) => {
    for (let i = 0; i < nPersons; i++) matrix[i * kept.length + c] = scaled[position]![i]!;
  });
  return {
    nPersons,
    kept: columns,
    matrix,
    toUserScale: backTransform(columns, moments, intercept),
    range: Float64Array.from(columns, (j) => (j === intercept ? 1 : moments[j]!.range)),
    aliased,
  };
}

interface ColumnMoments {
  readonly mean: number;
  readonly sd: number;
  readonly range: number;
  readonly constant: boolean;
}

function columnMoments(design: RegressionDesign, column: number): ColumnMoments {
  const { nPersons, matrix, names } = design;
  const width = names.length;
  let sum = 0;
  let smallest = Number.POSITIVE_INFINITY;
  let largest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < nPersons; i++) {
    const value = matrix[i * width + column]!;
    sum += value;
    smallest = Math.min(smallest, value);
    largest = Math.max(largest, value);
  }
  const mean = nPersons === 0 ? 0 : sum / nPersons;
  let squares = 0;
  for (let i = 0; i < nPersons; i++) squares += (matrix[i * width + column]! - mean) ** 2;
  const sd = nPersons === 0 ? 0 : Math.sqrt(squares / nPersons);
  const constant =
    nPersons === 0 || largest - smallest <= 1e-12 * Math.max(Math.abs(largest), Math.abs(smallest));
  return { mean: constant && nPersons > 0 ? smallest : mean, sd, range: largest - smallest, constant };
}

function standardised(
  design: RegressionDesign,
  column: number,
  moments: ColumnMoments,
  isIntercept: boolean,
  centre: boolean,
): Float64Array {
  const width = design.names.length;
  const out = new Float64Array(design.nPersons);
  const shift = centre && !isIntercept ? moments.mean : 0;
  const scale = isIntercept ? moments.mean : moments.sd;
  for (let i = 0; i < out.length; i++) out[i] = (design.matrix[i * width + column]! - shift) / scale;
  return out;
}

/** The map from standardised coefficients to the user's: b_j / sd_j, and the shifts go to the intercept. */
function backTransform(
  columns: readonly number[],
  moments: readonly ColumnMoments[],
  intercept: number,
): Float64Array {
  const size = columns.length;
  const out = new Float64Array(size * size);
  const home = columns.indexOf(intercept);
  columns.forEach((j, c) => {
    const { mean, sd } = moments[j]!;
    if (c === home) {
      out[c * size + c] = 1 / mean;
      return;
    }
    out[c * size + c] = 1 / sd;
    if (home >= 0) out[home * size + c] = -mean / (sd * moments[intercept]!.mean);
  });
  return out;
}

/** Gram-Schmidt, twice, because once loses digits when columns are nearly collinear. */
function residual(column: Float64Array, orthogonal: readonly Float64Array[]): Float64Array {
  const out = column.slice();
  for (let pass = 0; pass < 2; pass++)
    for (const basis of orthogonal) {
      let product = 0;
      for (let i = 0; i < out.length; i++) product += out[i]! * basis[i]!;
      const share = product / squaredNorm(basis);
      for (let i = 0; i < out.length; i++) out[i]! -= share * basis[i]!;
    }
  return out;
}

/** Positions of the columns without which `column` would not be explained. */
function explainedBy(column: Float64Array, others: readonly Float64Array[]): number[] {
  const needed: number[] = [];
  others.forEach((_, left) => {
    const basis: Float64Array[] = [];
    others.forEach((other, k) => {
      if (k !== left) basis.push(residual(other, basis));
    });
    if (squaredNorm(residual(column, basis)) > ALIAS_TOLERANCE * squaredNorm(column)) needed.push(left);
  });
  return needed;
}

function squaredNorm(column: Float64Array): number {
  let sum = 0;
  for (const value of column) sum += value * value;
  return sum;
}

function formatValue(value: number): string {
  return Number(value.toPrecision(6)).toString();
}
