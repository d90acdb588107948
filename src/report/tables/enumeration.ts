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
