import type { ReportInput } from "../input.js";
import { outcomeRates } from "../outcomes.js";
import { outcomeDefinitions } from "../outcomeWords.js";
import { type Cell, column, type ReportTable } from "./table.js";

/**
 * Rows read, used and set aside, with the reason of each.
 * @param input - the report's input
 * @returns the table; its rows add up: read = used + set aside
 */
export function ledgerTable(input: ReportInput): ReportTable {
  const { ledger } = input.cohort;
  const setAside = ledger.setAside.reduce((sum, each) => sum + each.rows, 0);
  const share = (rows: number): number | null => (ledger.read > 0 ? rows / ledger.read : null);
  const rows: Cell[][] = [
    ["Read", "", ledger.read, null, share(ledger.read)],
    ["Used", "", ledger.used, input.long.nPersons, share(ledger.used)],
    ["Set aside", "", setAside, null, share(setAside)],
    ...ledger.setAside.map((each) => [
      `– ${each.reason}`,
      each.description,
      each.rows,
      each.persons ?? null,
      share(each.rows),
    ]),
  ];
  const balanced = ledger.read === ledger.used + setAside;
  return {
    id: "ledger",
    title: "Rows read, used and set aside",
    note: balanced
      ? "Read = used + set aside. A person may lose several rows, for several reasons."
      : `These figures do not add up: ${ledger.read} read, ${ledger.used} used, ${setAside} set aside. Do not rely on this run.`,
    columns: [
      column("step", "Step"),
      column("rule", "Rule"),
      column("rows", "Rows", "count"),
      column("persons", "People", "count"),
      column("share", "Share of rows read", "percent1"),
    ],
    rows,
  };
}

/**
 * Characteristics of the people analysed.
 * @param input - the report's input
 * @returns the table; null when there is nothing to describe
 */
export function descriptivesTable(input: ReportInput): ReportTable | null {
  if (input.cohort.descriptives.length === 0) return null;
  return {
    id: "descriptives",
    title: "Characteristics of the people analysed",
    note: "Shares are of people without missing values.",
    columns: [
      column("variable", "Variable"),
      column("level", "Category"),
      column("n", "n", "count"),
      column("missing", "Missing", "count"),
      column("share", "Share", "percent1"),
      column("mean", "Mean", "estimate"),
      column("sd", "SD", "estimate"),
      column("median", "Median", "compact"),
      column("q1", "IQR", "compact", { intervalWithNext: true }),
      column("q3", "Q3", "compact"),
      column("minimum", "Range", "compact", { intervalWithNext: true }),
      column("maximum", "Maximum", "compact"),
    ],
    rows: input.cohort.descriptives.map((d) => [
      d.variable,
      d.level,
      d.n,
      d.missing,
      d.share,
      d.mean,
      d.sd,
      d.median,
      d.q1,
      d.q3,
      d.minimum,
      d.maximum,
    ]),
  };
}

/**
 * Outcome counts and rates of everyone.
 * @param input - the report's input
 * @returns the table; null when no outcome was derived
 */
export function outcomesTable(input: ReportInput): ReportTable | null {
  if (input.cohort.outcomes.length === 0) return null;
  const everyone = outcomeRates(input).filter((each) => each.class === null);
  return {
    id: "outcomes",
    title: "Outcomes of treatment",
    note: `Rate: yes among those eligible. “Not eligible” (e.g. below caseness at the start, for recovery) is never counted as “no”. Intervals: Wilson. ${outcomeDefinitions(input)}`,
    columns: [
      column("outcome", "Outcome", "text", { csvOnly: true }),
      column("label", "Outcome"),
      column("yes", "Yes", "count"),
      column("no", "No", "count"),
      column("not_eligible", "Not eligible", "count"),
      column("missing", "Missing", "count"),
      column("rate", "Rate", "percent1"),
      column("lower", "95% CI", "percent1", { intervalWithNext: true }),
      column("upper", "Upper", "percent1"),
    ],
    rows: input.cohort.outcomes.map((each, i) => [
      each.outcome,
      everyone[i]!.label,
      each.yes,
      each.no,
      each.notEligible,
      each.missing,
      each.rate,
      everyone[i]!.lower,
      everyone[i]!.upper,
    ]),
  };
}

/**
 * Outcome rates by class.
 * @param input - the report's input, with `persons`
 * @returns the table; null with one class or without the persons' outcomes
 */
