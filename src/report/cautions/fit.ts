import { LOW_ENTROPY } from "../../models/criteria.js";
import type { FitResult, Verdict } from "../../models/result.js";
import { formatCount, formatPercent, formatProportion, joinWords, plural } from "../format.js";
import type { ReportInput } from "../input.js";
import type { Caution } from "./caution.js";

const SERIOUS: ReadonlySet<Verdict["name"]> = new Set([
  "class vanished",
  "not identified",
  "likelihood unbounded",
  "stopped early",
  "fewer classes fit better",
  "best value not replicated",
]);

/**
 * What a fit's own verdicts, starts and warnings say against it.
 * @param fit - the fit
 * @param prefix - words before each caution that say which model it is about; may be empty
 * @returns the cautions
 */
export function convergenceCautions(fit: FitResult, prefix: string): readonly Caution[] {
  const out: Caution[] = fit.convergence.verdicts
    .filter((verdict) => verdict.name !== "converged")
    .map((verdict) => ({
      weight: SERIOUS.has(verdict.name) ? "serious" : "note",
      text: `${prefix}${verdict.sentence}`,
      advice: verdict.advice,
    }));
  const said = new Set(fit.convergence.verdicts.map((verdict) => verdict.name));
  if (!fit.convergence.converged && out.length === 0)
    out.push({
      weight: "serious",
      text: `${prefix}The fit did not meet its convergence criteria.`,
      advice: "Allow more iterations or fit a simpler model.",
    });
  const { starts } = fit;
  if (
    starts !== null &&
    starts.replicatedBest < 2 &&
    starts.finalists > 1 &&
    !said.has("best value not replicated")
  )
    out.push({
      weight: "serious",
      text: `${prefix}Only one of ${formatCount(starts.finalists)} final starts reached the best log-likelihood, so a better solution may exist.`,
      advice:
        "Run again with more random starts (for example 500 and 100) and see whether the same solution comes back.",
    });
  out.push(
    ...fit.warnings.map((text): Caution => ({ weight: "note", text: `${prefix}${text}`, advice: "" })),
  );
  return out;
}

/** Classes below these are too small to describe with any confidence. */
const SMALL_SHARE = 0.05;
const SMALL_COUNT = 30;

/**
 * Classes that nobody or hardly anybody belongs to.
 * @param fit - the fit
 * @returns the cautions
 */
export function classCautions(fit: FitResult): readonly Caution[] {
  if (fit.classes.length < 2) return [];
  const out: Caution[] = [];
  const empty = fit.classes.filter((each) => each.assigned === 0);
  if (empty.length > 0)
    out.push({
      weight: "serious",
      text: `Nobody is most likely to belong to ${labels(empty)}.`,
      advice: "Fit fewer classes.",
    });
  const small = fit.classes.filter(
    (each) => each.assigned > 0 && (each.proportion < SMALL_SHARE || each.assigned < SMALL_COUNT),
  );
  if (small.length > 0)
    out.push({
      weight: "note",
      text: `${joinWords(small.map((each) => `Class ${each.label} (${formatPercent(each.proportion, 1)}, ${plural(each.assigned, "person", "people")})`))} ${small.length === 1 ? "is" : "are"} small and may not be found again in other data.`,
      advice: "Check that the class also appears with one class fewer or in another sample.",
    });
  return out;
}

function labels(classes: readonly { readonly label: number }[]): string {
  return `${classes.length === 1 ? "class" : "classes"} ${joinWords(
    classes.map((each) => String(each.label)),
    "or",
  )}`;
}

/** Expected share of people whose most likely class is not theirs. */
function expectedError(fit: FitResult): number | null {
  const { values, modalClass, nClasses } = fit.posteriors;
  if (modalClass.length === 0) return null;
  let sum = 0;
  for (let i = 0; i < modalClass.length; i++) sum += 1 - values[i * nClasses + modalClass[i]! - 1]!;
  return sum / modalClass.length;
}

/**
 * How surely people can be told apart.
 * @param fit - the fit
 * @returns the cautions
 */
export function classificationCautions(fit: FitResult): readonly Caution[] {
  const out: Caution[] = [];
  const { entropy } = fit.criteria;
  if (entropy !== null && entropy < LOW_ENTROPY)
    out.push({
      weight: "note",
      text: `The classes overlap much (entropy ${formatProportion(entropy)}): about ${formatPercent(expectedError(fit))} of people are expected to belong to another class than their most likely one.`,
      advice: "Do not treat class membership as known; use the three-step predictors, which correct for it.",
    });
  const unsure = fit.classes.filter((each) => each.averagePosterior !== null && each.averagePosterior < 0.7);
  if (fit.classes.length > 1 && unsure.length > 0)
    out.push({
      weight: "note",
      text: `The average posterior probability is below .70 in ${labels(unsure)} (${unsure.map((each) => formatProportion(each.averagePosterior)).join(", ")}).`,
      advice: "",
    });
  return out;
}

/**
 * Estimates without errors, and means that no score can have.
 * @param input - the report's input
 * @returns the cautions
 */
export function estimateCautions(input: ReportInput): readonly Caution[] {
  const { chosen, measure } = input;
  const out: Caution[] = [];
  const estimated = chosen.parameters.filter((each) => each.constraint !== "fixed");
  const without = estimated.filter((each) => each.standardError === null);
  if (without.length > 0 && without.length === estimated.length)
    out.push({
      weight: "note",
      text: "No standard errors could be computed, so there are no intervals or tests.",
      advice: "A simpler model (fewer classes or random effects) usually has them.",
    });
  else if (without.length > 0)
    out.push({
      weight: "note",
      text: `${plural(without.length, "estimate has", "estimates have")} no standard error: ${joinWords(without.slice(0, 4).map((each) => `${each.name}${each.class === null ? "" : ` (class ${each.class})`}`))}${without.length > 4 ? " and others" : ""}.`,
      advice: "",
    });
  const outside = chosen.classes.filter((each) =>
    each.meanTrajectory.mean.some((m) => m < measure.minimum || m > measure.maximum),
  );
  if (outside.length > 0)
    out.push({
      weight: "note",
      text: `The fitted mean of ${labels(outside)} leaves the range of ${measure.label} (${measure.minimum} to ${measure.maximum}).`,
      advice: "The shape does not suit the data there; try another power of time, or a shorter window.",
    });
  return out;
}
