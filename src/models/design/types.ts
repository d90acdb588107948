import type { RowLedger } from "../../core/table.js";
import type { Coding } from "../terms.js";
import type { FixedStructure, Moments } from "./moments.js";
import type { RowData } from "./rowData.js";
import type { TimeSummary } from "./times.js";
import type { UsedRows } from "./usedRows.js";

/** One fixed coefficient: a basis column times a person column. */
export interface FixedColumn {
  readonly name: string;
  /** Label of the term it belongs to. */
  readonly term: string;
  /** Index into the basis columns. */
  readonly basis: number;
  /** Index into the person columns (0: the constant). */
  readonly person: number;
  readonly classSpecific: boolean;
}

/** From the internal scale (see `Moments`) to the user's. */
export interface Scaling {
  readonly outcomeMean: number;
  readonly outcomeSd: number;
  /** Root mean square of each basis and person column; internal = user / scale. */
  readonly basis: readonly number[];
  readonly person: readonly number[];
  /** Mean and standard deviation of each membership column; 0 and 1 for the constant. */
  readonly membershipMean: readonly number[];
  readonly membershipSd: readonly number[];
}

/** One coefficient's share in another when time is counted from zero again. */
export interface CentringWeight {
  /** Index of the fixed coefficient that takes it up. */
  readonly target: number;
  /** Index of the coefficient of the higher power. */
  readonly source: number;
  readonly weight: number;
}

/** How coefficients at centred time become those of the user's columns. */
export interface Centring {
  /** Powers of time count from here inside, user's unit. */
  readonly centre: number;
  /** The user's coefficient is its own at centred time plus the sum of weight times source. */
  readonly fixed: readonly CentringWeight[];
  /** q x q: the user's random effects are this times those at centred time. */
  readonly random: readonly (readonly number[])[];
}

/** Occasions of a model that looks at each row. */
export interface OccasionCoding {
  /** The column that numbers them. */
  readonly column: string;
  /** Its values when the model was fitted, ascending; empty where no parameter belongs to an occasion. */
  readonly values: readonly number[];
  /** Unit of time in which the autocorrelation is counted internally, in the user's unit. */
  readonly lagUnit: number;
}

/** All that is needed to build the same design for new people; plain JSON. */
export interface StoredDesign {
  readonly basisNames: readonly string[];
  readonly personNames: readonly string[];
  readonly membershipNames: readonly string[];
  /** Basis columns with a random effect are the first `nRandom`. */
  readonly nRandom: number;
  readonly fixedColumns: readonly FixedColumn[];
  /** Coefficients left out because they are combinations of others. */
  readonly dropped: readonly string[];
  readonly coding: Coding;
  /** Names of columns constant within person when the model was fitted. */
  readonly personSymbols: readonly string[];
  readonly scaling: Scaling;
  /** Absent where time is not centred inside. */
  readonly centring?: Centring;
  /** Means over persons of the person columns (user's scale), first 1: covariate values of mean trajectories. */
  readonly personMeans: readonly number[];
  /** Means over rows of basis parts that do not depend on time, by atom column name. */
  readonly rowMeans: Record<string, number>;
  /** Means over rows of numeric columns that enter the basis together with time inside one expression. */
  readonly symbolMeans: Record<string, number>;
  /** The most frequent category over rows of such columns that hold text. */
  readonly symbolModes?: Record<string, string>;
  readonly times: TimeSummary;
  /** Left out where the model does not look at each row. */
  readonly occasions?: OccasionCoding;
}

/** A model's data, ready to fit. */
export interface Design {
  readonly moments: Moments;
  readonly fixed: FixedStructure;
  /** Rows of every person, where the model looks at each; else null. */
  readonly rows: RowData | null;
  readonly stored: StoredDesign;
  readonly ledger: RowLedger;
  /** The kept rows, persons contiguous: columns of the long table on the user's scale, and which of their rows. */
  readonly used: UsedRows;
  /** First kept row of each kept person; nKept + 1. */
  readonly keptStart: Int32Array;
  /** Index in the long table of each kept person. */
  readonly keptPersons: Int32Array;
  /** Basis columns over the kept rows, internal scale; written out when first asked for, since a fit need not hold them. */
  readonly rowBasis: readonly Float64Array[];
  /** Person columns over the kept persons, internal scale. */
  readonly personColumns: readonly Float64Array[];
  readonly warnings: readonly string[];
}
