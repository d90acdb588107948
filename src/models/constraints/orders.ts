import { InputError, type Problem } from "../../core/errors.js";
import { basisAtTimes } from "../design/basisAtTimes.js";
import type { StoredDesign } from "../design/types.js";
import type { ModelSpec } from "../spec.js";
import type { Names, Relation } from "./resolve.js";

/** Highest power of time that is told apart. */
const LARGEST_DEGREE = 6;
/** Size of a divided difference, relative to the column, that is rounding. */
const ROUNDING = 1e-11;

/**
 * The order of the polynomial of each class as constraints: what has a higher power of time is 0 in the class.
 * @param spec - the model, with `orders`
 * @param names - its parameters
 * @param problems - what cannot be done is added here
 * @returns one relation per class with something to leave out
 * Source: Jones, Nagin & Roeder (2001), polynomials of a different order per group.
 */
export function orderRelations(spec: ModelSpec, names: Names, problems: Problem[]): Relation[] {
  const { orders } = spec;
  if (orders === undefined) return [];
  const { stored, layout } = names;
  if (orders.length !== layout.nClasses) {
    problems.push({
      code: "bad-orders",
      where: "orders",
      message: `There are ${orders.length} orders for ${layout.nClasses} ${layout.nClasses === 1 ? "class" : "classes"}.`,
      expected: "one order per class",
    });
    return [];
  }
  const degrees = timeDegrees(spec, names);
  problems.push(...orderProblems(spec, orders, names, degrees));
  if (problems.length > 0) return [];
  return orders.flatMap((order, k) => {
    const parameters = stored.fixedColumns
      .filter(
        (column) => (degrees[column.basis] ?? 0) > order && (column.classSpecific || layout.nClasses === 1),
      )
      .flatMap((column) => coefficientsOf(column.name, k, names));
    return parameters.length === 0
      ? []
      : [{ text: `order ${order} in class ${k + 1}`, value: 0, parameters }];
  });
}

/** Positions among the reported parameters of a fixed effect in a class. */
function coefficientsOf(name: string, k: number, { layout, reported }: Names): number[] {
  return reported.flatMap((entry, i) =>
    entry.block === "fixed" && entry.name === name && (layout.nClasses === 1 || entry.class === k + 1)
      ? [i]
      : [],
  );
}

/** What the fixed effects do not allow. */
function orderProblems(
  spec: ModelSpec,
  orders: readonly number[],
  { stored, layout }: Names,
  degrees: readonly (number | null)[],
): Problem[] {
  const problems: Problem[] = [];
  const refuse = (message: string, rest: Pick<Problem, "expected" | "fix">): void => {
    problems.push({ code: "bad-orders", where: "orders", message, ...rest });
  };
  const curved = stored.fixedColumns.filter((column) => degrees[column.basis] === null);
  if (curved.length > 0)
    refuse(`${curved.map((column) => column.name).join(", ")} is no power of ${spec.time}.`, {
      expected: `fixed effects that are polynomials in ${spec.time}`,
      fix: "Fix coefficients by name with constraints instead.",
    });
  const highest = Math.max(0, ...stored.fixedColumns.map((column) => degrees[column.basis] ?? 0));
  for (const [k, order] of orders.entries())
    if (order > highest)
      refuse(
        `Class ${k + 1} has order ${order}, but the fixed effects go up to ${spec.time} to the power of ${highest}.`,
        { fix: "Add the higher powers to the fixed effects, or lower the order." },
      );
  const shared = stored.fixedColumns.filter(
    (column) =>
      column.person === 0 &&
      !column.classSpecific &&
      layout.nClasses > 1 &&
      (degrees[column.basis] ?? 0) > Math.min(...orders),
  );
  if (shared.length > 0)
    refuse(`${shared.map((column) => column.name).join(", ")} is the same in all classes.`, {
      fix: "Add it to classSpecific.",
    });
  return problems;
}

/**
 * Degree of each basis column as a polynomial in time (0 for what does not depend on it); null where it is none. Read off
 * the columns themselves: differences of order d + 1 at equally spaced times vanish for a polynomial of degree d.
 */
function timeDegrees(spec: ModelSpec, { stored }: Names): (number | null)[] {
  const { minimum, maximum } = stored.times;
  const n = LARGEST_DEGREE + 2;
  const times = Array.from({ length: n }, (_, i) => minimum + ((maximum - minimum) * i) / (n - 1));
  return basisBetween(spec, stored, times).map((column) => {
    const limit = ROUNDING * Math.max(...column.map(Math.abs));
    let differences = Array.from(column);
    for (let degree = -1; degree <= LARGEST_DEGREE; degree++) {
      if (differences.every((value) => Math.abs(value) <= limit)) return Math.max(degree, 0);
      differences = differences.slice(1).map((value, i) => value - differences[i]!);
    }
    return null;
  });
}

/** Basis columns at times that nobody need have been seen at; not numbers where time is a category, which has none. */
function basisBetween(spec: ModelSpec, stored: StoredDesign, times: readonly number[]): Float64Array[] {
  try {
    return basisAtTimes(spec, stored, times);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return stored.basisNames.map(() => new Float64Array(times.length).fill(Number.NaN));
  }
}
