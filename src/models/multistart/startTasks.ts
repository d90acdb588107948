import { createStream } from "../../core/random.js";
import { inverseOf } from "../fit/certificate.js";
import { constrainedStart, projected } from "../fit/constrainedStart.js";
import { checkVariances } from "../fit/degenerate.js";
import { emSteps } from "../fit/em.js";
import { freeVector, fullVector } from "../fit/freeSpace.js";
import { observedInformation } from "../fit/newton.js";
import type { Objective, Point } from "../fit/objective.js";
import { fitOneClass, oneClassStart } from "../fit/oneClass.js";
import { type QuasiNewtonResult, quasiNewton } from "../fit/quasiNewton.js";
import { splitVector } from "../fit/split.js";
import { type StartValues, startVector } from "../fit/starts.js";
import {
  type FreeLikelihood,
  freeLikelihoodOf,
  layoutOf,
  objectiveOf,
  type ProblemData,
  type ProblemShape,
} from "../likelihood.js";
import { allocateFor, largestCovarianceLast, type ParameterLayout, pack, unpackInto } from "../parameters.js";
import { residualParts, sharedByClasses } from "../residuals.js";

/** Input of the screening stage: a few EM steps from one random start. */
export interface ScreenInput {
  readonly shape: ProblemShape;
  readonly oneClass: readonly number[];
  readonly seed: number;
  readonly index: number;
  readonly iterations: number;
}

/** Input of a start made by splitting a class of the fit with one class fewer. */
export interface SplitInput {
  readonly shape: ProblemShape;
  /** Vector of that fit. */
  readonly previous: readonly number[];
  /** The class to split, from 0, and how far. */
  readonly split: number;
  readonly distance: number;
  readonly iterations: number;
}

/** Input of the second stage: a screened start carried to convergence. */
export interface ConvergeInput {
  readonly shape: ProblemShape;
  readonly x: readonly number[];
  readonly fromSplit: boolean;
  readonly grouping: number;
  readonly kind: number;
  readonly maxIterations: number;
  /** Approximate inverse information at x (free x free), where it is known: the climb then ends in a few steps. */
  readonly inverse?: readonly number[];
  /** The inverse information at the end is wanted too. */
  readonly wantsInverse?: true;
}

/** Where a start got to. */
export interface StartOutcome {
  readonly x: readonly number[];
  readonly logLikelihood: number;
  readonly converged: boolean;
  readonly iterations: number;
  readonly evaluations: number;
  /** Residual variances ran apart or to zero: the likelihood is unbounded there, so the value means nothing. */
  readonly degenerate: boolean;
  /** The scores of everybody are reproduced exactly. */
  readonly exact: boolean;
  /** Made by splitting a class of the fit with one class fewer: such starts are no independent evidence of replication. */
  readonly fromSplit: boolean;
  /** Fingerprint of the grouping of persons that the start was made of; 0 for splits. */
  readonly grouping: number;
  /** Way in which the start was made, from 0; splits are of a kind of their own. */
  readonly kind: number;
  /** Inverse information at x, what the constraints leave free; only where it was asked for. */
  readonly inverse?: readonly number[];
}

/** Input of the one-class fit that every mixture starts from. */
export interface OneClassInput {
  readonly shape: ProblemShape;
  readonly maxIterations: number;
  /** The inverse information at the maximum is wanted too. */
  readonly wantsInverse?: true;
}

/** Kind of starts that are splits of a smaller fit. */
const SPLIT_KIND = -1;

/**
 * The same model with one class, without constraints unless it has one class itself.
 * @param shape - of the model
 * @returns the shape that {@link fitGrowthCurve} fits
 */
export function oneClassShape(shape: ProblemShape): ProblemShape {
  return shape.classes === 1 ? shape : { ...unrestricted(shape), classes: 1 };
}

/**
 * Fits the same model with one class, without constraints unless it has one class itself.
 * @param data - the problem's data
 * @param input - the model
 * @returns the fit
 */
