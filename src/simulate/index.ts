export type { DirtCounts } from "./csv.js";
export { type SimulatedPerson, simulatePersons } from "./person.js";
export {
  type CovariateEffects,
  type CovariateName,
  type GrowthCurve,
  type GrowthEffects,
  resolveSimulation,
  type Separation,
  type SimulatedClass,
  type SimulationInput,
  type SimulationSpec,
  type Variation,
} from "./spec.js";
export { type SimulatedTable, simulateTable } from "./table.js";
export { type SimulationTruth, simulationTruth } from "./truth.js";
export { type WriteOptions, type WrittenSimulation, writeSimulation } from "./write.js";
