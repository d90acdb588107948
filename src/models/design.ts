import type { LongTable } from "../core/table.js";
import { type Alias, aliasedColumns, aliasedMembership, aliasedRandom } from "./design/aliasing.js";
import { planCentring } from "./design/centringPlan.js";
import { mean, numericValues, takeValues } from "./design/columns.js";
import { centreOfTime, evaluateModel, evaluateStored, type ModelSource } from "./design/evaluate.js";
import { farWarnings } from "./design/farTimes.js";
import { designWarnings } from "./design/identifiability.js";
import type { Kept } from "./design/keepRows.js";
import {
  buildMoments,
  type FixedStructure,
  type MomentRows,
  type MomentSource,
  type Moments,
} from "./design/moments.js";
import { latentAtom, type Occasions, occasionsOf } from "./design/occasions.js";
import { occasionWarnings } from "./design/occasionWarnings.js";
import { checkColumns, parseModel } from "./design/parse.js";
import type { Parts } from "./design/parts.js";
import { findPersonSymbols } from "./design/persons.js";
import { withRowBasis } from "./design/rowBasis.js";
import { buildRowData, type RowData } from "./design/rowData.js";
import { chooseScaling, type KeptColumns, scalePersons } from "./design/scaling.js";
import { checkSameColumns, type EvaluatedModel, storeDesign } from "./design/stored.js";
import type { Centring, Design, FixedColumn, Scaling, StoredDesign } from "./design/types.js";
import { fillRows, isPower, type UsedRows, writeOutRows } from "./design/usedRows.js";
import type { ModelSpec } from "./spec.js";

export { basisAtTimes, internalBasisAtTimes } from "./design/basisAtTimes.js";
export type { Centring, Design, FixedColumn, Scaling, StoredDesign } from "./design/types.js";

/**
 * Builds the design of a model: which rows and people it can use, basis, person and membership columns, and moments. Powers of
 * time count from the mean time wherever the model is the same from any origin.
 * @param table - long table
 * @param spec - the model
 * @param stored - a fitted model's design, to code new people alike (prediction); omit when fitting
 * @returns the design; rows with a missing outcome or covariate are counted, by reason, in its ledger
 * @throws InputError for unknown columns, formulas that cannot be read, nobody left
 */
export function buildDesign(table: LongTable, spec: ModelSpec, stored?: StoredDesign): Design {
  const model = parseModel(spec);
  checkColumns(table, spec, model);
  if (stored !== undefined) {
    const personSymbols = new Set(stored.personSymbols);
    return designOfNew(evaluateStored({ table, spec, model, personSymbols }, stored), stored);
  }
  const source = { table, spec, model, personSymbols: findPersonSymbols(table, spec, model) };
  const centred = tryDesign(source, centreOfTime(table, spec), null);
  if (centred.design !== null) return centred.design;
  return tryDesign(source, null, centred.obstacle).design!;
}

/** The design at centred time, or why the model cannot be centred; without a centre, the design with that as a warning. */
function tryDesign(
  source: ModelSource,
  centre: number | null,
  known: string | null,
): { design: Design | null; obstacle: string | null } {
  const evaluated = evaluateModel(source, centre);
  const { parts, kept } = evaluated;
  const written = planOf(evaluated, parts.fixedColumns);
  if (written.obstacle !== null) return { design: null, obstacle: written.obstacle };
  const scaled = scaleModel(evaluated);
  // A lower power may have been left out, so that the coefficients of the higher ones no longer have a way back.
  const { centring, obstacle } = planOf(evaluated, scaled.fixedColumns);
  if (obstacle !== null) return { design: null, obstacle };
  const { membership, columns, occasions, rowData, moments, aliased } = scaled;
  const stored = storeDesign(evaluated, {
    membershipNames: membership.names,
    fixedColumns: scaled.fixedColumns,
    dropped: aliased.map(({ column }) => parts.fixedColumns[column]!.name),
    scaling: scaled.scaling,
    ...(centring === null ? {} : { centring }),
    personMeans: scaled.personMeans,
    ...(occasions === null ? {} : { occasions: occasions.coding }),
  });
  const warnings = [
    ...membership.aliased.map(
      (name) => `Membership term ${name} is a combination of the others and was left out.`,
    ),
    ...designWarnings({
      spec: source.spec,
      moments,
      basisNames: parts.basisNames,
      fixedColumns: parts.fixedColumns,
      aliasedFixed: aliased,
      aliasedRandom: aliasedRandom(moments),
      scaling: scaled.scaling,
      centring: written.centring,
      minimumTime: stored.times.minimum,
      maximumTime: stored.times.maximum,
      usesTime: usesTime(evaluated),
    }),
    ...occasionWarnings(source.spec, moments, occasions),
    ...farWarnings({
      spec: source.spec,
      time: takeValues(numericValues(source.table, source.spec.time), kept.rows),
      basis: columns.used.basis,
      rows: kept.rows,
      basisNames: parts.basisNames,
      shapes: parts.shapes,
      obstacle: known,
    }),
  ];
  return { design: assemble(evaluated, columns, moments, rowData, stored, warnings), obstacle: null };
}

