import { observedLayout } from "../kernels/observed.js";
import { allocateEvaluation, type ClassParameters, type Evaluation, type Kernel } from "../kernels/types.js";
import { pullGradientInto, pullInformationInto } from "../parameters/chainRule.js";
import { pullObserved } from "../parameters/observed.js";
import { allocateFor, innovationVariances, type ParameterLayout, unpackInto } from "../parameters.js";

/**
 * Smallest residual variance looked at, on the internal scale (outcome variance 1): below it the sums of squares that the
 * kernels subtract are rounding, and a model that wants less reproduces the scores exactly.
 */
const SMALLEST_VARIANCE = 1e-10;
/** Largest residual variance (every class's) at which a model counts as reproducing the scores exactly. */
export const EXACT_FIT_VARIANCE = 1e-8;

/** Largest residual variance looked at: what nobody's scores speak of (a class at an occasion) would run off to infinity. */
const LARGEST_VARIANCE = 1e6;
/** Value and derivatives of a log-likelihood at one point. */
export interface Point {
  readonly x: Float64Array;
  readonly value: number;
  readonly gradient: Float64Array;
  /** Complete-data information, nParameters^2; null unless asked for. */
  readonly information: Float64Array | null;
  /** The scores are reproduced exactly, so that the likelihood has no maximum to climb to. */
  readonly exactFit: boolean;
}

/** A log-likelihood of a free vector; owns its scratch, so one objective serves one thread. */
export interface Objective {
  readonly size: number;
  /**
   * Entries of x that only count squared (standard deviations of random effects, given those before them): at zero the complete data
   * know nothing of them.
   */
  readonly squared: readonly number[];
  /** Entries of x that are entries of factors of D, the squared ones among them: all in standard deviations of the scores. */
  readonly deviations: readonly number[];
  /** Evaluations so far. */
  readonly evaluations: number;
  /** Log-likelihood and exact gradient at x, with the complete-data information on request. */
  evaluate(x: Float64Array, information: boolean): Point;
  /**
   * Exact observed information at x (size x size); null where the model has none in closed form, or it is not finite. Left out by objectives
   * that are not a log-likelihood alone.
   */
  readonly observed?: ((x: Float64Array) => Float64Array | null) | undefined;
  /** As evaluate, also filling posteriors (nPersons x K, order of the moments). */
  evaluatePosteriors(x: Float64Array, posteriors: Float64Array): Point;
  /** The evaluation buffers of the last call, for those who need class weights. */
  readonly last: Evaluation;
  readonly parameters: ClassParameters;
}

/**
 * Joins a kernel and a layout into a function of a free vector.
 * @param kernel - the likelihood
 * @param layout - vector to parameters
 * @returns the objective; a point where the likelihood does not exist has value -Infinity
 */
export function createObjective(kernel: Kernel, layout: ParameterLayout): Objective {
  const parameters = allocateFor(layout);
  const last = allocateEvaluation(layout);
  const size = layout.nParameters;
  let evaluations = 0;
  let lastX: Float64Array | null = null;
  const evaluate = (x: Float64Array, information: boolean, posteriors?: Float64Array): Point => {
    evaluations++;
    lastX = x.slice();
    unpackInto(layout, x, parameters);
    kernel.evaluate(
      parameters,
      last,
      posteriors === undefined ? { information } : { information, posteriors },
    );
    const gradient = new Float64Array(size);
    pullGradientInto(layout, parameters, last, gradient);
    let matrix: Float64Array | null = null;
    if (information) {
      matrix = new Float64Array(size * size);
      pullInformationInto(layout, parameters, last, matrix);
    }
    const finite =
      Number.isFinite(last.logLikelihood) &&
      gradient.every(Number.isFinite) &&
      everyVariance(
        layout,
        parameters,
        (variance) => variance >= SMALLEST_VARIANCE && variance <= LARGEST_VARIANCE,
      );
    return {
      x: lastX,
      value: finite ? last.logLikelihood : Number.NEGATIVE_INFINITY,
      gradient,
      information: matrix,
      exactFit: everyVariance(layout, parameters, (variance) => variance <= EXACT_FIT_VARIANCE),
    };
  };
  const { addObserved } = kernel;
  const observed = (x: Float64Array): Float64Array | null => {
    if (addObserved === undefined) return null;
    // Gradients of the same point take part; most often it is the one just evaluated.
    if (!lastX?.every((value, i) => value === x[i])) evaluate(x, false);
    evaluations++;
    const matrix = new Float64Array(observedLayout(layout).size ** 2);
    addObserved(parameters, matrix);
    const out = pullObserved(layout, parameters, last, matrix);
    return out.every(Number.isFinite) ? out : null;
  };
  return {
    size,
    squared: squaredEntries(layout),
    deviations: Array.from({ length: layout.scaleAt - layout.factorAt }, (_, e) => layout.factorAt + e),
    get evaluations() {
      return evaluations;
    },
    evaluate: (x, information) => evaluate(x, information),
    observed,
    evaluatePosteriors: (x, posteriors) => evaluate(x, false, posteriors),
    last,
    parameters,
  };
}

/** Whether every residual variance passes a test. */
function everyVariance(
  layout: ParameterLayout,
  parameters: ClassParameters,
  passes: (variance: number) => boolean,
): boolean {
  return innovationVariances(layout, parameters).every(passes);
}

/** Positions of the diagonals of the factors of D. */
function squaredEntries(layout: ParameterLayout): number[] {
  const nEntries = layout.factorRow.length;
  return Array.from({ length: layout.nFactors * nEntries }, (_, i) => i).flatMap((i) =>
    layout.factorRow[i % nEntries] === layout.factorColumn[i % nEntries] ? [layout.factorAt + i] : [],
  );
}
