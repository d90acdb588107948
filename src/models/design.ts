import type { LongTable } from "../core/table.js";
import { aliasedColumns, aliasedMembership } from "./design/aliasing.js";
import { mean, numericValues, takeValues } from "./design/columns.js";
import { type Kept, keepRows } from "./design/keepRows.js";
import { checkColumns, parseModel } from "./design/parse.js";
import { evaluateParts, type Parts } from "./design/parts.js";
import { findPersonSymbols } from "./design/persons.js";
import { chooseScaling, type KeptColumns, scaleColumns } from "./design/scaling.js";
import { checkSameColumns, type EvaluatedModel, storeDesign } from "./design/stored.js";
import type { Design, FixedColumn, StoredDesign } from "./design/types.js";
import { buildMoments, type FixedStructure, type Moments } from "./moments.js";
import type { ModelSpec } from "./spec.js";
import { type Coding, emptyCoding } from "./terms.js";

export { basisAtTimes } from "./design/basisAtTimes.js";
export type { Design, FixedColumn, Scaling, StoredDesign } from "./design/types.js";

/**
 * Builds the design of a model: which rows and people it can use, basis, person and membership columns, and moments.
 * @param table - long table
 * @param spec - the model
 * @param stored - a fitted model's design, to code new people alike (prediction); omit when fitting
 * @returns the design; rows with a missing outcome or covariate are counted, by reason, in its ledger
 * @throws InputError for unknown columns, formulas that cannot be read, nobody left
 */
export function buildDesign(table: LongTable, spec: ModelSpec, stored?: StoredDesign): Design {
  const model = parseModel(spec);
  checkColumns(table, spec, model);
  const personSymbols =
    stored === undefined ? findPersonSymbols(table, spec, model) : new Set(stored.personSymbols);
  const coding: Coding = stored?.coding ?? emptyCoding();
  const parts = evaluateParts(table, spec, model, personSymbols, coding);
  const kept = keepRows(table, spec, parts);
  return assembleDesign({ table, spec, model, parts, kept, coding, personSymbols }, stored ?? null);
}

function assembleDesign(evaluated: EvaluatedModel, stored: StoredDesign | null): Design {
  const { spec, parts, kept } = evaluated;
  if (stored !== null) checkSameColumns(stored, parts);
  const membership = chooseMembership(parts, kept, stored);
  const columns: KeptColumns = {
    outcome: takeValues(numericValues(evaluated.table, spec.outcome), kept.rows),
    basis: parts.basis.map((values) => takeValues(values, kept.rows)),
    person: parts.person.map((values) => takeValues(values, kept.persons)),
    membership: membership.columns,
  };
  const scaling = stored?.scaling ?? chooseScaling(columns, parts.fixedColumns);
  const personMeans = columns.person.map(mean);
  scaleColumns(columns, scaling);
  const moments = momentsOf(columns, parts, kept);
  const dropped = stored === null ? aliasedColumns(moments, parts.fixedColumns) : new Set(stored.dropped);
  const fixedColumns = parts.fixedColumns.filter((column) => !dropped.has(column.name));
  return {
    moments,
    fixed: structureOf(fixedColumns),
    stored:
      stored ??
      storeDesign(evaluated, {
        membershipNames: membership.names,
        fixedColumns,
        dropped: [...dropped],
        scaling,
        personMeans,
      }),
    ledger: kept.ledger,
    keptRows: kept.rows,
    keptStart: kept.start,
    keptPersons: kept.persons,
    rowBasis: columns.basis,
    personColumns: columns.person,
    warnings: stored === null ? warningsOf(evaluated, membership.aliased, [...dropped]) : [],
  };
}

/** Membership columns over the kept persons, on the user's scale. */
interface MembershipChoice {
  readonly names: readonly string[];
  readonly columns: readonly Float64Array[];
  /** Names left out because they are combinations of others. */
  readonly aliased: readonly string[];
}

/** Leaves out what is a combination of other columns, or, for new people, what was when the model was fitted. */
function chooseMembership(parts: Parts, kept: Kept, stored: StoredDesign | null): MembershipChoice {
  const columns = parts.membership.map((values) => takeValues(values, kept.persons));
  const aliased = stored === null ? aliasedMembership(columns) : [];
  const isKept = parts.membershipNames.map((name, j) =>
    stored === null ? !aliased.includes(j) : stored.membershipNames.includes(name),
  );
  return {
    names: parts.membershipNames.filter((_, j) => isKept[j]),
    columns: columns.filter((_, j) => isKept[j]),
    aliased: aliased.map((j) => parts.membershipNames[j]!),
  };
}

function momentsOf(columns: KeptColumns, parts: Parts, kept: Kept): Moments {
  return buildMoments({
    personStart: kept.start,
    personIndex: kept.persons,
    basis: columns.basis,
    outcome: columns.outcome,
    nRandom: parts.nRandom,
    person: columns.person,
    membership: columns.membership,
  });
}

function structureOf(columns: readonly FixedColumn[]): FixedStructure {
  return {
    nFixed: columns.length,
    basis: Int32Array.from(columns, (c) => c.basis),
    person: Int32Array.from(columns, (c) => c.person),
    classSpecific: Uint8Array.from(columns, (c) => (c.classSpecific ? 1 : 0)),
  };
}

function warningsOf(
  { table, spec, kept }: EvaluatedModel,
  aliasedMembership: readonly string[],
  droppedFixed: readonly string[],
): string[] {
  return [
    ...aliasedMembership.map(
      (name) => `Membership term ${name} is a combination of the others and was left out.`,
    ),
    ...droppedFixed.map(
      (name) => `${name} is constant or a combination of other terms and was left out of the fixed effects.`,
    ),
    ...farTimes(spec, takeValues(numericValues(table, spec.time), kept.rows)),
  ];
}

/** Distance from zero, in ranges, beyond which powers of time are nearly collinear with the intercept. */
const FAR_RANGES = 50;

function farTimes(spec: ModelSpec, time: Float64Array): string[] {
  let minimum = Number.POSITIVE_INFINITY;
  let maximum = Number.NEGATIVE_INFINITY;
  for (const t of time) {
    if (t < minimum) minimum = t;
    if (t > maximum) maximum = t;
  }
  const nearest = Math.min(Math.abs(minimum), Math.abs(maximum));
  if (minimum * maximum <= 0 || nearest <= FAR_RANGES * (maximum - minimum) || maximum === minimum) return [];
  return [
    `${spec.time} runs from ${minimum} to ${maximum}, far from zero, where the intercept is: estimates and standard errors lose digits. Count it from near the first session.`,
  ];
}
