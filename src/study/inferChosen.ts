import { formatProblem, InputError, type Problem } from "../core/errors.js";
import type { WaldTest } from "../models/inference/types.js";
import type { JobRunner } from "../models/jobs/job.js";
import { buildProblem, constraintsOf } from "../models/problem.js";
import type { FitResult } from "../models/result.js";
import type { ModelSpec } from "../models/spec.js";
import type { Cohort } from "../prep/types.js";
import type { FurtherInference } from "../report/input.js";
import { modelsOf } from "./compare.js";
import { fitContext, fitKey, type Run, stopIfCancelled } from "./context.js";
import {
  asksForInference,
  furtherInference,
  hypothesisProblems,
  type InferenceRequest,
  NO_INFERENCE,
  testHypotheses,
} from "./inference.js";
import { writeInference } from "./inferenceFiles.js";
import { rememberingRunner } from "./rememberingRunner.js";
import type { ResolvedStudy } from "./resolve.js";

/**
 * Refuses what would be refused only after the comparison of models, which may take long: a growth curve that does not suit the
 * data, structures that do not, and hypotheses about parameters that no model of the study has.
 * @param run - the run
 * @param cohort - the prepared data
 * @throws InputError for the growth curve and the structures together, or with every hypothesis
 */
export function checkBeforeFitting({ study }: Run, cohort: Cohort): void {
  const problems = [
    ...(study.growth === null ? [] : problemsOf(cohort, study.growth, "growth")),
    ...largestModels(study).flatMap(({ name, spec }) => problemsOf(cohort, spec, `models.${name}`)),
  ];
  if (problems.length > 0) throw new InputError(problems);
  if (study.inference.tests.length === 0) return;
  const { choose } = study;
  const models = choose === null ? modelsOf(study) : [{ structure: choose.model, classes: choose.classes }];
  const specs = models.map(({ structure, classes }): ModelSpec => {
    const { spec } = study.structures.find(({ name }) => name === structure)!;
    return { ...spec, classes };
  });
  const mistakes = hypothesisProblems(cohort.long, specs, study.inference.tests);
  if (mistakes.length > 0) throw new InputError(mistakes.map((each) => within(each, "inference.tests")));
}

/** Each structure with the most classes that are asked of it. */
function largestModels(study: ResolvedStudy): { readonly name: string; readonly spec: ModelSpec }[] {
  return study.structures.map(({ name, spec }) => ({
    name,
    spec: { ...spec, classes: study.classes.to },
  }));
}

/** What of a model does not suit the data. */
function problemsOf(cohort: Cohort, spec: ModelSpec, place: string): Problem[] {
  try {
    constraintsOf(buildProblem(cohort.long, spec), spec);
    return [];
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return error.problems.map((problem) => within(problem, place));
  }
}

function within(problem: Problem, place: string): Problem {
  return { ...problem, where: problem.where === undefined ? place : `${place}: ${problem.where}` };
}

/**
 * Does what the study asks of its chosen model beyond standard errors, and writes it to files. Profile intervals and the
 * bootstrap are kept in the output folder each as soon as they are done, and found again; of a cancelled one, the jobs finished.
 * @param run - the run
 * @param cohort - the prepared data
 * @param chosen - the chosen model
 * @returns what was done; null where nothing is asked for
 * @throws RunFailure `cancelled`
 */
export async function inferChosen(
  run: Run,
  cohort: Cohort,
  chosen: FitResult,
): Promise<FurtherInference | null> {
  const { study, finished } = run;
  const request = study.inference;
  if (!asksForInference(request)) return null;
  const begun = performance.now();
  const tests = request.tests.length === 0 ? {} : { tests: testChosen(run, chosen) };
  const profiled = await keptOrDone(run, cohort, chosen, { ...NO_INFERENCE, profile: request.profile });
  const drawn = await keptOrDone(run, cohort, chosen, {
    ...request,
    profile: false,
    tests: [],
    robust: false,
  });
  const inference = { ...tests, ...profiled.inference, ...drawn.inference };
  finished.files.push(...(await writeInference(inference, study.output)));
  finished.stages.push({
    name: "intervals and tests of the chosen model",
    seconds: (performance.now() - begun) / 1000,
    reused: profiled.reused + drawn.reused,
    fitted: profiled.done + drawn.done,
  });
  return inference;
}

/** A hypothesis about parameters that the chosen model does not have is a warning: what was fitted is not thrown away for it. */
function testChosen({ study, finished }: Run, chosen: FitResult): readonly WaldTest[] {
  const { tests, problems } = testHypotheses(chosen, study.inference);
  for (const problem of problems)
    finished.warnings.push(`Not tested in the chosen model: ${formatProblem(problem)}`);
  return tests;
}

interface Part {
  readonly inference: FurtherInference;
  /** 1 where it was taken over from an earlier run; 1 where it was done now. */
  readonly reused: number;
  readonly done: number;
}

async function keptOrDone(
  run: Run,
  cohort: Cohort,
  chosen: FitResult,
  request: InferenceRequest,
): Promise<Part> {
  if (!asksForInference(request)) return { inference: {}, reused: 0, done: 0 };
  stopIfCancelled(run);
  // The free vector stands for the fit: two maxima of one model have intervals of their own.
  const key = await fitKey(run, cohort, { model: chosen.model, internal: chosen.internal, request });
  const kept = await run.cache.get<FurtherInference>(key);
  if (kept !== undefined) {
    const words = request.profile ? "profile intervals" : "bootstrap";
    run.options.onNote?.(
      `${words}: taken over from an earlier run with the same data, settings and program.`,
    );
    return { inference: kept, reused: 1, done: 0 };
  }
  const inference = await withMemory(run, `${key}-jobs`, (runner) =>
    furtherInference(cohort.long, chosen, request, { ...fitContext(run, "chosen model"), runner }),
  );
  await run.cache.put(key, inference);
  return { inference, reused: 0, done: 1 };
}

/** Does the work with a runner that knows the jobs a cancelled run has finished, and keeps those of this one if it is cancelled. */
async function withMemory<T>(run: Run, key: string, work: (runner: JobRunner) => Promise<T>): Promise<T> {
  const known = (await run.cache.get<Map<string, unknown>>(key)) ?? new Map<string, unknown>();
  const before = known.size;
  let finished = false;
  try {
    const result = await work(rememberingRunner(run.runner, known));
    stopIfCancelled(run);
    finished = true;
    return result;
  } finally {
    // What is kept whole needs no parts.
    if (finished ? before > 0 : known.size > before) await run.cache.put(key, finished ? new Map() : known);
  }
}
