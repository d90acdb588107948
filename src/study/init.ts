import { basename } from "node:path";
import type { ColumnDescription, FileDescription } from "../prep/index.js";
import { knownMeasure } from "../prep/index.js";

/** Which column plays which part, as guessed from names and values. */
export interface ColumnGuess {
  readonly layout: "long" | "wide";
  readonly id: string;
  readonly time: {
    readonly kind: "number" | "date" | "session";
    readonly column: string | null;
    readonly unit: string;
  };
  readonly measures: readonly {
    readonly name: string;
    readonly column: string | null;
    readonly pattern: string | null;
  }[];
  readonly covariates: readonly ColumnDescription[];
  /** Columns with no part, and why. */
  readonly left: readonly { readonly name: string; readonly because: string }[];
}

const ID_NAME =
  /^(id|pid|.*_id|.*id|patient.*|person.*|client.*|participant.*|subject.*|cohortkey.*|study_?no)$/i;
const TIME_NAME = /^(.*week.*|.*month.*|.*day.*|.*session.*|.*visit.*|.*occasion.*|.*time.*|.*date.*|wave)$/i;
const UNITS = ["session", "day", "week", "month", "year"] as const;

/**
 * Guesses the part of each column of a data file.
 * @param description - columns with their types, from `describeFile`
 * @returns the guess; the user confirms it by reading the study file
 */
export function guessColumns(description: FileDescription): ColumnGuess {
  const columns = description.columns;
  const id = columns.find(({ name }) => ID_NAME.test(name)) ?? columns[0]!;
  const wide = wideMeasures(columns);
  const time = guessTime(columns.filter((column) => column !== id));
  const measures = wide.length > 0 ? wide : longMeasures(columns, id.name, time.column);
  const taken = (name: string): boolean =>
    name === id.name ||
    name === time.column ||
    measures.some((m) => m.column === name || (m.pattern !== null && patternTest(m.pattern).test(name)));
  const covariates: ColumnDescription[] = [];
  const left: { name: string; because: string }[] = [];
  for (const column of columns.filter(({ name }) => !taken(name))) {
    const because = whyNoCovariate(column);
    if (because === null) covariates.push(column);
    else left.push({ name: column.name, because });
  }
  return { layout: wide.length > 0 ? "wide" : "long", id: id.name, time, measures, covariates, left };
}

/** Why a column is not offered as a covariate; null when it is. */
function whyNoCovariate(column: ColumnDescription): string | null {
  if (!/^[A-Za-z_]\w*$/.test(column.name))
    return "its name cannot be used in a formula; give it a name with column:";
  if (/^(true_?)?(class|cluster|membership)$/i.test(column.name))
    return "looks like a class, not a covariate";
  if (column.kind === "date") return "a date";
  if (TIME_NAME.test(column.name) && column.kind === "number") return "another time column";
  if (column.kind === "empty") return "empty";
  if (column.distinct < 2) return "constant";
  if (column.kind === "text" && column.distinct > 20) return `text with ${column.distinct} different values`;
  return null;
}

function guessTime(columns: readonly ColumnDescription[]): ColumnGuess["time"] {
  const named = columns.filter(({ name, kind }) => TIME_NAME.test(name) && kind !== "text");
  // Weeks or months from the start say more than the number of the session, which says more than nothing.
  const rank = ({ name, kind }: ColumnDescription): number =>
    kind === "date"
      ? 2
      : /week|month|day/i.test(name)
        ? 0
        : /session|visit|occasion|wave/i.test(name)
          ? 1
          : 1.5;
  const best = [...named].sort((a, b) => rank(a) - rank(b))[0];
  if (best === undefined) return { kind: "session", column: null, unit: "sessions" };
  if (best.kind === "date") return { kind: "date", column: best.name, unit: "weeks" };
  const unit = UNITS.find((word) => best.name.toLowerCase().includes(word)) ?? "session";
  return { kind: "number", column: best.name, unit: `${unit}s` };
}

/** Families of columns such as `phq9_1 … phq9_20`. */
function wideMeasures(columns: readonly ColumnDescription[]): ColumnGuess["measures"] {
  const families = new Map<string, number>();
  for (const { name, kind } of columns) {
    const match = /^(.*?[A-Za-z].*?[_.-])(\d+)$/.exec(name);
    if (match !== null && kind === "number") families.set(match[1]!, (families.get(match[1]!) ?? 0) + 1);
  }
  return [...families]
    .filter(([stem, n]) => n >= 3 && !TIME_NAME.test(stem))
    .map(([stem]) => ({ name: nameOf(stem), column: null, pattern: `${stem}{n}` }));
}

function longMeasures(
  columns: readonly ColumnDescription[],
  id: string,
  time: string | null,
): ColumnGuess["measures"] {
  const free = columns.filter(({ name, kind }) => kind === "number" && name !== id && name !== time);
  const known = free.filter(({ name }) => knownMeasure(nameOf(name)) !== undefined);
  const scores = known.length > 0 ? known : free.filter(({ name }) => /score|total|outcome|^y$/i.test(name));
  return scores.map(({ name }) => ({ name: nameOf(name), column: name, pattern: null }));
}

/** A name for formulas: `PHQ-9 total` becomes `phq9` where that is a known measure, else `PHQ_9_total`. */
function nameOf(column: string): string {
  const plain = column.toLowerCase().replace(/[^a-z0-9]/g, "");
  const short = plain.replace(/(total|score|sum)+$/, "");
  if (knownMeasure(short) !== undefined) return short;
  const name = column.replace(/[^A-Za-z0-9]+/g, "_").replace(/_+$/, "");
  return /^[A-Za-z_]/.test(name) ? name : `m_${name}`;
}

