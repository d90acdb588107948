import type { ColumnDescription } from "../../prep/index.js";

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

/** What is learned of columns on the way. */
export interface Finds {
  /** Columns that have their part. */
  readonly taken: Set<string>;
  readonly left: { name: string; because: string }[];
  readonly doubts: string[];
}
