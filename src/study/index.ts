/** Studies: from a study file to a report folder. */
export { draftStudy, type StudyDraft } from "./draft.js";
export { furtherInference, type InferenceRequest } from "./inference.js";
export { studyTemplate } from "./init.js";
export { type LoadedStudy, loadStudy, parseStudy } from "./load.js";
export type { Manifest, StageRecord } from "./manifest.js";
export { type ResolvedStructure, type ResolvedStudy, resolveStudy, type StudyOverrides } from "./resolve.js";
export { type RunStudyOptions, runStudy, type StudyResult } from "./run.js";
export type {
  CovariateSection,
  DataSection,
  EnumerationSection,
  ExclusionSection,
  GrowthSection,
  InferenceSection,
  MeasureSection,
  ModelSection,
  PredictorsSection,
  SessionsSection,
  StudyFile,
  TimeSection,
} from "./schema.js";
export type { Starts } from "./starts.js";
