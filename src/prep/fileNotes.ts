import type { Groups } from "./groups.js";
import { lineOf, type Preparation } from "./preparation.js";

/**
 * Says that persons stand in several files, or in several lines of the wide layout: it may be meant, or a clash of identifiers.
 * @param preparation - the rows
 * @param groups - persons
 * @returns the notes
 */
export function fileNotes(preparation: Preparation, groups: Groups): string[] {
  const notes: string[] = [];
  const { raw, occasions, spec } = preparation;
  if (raw.fileStart.length > 2) {
    const inSeveral = nInSeveral(groups, fileFinder(preparation));
    if (inSeveral > 0)
      notes.push(
        `Identifiers in more than one file: ${inSeveral}; the rows of each are taken as one person's.`,
      );
  }
  if (occasions.source !== null && spec.episode === undefined) {
    const onSeveral = nInSeveral(groups, (row) => lineOf(preparation, row));
    if (onSeveral > 0)
      notes.push(
        `Identifiers with more than one line: ${onSeveral}; the occasions of each are taken together.`,
      );
  }
  return notes;
}

/** Finds the file of each row, asked for rows in ascending order. */
function fileFinder(preparation: Preparation): (row: number) => number {
  const { fileStart } = preparation.raw;
  let file = 0;
  return (row) => {
    while (lineOf(preparation, row) >= fileStart[file + 1]!) file++;
    return file;
  };
}

/** Persons whose rows are in more than one place. */
function nInSeveral({ personOf, personIds }: Groups, placeOf: (row: number) => number): number {
  const lastPlace = new Int32Array(personIds.length).fill(-1);
  const several = new Set<number>();
  for (let r = 0; r < personOf.length; r++) {
    const person = personOf[r]!;
    if (person < 0) continue;
    const place = placeOf(r);
    if (lastPlace[person]! >= 0 && lastPlace[person] !== place) several.add(person);
    lastPlace[person] = place;
  }
  return several.size;
}
