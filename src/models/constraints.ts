import { InputError, type Problem } from "../core/errors.js";
import { createStream, type RandomStream } from "../core/random.js";
import { type LinearForm, linearForms } from "./constraints/linear.js";
import { orderRelations } from "./constraints/orders.js";
import { parseConstraints } from "./constraints/parse.js";
import { type Names, type Relation, resolveStatements } from "./constraints/resolve.js";
import { zeroVarianceConstraints } from "./constraints/zeroVariance.js";
import type { StoredDesign } from "./design/types.js";
import {
  type FreeSpace,
  freeVector,
  fullVector,
  type LinearConstraint,
  solveConstraints,
} from "./fit/freeSpace.js";
import { reportedParameters, reportedValues } from "./parameters/reported.js";
import { allocateFor, type ParameterLayout, permuteClasses, unpackInto } from "./parameters.js";
import type { ModelSpec } from "./spec.js";

/** Constraints of a model, ready for the optimisers and for tables. */
export interface CompiledConstraints {
  readonly space: FreeSpace;
  /** Value, on the user's scale, of each reported parameter that is fixed, by its position. */
  readonly fixed: ReadonlyMap<number, number>;
  /** Positions of reported parameters set equal to others. */
  readonly equal: ReadonlySet<number>;
  /** Relabelling the classes gives a model with the same constraints, so that their order is free to choose. */
  readonly exchangeable: boolean;
  /** What a user should know: constraints that say nothing new, the order of classes. */
  readonly notes: readonly string[];
}

/** A linear constraint and the relation that it came from. */
interface Derived extends LinearConstraint {
  readonly relation: number;
}

/**
 * Turns the constraints and orders of a model into a linear space of its free vector.
 * @param spec - the model
 * @param stored - its design
 * @param layout - its layout, for its number of classes
 * @returns the constraints; null where the model has none
 * @throws InputError with every name that is unknown, and every constraint that cannot be kept or contradicts another
 */
export function compileConstraints(
  spec: ModelSpec,
  stored: StoredDesign,
  layout: ParameterLayout,
): CompiledConstraints | null {
  const lines = spec.constraints ?? [];
  if (lines.length === 0 && spec.orders === undefined) return null;
  const problems: Problem[] = [];
  const names: Names = { layout, stored, reported: reportedParameters(layout, stored) };
  const statements = parseConstraints(lines);
  const relations = orderRelations(spec, names, problems);
  relations.push(...resolveStatements(statements, names, problems));
  if (spec.reml) refuseFixedEffects(relations, names, problems);
  const derived = deriveConstraints(relations, names, problems);
  const { space, outcomes } = solveConstraints(derived, layout.nParameters);
  const outcomesOf = relations.map((_, r) => outcomes.filter((_outcome, c) => derived[c]!.relation === r));
  relations.forEach(({ text }, r) => {
    if (outcomesOf[r]!.includes("contradictory"))
      problems.push({
        code: "contradictory-constraint",
        where: `constraint "${text}"`,
        message: "It contradicts the constraints before it.",
        fix: "Leave one of them out.",
      });
  });
  if (problems.length === 0 && space.nFree === 0)
    problems.push({
      code: "nothing-free",
      where: "constraints",
      message: "They fix every parameter, so there is nothing to estimate.",
      fix: "Leave at least one of them out.",
    });
  if (problems.length > 0) throw new InputError(problems);
  const exchangeable = isExchangeable(space, layout);
  const idle = relations.filter((_, r) => !outcomesOf[r]!.includes("new"));
  return {
    space,
    ...statusOf(space, relations, names),
    exchangeable,
    notes: [
      ...idle.map(({ text }) => `Constraint "${text}" follows from the others and changes nothing.`),
      ...(exchangeable
        ? []
        : [
            "The classes stand in the order of the constraints, which name them, not in that of their means.",
          ]),
    ],
  };
}

/**
 * Refuses constraints that mean one number of classes where several are fitted.
 * @param structures - models by name
 * @throws InputError naming each of them
 */
export function refuseClassesByName(
  structures: readonly { readonly name: string; readonly spec: Pick<ModelSpec, "constraints" | "orders"> }[],
): void {
  const problems = structures.flatMap(({ name, spec }): Problem[] => {
    const named = parseConstraints(spec.constraints ?? [])
      .filter((statement) => statement.references.some((reference) => reference.class !== null))
      .map((statement) => `constraint "${statement.text}"`);
    if (spec.orders !== undefined) named.push("orders");
    return named.map((what) => ({
      code: "constraint-names-class",
      where: `structure ${name}: ${what}`,
      message: "It names classes, which are other classes with every number of classes.",
      fix: "Try one number of classes at a time, or write the constraint without a class.",
    }));
  });
  if (problems.length > 0) throw new InputError(problems);
}

