import { basename } from "node:path";
import { type FileDescription, knownMeasure } from "../prep/index.js";
import { FEW_PERSONS, type PreparedFacts } from "./facts.js";
import { formulaName } from "./guess/families.js";
import type { ColumnGuess, CovariateGuess, MeasureGuess } from "./guess/types.js";
import { guessColumns } from "./guess.js";

/**
 * Writes a commented study file from a look at a data file.
 * @param description - columns of the data file, from `describeFile`
 * @param file - path of the data file as the study file is to name it
 * @returns the text of a study file that `symtraj run` accepts, or that says what to fill in
 */
export function studyTemplate(description: FileDescription, file: string): string {
  return writeStudy(guessColumns(description), description, file, null);
}

/**
 * Writes a commented study file from a guess.
 * @param guess - the part of each column
 * @param description - the file
 * @param file - its path as the study file is to name it
 * @param facts - what the data prove to be when prepared as guessed; null where that is not known
 * @returns the text
 */
export function writeStudy(
  guess: ColumnGuess,
  description: FileDescription,
  file: string,
  facts: PreparedFacts | null,
): string {
  const outcome = guess.measures[0]?.name ?? "SCORE";
  const time =
    guess.time.column !== null && guess.time.kind === "number"
      ? formulaTime(guess)
      : guess.time.unit.slice(0, -1);
  return [
    ...header(description, file),
    ...dataPart(guess, file),
    ...measurePart(guess),
    ...timePart(guess),
    ...sessionPart(guess, facts),
    ...covariatePart(guess, facts),
    ...modelPart(outcome, time, facts),
    ...predictorPart(usable(guess, facts), time, facts),
    ...endPart(),
  ].join("\n");
}

/** The time column's name in formulas. */
function formulaTime({ time }: ColumnGuess): string {
  return formulaName(time.column!);
}

function header(description: FileDescription, file: string): string[] {
  return [
    `# A study of ${basename(file)}: ${description.rows.toLocaleString("en")} rows, ${description.columns.length} columns.`,
    "# Written by `symtraj init` from a look at the data. Read it once and correct what it guessed wrong; then",
    "#     symtraj run THIS_FILE",
    "# Every key is explained in docs/study-file.md. Paths are relative to this file.",
    "",
    "title: Trajectories of symptom scores during treatment",
    "",
  ];
}

function dataPart(guess: ColumnGuess, file: string): string[] {
  return [
    "# Where the scores are.",
    "data:",
    `  file: ${quote(file)}`,
    `  layout: ${guess.layout.padEnd(22)} # long: one row per session; wide: one row per person`,
    `  id: ${quote(guess.id).padEnd(26)} # the column that says whose row it is`,
    ...(guess.episode === null
      ? []
      : [
          `  episode: ${quote(guess.episode).padEnd(21)} # a person may have several episodes of care`,
          "  episodes: first              # which one is used: first, last, longest, or all (each as a person)",
        ]),
    "",
  ];
}

function measurePart(guess: ColumnGuess): string[] {
  const lines = [
    "# The questionnaires. For a known one (phq9, gad7, …) the range, the cut-off for caseness and the reliable",
    "# change are filled in; give minimum, maximum, caseness and reliable_change for another.",
    "measures:",
  ];
  if (guess.measures.length === 0)
    lines.push(
      "  # No column looked like a score: name one here.",
      "  SCORE:",
      "    column: SCORE",
      "    minimum: 0",
      "    maximum: 27",
    );
  return [...lines, ...guess.measures.flatMap(measureLines), ""];
}

function measureLines({ name, column, pattern, items, minimum, maximum, comments }: MeasureGuess): string[] {
  const lines = [...comments.map((comment) => `  # ${comment}`), `  ${name}:`];
  if (pattern !== null) lines.push(`    pattern: ${quote(pattern)}`);
  else if (items !== null) lines.push(`    items: [${items.map(quoteInList).join(", ")}]`);
  else if (column !== name) lines.push(`    column: ${quote(column ?? name)}`);
  if (knownMeasure(name) !== undefined) return lines;
  return [
    ...lines,
    `    minimum: ${minimum ?? 0}          # the lowest possible score (here: the lowest seen)`,
    `    maximum: ${maximum ?? 27}         # the highest possible score (here: the highest seen)`,
  ];
}

