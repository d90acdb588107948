import type { EnumerationResult, FitResult } from "../models/result.js";
import type { Caution } from "./cautions/caution.js";
import { criterionName, modelName } from "./cautions/enumeration.js";
import { buildCautions } from "./cautions/index.js";
import type { ClassDescription } from "./describe.js";
import { shareAtLeast } from "./figures/certainty.js";
import {
  formatCount,
  formatNumber,
  formatPercent,
  formatProportion,
  joinWords,
  numberWord,
  plural,
} from "./format.js";
import type { ReportInput } from "./input.js";

/** The plain-language verdict. */
export interface ReportVerdict {
  /** How many classes, of whom. */
  readonly headline: string;
  /** What they look like. */
  readonly classes: readonly ClassDescription[];
  /** How the number of classes was chosen, and how sure the result is. */
  readonly certainty: readonly string[];
  /** What to distrust, the serious ones first; empty when nothing was found. */
  readonly cautions: readonly Caution[];
}

/**
 * The verdict on a study in plain language.
 * @param input - the report's input
 * @param descriptions - the classes in words
 * @returns headline, classes, certainty and cautions
 */
export function buildVerdict(input: ReportInput, descriptions: readonly ClassDescription[]): ReportVerdict {
  return {
    headline: headline(input, descriptions),
    classes: descriptions,
    certainty: certainty(input),
    cautions: buildCautions(input),
  };
}

function headline(input: ReportInput, descriptions: readonly ClassDescription[]): string {
  const { chosen, measure } = input;
  const who = `${plural(chosen.nPersons, "person", "people")} with ${plural(chosen.nObservations, "score")}`;
  if (descriptions.length === 1)
    return `One mean trajectory of ${measure.label} was fitted to ${who}: ${descriptions[0]!.name}.`;
  const names = [...descriptions]
    .sort((a, b) => b.proportion - a.proportion)
    .slice(0, 8)
    .map((d) => `${d.name} (${formatPercent(d.proportion)})`);
  const rest = descriptions.length > 8 ? [`${numberWord(descriptions.length - 8)} more`] : [];
  const count = numberWord(descriptions.length);
  return `${count.charAt(0).toUpperCase()}${count.slice(1)} trajectories of ${measure.label} describe ${who}: ${joinWords([...names, ...rest])}.`;
}

function certainty(input: ReportInput): readonly string[] {
  const { chosen } = input;
  const out: string[] = [];
  if (input.enumeration !== null) out.push(...choiceSentences(input.enumeration, chosen));
  const { entropy } = chosen.criteria;
  if (chosen.classes.length > 1) {
    if (entropy !== null && Number.isFinite(entropy))
      out.push(
        `People are sorted into classes ${entropyWord(entropy)}: entropy ${formatProportion(entropy)} (1 is perfect, .80 is considered high); ${shareAtLeast(input, 0.8)} of people belong to their class with a probability of at least .80.`,
      );
    const averages = chosen.classes.flatMap((each) =>
      each.averagePosterior === null ? [] : [each.averagePosterior],
    );
    if (averages.length > 0)
      out.push(
        `Average posterior probabilities run from ${formatProportion(Math.min(...averages))} to ${formatProportion(Math.max(...averages))} (at least .70 wanted in every class).`,
      );
    if (chosen.starts !== null) out.push(startsSentence(chosen));
  }
  for (const verdict of chosen.convergence.verdicts)
    if (verdict.name === "converged") out.push(verdict.sentence);
  return out;
}

function entropyWord(entropy: number): string {
  if (entropy >= 0.8) return "clearly";
  return entropy >= 0.6 ? "with moderate certainty" : "with little certainty";
}

function startsSentence(fit: FitResult): string {
  const { tried, finalists, replicatedBest } = fit.starts!;
  return `Of ${plural(tried, "start")}, the best ${formatCount(finalists)} were carried to convergence, and ${formatCount(replicatedBest)} of them reached the best log-likelihood (${formatNumber(fit.logLikelihood, 2)}).`;
}

function choiceSentences(enumeration: EnumerationResult, fit: FitResult): readonly string[] {
  const out = [enumeration.explanation];
  const chosen = enumeration.chosen === null ? undefined : enumeration.rows[enumeration.chosen];
  if (chosen === undefined) return out;
  const { criterion } = enumeration.rule;
  const rivals = enumeration.rows
    .filter(
      (row) => row !== chosen && row.excludedBecause.length === 0 && Number.isFinite(row.criteria[criterion]),
    )
    .sort((a, b) => a.criteria[criterion] - b.criteria[criterion]);
  const rival = rivals[0];
  if (rival !== undefined) {
    const gap = rival.criteria[criterion] - chosen.criteria[criterion];
    if (gap >= 0)
      out.push(
        `The runner-up is ${modelName(rival)}, ${formatNumber(gap, 1)} ${criterionName(criterion)} points worse${criterion === "bic" ? ` (${gapWord(gap)} evidence; Kass & Raftery, 1995)` : ""}.`,
      );
  }
  if (chosen.classes !== fit.model.classes)
    out.push(
      `This report is about a model with ${plural(fit.model.classes, "class", "classes")}, not the one the rule chose.`,
    );
  return out;
}

/** Kass & Raftery (1995), p. 777: twice the log Bayes factor. */
function gapWord(gap: number): string {
  if (gap > 10) return "very strong";
  if (gap > 6) return "strong";
  return gap > 2 ? "positive" : "hardly any";
}
