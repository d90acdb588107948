import { createStream, type RandomStream } from "../core/random.js";
import { REFERRAL_DAYS, type SimulatedPerson, simulatePersons } from "./person.js";
import { COVARIATES } from "./population.js";
import { type SimulationTruth, STREAM } from "./truth.js";

/** Header of the data file. */
export const DATA_HEADER: string = ["id", "session", "date", "week", "phq9", "gad7", ...COVARIATES].join(",");
/** Header of the file of true classes; `class` counts from 1. */
export const CLASS_HEADER = "id,class,class_name";

/** How much mess was put in, by kind: rows for all but the last, which counts persons. */
export interface DirtCounts {
  /** Rows without a PHQ-9 score. */
  missingPhq9: number;
  /** Rows without a GAD-7 score. */
  missingGad7: number;
  /** Rows with a PHQ-9 of 99. */
  score99: number;
  /** Rows with words in place of a PHQ-9 score. */
  textScore: number;
  /** Extra rows that repeat the one before, letter by letter. */
  duplicateRows: number;
  /** Persons whose `imd` is blank on every row. */
  missingImdPersons: number;
}

/** Rows and classes so far. */
export interface SimulationCounts {
  persons: number;
  /** Rows written, duplicates among them. */
  rows: number;
  readonly personsByClass: number[];
  readonly dirt: DirtCounts;
}

/** A piece of both files. */
export interface CsvChunk {
  /** Lines of the data file. */
  readonly data: string;
  /** Lines of the file of true classes. */
  readonly classes: string;
}

/** A chunk is handed over when it is at least as long as this, in characters. */
const CHUNK_LENGTH = 1 << 18;
const WORDS = ["refused", "n/k", "see notes", "ten"] as const;

/**
 * Makes the files of a simulation piece by piece, headers first; memory does not depend on the number of persons. The
 * text does not depend on where it is cut.
 * @param truth - the true parameters, from `simulationTruth`
 * @param counts - filled in as the pieces are made
 * @param chunkLength - least length of a piece of data, in characters
 * @returns an iterator over the pieces
 */
export function* csvChunks(
  truth: SimulationTruth,
  counts: SimulationCounts,
  chunkLength: number = CHUNK_LENGTH,
): Generator<CsvChunk, void, undefined> {
  const { spec } = truth;
  const names = spec.classes.map((each) => quoteIfNeeded(each.name));
  const dates = isoDates(spec.sessions.maximum, spec.weeksBetween.mean);
  let data = `${DATA_HEADER}\n`;
  let classes = `${CLASS_HEADER}\n`;
  for (const person of simulatePersons(truth)) {
    const id = personId(person.index);
    classes += `${id},${person.classIndex + 1},${names[person.classIndex]}\n`;
    counts.personsByClass[person.classIndex]!++;
    counts.persons++;
    data += personLines(person, id, dates, counts, spec.dirty, spec.seed);
    if (data.length >= chunkLength) {
      yield { data, classes };
      data = "";
      classes = "";
    }
  }
  yield { data, classes };
}

/**
 * Counts of nothing yet.
 * @param nClasses - number of classes
 * @returns zeros
 */
export function zeroCounts(nClasses: number): SimulationCounts {
  return {
    persons: 0,
    rows: 0,
    personsByClass: new Array<number>(nClasses).fill(0),
    dirt: {
      missingPhq9: 0,
      missingGad7: 0,
      score99: 0,
      textScore: 0,
      duplicateRows: 0,
      missingImdPersons: 0,
    },
  };
}

/**
 * Identifier of a simulated person.
 * @param index - from 0
 * @returns for example `P0000124` for index 123
 */
export function personId(index: number): string {
  return `P${String(index + 1).padStart(7, "0")}`;
}

function personLines(
  person: SimulatedPerson,
  id: string,
  dates: (day: number) => string,
  counts: SimulationCounts,
  dirty: number,
  seed: number,
): string {
  const { covariates, nRows } = person;
  const dirt = dirty > 0 ? createStream(seed, STREAM.dirt, person.index) : undefined;
  const blankImd = dirt !== undefined && dirt.uniform() < dirty;
  if (blankImd) counts.dirt.missingImdPersons++;
  const [age, female, imd, employed, ltc, medication] = covariates;
  const tail = `,${age},${female},${blankImd ? "" : imd},${employed},${ltc},${medication}\n`;
  let lines = "";
  for (let r = 0; r < nRows; r++) {
    const head = `${id},${person.session[r]},${dates(person.startDay + person.day[r]!)},${person.week[r]},`;
    const phq9 = person.phq9[r]!;
    const gad7 = person.gad7[r]!;
    lines +=
      dirt !== undefined && dirt.uniform() < dirty
        ? dirtyLine(dirt, counts, head, phq9, gad7, tail)
        : `${head}${phq9},${gad7}${tail}`;
  }
  counts.rows += nRows;
  return lines;
}

/** A line with one kind of mess, each kind as likely as the others. */
function dirtyLine(
  stream: RandomStream,
  counts: SimulationCounts,
  head: string,
  phq9: number,
  gad7: number,
  tail: string,
): string {
  const { dirt } = counts;
  switch (stream.integer(5)) {
    case 0:
      dirt.missingPhq9++;
      return `${head},${gad7}${tail}`;
    case 1:
      dirt.missingGad7++;
      return `${head}${phq9},${tail}`;
    case 2:
      dirt.score99++;
      return `${head}99,${gad7}${tail}`;
    case 3:
      dirt.textScore++;
      return `${head}${WORDS[stream.integer(WORDS.length)]},${gad7}${tail}`;
    default: {
      dirt.duplicateRows++;
      counts.rows++;
      const line = `${head}${phq9},${gad7}${tail}`;
      return line + line;
    }
  }
}

/** ISO dates by day since 1 January 2019, each made once. */
function isoDates(maximumSessions: number, meanWeeks: number): (day: number) => string {
  const known = new Array<string | undefined>(
    REFERRAL_DAYS + Math.ceil(Math.min(maximumSessions * meanWeeks, 520) * 14),
  );
  const origin = Date.UTC(2019, 0, 1);
  const make = (day: number): string => new Date(origin + day * 86_400_000).toISOString().slice(0, 10);
  return (day) => {
    if (day >= known.length) return make(day);
    known[day] ??= make(day);
    return known[day]!;
  };
}

function quoteIfNeeded(text: string): string {
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
