import { InputError } from "../../core/errors.js";
import type { LongTable } from "../../core/table.js";
import { type Atom, type Formula, type Term, termKey } from "../formula.js";
import type { ModelSpec } from "../spec.js";
import { type AtomColumns, type Coding, evaluateAtom, type FullDummies, fullDummies } from "../terms.js";
import {
  atomShapes,
  CONSTANT_SHAPE,
  evaluateTimedAtom,
  multiplyShapes,
  powerOfTime,
  type TimeShape,
  timedColumns,
} from "./centring.js";
import { numericValues } from "./columns.js";
import type { ParsedModel } from "./parse.js";
import { personColumns } from "./persons.js";
import { multiplyAll, productName } from "./products.js";
import type { FixedColumn } from "./types.js";
import type { BasisColumn } from "./usedRows.js";

/** Basis columns over all rows, person and membership columns over all persons, before anything is set aside. */
export interface Parts {
  readonly basisNames: string[];
  readonly basis: BasisColumn[];
  /** How each basis column depends on time. */
  readonly shapes: TimeShape[];
  /** Basis columns with a random effect are the first `nRandom`. */
  readonly nRandom: number;
  readonly personNames: string[];
  readonly person: Float64Array[];
  readonly membershipNames: string[];
  readonly membership: Float64Array[];
  readonly fixedColumns: FixedColumn[];
  /** Atoms of the basis that do not depend on time: names and columns, for their means. */
  readonly still: Map<string, Float64Array>;
}

/** Parts that are still growing. */
type GrowingParts = Omit<Parts, "nRandom">;

/** Columns over rows, with how each depends on time. */
interface RowColumns extends Omit<AtomColumns, "values"> {
  readonly values: readonly BasisColumn[];
  readonly shapes: readonly TimeShape[];
}

/** Evaluates the terms of the model's formulas. */
interface TermReader {
  /** Splits a term into atoms that vary within persons and those that do not. */
  readonly split: (term: Term) => { readonly row: readonly Atom[]; readonly person: readonly Atom[] };
  /** Columns over rows, and over persons, of a product of atoms of the term. */
  readonly rowColumns: (term: Term, atoms: readonly Atom[], isFull: FullDummies) => RowColumns;
  readonly personColumns: (term: Term, atoms: readonly Atom[], isFull: FullDummies) => AtomColumns;
  /** Which atoms of a formula get a dummy for every level. */
  readonly fullDummies: (formula: Formula) => FullDummies;
}

/**
 * Evaluates the formulas of a model over a whole table.
 * @param table - long table
 * @param spec - the model
 * @param model - its formulas, whose columns the table has
 * @param personSymbols - columns constant within persons
 * @param coding - read where it knows an atom, filled where it does not
 * @param centre - what powers of time are counted from; null: from zero
 * @returns the columns, NaN where a covariate is missing
 * @throws InputError for terms that cannot stand where they do
 */
export function evaluateParts(
  table: LongTable,
  spec: ModelSpec,
  model: ParsedModel,
  personSymbols: ReadonlySet<string>,
  coding: Coding,
  centre: number | null,
): Parts {
  const constant = ones(table.nPersons);
  const parts: GrowingParts = {
    basisNames: [],
    basis: [],
    shapes: [],
    personNames: ["(Intercept)"],
    person: [constant],
    membershipNames: ["(Intercept)"],
    membership: [constant],
    fixedColumns: [],
    still: new Map(),
  };
  const reader = createTermReader(table, spec, personSymbols, coding, centre, parts.still);
  addRandom(parts, model.random, reader);
  const nRandom = parts.basisNames.length;
  addFixed(parts, spec, model, reader);
  addMembership(parts, model.membership, reader);
  return { ...parts, nRandom };
}

function createTermReader(
  table: LongTable,
  spec: ModelSpec,
  personSymbols: ReadonlySet<string>,
  coding: Coding,
  centre: number | null,
  still: Map<string, Float64Array>,
): TermReader {
  const persons = personColumns(table, personSymbols);
  const isPersonAtom = (atom: Atom): boolean => atom.expression.symbols.every((s) => personSymbols.has(s));
  const timed = timedColumns(table.columns, spec.time, centre);
  let known: number | undefined;
  const farthest = (): number => {
    known ??= greatestDistance(numericValues(table, spec.time), centre ?? 0);
    return known;
  };
  const rowAtom = (atom: Atom, full: boolean): AtomColumns & Pick<RowColumns, "shapes"> => {
    const columns = evaluateTimedAtom(atom, timed, table.nRows, coding, full);
    if (!atom.expression.symbols.includes(spec.time))
      columns.names.forEach((name, j) => {
        still.set(name, columns.values[j]!);
      });
    return { ...columns, shapes: atomShapes(atom, columns, spec.time) };
  };
  return {
    split: (term) => ({
      row: term.atoms.filter((atom) => !isPersonAtom(atom)),
      person: term.atoms.filter(isPersonAtom),
    }),
    rowColumns: (term, atoms, isFull) => {
      const [only] = atoms;
      if (only === undefined) return { names: [""], values: [{ power: 0 }], shapes: [CONSTANT_SHAPE] };
      const power = atoms.length > 1 || only.text in coding.levels ? 0 : powerOfTime(only, spec.time);
      if (power > 0 && Number.isFinite(farthest() ** power)) {
        const names = [only.text];
        return { names, values: [{ power }], shapes: atomShapes(only, { names }, spec.time) };
      }
      const factors = atoms.map((atom) => rowAtom(atom, isFull(term, atom)));
      const shapes = multiplyShapes(factors.map((factor) => factor.shapes));
      return { ...multiplyAll(factors, table.nRows), shapes };
    },
    personColumns: (term, atoms, isFull) =>
      multiplyAll(
        atoms.map((atom) => evaluateAtom(atom, persons, table.nPersons, coding, isFull(term, atom))),
        table.nPersons,
      ),
    fullDummies: (formula) => fullDummies(formula, table.columns, coding),
  };
}