/** REML integrates over all fixed effects: with one of them known it would be another criterion. */
function refuseFixedEffects(relations: readonly Relation[], { reported }: Names, problems: Problem[]): void {
  for (const { text, parameters } of relations)
    if (parameters.some((i) => reported[i]!.block === "fixed"))
      problems.push({
        code: "reml-with-fixed-effect",
        where: `constraint "${text}"`,
        message: "REML averages over every value of the fixed effects, so none of them can be held.",
        fix: "Leave reml out, or leave the term out of the fixed effects.",
      });
}

function deriveConstraints(relations: readonly Relation[], names: Names, problems: Problem[]): Derived[] {
  const { layout, stored, reported } = names;
  const points = generalPoints(layout);
  const forms = linearForms((x) => valuesAt(layout, stored, x), points);
  const vanished = new Map<number, number[]>();
  return relations.flatMap((relation, r) => {
    const list = relation.value === null ? equalities(relation, forms, names, problems) : [];
    if (relation.value !== null)
      for (const i of relation.parameters) {
        const effect = relation.value === 0 ? effectOf(i, names) : -1;
        if (effect >= 0) {
          const factor = layout.nFactors > 1 ? reported[i]!.class! - 1 : 0;
          vanished.set(factor, [...(vanished.get(factor) ?? []), effect]);
          list.push(...zeroVarianceConstraints(layout, stored, vanished.get(factor)!, factor));
        } else list.push(...fixedAt(relation, i, forms[i]!, names, problems));
      }
    return list.map((constraint) => ({ ...constraint, relation: r }));
  });
}

/** Index of the random effect of which parameter i is the variance; -1 for any other parameter. */
function effectOf(i: number, { reported, stored }: Names): number {
  if (reported[i]!.block !== "covariance") return -1;
  return stored.basisNames.slice(0, stored.nRandom).findIndex((name) => `var(${name})` === reported[i]!.name);
}

function fixedAt(
  { text, value }: Relation,
  i: number,
  form: LinearForm | null,
  names: Names,
  problems: Problem[],
): LinearConstraint[] {
  if (form === null) {
    problems.push(notLinear(text, i, names));
    return [];
  }
  const target = form.transform.of(value!);
  if (!Number.isFinite(target)) {
    problems.push({
      code: "impossible-value",
      where: `constraint "${text}"`,
      message: `${names.reported[i]!.name} cannot be ${value}.`,
      expected: form.transform.domain ?? "a number",
    });
    return [];
  }
  if (isOutOfReach(form, target)) {
    problems.push({
      code: "impossible-value",
      where: `constraint "${text}"`,
      message: `${names.reported[i]!.name} cannot be ${value}: it is out of all proportion to the spread of the scores, so that the likelihood would be rounding error.`,
      expected: "a value nearer to what the scores show",
    });
    return [];
  }
  return [{ coefficients: form.coefficients, value: target - form.constant }];
}

/** Largest standard deviation of a random effect, and largest ratio of the residual's either way, in those of the scores. */
const LARGEST_SPREAD = 50;

/** Whether a standard deviation is held where sums of squares no longer hold the digits that the likelihood needs. */
function isOutOfReach({ transform, coefficients, constant }: LinearForm, target: number): boolean {
  if (transform.name !== "square root" && transform.name !== "log") return false;
  const largest = Math.max(...coefficients.map(Math.abs));
  const internal = Math.abs((target - constant) / largest);
  return internal > (transform.name === "log" ? Math.log(LARGEST_SPREAD) : LARGEST_SPREAD);
}

function equalities(
  { text, parameters }: Relation,
  forms: readonly (LinearForm | null)[],
  names: Names,
  problems: Problem[],
): LinearConstraint[] {
  const first = forms[parameters[0]!]!;
  return parameters.slice(1).flatMap((i) => {
    const form = forms[i]!;
    if (first === null || form === null) {
      problems.push(notLinear(text, first === null ? parameters[0]! : i, names));
      return [];
    }
    if (form.transform !== first.transform) {
      problems.push({
        code: "different-kinds",
        where: `constraint "${text}"`,
        message: `${names.reported[parameters[0]!]!.name} and ${names.reported[i]!.name} are quantities of different kinds.`,
        expected: "coefficients on both sides, or standard deviations, or variances",
      });
      return [];
    }
    return [
      {
        coefficients: first.coefficients.map((value, j) => value - form.coefficients[j]!),
        value: form.constant - first.constant,
      },
    ];
  });
}

