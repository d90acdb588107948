import { join } from "node:path";
import type { RowLedger } from "../core/table.js";
import { LOW_ENTROPY } from "../models/criteria.js";
import type { Prediction } from "../models/predict.js";
import type { EnumerationResult, FitResult, ParameterEstimate, RegressionResult } from "../models/result.js";
import { knownMeasure } from "../prep/measures.js";
import type { Cohort } from "../prep/types.js";
import { formatCount, formatDuration, formatOdds, formatP, MISSING, plural } from "../report/format.js";
import type { StudyResult } from "../study/run.js";

/**
 * Lays out rows as a table in plain text: numbers to the right, words to the left.
 * @param header - column titles
 * @param rows - cells as text
 * @returns lines, indented by two spaces
 */
export function textTable(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = header.map((title, c) => Math.max(title.length, ...rows.map((row) => row[c]!.length)));
  const right = header.map((_, c) => rows.every((row) => /^[-+<> ]*[\d.,–]*%?$/.test(row[c]!)));
  const line = (cells: readonly string[]): string =>
    `  ${cells.map((cell, c) => (right[c] ? cell.padStart(widths[c]!) : cell.padEnd(widths[c]!))).join("  ")}`.trimEnd();
  return [line(header), `  ${widths.map((width) => "-".repeat(width)).join("  ")}`, ...rows.map(line)];
}

const TEXT_WIDTH = 100;

/** Breaks a sentence into lines that a terminal shows whole, each with the indent. */
function wrapped(text: string, indent = "  ", first = indent): string[] {
  const lines: string[] = [];
  let line = first;
  for (const word of text.split(" ")) {
    if (line.length + word.length > TEXT_WIDTH && line.trim() !== "") {
      lines.push(line.trimEnd());
      line = indent;
    }
    line += `${word} `;
  }
  return [...lines, line.trimEnd()];
}

/**
 * Words a note to the reader.
 * @param sentence - what to know
 * @returns text, ending in a line break
 */
export function noteText(sentence: string): string {
  return `${wrapped(sentence, "").join("\n")}\n`;
}

/** A list of sentences under a heading; nothing where there is none. */
function listed(heading: string, sentences: readonly string[]): string[] {
  if (sentences.length === 0) return [];
  return [heading, ...sentences.flatMap((sentence) => wrapped(sentence, "    ", "  - ")), ""];
}

/**
 * Words a fit for a reader: the verdict first, then the numbers.
 * @param fit - the fit
 * @returns text, ending in a line break
 */
export function fitSummary(fit: FitResult): string {
  const [main] = fit.convergence.verdicts;
  const classes = fit.model.classes === 1 ? "" : `, ${fit.model.classes} classes`;
  const lines = [
    `${capital(fit.family)}${classes}, of ${fit.model.outcome} over ${fit.model.time}: ${main?.name ?? "no verdict"}`,
  ];
  for (const { sentence, advice } of fit.convergence.verdicts)
    lines.push(...wrapped(`${sentence} ${advice}`.trim()));
  if (fit.starts !== null && fit.model.classes > 1)
    lines.push(
      `  ${fit.starts.replicatedBest} of ${fit.starts.finalists} final starts (${fit.starts.tried} tried) reached the best value.`,
    );
  lines.push("", ...listed("Warnings", [...fit.warnings, ...cautionsOf(fit)]), ...factLines(fit), "");
  if (fit.classes.length > 1) lines.push("Classes", ...classTable(fit), "");
  lines.push(...parameterTables(fit));
  if (fit.covariance !== null) lines.push(...covarianceLines(fit));
  return lines.join("\n");
}

/** What a reader of the tables should know first: means that no score can have, and classes that overlap. */
function cautionsOf(fit: FitResult): string[] {
  const cautions: string[] = [];
  const measure = knownMeasure(fit.model.outcome);
  if (measure !== undefined)
    for (const { label, meanTrajectory } of fit.classes) {
      const { time, mean } = meanTrajectory;
      const beyond = mean.map((value) =>
        Number.isFinite(value) ? Math.max(measure.minimum - value, value - measure.maximum, 0) : 0,
      );
      const worst = beyond.indexOf(Math.max(...beyond));
      // What the table would round into the range is not worth a warning.
      if (worst < 0 || beyond[worst]! < 0.05) continue;
      const whose = fit.classes.length > 1 ? `The fitted mean of class ${label}` : "The fitted mean";
      cautions.push(
        `${whose} leaves the range of the ${measure.label} (${measure.minimum} to ${measure.maximum}) within the observed times: ${fixed(mean[worst]!, 1)} at ${fit.model.time} ${trim(time[worst]!)}. The shape over time does not suit these data; try other terms of time.`,
      );
    }
  const { entropy } = fit.criteria;
  if (entropy !== null && entropy < LOW_ENTROPY)
    cautions.push(
      `The classes overlap (entropy ${fixed(entropy, 2)}): many people cannot be told apart with certainty. Use posterior probabilities rather than assigned classes.`,
    );
  return cautions;
}

