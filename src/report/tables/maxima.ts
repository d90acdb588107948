import type { FitResult, StartsSummary } from "../../models/result.js";
import { agreementWords } from "../figures/runnerUp.js";
import { formatNumber } from "../format.js";
import { column, type ReportTable } from "./table.js";

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
