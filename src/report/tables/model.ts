import { parameterKey } from "../../models/inference/names.js";
import type { FitResult, ParameterBlock, StartsSummary } from "../../models/result.js";
import type { ClassDescription } from "../describe.js";
import { meanGap } from "../figures/observedFitted.js";
import { agreementWords } from "../figures/runnerUp.js";
import { formatNumber } from "../format.js";
import type { ReportInput } from "../input.js";
import { type Cell, column, type ReportTable } from "./table.js";

/**
 * Every model compared, with criteria, entropy, smallest class, replication and verdict.
 * @param input - the report's input
 * @returns the table; null without an enumeration
 */
export function enumerationTable(input: ReportInput): ReportTable | null {
  const { enumeration } = input;
  if (enumeration === null) return null;
  return {
    id: "enumeration",
    title: "Comparison of models",
    note: `${enumeration.explanation} ${enumeration.chosen === null ? "" : "The chosen model is set off. "}LL: log-likelihood; Par.: number of parameters; BIC and its relatives count people. Smallest: share of the smallest class, and people assigned to it. Replicated: final starts that reached the best log-likelihood.`,
    ...(enumeration.chosen === null ? {} : { chosenRow: enumeration.chosen }),
    columns: [
      column("structure", "Structure"),
      column("classes", "Classes", "count"),
      column("log_likelihood", "LL", "fixed1"),
      column("parameters", "Par.", "count"),
      column("aic", "AIC", "fixed1"),
      column("bic", "BIC", "fixed1"),
      column("sabic", "SABIC", "fixed1"),
      column("caic", "CAIC", "fixed1", { csvOnly: true }),
      column("awe", "AWE", "fixed1", { csvOnly: true }),
      column("icl_bic", "ICL-BIC", "fixed1", { csvOnly: true }),
      column("entropy", "Entropy", "proportion"),
      column("smallest_proportion", "Smallest", "percent1"),
      column("smallest_assigned", "n", "count"),
      column("replicated", "Replicated"),
      column("verdict", "Verdict"),
      column("passed_over_because", "Passed over because"),
      column("chosen", "Chosen", "text", { csvOnly: true }),
      column("class_proportions", "Class shares", "text", { csvOnly: true }),
    ],
    rows: enumeration.rows.map((row, i) => [
      row.structure,
      row.classes,
      row.logLikelihood,
      row.nParameters,
      row.criteria.aic,
      row.criteria.bic,
      row.criteria.sabic,
      row.criteria.caic,
      row.criteria.awe,
      row.criteria.iclBic,
      row.criteria.entropy,
      row.smallestProportion,
      row.smallestAssigned,
      row.replicatedBest === null || row.finalists === null
        ? ""
        : `${row.replicatedBest} of ${row.finalists}`,
      row.verdict,
      row.excludedBecause.join("; "),
      row.chosen ? "chosen" : "",
      (enumeration.fits[i]?.classes ?? []).map((each) => each.proportion.toFixed(3)).join(" "),
    ]),
  };
}

/**
 * The number of people in each class of every model fitted (GRoLTS item 12).
 * @param input - the report's input
 * @returns the table; null without an enumeration
 */
export function classSizesTable(input: ReportInput): ReportTable | null {
  const { enumeration } = input;
  if (enumeration === null || enumeration.fits.length === 0) return null;
  const rows: Cell[][] = enumeration.fits.flatMap((fit, i) =>
    fit.classes.map((each) => [
      enumeration.rows[i]?.structure ?? fit.family,
      fit.model.classes,
      each.label,
      each.proportion,
      each.assigned,
    ]),
  );
  return {
    id: "class-sizes",
    title: "Class sizes of every model",
    note: "",
    columns: [
      column("structure", "Structure"),
      column("classes", "Classes", "count"),
      column("class", "Class", "count"),
      column("proportion", "Share", "percent1"),
      column("assigned", "Assigned", "count"),
    ],
    rows,
  };
}

/**
 * The classes: size, start, end, change and how surely people belong to them.
 * @param input - the report's input
 * @param descriptions - the classes in words
 * @returns the table
 */
export function classificationTable(
  input: ReportInput,
  descriptions: readonly ClassDescription[],
): ReportTable {
  return {
    id: "classes",
    title: input.chosen.classes.length === 1 ? "The mean trajectory" : "Classes and classification",
    note: "Start and end: fitted means at the first time and at the last at which a tenth of the class are still seen. Share: mean posterior probability. Assigned: people whose most likely class it is. AvePP: average posterior probability of those assigned (at least .70 wanted). OCC: odds of correct classification (at least 5 wanted; Nagin, 2005). Gap: distance between observed and fitted means, in points.",
    columns: [
      column("class", "Class", "count"),
      column("name", "In words"),
      column("proportion", "Share", "percent1"),
      column("assigned", "Assigned", "count"),
      column("average_posterior", "AvePP", "proportion"),
      column("odds_of_correct_classification", "OCC", "odds"),
      column("start", "Start", "fixed1"),
      column("end", "End", "fixed1"),
      column("change", "Change", "fixed1"),
      column("gap", "Gap", "fixed2"),
    ],
    rows: input.chosen.classes.map((each, i) => {
      const { start, end, name } = descriptions[i]!;
      return [
        each.label,
        name,
        each.proportion,
        each.assigned,
        each.averagePosterior,
        each.oddsOfCorrectClassification,
        start,
        end,
        start === null || end === null ? null : end - start,
        meanGap(each.observedMeans),
      ];
    }),
  };
}

