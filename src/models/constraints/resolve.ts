import type { Problem } from "../../core/errors.js";
import type { StoredDesign } from "../design/types.js";
import { nameKey, nearestParameter } from "../inference/names.js";
import type { ReportedParameter } from "../parameters/reported.js";
import type { ParameterLayout } from "../parameters.js";
import type { ParameterBlock } from "../result.js";
import type { ParameterReference, Statement } from "./parse.js";

/** What names are looked up in. */
export interface Names {
  readonly layout: ParameterLayout;
  readonly stored: StoredDesign;
  readonly reported: readonly ReportedParameter[];
}

/** A constraint between reported parameters, by their positions. */
export interface Relation {
  /** The constraint as written. */
  readonly text: string;
  readonly parameters: readonly number[];
  /** On the user's scale; null where the parameters are only equal. */
  readonly value: number | null;
}

/**
 * Looks up the names of constraints. A name without a class stands for the parameter of every class: class by class where
 * several are set equal.
 * @param statements - as parsed
 * @param names - the parameters of the model
 * @param problems - what cannot be found is added here
 * @returns relations between positions in `names.reported`
 */
export function resolveStatements(
  statements: readonly Statement[],
  names: Names,
  problems: Problem[],
): Relation[] {
  return statements.flatMap((statement): Relation[] => {
    const found = statement.references.map((reference) => lookUp(reference, statement, names, problems));
    if (found.some((list) => list.length === 0)) return [];
    const { text, value } = statement;
    if (value !== null) return [{ text, value, parameters: found.flat() }];
    const length = found[0]!.length;
    if (found.some((list) => list.length !== length)) {
      problems.push({
        code: "unequal-classes",
        where: `constraint "${text}"`,
        message: "One side stands for the parameters of several classes, the other for one.",
        expected: "a class on both sides or on none, e.g. month@1 = month@2",
      });
      return [];
    }
    if (found.length === 1) return [];
    return Array.from({ length }, (_, k) => ({ text, value, parameters: found.map((list) => list[k]!) }));
  });
}

/** Positions of a reference: one, or one per class. */
function lookUp(
  reference: ParameterReference,
  statement: Statement,
  names: Names,
  problems: Problem[],
): number[] {
  const fail = (code: string, message: string, fix?: string, expected?: string): number[] => {
    problems.push({
      code,
      where: `constraint "${statement.text}"`,
      message,
      ...(expected === undefined ? {} : { expected }),
      ...(fix === undefined ? {} : { fix }),
    });
    return [];
  };
  const { reported, layout } = names;
  const { nClasses } = layout;
  const key = nameKey(reference.name);
  const sameName = reported.flatMap((entry, i) =>
    nameKey(entry.name) === key && (reference.block === null || entry.block === reference.block) ? [i] : [],
  );
  if (sameName.length === 0) return fail("unknown-parameter", ...unknownName(reference, names));
  const block = blockOf(sameName, reported);
  const candidates = sameName.filter((i) => reported[i]!.block === block);
  const label = reference.class;
  if (label === null || nClasses === 1) {
    if (label !== null && label > 1) return fail("unknown-class", "The model has one class.");
    return candidates;
  }
  if (label > nClasses)
    return fail("unknown-class", `There is no class ${label}.`, undefined, `a class from 1 to ${nClasses}`);
  const own = candidates.filter((i) => reported[i]!.class === label);
  if (own.length > 0) return own;
  const [message, fix] = sharedMessage(reference.name, block, layout);
  const other =
    sameName.length > candidates.length ? ` For class membership write "membership: ${reference.text}".` : "";
  return fail("shared-parameter", message, `${fix}${other}`);
}

/** A bare name means a covariate of membership only where nothing else has it, as in contrasts. */
function blockOf(found: readonly number[], reported: readonly ReportedParameter[]): ParameterBlock {
  const blocks = found.map((i) => reported[i]!.block);
  return blocks.find((block) => block !== "membership") ?? "membership";
}

function unknownName(
  { name, block }: ParameterReference,
  { reported, stored }: Names,
): [message: string, fix: string | undefined, expected: string] {
  const known = [...new Set(reported.filter((p) => block === null || p.block === block).map((p) => p.name))];
  const near = nearestParameter(name, known);
  const dropped = stored.dropped.includes(name)
    ? ` (${name} was left out as a combination of other terms)`
    : "";
  return [
    `The model has no ${block === null ? "" : `${block} `}parameter "${name}"${dropped}.`,
    near === undefined ? undefined : `Did you mean "${near}"?`,
    `one of ${known.join(", ")}`,
  ];
}

/** Why a parameter has no class of its own, and what gives it one. */
function sharedMessage(name: string, block: ParameterBlock, { nClasses }: ParameterLayout): [string, string] {
  const shared = `${name} is one parameter for all classes.`;
  const leaveOut = "leave the class out.";
  if (block === "fixed") return [shared, `Add ${name} to classSpecific, or ${leaveOut}`];
  if (block === "covariance")
    return [shared, `Set covariance to free to give each class its own, or ${leaveOut}`];
  if (block === "membership")
    return [
      `Class ${nClasses} is the reference class: its logits are 0 by definition.`,
      `Name one of the classes 1 to ${nClasses - 1}.`,
    ];
  return name.startsWith("residual sd")
    ? [shared, `Add class to the residual structure to give each class its own, or ${leaveOut}`]
    : [shared, `L${leaveOut.slice(1)}`];
}
