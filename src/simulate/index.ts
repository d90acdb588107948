export { createStream, type RandomStream } from "../core/random.js";
export type { DirtCounts } from "./csv.js";
export { type SimulatedPerson, simulatePersons } from "./person.js";
export type {
  Coefficients,
  CovariateEffects,
  CovariateName,
  GrowthCurve,
  GrowthEffects,
  MeasureVariation,
  SimulatedClass,
  Variation,
} from "./population.js";
export { resolveSimulation, type Separation, type SimulationInput, type SimulationSpec } from "./spec.js";
export { type SimulatedTable, simulateTable } from "./table.js";
export { type SimulationTruth, simulationTruth } from "./truth.js";
export { type WriteOptions, type WrittenSimulation, writeSimulation } from "./write.js";