const BLOCKS: Readonly<Record<ParameterBlock, string>> = {
  fixed: "Growth",
  covariance: "Random",
  residual: "Residual",
  loading: "Loading",
  membership: "Membership",
};

/**
 * Every estimate of a fit.
 * @param fit - the fit
 * @param id - table id
 * @param title - table title
 * @returns the table
 */
export function parametersTable(fit: FitResult, id = "parameters", title = "Estimates"): ReportTable {
  // Fits stored by earlier versions know no clusters.
  const clustered = (fit.clusters ?? null) !== null;
  return {
    id,
    title,
    note: `SE: from the observed information. Robust SE: sandwich${clustered ? `, summed within the clusters of ${fit.clusters!.column} (Liang & Zeger, 1986)` : " (Huber, 1967; White, 1982)"}. z and p: Wald tests; the 95% CI is the Wald interval. Variances are not tested against zero.${heldPhrase(fit)}`,
    columns: [
      column("part", "Part"),
      column("class", "Class"),
      column("parameter", "Parameter"),
      column("estimate", "Estimate", "estimate"),
      column("standard_error", "SE", "estimate"),
      column("robust_standard_error", "Robust SE", "estimate"),
      column("z", "z", "fixed2"),
      column("p", "p", "p"),
      column("lower", "95% CI", "estimate", { intervalWithNext: true }),
      column("upper", "Upper", "estimate"),
    ],
    rows: fit.parameters.map((each) => [
      BLOCKS[each.block],
      each.class === null ? (fit.classes.length > 1 ? "all" : "") : String(each.class),
      each.name,
      each.estimate,
      each.standardError,
      each.robustStandardError,
      each.z,
      each.p,
      each.lower,
      each.upper,
    ]),
  };
}

/** What the constraints of the model hold, by name. */
function heldPhrase({ parameters }: FitResult): string {
  const phrase = (constraint: "fixed" | "equal", words: string): string => {
    const names = parameters.filter((each) => each.constraint === constraint).map(parameterKey);
    return names.length === 0 ? "" : ` ${words}: ${names.join(", ")}.`;
  };
  return phrase("fixed", "Fixed by the model, so without SE") + phrase("equal", "Set equal by the model");
}

/**
 * Random-effect variances, covariances and correlations.
 * @param fit - the fit
 * @returns the table; null without random effects
 */
export function randomEffectsTable(fit: FitResult): ReportTable | null {
  const { covariance } = fit;
  if (covariance === null || covariance.names.length === 0) return null;
  const rows: Cell[][] = covariance.matrices.flatMap((matrix, k) =>
    covariance.names.flatMap((name, i) =>
      covariance.names
        .slice(0, i + 1)
        .map((other, j) => [
          covariance.matrices.length > 1
            ? String(fit.classes[k]?.label ?? k + 1)
            : fit.classes.length > 1
              ? "all"
              : "",
          name,
          other,
          matrix[i]?.[j] ?? null,
          i === j ? Math.sqrt(matrix[i]?.[i] ?? Number.NaN) : null,
          i === j ? null : (covariance.correlations[k]?.[i]?.[j] ?? null),
        ]),
    ),
  );
  return {
    id: "random-effects",
    title: "Random effects: how people differ around their mean trajectory",
    note: `Residual standard deviation: ${fit.residual.sd.map((sd) => sd.toFixed(2)).join(", ")}${fit.residual.sd.length > 1 ? " (by class)" : ""}.`,
    columns: [
      column("class", "Class"),
      column("effect", "Effect"),
      column("with", "With"),
      column("covariance", "Variance or covariance", "estimate"),
      column("standard_deviation", "SD", "estimate"),
      column("correlation", "Correlation", "proportion"),
    ],
    rows,
  };
}

/**
 * Observed and fitted means by class and time.
 * @param input - the report's input
 * @returns the table
 */
export function observedFittedTable(input: ReportInput): ReportTable {
  return {
    id: "observed-fitted",
    title: "Observed and fitted means",
    note: "Observed means weight people by their posterior probability of the class; n is the sum of these weights.",
    columns: [
      column("class", "Class", "count"),
      column("time", "Time", "fixed2"),
      column("n", "n (weighted)", "fixed1"),
      column("observed", "Observed", "fixed2"),
      column("fitted", "Fitted", "fixed2"),
      column("difference", "Difference", "fixed2"),
    ],
    rows: input.chosen.classes.flatMap((each) =>
      each.observedMeans.time.map((time, i) => {
        const { observed, fitted, weight } = each.observedMeans;
        return [each.label, time, weight[i]!, observed[i]!, fitted[i]!, observed[i]! - fitted[i]!];
      }),
    ),
  };
}

