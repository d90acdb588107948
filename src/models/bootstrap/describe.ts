import { internalMeanDesign } from "../classes.js";
import { clusterWarnings, countClusters } from "../design/clusters.js";
import { latentAtom } from "../design/occasions.js";
import { parseModel } from "../design/parse.js";
import type { StoredDesign } from "../design/types.js";
import type { ClassParameters } from "../kernels/types.js";
import { reportedValues } from "../parameters/reported.js";
import { allocateFor, unpackInto } from "../parameters.js";
import type { People } from "../persons/people.js";
import type { FitResult } from "../result.js";
import type { ModelSpec } from "../spec.js";
import { DISSOLVED } from "./align.js";
import type { ReplicateFailure } from "./refit.js";
import { type BootstrapKind, isPoorMatch, type Replicate } from "./replicate.js";
import { columnOf, covarianceOfColumns, FEWEST_FOR_INTERVAL, meanOf, summarise } from "./summary.js";
import type {
  BootstrapClass,
  BootstrapResult,
  BootstrapTrajectory,
  FailedReplicates,
  ReplicateCounts,
} from "./types.js";

/** Share of replicates that failed, or whose classes did not come back, above which a caution is worth a sentence. */
const NOTEWORTHY = 0.05;

/** What the replicates say, on the user's scale. */
export type BootstrapDescription = Pick<
  BootstrapResult,
  "replicates" | "parameters" | "covariance" | "classes" | "estimates" | "warnings"
>;

/**
 * Puts replicates into numbers on the user's scale.
 * @param result - the fit
 * @param people - the fit joined to its people
 * @param replicates - those finished
 * @param requested - how many were asked for
 * @param kind - what was drawn
 * @returns errors of every parameter, class proportion and mean trajectory, and what became of the replicates
 */
export function describeBootstrap(
  result: FitResult,
  people: People,
  replicates: readonly Replicate[],
  requested: number,
  kind: BootstrapKind,
): BootstrapDescription {
  const used = replicates.filter((replicate) => replicate.failure === null);
  const parameters = used.map(({ x }) => {
    const out = allocateFor(people.layout);
    unpackInto(people.layout, x, out);
    return out;
  });
  const p = result.parameters.length;
  const estimates = new Float64Array(used.length * p);
  parameters.forEach((own, r) => {
    estimates.set(reportedValues(people.layout, people.design.stored, own), r * p);
  });
  const counts = countReplicates(replicates, used, requested);
  return {
    replicates: counts,
    parameters: result.parameters.map(({ name, block, class: label, estimate }, j) => ({
      name,
      block,
      class: label,
      ...summarise(estimate, columnOf(estimates, p, j)),
    })),
    covariance: covarianceOfColumns(estimates, p),
    classes: result.classes.map((_, k) => describeClass(result, people, used, parameters, k)),
    estimates,
    warnings: warningsOf(result, people, counts, kind),
  };
}

function countReplicates(
  replicates: readonly Replicate[],
  used: readonly Replicate[],
  requested: number,
): ReplicateCounts {
  const numbers = new Map<ReplicateFailure, number[]>();
  for (const { failure, number } of replicates)
    if (failure !== null) numbers.set(failure, [...(numbers.get(failure) ?? []), number + 1]);
  const failed: FailedReplicates[] = Array.from(numbers, ([reason, list]) => ({ reason, numbers: list }));
  return {
    requested,
    finished: replicates.length,
    used: used.length,
    failed,
    reordered: shareOf(used, (replicate) => replicate.reordered),
    poorMatch: shareOf(used, isPoorMatch),
    elsewhere: shareOf(used, (replicate) => replicate.elsewhere),
  };
}

function shareOf(used: readonly Replicate[], holds: (replicate: Replicate) => boolean): number | null {
  return used.length === 0 ? null : used.filter(holds).length / used.length;
}

