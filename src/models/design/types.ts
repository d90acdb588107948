import type { RowLedger } from "../../core/table.js";
import type { FixedStructure, Moments } from "../moments.js";
import type { Coding } from "../terms.js";
import type { TimeSummary } from "../times.js";

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
  /** Means over persons of the person columns (user's scale), first 1: covariate values of mean trajectories. */
  readonly personMeans: readonly number[];
  /** Means over rows of basis parts that do not depend on time, by atom column name. */
  readonly rowMeans: Record<string, number>;
  /** Means over rows of numeric columns that enter the basis together with time inside one expression. */
  readonly symbolMeans: Record<string, number>;
  /** The most frequent category over rows of such columns that hold text. */
  readonly symbolModes?: Record<string, string>;
  readonly times: TimeSummary;
}

/** A model's data, ready to fit. */
export interface Design {
  readonly moments: Moments;
  readonly fixed: FixedStructure;
  readonly stored: StoredDesign;
  readonly ledger: RowLedger;
  /** Row of the long table behind each kept row; persons contiguous. */
  readonly keptRows: Int32Array;
  /** First kept row of each kept person; nKept + 1. */
  readonly keptStart: Int32Array;
  /** Index in the long table of each kept person. */
  readonly keptPersons: Int32Array;
  /** Basis columns over the kept rows and person columns over the kept persons, internal scale. */
  readonly rowBasis: readonly Float64Array[];
  readonly personColumns: readonly Float64Array[];
  readonly warnings: readonly string[];
}
