import { InputError, type Problem as Mistake, nearestName, RunFailure } from "../core/errors.js";
import type { LongTable } from "../core/table.js";
import type { LimitInput, LimitOutcome, LimitTrouble, MaximumInput, MaximumOutcome } from "./fit/profile.js";
import type { ProfileTarget } from "./fit/profileTarget.js";
import { type FitJob, type JobRunner, type Progress, runOptions } from "./jobs/job.js";
import { layoutOf, shardCount } from "./likelihood.js";
import { createLocalRunner } from "./localRunner.js";
import { type ReportedParameter, reportedParameters } from "./parameters/reported.js";
import { buildProblem, type Problem, shapeOf } from "./problem.js";
import type { FitResult } from "./result.js";

/** Why an interval has an end that is not known. */
export interface ProfileReason {
  readonly name: LimitTrouble | "not defined";
  /** For a psychologist. */
  readonly sentence: string;
}

/** A profile-likelihood interval of one parameter, on the user's scale. */
export interface ProfileInterval {
  /** As in `FitResult.parameters`, or `cor(a,b)`. */
  readonly name: string;
  /** Class label from 1, or null where the classes share the parameter. */
  readonly class: number | null;
  /** Null where a correlation is not defined. */
  readonly estimate: number | null;
  /** Null where it is not known; `reason` says why. */
  readonly lower: number | null;
  readonly upper: number | null;
  /** The end is the end of the parameter's range: 0 of a variance, -1 or 1 of a correlation. */
  readonly lowerBoundary: boolean;
  readonly upperBoundary: boolean;
  /** Coverage, e.g. 0.95. */
  readonly level: number;
  /** Null where both ends are known. */
  readonly reason: ProfileReason | null;
}

/** One parameter by name, of one class; a name alone means all classes that have it. */
export interface ProfileParameter {
  readonly name: string;
  readonly class: number | null;
}

