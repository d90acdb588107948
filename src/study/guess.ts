import type { ColumnDescription, FileDescription } from "../prep/index.js";
import { guessCovariate } from "./guess/covariate.js";
import { findFamilies } from "./guess/families.js";
import { longMeasures } from "./guess/longMeasures.js";
import { EPISODE_NAME, ID_NAME, PERSON_NAME } from "./guess/names.js";
import { guessTime, wideTime } from "./guess/time.js";
import type { ColumnGuess, CovariateGuess, Finds } from "./guess/types.js";
import { wideMeasures } from "./guess/wideMeasures.js";

/**
 * Guesses the part of each column of a data file.
 * @param description - columns with their types, from `describeFile`
 * @returns the guess; the user confirms it by reading the study file
 */
export function guessColumns(description: FileDescription): ColumnGuess {
  const { columns } = description;
  const doubts: string[] = [];
  const id = guessId(columns, doubts);
  const episode = guessEpisode(columns, id, description.rows);
  const free = columns.filter(({ name }) => name !== id && name !== episode);
  const taken = new Set<string>([id, ...(episode === null ? [] : [episode])]);
  const finds: Finds = { taken, left: [], doubts };
  const families = findFamilies(free);
  const wide = wideMeasures(families, finds);
  const layout = wide.length > 0 ? "wide" : "long";
  const time = wide.length > 0 ? wideTime(families, finds) : guessTime(free);
  if (time.column !== null) taken.add(time.column);
  const measures = wide.length > 0 ? wide : longMeasures(free, families, finds);
  for (const { column } of measures) if (column !== null) taken.add(column);
  if (measures.length === 0)
    doubts.push("No column looks like a score: name one in the study file (measures).");
  if (layout === "long" && time.column === null)
    doubts.push("No column looks like time: the rows of a person are counted in the order of the file.");
  const names = new Set([...measures.map(({ name }) => name), time.column ?? time.unit.slice(0, -1)]);
  const covariates: CovariateGuess[] = [];
  for (const column of free.filter(({ name }) => !taken.has(name))) {
    const guess = guessCovariate(column, names);
    if (typeof guess === "string") finds.left.push({ name: column.name, because: guess });
    else {
      covariates.push(guess);
      names.add(guess.name);
    }
  }
  return { layout, id, episode, time, measures, covariates, left: finds.left, doubts };
}

function guessId(columns: readonly ColumnDescription[], doubts: string[]): string {
  const named = columns.filter(({ name, kind }) => ID_NAME.test(name) && kind !== "date");
  const best =
    named.find(({ name }) => PERSON_NAME.test(name) && !EPISODE_NAME.test(name)) ??
    named.find(({ name }) => !EPISODE_NAME.test(name)) ??
    named[0];
  if (best === undefined)
    doubts.push(
      `No column is named like an identifier: the first one, ${columns[0]!.name}, is taken as the person's.`,
    );
  else if (EPISODE_NAME.test(best.name))
    doubts.push(
      `${best.name}: taken as the person's identifier for want of another, so each episode is a person.`,
    );
  return (best ?? columns[0]!).name;
}

/** A column that numbers the episodes of a person; one that differs in every row numbers the rows. */
function guessEpisode(columns: readonly ColumnDescription[], id: string, rows: number): string | null {
  const named = columns.filter(
    ({ name, kind, distinct }) =>
      name !== id && EPISODE_NAME.test(name) && kind !== "date" && kind !== "empty" && distinct > 1,
  );
  return named.find(({ distinct }) => distinct < 0.95 * rows)?.name ?? null;
}
