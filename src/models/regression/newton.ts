import { choleskyInPlace, choleskySolveInPlace, dot } from "../../core/linalg.js";

/** Value, gradient and minus the Hessian at a point. */
export interface SecondOrder {
  readonly logLikelihood: number;
  readonly gradient: Float64Array;
  readonly information: Float64Array;
}

/** Where Newton's method ended. */
export interface NewtonOutcome<Evaluation extends SecondOrder> {
  readonly point: Float64Array;
  readonly evaluation: Evaluation;
  /** Nothing is left to be gained; whether the maximum is a single point is for the information to say. */
  readonly converged: boolean;
  readonly iterations: number;
}

/** Of g' H^-1 g per coefficient: the likelihood still to be gained, also where a coefficient runs to infinity. */
const RELATIVE_GRADIENT = 1e-10;
const MAXIMUM_ITERATIONS = 200;
const MAXIMUM_HALVINGS = 30;

/**
 * Maximises a smooth function by Newton's method: a ridge where the curvature is not negative, halving of
 * steps that do not climb (Armijo 1966).
 * @param evaluate - value, gradient and information at a point
 * @param start - first point, not changed
 * @returns the last point reached, and whether anything is left to be gained there
 */
export function maximiseByNewton<Evaluation extends SecondOrder>(
  evaluate: (point: Float64Array) => Evaluation,
  start: Float64Array,
): NewtonOutcome<Evaluation> {
  let point: Float64Array = start.slice();
  let evaluation = evaluate(point);
  for (let iteration = 0; iteration < MAXIMUM_ITERATIONS; iteration++) {
    const direction = ascentDirection(evaluation, point.length);
    const gain = dot(evaluation.gradient, direction, point.length);
    const near = gain <= RELATIVE_GRADIENT * Math.max(1, point.length);
    if (near) {
      // One more full step squares what is left of the error; the likelihood is too flat here to test it.
      const last = point.map((value, j) => value + direction[j]!);
      return { point: last, evaluation: evaluate(last), converged: true, iterations: iteration + 1 };
    }
    const next = climb(evaluate, point, evaluation, direction, gain);
    // No step climbs any more: rounding has the last word, and the gradient decides.
    if (next === null) return { point, evaluation, converged: gain < 1e-6, iterations: iteration };
    ({ point, evaluation } = next);
  }
  return { point, evaluation, converged: false, iterations: MAXIMUM_ITERATIONS };
}

function climb<Evaluation extends SecondOrder>(
  evaluate: (point: Float64Array) => Evaluation,
  point: Float64Array,
  from: Evaluation,
  direction: Float64Array,
  gain: number,
): { point: Float64Array; evaluation: Evaluation } | null {
  let step = 1;
  for (let halving = 0; halving < MAXIMUM_HALVINGS; halving++) {
    const trial = point.map((value, j) => value + step * direction[j]!);
    const evaluation = evaluate(trial);
    if (evaluation.logLikelihood >= from.logLikelihood + 1e-4 * step * gain)
      return { point: trial, evaluation };
    step /= 2;
  }
  return null;
}

/** Solves (information + ridge) d = gradient with the smallest ridge of a growing series that allows it. */
function ascentDirection(evaluation: SecondOrder, size: number): Float64Array {
  let largest = 0;
  for (let j = 0; j < size; j++) largest = Math.max(largest, Math.abs(evaluation.information[j * size + j]!));
  for (let ridge = 0; ; ridge = ridge === 0 ? 1e-8 * (largest || 1) : ridge * 10) {
    const factor = evaluation.information.slice();
    for (let j = 0; j < size; j++) factor[j * size + j]! += ridge;
    if (!choleskyInPlace(factor, size)) {
      if (ridge > 1e10 * (largest || 1)) return new Float64Array(size);
      continue;
    }
    const direction = evaluation.gradient.slice();
    choleskySolveInPlace(factor, size, direction);
    return direction;
  }
}