function describeClass(
  result: FitResult,
  people: People,
  used: readonly Replicate[],
  parameters: readonly ClassParameters[],
  k: number,
): BootstrapClass {
  const { label, proportion } = result.classes[k]!;
  const ownProportions = Float64Array.from(used, (replicate) => replicate.proportions[k]!);
  const similarities = used.map((replicate) => replicate.similarity[k]!);
  return {
    label,
    proportion: summarise(proportion, ownProportions),
    meanTrajectory: describeTrajectory(result, people, parameters, k),
    stability: used.length === 0 ? null : meanOf(similarities),
    dissolved: shareOf(used, (replicate) => replicate.similarity[k]! < DISSOLVED),
  };
}

function describeTrajectory(
  result: FitResult,
  people: People,
  parameters: readonly ClassParameters[],
  k: number,
): BootstrapTrajectory {
  const { stored } = people.design;
  const { time, mean } = result.classes[k]!.meanTrajectory;
  const { outcomeSd, outcomeMean } = stored.scaling;
  const fitted = internalMeanDesign(result.model, stored, time);
  const curves = parameters.map((own) => {
    const rows =
      own.loadings.length === 0
        ? fitted
        : internalMeanDesign(result.model, withLoadings(stored, result.model, own.loadings), time);
    return time.map((_, t) => {
      let sum = 0;
      for (let j = 0; j < rows.length; j++) sum += own.beta[k * rows.length + j]! * rows[j]![t]!;
      return sum * outcomeSd + outcomeMean;
    });
  });
  const points = time.map((_, t) =>
    summarise(
      mean[t]!,
      Float64Array.from(curves, (curve) => curve[t]!),
    ),
  );
  return {
    time,
    mean,
    standardError: points.map((point) => point.standardError),
    lower: points.map((point) => point.lower),
    upper: points.map((point) => point.upper),
  };
}

/** The design with the loadings of a replicate in its latent time basis. */
function withLoadings(stored: StoredDesign, spec: ModelSpec, loadings: Float64Array): StoredDesign {
  const atom = latentAtom(parseModel(spec));
  if (atom === null || stored.occasions === undefined) return stored;
  const own = { occasions: stored.occasions.values, values: Array.from(loadings) };
  return { ...stored, coding: { ...stored.coding, loadings: { [atom.text]: own } } };
}

/** What a reader should know, one sentence each. */
function warningsOf(
  result: FitResult,
  people: People,
  counts: ReplicateCounts,
  kind: BootstrapKind,
): readonly string[] {
  const out: string[] = [];
  const { finished, requested, used, poorMatch, elsewhere } = counts;
  if (!result.convergence.converged)
    out.push("The fit itself did not converge, so its bootstrap describes no proper maximum.");
  if (finished < requested) out.push(`Only ${finished} of ${requested} replicates were finished.`);
  if (finished - used > NOTEWORTHY * finished)
    out.push(
      `Of ${finished} replicates, ${finished - used} gave no estimates; errors from the others may be too small.`,
    );
  if (used < FEWEST_FOR_INTERVAL)
    out.push(`Percentile intervals need at least ${FEWEST_FOR_INTERVAL} replicates; there are ${used}.`);
  if (poorMatch !== null && poorMatch > NOTEWORTHY)
    out.push(
      `In ${percent(poorMatch)} of the replicates some class of the fit has no counterpart: the classes are not stable.`,
    );
  if (elsewhere !== null && elsewhere > NOTEWORTHY)
    out.push(
      `In ${percent(elsewhere)} of the replicates a random start found a better solution than the fit's own estimates led to.`,
    );
  return [...out, ...clusterCautions(result.model.cluster, people, kind)];
}

function clusterCautions(name: string | undefined, { data }: People, kind: BootstrapKind): readonly string[] {
  if (name === undefined || data.clusters === null) return [];
  if (kind === "nonparametric") return clusterWarnings(name, countClusters(data.clusters));
  return [
    `Scores are drawn person by person, so these errors do not allow for what people of one ${name} share; draw people for that.`,
  ];
}

function percent(share: number): string {
  return `${Math.round(100 * share)}%`;
}