export function fitGrowthCurve(data: ProblemData, input: OneClassInput): StartOutcome {
  const shape = oneClassShape(input.shape);
  const likelihood = freeLikelihoodOf(data, shape);
  const { objective, layout, space } = likelihood;
  const start = projected(likelihood, oneClassStart(data, layout));
  const result = fitOneClass(objective, start, input.maxIterations);
  const x = fullVector(space, result.point.x);
  return {
    x: Array.from(x),
    logLikelihood: result.point.value,
    converged: result.criterion < 1e-8,
    iterations: result.iterations,
    evaluations: objective.evaluations,
    ...verdictOnVariances(data, shape, x),
    fromSplit: false,
    grouping: 0,
    kind: SPLIT_KIND,
    ...(input.wantsInverse ? { inverse: inverseAt(objective, result.point) } : {}),
  };
}

/**
 * Takes a few EM steps from a random start.
 * @param data - the problem's data
 * @param input - the model, its one-class fit, and which start
 * @returns where they led; the same for the same seed and index
 */
export function screenStart(data: ProblemData, input: ScreenInput): StartOutcome {
  const likelihood = freeLikelihoodOf(data, input.shape);
  const { layout } = likelihood;
  const oneClass = {
    x: Float64Array.from(input.oneClass),
    layout: layoutOf(data, { ...input.shape, classes: 1 }),
  };
  const start = isNested(input)
    ? nestedStart(data, layout, oneClass, input)
    : startVector(data, layout, oneClass, input.seed, input.index);
  const stream = createStream(input.seed, layout.nClasses, input.index, 1);
  const exchangeable = input.shape.restriction?.exchangeable ?? true;
  const u = constrainedStart(likelihood, start.x, exchangeable, stream, input.index);
  return screened(data, input, likelihood, u, start);
}

/**
 * Takes a few EM steps from a start made by splitting a class of the fit with one class fewer.
 * @param data - the problem's data
 * @param input - the model, that fit, and which class
 * @returns where they led
 */
export function screenSplit(data: ProblemData, input: SplitInput): StartOutcome {
  const likelihood = freeLikelihoodOf(data, input.shape);
  const { layout } = likelihood;
  const fewer = layoutOf(data, { ...input.shape, classes: input.shape.classes - 1 });
  const previous = { x: Float64Array.from(input.previous), layout: fewer };
  const start = splitVector(layout, previous, input.split, input.distance);
  return screened(data, input, likelihood, projected(likelihood, start), null);
}

function screened(
  data: ProblemData,
  { shape, iterations }: { readonly shape: ProblemShape; readonly iterations: number },
  { objective, space }: FreeLikelihood,
  start: Float64Array,
  made: StartValues | null,
): StartOutcome {
  const point = emSteps(objective, start, iterations, 1e-4);
  const x = fullVector(space, point.x);
  return {
    x: Array.from(x),
    logLikelihood: point.value,
    converged: false,
    iterations,
    evaluations: objective.evaluations,
    ...verdictOnVariances(data, shape, x),
    fromSplit: made === null,
    grouping: made?.grouping ?? 0,
    kind: made?.kind ?? SPLIT_KIND,
  };
}

/** The same model without its constraints: what starts are built with. */
function unrestricted({ restriction: _, ...shape }: ProblemShape): ProblemShape {
  return shape;
}

/** Every second group of four starts of a model whose covariances differ by class begins in the model where they do not. */
function isNested({ shape, index }: ScreenInput): boolean {
  return (shape.covariance !== "equal" || residualParts(shape.residual).byClass) && index % 8 >= 4;
}

/** A few steps with one covariance for all classes: classes form by their means before variances can run apart. */
function nestedStart(
  data: ProblemData,
  layout: ParameterLayout,
  oneClass: { readonly x: Float64Array; readonly layout: ParameterLayout },
  input: ScreenInput,
): StartValues {
  const simple = objectiveOf(data, {
    ...unrestricted(input.shape),
    covariance: "equal",
    residual: sharedByClasses(input.shape.residual),
  });
  const start = startVector(data, simple.layout, oneClass, input.seed, input.index);
  const point = emSteps(simple.objective, start.x, 2 * input.iterations, 1e-4);
  const parameters = allocateFor(simple.layout);
  unpackInto(simple.layout, point.x, parameters);
  return { ...start, x: pack(layout, parameters) };
}

