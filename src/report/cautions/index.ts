import type { ReportInput } from "../input.js";
import type { Caution } from "./caution.js";
import { dataCautions, followUpCautions, modelRowCautions, regressionCautions } from "./data.js";
import { enumerationCautions } from "./enumeration.js";
import { classCautions, classificationCautions, convergenceCautions, estimateCautions } from "./fit.js";
import { bootstrapCautions, diagnosticCautions } from "./inference.js";

/**
 * Everything that speaks against taking a result at its word.
 * @param input - the report's input
 * @returns the cautions, the serious ones first, none twice
 */
export function buildCautions(input: ReportInput): readonly Caution[] {
  const cautions = [
    ...convergenceCautions(input.chosen, ""),
    ...enumerationCautions(input),
    ...classCautions(input.chosen),
    ...classificationCautions(input.chosen),
    ...estimateCautions(input),
    ...followUpCautions(input),
    ...diagnosticCautions(input),
    ...bootstrapCautions(input),
    ...dataCautions(input),
    ...modelRowCautions(input, input.chosen, "The model"),
    ...regressionCautions(input),
    ...input.otherFits.flatMap(({ name, fit }) => [
      ...convergenceCautions(fit, `Model “${name}”: `),
      ...modelRowCautions(input, fit, `Model “${name}”`),
    ]),
  ];
  return distinct([
    ...cautions.filter((each) => each.weight === "serious"),
    ...cautions.filter((each) => each.weight === "note"),
  ]);
}

function distinct(cautions: readonly Caution[]): readonly Caution[] {
  const seen = new Set<string>();
  return cautions.filter((each) => !seen.has(each.text) && seen.add(each.text));
}
