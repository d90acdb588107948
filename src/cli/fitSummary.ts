import { LOW_ENTROPY } from "../models/criteria.js";
import { parameterKey } from "../models/inference/names.js";
import type { TermTest } from "../models/inference/types.js";
import type { FitResult, ParameterEstimate } from "../models/result.js";
import { knownMeasure } from "../prep/measures.js";
import {
  formatCount,
  formatDuration,
  formatOdds,
  formatP,
  formatPercent,
  MISSING,
  plural,
  statisticText,
} from "../report/format.js";
import { capital, fixed, ledgerLines, listed, textTable, trim, wrapped } from "./text.js";

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
  const warnings = [...fit.warnings, ...cautionsOf(fit)];
  for (const { name, sentence, advice } of fit.convergence.verdicts) {
    // "Nothing needs to be done" is said of the maximum, but would be read of the model.
    const whatNext = name === "converged" && warnings.length > 0 ? "See the warnings below." : advice;
    lines.push(...wrapped(`${sentence} ${whatNext}`.trim()));
  }
  lines.push(...startLines(fit), "");
  lines.push(...listed("Warnings", warnings), ...factLines(fit), "");
  if (fit.classes.length > 1) lines.push("Classes", ...classTable(fit), "");
  lines.push(...parameterTables(fit), ...termTestLines(fit));
  if (fit.covariance !== null) lines.push(...covarianceLines(fit));
  return lines.join("\n");
}

/** How often the best value was reached, and what the next best solution looks like. */
function startLines({ starts, runnerUp, model }: FitResult): string[] {
  if (starts === null || model.classes === 1) return [];
  const lines = wrapped(
    `${starts.replicatedBest} of ${starts.finalists} final starts (${starts.tried} tried) reached the best value.`,
  );
  if (runnerUp === null || runnerUp === undefined) return lines;
  const shares = runnerUp.classes.map(({ proportion }) => `${fixed(100 * proportion, 1)}%`);
  return [
    ...lines,
    ...wrapped(
      `The next best solution is ${fixed(runnerUp.below, 2)} points of log-likelihood below. It has ${formatPercent(runnerUp.sameClass)} of the people in the same class; shares of its classes: ${shares.join(", ")}.`,
    ),
  ];
}

/** A class of fewer people than this describes persons, not a group of them. */
const FEW_PEOPLE = 5;

function smallClasses({ classes, nPersons }: FitResult): string[] {
  if (classes.length === 1) return [];
  return classes.flatMap(({ label, proportion }) => {
    const people = proportion * nPersons;
    // A class of nobody has a verdict of its own.
    if (people < 1 || people >= FEW_PEOPLE) return [];
    return [
      `Class ${label} holds about ${plural(Math.round(people), "person", "people")}: its trajectory is theirs, not that of a kind of people. Look at their scores, and choose fewer classes unless something speaks for this one.`,
    ];
  });
}

/** What a reader of the tables should know first: means that no score can have, and classes that overlap. */
function cautionsOf(fit: FitResult): string[] {
  const cautions = smallClasses(fit);
  if (fit.classes.length === 1 && fit.model.membership !== "1")
    cautions.push(
      `Nothing was done with ${fit.model.membership}: one class has no predictors of membership. Ask for more classes.`,
    );
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
    ...executionLines(fit),
    ...ledgerLines(rows),
    `  log-likelihood ${fit.logLikelihood.toFixed(3)}${fit.model.reml ? " (restricted)" : ""}`,
    `  AIC ${fixed(c.aic, 1)}  BIC ${fixed(c.bic, 1)}  SABIC ${fixed(c.sabic, 1)}${c.entropy === null ? "" : `  entropy ${fixed(c.entropy, 3)}`}`,
    ...explainedLines(fit),
  ];
}

/** Which way the work went where there were several threads for it. */
function executionLines({ execution }: FitResult): string[] {
  if (execution === undefined || execution.workers < 2) return [];
  const { workers, jobs, shards } = execution;
  const { callingThread, oneWorker, severalWorkers } = jobs;
  const together = `the people divided between them (${plural(shards, "block")})`;
  if (oneWorker + severalWorkers === 0) return [];
  if (severalWorkers === 0) return [`  ${workers} workers: one start each`];
  if (oneWorker === 0) return [`  ${workers} workers: ${together}`];
  const steps = callingThread + oneWorker + severalWorkers;
  return [`  ${workers} workers: one start each, and ${together} in ${severalWorkers} of ${steps} steps`];
}

/** Shares of the variance of the scores. */
function explainedLines({ explainedVariance: explained }: FitResult): string[] {
  if (explained === null || explained === undefined) return [];
  const { marginalR2, classR2, conditionalR2, intraclassCorrelation: icc, components } = explained;
  const steps: (readonly [number | null, string])[] = [
    [marginalR2, "by the fixed effects"],
    [classR2, "with the classes"],
    [components.randomEffects > 0 ? conditionalR2 : null, "with the random effects"],
  ];
  const parts = steps.flatMap(([share, words]) => (share === null ? [] : [`${fixed(share, 3)} ${words}`]));
  const correlation = icc === null ? "" : `; intraclass correlation ${fixed(icc, 3)}`;
  return parts.length === 0 ? [] : wrapped(`R2 ${parts.join(", ")}${correlation}`);
}

