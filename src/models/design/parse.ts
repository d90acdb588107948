import { didYouMean, InputError, type Problem } from "../../core/errors.js";
import type { LongTable } from "../../core/table.js";
import { type Formula, parseFormula } from "../formula.js";
import type { ModelSpec } from "../spec.js";

/** The formulas of a model. */
export interface ParsedModel {
  readonly fixed: Formula;
  readonly random: Formula;
  readonly membership: Formula;
  readonly classSpecific: Formula | null;
}

/**
 * Parses the formulas of a model.
 * @param spec - the model
 * @returns its formulas
 * @throws InputError with the mistakes of all of them
 */
export function parseModel(spec: ModelSpec): ParsedModel {
  const problems: Problem[] = [];
  const read = (name: string, text: string): Formula => {
    try {
      return parseFormula(text);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      problems.push(...error.problems.map((p) => ({ ...p, where: `${name}: ${p.where ?? text}` })));
      return { text, intercept: true, terms: [], symbols: [] };
    }
  };
  const model = {
    fixed: read("fixed", spec.fixed),
    random: read("random", spec.random),
    membership: read("membership", spec.membership),
    classSpecific: spec.classSpecific === undefined ? null : read("classSpecific", spec.classSpecific),
  };
  if (problems.length > 0) throw new InputError(problems);
  return model;
}

/**
 * Checks that a table has the columns that a model needs, and that the model has something to estimate.
 * @param table - long table
 * @param spec - the model
 * @param model - its formulas
 * @throws InputError with every problem found
 */
export function checkColumns(table: LongTable, spec: ModelSpec, model: ParsedModel): void {
  const problems = [
    ...roleProblems(table, "outcome", spec.outcome),
    ...roleProblems(table, "time", spec.time),
    ...clusterProblems(table, spec),
    ...symbolProblems(table, model),
    ...shapeProblems(model),
  ];
  if (problems.length > 0) throw new InputError(problems);
}

function roleProblems(table: LongTable, role: string, name: string): Problem[] {
  const column = table.columns.get(name);
  if (column === undefined) return [missingColumn(table, name, role)];
  if (column.kind === "numeric") return [];
  return [
    {
      code: "not-numeric",
      where: role,
      message: `The column "${name}" holds text (${column.levels.slice(0, 3).join(", ")}, …).`,
      expected: "numbers",
    },
  ];
}

function clusterProblems(table: LongTable, { cluster }: ModelSpec): Problem[] {
  return cluster === undefined || table.columns.has(cluster)
    ? []
    : [missingColumn(table, cluster, "cluster")];
}

function symbolProblems(table: LongTable, model: ParsedModel): Problem[] {
  return (["fixed", "random", "membership", "classSpecific"] as const).flatMap((role) => {
    const formula = model[role];
    if (formula === null) return [];
    return formula.symbols
      .filter((symbol) => !table.columns.has(symbol))
      .map((symbol) => missingColumn(table, symbol, `${role}: formula "${formula.text}"`));
  });
}

function shapeProblems(model: ParsedModel): Problem[] {
  const problems: Problem[] = [];
  if (!model.membership.intercept)
    problems.push({
      code: "membership-intercept",
      where: "membership",
      message: "Class membership needs its intercept.",
      fix: "Leave out the 0 or - 1.",
    });
  if (model.fixed.terms.length === 0 && !model.fixed.intercept)
    problems.push({
      code: "no-fixed-effects",
      where: "fixed",
      message: "There is no fixed effect.",
      expected: "at least 1",
    });
  return problems;
}

function missingColumn(table: LongTable, name: string, where: string): Problem {
  return {
    code: "missing-column",
    where,
    message: `There is no column "${name}".`,
    expected: `one of ${[...table.columns.keys()].slice(0, 30).join(", ")}`,
    ...didYouMean(name, table.columns.keys()),
  };
}
