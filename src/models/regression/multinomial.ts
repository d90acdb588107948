import { softmaxInto } from "../../core/distributions.js";

/**
 * A multinomial logit of a latent class that was assigned with known error. One likelihood covers them all:
 *
 *     sum_i sum_s a_is log sum_t P(t | x_i) Q_ts
 *
 * with a_is the weight with which person i was assigned to class s and Q_ts = P(assigned s | class t).
 * Three-step with the maximum-likelihood correction: a from the assignment, Q the classification table
 * (Vermunt 2010, eq. 11). No correction, and plain logistic or multinomial regression: Q = I. Bolck, Croon
 * and Hagenaars (2004): a multiplied by the inverse of the table, Q = I.
 */
export interface MultinomialProblem {
  readonly nPersons: number;
  /** Columns of the design, the intercept among them. */
  readonly nColumns: number;
  readonly nClasses: number;
  /** nPersons x nColumns, row-major. */
  readonly design: Float64Array;
  /** a_is: nPersons x nClasses, row-major; may be negative (BCH). */
  readonly assignment: Float64Array;
  /** Q_ts: nClasses x nClasses, row t the true class; null for the identity. */
  readonly table: Float64Array | null;
}

/** Value and derivatives at one point. Coefficients are class by class, the last class being the reference. */
export interface MultinomialEvaluation {
  readonly logLikelihood: number;
  /** Length (nClasses - 1) * nColumns. */
  readonly gradient: Float64Array;
  /** Minus the Hessian, square, row-major. */
  readonly information: Float64Array;
  /** Sum over persons of the outer product of their scores, the meat of the sandwich. */
  readonly scoreProducts: Float64Array;
}

/**
 * Evaluates the log-likelihood with exact first and second derivatives; one pass over the persons.
 * @param problem - data and classification table
 * @param coefficients - (nClasses - 1) x nColumns, row-major: logits against the last class
 * @returns value, gradient, observed information and score products; the value is -Infinity where some
 *   assignment has probability zero
 */
export function evaluateMultinomial(
  problem: MultinomialProblem,
  coefficients: Float64Array,
): MultinomialEvaluation {
  const { nPersons, nColumns, nClasses, design } = problem;
  const free = nClasses - 1;
  const size = free * nColumns;
  const gradient = new Float64Array(size);
  const information = new Float64Array(size * size);
  const scoreProducts = new Float64Array(size * size);
  const person = personScratch(nClasses);
  const logTable = problem.table?.map(Math.log) ?? null;
  let logLikelihood = 0;
  for (let i = 0; i < nPersons; i++) {
    const row = i * nColumns;
    for (let t = 0; t < free; t++) {
      let logit = 0;
      for (let j = 0; j < nColumns; j++) logit += coefficients[t * nColumns + j]! * design[row + j]!;
      person.logits[t] = logit;
    }
    logLikelihood += evaluatePerson(problem, logTable, i, person);
    for (let t = 0; t < free; t++) {
      const slope = person.slope[t]!;
      for (let j = 0; j < nColumns; j++) gradient[t * nColumns + j]! += slope * design[row + j]!;
      for (let u = 0; u <= t; u++) {
        const bend = person.curvature[t * nClasses + u]!;
        const product = slope * person.slope[u]!;
        for (let j = 0; j < nColumns; j++) {
          const target = (t * nColumns + j) * size + u * nColumns;
          const bendJ = bend * design[row + j]!;
          const productJ = product * design[row + j]!;
          for (let l = 0; l < nColumns; l++) {
            information[target + l]! += bendJ * design[row + l]!;
            scoreProducts[target + l]! += productJ * design[row + l]!;
          }
        }
      }
    }
  }
  mirrorLower(information, size);
  mirrorLower(scoreProducts, size);
  return { logLikelihood, gradient, information, scoreProducts };
}

interface PersonScratch {
  readonly logits: Float64Array;
  readonly logProbabilities: Float64Array;
  readonly probabilities: Float64Array;
  /** P(t | x_i, assigned s). */
  readonly given: Float64Array;
  /** Derivative by the logits. */
  readonly slope: Float64Array;
  /** Minus the second derivative by the logits, nClasses x nClasses. */
  readonly curvature: Float64Array;
}

function personScratch(nClasses: number): PersonScratch {
  const vector = (): Float64Array => new Float64Array(nClasses);
  return {
    logits: vector(),
    logProbabilities: vector(),
    probabilities: vector(),
    given: vector(),
    slope: vector(),
    curvature: new Float64Array(nClasses * nClasses),
  };
}

/** One person's log-likelihood; slope and curvature by the logits go to the scratch. */
function evaluatePerson(
  problem: MultinomialProblem,
  logTable: Float64Array | null,
  i: number,
  person: PersonScratch,
): number {
  const { nClasses, assignment } = problem;
  const { logits, logProbabilities, probabilities, given, slope, curvature } = person;
  const logSum = softmaxInto(probabilities, logits, nClasses);
  for (let t = 0; t < nClasses; t++) logProbabilities[t] = logits[t]! - logSum;
  slope.fill(0);
  curvature.fill(0);
  let value = 0;
  let totalWeight = 0;
  for (let s = 0; s < nClasses; s++) {
    const weight = assignment[i * nClasses + s]!;
    if (weight === 0) continue;
    totalWeight += weight;
    if (logTable === null) {
      // Assigned is true: P(t | assigned s) is 1 at t = s, which has no curvature of its own.
      value += weight * logProbabilities[s]!;
      slope[s]! += weight;
      continue;
    }
    for (let t = 0; t < nClasses; t++) given[t] = logProbabilities[t]! + logTable[t * nClasses + s]!;
    value += weight * softmaxInto(given, given, nClasses);
    for (let t = 0; t < nClasses; t++) {
      slope[t]! += weight * given[t]!;
      curvature[t * nClasses + t]! -= weight * given[t]!;
      for (let u = 0; u < nClasses; u++) curvature[t * nClasses + u]! += weight * given[t]! * given[u]!;
    }
  }
  for (let t = 0; t < nClasses; t++) {
    slope[t]! -= totalWeight * probabilities[t]!;
    curvature[t * nClasses + t]! += totalWeight * probabilities[t]!;
    for (let u = 0; u < nClasses; u++)
      curvature[t * nClasses + u]! -= totalWeight * probabilities[t]! * probabilities[u]!;
  }
  return value;
}

function mirrorLower(matrix: Float64Array, size: number): void {
  for (let r = 0; r < size; r++) for (let c = 0; c < r; c++) matrix[c * size + r] = matrix[r * size + c]!;
}
