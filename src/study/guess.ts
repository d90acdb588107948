import { type ColumnDescription, type FileDescription, knownMeasure, OUTCOME_NAMES } from "../prep/index.js";
import { type ColumnFamily, findFamilies, formulaName, holds, itemsOf, measureName } from "./families.js";

/** A measure that was recognised: a column, the columns of a wide layout, or items. */
export interface MeasureGuess {
  readonly name: string;
  readonly column: string | null;
  readonly pattern: string | null;
  readonly items: readonly string[] | null;
  /** Lowest and highest value seen. */
  readonly minimum: number | null;
  readonly maximum: number | null;
  /** What the user should know, for comments. */
  readonly comments: readonly string[];
}

/** A covariate that was recognised. */
export interface CovariateGuess {
  readonly name: string;
  readonly column: ColumnDescription;
  /** `numeric` or `factor` where it must be said; null: as the values are. */
  readonly type: "numeric" | "factor" | null;
  readonly comments: readonly string[];
}

/** Which column plays which part, as guessed from names and values. */
export interface ColumnGuess {
  readonly layout: "long" | "wide";
  readonly id: string;
  readonly episode: string | null;
  readonly time: {
    readonly kind: "number" | "date" | "session";
    readonly column: string | null;
    readonly pattern: string | null;
    readonly unit: string;
  };
  readonly measures: readonly MeasureGuess[];
  readonly covariates: readonly CovariateGuess[];
  /** Columns with no part, and why. */
  readonly left: readonly { readonly name: string; readonly because: string }[];
  /** What the user should look at. */
  readonly doubts: readonly string[];
}

type Columns = readonly ColumnDescription[];

const ID_NAME =
  /^(id|pid|.*_id|.*id|.*identifier|patient.*|person.*|client.*|participant.*|subject.*|cohortkey.*|study_?no)$/i;
const PERSON_NAME = /person|patient|client|participant|subject|pseudo|nhs|^p?id$/i;
const EPISODE_NAME =
  /^(episode|pathway|referral|spell)([_ .-]?(id|no|nr|num|number|key|identifier))?$|^.*(episode|pathway|referral|spell).*(id|no|number|key|identifier)$/i;
const TIME_NAME =
  /^(.*week.*|.*month.*|.*day.*|.*session.*|.*visit.*|.*occasion.*|.*time.*|.*date.*|wave.*)$/i;
const UNITS = ["session", "day", "week", "month", "year"] as const;
/** Names that preparation gives to columns of its own. */
const TAKEN_NAME = new RegExp(
  `^(n_sessions|last_time|${OUTCOME_NAMES.join("|")}|.*_(first|last|change|prorated))$`,
);
/** Whole numbers with at most so many different values are codes of categories rather than amounts. */
const MOST_CODES = 6;
const MOST_CATEGORIES = 20;

/**
 * Guesses the part of each column of a data file.
 * @param description - columns with their types, from `describeFile`
 * @returns the guess; the user confirms it by reading the study file
 */
export function guessColumns(description: FileDescription): ColumnGuess {
  const { columns } = description;
  const doubts: string[] = [];
  const left: { name: string; because: string }[] = [];
  const id = guessId(columns, doubts);
  const episode = guessEpisode(columns, id, description.rows);
  const free = columns.filter(({ name }) => name !== id && name !== episode);
  const taken = new Set<string>([id, ...(episode === null ? [] : [episode])]);
  const families = findFamilies(free);
  const wide = wideMeasures(families, left, taken);
  const layout = wide.length > 0 ? "wide" : "long";
  const time = wide.length > 0 ? wideTime(families, left, taken) : guessTime(free);
  if (time.column !== null) taken.add(time.column);
  const measures = wide.length > 0 ? wide : longMeasures(free, families, { taken, left, doubts });
  for (const { column } of measures) if (column !== null) taken.add(column);
  if (measures.length === 0)
    doubts.push("No column looks like a score: name one in the study file (measures).");
  if (layout === "long" && time.column === null)
    doubts.push("No column looks like time: the rows of a person are counted in the order of the file.");
  const names = new Set([...measures.map(({ name }) => name), time.column ?? time.unit.slice(0, -1)]);
  const covariates: CovariateGuess[] = [];
  for (const column of free.filter(({ name }) => !taken.has(name))) {
    const guess = guessCovariate(column, names);
    if (typeof guess === "string") left.push({ name: column.name, because: guess });
    else {
      covariates.push(guess);
      names.add(guess.name);
    }
  }
  return { layout, id, episode, time, measures, covariates, left, doubts };
}

