import fc from "fast-check";
import { createStream } from "../../../src/core/random.js";
import {
  buildMoments,
  type FixedStructure,
  type MomentRows,
  type Moments,
} from "../../../src/models/design/moments.js";
import { buildRowData, type RowData } from "../../../src/models/design/rowData.js";
import { createLayout, type ParameterLayout } from "../../../src/models/parameters.js";
import { needsRows } from "../../../src/models/residuals.js";
import type { CovarianceSharing, ResidualStructure } from "../../../src/models/spec.js";

/** What fast-check draws: the structure of a model; its numbers follow from the seed. */
export interface ModelShape {
  readonly seed: number;
  readonly nClasses: number;
  readonly nRandom: number;
  /** Basis columns beyond the random ones. */
  readonly extraBasis: number;
  readonly nPersonColumns: number;
  readonly nMembership: number;
  readonly diagonal: boolean;
  readonly covariance: CovarianceSharing;
  readonly residual: ResidualStructure;
  /** Everybody seen at the same times, or each at their own. */
  readonly regular: boolean;
  readonly nPersons: number;
  /** Class-specific coefficients on the basis alone, as the fast kernel wants them. */
  readonly specificTimeOnly: boolean;
  /** The second basis column has free loadings (it is 1, t, t^2 otherwise). */
  readonly latent?: boolean;
}

/** Rows, their moments and a random parameter vector. */
export interface RandomModel {
  readonly rows: MomentRows;
  readonly moments: Moments;
  /** Null where sums over rows suffice. */
  readonly rowData: RowData | null;
  /** Occasion and lag of each row. */
  readonly occasion: Float64Array;
  readonly lag: Float64Array;
  readonly fixed: FixedStructure;
  readonly layout: ParameterLayout;
  readonly x: Float64Array;
}

/** Structures of every kind the package fits. */
export function modelShapes(
  limits: Partial<Record<keyof ModelShape, unknown>> = {},
): fc.Arbitrary<ModelShape> {
  return fc.record({
    seed: fc.integer({ min: 0, max: 1e9 }),
    nClasses: fc.integer({ min: 1, max: 4 }),
    nRandom: fc.integer({ min: 0, max: 3 }),
    extraBasis: fc.integer({ min: 1, max: 2 }),
    nPersonColumns: fc.integer({ min: 1, max: 3 }),
    nMembership: fc.integer({ min: 1, max: 3 }),
    diagonal: fc.boolean(),
    covariance: fc.constantFrom<CovarianceSharing>("equal", "proportional", "free"),
    residual: fc.constantFrom<ResidualStructure>("common", "class"),
    regular: fc.boolean(),
    nPersons: fc.integer({ min: 1, max: 12 }),
    specificTimeOnly: fc.boolean(),
    ...(Object.fromEntries(
      Object.entries(limits).map(([name, value]) => [name, fc.constant(value)]),
    ) as object),
  }) as fc.Arbitrary<ModelShape>;
}

/** Makes rows, moments and parameters of a structure. */
export function randomModel(shape: ModelShape): RandomModel {
  const stream = createStream(shape.seed, 77);
  const nBasis = Math.max(shape.nRandom, 1) + shape.extraBasis;
  const personStart = [0];
  const times: number[] = [];
  for (let i = 0; i < shape.nPersons; i++) {
    const sessions = stream.uniform() < 0.25 ? 1 : 1 + stream.integer(6);
    for (let j = 0; j < sessions; j++) times.push(shape.regular ? j : 6 * stream.uniform());
    personStart.push(times.length);
  }
  const n = times.length;
  const latent = shape.latent ?? false;
  const { occasion, lag } = occasionsOf(personStart, times, shape.regular);
  const looksAtRows = latent || needsRows(shape.residual);
  // 1, t, t^2, then a covariate of the session and its product with time.
  const covariate = Float64Array.from({ length: n }, () => stream.normal());
  const basis = Array.from({ length: nBasis }, (_, b) =>
    Float64Array.from({ length: n }, (_row, r) => {
      const t = times[r]! / 3;
      return b < 3 ? t ** b : b === 3 && !shape.regular ? covariate[r]! : t ** b / 3;
    }),
  );
  const normals = (length: number): Float64Array => Float64Array.from({ length }, () => stream.normal());
  const person = Array.from({ length: shape.nPersonColumns }, (_, j) =>
    j === 0 ? new Float64Array(shape.nPersons).fill(1) : normals(shape.nPersons),
  );
  const membership = Array.from({ length: shape.nMembership }, (_, j) =>
    j === 0 ? new Float64Array(shape.nPersons).fill(1) : normals(shape.nPersons),
  );
  const outcome = Float64Array.from(times, (t) => 0.4 - 0.2 * t + 1.3 * stream.normal());
  const rows: MomentRows = {
    personStart: Int32Array.from(personStart),
    personIndex: Int32Array.from({ length: shape.nPersons }, (_, i) => i),
    basis,
    outcome,
    nRandom: shape.nRandom,
    person,
    membership,
    ...(looksAtRows ? { alsoAlike: [occasion, lag] } : {}),
  };
  const fixed = randomFixed(shape, nBasis, stream);
  const layout = createLayout({
    nClasses: shape.nClasses,
    fixed,
    nRandom: shape.nRandom,
    nMembership: shape.nMembership,
    diagonal: shape.diagonal,
    covariance: shape.covariance,
    residual: shape.residual,
    nOccasions: OCCASIONS,
    nLoadings: latent ? OCCASIONS : 0,
  });
  const x = Float64Array.from({ length: layout.nParameters }, () => 0.6 * stream.normal());
  const moments = buildMoments(rows);
  const columns = { occasion, nOccasions: OCCASIONS, lag, latentBasis: latent ? 1 : -1 };
  const rowData = looksAtRows ? buildRowData(rows, moments, columns) : null;
  return { rows, moments, rowData, occasion, lag, fixed, layout, x };
}

const OCCASIONS = 6;

/** Session numbers, or six stretches of time; whole lags on a regular grid. */
function occasionsOf(
  personStart: readonly number[],
  times: readonly number[],
  regular: boolean,
): { occasion: Float64Array; lag: Float64Array } {
  const occasion = Float64Array.from(times, (t) => Math.min(OCCASIONS - 1, Math.floor(t)));
  const lag = new Float64Array(times.length);
  for (let i = 0; i + 1 < personStart.length; i++)
    for (let r = personStart[i]! + 1; r < personStart[i + 1]!; r++)
      lag[r] = regular ? times[r]! - times[r - 1]! : 0.2 + Math.abs(times[r]! - times[r - 1]!);
  return { occasion, lag };
}

function randomFixed(
  shape: ModelShape,
  nBasis: number,
  stream: ReturnType<typeof createStream>,
): FixedStructure {
  const cells: { basis: number; person: number; specific: boolean }[] = [];
  for (let basis = 0; basis < nBasis; basis++)
    for (let person = 0; person < shape.nPersonColumns; person++) {
      if (basis + person > 0 && stream.uniform() < 0.3) continue;
      const specific = stream.uniform() < 0.5 && (person === 0 || !shape.specificTimeOnly);
      cells.push({ basis, person, specific });
    }
  return {
    nFixed: cells.length,
    basis: Int32Array.from(cells, (c) => c.basis),
    person: Int32Array.from(cells, (c) => c.person),
    classSpecific: Uint8Array.from(cells, (c) => Number(c.specific)),
  };
}
