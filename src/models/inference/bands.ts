import { chiSquareUpperTail, NORMAL_95 } from "../../core/distributions.js";
import { semiDefiniteFactor, symmetricEigen } from "../../core/linalg.js";
import { createStream } from "../../core/random.js";

/** A curve with its 95% bands; null where no standard error exists. */
export interface Bands {
  readonly lower: readonly (number | null)[];
  readonly upper: readonly (number | null)[];
  readonly simultaneousLower: readonly (number | null)[];
  readonly simultaneousUpper: readonly (number | null)[];
  /** Standard errors on each side of the simultaneous band; null where there is none. */
  readonly simultaneousWidth: number | null;
}

const DRAWS = 4000;
/** Draws of about the same size are taken together when the width is solved for. */
const GROUP = 50;
/** Seed of the draws: a constant, so that a band depends on nothing but the curve and its uncertainty. */
const SEED = 950_000;
/** Share of the largest principal variance below which a direction is rounding. */
const NEGLIGIBLE = 1e-12;

/**
 * Pointwise and simultaneous 95% bands of a curve: mean -/+ 1.96 standard errors holds each point of the truth with 95%
 * probability, mean -/+ c standard errors the whole curve.
 * @param mean - the curve at T times
 * @param factor - T rows of r numbers: the covariance of the curve is factor factor' (r is at most the number of coefficients);
 *   null where it is not known
 * @returns the bands
 * Source: Ruppert, Wand & Carroll (2003), section 6.5; Montiel Olea & Plagborg-Moller (2019), algorithm 1 (plug-in).
 */
export function curveBands(mean: readonly number[], factor: readonly (readonly number[])[] | null): Bands {
  if (factor === null) {
    const none = mean.map(() => null);
    return {
      lower: none,
      upper: none,
      simultaneousLower: none,
      simultaneousUpper: none,
      simultaneousWidth: null,
    };
  }
  const errors = factor.map((row) => Math.sqrt(row.reduce((sum, value) => sum + value ** 2, 0)));
  const width = simultaneousWidth(factor);
  const at = (standardErrors: number): number[] =>
    mean.map((value, t) => value + standardErrors * errors[t]!);
  return {
    lower: at(-NORMAL_95),
    upper: at(NORMAL_95),
    simultaneousLower: at(-width),
    simultaneousUpper: at(width),
    simultaneousWidth: width,
  };
}

/**
 * Factor of the covariance of a curve that is linear in its coefficients.
 * @param design - T rows of P numbers: the curve is design times the coefficients
 * @param covariance - P x P, of the coefficients
 * @returns T rows of P numbers whose products are the covariances of the curve
 */
export function curveFactor(
  design: readonly (readonly number[])[],
  covariance: readonly (readonly number[])[],
): number[][] {
  const size = covariance.length;
  // Factored as correlations: coefficients of powers of time differ in size by orders of magnitude.
  const scale = covariance.map((row, i) => Math.sqrt(Math.max(row[i]!, 0)));
  const correlation = new Float64Array(size * size);
  for (let i = 0; i < size; i++)
    for (let j = 0; j < size; j++) {
      const product = scale[i]! * scale[j]!;
      correlation[i * size + j] = product > 0 ? covariance[i]![j]! / product : 0;
    }
  const root = semiDefiniteFactor(correlation, size);
  return design.map((row) =>
    Array.from({ length: size }, (_, j) => {
      let sum = 0;
      for (let i = j; i < size; i++) sum += row[i]! * scale[i]! * root[i * size + j]!;
      return sum;
    }),
  );
}

/**
 * The number of standard errors c such that a normal curve stays within c of its mean everywhere on the grid with 95% probability:
 * the quantile of M = max over t of |Z_t| / se_t. With Z_t / se_t = a_t'z, z = r u, the direction u is drawn and the length r, which is
 * chi and independent of it, integrated out: P(M > c) is the mean over u of P(r > c / max |a_t'u|). That is more exact than
 * as many draws of z. Drawn along the principal components of the standardised curve, so that c does not depend on how the
 * curve was parameterised.
 * @param factor - T rows of r numbers
 * @returns c, at least 1.96 (exactly 1.96 where all points move together); its Monte Carlo error is about 0.01
 */
export function simultaneousWidth(factor: readonly (readonly number[])[]): number {
  const components = principalComponents(factor);
  const r = components[0]?.length ?? 0;
  if (r <= 1) return NORMAL_95;
  const peaks = directionalPeaks(components, r);
  // Log of P(M > c) / 0.05, nearly linear in c^2.
  const excess = (square: number): number =>
    Math.log(
      peaks.reduce((sum, peak) => sum + chiSquareUpperTail(square / (peak * peak), r), 0) /
        (0.05 * peaks.length),
    );
  return Math.sqrt(decreasingRoot(excess, NORMAL_95 ** 2, 1600));
}

