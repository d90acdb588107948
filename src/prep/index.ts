export { type ColumnDescription, describeFile, type FileDescription } from "./describe.js";
export { KNOWN_MEASURES, knownMeasure, resolveMeasure } from "./measures.js";
export { prepare } from "./prepare.js";
export { DEFAULT_MISSING, OUTCOME_NAMES, resolvePrepSpec } from "./spec.js";
export type {
  Cohort,
  CovariateSpec,
  DataSource,
  DescriptiveRow,
  ExclusionRule,
  FindingTable,
  MeasureInput,
  MeasureRole,
  MeasureSpec,
  OutcomeCount,
  PrepSpec,
  PrepSpecInput,
  SetAsideRow,
  TimeSpec,
  TimeUnit,
  YesNo,
} from "./types.js";
export { writeLong, writePersons, writeSetAside } from "./write.js";
