import { dirname, resolve } from "node:path";
import { InputError } from "../core/errors.js";
import { type Cohort, describeFile, prepare } from "../prep/index.js";
import { FEW_PERSONS, factsOf, type PreparedFacts } from "./facts.js";
import type { ColumnGuess } from "./guess/types.js";
import { guessColumns } from "./guess.js";
import { writeStudy } from "./init.js";
import { parseStudy } from "./load.js";
import { prepInput } from "./prepInput.js";

/** A study file that was written from a look at the data, and what to tell of it. */
export interface StudyDraft {
  readonly text: string;
  /** What was recognised, one line each. */
  readonly recognised: readonly string[];
  readonly left: readonly string[];
  readonly doubts: readonly string[];
}

/**
 * Writes a study file from a look at a data file: guesses the part of each column, prepares the data as guessed, and
 * settles by the outcome what names alone do not tell (latest time, reference categories, outcomes).
 * @param path - the data file
 * @param file - its path as the study file is to name it
 * @returns the text, and what was recognised, left out or doubtful
 * @throws InputError when the file cannot be read or has no rows
 */
export async function draftStudy(path: string, file: string): Promise<StudyDraft> {
  const description = await describeFile(path);
  if (description.rows === 0)
    throw new InputError({
      code: "no-rows",
      where: path,
      message: `The file has a header (${description.columns.map(({ name }) => name).join(", ")}) but no rows.`,
      fix: "Check that this is the right file.",
    });
  const guess = guessColumns(description);
  const doubts = [...guess.doubts, ...description.notes];
  const first = writeStudy(guess, description, file, null);
  if (guess.measures.length === 0)
    return { text: first, recognised: recognised(guess, null), left: leftLines(guess), doubts };
  let facts: PreparedFacts | null = null;
  try {
    const study = parseStudy(first);
    const here = { ...study, data: { ...study.data, file: resolve(path) } };
    const cohort = await prepare(prepInput(here, dirname(resolve(path))));
    facts = factsOf(cohort, guess);
    doubts.push(...setAsideDoubts(cohort), ...cohort.notes, ...smallCategories(facts));
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    doubts.push(...error.problems.map(({ message }) => `As it is, the study cannot run: ${message}`));
  }
  const totals = guess.measures.filter(
    ({ items, pattern }) => items === null && !pattern?.includes("{item}"),
  );
  for (const { name, comments } of [...totals, ...guess.covariates])
    doubts.push(...comments.map((comment) => `${name}: ${comment}.`));
  return {
    text: writeStudy(guess, description, file, facts),
    recognised: recognised(guess, facts),
    left: leftLines(guess),
    doubts: [...new Set(doubts)],
  };
}

function setAsideDoubts({ ledger }: Cohort): string[] {
  return ledger.setAside
    .filter(({ rows }) => rows > 0)
    .map(
      ({ rows, reason, description }) =>
        `${rows} of ${ledger.read} rows would be set aside: ${reason} (${description})`,
    );
}

function smallCategories({ levels }: PreparedFacts): string[] {
  return [...levels].flatMap(([name, counts]) => {
    const small = counts.filter(({ persons }) => persons < FEW_PERSONS);
    return small.length === 0
      ? []
      : [
          `${name}: categories with fewer than ${FEW_PERSONS} persons (${small.map(({ level, persons }) => `${level}: ${persons}`).join(", ")}); consider joining them with others.`,
        ];
  });
}

function recognised(guess: ColumnGuess, facts: PreparedFacts | null): string[] {
  const { time } = guess;
  const lines = [
    `layout     ${guess.layout === "long" ? "long: one row per session" : "wide: one row per person"}`,
    `person     ${guess.id}`,
    ...(guess.episode === null ? [] : [`episode    ${guess.episode} (the first of each person is used)`]),
    `time       ${time.column ?? time.pattern ?? (guess.layout === "wide" ? "number of the occasion" : "rows in order")} (${time.kind}, ${time.unit})`,
    ...guess.measures.map(
      ({ name, column, pattern, items }, m) =>
        `${m === 0 ? "outcome   " : "measure   "} ${name}: ${column ?? pattern ?? `sum of the items ${items!.join(", ")}`}`,
    ),
    `covariates ${guess.covariates.map(({ name }) => name).join(", ") || "none"}`,
  ];
  if (facts !== null)
    lines.push(
      `used       ${facts.nPersons} persons with ${facts.nScores} rows of scores; the last time is ${Number(facts.lastTime.toFixed(1))} ${time.unit}`,
    );
  return lines;
}

function leftLines(guess: ColumnGuess): string[] {
  return guess.left.map(({ name, because }) => `${name}: ${because}`);
}