function patternTest(pattern: string): RegExp {
  return new RegExp(`^${pattern.replace(/[.*+?^$()|[\]\\]/g, "\\$&").replace("{n}", "\\d+")}$`);
}

/**
 * Writes a commented study file from a look at a data file.
 * @param description - columns of the data file, from `describeFile`
 * @param file - path of the data file as the study file is to name it
 * @returns the text of a study file that `symtraj run` accepts, or that says what to fill in
 */
export function studyTemplate(description: FileDescription, file: string): string {
  const guess = guessColumns(description);
  const outcome = guess.measures[0]?.name ?? "SCORE";
  const time =
    guess.time.column !== null && guess.time.kind === "number"
      ? guess.time.column
      : guess.time.unit.slice(0, -1);
  const formulaCovariates = guess.covariates.map(({ name }) => name);
  return [
    ...header(description, file),
    ...dataPart(guess, file),
    ...measurePart(guess, description),
    ...timePart(guess),
    ...covariatePart(guess),
    ...modelPart(outcome, time),
    ...predictorPart(formulaCovariates, time),
    ...endPart(),
  ].join("\n");
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
    "",
  ];
}

function measurePart(guess: ColumnGuess, description: FileDescription): string[] {
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
  for (const { name, column, pattern } of guess.measures) {
    lines.push(`  ${name}:`);
    if (pattern !== null) lines.push(`    pattern: ${quote(pattern)}`);
    else if (column !== name) lines.push(`    column: ${quote(column ?? name)}`);
    if (knownMeasure(name) !== undefined) continue;
    const look = description.columns.find((c) => c.name === column);
    lines.push(
      `    minimum: ${look?.minimum ?? 0}          # the lowest possible score (here: the lowest seen)`,
      `    maximum: ${look?.maximum ?? 27}         # the highest possible score (here: the highest seen)`,
    );
  }
  return [...lines, ""];
}

function timePart(guess: ColumnGuess): string[] {
  const { kind, column, unit } = guess.time;
  const lines = [
    "# The time axis: a number column, dates, or sessions counted in order.",
    "time:",
    `  kind: ${kind}`,
  ];
  if (column !== null) lines.push(`  column: ${quote(column)}`);
  if (kind === "date")
    lines.push("  origin: first-session       # where time is 0; or: column, with origin_column: NAME");
  lines.push(`  unit: ${unit}`);
  if (kind === "number") lines.push("  # label: Weeks since first session   # words for the axis of figures");
  return [
    ...lines,
    "",
    "# Which sessions are used.",
    "sessions:",
    "  minimum: 2                  # persons with fewer scored sessions are set aside",
    "  duplicates: last            # several rows of a person at one time: first, last, mean or set-aside",
    "",
    "# Rules that set rows aside; they are counted in the report.",
    "# exclusions:",
    "#   - name: adults",
    "#     keep: age >= 18",
    "",
  ];
}

function covariatePart(guess: ColumnGuess): string[] {
  const lines = [
    "# Covariates. Nothing after the name: the column of that name; an expression: computed from other columns,",
    "# e.g. `age_c: (age - 40) / 10`.",
    guess.covariates.length === 0 ? "# covariates:" : "covariates:",
  ];
  for (const column of guess.covariates) {
    const what =
      column.kind === "number"
        ? `${column.minimum ?? "?"} to ${column.maximum ?? "?"}`
        : `categories: ${column.distinct}`;
    lines.push(
      `  ${`${column.name}:`.padEnd(28)} # ${what}${column.missing > 0 ? `, ${column.missing} missing` : ""}`,
    );
  }
  for (const { name, because } of guess.left) lines.push(`#   ${name}: left out (${because})`);
  return [...lines, ""];
}

function modelPart(outcome: string, time: string): string[] {
  return [
    `outcome: ${outcome.padEnd(20)} # the measure whose trajectories are modelled`,
    "",
    "# The structures that are compared. GMM: people vary around their class's mean (random effects);",
    "# LCGA: they do not (random: 0).",
    "models:",
    "  GMM:",
    `    fixed: 1 + ${time} + ${time}^2`,
    `    random: 1 + ${time}`,
    "  LCGA:",
    `    fixed: 1 + ${time} + ${time}^2`,
    "    random: 0",
    "",
    "enumeration:",
    "  classes: 1-5",
    "  starts: 100/20              # random starts screened / carried to convergence, per model",
    "  criterion: bic              # the lowest is chosen among the models that pass the next lines",
    "  smallest_class: 0.05        # no class with less than this share of people",
    "  # choose: {model: GMM, classes: 3}   # your own choice, in place of the rule's",
    "",
  ];
}

function predictorPart(covariates: readonly string[], time: string): string[] {
  const off = covariates.length === 0 ? "# " : "";
  const names = covariates.length === 0 ? ["age", "female"] : covariates;
  return [
    "# Do covariates predict level and change? (one growth curve, covariate x time)",
    `${off}growth:`,
    `${off}  covariates: [${names.join(", ")}]`,
    `${off}  by: [${time}]`,
    "",
    "# Do covariates predict class membership (three-step) and outcomes (logistic)?",
    `${off}predictors:`,
    `${off}  formula: ${names.join(" + ")}`,
    `${off}  outcomes: [reliable_recovery, reliable_improvement]`,
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
