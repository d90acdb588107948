import { InputError, type Problem } from "../core/errors.js";
import type { LongTable } from "../core/table.js";
import type { BootstrapKind } from "../models/bootstrap/replicate.js";
import { bootstrap } from "../models/bootstrap.js";
import type { FitContext } from "../models/fitModel.js";
import { parseContrasts } from "../models/inference/contrastText.js";
import type { NamedParameter } from "../models/inference/names.js";
import type { WaldTest } from "../models/inference/types.js";
import { waldTest } from "../models/inference/wald.js";
import { influence } from "../models/influence.js";
import { layoutOf } from "../models/likelihood.js";
import { reportedParameters } from "../models/parameters/reported.js";
import { buildProblem } from "../models/problem.js";
import { type ProfileInterval, profileIntervals } from "../models/profile.js";
import type { FitResult } from "../models/result.js";
import type { ModelSpec } from "../models/spec.js";
import type { FurtherInference } from "../report/input.js";

/** What is asked of a fit beyond its own standard errors. Plain JSON. */
export interface InferenceRequest {
  /** Profile-likelihood intervals of variances, correlations and residual parameters. */
  readonly profile: boolean;
  /** Bootstrap replicates; 0 for none. */
  readonly bootstrap: number;
  readonly bootstrapKind: BootstrapKind;
  /** Linear hypotheses, each tested by itself, e.g. `month@1 = month@2`. */
  readonly tests: readonly string[];
  /** Tests by the robust covariance of the estimates (cluster-robust where the model has clusters). */
  readonly robust: boolean;
  /** How many of the most influential people to list; 0 for none. */
  readonly influence: number;
}

/** Asked for nothing. */
export const NO_INFERENCE: InferenceRequest = {
  profile: false,
  bootstrap: 0,
  bootstrapKind: "nonparametric",
  tests: [],
  robust: false,
  influence: 0,
};

/**
 * Tells whether anything is asked for.
 * @param request - the request
 * @returns true when there is something to do
 */
export function asksForInference(request: InferenceRequest): boolean {
  const { profile, bootstrap: replicates, tests, influence: listed } = request;
  return profile || replicates > 0 || tests.length > 0 || listed > 0;
}

/**
 * Does what is asked of a fit: tests first, which cost nothing, the bootstrap last.
 * @param table - the long table that was fitted
 * @param fit - the fit
 * @param request - what is asked for
 * @param context - where it runs; the signal cancels it
 * @returns what is finished; after a cancellation profile intervals are absent, and a bootstrap has the replicates finished by then
 * @throws InputError for hypotheses that cannot be read, influence under REML, and where the table is not the one fitted
 */
export async function furtherInference(
  table: LongTable,
  fit: FitResult,
  request: InferenceRequest,
  context: FitContext = {},
): Promise<FurtherInference> {
  const tests = request.tests.length === 0 ? {} : { tests: testAll(fit, request) };
  const weights = request.influence === 0 ? {} : { influence: influence(fit, table, request.influence) };
  const quick = { ...tests, ...weights };
  const profiled = request.profile ? await profileOrNothing(table, fit, context) : undefined;
  const done = profiled === undefined ? quick : { ...quick, profileIntervals: profiled };
  if (request.bootstrap === 0 || context.signal?.aborted === true) return done;
  const options = { ...context, replicates: request.bootstrap, kind: request.bootstrapKind };
  return { ...done, bootstrap: await bootstrap(table, fit, options) };
}

/** Undefined where the run was cancelled meanwhile. */
async function profileOrNothing(
  table: LongTable,
  fit: FitResult,
  context: FitContext,
): Promise<readonly ProfileInterval[] | undefined> {
  try {
    return await profileIntervals(table, fit, context);
  } catch (error) {
    if (context.signal?.aborted === true && !(error instanceof InputError)) return undefined;
    throw error;
  }
}

function testAll(fit: FitResult, request: InferenceRequest): WaldTest[] {
  const { tests, problems } = testHypotheses(fit, request);
  if (problems.length > 0) throw new InputError(problems);
  return tests;
}

/**
 * Tests hypotheses, each by itself.
 * @param fit - the fit
 * @param request - the hypotheses as text, and whether they are tested by robust errors
 * @returns the tests of those that can be read, and what is wrong with the others
 */
export function testHypotheses(
  fit: FitResult,
  { tests: hypotheses, robust }: Pick<InferenceRequest, "tests" | "robust">,
): { readonly tests: WaldTest[]; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const options = robust ? { covariance: "robust" as const } : {};
  const tests = hypotheses.flatMap(
    (text) => orProblems(problems, () => [waldTest(fit, text, options)]) ?? [],
  );
  return { tests, problems };
}

/**
 * What is wrong with hypotheses about some models, before any is fitted.
 * @param table - the long table
 * @param specs - the models
 * @param hypotheses - as text
 * @returns mistakes in every hypothesis that none of the models can read; empty where there is no such one
 * @throws InputError for a model or table that cannot be used
 */
export function hypothesisProblems(
  table: LongTable,
  specs: readonly ModelSpec[],
  hypotheses: readonly string[],
): readonly Problem[] {
  if (hypotheses.length === 0) return [];
  const models = specs.map((spec) => parametersOf(table, spec));
  return hypotheses.flatMap((text) => {
    const found = models.map((parameters) => {
      const problems: Problem[] = [];
      orProblems(problems, () => parseContrasts(text, parameters));
      return problems;
    });
    // What the last one says, which has the most classes.
    return found.some((problems) => problems.length === 0) ? [] : (found.at(-1) ?? []);
  });
}

/** The parameters that a fit of the model reports. */
function parametersOf(table: LongTable, spec: ModelSpec): readonly NamedParameter[] {
  const { data, design } = buildProblem(table, spec);
  return reportedParameters(layoutOf(data, spec), design.stored);
}

function orProblems<T>(problems: Problem[], work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    problems.push(...error.problems);
    return undefined;
  }
}