function factLines(fit: FitResult): string[] {
  const { criteria: c, rows } = fit;
  return [
    `  ${plural(fit.nPersons, "person")}, ${plural(fit.nObservations, "score")}, ${plural(fit.nParameters, "parameter")}; ${formatDuration(fit.elapsedSeconds)}`,
    ...ledgerLines(rows),
    `  log-likelihood ${fit.logLikelihood.toFixed(3)}${fit.model.reml ? " (restricted)" : ""}`,
    `  AIC ${fixed(c.aic, 1)}  BIC ${fixed(c.bic, 1)}  SABIC ${fixed(c.sabic, 1)}${c.entropy === null ? "" : `  entropy ${fixed(c.entropy, 3)}`}`,
  ];
}

function ledgerLines({ read, used, setAside }: RowLedger): string[] {
  const aside = setAside.reduce((sum, reason) => sum + reason.rows, 0);
  return [
    `  rows: ${formatCount(read)} read = ${formatCount(used)} used + ${formatCount(aside)} set aside`,
    ...setAside.map((reason) => `    ${formatCount(reason.rows)}: ${reason.description}`),
  ];
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

function classTable(fit: FitResult): string[] {
  const rows = fit.classes.map((entry) => {
    const { time, mean } = entry.meanTrajectory;
    return [
      String(entry.label),
      `${fixed(100 * entry.proportion, 1)}%`,
      formatCount(entry.assigned),
      fixed(entry.averagePosterior, 3),
      entry.oddsOfCorrectClassification === null ? MISSING : formatOdds(entry.oddsOfCorrectClassification),
      `${fixed(mean[0] ?? null, 1)} at ${trim(time[0] ?? 0)}`,
      `${fixed(mean.at(-1) ?? null, 1)} at ${trim(time.at(-1) ?? 0)}`,
    ];
  });
  return textTable(
    ["class", "share", "assigned", "mean posterior", "odds correct", "mean first", "mean last"],
    rows,
  );
}

const BLOCKS: readonly (readonly [ParameterEstimate["block"], string])[] = [
  ["fixed", "Fixed effects"],
  ["membership", "Class membership (log odds against the reference class)"],
  ["covariance", "Variances and covariances of the random effects"],
  ["residual", "Residual"],
];

function parameterTables({ parameters, clusters }: FitResult): string[] {
  const clustered = (clusters ?? null) !== null;
  const tables = BLOCKS.flatMap(([name, title]) => {
    const block = parameters.filter((p) => p.block === name);
    return block.length === 0 ? [] : [title, ...parameterTable(block, clustered), ""];
  });
  if (!clustered) return tables;
  return [
    ...wrapped(
      `Robust SE: allows for what people in one of the ${clusters!.count} clusters of ${clusters!.column} share. The other columns take people as independent.`,
    ),
    "",
    ...tables,
  ];
}

/** The robust standard error has a column where it allows for clusters, since the others do not. */
function parameterTable(parameters: readonly ParameterEstimate[], clustered: boolean): string[] {
  const rows = parameters.map((p) => [
    p.name,
    p.class === null ? "all" : String(p.class),
    fixed(p.estimate, 4),
    p.constraint === "fixed" ? "fixed" : fixed(p.standardError, 4),
    ...(clustered ? [fixed(p.robustStandardError, 4)] : []),
    fixed(p.z, 2),
    formatP(p.p),
    fixed(p.lower, 3),
    fixed(p.upper, 3),
  ]);
  const robust = clustered ? ["robust SE"] : [];
  return textTable(["term", "class", "estimate", "SE", ...robust, "z", "p", "2.5%", "97.5%"], rows);
}

function covarianceLines({ covariance, residual }: FitResult): string[] {
  if (covariance === null) return [];
  const { names, matrices, correlations } = covariance;
  const lines: string[] = ["Random effects"];
  for (const [k, matrix] of matrices.entries()) {
    if (matrices.length > 1) lines.push(`  class ${k + 1}`);
    const rows = names.map((name, r) => [
      name,
      fixed(Math.sqrt(matrix[r]![r]!), 4),
      names
        .slice(0, r)
        .map((_, c) => fixed(correlations[k]?.[r]?.[c] ?? null, 2))
        .join("  "),
    ]);
    lines.push(...textTable(["effect", "SD", "correlations"], rows));
  }
  if (residual.occasions === null)
    lines.push(`  residual SD ${residual.sd.map((sd) => fixed(sd, 4)).join(", ")}`, "");
  return lines;
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

// A plain minus sign, unlike the report's: people paste these numbers into other programs.
function fixed(value: number | null, digits: number): string {
  return value === null || !Number.isFinite(value) ? MISSING : value.toFixed(digits);
}

function trim(value: number): string {
  return String(Number(value.toPrecision(4)));
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/**
 * Words a study: the account of rows, the comparison of models, the choice, and where the report is.
 * @param result - what the study came to
 * @returns text, ending in a line break
 */
export function studySummary(result: StudyResult): string {
  const { status, directory, cohort, enumeration, chosen, growth, regressions, manifest } = result;
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
  if (growth !== null)
    lines.push(
      `Growth curve with covariates (${plural(growth.nPersons, "person")}): ${growth.convergence.verdicts[0]!.name}`,
      ...parameterTable(
        growth.parameters.filter(({ block }) => block === "fixed"),
        (growth.clusters ?? null) !== null,
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