function timePart(guess: ColumnGuess): string[] {
  const { kind, column, pattern, unit } = guess.time;
  const lines = [
    "# The time axis: a number column, dates, or sessions counted in order.",
    "time:",
    `  kind: ${kind}`,
  ];
  if (column !== null) {
    if (kind === "number" && formulaName(column) !== column) lines.push(`  name: ${formulaName(column)}`);
    lines.push(`  column: ${quote(column)}`);
  }
  if (pattern !== null) {
    if (kind === "number") lines.push(`  name: ${unit.slice(0, -1)}`);
    lines.push(`  pattern: ${quote(pattern)}`);
  } else if (guess.layout === "wide")
    lines[2] += "                # the number of the occasion, the first being 0";
  if (kind === "date")
    lines.push("  origin: first-session       # where time is 0; or: column, with origin_column: NAME");
  return [...lines, `  unit: ${unit}`, ""];
}

function sessionPart(guess: ColumnGuess, facts: PreparedFacts | null): string[] {
  return [
    "# Which sessions are used.",
    "sessions:",
    "  minimum: 2                  # persons with fewer scored sessions are set aside",
    ...latestLines(guess, facts),
    "  duplicates: last            # several rows of a person at one time: first, last, mean or set-aside",
    "",
    "# Rules that set rows aside; they are counted in the report.",
    "# exclusions:",
    "#   - name: adults",
    "#     keep: age >= 18",
    "",
  ];
}

/** Where few people are left, a trajectory is the extrapolation of its polynomial. */
function latestLines({ time }: ColumnGuess, facts: PreparedFacts | null): string[] {
  if (facts === null || !(facts.latest > 0)) return [];
  const { latest, lastTime, nLater, nPersons } = facts;
  const limit = time.kind === "session" ? `maximum: ${Math.ceil(latest) + 1}` : `latest: ${latest}`;
  const why =
    nLater === 0
      ? `nobody has a later one (the last is at ${Number(lastTime.toFixed(1))} ${time.unit})`
      : `95% of persons have their last session by then; ${nLater} of ${nPersons} go on to ${Number(lastTime.toFixed(1))} ${time.unit},`;
  return [
    `  ${limit.padEnd(27)} # ${why}`,
    ...(nLater === 0
      ? []
      : [
          `  ${"".padEnd(27)} # and trajectories so far out would be extrapolation from a few people.`,
          `  ${"".padEnd(27)} # Last scores, and outcomes such as recovery, are then those up to this time.`,
        ]),
  ];
}

function covariatePart(guess: ColumnGuess, facts: PreparedFacts | null): string[] {
  const lines = [
    "# Covariates. Nothing after the name: the column of that name; an expression: computed from other columns,",
    "# e.g. `age_c: (age - 40) / 10`.",
    guess.covariates.length === 0 ? "# covariates:" : "covariates:",
  ];
  for (const covariate of guess.covariates) lines.push(...covariateLines(covariate, facts));
  for (const { name, because } of guess.left)
    lines.push(`#   ${comment(name)}: left out (${comment(because)})`);
  return [...lines, ""];
}

function covariateLines(
  { name, column, type, comments }: CovariateGuess,
  facts: PreparedFacts | null,
): string[] {
  const what =
    type !== "factor"
      ? `${column.minimum ?? "?"} to ${column.maximum ?? "?"}`
      : `categories: ${column.distinct}`;
  const missing = column.missing > 0 ? `, ${column.missing} missing` : "";
  const lines = [
    ...comments.map((text) => `  # ${comment(text)}`),
    `  ${`${name}:`.padEnd(28)} # ${what}${missing}`,
  ];
  if (name !== column.name) lines.push(`    column: ${quote(column.name)}`);
  if (type !== null) lines.push(`    type: ${type}`);
  const counts = facts?.levels.get(name);
  if (type !== "factor" || counts === undefined || counts.length < 2) return lines;
  const [reference] = [...counts].sort((a, b) => b.persons - a.persons);
  const order = [reference!, ...counts.filter((count) => count !== reference)];
  return [
    ...lines,
    `    # The first is the reference, with which the others are compared: the most frequent (${reference!.persons} persons).`,
    `    levels: [${order.map(({ level }) => quoteInList(level)).join(", ")}]`,
  ];
}

