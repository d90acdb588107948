import type { LongTable, PersonTable, RowLedger } from "../core/table.js";

/** What a measure is used for in the outcome definitions. */
export type MeasureRole = "depression" | "anxiety" | "other";

/** One symptom measure and where its scores are. */
export interface MeasureSpec {
  /** Name used everywhere downstream, e.g. `phq9`. */
  readonly name: string;
  /** Label for figures, e.g. `PHQ-9`. */
  readonly label: string;
  readonly role: MeasureRole;
  /** Long layout: the column of total scores. Default: the measure's name. */
  readonly column?: string;
  /** Long layout: the columns of item scores, in place of a total. */
  readonly items?: readonly string[];
  /** Wide layout: column names with `{n}` for the occasion number, e.g. `phq9_{n}`; items use `{n}` and `{item}`. */
  readonly pattern?: string;
  /** Lowest and highest possible total. */
  readonly minimum: number;
  readonly maximum: number;
  /** Highest possible item score (items only). */
  readonly itemMaximum?: number;
  /** Most items that may be missing for a prorated total (items only). */
  readonly maximumMissingItems?: number;
  /** At or above this score a person is at caseness; null: none known. */
  readonly caseness: number | null;
  /** True when caseness means strictly above `caseness` (mean scores such as the MI). Default false. */
  readonly casenessExclusive?: boolean;
  /** Smallest change that is reliable; null: none known. */
  readonly reliableChange: number | null;
  /** Fractional totals are valid (prorated or mean scores). Default false: a fractional score is set aside. */
  readonly fractional?: boolean;
}

/** Unit of the time axis. */
export type TimeUnit = "sessions" | "days" | "weeks" | "months" | "years";

/** How the time of an occasion is obtained. */
export interface TimeSpec {
  /** Name of the time column in the long table, e.g. `week`. */
  readonly name: string;
  /**
   * `number`: a numeric column, taken as it is (less the origin); `date`: a date column;
   * `session`: the rank of the occasion within the person, from 0.
   */
  readonly kind: "number" | "date" | "session";
  /** The column (long layout). For `session`, the column that gives the order (optional: file order). */
  readonly column?: string;
  /** Wide layout: column name with `{n}`; omitted: the occasion number itself, the first being 0. */
  readonly pattern?: string;
  /** Where time is 0. `zero`: as recorded (numbers only). `column`: the date or number in `originColumn`. */
  readonly origin: "zero" | "first-session" | "column";
  readonly originColumn?: string;
  readonly unit: TimeUnit;
}

/** A covariate of the study. */
export interface CovariateSpec {
  /** Name used in formulas. */
  readonly name: string;
  /** Source column; default the name itself. Not used with `expression`. */
  readonly column?: string;
  /** mathjs expression over other columns and covariates, e.g. `(age - 40) / 10`. */
  readonly expression?: string;
  /** Default: numeric when every value is a number, else factor. */
  readonly type?: "numeric" | "factor";
  /** Factor levels in order (the first is the reference); default: alphabetical, numbers by size. */
  readonly levels?: readonly string[];
  /** Values that mean missing, e.g. `["", "NA", "-9"]`. */
  readonly missing?: readonly string[];
  /**
   * True when it may change between occasions. Default: no (each person's first value is used, and changes are
   * counted in a note), unless it changes in more than half of the persons or is derived from a measure or time.
   */
  readonly timeVarying?: boolean;
}

/** A rule that sets rows aside, e.g. `{ name: "adults", keep: "age >= 18" }`. */
export interface ExclusionRule {
  readonly name: string;
  /** mathjs expression; rows where it is false or missing are set aside. */
  readonly keep: string;
}

/** Everything `prepare` needs. Defaults are filled by `resolvePrepSpec`. */
export interface PrepSpec {
  /** One file or several of the same layout; `*` is allowed. */
  readonly data: string | readonly string[];
  /** Default: from the file's extension (`.csv .tsv .parquet .json .jsonl`, each also `.gz`). */
  readonly format?: "csv" | "tsv" | "parquet" | "json";
  readonly layout: "long" | "wide";
  /** Person identifier. */
  readonly id: string;
  /** Episode of care within person; omitted: one episode per person. */
  readonly episode?: string;
  /**
   * Which episode of a person to keep: by date of its first session, else by its number, else by place in the file;
   * `longest` is the one with most scored rows. With `all` each episode is analysed as a person `id/episode`.
   */
  readonly episodes: "first" | "last" | "all" | "longest";
  readonly measures: readonly MeasureSpec[];
  readonly time: TimeSpec;
  readonly covariates: readonly CovariateSpec[];
  readonly exclusions: readonly ExclusionRule[];
  /** Persons with fewer scored occasions are set aside. Default 1. */
  readonly minimumSessions: number;
  /** The last occasion kept, counted from 1 within the person; later ones are set aside; default none. */
  readonly maximumSession?: number;
  /** Latest time kept, in the time unit; default none. */
  readonly maximumTime?: number;
  /**
   * Several rows of a person at one time (on one day, where time is a date): which to keep. A measure that the row
   * kept lacks is taken from another of them. Default `last`.
   */
  readonly duplicates: "first" | "last" | "mean" | "set-aside";
  /** Values that mean missing in any column. Default: empty, NA, N/A, NULL, NaN, `.`. */
  readonly missing: readonly string[];
  /** How many set-aside rows `Cohort.setAside` lists. Default 1000. */
  readonly setAsideLimit?: number;
}