export function outcomesByClassTable(input: ReportInput): ReportTable | null {
  const rates = outcomeRates(input).filter((each) => each.class !== null);
  if (rates.length === 0) return null;
  return {
    id: "outcomes-by-class",
    title: "Outcomes of treatment by class",
    note: "People are weighted by their posterior probability of the class. Descriptive: not corrected for classification error, and classes were formed from the same scores.",
    columns: [
      column("outcome", "Outcome", "text", { csvOnly: true }),
      column("label", "Outcome"),
      column("class", "Class", "count"),
      column("yes", "Yes (weighted)", "fixed1"),
      column("eligible", "Eligible (weighted)", "fixed1"),
      column("rate", "Rate", "percent1"),
      column("lower", "95% CI", "percent1", { intervalWithNext: true }),
      column("upper", "Upper", "percent1"),
    ],
    rows: rates.map((each) => [
      each.outcome,
      each.label,
      each.class,
      each.yes,
      each.eligible,
      each.rate,
      each.lower,
      each.upper,
    ]),
  };
}

/** Occasions beyond this rank are few and are left out. */
const MOST_OCCASIONS = 30;

/** Running mean and spread (Welford 1962). */
class Spread {
  n = 0;
  mean = 0;
  private squares = 0;

  add(value: number): void {
    this.n++;
    const gap = value - this.mean;
    this.mean += gap / this.n;
    this.squares += gap * (value - this.mean);
  }

  get sd(): number | null {
    return this.n > 1 ? Math.sqrt(this.squares / (this.n - 1)) : null;
  }
}

/**
 * Time and score at each occasion: how many people, when, and how scores are spread, with floor and ceiling.
 * @param input - the report's input
 * @returns the table (GRoLTS items 2 and 4); null when the fitted columns are not in the long table
 */
export function occasionsTable(input: ReportInput): ReportTable | null {
  const { long, chosen, measure } = input;
  const time = long.columns.get(chosen.model.time);
  const score = long.columns.get(chosen.model.outcome);
  if (time?.kind !== "numeric" || score?.kind !== "numeric") return null;
  const waves: { time: Spread; score: Spread; floor: number; ceiling: number }[] = [];
  for (let person = 0; person < long.nPersons; person++) {
    let rank = 0;
    for (let row = long.personStart[person]!; row < long.personStart[person + 1]!; row++) {
      const y = score.values[row]!;
      if (!Number.isFinite(y)) continue;
      if (rank >= MOST_OCCASIONS) break;
      waves[rank] ??= { time: new Spread(), score: new Spread(), floor: 0, ceiling: 0 };
      const wave = waves[rank++]!;
      if (Number.isFinite(time.values[row]!)) wave.time.add(time.values[row]!);
      wave.score.add(y);
      if (y <= measure.minimum) wave.floor++;
      if (y >= measure.maximum) wave.ceiling++;
    }
  }
  if (waves.length === 0) return null;
  return {
    id: "occasions",
    title: "Time and scores at each occasion",
    note: `Occasions are counted within each person${waves.length === MOST_OCCASIONS ? `; the first ${MOST_OCCASIONS} are shown` : ""}. Floor and ceiling: shares of people at the lowest and highest possible score.`,
    columns: [
      column("occasion", "Occasion", "count"),
      column("persons", "People", "count"),
      column("time_mean", "Mean time", "fixed2"),
      column("time_sd", "SD time", "fixed2"),
      column("score_mean", `Mean ${measure.label}`, "fixed2"),
      column("score_sd", `SD ${measure.label}`, "fixed2"),
      column("floor", "Floor", "percent1"),
      column("ceiling", "Ceiling", "percent1"),
    ],
    rows: waves.map((wave, i) => [
      i + 1,
      wave.score.n,
      wave.time.n > 0 ? wave.time.mean : null,
      wave.time.sd,
      wave.score.mean,
      wave.score.sd,
      wave.floor / wave.score.n,
      wave.ceiling / wave.score.n,
    ]),
  };
}

/**
 * Sources of the data with their fingerprints.
 * @param input - the report's input
 * @returns the table; null without sources
 */
export function sourcesTable(input: ReportInput): ReportTable | null {
  if (input.cohort.sources.length === 0) return null;
  return {
    id: "sources",
    title: "Data files",
    note: "The same fingerprint means the same bytes.",
    columns: [column("path", "File"), column("rows", "Rows", "count"), column("sha256", "SHA-256")],
    rows: input.cohort.sources.map((each) => [each.path, each.rows, each.sha256]),
  };
}