/** Covariates that the predictors can use: no constants, not mostly missing, few enough coefficients for the persons. */
function usable(guess: ColumnGuess, facts: PreparedFacts | null): string[] {
  if (facts === null) return guess.covariates.map(({ name }) => name);
  let room = facts.nPersons / FEW_PERSONS;
  return guess.covariates
    .map(({ name }) => name)
    .filter((name) => {
      const coefficients = Math.max(1, (facts.levels.get(name)?.length ?? 2) - 1);
      if (facts.constant.has(name) || (facts.missing.get(name) ?? 0) > 0.5 || coefficients > room)
        return false;
      room -= coefficients;
      return true;
    });
}

function modelPart(outcome: string, time: string, facts: PreparedFacts | null): string[] {
  // A curve needs three times; a slope of one's own, some person with three scores.
  const mean = facts !== null && facts.nTimes < 3 ? `1 + ${time}` : `1 + ${time} + ${time}^2`;
  const random = facts !== null && facts.mostSessions < 3 ? "1" : `1 + ${time}`;
  return [
    `outcome: ${outcome.padEnd(20)} # the measure whose trajectories are modelled`,
    "",
    "# The structures that are compared. GMM: people vary around their class's mean (random effects);",
    "# LCGA: they do not (random: 0).",
    "models:",
    "  GMM:",
    `    fixed: ${mean}`,
    `    random: ${random}`,
    "  LCGA:",
    `    fixed: ${mean}`,
    "    random: 0",
    "",
    "enumeration:",
    "  classes: 1-5",
    "  starts: 100/20              # random starts screened / carried to convergence, per model",
    "  criterion: bic              # the lowest is chosen among the models that pass the next lines",
    "  smallest_class: 0.05        # no class with less than this share of people",
    "  # choose: {model: GMM, classes: 3}   # your own choice, in place of the rule's",
    "",
    "# What to find out about the chosen model beyond its standard errors?",
    "# inference:",
    "#   profile: true             # profile-likelihood intervals of variances and correlations",
    "#   bootstrap: 1000           # errors and intervals from refits to samples of people; 0 for none",
    "",
  ];
}

function predictorPart(covariates: readonly string[], time: string, facts: PreparedFacts | null): string[] {
  const off = covariates.length === 0 ? "# " : "";
  const names = covariates.length === 0 ? ["age", "female"] : covariates;
  const wanted = ["reliable_recovery", "reliable_improvement"];
  const outcomes = facts === null ? wanted : wanted.filter((name) => facts.outcomes.includes(name));
  return [
    "# Do covariates predict level and change? (one growth curve, covariate x time)",
    `${off}growth:`,
    `${off}  covariates: [${names.join(", ")}]`,
    `${off}  by: [${time}]`,
    "",
    "# Do covariates predict class membership (three-step) and outcomes (logistic)?",
    `${off}predictors:`,
    `${off}  formula: ${names.join(" + ")}`,
    outcomes.length > 0
      ? `${off}  outcomes: [${outcomes.join(", ")}]`
      : "#   outcomes: [reliable_recovery]   # not known or the same for everybody here",
    "",
  ];
}

function endPart(): string[] {
  return [
    "output: results               # the folder of the report",
    "seed: 1                       # the same seed gives the same results, with any number of workers",
    "workers: auto                 # threads; auto: one per core",
    "",
  ];
}

/** A value as YAML needs it: quoted where it could be read as something else. */
function quote(text: string): string {
  return /^[A-Za-z_./][\w ./-]*$/.test(text) && !/^(true|false|null|yes|no|on|off)$/i.test(text)
    ? text
    : JSON.stringify(text);
}

/** A value inside a list of YAML: a number stays one, anything with a mark of its own is quoted. */
function quoteInList(text: string): string {
  if (/^-?(0|[1-9]\d*)$/.test(text)) return text;
  return /^[A-Za-z_][\w ]*$/.test(text) ? quote(text) : JSON.stringify(text);
}

/** Text in one line, for a comment. */
function comment(text: string): string {
  return text.replace(/\s+/g, " ");
}
