import { type ColumnDescription, OUTCOME_NAMES } from "../../prep/index.js";
import { formulaName } from "./families.js";
import { EPISODE_NAME, ID_NAME, TIME_NAME } from "./names.js";
import type { CovariateGuess } from "./types.js";

/** Names that preparation gives to columns of its own. */
const TAKEN_NAME = new RegExp(
  `^(n_sessions|last_time|${OUTCOME_NAMES.join("|")}|.*_(first|last|change|prorated))$`,
);
/** Whole numbers with at most so many different values are codes of categories rather than amounts. */
const MOST_CODES = 6;
/** Text with more different values than this is no category. */
const MOST_CATEGORIES = 20;

/**
 * Guesses whether a column is a covariate.
 * @param column - a column without another part
 * @param names - names in use
 * @returns the covariate, or why the column is none
 */
export function guessCovariate(
  column: ColumnDescription,
  names: ReadonlySet<string>,
): CovariateGuess | string {
  const because = whyNoCovariate(column, names);
  if (because !== null) return because;
  const { kind, distinct, frequencies } = column;
  const name = formulaName(column.name);
  if (kind === "text" && distinct > MOST_CATEGORIES) {
    const text = frequencies.find(({ value }) => Number.isNaN(Number(value)))?.value;
    const such = text === undefined ? "" : ` (such as ${JSON.stringify(text)})`;
    const comments = [`values that are not numbers${such} are taken as missing`];
    return { name, column, type: "numeric", comments };
  }
  if (looksLikeCodes(column)) {
    const comments = [
      "few whole numbers: taken as categories; where they are amounts, write type: numeric and no levels",
    ];
    return { name, column, type: "factor", comments };
  }
  return { name, column, type: kind === "text" ? "factor" : null, comments: [] };
}

function whyNoCovariate(column: ColumnDescription, names: ReadonlySet<string>): string | null {
  const { kind, distinct, numberShare, dateShare } = column;
  const name = formulaName(column.name);
  if (/^(true_?)?(class|cluster|membership)$/i.test(column.name))
    return "looks like a class, not a covariate";
  if (kind === "date" || (kind === "text" && dateShare >= 0.5)) return "a date";
  if (EPISODE_NAME.test(column.name)) return "numbers episodes or rows";
  if (ID_NAME.test(column.name) && distinct > MOST_CATEGORIES) return "looks like another identifier";
  if (TIME_NAME.test(column.name) && kind === "number") return "another time column";
  if (kind === "empty") return "empty";
  if (distinct < 2) return "constant";
  if (TAKEN_NAME.test(name) || names.has(name))
    return `the name ${name} is used for something else; give it another with column:`;
  if (kind === "text" && distinct > MOST_CATEGORIES && numberShare < 0.8)
    return `text with ${distinct} different values`;
  return null;
}

/** Few whole numbers, other than 0 and 1 alone. */
function looksLikeCodes({ kind, distinct, frequencies }: ColumnDescription): boolean {
  const values = frequencies.map(({ value }) => Number(value));
  return (
    kind === "number" &&
    values.length > 0 &&
    values.length <= MOST_CODES &&
    distinct <= MOST_CODES &&
    values.every(Number.isInteger) &&
    !values.every((value) => value === 0 || value === 1)
  );
}
