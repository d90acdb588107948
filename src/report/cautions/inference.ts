import { formatCount, formatNumber, formatProportion, plural } from "../format.js";
import type { ReportInput } from "../input.js";
import type { Caution } from "./caution.js";

/**
 * What residuals and random effects say against the chosen model.
 * @param input - the report's input
 * @returns the cautions
 */
export function diagnosticCautions({ diagnostics }: ReportInput): readonly Caution[] {
  return (diagnostics?.findings ?? []).map(({ sentence, advice }) => ({
    weight: "note",
    text: sentence,
    advice,
  }));
}

/** Classes that hardly hold together in bootstrap samples (Hennig 2007). */
const UNSTABLE_CLASS = 0.6;
/** Bootstrap errors this many times the model's own say that the model's are not to be used. */
const MUCH_LARGER = 1.5;

/**
 * What the bootstrap says against the chosen model and its standard errors.
 * @param input - the report's input
 * @returns the cautions
 */
export function bootstrapCautions({ inference, chosen }: ReportInput): readonly Caution[] {
  const bootstrap = inference?.bootstrap;
  if (bootstrap === undefined) return [];
  const out: Caution[] = bootstrap.classes
    .filter(({ stability }) => stability !== null && stability < UNSTABLE_CLASS)
    .map(({ label, stability }) => ({
      weight: "serious",
      text: `Class ${label} is not stable: samples drawn from the same people hardly find it again (similarity ${formatProportion(stability)}; below ${formatProportion(UNSTABLE_CLASS)} is not to be trusted).`,
      advice: "Prefer a model with fewer classes or a simpler one.",
    }));
  const ratios = bootstrap.parameters.flatMap(({ standardError }, i) => {
    const own = chosen.parameters[i]?.standardError ?? null;
    return own === null || own === 0 || standardError === null ? [] : [standardError / own];
  });
  const larger = ratios.filter((ratio) => ratio > MUCH_LARGER).length;
  if (larger > 0)
    out.push({
      weight: "note",
      text: `Bootstrap standard errors are more than ${MUCH_LARGER} times those of the model for ${formatCount(larger)} of ${plural(ratios.length, "parameter")} (up to ${formatNumber(Math.max(...ratios), 1)} times): z, p and the Wald intervals claim too much.`,
      advice: "Report the bootstrap intervals.",
    });
  out.push(
    ...bootstrap.warnings.map(
      (text): Caution => ({ weight: "note", text: `Bootstrap: ${text}`, advice: "" }),
    ),
  );
  return out;
}
