import { InputError } from "../core/errors.js";
import { parseExpression } from "../core/expression.js";
import type { Groups } from "./groups.js";
import { givenColumns } from "./longTable.js";
import { linesOf, type Preparation, typedColumn } from "./preparation.js";
import { Scope } from "./scope.js";
import type { Scores } from "./scores.js";
import { type Positions, timesOf } from "./time.js";

/**
 * Applies the study's own rules; each sees the rows that the ones before it have left.
 * @param preparation - the rows
 * @param rows - those in use, in order of group and position
 * @param read - what is known of them: groups, scores, positions in time and the origins of time by group
 * @returns the rows that are left
 * @throws InputError for a rule that is text instead of a condition
 */
export function exclude(
  preparation: Preparation,
  rows: Int32Array,
  read: {
    readonly groups: Groups;
    readonly scores: readonly Scores[];
    readonly positions: Positions;
    readonly origins: Float64Array | null;
  },
): Int32Array {
  const { spec, account, raw } = preparation;
  let left = rows;
  for (const rule of spec.exclusions) {
    const expression = parseExpression(rule.keep);
    const times = timesOf(spec, read.positions, left, read.groups.groupOf, read.origins);
    const scope = new Scope(
      spec,
      (name, covariate) => typedColumn(preparation, name, covariate),
      linesOf(preparation, left),
      givenColumns(spec, left, times, read.scores),
      (_, column) => column,
    );
    const where = `exclusion ${rule.name}`;
    const keep = scope.evaluate(expression, where);
    if (keep.kind === "factor")
      throw new InputError({
        code: "expression-type",
        where,
        message: `${rule.keep} is text, not a condition.`,
        fix: 'Compare it with a value, e.g. status == "complete".',
      });
    const reason = account.reason(
      `excluded: ${rule.name}`,
      `The rule ${rule.keep} does not hold, or has a missing value.`,
    );
    const column = expression.symbols.find((name) => raw.columns.has(name)) ?? "";
    left.forEach((row, i) => {
      if (!(Math.abs(keep.values[i]!) > 0)) account.setAside(row, reason, column);
    });
    left = account.keepInUse(left);
  }
  return left;
}
