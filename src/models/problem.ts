import type { LongTable } from "../core/table.js";
import { type CompiledConstraints, compileConstraints } from "./constraints.js";
import { internalBasisAtTimes } from "./design/basisAtTimes.js";
import { clustersOfPersons } from "./design/clusters.js";
import type { Design } from "./design/types.js";
import { buildDesign } from "./design.js";
import { layoutOf, type ProblemData, type ProblemShape } from "./likelihood.js";
import type { ModelSpec } from "./spec.js";

/** A model joined to its data. */
export interface Problem {
  readonly spec: ModelSpec;
  readonly design: Design;
  readonly data: ProblemData;
}

/**
 * Builds the design and moments of a model.
 * @param table - long table
 * @param spec - the model; the number of classes may be lowered later, the moments do not depend on it
 * @returns the problem
 * @throws InputError as {@link buildDesign}
 */
export function buildProblem(table: LongTable, spec: ModelSpec): Problem {
  const design = buildDesign(table, spec);
  return { spec, design, data: problemData(table, spec, design) };
}

/**
 * The data of a fit as its tasks see them.
 * @param table - long table
 * @param spec - the model
 * @param design - its design on the table
 * @returns moments, structure, what orders the classes, and the clusters of people
 * @throws InputError for people with rows in several clusters
 */
export function problemData(table: LongTable, spec: ModelSpec, design: Design): ProblemData {
  const { scaling } = design.stored;
  const at = internalBasisAtTimes(spec, design.stored, [design.stored.times.lastCommon]);
  return {
    moments: design.moments,
    rows: design.rows,
    fixed: design.fixed,
    orderBasis: Float64Array.from(at, (values) => values[0]!),
    orderPerson: Float64Array.from(design.stored.personMeans, (value, j) => value / scaling.person[j]!),
    orderOccasion:
      design.rows === null || design.rows.latentBasis < 0
        ? -1
        : design.stored.occasions!.values.indexOf(design.stored.times.lastCommon),
    clusters: clustersOfPersons(table, spec.cluster, design.moments.personIndex),
  };
}

/**
 * The constraints of a model on its data.
 * @param problem - the problem
 * @param spec - the model (its number of classes may differ from the problem's)
 * @returns the constraints; null where it has none
 * @throws InputError as {@link compileConstraints}
 */
export function constraintsOf(problem: Problem, spec: ModelSpec): CompiledConstraints | null {
  return compileConstraints(spec, problem.design.stored, layoutOf(problem.data, spec));
}

/**
 * What shapes the parameter vector of a model, its constraints included: what tasks are given.
 * @param problem - the problem
 * @param spec - the model (its number of classes may differ from the problem's)
 * @returns the shape
 * @throws InputError as {@link compileConstraints}
 */
export function shapeOf(problem: Problem, spec: ModelSpec): ProblemShape {
  const compiled = constraintsOf(problem, spec);
  if (compiled === null) return spec;
  const { space, exchangeable } = compiled;
  return { ...spec, restriction: { space, exchangeable } };
}