/**
 * The classes of a fit, one a row.
 * @param fit - the fit
 * @returns lines of a table
 */
export function classTable(fit: FitResult): string[] {
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
  ["loading", "Loadings of the latent time basis (0 at the first session, 1 at the last)"],
];

function parameterTables(fit: FitResult): string[] {
  const { parameters, model } = fit;
  const tables = BLOCKS.flatMap(([name, title]) => {
    const block = parameters.filter((p) => p.block === name);
    if (block.length === 0) return [];
    return [title, ...parameterTable(block, { robust: fit.robust !== null, classes: model.classes > 1 }), ""];
  });
  return [...tableNotes(fit), ...tables];
}

/** What the columns of the tables mean, where it is not plain. */
function tableNotes({ robust, clusters, parameters }: FitResult): string[] {
  const notes: string[] = [];
  if (robust === "cluster" && clusters !== null)
    notes.push(
      `Robust SE: allows for what people in one of the ${clusters.count} clusters of ${clusters.column} share. z, p and intervals rest on it; SE takes people as independent.`,
    );
  else if (robust === "person")
    notes.push(
      "Robust SE: by the sandwich estimator, which holds also where scores are skewed. The other columns use SE.",
    );
  if (parameters.some(({ df }) => (df ?? null) !== null))
    notes.push("t: with Satterthwaite's degrees of freedom (df).");
  if (parameters.some(({ constraint }) => constraint !== undefined))
    notes.push("Held: fixed at a value, or equal to others, by the constraints of the model.");
  return notes.length === 0 ? [] : [...notes.flatMap((note) => wrapped(note)), ""];
}

/**
 * Parameters with errors and intervals; columns that would say nothing are left out.
 * @param parameters - those of one block
 * @param columns - `robust`: show robust standard errors; `classes`: name the class
 * @returns lines of a table
 */
export function parameterTable(
  parameters: readonly ParameterEstimate[],
  columns: { readonly robust: boolean; readonly classes: boolean },
): string[] {
  const withDf = parameters.some(({ df }) => (df ?? null) !== null);
  const withHeld = parameters.some(({ constraint }) => constraint !== undefined);
  const tested = parameters.some(({ z }) => z !== null);
  const pick = <T>(wanted: boolean, value: T): T[] => (wanted ? [value] : []);
  const rows = parameters.map((p) => [
    p.name,
    ...pick(columns.classes, p.class === null ? "all" : String(p.class)),
    fixed(p.estimate, 4),
    fixed(p.standardError, 4),
    ...pick(columns.robust, fixed(p.robustStandardError, 4)),
    ...pick(tested, fixed(p.z, 2)),
    ...pick(withDf, fixed(p.df, 1)),
    ...pick(tested, formatP(p.p)),
    fixed(p.lower, 3),
    fixed(p.upper, 3),
    ...pick(withHeld, p.constraint ?? ""),
  ]);
  return textTable(
    [
      "term",
      ...pick(columns.classes, "class"),
      "estimate",
      "SE",
      ...pick(columns.robust, "robust SE"),
      ...pick(tested, withDf ? "t" : "z"),
      ...pick(withDf, "df"),
      ...pick(tested, "p"),
      "2.5%",
      "97.5%",
      ...pick(withHeld, "held"),
    ],
    rows,
  );
}

/** Tests of whole terms, where they say more than the row of one coefficient. */
function termTestLines({ termTests }: FitResult): string[] {
  const tests = termTests ?? [];
  if (!tests.some(({ hypotheses }) => hypotheses.length > 1)) return [];
  const terms = [...new Map(tests.map((test) => [parameterKeyOf(test), test])).keys()];
  const hasClasses = tests.some(({ question }) => question === "equal over classes");
  const rows = terms.map((term) => {
    const of = (question: TermTest["question"]): string[] => {
      const test = tests.find((each) => parameterKeyOf(each) === term && each.question === question);
      return test === undefined ? ["", ""] : [statisticText(test), formatP(test.p)];
    };
    return [term, ...of("no effect"), ...(hasClasses ? of("equal over classes") : [])];
  });
  const header = ["term", "no effect", "p", ...(hasClasses ? ["same in all classes", "p"] : [])];
  return ["Tests of whole terms (Wald)", ...textTable(header, rows), ""];
}

function parameterKeyOf({ term, block }: TermTest): string {
  return parameterKey({ name: term, block, class: null });
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
    lines.push(`  residual SD ${residual.sd.map((sd) => fixed(sd, 4)).join(", ")}`);
  return [...lines, ""];
}
