import { InputError, type Problem, unknownKeys } from "../core/errors.js";
import { RESIDUAL_STRUCTURES, type ResidualStructure, readResidualStructure } from "./residuals.js";

export type { ResidualStructure } from "./residuals.js";

/** How the random-effect covariance D is shared by the classes: one D, one D times a scale, or one each. */
export type CovarianceSharing = "equal" | "proportional" | "free";

/** A trajectory model as a user writes it; every default is filled by {@link resolveSpec}. */
export interface ModelSpec {
  /** Name of the outcome column, e.g. `phq9`. */
  readonly outcome: string;
  /** Name of the time column. Terms that depend on it (alone) form the time basis. */
  readonly time: string;
  /** Fixed effects, e.g. `1 + month + month^2 + grp * month`. */
  readonly fixed: string;
  /** Random effects, e.g. `1 + month`; `0` for none (with classes > 1: latent class growth analysis). */
  readonly random: string;
  /** Number of latent classes, at least 1. */
  readonly classes: number;
  /** Terms whose coefficients differ by class; default: the fixed terms made of time alone. */
  readonly classSpecific?: string;
  /** Covariates of class membership (person-level), e.g. `age + female`; default: none. */
  readonly membership: string;
  readonly residual: ResidualStructure;
  /**
   * Column that numbers the occasions, for residual variances by occasion and the lags of AR(1); default: the time
   * column.
   */
  readonly occasion?: string;
  readonly covariance: CovarianceSharing;
  /** Random effects uncorrelated. */
  readonly diagonal: boolean;
  /** Restricted maximum likelihood; one class only. */
  readonly reml: boolean;
  /**
   * Column with the cluster of each person (service, therapist): robust standard errors then allow for what people of
   * a cluster share. Estimates do not change. Default: every person on their own.
   */
  readonly cluster?: string;
  /**
   * Parameters fixed at a value or set equal, by the names that results report, the class after an @: `month@1 = 0`,
   * `month@1 = month@2`, `residual sd = 3`, `var(month) = 0`, `membership: age@1 = 0`. Default: none.
   */
  readonly constraints?: readonly string[];
  /** Degree of the polynomial in time of each class, e.g. `[2, 1, 0]`: the higher powers are 0 in it. Default: all. */
  readonly orders?: readonly number[];
}

/** What a caller must give; the rest has defaults. */
export type ModelSpecInput = Pick<ModelSpec, "outcome" | "time"> & Partial<ModelSpec>;

const SPEC_KEYS: readonly (keyof ModelSpec)[] = [
  "outcome",
  "time",
  "fixed",
  "random",
  "classes",
  "classSpecific",
  "membership",
  "residual",
  "occasion",
  "covariance",
  "diagonal",
  "reml",
  "cluster",
  "constraints",
  "orders",
];

/** The usual name of a model, by its structure. */
export type ModelFamily = "growth curve" | "latent class growth analysis" | "growth mixture model";

/**
 * The usual name of a model's structure.
 * @param spec - the model
 * @param nRandom - number of random effects in its design
 * @returns its family
 */
export function familyOf(spec: Pick<ModelSpec, "classes" | "random">, nRandom: number): ModelFamily {
  if (spec.classes === 1) return "growth curve";
  return nRandom === 0 ? "latent class growth analysis" : "growth mixture model";
}

/** How starts are drawn and when a fit stops. Every default is filled by {@link resolveFitOptions}. */
export interface FitOptions {
  /** Random starts screened for a few iterations. */
  readonly startsInitial: number;
  /** The best of them, carried to convergence. */
  readonly startsFinal: number;
  /** EM iterations of the screening stage. */
  readonly screeningIterations: number;
  /** Seed of every random stream. */
  readonly seed: number;
  /** Iteration limit of one fit, EM and quasi-Newton steps together. */
  readonly maxIterations: number;
  /** Relative gradient criterion g' H^-1 g / nParameters below which a fit has converged. */
  readonly gradientTolerance: number;
}

/** Default options: 100 starts screened, 20 carried to convergence, seed 1. */
export const DEFAULT_FIT_OPTIONS: FitOptions = {
  startsInitial: 100,
  startsFinal: 20,
  screeningIterations: 12,
  seed: 1,
  maxIterations: 2000,
  gradientTolerance: 1e-8,
};

/**
 * Fills the defaults of a model specification and checks it, reporting every mistake at once.
 * @param input - the outcome, the time column and whatever else differs from the defaults
 *   (`fixed`: `1 + time`; `random`: `1`; one class; D unstructured and equal; one residual variance; ML)
 * @returns the complete specification
 * @throws InputError listing every value that is not allowed
 */