/**
 * Root of a decreasing function by false position (Illinois rule: an end that stays counts half).
 * @returns the root to 1e-9 of itself; `low` where the function is not positive there
 */
function decreasingRoot(of: (x: number) => number, low: number, high: number): number {
  let above = of(low);
  if (above <= 0) return low;
  let below = Math.max(of(high), -1e6);
  let x = low;
  for (let step = 0; step < 200 && high - low > 1e-9 * high; step++) {
    const next = low + ((high - low) * above) / (above - below);
    if (Math.abs(next - x) <= 1e-10 * next) return next;
    x = next;
    const value = of(x);
    if (value > 0) {
      low = x;
      above = value;
      below *= 0.5;
    } else {
      high = x;
      below = value;
      above *= 0.5;
    }
  }
  return x;
}

const drawn = new Map<number, Float64Array>();

/** DRAWS random directions in r dimensions, always the same: every class of every fit uses them. */
function directionsOf(r: number): Float64Array {
  const known = drawn.get(r);
  if (known !== undefined) return known;
  const stream = createStream(SEED, r);
  const z = new Float64Array(r);
  const directions = new Float64Array(DRAWS * r);
  for (let d = 0; d < DRAWS; d++) {
    stream.fillNormal(z);
    const length = Math.sqrt(z.reduce((sum, value) => sum + value * value, 0));
    for (let a = 0; a < r; a++) directions[d * r + a] = z[a]! / length;
  }
  drawn.set(r, directions);
  return directions;
}

/** max over t of |a_t'u| for random directions u, ascending, in means of groups. */
function directionalPeaks(components: readonly (readonly number[])[], r: number): Float64Array {
  const nTimes = components.length;
  const flat = Float64Array.from(components.flat());
  const u = directionsOf(r);
  const peaks = new Float64Array(DRAWS);
  if (r === 3) peaksOfThree(peaks, flat, u);
  else peaksOfAny(peaks, flat, u, nTimes, r);
  peaks.sort();
  return Float64Array.from(
    { length: DRAWS / GROUP },
    (_, g) => peaks.subarray(g * GROUP, (g + 1) * GROUP).reduce((sum, value) => sum + value, 0) / GROUP,
  );
}

function peaksOfAny(
  peaks: Float64Array,
  flat: Float64Array,
  u: Float64Array,
  nTimes: number,
  r: number,
): void {
  for (let d = 0; d < DRAWS; d++) {
    let most = 0;
    for (let t = 0; t < nTimes; t++) {
      let sum = 0;
      for (let a = 0; a < r; a++) sum += flat[t * r + a]! * u[d * r + a]!;
      if (sum < 0) sum = -sum;
      if (sum > most) most = sum;
    }
    peaks[d] = most;
  }
}

/** {@link peaksOfAny} for three components (quadratic trajectories), written out. */
function peaksOfThree(peaks: Float64Array, flat: Float64Array, u: Float64Array): void {
  for (let d = 0; d < DRAWS; d++) {
    const u0 = u[3 * d]!;
    const u1 = u[3 * d + 1]!;
    const u2 = u[3 * d + 2]!;
    let most = 0;
    for (let e = 0; e < flat.length; e += 3)
      most = Math.max(most, Math.abs(flat[e]! * u0 + flat[e + 1]! * u1 + flat[e + 2]! * u2));
    peaks[d] = most;
  }
}

/** Rows of unit length with the same correlations, turned to their principal axes, each axis pointing up on the whole. */
function principalComponents(factor: readonly (readonly number[])[]): number[][] {
  const rows = factor
    .map((row) => {
      const length = Math.sqrt(row.reduce((sum, value) => sum + value ** 2, 0));
      return length > 0 ? row.map((value) => value / length) : null;
    })
    .filter((row) => row !== null);
  const size = rows[0]?.length ?? 0;
  const products = new Float64Array(size * size);
  for (const row of rows)
    for (let i = 0; i < size; i++)
      for (let j = 0; j < size; j++) products[i * size + j]! += row[i]! * row[j]!;
  const { values, vectors } = symmetricEigen(products, size);
  const axes = Array.from({ length: size }, (_, a) => size - 1 - a).filter(
    (a) => values[a]! > NEGLIGIBLE * values[size - 1]!,
  );
  const along = (row: readonly number[], a: number): number =>
    row.reduce((sum, value, i) => sum + value * vectors[i * size + a]!, 0);
  const signs = axes.map((a) => (upward(rows.map((row) => along(row, a))) ? 1 : -1));
  return rows.map((row) => axes.map((a, c) => signs[c]! * along(row, a)));
}

/** Whether the largest value of a component, the first of several, is positive. */
function upward(component: readonly number[]): boolean {
  const size = Math.max(...component.map(Math.abs));
  return component.find((value) => Math.abs(value) > size * (1 - 1e-6))! > 0;
}
