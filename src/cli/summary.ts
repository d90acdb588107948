import { join } from "node:path";
import type { RowLedger } from "../core/table.js";
import type { Prediction } from "../models/predict.js";
import type { EnumerationResult, RegressionResult } from "../models/result.js";
import type { Cohort } from "../prep/types.js";
import { formatCount, formatDuration, formatP, MISSING, plural } from "../report/format.js";
import type { StudyResult } from "../study/run.js";
import { classTable, parameterTable } from "./fitSummary.js";
import { inferenceSummary } from "./inferenceSummary.js";
import { capital, fixed, ledgerLines, listed, textTable, wrapped } from "./text.js";

/**
 * Words a note to the reader.
 * @param sentence - what to know
 * @returns text, ending in a line break
 */
export function noteText(sentence: string): string {
  return `${wrapped(sentence, "").join("\n")}\n`;
}

/**
 * Words a prepared cohort: the account of rows, the outcomes, what to know.
 * @param cohort - the cohort
 * @returns text, ending in a line break
 */
export function cohortSummary({ long, ledger, outcomes, notes }: Cohort): string {
  const rows = outcomes.map((o) => [
    o.outcome,
    formatCount(o.yes),
    formatCount(o.no),
    formatCount(o.notEligible),
    formatCount(o.missing),
    o.rate === null ? MISSING : `${fixed(100 * o.rate, 1)}%`,
  ]);
  return `${[
    plural(long.nPersons, "person"),
    ...ledgerLines(ledger),
    "",
    ...textTable(["outcome", "yes", "no", "not eligible", "missing", "rate"], rows),
    "",
    ...listed("To know", notes),
  ].join("\n")}\n`;
}

/**
 * Words a prediction for new people: how many fall in each class, and how surely.
 * @param prediction - from `predict`
 * @param ledger - account of the rows, from the file to the prediction
 * @returns text, ending in a line break
 */
export function predictionSummary({ posteriors }: Prediction, ledger: RowLedger): string {
  const { nClasses, modalClass, values, personIds } = posteriors;
  const rows = Array.from({ length: nClasses }, (_, k) => {
    const members = [...modalClass.keys()].filter((i) => modalClass[i] === k + 1);
    const mean = members.reduce((sum, i) => sum + values[i * nClasses + k]!, 0) / members.length;
    return [String(k + 1), formatCount(members.length), fixed(mean, 3)];
  });
  return `${[
    `${plural(personIds.length, "person")} classified`,
    ...ledgerLines(ledger),
    "",
    ...textTable(["class", "assigned", "mean posterior"], rows),
  ].join("\n")}\n`;
}

/**
 * Words an enumeration: the choice first, then the table.
 * @param enumeration - the result
 * @returns text, ending in a line break
 */
export function enumerationSummary(enumeration: EnumerationResult): string {
  return `${[...wrapped(enumeration.explanation, ""), "", ...enumerationTable(enumeration)].join("\n")}\n`;
}

function enumerationTable(enumeration: EnumerationResult): string[] {
  const rows = enumeration.rows.map((row) => [
    row.chosen ? "*" : "",
    row.structure,
    String(row.classes),
    row.logLikelihood.toFixed(2),
    String(row.nParameters),
    fixed(row.criteria.aic, 1),
    fixed(row.criteria.bic, 1),
    fixed(row.criteria.sabic, 1),
    fixed(row.criteria.entropy, 3),
    `${fixed(100 * row.smallestProportion, 1)}%`,
    row.replicatedBest === null ? MISSING : `${row.replicatedBest}/${row.finalists}`,
    row.verdict,
    row.excludedBecause.join("; "),
  ]);
  const statistics = ["logLik", "npar", "AIC", "BIC", "SABIC", "entropy", "smallest", "replicated"];
  return textTable(["", "model", "K", ...statistics, "verdict", "passed over"], rows);
}

/**
 * Words a regression: what was predicted and from whom, then odds ratios.
 * @param regression - the result
 * @returns text, ending in a line break
 */
export function regressionSummary(regression: RegressionResult): string {
  const lines = [
    `${capital(regression.method)}: ${regression.outcome} ~ ${regression.formula} (${plural(regression.nPersons, "person")})`,
    ...regression.leftOut.map(({ reason, persons }) => `  left out: ${formatCount(persons)} (${reason})`),
  ];
  // One reference class is enough for a screen; the report and the JSON hold every one.
  const reference = regression.oddsRatios[0]?.reference;
  const rows = regression.oddsRatios
    .filter((row) => row.term !== "(Intercept)" && row.reference === reference)
    .map((row) => [
      row.term,
      `${row.outcome} against ${row.reference}`,
      fixed(row.oddsRatio, 2),
      fixed(row.lower, 2),
      fixed(row.upper, 2),
      formatP(row.p),
    ]);
  lines.push(...textTable(["term", "contrast", "odds ratio", "2.5%", "97.5%", "p"], rows));
  const { verdicts } = regression.convergence;
  for (const { name, sentence, advice } of verdicts)
    if (name !== "converged") lines.push(...wrapped(`${sentence} ${advice}`.trim()));
  // Warnings hold the verdicts again, for readers of the warnings alone.
  const warnings = regression.warnings.filter(
    (warning) => !verdicts.some(({ sentence }) => warning.includes(sentence)),
  );
  lines.push(...warnings.flatMap((warning) => wrapped(warning, "    ", "  - ")));
  return `${lines.join("\n")}\n`;
}

/**
 * Words a study: the account of rows, the comparison of models, the choice, and where the report is.
 * @param result - what the study came to
 * @returns text, ending in a line break
 */
export function studySummary(result: StudyResult): string {
  const { status, directory, cohort, enumeration, chosen, inference, growth, regressions, manifest } = result;
  const lines: string[] = [];
  if (cohort !== null)
    lines.push(`Data: ${plural(cohort.long.nPersons, "person")}`, ...ledgerLines(cohort.ledger), "");
  if (enumeration !== null && enumeration.rows.length > 0) {
    // Nothing has been chosen while models are still to come.
    const head = status === "cancelled" ? "Finished so far" : enumeration.explanation;
    lines.push(...wrapped(head, ""), "", ...enumerationTable(enumeration), "");
  }
  if (chosen !== null && chosen.classes.length > 1)
    lines.push("Classes of the chosen model", ...classTable(chosen), "");
  if (inference !== null) lines.push(...inferenceSummary(inference).split("\n").slice(0, -1));
  if (growth !== null)
    lines.push(
      `Growth curve with covariates (${plural(growth.nPersons, "person")}): ${growth.convergence.verdicts[0]!.name}`,
      ...parameterTable(
        growth.parameters.filter(({ block }) => block === "fixed"),
        { robust: growth.robust === "cluster", classes: false },
      ),
      "",
    );
  lines.push(...regressions.map(regressionSummary));
  lines.push(...listed("To know", manifest.warnings));
  if (status === "cancelled")
    lines.push(
      ...wrapped(
        `Cancelled. What is finished is kept in ${directory}; not finished: ${manifest.notFinished.join(", ")}.`,
        "",
      ),
      "The same command takes it up from there.",
    );
  else lines.push(`Report: ${join(directory, "report.html")}  (${formatDuration(manifest.elapsedSeconds)})`);
  return `${lines.join("\n")}\n`;
}
