import { InputError } from "../core/errors.js";
import type { MeasureInput, MeasureRole, MeasureSpec } from "./types.js";

interface Known {
  readonly name: string;
  readonly label: string;
  readonly role: MeasureRole;
  readonly maximum: number;
  readonly caseness: number | null;
  readonly reliableChange: number | null;
  readonly minimum?: number;
  readonly itemMaximum?: number;
  readonly maximumMissingItems?: number;
  readonly fractional?: boolean;
  readonly casenessExclusive?: boolean;
}

// Ranges, caseness and reliable change: NHS Talking Therapies manual (NHS England), as used in its published
// outcome measures; the BIQ's range and cut-off, and the WSAS's cut-off and reliable change, vary between sources
// and are defaults to be checked against the study's own manual. Missing items: at most 2 of 9 (PHQ-9) and 1 of 7
// (GAD-7) are prorated.
const CATALOGUE: readonly Known[] = [
  {
    name: "phq9",
    label: "PHQ-9",
    role: "depression",
    maximum: 27,
    caseness: 10,
    reliableChange: 6,
    itemMaximum: 3,
    maximumMissingItems: 2,
  },
  {
    name: "gad7",
    label: "GAD-7",
    role: "anxiety",
    maximum: 21,
    caseness: 8,
    reliableChange: 4,
    itemMaximum: 3,
    maximumMissingItems: 1,
  },
  {
    name: "spin",
    label: "SPIN",
    role: "anxiety",
    maximum: 68,
    caseness: 19,
    reliableChange: 10,
    itemMaximum: 4,
  },
  {
    name: "oci",
    label: "OCI",
    role: "anxiety",
    maximum: 168,
    caseness: 40,
    reliableChange: 32,
    itemMaximum: 4,
  },
  {
    name: "pdss",
    label: "PDSS",
    role: "anxiety",
    maximum: 28,
    caseness: 8,
    reliableChange: 5,
    itemMaximum: 4,
  },
  {
    name: "pcl5",
    label: "PCL-5",
    role: "anxiety",
    maximum: 80,
    caseness: 32,
    reliableChange: 10,
    itemMaximum: 4,
  },
  {
    name: "iesr",
    label: "IES-R",
    role: "anxiety",
    maximum: 88,
    caseness: 33,
    reliableChange: 9,
    itemMaximum: 4,
  },
  {
    name: "hai",
    label: "HAI",
    role: "anxiety",
    maximum: 54,
    caseness: 18,
    reliableChange: 4,
    itemMaximum: 3,
  },
  {
    name: "mi",
    label: "MI",
    role: "anxiety",
    minimum: 1,
    maximum: 5,
    caseness: 2.3,
    casenessExclusive: true,
    reliableChange: 0.73,
    fractional: true,
  },
  {
    name: "biq",
    label: "BIQ",
    role: "anxiety",
    maximum: 72,
    caseness: 40,
    reliableChange: null,
    itemMaximum: 8,
  },
  {
    name: "wsas",
    label: "WSAS",
    role: "other",
    maximum: 40,
    caseness: 11,
    reliableChange: 8,
    itemMaximum: 8,
  },
];

/** The measures with built-in ranges, cut-offs and reliable change, by name (`phq9`, `gad7`, …). */
export const KNOWN_MEASURES: ReadonlyMap<string, MeasureSpec> = new Map(
  CATALOGUE.map((known) => [known.name, { minimum: 0, ...known }]),
);

/**
 * Looks a measure up in the catalogue, whatever its spelling (`PHQ-9`, `phq_9`, `PHQ9`).
 * @param name - a measure's name
 * @returns its built-in specification, or undefined
 */
export function knownMeasure(name: string): MeasureSpec | undefined {
  return KNOWN_MEASURES.get(name.toLowerCase().replace(/[^a-z0-9]/g, ""));
}

/**
 * Fills what is left out of a measure from the catalogue; what is given has priority.
 * @param input - at least the name
 * @returns the full specification
 * @throws InputError when the measure is not in the catalogue and its range is not given, or the range is empty
 */
export function resolveMeasure(input: MeasureInput): MeasureSpec {
  const known = knownMeasure(input.name);
  const minimum = input.minimum ?? known?.minimum ?? 0;
  const maximum = input.maximum ?? known?.maximum;
  const where = `measure ${input.name}`;
  if (maximum === undefined)
    throw new InputError({
      code: "unknown-range",
      where,
      message: "It is not one of the known measures, so its range must be given.",
      expected: "minimum and maximum",
      fix: `Known measures: ${[...KNOWN_MEASURES.keys()].join(", ")}.`,
    });
  if (!(minimum < maximum))
    throw new InputError({
      code: "empty-range",
      where,
      message: `The range is ${minimum} to ${maximum}.`,
      expected: "a minimum below the maximum",
    });
  return {
    label: input.name,
    role: "other",
    caseness: null,
    reliableChange: null,
    ...known,
    ...input,
    minimum,
    maximum,
  };
}