/**
 * The fitted mean trajectories, for redrawing.
 * @param input - the report's input
 * @returns the table
 */
export function trajectoriesTable(input: ReportInput): ReportTable {
  return {
    id: "trajectories",
    title: "Fitted mean trajectories",
    note: "Covariates are held at their mean over people.",
    columns: [
      column("class", "Class", "count"),
      column("time", "Time", "fixed2"),
      column("mean", "Mean", "fixed2"),
      column("lower", "95% CI", "fixed2", { intervalWithNext: true }),
      column("upper", "Upper", "fixed2"),
    ],
    rows: input.chosen.classes.flatMap((each) => {
      const { time, mean, lower, upper } = each.meanTrajectory;
      return time.map((t, i) => [each.label, t, mean[i]!, lower[i] ?? null, upper[i] ?? null]);
    }),
  };
}

/**
 * What the final random starts found.
 * @param fit - the fit
 * @returns the table; null for one class
 */
export function startsTable(fit: FitResult): ReportTable | null {
  const { starts } = fit;
  if (starts === null) return null;
  const best = starts.logLikelihoods[0];
  return {
    id: "starts",
    title: "Random starts: was the best solution found more than once?",
    note: startsNote(starts),
    columns: [
      column("rank", "Rank", "count"),
      column("log_likelihood", "Log-likelihood", "fixed2"),
      column("below_best", "Below the best", "estimate"),
    ],
    rows: starts.logLikelihoods.map((value, i) => [i + 1, value, best === undefined ? null : best - value]),
  };
}

function startsNote(starts: StartsSummary): string {
  const later =
    starts.drawnLater === 0
      ? ""
      : `, ${starts.drawnLater} of them in a second round because the first did not settle it`;
  const fewer =
    starts.fewerClasses === null
      ? ""
      : ` With one class fewer the log-likelihood is ${formatNumber(starts.fewerClasses.logLikelihood, 2)}.`;
  return `${starts.tried} starts screened${later}, made of ${starts.groupings} different groupings of the people; ${starts.finalists} carried to convergence, ${starts.converged} converged, ${starts.replicatedBest} reached the best log-likelihood (starts of one grouping, and all splits of the classes of a smaller model, count once); ${starts.distinctMaxima} different solutions among them; ${starts.refused} refused because a residual variance ran to zero.${fewer}`;
}

/**
 * The next best solution beside the best, class by class.
 * @param fit - the fit
 * @returns the table; null where there is no close runner-up
 */
export function runnerUpTable(fit: FitResult): ReportTable | null {
  const { runnerUp } = fit;
  if (runnerUp === null || runnerUp === undefined) return null;
  return {
    id: "runner-up",
    title: "The next best solution beside the best",
    note: `Shown because it is within 10 points of log-likelihood of the best: ${formatNumber(runnerUp.below, 2)} below. ${agreementWords(runnerUp)} Classes are matched by the people they share. Start and end: fitted means at the first and last time.`,
    columns: [
      column("class", "Class", "count"),
      column("proportion", "Share", "percent1"),
      column("runner_up_proportion", "Next best", "percent1"),
      column("assigned", "Assigned", "count"),
      column("runner_up_assigned", "Next best", "count"),
      column("start", "Start", "fixed1"),
      column("runner_up_start", "Next best", "fixed1"),
      column("end", "End", "fixed1"),
      column("runner_up_end", "Next best", "fixed1"),
    ],
    rows: fit.classes.map((each, k) => {
      const other = runnerUp.classes[k]!;
      const { mean } = each.meanTrajectory;
      return [
        each.label,
        each.proportion,
        other.proportion,
        each.assigned,
        other.assigned,
        mean[0] ?? null,
        other.mean[0] ?? null,
        mean.at(-1) ?? null,
        other.mean.at(-1) ?? null,
      ];
    }),
  };
}

/**
 * The main facts of the other fits.
 * @param input - the report's input
 * @returns the table; null without other fits
 */
export function otherFitsTable(input: ReportInput): ReportTable | null {
  if (input.otherFits.length === 0) return null;
  return {
    id: "other-models",
    title: "Other models fitted",
    note: "",
    columns: [
      column("name", "Model"),
      column("family", "Family"),
      column("fixed", "Fixed effects"),
      column("random", "Random effects"),
      column("classes", "Classes", "count"),
      column("persons", "People", "count"),
      column("log_likelihood", "LL", "fixed2"),
      column("parameters", "Parameters", "count"),
      column("bic", "BIC", "fixed1"),
      column("verdict", "Verdict"),
    ],
    rows: input.otherFits.map(({ name, fit }) => [
      name,
      fit.family,
      fit.model.fixed,
      fit.model.random,
      fit.model.classes,
      fit.nPersons,
      fit.logLikelihood,
      fit.nParameters,
      fit.criteria.bic,
      fit.convergence.verdicts.map((each) => each.name).join("; "),
    ]),
  };
}
