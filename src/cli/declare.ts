import type { Command } from "commander";

/** Options as commander hands them over: text, true, lists of text, or absent. */
export type RawOptions = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

/**
 * Adds the options that say where the data are.
 * @param command - receives them
 * @returns the command
 */
export function addDataOptions(command: Command): Command {
  return command
    .option("--id <column>", "column of the person identifier (required)")
    .option(
      "--time <column>",
      "column of time: a number, or a date (weeks from the first session) (required)",
    )
    .option("--outcome <column>", "column of the score (required)")
    .option("--where <condition>", 'use only rows where this is true, e.g. "month <= 12"')
    .option("--min-sessions <n>", "leave out persons with fewer scored rows", "1")
    .option("--duplicates <rule>", "rows of one person at one time: first, last, mean or set-aside", "last")
    .option("--format <format>", "csv, tsv, parquet or json (default: from the file's name)");
}

/**
 * Adds the options that describe a model, save its random part and its number of classes.
 * @param command - receives them
 * @returns the command
 */
export function addModelOptions(command: Command): Command {
  return command
    .option("--fixed <formula>", 'mean over time, e.g. "1 + week + week^2" (default: "1 + TIME")')
    .option("--class-specific <formula>", "terms that differ by class (default: the terms of time)")
    .option("--membership <formula>", 'covariates of class membership, e.g. "age + female"')
    .option(
      "--residual <structure>",
      "residuals: common, class, occasion, ar1, car1, or several joined by +, e.g. ar1+occasion",
      "common",
    )
    .option("--occasion <column>", "column that numbers the sessions, for occasion and ar1 (default: TIME)")
    .option(
      "--covariance <sharing>",
      "random-effect covariance over classes: equal, proportional, free",
      "equal",
    )
    .option("--diagonal", "uncorrelated random effects")
    .option("--cluster <column>", "service or therapist of each person: robust errors allow for it");
}

/**
 * Adds the options of fitting and output.
 * @param command - receives them
 * @returns the command
 */
export function addFitOptions(command: Command): Command {
  return command
    .option("--starts <n/m>", "random starts screened / carried to convergence", "100/20")
    .option("--seed <n>", "seed of every random number", "1")
    .option("--workers <n>", "worker threads; 0 for none (default: one per core)")
    .option("--json", "print one JSON document on standard output");
}

/**
 * Adds the options that ask for more of a fit than its standard errors.
 * @param command - receives them
 * @returns the command
 */
export function addInferenceOptions(command: Command): Command {
  return command
    .option(
      "--profile",
      "profile-likelihood 95% intervals of variances, correlations and residual parameters",
    )
    .option("--bootstrap <n>", "standard errors and 95% intervals from n refitted samples, e.g. 1000")
    .option(
      "--bootstrap-kind <kind>",
      "nonparametric (people are drawn) or parametric (scores of the model) (default: nonparametric)",
    )
    .option(
      "--test <hypothesis>",
      'Wald test of a linear hypothesis, e.g. "month@1 = month@2"; repeat it for several',
      collect,
    )
    .option("--robust", "--test by robust standard errors, cluster-robust with --cluster")
    .option("--influence <n>", "the n people that the results depend on most");
}

/**
 * Gathers an option that may be repeated.
 * @param value - this time
 * @param earlier - the times before
 * @returns all of them
 */
export function collect(value: string, earlier: readonly string[] = []): string[] {
  return [...earlier, value];
}
