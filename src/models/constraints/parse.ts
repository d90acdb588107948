import { InputError, type Problem } from "../../core/errors.js";
import type { ParameterBlock } from "../result.js";

/** A parameter as a constraint names it. */
export interface ParameterReference {
  readonly text: string;
  /** The block written before a colon; null where none is. */
  readonly block: ParameterBlock | null;
  readonly name: string;
  /** Class from 1; null: the one parameter of this name, or that of every class. */
  readonly class: number | null;
}

/** One constraint: parameters that are equal to each other, or all equal to a value. */
export interface Statement {
  readonly text: string;
  readonly references: readonly ParameterReference[];
  /** On the user's scale; null where parameters are only set equal. */
  readonly value: number | null;
}

/** What a constraint looks like, for messages. */
const FORM = '"name@class = value" or "name@class = name@class", e.g. "month@2 = 0" or "month@1 = month@2"';

/**
 * Reads constraints as users write them: names as results report them, the class after an @, `=` between two or more
 * sides, at most one of which is a number; `membership: age@1` says which part of the model is meant.
 * @param lines - one constraint each
 * @returns the statements
 * @throws InputError with every line that cannot be read
 */
export function parseConstraints(lines: readonly string[]): Statement[] {
  const problems: Problem[] = [];
  const statements = lines.map((line) => parseStatement(line, problems));
  if (problems.length > 0) throw new InputError(problems);
  return statements;
}

function parseStatement(line: string, problems: Problem[]): Statement {
  const fail = (message: string): void => {
    problems.push({ code: "bad-constraint", where: `constraint "${line}"`, message, expected: FORM });
  };
  const sides = splitAtEquals(line).map((side) => side.trim());
  if (sides.length < 2) fail("It has no = sign.");
  else if (sides.includes("")) fail("One side of it is empty.");
  const values = sides.filter(isNumber).map(Number);
  if (values.length > 1) fail("It holds more than one number.");
  const names = sides.filter((side) => side !== "" && !isNumber(side));
  if (names.length === 0 && sides.length >= 2 && !sides.includes("")) fail("It names no parameter.");
  return {
    text: line,
    references: names.map((side) => parseReference(side, fail)),
    value: values[0] ?? null,
  };
}

/** Splits at each `=` outside of brackets that is not part of ==, <=, >= or !=. */
function splitAtEquals(line: string): string[] {
  const sides: string[] = [];
  let depth = 0;
  let from = 0;
  for (let i = 0; i < line.length; i++) {
    const character = line[i]!;
    if ("([{".includes(character)) depth++;
    if (")]}".includes(character)) depth--;
    if (character !== "=" || depth > 0) continue;
    if (line[i + 1] === "=" || "=<>!".includes(line[i - 1] ?? " ")) continue;
    sides.push(line.slice(from, i));
    from = i + 1;
  }
  return [...sides, line.slice(from)];
}

function isNumber(side: string): boolean {
  return side !== "" && Number.isFinite(Number(side));
}

function parseReference(text: string, fail: (message: string) => void): ParameterReference {
  const prefix = /^(fixed|covariance|residual|loading|membership)\s*:\s*(.+)$/.exec(text);
  const rest = prefix?.[2] ?? text;
  const at = rest.lastIndexOf("@");
  const label = at < 0 ? null : Number(rest.slice(at + 1));
  if (label !== null && !(Number.isInteger(label) && label >= 1))
    fail(`"${rest.slice(at + 1).trim()}" is not the number of a class.`);
  return {
    text,
    block: (prefix?.[1] as ParameterBlock | undefined) ?? null,
    name: (at < 0 ? rest : rest.slice(0, at)).trim(),
    class: label,
  };
}
