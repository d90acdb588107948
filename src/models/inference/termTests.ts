import type { StoredDesign } from "../design/types.js";
import { curveColumnNames } from "../formula/atom.js";
import { type Formula, parseFormula, type Term } from "../formula.js";
import type { ModelSpec } from "../spec.js";
import { parameterKey } from "./names.js";
import type { TermTest } from "./types.js";
import { type ContrastRows, type Estimates, testRows, type WaldOptions } from "./wald.js";

/** The parts of a fit that its term tests read. */
export interface TermTestInput extends Estimates {
  readonly model: ModelSpec;
  readonly design: StoredDesign;
}

/** The coefficients of a term: positions in the reported parameters, one list per column (one entry per class, or one). */
interface TermColumns {
  readonly term: string;
  readonly block: "fixed" | "membership";
  readonly columns: readonly (readonly number[])[];
}

/**
 * Omnibus Wald tests: for each term, that all its coefficients are zero (not for intercepts), and, where they differ by class, that
 * they are the same in every class.
 * @param result - a fit
 * @param options - covariance and degrees of freedom, as for `waldTest`
 * @returns the tests in the order of the terms; those that cannot be made have a reason in place of a statistic
 * Source: Wald (1943).
 */
export function termTests(result: TermTestInput, options: WaldOptions = {}): TermTest[] {
  return [...fixedTerms(result), ...membershipTerms(result)].flatMap(({ term, block, columns }) => {
    const tests: TermTest[] = [];
    if (term !== "(Intercept)")
      tests.push({
        term,
        block,
        question: "no effect",
        ...testRows(result, zeroRows(result, columns.flat()), options),
      });
    if (block === "fixed" && columns.some((positions) => positions.length > 1))
      tests.push({
        term,
        block,
        question: "equal over classes",
        ...testRows(result, equalRows(result, columns), options),
      });
    return tests;
  });
}

function fixedTerms({ parameters, design }: TermTestInput): TermColumns[] {
  const terms = [...new Set(design.fixedColumns.map((column) => column.term))];
  return terms.map((term) => ({
    term,
    block: "fixed",
    columns: design.fixedColumns
      .filter((column) => column.term === term)
      .map((column) => positionsOf(parameters, "fixed", column.name)),
  }));
}

function membershipTerms({ parameters, design, model }: TermTestInput): TermColumns[] {
  if (model.classes === 1 || design.membershipNames.length < 2) return [];
  const formula: Formula = parseFormula(model.membership);
  return formula.terms.flatMap((term) => {
    const names = columnNames(term, design).filter((name) => design.membershipNames.includes(name));
    const columns = names.map((name) => positionsOf(parameters, "membership", name));
    return columns.length === 0 ? [] : [{ term: term.label, block: "membership" as const, columns }];
  });
}

/** Names that the columns of a term may have: one per combination of its atoms' columns. */
function columnNames(term: Term, { coding }: StoredDesign): string[] {
  return term.atoms.reduce<string[]>(
    (names, atom) => {
      const levels = coding.levels[atom.text];
      const own =
        atom.degree > 0
          ? curveColumnNames(atom)
          : levels === undefined
            ? [atom.text]
            : levels.map((level) => `${atom.text}[${level}]`);
      return names.flatMap((name) => own.map((each) => (name === "" ? each : `${name}:${each}`)));
    },
    [""],
  );
}

function positionsOf(
  parameters: TermTestInput["parameters"],
  block: "fixed" | "membership",
  name: string,
): number[] {
  return parameters.flatMap((each, i) => (each.block === block && each.name === name ? [i] : []));
}

function zeroRows({ parameters }: TermTestInput, positions: readonly number[]): ContrastRows {
  return {
    rows: positions.map((at) => Float64Array.from(parameters, (_, j) => (j === at ? 1 : 0))),
    values: positions.map(() => 0),
    words: positions.map((at) => `${parameterKey(parameters[at]!)} = 0`),
  };
}

/** Each class against the next. */
function equalRows({ parameters }: TermTestInput, columns: readonly (readonly number[])[]): ContrastRows {
  const pairs = columns.flatMap((positions) =>
    positions.slice(1).map((second, k) => [positions[k]!, second] as const),
  );
  return {
    rows: pairs.map(([first, second]) =>
      Float64Array.from(parameters, (_, j) => (j === first ? 1 : j === second ? -1 : 0)),
    ),
    values: pairs.map(() => 0),
    words: pairs.map(
      ([first, second]) => `${parameterKey(parameters[first]!)} - ${parameterKey(parameters[second]!)} = 0`,
    ),
  };
}
