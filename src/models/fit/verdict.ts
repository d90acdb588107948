import type { StartsSummary, Verdict, VerdictName } from "../result.js";
import { FLAT_CURVATURE } from "./newton.js";

/** What the verdict is judged on. */
export interface VerdictEvidence {
  readonly gradientCriterion: number;
  readonly gradientTolerance: number;
  readonly smallestCurvature: number;
  /** Labels of classes that hold less than one person's worth of posterior probability. */
  readonly emptyClasses: readonly number[];
  /** Random effects (by name) with no variance left, or a correlation of one. */
  readonly boundary: readonly string[];
  /** A covariate foretells class membership perfectly. */
  readonly separated: boolean;
  /** Parameters (by name) that the curvature says nothing of. */
  readonly unidentified: readonly string[];
  /** Residual variances of classes ran apart, or to zero. */
  readonly degenerate: boolean;
  /** The model with one class fewer has a higher log-likelihood. */
  readonly fewerIsBetter: boolean;
  readonly starts: StartsSummary | null;
}

const SENTENCES: Record<VerdictName, { sentence: string; advice: string }> = {
  converged: {
    sentence: "The estimation reached a proper maximum of the likelihood.",
    advice: "Nothing needs to be done.",
  },
  "converged on a boundary": {
    sentence:
      "The best value lies where a variance is zero, a correlation is one or residuals have no autocorrelation, so the model asks for more than the data show.",
    advice:
      "Consider fewer random effects, uncorrelated ones, or residuals without autocorrelation; standard errors of what lies on the boundary are not available.",
  },
  "best value not replicated": {
    sentence: "No two independent sets of start values reached the best solution, so a better one may exist.",
    advice: "Increase the number of random starts; if that does not help, choose fewer classes.",
  },
  "class vanished": {
    sentence: "At least one class has nobody in it: the data do not support this many classes.",
    advice: "Choose fewer classes.",
  },
  "fewer classes fit better": {
    sentence:
      "The same model with one class fewer fits better than the best that was found here, which no true best solution can do, so a better one exists.",
    advice: "Increase the number of random starts, or choose fewer classes.",
  },
  "not identified": {
    sentence:
      "The data cannot tell some of the parameters apart, so different values explain them equally well.",
    advice:
      "Choose a simpler model: fewer classes, random effects or covariates, or a simpler residual structure.",
  },
  "likelihood unbounded": {
    sentence:
      "The model, or one of its classes, reproduces the scores of some people almost exactly; there the likelihood grows without limit and means nothing.",
    advice:
      "Check the scores for copies and constants; then use one residual variance for all classes, fewer classes, or fewer random effects.",
  },
  "stopped early": {
    sentence: "The estimation stopped before it reached a maximum, so the estimates are provisional.",
    advice: "Raise the limit of iterations, or choose a simpler model.",
  },
};

/**
 * Names how a fit ended.
 * @param evidence - gradient, curvature, classes, starts
 * @returns whether it converged, and verdicts with the main one first
 */
export function judge(evidence: VerdictEvidence): { converged: boolean; verdicts: Verdict[] } {
  const names: VerdictName[] = [];
  if (evidence.emptyClasses.length > 0) names.push("class vanished");
  const atMaximum =
    evidence.gradientCriterion < evidence.gradientTolerance && evidence.smallestCurvature > -1e-5;
  if (!atMaximum) names.push("stopped early");
  if (evidence.boundary.length > 0) names.push("converged on a boundary");
  const explained = names.some((name) => name === "class vanished" || name === "converged on a boundary");
  if (evidence.separated || (evidence.smallestCurvature < FLAT_CURVATURE && !explained))
    names.push("not identified");
  if (evidence.fewerIsBetter) names.push("fewer classes fit better");
  if (evidence.starts !== null && evidence.starts.replicatedBest < 2) names.push("best value not replicated");
  // Where there is no maximum, nothing else can be said of one.
  if (evidence.degenerate) names.splice(0, names.length, "likelihood unbounded");
  const converged = atMaximum && !evidence.degenerate && !evidence.fewerIsBetter;
  if (names.length === 0) names.push("converged");
  return { converged, verdicts: names.map((name) => detail(name, evidence)) };
}

function detail(name: VerdictName, evidence: VerdictEvidence): Verdict {
  const { sentence, advice } = SENTENCES[name];
  const where = whereOf(name, evidence);
  return { name, sentence: where === "" ? sentence : `${sentence.slice(0, -1)} (${where}).`, advice };
}

/** Names shown before the rest is counted. */
const NAMES_SHOWN = 6;

/** What a verdict is about, by name. */
function whereOf(name: VerdictName, { emptyClasses, boundary, unidentified }: VerdictEvidence): string {
  if (name === "class vanished" && emptyClasses.length > 0)
    return `${emptyClasses.length === 1 ? "class" : "classes"} ${emptyClasses.join(", ")}`;
  if (name === "converged on a boundary") return boundary.join(", ");
  if (name !== "not identified") return "";
  const more = unidentified.length - NAMES_SHOWN;
  return `${unidentified.slice(0, NAMES_SHOWN).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}