export function resolveSpec(input: ModelSpecInput): ModelSpec {
  const spec: ModelSpec = {
    outcome: input.outcome,
    time: input.time,
    fixed: input.fixed ?? `1 + ${input.time}`,
    random: input.random ?? "1",
    classes: input.classes ?? 1,
    ...(input.classSpecific === undefined ? {} : { classSpecific: input.classSpecific }),
    membership: input.membership ?? "1",
    residual:
      input.residual === undefined ? "common" : (readResidualStructure(input.residual) ?? input.residual),
    ...(input.occasion === undefined ? {} : { occasion: input.occasion }),
    covariance: input.covariance ?? "equal",
    diagonal: input.diagonal ?? false,
    reml: input.reml ?? false,
    ...(input.cluster === undefined ? {} : { cluster: input.cluster }),
    ...(input.constraints === undefined ? {} : { constraints: input.constraints }),
    ...(input.orders === undefined ? {} : { orders: input.orders }),
  };
  const problems: Problem[] = unknownKeys(input, SPEC_KEYS, "model");
  for (const name of ["outcome", "time", "fixed", "random", "membership"] as const)
    if (typeof spec[name] !== "string")
      problems.push({
        code: "bad-text",
        where: `model: ${name}`,
        message: `It is ${String(spec[name])}.`,
        expected: name === "outcome" || name === "time" ? "the name of a column" : "a formula as text",
      });
  if (!Number.isInteger(spec.classes) || spec.classes < 1 || spec.classes > 50)
    problems.push({
      code: "bad-class-count",
      message: `classes is ${spec.classes}.`,
      expected: "a whole number from 1 to 50",
    });
  checkChoice(problems, "residual", spec.residual, RESIDUAL_STRUCTURES);
  checkChoice(problems, "covariance", spec.covariance, ["equal", "proportional", "free"]);
  if (spec.cluster !== undefined && typeof spec.cluster !== "string")
    problems.push({
      code: "bad-text",
      where: "model: cluster",
      message: `It is ${String(spec.cluster)}.`,
      expected: "the name of a column",
    });
  if (spec.reml && spec.cluster !== undefined)
    problems.push({
      code: "reml-with-clusters",
      message: "Cluster-robust standard errors are those of maximum likelihood, not of REML.",
      fix: "Leave out reml or cluster.",
    });
  if (spec.reml && spec.classes > 1)
    problems.push({
      code: "reml-with-classes",
      message: "REML is defined for one class only.",
      fix: "Leave reml out, or set classes to 1.",
    });
  checkConstraintTypes(problems, spec);
  if (problems.length > 0) throw new InputError(problems);
  return spec;
}

/** What constraints say is checked when the model's parameters are known. */
function checkConstraintTypes(problems: Problem[], { constraints, orders }: ModelSpec): void {
  if (
    constraints !== undefined &&
    !(Array.isArray(constraints) && constraints.every((line) => typeof line === "string"))
  )
    problems.push({
      code: "bad-constraints",
      where: "model: constraints",
      message: `They are ${JSON.stringify(constraints)}.`,
      expected: 'a list of texts such as "month@2 = 0"',
    });
  if (
    orders !== undefined &&
    !(Array.isArray(orders) && orders.every((order) => Number.isInteger(order) && order >= 0))
  )
    problems.push({
      code: "bad-orders",
      where: "model: orders",
      message: `They are ${JSON.stringify(orders)}.`,
      expected: "one whole number of at least 0 per class, e.g. [2, 1, 0]",
    });
}

/**
 * Fills the defaults of the fitting options and checks them.
 * @param input - whatever differs from {@link DEFAULT_FIT_OPTIONS}
 * @returns the complete options
 * @throws InputError listing every value that is not allowed
 */
export function resolveFitOptions(input: Partial<FitOptions> = {}): FitOptions {
  const options = { ...DEFAULT_FIT_OPTIONS, ...input };
  const problems: Problem[] = unknownKeys(input, Object.keys(DEFAULT_FIT_OPTIONS), "fitting options");
  for (const name of ["startsInitial", "startsFinal", "screeningIterations", "maxIterations"] as const)
    if (!Number.isInteger(options[name]) || options[name] < 1)
      problems.push({
        code: "bad-option",
        message: `${name} is ${options[name]}.`,
        expected: "a whole number of at least 1",
      });
  if (!Number.isSafeInteger(options.seed))
    problems.push({ code: "bad-option", message: `seed is ${options.seed}.`, expected: "a whole number" });
  if (!(options.gradientTolerance > 0))
    problems.push({
      code: "bad-option",
      message: `gradientTolerance is ${options.gradientTolerance}.`,
      expected: "a number above 0",
    });
  if (
    problems.length === 0 &&
    input.startsInitial !== undefined &&
    input.startsFinal !== undefined &&
    input.startsFinal > input.startsInitial
  )
    problems.push({
      code: "bad-option",
      message: `startsFinal is ${input.startsFinal}, startsInitial ${input.startsInitial}.`,
      expected: "no more starts carried to convergence than are screened",
    });
  if (problems.length > 0) throw new InputError(problems);
  return { ...options, startsFinal: Math.min(options.startsFinal, options.startsInitial) };
}

function checkChoice(problems: Problem[], name: string, value: string, allowed: readonly string[]): void {
  if (!allowed.includes(value))
    problems.push({
      code: "bad-choice",
      message: `${name} is "${value}".`,
      expected: `one of ${allowed.join(", ")}`,
    });
}
