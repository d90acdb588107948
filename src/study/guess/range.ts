import { knownMeasure } from "../../prep/index.js";

/**
 * Says that values of a known measure lie outside its range.
 * @param name - the measure
 * @param minimum - lowest value seen
 * @param maximum - highest value seen
 * @returns a sentence, or none
 */
export function rangeComments(name: string, minimum: number | null, maximum: number | null): string[] {
  const known = knownMeasure(name);
  if (known === undefined || minimum === null || maximum === null) return [];
  if (minimum >= known.minimum && maximum <= known.maximum) return [];
  return [
    `values go from ${minimum} to ${maximum}; those outside ${known.minimum} to ${known.maximum} are not used`,
  ];
}