/** A measure as a caller may give it: what is left out comes from the catalogue of known measures. */
export type MeasureInput = Pick<MeasureSpec, "name"> & Partial<MeasureSpec>;

/** What `prepare` and `resolvePrepSpec` take: everything that has a default may be left out. */
export interface PrepSpecInput
  extends Partial<Omit<PrepSpec, "data" | "id" | "measures" | "time" | "covariates" | "exclusions">> {
  readonly data: PrepSpec["data"];
  readonly id: string;
  /** Measures; a name alone means a known measure (`phq9`, `gad7`, …) with its defaults. */
  readonly measures: readonly (string | MeasureInput)[];
  /** The time axis; a name alone means a numeric column, taken as it is. */
  readonly time: string | Partial<TimeSpec>;
  /** Covariates; a name alone means the column of that name. */
  readonly covariates?: readonly (string | CovariateSpec)[];
  /** Rules; an expression alone is its own name. */
  readonly exclusions?: readonly (string | ExclusionRule)[];
}

/** Findings about rows, column-wise (there may be a million): entry f of each list belongs together. */
export interface FindingTable {
  readonly count: number;
  /** Row number in the file, the first data row being 1. */
  readonly row: Int32Array;
  readonly file: readonly string[];
  readonly id: readonly string[];
  readonly reason: readonly string[];
  readonly column: readonly string[];
  readonly value: readonly string[];
}

/** One row that was set aside. */
export interface SetAsideRow {
  readonly file: string;
  /** Row number in the file, the first data row being 1. */
  readonly row: number;
  readonly id: string;
  readonly reason: string;
  /** The offending column and value, where there is one. */
  readonly column: string;
  readonly value: string;
}

/** Per-person outcomes of one pair of measures, as in the NHS Talking Therapies manual. */
export type YesNo = "yes" | "no" | "not eligible" | "missing";

/** Counts of one outcome over persons. */
export interface OutcomeCount {
  readonly outcome: string;
  readonly yes: number;
  readonly no: number;
  readonly notEligible: number;
  readonly missing: number;
  /** yes / (yes + no); null when nobody is eligible. */
  readonly rate: number | null;
}

/** One line of the descriptive table. */
export interface DescriptiveRow {
  readonly variable: string;
  /** Category, or empty for a numeric variable. */
  readonly level: string;
  readonly n: number;
  readonly missing: number;
  readonly mean: number | null;
  readonly sd: number | null;
  readonly median: number | null;
  readonly q1: number | null;
  readonly q3: number | null;
  readonly minimum: number | null;
  readonly maximum: number | null;
  /** Share of non-missing persons in the category; null for numeric variables. */
  readonly share: number | null;
}

/** The result of preparation: an analysis-ready table and the full account of how it came to be. */
export interface Cohort {
  /** Name of the person identifier, as in the data. */
  readonly id: string;
  readonly long: LongTable;
  /**
   * One row per person: covariates at the first occasion used; `n_sessions`, `last_time`; per measure
   * `NAME_first`, `NAME_last`, `NAME_change` (the last two need two scores; change = last - first); outcomes (`caseness`, `recovery`, `reliable_improvement`, `reliable_deterioration`,
   * `reliable_recovery`, `no_reliable_change`) as factors with levels `no`, `yes`, `not eligible`.
   */
  readonly persons: PersonTable;
  readonly ledger: RowLedger;
  /** The first `setAsideLimit` set-aside rows; `writeSetAside` writes all of them. */
  readonly setAside: readonly SetAsideRow[];
  /** Every set-aside row. */
  readonly setAsideTable: FindingTable;
  /**
   * Invalid cells in rows that are used all the same (an impossible GAD-7 beside a valid PHQ-9, text in a numeric
   * covariate): the cell is taken as missing.
   */
  readonly blankedTable: FindingTable;
  /** Things the user should know that set no row aside (prorated totals, constant columns, …). */
  readonly notes: readonly string[];
  readonly descriptives: readonly DescriptiveRow[];
  readonly outcomes: readonly OutcomeCount[];
  readonly measures: readonly MeasureSpec[];
  readonly time: TimeSpec;
  /** Where the data came from: path, bytes, rows, columns and SHA-256 of each file. */
  readonly sources: readonly DataSource[];
}

/** Fingerprint of one input file. */
export interface DataSource {
  readonly path: string;
  readonly bytes: number;
  readonly rows: number;
  readonly columns: readonly string[];
  readonly sha256: string;
}