/** What to profile, and where. */
export interface ProfileOptions {
  /**
   * Names of parameters (as in `FitResult.parameters`, or `cor(a,b)`); `variances`: variances, covariances and correlations of the
   * random effects and residual parameters. Default `variances`.
   */
  readonly parameters?: "variances" | readonly (string | ProfileParameter)[];
  /** Coverage, between 0 and 1; default 0.95. */
  readonly level?: number;
  /** Default: in the calling thread. */
  readonly runner?: JobRunner;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

const SENTENCES: Record<ProfileReason["name"], string> = {
  "better maximum found":
    "On the way a better solution than the fitted one appeared, so the fit is not the best there is: fit again with more starts.",
  "no limit found":
    "The likelihood does not fall enough on one side, however far one goes: the data set no limit there.",
  "not a maximum":
    "The fit did not end at a proper maximum of the likelihood, so there is nothing to measure distances from.",
  "not estimated": "The model fixes this parameter, so it has no interval.",
  "not defined": "A random effect without variance has no correlation with others, so there is no interval.",
  "search failed": "The limit could not be found with certainty, so none is given.",
};

/**
 * Profile-likelihood intervals: all values of a parameter that a likelihood-ratio test at the given level would not reject. Unlike
 * estimate -/+ 1.96 standard errors they respect bounds, are not symmetric, and do not depend on the scale (a variance's
 * limits are the squares of its standard deviation's). The likelihood profiled is the one that was maximised: under REML
 * the restricted one, which says nothing of fixed effects.
 * @param data - the table that was fitted, or its problem
 * @param result - the fit
 * @param options - parameters, level, and where to run
 * @returns one interval per parameter, in the order of the result's parameters, correlations after covariances; limits are exact to
 *   about 1e-7 of the log-likelihood, or null with a reason
 * @throws InputError for parameters that do not exist, a level outside (0, 1), fixed effects under REML, or a table that
 *   is not the one fitted; RunFailure when cancelled
 * Source: Venzon & Moolgavkar (1988) Appl Stat 37:87; REML: Pinheiro & Bates (2000) section 2.4.
 */
export async function profileIntervals(
  data: LongTable | Problem,
  result: FitResult,
  options: ProfileOptions = {},
): Promise<ProfileInterval[]> {
  const level = options.level ?? 0.95;
  const problem = "personStart" in data ? buildProblem(data, result.model) : data;
  const available = profileTargets(problem, result);
  const chosen = chooseTargets(available, result, options.parameters ?? "variances");
  const mistakes = [...checkLevel(level), ...checkSameData(problem, result), ...chosen.mistakes];
  if (mistakes.length > 0) throw new InputError(mistakes);
  const runner = options.runner ?? createLocalRunner();
  const key = runner.share(problem.data);
  try {
    const context = { ...options, runner, key, parts: shardCount(problem.data) };
    const limits = await findLimits(problem, result, chosen.targets, level, context);
    return chosen.targets.map((target, t) => interval(target, level, limits[2 * t]!, limits[2 * t + 1]!));
  } finally {
    runner.release(key);
  }
}

/** A parameter with what its profile is of. */
interface NamedTarget {
  readonly name: string;
  readonly class: number | null;
  readonly block: ReportedParameter["block"];
  readonly estimate: number;
  readonly target: ProfileTarget;
  /** A correlation of a random effect that has no variance. */
  readonly undefined: boolean;
}

/** Everything that can be profiled: the reported parameters, and correlations after the covariances of their class. */
function profileTargets(problem: Problem, result: FitResult): NamedTarget[] {
  const names = reportedParameters(layoutOf(problem.data, result.model), problem.design.stored);
  const out: NamedTarget[] = [];
  let correlations: NamedTarget[] = [];
  names.forEach((entry, at) => {
    const estimate = result.parameters[at]?.estimate ?? Number.NaN;
    if (!entry.name.startsWith("var(") && !entry.name.startsWith("cov(") && correlations.length > 0) {
      out.push(...correlations);
      correlations = [];
    }
    out.push({
      name: entry.name,
      class: entry.class,
      block: entry.block,
      estimate,
      target: { kind: kindOf(entry), at },
      undefined: false,
    });
    if (entry.effects !== undefined) correlations.push(correlationOf(names, result, entry, at));
  });
  return [...out, ...correlations];
}

function kindOf(entry: ReportedParameter): "value" | "positive" | "variance" {
  if (entry.name.startsWith("var(") && entry.block === "covariance") return "variance";
  if (entry.name.startsWith("residual sd") || entry.name === "random-effect scale") return "positive";
  return "value";
}

function correlationOf(
  names: readonly ReportedParameter[],
  result: FitResult,
  entry: ReportedParameter,
  covariance: number,
): NamedTarget {
  const effects = entry.effects!;
  const [a, b] = effects.map((effect) =>
    names.findIndex((other) => other.name === `var(${effect})` && other.class === entry.class),
  ) as [number, number];
  const value = (at: number): number => result.parameters[at]?.estimate ?? Number.NaN;
  const vanished = [a, b].some((at) => !(value(at) > 0));
  const product = Math.sqrt(value(a) * value(b));
  return {
    name: `cor(${effects.join(",")})`,
    class: entry.class,
    block: "covariance",
    estimate: vanished ? Number.NaN : Math.max(-1, Math.min(1, value(covariance) / product)),
    target: { kind: "correlation", covariance, variances: [a, b] },
    undefined: vanished,
  };
}

function chooseTargets(
  available: readonly NamedTarget[],
  result: FitResult,
  wanted: NonNullable<ProfileOptions["parameters"]>,
): { targets: NamedTarget[]; mistakes: Mistake[] } {
  if (wanted === "variances")
    return {
      targets: available.filter(({ block }) => block === "covariance" || block === "residual"),
      mistakes: [],
    };
  const mistakes: Mistake[] = [];
  const found = new Set<NamedTarget>();
  for (const entry of wanted) {
    const name = typeof entry === "string" ? entry : entry.name;
    const matches = available.filter(
      (target) => target.name === name && (typeof entry === "string" || target.class === entry.class),
    );
    if (matches.length === 0) mistakes.push(unknownParameter(entry, available));
    if (result.model.reml && matches.some(({ block }) => block === "fixed"))
      mistakes.push({
        code: "reml-fixed-effect",
        where: "profile intervals: parameters",
        message: `${name} is a fixed effect, and the restricted likelihood (REML) says nothing of fixed effects.`,
        fix: "Fit by maximum likelihood (reml: false) to profile it.",
      });
    for (const match of matches) found.add(match);
  }
  return { targets: available.filter((target) => found.has(target)), mistakes };
}

function unknownParameter(entry: string | ProfileParameter, available: readonly NamedTarget[]): Mistake {
  const name = typeof entry === "string" ? entry : entry.name;
  const ofClass = typeof entry === "string" || entry.class === null ? "" : ` in class ${entry.class}`;
  const names = [...new Set(available.map((target) => target.name))];
  const near = nearestName(name, names);
  return {
    code: "unknown-parameter",
    where: "profile intervals: parameters",
    message: `There is no parameter "${name}"${ofClass}.`,
    expected: `some of ${names.join(", ")}`,
    ...(near === undefined || near === name ? {} : { fix: `Did you mean "${near}"?` }),
  };
}

function checkLevel(level: number): Mistake[] {
  return level > 0 && level < 1
    ? []
    : [
        {
          code: "bad-option",
          message: `level is ${level}.`,
          expected: "a number between 0 and 1, e.g. 0.95",
        },
      ];
}

/** Largest relative difference of the outcome's mean and spread at which data still count as those fitted. */
const SAME_DATA = 1e-9;

function checkSameData({ design, data }: Problem, result: FitResult): Mistake[] {
  const { scaling } = design.stored;
  const fitted = result.design.scaling;
  const near = (a: number, b: number): boolean =>
    Math.abs(a - b) <= SAME_DATA * Math.max(Math.abs(a), Math.abs(b), fitted.outcomeSd);
  const same =
    data.moments.nPersons === result.nPersons &&
    data.moments.nObservations === result.nObservations &&
    near(scaling.outcomeMean, fitted.outcomeMean) &&
    near(scaling.outcomeSd, fitted.outcomeSd) &&
    layoutOf(data, result.model).nParameters === result.internal.length;
  return same
    ? []
    : [
        {
          code: "other-data",
          where: "profile intervals: table",
          message: `The table gives ${data.moments.nPersons} people and ${data.moments.nObservations} scores, but not those that were fitted (${result.nPersons} people, ${result.nObservations} scores).`,
          fix: "Give the table that was fitted.",
        },
      ];
}

interface RunContext extends ProfileOptions {
  readonly runner: JobRunner;
  readonly key: string;
  /** Parts that each job divides into. */
  readonly parts: number;
}

/** Limits in pairs, lower and upper of each target; null for targets that are not defined. */
async function findLimits(
  problem: Problem,
  result: FitResult,
  targets: readonly NamedTarget[],
  level: number,
  context: RunContext,
): Promise<(LimitOutcome | null)[]> {
  const { model } = result;
  const shape = shapeOf(problem, model);
  const stored = problem.design.stored;
  const cost = problem.data.moments.nPersons * model.classes;
  const [maximum] = await runJobs<MaximumInput, MaximumOutcome>(context, "looking at the maximum", [
    { label: "maximum", task: "profileMaximum", input: { shape, x: result.internal }, cost },
  ]);
  const jobs = targets.flatMap(({ name, class: label, target, undefined: undefinedHere }) =>
    undefinedHere
      ? []
      : (["lower", "upper"] as const).map((side) => ({
          label: `${name}${label === null ? "" : ` of class ${label}`}: ${side} limit`,
          task: "profileLimit",
          input: { shape, stored, x: result.internal, maximum: maximum!, target, side, level },
          cost,
        })),
  );
  const limits = await runJobs<LimitInput, LimitOutcome>(context, "profile intervals", jobs);
  let next = 0;
  return targets.flatMap((target) => (target.undefined ? [null, null] : [limits[next++]!, limits[next++]!]));
}

async function runJobs<Input, Output>(
  { runner, key, parts, ...context }: RunContext,
  stage: string,
  jobs: readonly Omit<FitJob<Input>, "index" | "dataKey">[],
): Promise<Output[]> {
  const options = runOptions(stage, context);
  const placed = jobs.map((job, index) => ({ ...job, index, dataKey: key, parts }));
  const results = placed.length === 0 ? [] : await runner.run<Input, Output>(placed, options);
  if (results.some((value) => value === undefined))
    throw new RunFailure("cancelled", "The profile intervals were cancelled before they were finished.");
  return results as Output[];
}

function interval(
  target: NamedTarget,
  level: number,
  lower: LimitOutcome | null,
  upper: LimitOutcome | null,
): ProfileInterval {
  const trouble = lower === null || upper === null ? "not defined" : (lower.trouble ?? upper.trouble);
  // Where the fit is not the best, the limit of the other side is measured from the wrong place too.
  const isVoid = [lower?.trouble, upper?.trouble].includes("better maximum found");
  const name = isVoid ? "better maximum found" : trouble;
  return {
    name: target.name,
    class: target.class,
    estimate: target.undefined ? null : target.estimate,
    lower: isVoid ? null : (lower?.limit ?? null),
    upper: isVoid ? null : (upper?.limit ?? null),
    lowerBoundary: !isVoid && (lower?.boundary ?? false),
    upperBoundary: !isVoid && (upper?.boundary ?? false),
    level,
    reason: name === null ? null : { name, sentence: SENTENCES[name] },
  };
}