function addRandom(parts: GrowingParts, formula: Formula, reader: TermReader): void {
  const isFull = reader.fullDummies(formula);
  if (formula.intercept) basisIndex(parts, "(Intercept)", { power: 0 }, CONSTANT_SHAPE);
  for (const term of formula.terms) {
    const atoms = reader.split(term);
    if (atoms.person.length > 0)
      throw new InputError({
        code: "random-person-level",
        where: `random: ${term.label}`,
        message: "A random effect of something that does not change within persons cannot be estimated.",
        expected: "1, or terms in time and time-varying covariates",
      });
    const columns = reader.rowColumns(term, atoms.row, isFull);
    columns.names.forEach((name, j) => {
      basisIndex(parts, productName(name), columns.values[j]!, columns.shapes[j]!);
    });
  }
}

function addFixed(parts: GrowingParts, spec: ModelSpec, model: ParsedModel, reader: TermReader): void {
  const isFull = reader.fullDummies(model.fixed);
  const chosen = classSpecificKeys(model);
  const specific = (key: string, timeOnly: boolean): boolean =>
    chosen === null ? timeOnly : chosen.has(key);
  if (model.fixed.intercept) {
    const basis = basisIndex(parts, "(Intercept)", { power: 0 }, CONSTANT_SHAPE);
    const name = "(Intercept)";
    parts.fixedColumns.push({ name, term: name, basis, person: 0, classSpecific: specific(name, true) });
  }
  for (const term of model.fixed.terms) {
    const atoms = reader.split(term);
    const person = reader.personColumns(term, atoms.person, isFull);
    const row = reader.rowColumns(term, atoms.row, isFull);
    const timeOnly =
      atoms.person.length === 0 &&
      atoms.row.every((atom) => atom.expression.symbols.every((s) => s === spec.time));
    addProducts(parts, term.label, row, person, specific(termKey(term.atoms), timeOnly));
  }
  checkClassSpecific(chosen, model, parts);
}

/** A coefficient for each product of a row column and a person column of a term. */
function addProducts(
  parts: GrowingParts,
  term: string,
  row: RowColumns,
  person: AtomColumns,
  classSpecific: boolean,
): void {
  for (const [b, rowName] of row.names.entries())
    for (const [w, personName] of person.names.entries())
      parts.fixedColumns.push({
        name: [personName, rowName].filter((s) => s !== "").join(":"),
        term,
        basis: basisIndex(parts, productName(rowName), row.values[b]!, row.shapes[b]!),
        person: indexOf(parts.personNames, parts.person, productName(personName), person.values[w]!),
        classSpecific,
      });
}

/** Keys of the terms named class-specific; null: the default. */
function classSpecificKeys(model: ParsedModel): Set<string> | null {
  if (model.classSpecific === null) return null;
  const keys = new Set(model.classSpecific.terms.map((term) => termKey(term.atoms)));
  if (model.classSpecific.intercept) keys.add("(Intercept)");
  return keys;
}

function checkClassSpecific(chosen: Set<string> | null, model: ParsedModel, parts: GrowingParts): void {
  if (chosen === null) return;
  const known = new Set(model.fixed.terms.map((term) => termKey(term.atoms)));
  if (model.fixed.intercept) known.add("(Intercept)");
  const unknown = [...chosen].filter((key) => !known.has(key));
  if (unknown.length > 0)
    throw new InputError(
      unknown.map((key) => ({
        code: "class-specific-not-fixed",
        where: "classSpecific",
        message: `${key} is not among the fixed effects.`,
        expected: `terms of ${[...new Set(parts.fixedColumns.map((c) => c.term))].join(", ")}`,
      })),
    );
}

function addMembership(parts: GrowingParts, formula: Formula, reader: TermReader): void {
  const isFull = reader.fullDummies(formula);
  for (const term of formula.terms) {
    const atoms = reader.split(term);
    if (atoms.row.length > 0)
      throw new InputError({
        code: "not-person-level",
        where: `membership: ${term.label}`,
        message: "It changes between the sessions of a person.",
        expected: "a covariate with one value per person",
      });
    const columns = reader.personColumns(term, atoms.person, isFull);
    parts.membershipNames.push(...columns.names.map(productName));
    parts.membership.push(...columns.values);
  }
}

/** Index of a column in the basis, added when new. */
function basisIndex(parts: GrowingParts, name: string, values: BasisColumn, shape: TimeShape): number {
  const index = indexOf(parts.basisNames, parts.basis, name, values);
  if (index === parts.shapes.length) parts.shapes.push(shape);
  return index;
}

/** Index of a column among others, added when new. */
function indexOf<C>(names: string[], columns: C[], name: string, values: C): number {
  const known = names.indexOf(name);
  if (known >= 0) return known;
  names.push(name);
  columns.push(values);
  return names.length - 1;
}

function ones(n: number): Float64Array {
  return new Float64Array(n).fill(1);
}

/** Greatest distance of a known time from the centre, beyond which a power of it may be too large for a number. */
function greatestDistance(time: Float64Array, centre: number): number {
  let greatest = 0;
  for (let r = 0; r < time.length; r++) {
    const distance = Math.abs(time[r]! - centre);
    if (distance > greatest) greatest = distance;
  }
  return greatest;
}
