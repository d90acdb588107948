import { type Atom, curveColumnNames } from "../formula/atom.js";
import type { AtomColumns, KnotCoding } from "./coding.js";

/** Order of a cubic spline: degree 3, four coefficients per piece. */
const ORDER = 4;

/**
 * Natural cubic splines: cubic between the knots, with two continuous derivatives, straight beyond the boundary. The basis is
 * that of cubic B-splines on the knots without the first, times the last columns of Q, where Q R is the factorisation
 * (by Householder reflections) of the B-splines' second derivatives at the two boundaries: what Q leaves has none. All
 * columns are 0 at the lower boundary, so with an intercept this is the mean there.
 * @param atom - an ns
 * @param x - its variable, NaN where missing
 * @param knots - boundary and interior knots
 * @returns interior knots + 1 columns
 * Source: de Boor (1978, chapters IX and X); the choice of basis follows Hastie in Chambers & Hastie (1992, chapter 7).
 */
export function naturalSplineColumns(atom: Atom, x: Float64Array, knots: KnotCoding): AtomColumns {
  const [lowest, highest] = knots.boundary;
  const all = [...Array(ORDER).fill(lowest), ...knots.interior, ...Array(ORDER).fill(highest)] as number[];
  const projection = naturalProjection(all, lowest, highest);
  const nColumns = atom.degree;
  const values = Array.from({ length: nColumns }, () => new Float64Array(x.length));
  const local = new Float64Array(ORDER);
  const ends = [lowest, highest].map((end) => ({
    value: project(bSplines(all, ORDER, end), projection, nColumns),
    slope: project(derivatives(all, ORDER, end, 1), projection, nColumns),
  }));
  for (let r = 0; r < x.length; r++) {
    const at = x[r]!;
    if (at < lowest || at > highest) {
      const { value, slope } = ends[at < lowest ? 0 : 1]!;
      const beyond = at - (at < lowest ? lowest : highest);
      for (let c = 0; c < nColumns; c++) values[c]![r] = value[c]! + slope[c]! * beyond;
      continue;
    }
    const first = localSplinesInto(local, all, ORDER, at);
    for (let c = 0; c < nColumns; c++) {
      let sum = 0;
      for (let i = 0; i < ORDER; i++) sum += local[i]! * projection[(first + i) * nColumns + c]!;
      values[c]![r] = sum;
    }
  }
  return { names: curveColumnNames(atom), values };
}

/** (number of B-splines) x (columns): no second derivative at either boundary, nothing of the first B-spline. */
function naturalProjection(knots: readonly number[], lowest: number, highest: number): Float64Array {
  const nSplines = knots.length - ORDER;
  const n = nSplines - 1;
  const constraints = [lowest, highest].map((end) => derivatives(knots, ORDER, end, 2).slice(1));
  const reflectors: Float64Array[] = [];
  constraints.forEach((row, j) => {
    for (const reflector of reflectors) reflectInPlace(row, reflector);
    reflectors.push(householder(row, j));
  });
  const out = new Float64Array(nSplines * (n - 2));
  const column = new Float64Array(n);
  for (let c = 0; c < n - 2; c++) {
    column.fill(0);
    column[c + 2] = 1;
    for (const reflector of [...reflectors].reverse()) reflectInPlace(column, reflector);
    for (let i = 0; i < n; i++) out[(i + 1) * (n - 2) + c] = column[i]!;
  }
  return out;
}

/** The unit vector v with (I - 2 v v') x zero after position j, and nothing before it touched. */
function householder(x: Float64Array, j: number): Float64Array {
  const v = x.map((value, i) => (i < j ? 0 : value));
  const length = Math.hypot(...v);
  v[j]! += x[j]! < 0 ? -length : length;
  const scale = Math.hypot(...v);
  return v.map((value) => value / scale);
}

function reflectInPlace(x: Float64Array, v: Float64Array): void {
  let along = 0;
  for (let i = 0; i < x.length; i++) along += v[i]! * x[i]!;
  for (let i = 0; i < x.length; i++) x[i]! -= 2 * along * v[i]!;
}

function project(splines: Float64Array, projection: Float64Array, nColumns: number): Float64Array {
  const out = new Float64Array(nColumns);
  for (let c = 0; c < nColumns; c++)
    for (let i = 0; i < splines.length; i++) out[c]! += splines[i]! * projection[i * nColumns + c]!;
  return out;
}

/**
 * The B-splines that are not zero at x, by de Boor's recurrence.
 * @param out - `order` values, overwritten
 * @param knots - all knots, ascending, the boundaries `order` times (or more)
 * @param order - degree + 1
 * @param x - within the boundaries
 * @returns number of the first of them; NaN values where x is NaN
 */
function localSplinesInto(out: Float64Array, knots: readonly number[], order: number, x: number): number {
  const last = knots.length - order - 1;
  let span = order - 1;
  while (span < last && x >= knots[span + 1]!) span++;
  // At the upper boundary the last piece that is not empty.
  while (span > order - 1 && knots[span]! === knots[span + 1]!) span--;
  out[0] = 1;
  for (let d = 1; d < order; d++) {
    let saved = 0;
    for (let r = 0; r < d; r++) {
      const right = knots[span + r + 1]! - x;
      const left = x - knots[span + 1 - d + r]!;
      const share = out[r]! / (right + left);
      out[r] = saved + right * share;
      saved = left * share;
    }
    out[d] = saved;
  }
  return span - order + 1;
}

/** All B-splines of an order at x. */
function bSplines(knots: readonly number[], order: number, x: number): Float64Array {
  const local = new Float64Array(order);
  const first = localSplinesInto(local, knots, order, x);
  const out = new Float64Array(knots.length - order);
  out.set(local, first);
  return out;
}

/** Their derivatives: B'_i = (order - 1) [B_i / (t_{i+order-1} - t_i) - B_{i+1} / (t_{i+order} - t_{i+1})] of one order less. */
function derivatives(knots: readonly number[], order: number, x: number, times: number): Float64Array {
  if (times === 0) return bSplines(knots, order, x);
  const lower = derivatives(knots, order - 1, x, times - 1);
  const part = (i: number): number => {
    const width = knots[i + order - 1]! - knots[i]!;
    return width > 0 ? lower[i]! / width : 0;
  };
  return Float64Array.from({ length: knots.length - order }, (_, i) => (order - 1) * (part(i) - part(i + 1)));
}