function notLinear(text: string, i: number, { reported, layout }: Names): Problem {
  const entry = reported[i]!;
  const where = `constraint "${text}"`;
  if (entry.block !== "covariance")
    return { code: "not-linear", where, message: `${entry.name} cannot be held at a value or set equal.` };
  return {
    code: "not-linear",
    where,
    message: `${entry.name} cannot be held by itself: with correlated random effects, every entry of their covariance matrix limits what the others can be.`,
    expected: "var(...) = 0, which leaves a random effect out",
    fix:
      layout.nClasses === 1
        ? "Set diagonal to true, where each variance can be fixed or set equal."
        : "Set covariance to equal or proportional to share whole matrices, or diagonal to true, where each variance can be fixed or set equal.",
  };
}

function valuesAt(layout: ParameterLayout, stored: StoredDesign, x: Float64Array): Float64Array {
  const parameters = allocateFor(layout);
  unpackInto(layout, x, parameters);
  return reportedValues(layout, stored, parameters);
}

/** Vectors in general position: nothing holds at them by chance. */
function generalPoints(layout: ParameterLayout): [Float64Array, Float64Array, Float64Array] {
  const stream = createStream(1, layout.nParameters);
  return [generalPoint(layout, stream), generalPoint(layout, stream), generalPoint(layout, stream)];
}

function generalPoint(layout: ParameterLayout, stream: RandomStream): Float64Array {
  const x = new Float64Array(layout.nParameters);
  stream.fillNormal(x);
  for (let j = 0; j < x.length; j++) x[j]! *= 0.3;
  const nEntries = layout.factorRow.length;
  // Standard deviations are linear in the factor as long as its diagonal is positive.
  for (let f = 0; f < layout.nFactors; f++)
    for (let e = 0; e < nEntries; e++)
      if (layout.factorRow[e] === layout.factorColumn[e])
        x[layout.factorAt + f * nEntries + e] = 0.5 + 0.5 * stream.uniform();
  return x;
}

/** Share of a value that is rounding, and share of what was cancelled. */
const SAME_VALUE = 1e-10;
const CANCELLED = 1e-14;

/** Which reported parameters no longer vary, and which share their value with others. */
function statusOf(
  space: FreeSpace,
  relations: readonly Relation[],
  { layout, stored, reported }: Names,
): Pick<CompiledConstraints, "fixed" | "equal"> {
  const stated = new Map<number, number>();
  for (const { parameters, value } of relations)
    if (value !== null) for (const i of parameters) stated.set(i, value);
  const stream = createStream(2, layout.nParameters);
  const general = [generalPoint(layout, stream), generalPoint(layout, stream)];
  const [one, other] = general.map((x) => valuesAt(layout, stored, fullVector(space, freeVector(space, x))));
  // What constraints cancel leaves rounding behind, of the size of what it would be without them.
  const [free, otherFree] = general.map((x) => valuesAt(layout, stored, x));
  const fixed = new Map<number, number>();
  reported.forEach((entry, i) => {
    const rounding =
      SAME_VALUE * Math.max(Math.abs(one![i]!), Math.abs(other![i]!)) +
      CANCELLED * Math.max(Math.abs(free![i]!), Math.abs(otherFree![i]!));
    if (!(Math.abs(one![i]! - other![i]!) <= rounding)) return;
    // A covariance that no longer varies is one with a random effect that is left out.
    fixed.set(
      i,
      stated.get(i) ?? (entry.block === "covariance" && entry.effects !== undefined ? 0 : one![i]!),
    );
  });
  const equal = new Set(
    relations
      .flatMap(({ parameters, value }) => (value === null ? parameters : []))
      .filter((i) => !fixed.has(i)),
  );
  return { fixed, equal };
}

/** Swaps neighbouring classes of a vector in general position: the space is the same when the result still lies in it. */
function isExchangeable(space: FreeSpace, layout: ParameterLayout): boolean {
  const x = fullVector(space, freeVector(space, generalPoint(layout, createStream(3, layout.nParameters))));
  for (let k = 0; k + 1 < layout.nClasses; k++) {
    const order = Array.from({ length: layout.nClasses }, (_, c) => (c === k ? k + 1 : c === k + 1 ? k : c));
    const swapped = permuteClasses(layout, x, order);
    const inside = fullVector(space, freeVector(space, swapped));
    if (inside.some((value, j) => Math.abs(value - swapped[j]!) > 1e-8)) return false;
  }
  return true;
}
