/** A function of a reported value that is linear in the free vector. */
export interface Transform {
  readonly name: "identity" | "log" | "square root" | "inverse hyperbolic tangent" | "logit" | "entry";
  readonly of: (value: number) => number;
  /** Values that it is defined for, in words; null: every number. */
  readonly domain: string | null;
}

/** transform(value) = constant + coefficients'x. */
export interface LinearForm {
  readonly transform: Transform;
  readonly constant: number;
  readonly coefficients: Float64Array;
}

/** Coefficients as they are; standard deviations and scales by log; variances by root; autocorrelations by atanh or logit. */
const TRANSFORMS: readonly Transform[] = [
  { name: "identity", of: (value) => value, domain: null },
  { name: "log", of: Math.log, domain: "a number above 0" },
  { name: "square root", of: Math.sqrt, domain: "0 or a number above it" },
  { name: "inverse hyperbolic tangent", of: Math.atanh, domain: "a number between -1 and 1" },
  { name: "logit", of: (value) => Math.log(value / (1 - value)), domain: "a number between 0 and 1" },
];

const STEP = 1 / 16;
/** Departure from a straight line, relative to the size of its parts, that is rounding. */
const STRAIGHT = 1e-9;

/**
 * Finds the scale on which each reported value is linear in the free vector, by differences: so the constraints need not know
 * how the internal scale is made (scaling and centring of columns, roots and logs of variances).
 * @param values - reported values at a free vector of length n
 * @param points - three vectors in general position, the first of them where the differences are taken
 * @returns one form per value: by a transform, or, for a function of a single entry, by finding the entry that gives the value; null
 *   where there is none (entries of an unstructured covariance matrix)
 */
export function linearForms(
  values: (x: Float64Array) => Float64Array,
  points: readonly [Float64Array, Float64Array, Float64Array],
): (LinearForm | null)[] {
  const [base, ...others] = points;
  const atBase = values(base);
  const checks = others.map((point) => ({ point, values: values(point) }));
  const moved = base.slice();
  const differences = Array.from(base, (x, j) => {
    moved[j] = x + STEP;
    const above = values(moved);
    moved[j] = x - STEP;
    const below = values(moved);
    moved[j] = x;
    return { above, below };
  });
  return Array.from(atBase, (_, i) => {
    for (const transform of TRANSFORMS) {
      const form = straightForm(transform, i);
      if (form !== null) return form;
    }
    return formOfEntry(values, base, i, differences, checks);
  });

  function straightForm(transform: Transform, i: number): LinearForm | null {
    const coefficients = Float64Array.from(
      differences,
      ({ above, below }) => (transform.of(above[i]!) - transform.of(below[i]!)) / (2 * STEP),
    );
    const start = transform.of(atBase[i]!);
    const straight = checks.every((check) => {
      let predicted = start;
      let size = Math.abs(start);
      coefficients.forEach((coefficient, j) => {
        const change = coefficient * (check.point[j]! - base[j]!);
        predicted += change;
        size += Math.abs(change);
      });
      return Math.abs(transform.of(check.values[i]!) - predicted) <= STRAIGHT * size;
    });
    return straight ? { transform, constant: constantOf(start, coefficients, base), coefficients } : null;
  }
}

/** Values of the free vector between which the entry behind a value is looked for. */
const WIDEST = 30;

/** A value that rises (or falls) with one entry of the vector and depends on nothing else: the entry itself is the form. */
function formOfEntry(
  values: (x: Float64Array) => Float64Array,
  base: Float64Array,
  i: number,
  differences: readonly { readonly above: Float64Array; readonly below: Float64Array }[],
  checks: readonly { readonly point: Float64Array; readonly values: Float64Array }[],
): LinearForm | null {
  const moving = differences.flatMap(({ above, below }, j) => (above[i] === below[i] ? [] : [j]));
  const [entry] = moving;
  if (entry === undefined || moving.length > 1) return null;
  const x = base.slice();
  const valueAt = (at: number): number => {
    x[entry] = at;
    return values(x)[i]!;
  };
  if (checks.some((check) => valueAt(check.point[entry]!) !== check.values[i])) return null;
  const coefficients = new Float64Array(base.length);
  coefficients[entry] = 1;
  const of = (value: number): number => {
    let [low, high] = [-WIDEST, WIDEST];
    const rises = valueAt(high) > valueAt(low);
    const [least, most] = rises ? [valueAt(low), valueAt(high)] : [valueAt(high), valueAt(low)];
    if (!(value > least && value < most)) return Number.NaN;
    for (let step = 0; step < 100; step++) {
      const middle = (low + high) / 2;
      if (valueAt(middle) < value === rises) low = middle;
      else high = middle;
    }
    return (low + high) / 2;
  };
  const domain = "a value that it can take (an autocorrelation: between 0 and 1)";
  return { transform: { name: "entry", of, domain }, constant: 0, coefficients };
}

/** start - coefficients'base, an exact zero where only rounding is left. */
function constantOf(start: number, coefficients: Float64Array, base: Float64Array): number {
  let constant = start;
  let size = Math.abs(start);
  coefficients.forEach((coefficient, j) => {
    constant -= coefficient * base[j]!;
    size += Math.abs(coefficient * base[j]!);
  });
  return Math.abs(constant) < 1e-13 * size ? 0 : constant;
}
