import type { Column, LongTable } from "../core/table.js";
import { personId } from "./csv.js";
import { simulatePersons } from "./person.js";
import { COVARIATES } from "./population.js";
import { resolveSimulation, type SimulationInput } from "./spec.js";
import { type SimulationTruth, simulationTruth } from "./truth.js";

/** A simulated cohort in memory. */
export interface SimulatedTable {
  /** Numeric columns `session`, `week`, `phq9`, `gad7` and the covariates. */
  readonly table: LongTable;
  /** True class of each person, from 0, in the order of `truth.spec.classes`. */
  readonly classOf: Int32Array;
  readonly truth: SimulationTruth;
}

/**
 * Simulates a cohort in memory: the same people and scores as {@link writeSimulation} writes, without dirt.
 * @param input - whatever differs from the defaults of {@link resolveSimulation}
 * @returns the long table, the true classes and the true parameters
 * @throws InputError listing every value that is not allowed
 */
export function simulateTable(input: SimulationInput = {}): SimulatedTable {
  const spec = resolveSimulation(input);
  const truth = simulationTruth(spec);
  const { nPersons } = spec;
  const classOf = new Int32Array(nPersons);
  const personStart = new Int32Array(nPersons + 1);
  const personIds: string[] = [];
  const names = ["session", "week", "phq9", "gad7", ...COVARIATES];
  const columns = names.map(() => new GrowingColumn(nPersons * 8));
  for (const person of simulatePersons(truth)) {
    const { index, nRows } = person;
    classOf[index] = person.classIndex;
    personIds.push(personId(index));
    personStart[index + 1] = personStart[index]! + nRows;
    const sources = [person.session, person.week, person.phq9, person.gad7];
    for (const [c, source] of sources.entries()) for (let r = 0; r < nRows; r++) columns[c]!.push(source[r]!);
    for (const [c, value] of person.covariates.entries())
      for (let r = 0; r < nRows; r++) columns[sources.length + c]!.push(value);
  }
  const nRows = personStart[nPersons]!;
  const built = new Map<string, Column>();
  for (const [c, name] of names.entries())
    built.set(name, { kind: "numeric", values: columns[c]!.finished() });
  return { table: { nRows, nPersons, personIds, personStart, columns: built }, classOf, truth };
}

/** Numbers whose count is not known beforehand. */
class GrowingColumn {
  private values: Float64Array;
  private length = 0;

  constructor(capacity: number) {
    this.values = new Float64Array(capacity);
  }

  push(value: number): void {
    if (this.length === this.values.length) {
      const larger = new Float64Array(Math.ceil(this.length * 1.5) + 16);
      larger.set(this.values);
      this.values = larger;
    }
    this.values[this.length++] = value;
  }

  finished(): Float64Array {
    return this.values.slice(0, this.length);
  }
}
