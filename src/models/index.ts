/** Trajectory models of a long table; nothing here needs Node. */
export { InputError, type Problem as InputProblem, RunFailure } from "../core/errors.js";
export {
  type Column,
  type FactorColumn,
  type LongTable,
  type NumericColumn,
  type PersonTable,
  type RowLedger,
  type SetAsideReason,
  tableFromArrays,
} from "../core/table.js";
export type { ReplicateFailure } from "./bootstrap/refit.js";
export type { BootstrapKind } from "./bootstrap/replicate.js";
export type {
  BootstrapClass,
  BootstrapOptions,
  BootstrapParameter,
  BootstrapResult,
  BootstrapSummary,
  BootstrapTrajectory,
  FailedReplicates,
  ReplicateCounts,
} from "./bootstrap/types.js";
export { bootstrap } from "./bootstrap.js";
export {
  type BootstrapLikelihoodRatio,
  type BootstrapLikelihoodRatioOptions,
  bootstrapLikelihoodRatio,
} from "./bootstrapLikelihoodRatio.js";
export { type DiagnosticOptions, diagnose } from "./diagnostics.js";
export {
  compareFits,
  DEFAULT_SELECTION_RULE,
  type EnumerationContext,
  type EnumerationSpec,
  type EnumerationStructure,
  enumerate,
  enumerationKey,
  type KnownFits,
} from "./enumeration.js";
export type { LimitTrouble } from "./fit/profile.js";
export { type FitContext, fit } from "./fitModel.js";
export type { NestedFit } from "./inference/comparable.js";
export { likelihoodRatioTest } from "./inference/likelihoodRatio.js";
export { type NamedParameter, parameterKey } from "./inference/names.js";
export { type TermTestInput, termTests } from "./inference/termTests.js";
export type * from "./inference/types.js";
export { type Estimates, type WaldOptions, waldTest } from "./inference/wald.js";
export { type Influence, type InfluentialPerson, influence } from "./influence.js";
export type { FitJob, JobRunner, Progress, RunOptions, SharedData } from "./jobs/job.js";
export { createLocalRunner } from "./localRunner.js";
export { type LogisticOptions, logisticRegression } from "./logistic.js";
export type { DistributionShape } from "./persons/shape.js";
export { summarizeDiagnostics } from "./persons/summary.js";
export type {
  Autocorrelation,
  DiagnosticSummary,
  Diagnostics,
  EffectDiagnostics,
  Finding,
  OccasionGroup,
  OccasionResiduals,
  QuantilePlot,
  ResidualSummary,
  ResidualTrend,
} from "./persons/types.js";
export {
  type PredictedEffects,
  type PredictedTrajectories,
  type Prediction,
  type PredictOptions,
  predict,
  predictTrajectories,
} from "./predict.js";
export {
  type ProfileInterval,
  type ProfileOptions,
  type ProfileParameter,
  type ProfileReason,
  profileIntervals,
} from "./profile.js";
export type { ThreeStepCorrection } from "./regression/classification.js";
export type { StandardErrorKind } from "./regression/estimate.js";
export type { ResidualCorrelation, VarianceSharing } from "./residuals.js";
export type * from "./result.js";
export {
  type CovarianceSharing,
  DEFAULT_FIT_OPTIONS,
  type FitOptions,
  type ModelFamily,
  type ModelSpec,
  type ModelSpecInput,
  type ResidualStructure,
  resolveFitOptions,
  resolveSpec,
} from "./spec.js";
export { type ThreeStepFit, type ThreeStepOptions, threeStep } from "./threeStep.js";
