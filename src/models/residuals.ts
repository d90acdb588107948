/** What residual variances may differ by. */
export type VarianceSharing = "class" | "occasion" | "class+occasion";
/** How the residuals of neighbouring sessions may be correlated: by session number, or by time. */
export type ResidualCorrelation = "ar1" | "car1";

/**
 * Residual covariance of a person's scores: one variance (`common`), by class, by occasion, by both; `ar1` adds a
 * first-order autocorrelation over whole-numbered occasions, `car1` one that decays with time between sessions.
 */
export type ResidualStructure =
  | "common"
  | VarianceSharing
  | ResidualCorrelation
  | `${ResidualCorrelation}+${VarianceSharing}`;

/** A residual structure taken apart. */
export interface ResidualParts {
  readonly byClass: boolean;
  readonly byOccasion: boolean;
  readonly correlation: ResidualCorrelation | null;
}

const WORDS = ["ar1", "car1", "class", "occasion"];

/** Every structure, in the spelling results use. */
export const RESIDUAL_STRUCTURES: readonly ResidualStructure[] = [
  "common",
  "class",
  "occasion",
  "class+occasion",
  "ar1",
  "ar1+class",
  "ar1+occasion",
  "ar1+class+occasion",
  "car1",
  "car1+class",
  "car1+occasion",
  "car1+class+occasion",
];

/**
 * Reads a residual structure, its words in any order.
 * @param text - e.g. `occasion+ar1`
 * @returns the structure in the spelling results use, or null where it is none
 */
export function readResidualStructure(text: string): ResidualStructure | null {
  const words = text.split("+").map((word) => word.trim());
  const canonical = [...new Set(words)].sort((a, b) => WORDS.indexOf(a) - WORDS.indexOf(b)).join("+");
  return RESIDUAL_STRUCTURES.find((structure) => structure === canonical) ?? null;
}

/** Looked up, not worked out: the scores of a fit ask for every person. */
const PARTS = Object.fromEntries(
  RESIDUAL_STRUCTURES.map((structure): [ResidualStructure, ResidualParts] => {
    const words = structure.split("+");
    return [
      structure,
      {
        byClass: words.includes("class"),
        byOccasion: words.includes("occasion"),
        correlation: words.includes("ar1") ? "ar1" : words.includes("car1") ? "car1" : null,
      },
    ];
  }),
) as Readonly<Record<ResidualStructure, ResidualParts>>;

/**
 * Takes a residual structure apart.
 * @param structure - the structure
 * @returns what variances differ by, and the correlation
 */
export function residualParts(structure: ResidualStructure): ResidualParts {
  return PARTS[structure];
}

/**
 * Whether a structure needs each person's rows: sums over rows do not suffice where residuals are correlated or differ by
 * occasion.
 * @param structure - the structure
 * @returns true when they are needed
 */
export function needsRows(structure: ResidualStructure): boolean {
  const { byOccasion, correlation } = residualParts(structure);
  return byOccasion || correlation !== null;
}

/**
 * The same structure with one set of variances for all classes.
 * @param structure - the structure
 * @returns it without `class`
 */
export function sharedByClasses(structure: ResidualStructure): ResidualStructure {
  const words = structure.split("+").filter((word) => word !== "class");
  return readResidualStructure(words.join("+")) ?? "common";
}
