import type { LongTable } from "../../core/table.js";
import { internalMeanDesign, posteriorsOf } from "../classes.js";
import { layoutOf, objectiveOf, type ProblemShape } from "../likelihood.js";
import { allocateFor, unpackInto } from "../parameters.js";
import type { Problem } from "../problem.js";
import type { ClassSummary, Posteriors, RunnerUp } from "../result.js";
import type { ModelSpec } from "../spec.js";
import { adjustedRandIndex, cheapestAssignment } from "./agreement.js";
import type { StartOutcome } from "./startTasks.js";

/** Finalists within this of the best log-likelihood have found the same maximum. */
export const REPLICATION_TOLERANCE = 1e-3;

/** Finalists whose log-likelihoods differ by less than this, and whose classes have the same means, stand on one maximum. */
const SAME_VALUE = 0.01;
/** Largest difference of two class means that still counts as none, in standard deviations of the outcome. */
const SAME_MEAN = 0.02;

/** Another maximum is told of when its log-likelihood is within this of the best: a likelihood ratio of e^10. */
export const RUNNER_UP_WITHIN = 10;

/** A maximum of the likelihood and the finalists that reached it. */
export interface FoundMaximum {
  /** The best of them. */
  readonly start: StartOutcome;
  readonly finalists: readonly StartOutcome[];
}

/**
 * Counts starts by the groupings of persons that they were made of: starts of one grouping count once, and so do all splits
 * of a smaller fit, because such starts tend to take the same way.
 * @param starts - starts
 * @returns the number of independent ones
 */
export function independentStarts(starts: readonly StartOutcome[]): number {
  return new Set(starts.map((start) => (start.fromSplit ? -1 : start.grouping))).size;
}

/**
 * Sorts finalists into maxima: by log-likelihood and by the classes' mean trajectories, whatever the classes' order.
 * @param problem - the problem they are of
 * @param shape - classes and sharing
 * @param finalists - those that were not refused, best first
 * @returns the maxima, best first
 */
export function distinctMaxima(
  problem: Problem,
  shape: ProblemShape,
  finalists: readonly StartOutcome[],
): FoundMaximum[] {
  // Less than one person's worth: such a class has vanished, wherever its mean lies.
  const empty = 1 / problem.data.moments.nPersons;
  const found: { start: StartOutcome; finalists: StartOutcome[]; means: ClassMeans }[] = [];
  for (const start of finalists) {
    const means = classMeansOf(problem, shape, Float64Array.from(start.x));
    const known = found.find(
      (other) =>
        other.start.logLikelihood - start.logLikelihood < SAME_VALUE &&
        largestDifference(other.means, means, empty) < SAME_MEAN * problem.design.stored.scaling.outcomeSd,
    );
    if (known === undefined) found.push({ start, finalists: [start], means });
    else known.finalists.push(start);
  }
  return found;
}

/** Mean trajectories of classes, in order of the vector. */
interface ClassMeans {
  /** K arrays: mean at each time of the grid, user's scale, covariates at their means. */
  readonly means: readonly Float64Array[];
  /** K: probability of the class at mean covariates. */
  readonly proportions: readonly number[];
}

function classMeansOf(problem: Problem, shape: ProblemShape, x: Float64Array): ClassMeans {
  const { stored } = problem.design;
  const layout = layoutOf(problem.data, shape);
  const parameters = allocateFor(layout);
  unpackInto(layout, x, parameters);
  const { outcomeMean, outcomeSd } = stored.scaling;
  const rows = internalMeanDesign(problem.spec, stored, stored.times.grid);
  const nFixed = stored.fixedColumns.length;
  const logits = Array.from(
    { length: layout.nClasses },
    (_, k) => parameters.logits[k * layout.nMembership]!,
  );
  const largest = Math.max(...logits);
  const total = logits.reduce((sum, logit) => sum + Math.exp(logit - largest), 0);
  return {
    means: logits.map((_, k) =>
      Float64Array.from(stored.times.grid, (_time, t) => {
        let value = 0;
        for (let j = 0; j < nFixed; j++) value += parameters.beta[k * nFixed + j]! * rows[j]![t]!;
        return value * outcomeSd + outcomeMean;
      }),
    ),
    proportions: logits.map((logit) => Math.exp(logit - largest) / total),
  };
}

/** Largest difference of means of matched classes; classes of a smaller proportion than `empty` say nothing. */
function largestDifference(a: ClassMeans, b: ClassMeans, empty: number): number {
  const gap = (i: number, j: number): number =>
    a.proportions[i]! < empty && b.proportions[j]! < empty
      ? 0
      : a.means[i]!.reduce((most, value, t) => Math.max(most, Math.abs(value - b.means[j]![t]!)), 0);
  const cost = a.means.map((_, i) => b.means.map((_other, j) => gap(i, j)));
  return Math.max(...cheapestAssignment(cost).map((j, i) => cost[i]![j]!));
}

/**
 * Describes the next best maximum beside the best: classes matched by the persons they share.
 * @param table - the table fitted
 * @param problem - design and moments
 * @param spec - the model
 * @param maximum - the maximum
 * @param best - log-likelihood on the internal scale, classes and posteriors of the best
 * @returns the runner-up, its classes in the order of the best's
 */
export function describeRunnerUp(
  table: LongTable,
  problem: Problem,
  spec: ModelSpec,
  maximum: FoundMaximum,
  best: {
    readonly logLikelihood: number;
    readonly userLogLikelihood: number;
    readonly classes: readonly ClassSummary[];
    readonly posteriors: Posteriors;
  },
): RunnerUp {
  const { objective } = objectiveOf(problem.data, spec);
  const x = Float64Array.from(maximum.start.x);
  const values = new Float64Array(problem.data.moments.nPersons * spec.classes);
  objective.evaluatePosteriors(x, values);
  const posteriors = posteriorsOf(table, problem.design, values, spec.classes);
  const { means } = classMeansOf(problem, spec, x);
  const shared = sharedPersons(best.posteriors, posteriors);
  const match = cheapestAssignment(shared.map((row) => row.map((value) => -value)));
  const nPersons = posteriors.modalClass.length;
  const below = best.logLikelihood - maximum.start.logLikelihood;
  let sameClass = 0;
  for (let i = 0; i < nPersons; i++)
    if (match[best.posteriors.modalClass[i]! - 1] === posteriors.modalClass[i]! - 1) sameClass++;
  return {
    logLikelihood: best.userLogLikelihood - below,
    below,
    finalists: maximum.finalists.length,
    adjustedRandIndex: adjustedRandIndex(best.posteriors.modalClass, posteriors.modalClass),
    sameClass: sameClass / nPersons,
    classes: best.classes.map(({ label }, k) => {
      const other = match[k]!;
      let total = 0;
      let assigned = 0;
      for (let i = 0; i < nPersons; i++) {
        total += posteriors.values[i * spec.classes + other]!;
        if (posteriors.modalClass[i] === other + 1) assigned++;
      }
      return { label, proportion: total / nPersons, assigned, mean: Array.from(means[other]!) };
    }),
  };
}

/** K x K: sum over persons of the products of posterior probabilities. */
function sharedPersons(a: Posteriors, b: Posteriors): number[][] {
  const { nClasses } = a;
  const out = Array.from({ length: nClasses }, () => new Array<number>(nClasses).fill(0));
  for (let i = 0; i < a.modalClass.length; i++)
    for (let k = 0; k < nClasses; k++)
      for (let l = 0; l < nClasses; l++)
        out[k]![l]! += a.values[i * nClasses + k]! * b.values[i * nClasses + l]!;
  return out;
}