/** A model's columns on their scale, and which of them say something new. */
interface ScaledModel {
  readonly membership: MembershipChoice;
  readonly columns: KeptColumns;
  readonly scaling: Scaling;
  readonly personMeans: readonly number[];
  readonly occasions: Occasions | null;
  readonly moments: Moments;
  /** Null where sums over rows suffice. */
  readonly rowData: RowData | null;
  /** Fixed columns left out, as combinations of others. */
  readonly aliased: readonly Alias[];
  readonly fixedColumns: readonly FixedColumn[];
}

function scaleModel(evaluated: EvaluatedModel): ScaledModel {
  const { parts, kept } = evaluated;
  const membership = chooseMembership(parts, kept, null);
  const columns = keptColumns(evaluated, membership);
  const personMeans = columns.person.map((values) => mean(values));
  const scaling = chooseScaling(columns, parts.fixedColumns, latentBasisOf(evaluated));
  scalePersons(columns, scaling);
  const occasions = occasionsOf({ ...evaluated, basisNames: parts.basisNames }, null);
  const { moments, rowData } = compress(columns, scaling, parts, kept, occasions);
  const aliased = aliasedColumns(moments, parts.fixedColumns, lowerPowersFirst(parts));
  const out = new Set(aliased.map(({ column }) => column));
  const fixedColumns = parts.fixedColumns.filter((_, j) => !out.has(j));
  return { membership, columns, scaling, personMeans, occasions, moments, rowData, aliased, fixedColumns };
}

/** The design of new people: columns, scale and centre are those of the model fitted. */
function designOfNew(evaluated: EvaluatedModel, stored: StoredDesign): Design {
  const { parts, kept } = evaluated;
  checkSameColumns(stored, parts);
  const columns = keptColumns(evaluated, chooseMembership(parts, kept, stored));
  scalePersons(columns, stored.scaling);
  const source = { ...evaluated, basisNames: parts.basisNames };
  const occasions = occasionsOf(source, stored.occasions ?? null);
  const { moments, rowData } = compress(columns, stored.scaling, parts, kept, occasions);
  return assemble(evaluated, columns, moments, rowData, stored, []);
}

function assemble(
  { kept }: EvaluatedModel,
  columns: KeptColumns,
  moments: Moments,
  rows: RowData | null,
  stored: StoredDesign,
  warnings: readonly string[],
): Design {
  return withRowBasis({
    moments,
    rows,
    fixed: structureOf(stored.fixedColumns),
    stored,
    ledger: kept.ledger,
    used: columns.used,
    keptStart: kept.start,
    keptPersons: kept.persons,
    personColumns: columns.person,
    warnings,
  });
}