/**
 * Carries a screened start to convergence.
 * @param data - the problem's data
 * @param input - the model and the start
 * @returns the maximum, or how far it came
 */
export function convergeStart(data: ProblemData, input: ConvergeInput): StartOutcome {
  const likelihood = freeLikelihoodOf(data, input.shape);
  const { objective, space } = likelihood;
  const result = climbToMaximum(data, likelihood, input);
  const x = fullVector(space, result.point.x);
  return {
    x: Array.from(x),
    logLikelihood: result.point.value,
    converged: result.converged,
    iterations: result.iterations,
    evaluations: objective.evaluations,
    ...verdictOnVariances(data, input.shape, x),
    fromSplit: input.fromSplit,
    grouping: input.grouping,
    kind: input.kind,
    ...(input.wantsInverse ? { inverse: inverseAt(objective, result.point) } : {}),
  };
}

function inverseAt(objective: Objective, point: Point): number[] {
  const { eigenvalues, directions } = observedInformation(objective, point);
  return Array.from(inverseOf(eigenvalues, directions, objective.size));
}

/** Iterations after which a climb is looked at for the first time; then after twice as many, and so on. */
const FIRST_LEG = 50;
/** The same where only occasions have variances of their own: few run beyond the bound, and ordinary climbs are over by then. */
const OCCASION_LEG = 400;

/** Expected gain per parameter at which a climb ends; with the inverse information known beforehand it can be believed earlier. */
const TOLERANCE = 1e-9;
const TOLERANCE_FROM_KNOWN = 1e-8;

/**
 * Quasi-Newton, looked at on the way: where covariances are proportional the class of the largest is made their reference (were it the
 * reference class's that shrinks to nothing, all scales would run off together, for hundreds of iterations), and a climb of class or
 * occasion variances that has left their bound is given up.
 */
function climbToMaximum(
  data: ProblemData,
  { objective, layout, space }: FreeLikelihood,
  { shape, x: given, maxIterations, inverse }: ConvergeInput,
): QuasiNewtonResult {
  let x: Float64Array = Float64Array.from(given);
  const isRelative = layout.sigmaAt > layout.scaleAt && (shape.restriction?.exchangeable ?? true);
  const { byClass, byOccasion } = residualParts(shape.residual);
  const isLookedAt = isRelative || (shape.classes > 1 && byClass);
  const longest = (leg: number): number =>
    isLookedAt ? leg : byOccasion ? Math.max(leg, OCCASION_LEG) : maxIterations;
  let iterations = 0;
  for (let leg = FIRST_LEG; ; leg *= 2) {
    const known = leg === FIRST_LEG && inverse !== undefined ? Float64Array.from(inverse) : undefined;
    // A known inverse is of these labels.
    if (isRelative && known === undefined) x = largestCovarianceLast(layout, x);
    const limit = maxIterations - iterations;
    const start = objective.evaluate(freeVector(space, x), known === undefined);
    const tolerance = known === undefined ? TOLERANCE : TOLERANCE_FROM_KNOWN;
    const result = quasiNewton(objective, start, Math.min(longest(leg), limit), tolerance, known);
    iterations += result.iterations;
    if (result.converged || result.iterations < leg || iterations >= maxIterations)
      return { ...result, iterations };
    x = fullVector(space, result.point.x);
    if (checkVariances(data, shape, x).degenerate) return { ...result, iterations };
  }
}

function verdictOnVariances(
  data: ProblemData,
  shape: ProblemShape,
  x: Float64Array,
): Pick<StartOutcome, "degenerate" | "exact"> {
  const { degenerate, exact } = checkVariances(data, shape, x);
  return { degenerate, exact };
}
