/**
 * symptom-trajectories: growth-curve and latent-class trajectory models of session-by-session symptom scores.
 *
 * The way of the data: `prepare` (files to long table), `fit` or `enumerate` (models), `threeStep` and `logisticRegression`
 * (predictors), `predict` (new people), `writeReport`. `runStudy` does it all from a study file. Each layer is also a
 * subpath: importing `symptom-trajectories/models` alone loads neither DuckDB nor figures.
 */
export * from "./models/index.js";
export {
  type Cohort,
  type CovariateSpec,
  describeFile,
  type ExclusionRule,
  KNOWN_MEASURES,
  type MeasureInput,
  type MeasureSpec,
  type PrepSpec,
  type PrepSpecInput,
  prepare,
  type TimeSpec,
  type TimeUnit,
  writeLong,
  writePersons,
  writeSetAside,
} from "./prep/index.js";
export {
  buildReport,
  fitFromJson,
  fitToJson,
  type ReportInput,
  type StoredFit,
  writeReport,
} from "./report/index.js";
export {
  type SimulatedTable,
  type SimulationInput,
  simulateTable,
  writeSimulation,
} from "./simulate/index.js";
export {
  loadStudy,
  type ResolvedStudy,
  type RunStudyOptions,
  resolveStudy,
  runStudy,
  type StudyResult,
} from "./study/index.js";
export { createInlineRunner, createPool, createRunner } from "./workers/index.js";
