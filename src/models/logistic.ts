import { didYouMean, InputError } from "../core/errors.js";
import type { Column, PersonTable } from "../core/table.js";
import { estimateRegression, type StandardErrorKind } from "./regression/estimate.js";
import { LeftOut, personDesign } from "./regression/personDesign.js";
import { estimatedPart, nothingEstimated } from "./regression/tables.js";
import type { RegressionResult, Verdict } from "./result.js";

/** Options of {@link logisticRegression}. */
export interface LogisticOptions {
  /** A column with levels `no` and `yes` (further levels such as `not eligible` are left out), or numbers 0 and 1. */
  readonly outcome: string;
  /** Person-level covariates, e.g. `age + female + factor(site)`. */
  readonly formula: string;
  /** `model` (default): observed information; `robust`: sandwich over persons. */
  readonly standardErrors?: StandardErrorKind;
}

/** Pairs of levels read as no and yes. */
const NO_YES = [
  ["no", "yes"],
  ["false", "true"],
  ["0", "1"],
] as const;

/**
 * Logistic regression of a yes/no outcome on person-level covariates, by maximum likelihood (Newton's method).
 * @param persons - outcome and covariates, one row per person
 * @param options - outcome column and formula
 * @returns odds ratios of yes against no, a Wald test per term, persons left out by reason, verdicts
 * @throws InputError when the outcome column does not exist or is not yes/no, or for a mistake in the formula
 */
export function logisticRegression(persons: PersonTable, options: LogisticOptions): RegressionResult {
  const leftOut = new LeftOut();
  const column = outcomeColumn(persons, options.outcome);
  const answers = answersOf(column, options.outcome);
  const rows: number[] = [];
  answers.forEach((answer, row) => {
    if (typeof answer === "number") rows.push(row);
    else leftOut.add(answer);
  });
  const { design, positions } = personDesign(options.formula, persons, rows, leftOut);
  // Yes first: coefficients are logits against the last class.
  const weights = new Float64Array(2 * design.nPersons);
  let yes = 0;
  positions.forEach((position, i) => {
    const answer = answers[rows[position]!] as number;
    yes += answer;
    weights[2 * i] = answer;
    weights[2 * i + 1] = 1 - answer;
  });
  const base = {
    method: "logistic" as const,
    outcome: options.outcome,
    formula: options.formula,
    outcomeLevels: ["no", "yes"],
    nPersons: design.nPersons,
    leftOut: leftOut.list(),
    classificationTable: null,
  };
  if (yes === 0 || yes === design.nPersons)
    return { ...base, ...nothingEstimated([allTheSame(options.outcome, yes, design.nPersons)]) };
  const estimate = estimateRegression(design, { nClasses: 2, weights, table: null });
  const kind = options.standardErrors ?? "model";
  return { ...base, ...estimatedPart(design, estimate, ["yes", "no"], [[0, 1]], kind) };
}

function allTheSame(outcome: string, yes: number, nPersons: number): Verdict {
  return {
    name: "not identified",
    sentence:
      nPersons === 0
        ? `Nobody has both ${outcome} and every covariate.`
        : `${outcome} is ${yes === 0 ? "no" : "yes"} for all ${nPersons} persons in the analysis.`,
    advice: "There is nothing to predict; look at the persons left out.",
  };
}

function outcomeColumn(persons: PersonTable, name: string): Column {
  const column = persons.columns.get(name);
  if (column !== undefined) return column;
  throw new InputError({
    code: "missing-column",
    message: `There is no outcome "${name}" in the person table.`,
    expected: `one of ${[...persons.columns.keys()].join(", ")}`,
    ...didYouMean(name, persons.columns.keys()),
  });
}

/** Per person 1 for yes, 0 for no, or the reason to leave the person out. */
function answersOf(column: Column, name: string): (number | string)[] {
  if (column.kind === "numeric") {
    const wrong = column.values.find((value) => !Number.isNaN(value) && value !== 0 && value !== 1);
    if (wrong !== undefined)
      throw new InputError({
        code: "not-binary",
        message: `Outcome "${name}" holds the value ${wrong}.`,
        expected: "0 (no) and 1 (yes)",
        fix: "Make a 0/1 column of it in the study's derived covariates.",
      });
    return Array.from(column.values, (value) => (Number.isNaN(value) ? `missing ${name}` : value));
  }
  const levels = column.levels.map((level) => level.toLowerCase());
  const pair = NO_YES.find(([no, yes]) => levels.includes(no) || levels.includes(yes));
  if (pair === undefined)
    throw new InputError({
      code: "not-binary",
      message: `Outcome "${name}" has the levels ${column.levels.join(", ")}.`,
      expected: "the levels no and yes",
      fix: "Make a 0/1 column of it in the study's derived covariates.",
    });
  return Array.from(column.codes, (code) => {
    if (code < 0) return `missing ${name}`;
    const position = pair.indexOf(levels[code] as never);
    return position >= 0 ? position : `${name}: ${column.levels[code]}`;
  });
}
