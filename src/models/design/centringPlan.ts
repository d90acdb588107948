import type { TimeShape } from "./centring.js";
import type { Centring, CentringWeight, FixedColumn } from "./types.js";

/** What decides whether a model may be centred. */
export interface CentringInput {
  readonly centre: number;
  readonly basisNames: readonly string[];
  /** One per basis column. */
  readonly shapes: readonly TimeShape[];
  readonly nRandom: number;
  /** With one class, differing by class means nothing. */
  readonly oneClass: boolean;
  /** Random effects uncorrelated. */
  readonly diagonal: boolean;
  /** A constraint sets variances or covariances, other than to zero, which are those at the origin of time. */
  readonly constrained: boolean;
  readonly fixedColumns: readonly FixedColumn[];
  /** Person columns over the kept persons. */
  readonly person: readonly Float64Array[];
}

/** The way back from centred time, or why there is none. */
export interface CentringPlan {
  /** Null where nothing moves with the origin of time, or the model is not closed under moving it. */
  readonly centring: Centring | null;
  /** Why not, in words; null where nothing stands in the way. */
  readonly obstacle: string | null;
}

/** A column that another turns into when the origin moves, and its weight. */
interface Lower {
  readonly power: number;
  readonly weight: number;
}

/**
 * Whether the model stays the same when time is counted from another origin, and how its coefficients change. With c the
 * centre, time^p = sum over r of choose(p, r) c^(p-r) (time - c)^r, so that the coefficients of the user's powers are
 * gamma_r = sum over p of choose(p, r) (-c)^(p-r) gamma_p (centred). The model is closed when each coefficient of a power has
 * the lower powers beside it, with the same covariate and at least as free over classes, and when the random effects, too,
 * are complete and their covariances free.
 * @param input - columns and their shapes
 * @returns the weights, or what stands in the way
 * Source: binomial theorem; closure under shifts: Morrell, Pearson & Brant (1997).
 */
export function planCentring(input: CentringInput): CentringPlan {
  const { shapes, nRandom, fixedColumns } = input;
  const moving = (basis: number): boolean => shapes[basis]!.power > 0;
  if (
    !fixedColumns.some((column) => moving(column.basis)) &&
    !shapes.slice(0, nRandom).some((s) => s.power > 0)
  )
    return { centring: null, obstacle: null };
  const fixed: CentringWeight[] = [];
  for (const [source, column] of fixedColumns.entries())
    for (const lower of lowerPowers(shapes[column.basis]!, input.centre)) {
      const targets = fixedTargets(input, column, lower.power);
      if (targets.length === 0)
        return refuse(
          `${column.name} stands among the fixed effects without ${lowerName(input, column, lower.power)}`,
        );
      if (
        !input.oneClass &&
        column.classSpecific &&
        targets.some((target) => !fixedColumns[target]!.classSpecific)
      )
        return refuse(`${column.name} differs by class, but a lower power of time does not`);
      for (const target of targets)
        fixed.push({
          target,
          source,
          weight: lower.weight / shapes[fixedColumns[target]!.basis]!.coefficient,
        });
    }
  const random = Array.from({ length: nRandom }, (_, a) =>
    Array.from({ length: nRandom }, (_column, b): number => (a === b ? 1 : 0)),
  );
  for (let source = 0; source < nRandom; source++)
    for (const lower of lowerPowers(shapes[source]!, input.centre)) {
      const target = randomTarget(input, source, lower.power);
      if (target < 0)
        return refuse(
          `the random effect of ${input.basisNames[source]} stands without those of lower powers`,
        );
      if (input.diagonal) return refuse("the random effects are uncorrelated");
      if (input.constrained) return refuse("a constraint is about the variances at time zero");
      random[target]![source] = lower.weight / shapes[target]!.coefficient;
    }
  return { centring: { centre: input.centre, fixed, random }, obstacle: null };
}

function refuse(obstacle: string): CentringPlan {
  return { centring: null, obstacle };
}

/** The lower powers that a column at centred time consists of on the user's scale. */
function lowerPowers(shape: TimeShape, centre: number): Lower[] {
  const { power, coefficient } = shape;
  if (shape.bent)
    return power === 1 ? [{ power: 0, weight: -centre * coefficient }] : [{ power: -1, weight: 0 }];
  const out: Lower[] = [];
  let choose = 1;
  for (let r = power - 1; r >= 0; r--) {
    choose = (choose * (r + 1)) / (power - r);
    out.push({ power: r, weight: coefficient * choose * (-centre) ** (power - r) });
  }
  return out;
}

/**
 * Fixed coefficients that take up a lower power: that of the same covariate, or the dummies of a factor that together are the
 * constant.
 */
function fixedTargets(input: CentringInput, source: FixedColumn, power: number): number[] {
  const { fixedColumns, shapes } = input;
  const rest = shapes[source.basis]!.rest;
  const candidates = fixedColumns.flatMap((column, j) =>
    isPower(shapes[column.basis]!, power, rest) ? [j] : [],
  );
  const same = candidates.find((j) => fixedColumns[j]!.person === source.person);
  if (same !== undefined) return [same];
  if (source.person !== 0) return [];
  const terms = new Set(candidates.map((j) => fixedColumns[j]!.term));
  for (const term of terms) {
    const dummies = candidates.filter((j) => fixedColumns[j]!.term === term);
    const columns = dummies.map((j) => input.person[fixedColumns[j]!.person]!);
    if (columns[0]!.every((_, i) => columns.reduce((sum, column) => sum + column[i]!, 0) === 1))
      return dummies;
  }
  return [];
}

function randomTarget({ shapes, nRandom }: CentringInput, source: number, power: number): number {
  return shapes.slice(0, nRandom).findIndex((shape) => isPower(shape, power, shapes[source]!.rest));
}

function isPower(shape: TimeShape, power: number, rest: readonly string[]): boolean {
  return (
    !shape.bent &&
    shape.power === power &&
    shape.rest.length === rest.length &&
    shape.rest.every((name, j) => name === rest[j])
  );
}

function lowerName({ basisNames, shapes }: CentringInput, column: FixedColumn, power: number): string {
  if (power < 0) return "a form that can be moved";
  const rest = shapes[column.basis]!.rest;
  const found = shapes.findIndex((shape) => isPower(shape, power, rest));
  const covariate = column.name.replace(basisNames[column.basis]!, "").replace(/^:|:$/g, "");
  const lower = found < 0 ? (power === 0 ? "the intercept" : `power ${power} of time`) : basisNames[found]!;
  if (covariate === "") return lower === "(Intercept)" ? "the intercept" : lower;
  return lower === "(Intercept)" || lower === "the intercept" ? covariate : `${covariate}:${lower}`;
}
