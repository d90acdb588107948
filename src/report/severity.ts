import type { ReportMeasure } from "./input.js";

/** One band of a measure's severity scale. */
export interface SeverityBand {
  /** Lowest score of the band. */
  readonly from: number;
  readonly word: string;
}

const PHQ9: readonly SeverityBand[] = [
  { from: 0, word: "minimal" },
  { from: 5, word: "mild" },
  { from: 10, word: "moderate" },
  { from: 15, word: "moderately severe" },
  { from: 20, word: "severe" },
];

const GAD7: readonly SeverityBand[] = [
  { from: 0, word: "minimal" },
  { from: 5, word: "mild" },
  { from: 10, word: "moderate" },
  { from: 15, word: "severe" },
];

function knownMeasure(measure: ReportMeasure): "phq9" | "gad7" | null {
  const names = [measure.name, measure.label].map((text) => text.toLowerCase().replace(/[^a-z0-9]/g, ""));
  if (measure.minimum === 0 && measure.maximum === 27 && names.some((name) => name.startsWith("phq9")))
    return "phq9";
  if (measure.minimum === 0 && measure.maximum === 21 && names.some((name) => name.startsWith("gad7")))
    return "gad7";
  return null;
}

/**
 * The published severity bands of a measure.
 * @param measure - the measure; recognised by name and range
 * @returns the bands from lowest to highest, or null where none are published for it
 * Source: PHQ-9 Kroenke, Spitzer & Williams (2001); GAD-7 Spitzer et al. (2006).
 */
export function severityBands(measure: ReportMeasure): readonly SeverityBand[] | null {
  const known = knownMeasure(measure);
  if (known === null) return null;
  return known === "phq9" ? PHQ9 : GAD7;
}

/**
 * The severity word of a score. A mean between two bands (9.6) stays in the lower one, so that the words agree
 * with "below caseness".
 * @param measure - the measure
 * @param score - a score or a mean of scores
 * @returns e.g. `moderately severe`; null where the measure has no published bands
 */
export function severityWord(measure: ReportMeasure, score: number): string | null {
  const bands = severityBands(measure);
  if (bands === null) return null;
  let word = bands[0]!.word;
  for (const band of bands) if (score >= band.from) word = band.word;
  return word;
}

/**
 * The change that counts as more than noise in the words of the report.
 * @param measure - the measure
 * @returns its reliable change, or a fifth of its range where none is known
 * Source: NHS Talking Therapies manual (PHQ-9 6, GAD-7 4), after Jacobson & Truax (1991).
 */
export function reliableChange(measure: ReportMeasure): number {
  if (measure.reliableChange !== undefined && measure.reliableChange !== null) return measure.reliableChange;
  const known = knownMeasure(measure);
  if (known !== null) return known === "phq9" ? 6 : 4;
  return (measure.maximum - measure.minimum) / 5;
}
