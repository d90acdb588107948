import type { ClassDescription } from "../describe.js";
import { meanGap } from "../figures/observedFitted.js";
import type { ReportInput } from "../input.js";
import { column, type ReportTable } from "./table.js";

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
    note: "Covariates are held at their mean over people. The 95% CI holds at each time by itself, the simultaneous band for the whole curve.",
    columns: [
      column("class", "Class", "count"),
      column("time", "Time", "fixed2"),
      column("mean", "Mean", "fixed2"),
      column("lower", "95% CI", "fixed2", { intervalWithNext: true }),
      column("upper", "Upper", "fixed2"),
      column("simultaneous_lower", "Simultaneous 95% band", "fixed2", { intervalWithNext: true }),
      column("simultaneous_upper", "Upper", "fixed2"),
    ],
    rows: input.chosen.classes.flatMap((each) => {
      const { time, mean, ...band } = each.meanTrajectory;
      // Fits stored by earlier versions have no simultaneous band.
      return time.map((t, i) => [
        each.label,
        t,
        mean[i]!,
        band.lower[i] ?? null,
        band.upper[i] ?? null,
        band.simultaneousLower?.[i] ?? null,
        band.simultaneousUpper?.[i] ?? null,
      ]);
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
