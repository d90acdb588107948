import { InputError, nearestName, type Problem } from "../core/errors.js";
import { isConstant, parseExpression } from "../core/expression.js";
import { findStructure, type Structure, structureColumns } from "./rows.js";
import { nameKind } from "./scope.js";
import type { SourceFile } from "./source.js";
import type { PrepSpec } from "./types.js";

/**
 * Names every column of the files that is read.
 * @param spec - the preparation
 * @param structure - from `checkColumns`
 * @returns the names, each once
 */
export function wantedColumns(spec: PrepSpec, structure: Structure): string[] {
  return [
    ...new Set([
      spec.id,
      ...(spec.episode === undefined ? [] : [spec.episode]),
      ...(spec.time.originColumn === undefined ? [] : [spec.time.originColumn]),
      ...structureColumns(structure),
      ...columnsRead(spec).map(({ name }) => name),
    ]),
  ];
}

/**
 * Checks that every file has every column, and finds those of the wide layout.
 * @param spec - the preparation
 * @param files - from `openSources`
 * @returns the columns of measures and time
 * @throws InputError listing every column that is missing (with the nearest name) or doubled
 */
export function checkColumns(spec: PrepSpec, files: readonly SourceFile[]): Structure {
  const problems: Problem[] = [];
  const structure = findStructure(spec, files[0]!.columns, problems);
  const use = (name: string, where: string): ColumnUse => ({ name, where, inExpression: false });
  const uses = [
    use(spec.id, "id"),
    ...(spec.episode === undefined ? [] : [use(spec.episode, "episode")]),
    ...(spec.time.originColumn === undefined ? [] : [use(spec.time.originColumn, "time origin")]),
    ...structureColumns(structure).map((name) => use(name, name === spec.time.column ? "time" : "measures")),
    ...columnsRead(spec),
  ];
  const known = [
    ...spec.covariates.map(({ name }) => name),
    ...spec.measures.map(({ name }) => name),
    spec.time.name,
  ];
  for (const file of files) {
    const reported = new Set<string>();
    for (const { name, where, inExpression } of uses) {
      const times = file.columns.filter((column) => column === name).length;
      if (times === 1 || reported.has(name)) continue;
      reported.add(name);
      if (times > 1)
        problems.push({
          code: "duplicate-column",
          where: `${file.path}, ${where}`,
          message: `${times} columns are called ${name}.`,
          fix: "Rename all but one of them.",
        });
      else
        problems.push(missingColumn(name, `${file.path}, ${where}`, file.columns, inExpression ? known : []));
    }
  }
  if (problems.length > 0) throw new InputError(problems);
  return structure;
}

function missingColumn(
  name: string,
  where: string,
  columns: readonly string[],
  known: readonly string[],
): Problem {
  const near = nearestName(
    name,
    [...columns, ...known].filter((other) => other !== name),
  );
  const list =
    columns.length > 12 ? `${columns.slice(0, 12).join(", ")}, … (${columns.length})` : columns.join(", ");
  return {
    code: "missing-column",
    where,
    message: `There is no column ${name}.`,
    fix: near === undefined ? `The columns are ${list}.` : `Did you mean ${near}?`,
  };
}

/** A column of the file and what it is read for. */
interface ColumnUse {
  readonly name: string;
  readonly where: string;
  readonly inExpression: boolean;
}

/** The columns of the file that covariates and exclusions read; an expression may name covariates too. */
function columnsRead(spec: PrepSpec): ColumnUse[] {
  const fromExpression = (text: string, where: string, within?: string): ColumnUse[] =>
    parseExpression(text)
      .symbols.filter((name) => nameKind(spec, name, within) === "column" && !isConstant(name))
      .map((name) => ({ name, where, inExpression: true }));
  return [
    ...spec.covariates.flatMap(({ name, column, expression }) =>
      expression === undefined
        ? [{ name: column ?? name, where: `covariate ${name}`, inExpression: false }]
        : fromExpression(expression, `covariate ${name}: ${expression}`, name),
    ),
    ...spec.exclusions.flatMap(({ name, keep }) => fromExpression(keep, `exclusion ${name}`)),
  ];
}