function guessId(columns: Columns, doubts: string[]): string {
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
function guessEpisode(columns: Columns, id: string, rows: number): string | null {
  const named = columns.filter(
    ({ name, kind, distinct }) =>
      name !== id && EPISODE_NAME.test(name) && kind !== "date" && kind !== "empty" && distinct > 1,
  );
  return named.find(({ distinct }) => distinct < 0.95 * rows)?.name ?? null;
}

/** Weeks or months from the start say more than the number of the session, which says more than nothing. */
function timeRank(name: string, isDate: boolean): number {
  if (isDate) return 2;
  if (/week|month|day/i.test(name)) return 0;
  return /session|visit|occasion|wave/i.test(name) ? 1 : 1.5;
}

function unitOf(name: string): string {
  return `${UNITS.find((word) => name.toLowerCase().includes(word)) ?? "session"}s`;
}

function guessTime(columns: Columns): ColumnGuess["time"] {
  const isDate = ({ kind, dateShare }: ColumnDescription): boolean =>
    kind === "date" || (kind === "text" && dateShare >= 0.5);
  const named = columns.filter(
    (column) =>
      TIME_NAME.test(column.name) &&
      !/birth|dob|death/i.test(column.name) &&
      (isDate(column) || column.kind === "number") &&
      column.distinct > 1,
  );
  const best = [...named].sort((a, b) => timeRank(a.name, isDate(a)) - timeRank(b.name, isDate(b)))[0];
  if (best === undefined) return { kind: "session", column: null, pattern: null, unit: "sessions" };
  if (isDate(best)) return { kind: "date", column: best.name, pattern: null, unit: "weeks" };
  return { kind: "number", column: best.name, pattern: null, unit: unitOf(best.name) };
}

function familyPattern({ stem }: ColumnFamily): string {
  return `${stem}{n}`;
}

function takeFamily(family: ColumnFamily, taken: Set<string>): void {
  for (const { column } of family.members) taken.add(column.name);
}

/** Totals by occasion, one column each. Where some are of known measures, only those are scores. */
function wideMeasures(
  families: readonly ColumnFamily[],
  left: { name: string; because: string }[],
  taken: Set<string>,
): MeasureGuess[] {
  const totals = families.filter(
    (family) =>
      !TIME_NAME.test(family.stem) &&
      holds(family, "number") &&
      itemsOf(family) === undefined &&
      (/[_.-]$/.test(family.stem) || knownMeasure(measureName(family.stem)) !== undefined),
  );
  const known = totals.filter(({ stem }) => knownMeasure(measureName(stem)) !== undefined);
  const byItem = itemsByOccasion(totals);
  if (byItem.length > 0) {
    for (const family of totals) takeFamily(family, taken);
    return byItem;
  }
  const scores = known.length > 0 ? known : totals;
  for (const family of totals) takeFamily(family, taken);
  for (const family of totals.filter((other) => !scores.includes(other)))
    left.push({ name: familyPattern(family), because: "changes over occasions and is no known measure" });
  return scores.map((family): MeasureGuess => {
    const values = family.members.map(({ column }) => column);
    const minimum = Math.min(...values.map((column) => column.minimum ?? Number.POSITIVE_INFINITY));
    const maximum = Math.max(...values.map((column) => column.maximum ?? Number.NEGATIVE_INFINITY));
    const name = measureName(family.stem);
    const comments = rangeComments(name, minimum, maximum);
    return { name, column: null, pattern: familyPattern(family), items: null, minimum, maximum, comments };
  });
}

/** Items by occasion, such as `phq1_1 … phq9_12`: one family per item. */
function itemsByOccasion(totals: readonly ColumnFamily[]): MeasureGuess[] {
  const byStem = new Map<string, number>();
  for (const { stem, members } of totals) {
    const parts = /^(.*[A-Za-z].*?)(\d+)([_.-][A-Za-z]*)$/.exec(stem);
    if (parts === null || members.some(({ column }) => (column.maximum ?? 0) > 3)) continue;
    const pattern = `${parts[1]}{item}${parts[3]}{n}`;
    byStem.set(pattern, (byStem.get(pattern) ?? 0) + 1);
  }
  return [...byStem].flatMap(([pattern, items]): MeasureGuess[] => {
    const name = measureName(/^[A-Za-z]+/.exec(pattern)?.[0] ?? "");
    if (!((name === "phq9" && items === 9) || (name === "gad7" && items === 7))) return [];
    const comments = [`${items} items scored 0 to 3 at each occasion, added up`];
    return [{ name, column: null, pattern, items: null, minimum: null, maximum: null, comments }];
  });
}

/** Dates or numbers of time by occasion; without any, the number of the occasion. */
function wideTime(
  families: readonly ColumnFamily[],
  left: { name: string; because: string }[],
  taken: Set<string>,
): ColumnGuess["time"] {
  const timed = families
    .filter((family) => TIME_NAME.test(family.stem) && (holds(family, "number") || holds(family, "date")))
    .map((family) => ({ family, isDate: !holds(family, "number") }))
    .sort((a, b) => timeRank(a.family.stem, a.isDate) - timeRank(b.family.stem, b.isDate));
  for (const { family } of timed) takeFamily(family, taken);
  for (const { family } of timed.slice(1))
    left.push({ name: familyPattern(family), because: "another time by occasion" });
  const [best] = timed;
  if (best === undefined) return { kind: "number", column: null, pattern: null, unit: "sessions" };
  const pattern = familyPattern(best.family);
  return best.isDate
    ? { kind: "date", column: null, pattern, unit: "weeks" }
    : { kind: "number", column: null, pattern, unit: unitOf(best.family.stem) };
}

interface Finds {
  readonly taken: Set<string>;
  readonly left: { name: string; because: string }[];
  readonly doubts: string[];
}

/** Items that add up to a known measure, and columns of totals. */
function longMeasures(columns: Columns, families: readonly ColumnFamily[], finds: Finds): MeasureGuess[] {
  const { taken, left, doubts } = finds;
  const found = families.map((family) => ({ family, items: itemsOf(family) }));
  const isItem = new Set(
    found.flatMap(({ items }) => (items === undefined ? [] : [...items.items, ...items.extra])),
  );
  const free = columns.filter(({ name }) => !taken.has(name) && !isItem.has(name));
  const known = free.filter(
    ({ name, kind }) => kind !== "empty" && knownMeasure(measureName(name)) !== undefined,
  );
  const totals: MeasureGuess[] = [];
  for (const column of known) {
    const name = measureName(column.name);
    const share = inRangeShare(column, name);
    if (totals.some((other) => other.name === name))
      left.push({ name: column.name, because: `another column of ${name}` });
    else if (share < 0.5) {
      const because = `named like ${name}, but only ${Math.round(100 * share)}% of its values are numbers in its range`;
      left.push({ name: column.name, because });
      doubts.push(`${column.name} is not analysed: ${because}.`);
    } else totals.push(totalGuess(column, name));
    taken.add(column.name);
  }
  const sums: MeasureGuess[] = [];
  for (const { family, items } of found) {
    if (items === undefined) continue;
    takeFamily(family, taken);
    const span = `${items.items[0]} … ${items.items.at(-1)}`;
    const total = totals.find(({ name }) => name === items.measure);
    if (items.measure === null) {
      left.push({
        name: span,
        because: "look like items of a questionnaire; to use them, list them as items: of a measure",
      });
      doubts.push(
        `${span} look like items of a questionnaire that is not recognised; they are not analysed.`,
      );
    } else if (total !== undefined)
      left.push({ name: span, because: `items of ${items.measure}, whose total is ${total.column}` });
    else {
      const comments = [`${items.items.length} items scored 0 to 3, added up`];
      sums.push({
        name: items.measure,
        column: null,
        pattern: null,
        items: items.items,
        minimum: null,
        maximum: null,
        comments,
      });
      for (const name of items.extra)
        left.push({ name, because: `asks for difficulty, which is no part of the ${items.measure} total` });
    }
  }
  const measures = [...totals, ...sums];
  if (measures.length > 0) return inOrder(measures, columns);
  return free
    .filter(
      ({ name, numberShare }) =>
        numberShare >= 0.5 && !taken.has(name) && /score|total|outcome|^y$/i.test(name),
    )
    .map((column) => totalGuess(column, measureName(column.name)));
}

/** In the order of the file; the first one is analysed. */
function inOrder(measures: readonly MeasureGuess[], columns: Columns): MeasureGuess[] {
  const place = ({ column, items }: MeasureGuess): number =>
    columns.findIndex(({ name }) => name === (column ?? items?.[0]));
  return [...measures].sort((a, b) => place(a) - place(b));
}

/** Share of the filled cells that are numbers in the range of a known measure. */
function inRangeShare({ frequencies, numberShare }: ColumnDescription, name: string): number {
  const known = knownMeasure(name)!;
  const all = frequencies.reduce((n, { rows }) => n + rows, 0);
  if (all === 0) return numberShare;
  const good = frequencies.filter(({ value }) => {
    const score = Number(value.replace(",", "."));
    return score >= known.minimum && score <= known.maximum;
  });
  return good.reduce((n, { rows }) => n + rows, 0) / all;
}

function totalGuess(column: ColumnDescription, name: string): MeasureGuess {
  const { minimum, maximum, frequencies, numberShare } = column;
  const text = frequencies.find(({ value }) => Number.isNaN(Number(value.replace(",", "."))));
  const comments = [
    ...(numberShare < 1
      ? [
          `some values are not numbers${text === undefined ? "" : ` (such as ${JSON.stringify(text.value)})`}: those are not used`,
        ]
      : []),
    ...rangeComments(name, minimum, maximum),
  ];
  return { name, column: column.name, pattern: null, items: null, minimum, maximum, comments };
}

function rangeComments(name: string, minimum: number | null, maximum: number | null): string[] {
  const known = knownMeasure(name);
  if (known === undefined || minimum === null || maximum === null) return [];
  if (minimum >= known.minimum && maximum <= known.maximum) return [];
  return [
    `values go from ${minimum} to ${maximum}; those outside ${known.minimum} to ${known.maximum} are not used`,
  ];
}

/** A covariate, or why the column is none. */
function guessCovariate(column: ColumnDescription, names: ReadonlySet<string>): CovariateGuess | string {
  const { kind, distinct, frequencies, numberShare, dateShare } = column;
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
  if (kind === "text" && distinct > MOST_CATEGORIES) {
    if (numberShare < 0.8) return `text with ${distinct} different values`;
    const text = frequencies.find(({ value }) => Number.isNaN(Number(value)))?.value;
    const such = text === undefined ? "" : ` (such as ${JSON.stringify(text)})`;
    return {
      name,
      column,
      type: "numeric",
      comments: [`values that are not numbers${such} are taken as missing`],
    };
  }
  const codes =
    kind === "number" &&
    frequencies.length <= MOST_CODES &&
    frequencies.length > 0 &&
    distinct <= MOST_CODES &&
    frequencies.every(({ value }) => Number.isInteger(Number(value))) &&
    !frequencies.every(({ value }) => Number(value) === 0 || Number(value) === 1);
  if (codes)
    return {
      name,
      column,
      type: "factor",
      comments: [
        "few whole numbers: taken as categories; where they are amounts, write type: numeric and no levels",
      ],
    };
  return { name, column, type: kind === "text" ? "factor" : null, comments: [] };
}
