import { type RatioInput, type RatioReplicate, runRatioReplicates } from "./bootstrap/likelihoodRatio.js";
import { type Replicate, type ReplicateInput, runReplicates } from "./bootstrap/replicate.js";
import { type FinishedFit, type FinishInput, finish } from "./fit/finish.js";
import {
  describeMaximum,
  type LimitInput,
  type LimitOutcome,
  type MaximumInput,
  type MaximumOutcome,
  profileLimit,
} from "./fit/profile.js";
import { clusterSumsPass, productsPass } from "./fit/scoreProducts.js";
import type { SharedData, Task } from "./jobs/job.js";
import type { PassKind, PassRegistry } from "./jobs/passes.js";
import { informationPass, likelihoodPass, type ProblemData } from "./likelihood.js";
import {
  type ConvergeInput,
  convergeStart,
  fitGrowthCurve,
  type OneClassInput,
  type ScreenInput,
  type SplitInput,
  type StartOutcome,
  screenSplit,
  screenStart,
} from "./multistart/startTasks.js";

/** Runners hand over data untyped; these tasks are only ever given what `buildProblem` made. */
function onProblem<Input, Output>(work: (data: ProblemData, input: Input) => Output): Task<never, Output> {
  return (data: SharedData, input: Input) => work(data as ProblemData, input);
}

/** Every task a worker can run, by name. */
export const tasks: Readonly<Record<string, Task<never, unknown>>> = {
  growthCurve: onProblem<OneClassInput, StartOutcome>(fitGrowthCurve),
  screen: onProblem<ScreenInput, StartOutcome>(screenStart),
  split: onProblem<SplitInput, StartOutcome>(screenSplit),
  converge: onProblem<ConvergeInput, StartOutcome>(convergeStart),
  finish: onProblem<FinishInput, FinishedFit>(finish),
  bootstrap: onProblem<ReplicateInput, Replicate[]>(runReplicates),
  bootstrapRatio: onProblem<RatioInput, RatioReplicate[]>(runRatioReplicates),
  profileMaximum: onProblem<MaximumInput, MaximumOutcome>(describeMaximum),
  profileLimit: onProblem<LimitInput, LimitOutcome>(profileLimit),
};

/** Every pass over people that threads can take together. */
export const passes: PassRegistry = byName([likelihoodPass, informationPass, productsPass, clusterSumsPass]);

function byName(kinds: readonly PassKind[]): PassRegistry {
  return Object.fromEntries(kinds.map((kind) => [kind.name, kind]));
}