function planOf(
  { spec, parts, kept, centre }: EvaluatedModel,
  fixedColumns: readonly FixedColumn[],
): { centring: Centring | null; obstacle: string | null } {
  if (centre === null) return { centring: null, obstacle: null };
  return planCentring({
    centre,
    basisNames: parts.basisNames,
    shapes: parts.shapes,
    nRandom: parts.nRandom,
    oneClass: spec.classes === 1,
    diagonal: spec.diagonal,
    constrained: (spec.constraints ?? []).some(
      (line) => /\b(var|cov)\(/.test(line) && !/=\s*0\s*$/.test(line),
    ),
    fixedColumns,
    person: parts.person.map((values) => takeValues(values, kept.persons)),
  });
}

/** As in the formula, but lower powers of time take the places of higher ones: the lower stay, so that centring can. */
function lowerPowersFirst({ fixedColumns, shapes }: Parts): number[] {
  const power = (j: number): number => shapes[fixedColumns[j]!.basis]!.power;
  const powers = fixedColumns
    .flatMap((_, j) => (power(j) > 0 ? [j] : []))
    .sort((a, b) => power(a) - power(b));
  return fixedColumns.map((_, j) => (power(j) > 0 ? powers.shift()! : j));
}

function usesTime({ spec, model }: EvaluatedModel): boolean {
  return [model.fixed, model.random].some((formula) => formula.symbols.includes(spec.time));
}

function keptColumns(
  { table, spec, parts, kept, centre }: EvaluatedModel,
  membership: MembershipChoice,
): KeptColumns {
  return {
    used: {
      nRows: kept.rows?.length ?? table.nRows,
      rows: kept.rows,
      outcome: numericValues(table, spec.outcome),
      time: numericValues(table, spec.time),
      centre: centre ?? 0,
      basis: parts.basis,
    },
    person: takePersons(parts.person, kept),
    membership: membership.columns,
  };
}

/** Columns over the kept persons, to be scaled in place; the first, the constant, is the same for any of them. */
function takePersons([constant, ...columns]: readonly Float64Array[], { persons }: Kept): Float64Array[] {
  return [constant!.subarray(0, persons.length), ...columns.map((values) => takeValues(values, persons))];
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
  const columns = takePersons(parts.membership, kept);
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

/** Index of the basis column whose loadings are estimated; -1 without one. */
function latentBasisOf({ model, parts }: EvaluatedModel): number {
  const atom = latentAtom(model);
  return atom === null ? -1 : parts.basisNames.indexOf(atom.text);
}

/** Moments of the rows used and, for models that look at each, the rows themselves. */
function compress(
  columns: KeptColumns,
  scaling: Scaling,
  parts: Parts,
  kept: Kept,
  occasions: Occasions | null,
): { readonly moments: Moments; readonly rowData: RowData | null } {
  const { used, person, membership } = columns;
  const { nRandom } = parts;
  const people = { personStart: kept.start, personIndex: kept.persons, nRandom, person, membership };
  if (occasions === null) {
    const source: MomentSource = {
      ...people,
      nBasis: used.basis.length,
      alike: alikeColumns(used),
      rows: used.rows,
      fill: (first, end, basis, outcome) => fillRows(used, scaling, first, end, basis, outcome),
    };
    return { moments: buildMoments(source), rowData: null };
  }
  const alsoAlike = [occasions.columns.occasion, occasions.columns.lag];
  const rows: MomentRows = { ...people, ...writeOutRows(used, scaling), alsoAlike };
  const moments = buildMoments(rows);
  return { moments, rowData: buildRowData(rows, moments, occasions.columns) };
}

/** Columns from which every basis column follows: time for all its powers, nothing for the constant. */
function alikeColumns({ basis, time }: UsedRows): Float64Array[] {
  const written = basis.flatMap((column) => (isPower(column) ? [] : [column]));
  const usesTime = basis.some((column) => isPower(column) && column.power > 0);
  return usesTime ? [time, ...written] : written;
}

function structureOf(columns: readonly FixedColumn[]): FixedStructure {
  return {
    nFixed: columns.length,
    basis: Int32Array.from(columns, (c) => c.basis),
    person: Int32Array.from(columns, (c) => c.person),
    classSpecific: Uint8Array.from(columns, (c) => (c.classSpecific ? 1 : 0)),
  };
}
