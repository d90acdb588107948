import { InputError, nearestName, type Problem } from "../core/errors.js";
import type { Column, LongTable, RowLedger, SetAsideReason } from "../core/table.js";
import { type Formula, parseFormula, type Term, termKey } from "./formula.js";
import { buildMoments, type FixedStructure, type Moments } from "./moments.js";
import type { ModelSpec } from "./spec.js";
import { type AtomColumns, type Coding, evaluateAtom, fullDummies, multiplyColumns } from "./terms.js";
import { describeTimes, type TimeSummary } from "./times.js";

/** One fixed coefficient: a basis column times a person column. */
export interface FixedColumn {
  readonly name: string;
  /** Label of the term it belongs to. */
  readonly term: string;
  /** Index into the basis columns. */
  readonly basis: number;
  /** Index into the person columns (0: the constant). */
  readonly person: number;
  readonly classSpecific: boolean;
}

/** From the internal scale (see `Moments`) to the user's. */
export interface Scaling {
  readonly outcomeMean: number;
  readonly outcomeSd: number;
  /** Root mean square of each basis and person column; internal = user / scale. */
  readonly basis: readonly number[];
  readonly person: readonly number[];
  /** Mean and standard deviation of each membership column; 0 and 1 for the constant. */
  readonly membershipMean: readonly number[];
  readonly membershipSd: readonly number[];
}

/** All that is needed to build the same design for new people; plain JSON. */
export interface StoredDesign {
  readonly basisNames: readonly string[];
  readonly personNames: readonly string[];
  readonly membershipNames: readonly string[];
  /** Basis columns with a random effect are the first `nRandom`. */
  readonly nRandom: number;
  readonly fixedColumns: readonly FixedColumn[];
  /** Coefficients left out because they are combinations of others. */
  readonly dropped: readonly string[];
  readonly coding: Coding;
  /** Names of columns constant within person when the model was fitted. */
  readonly personSymbols: readonly string[];
  readonly scaling: Scaling;
  /** Means over persons of the person columns (user's scale), first 1: covariate values of mean trajectories. */
  readonly personMeans: readonly number[];
  /** Means over rows of basis parts that do not depend on time, by atom column name. */
  readonly rowMeans: Record<string, number>;
  /** Means over rows of numeric columns that enter the basis together with time inside one expression. */
  readonly symbolMeans: Record<string, number>;
  /** The most frequent category over rows of such columns that hold text. */
  readonly symbolModes?: Record<string, string>;
  readonly times: TimeSummary;
}

/** A model's data, ready to fit. */
export interface Design {
  readonly moments: Moments;
  readonly fixed: FixedStructure;
  readonly stored: StoredDesign;
  readonly ledger: RowLedger;
  /** Row of the long table behind each kept row; persons contiguous. */
  readonly keptRows: Int32Array;
  /** First kept row of each kept person; nKept + 1. */
  readonly keptStart: Int32Array;
  /** Index in the long table of each kept person. */
  readonly keptPersons: Int32Array;
  /** Basis columns over the kept rows and person columns over the kept persons, internal scale. */
  readonly rowBasis: readonly Float64Array[];
  readonly personColumns: readonly Float64Array[];
  readonly warnings: readonly string[];
}

/** A term split into what varies within persons and what does not. */
interface SplitTerm {
  readonly term: Term;
  readonly rowAtoms: Term["atoms"];
  readonly personAtoms: Term["atoms"];
}

interface ParsedModel {
  readonly fixed: Formula;
  readonly random: Formula;
  readonly membership: Formula;
  readonly classSpecific: Formula | null;
}

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
  const coding: Coding = stored?.coding ?? { levels: {}, polynomials: {} };
  const parts = evaluateParts(table, spec, model, personSymbols, coding);
  const kept = keepRows(table, spec, parts);
  return assembleDesign({ table, spec, model, parts, kept, coding, personSymbols, stored: stored ?? null });
}

function parseModel(spec: ModelSpec): ParsedModel {
  const problems: Problem[] = [];
  const read = (name: string, text: string): Formula => {
    try {
      return parseFormula(text);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      problems.push(...error.problems.map((p) => ({ ...p, where: `${name}: ${p.where ?? text}` })));
      return { text, intercept: true, terms: [], symbols: [] };
    }
  };
  const model = {
    fixed: read("fixed", spec.fixed),
    random: read("random", spec.random),
    membership: read("membership", spec.membership),
    classSpecific: spec.classSpecific === undefined ? null : read("classSpecific", spec.classSpecific),
  };
  if (problems.length > 0) throw new InputError(problems);
  return model;
}

function checkColumns(table: LongTable, spec: ModelSpec, model: ParsedModel): void {
  const problems: Problem[] = [];
  const missing = (name: string, where: string): void => {
    const near = nearestName(name, table.columns.keys());
    problems.push({
      code: "missing-column",
      where,
      message: `There is no column "${name}".`,
      expected: `one of ${[...table.columns.keys()].slice(0, 30).join(", ")}`,
      ...(near === undefined ? {} : { fix: `Did you mean "${near}"?` }),
    });
  };
  for (const [role, name] of [
    ["outcome", spec.outcome],
    ["time", spec.time],
  ] as const) {
    const column = table.columns.get(name);
    if (column === undefined) missing(name, role);
    else if (column.kind !== "numeric")
      problems.push({
        code: "not-numeric",
        where: role,
        message: `The column "${name}" holds text (${column.levels.slice(0, 3).join(", ")}, …).`,
        expected: "numbers",
      });
  }
  for (const role of ["fixed", "random", "membership", "classSpecific"] as const)
    for (const symbol of model[role]?.symbols ?? [])
      if (!table.columns.has(symbol)) missing(symbol, `${role}: formula "${model[role]!.text}"`);
  if (!model.membership.intercept)
    problems.push({
      code: "membership-intercept",
      where: "membership",
      message: "Class membership needs its intercept.",
      fix: "Leave out the 0 or - 1.",
    });
  if (model.fixed.terms.length === 0 && !model.fixed.intercept)
    problems.push({
      code: "no-fixed-effects",
      where: "fixed",
      message: "There is no fixed effect.",
      expected: "at least 1",
    });
  if (problems.length > 0) throw new InputError(problems);
}

/** Columns that are constant within every person (missing values aside). The time column never counts. */
function findPersonSymbols(table: LongTable, spec: ModelSpec, model: ParsedModel): Set<string> {
  const symbols = new Set([...model.fixed.symbols, ...model.random.symbols, ...model.membership.symbols]);
  const out = new Set<string>();
  for (const symbol of symbols) {
    const column = table.columns.get(symbol);
    if (column !== undefined && symbol !== spec.time && isPersonLevel(table, column)) out.add(symbol);
  }
  return out;
}

function isPersonLevel(table: LongTable, column: Column): boolean {
  const values = column.kind === "numeric" ? column.values : column.codes;
  for (let i = 0; i < table.nPersons; i++) {
    const end = table.personStart[i + 1]!;
    let seen = Number.NaN;
    for (let r = table.personStart[i]!; r < end; r++) {
      const value = values[r]!;
      if (Number.isNaN(value) || (column.kind === "factor" && value < 0)) continue;
      if (Number.isNaN(seen)) seen = value;
      else if (seen !== value) return false;
    }
  }
  return true;
}

/** The person's first value that is not missing, of columns constant within persons. */
function personColumns(table: LongTable, symbols: ReadonlySet<string>): Map<string, Column> {
  const out = new Map<string, Column>();
  for (const symbol of symbols) {
    const column = table.columns.get(symbol);
    if (column === undefined) continue;
    const source = column.kind === "numeric" ? column.values : column.codes;
    const values = new Float64Array(table.nPersons);
    for (let i = 0; i < table.nPersons; i++) {
      let r = table.personStart[i]!;
      const end = table.personStart[i + 1]!;
      const absent = (value: number): boolean => (column.kind === "factor" ? value < 0 : Number.isNaN(value));
      while (r + 1 < end && absent(source[r]!)) r++;
      values[i] = source[r]!;
    }
    out.set(
      symbol,
      column.kind === "numeric"
        ? { kind: "numeric", values }
        : { kind: "factor", codes: Int32Array.from(values), levels: column.levels },
    );
  }
  return out;
}

/** Basis columns over all rows, person and membership columns over all persons, before anything is set aside. */
interface Parts {
  readonly basisNames: string[];
  readonly basis: Float64Array[];
  readonly nRandom: number;
  readonly personNames: string[];
  readonly person: Float64Array[];
  readonly membershipNames: string[];
  readonly membership: Float64Array[];
  readonly fixedColumns: FixedColumn[];
  /** Atoms of the basis that do not depend on time: names and columns, for their means. */
  readonly still: Map<string, Float64Array>;
}

function evaluateParts(
  table: LongTable,
  spec: ModelSpec,
  model: ParsedModel,
  personSymbols: ReadonlySet<string>,
  coding: Coding,
): Parts {
  const persons = personColumns(table, personSymbols);
  const parts: Parts = {
    basisNames: [],
    basis: [],
    nRandom: 0,
    personNames: ["(Intercept)"],
    person: [new Float64Array(table.nPersons).fill(1)],
    membershipNames: ["(Intercept)"],
    membership: [new Float64Array(table.nPersons).fill(1)],
    fixedColumns: [],
    still: new Map(),
  };
  const isPersonAtom = (symbols: readonly string[]): boolean => symbols.every((s) => personSymbols.has(s));
  const split = (term: Term): SplitTerm => ({
    term,
    rowAtoms: term.atoms.filter((atom) => !isPersonAtom(atom.expression.symbols)),
    personAtoms: term.atoms.filter((atom) => isPersonAtom(atom.expression.symbols)),
  });
  const rowProduct: Product = (atoms, isFull) =>
    atoms
      .map((atom) => {
        const columns = evaluateAtom(atom, table.columns, table.nRows, coding, isFull(atom));
        if (!atom.expression.symbols.includes(spec.time))
          columns.names.forEach((name, j) => {
            parts.still.set(name, columns.values[j]!);
          });
        return columns;
      })
      .reduce(multiplyColumns, constantColumn(table.nRows));
  const personProduct: Product = (atoms, isFull) =>
    atoms
      .map((atom) => evaluateAtom(atom, persons, table.nPersons, coding, isFull(atom)))
      .reduce(multiplyColumns, constantColumn(table.nPersons));

  const isFullIn = (formula: Formula): IsFullIn => {
    const isFull = fullDummies(formula, table.columns, coding);
    return (term) => (atom) => isFull(term, atom);
  };
  const random = addRandom(parts, model.random, split, rowProduct, isFullIn(model.random), table.nRows);
  const mutable = parts as { nRandom: number };
  mutable.nRandom = random;
  addFixed(parts, spec, model, split, rowProduct, personProduct, isFullIn(model.fixed), table.nRows);
  const isFull = isFullIn(model.membership);
  for (const term of model.membership.terms) {
    const { rowAtoms, personAtoms } = split(term);
    if (rowAtoms.length > 0) throw notPersonLevel("membership", term.label);
    const columns = personProduct(personAtoms, isFull(term));
    parts.membershipNames.push(...columns.names.map(productName));
    parts.membership.push(...columns.values);
  }
  return parts;
}

/** Product of atoms over rows or persons, given which of them get a dummy for every level. */
type Product = (atoms: Term["atoms"], isFull: (atom: Term["atoms"][number]) => boolean) => AtomColumns;
type IsFullIn = (term: Term) => (atom: Term["atoms"][number]) => boolean;

function constantColumn(n: number): AtomColumns {
  return { names: [""], values: [new Float64Array(n).fill(1)] };
}

function notPersonLevel(where: string, label: string): InputError {
  return new InputError({
    code: "not-person-level",
    where: `${where}: ${label}`,
    message: "It changes between the sessions of a person.",
    expected: "a covariate with one value per person",
  });
}

/** Index of a column in the basis (or person columns), added when new. */
function indexOf(names: string[], columns: Float64Array[], name: string, values: Float64Array): number {
  const known = names.indexOf(name);
  if (known >= 0) return known;
  names.push(name);
  columns.push(values);
  return names.length - 1;
}

/** The empty product is the constant. */
function productName(name: string): string {
  return name === "" ? "(Intercept)" : name;
}

function addRandom(
  parts: Parts,
  formula: Formula,
  split: (term: Term) => SplitTerm,
  rowProduct: Product,
  isFull: IsFullIn,
  nRows: number,
): number {
  if (formula.intercept)
    indexOf(parts.basisNames, parts.basis, "(Intercept)", new Float64Array(nRows).fill(1));
  for (const term of formula.terms) {
    const { rowAtoms, personAtoms } = split(term);
    if (personAtoms.length > 0)
      throw new InputError({
        code: "random-person-level",
        where: `random: ${term.label}`,
        message: "A random effect of something that does not change within persons cannot be estimated.",
        expected: "1, or terms in time and time-varying covariates",
      });
    const columns = rowProduct(rowAtoms, isFull(term));
    columns.names.forEach((name, j) => {
      indexOf(parts.basisNames, parts.basis, productName(name), columns.values[j]!);
    });
  }
  return parts.basisNames.length;
}

function addFixed(
  parts: Parts,
  spec: ModelSpec,
  model: ParsedModel,
  split: (term: Term) => SplitTerm,
  rowProduct: Product,
  personProduct: Product,
  isFull: IsFullIn,
  nRows: number,
): void {
  const chosen = classSpecificKeys(model);
  const specific = (key: string, timeOnly: boolean): boolean =>
    chosen === null ? timeOnly : chosen.has(key);
  if (model.fixed.intercept) {
    const basis = indexOf(parts.basisNames, parts.basis, "(Intercept)", new Float64Array(nRows).fill(1));
    const name = "(Intercept)";
    parts.fixedColumns.push({ name, term: name, basis, person: 0, classSpecific: specific(name, true) });
  }
  for (const term of model.fixed.terms) {
    const { rowAtoms, personAtoms } = split(term);
    const person = personProduct(personAtoms, isFull(term));
    const row = rowProduct(rowAtoms, isFull(term));
    const timeOnly =
      personAtoms.length === 0 &&
      rowAtoms.every((atom) => atom.expression.symbols.every((s) => s === spec.time));
    for (const [b, basisName] of row.names.entries())
      for (const [w, personName] of person.names.entries()) {
        const basis = indexOf(parts.basisNames, parts.basis, productName(basisName), row.values[b]!);
        const personIndex = indexOf(
          parts.personNames,
          parts.person,
          productName(personName),
          person.values[w]!,
        );
        const name = [personName, basisName].filter((s) => s !== "").join(":");
        parts.fixedColumns.push({
          name,
          term: term.label,
          basis,
          person: personIndex,
          classSpecific: specific(termKey(term.atoms), timeOnly),
        });
      }
  }
  checkClassSpecific(chosen, model, parts);
}

/** Keys of the terms named class-specific; null: the default. */
function classSpecificKeys(model: ParsedModel): Set<string> | null {
  if (model.classSpecific === null) return null;
  const keys = new Set(model.classSpecific.terms.map((term) => termKey(term.atoms)));
  if (model.classSpecific.intercept) keys.add("(Intercept)");
  return keys;
}

function checkClassSpecific(chosen: Set<string> | null, model: ParsedModel, parts: Parts): void {
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

interface Kept {
  readonly rows: Int32Array;
  readonly start: Int32Array;
  readonly persons: Int32Array;
  readonly ledger: RowLedger;
}

/** Rows with every row-level value, of persons with every person-level value; the rest is counted by first reason. */
function keepRows(table: LongTable, spec: ModelSpec, parts: Parts): Kept {
  const outcome = numericValues(table, spec.outcome);
  const time = numericValues(table, spec.time);
  // A dummy is missing when its column is: `missing site`, not `missing site[b]`.
  const missing = (name: string): string => `missing ${name.replace(/\[[^\]]*\]/g, "")}`;
  const rowChecks = [
    { reason: `missing ${spec.outcome}`, values: outcome },
    { reason: `missing ${spec.time}`, values: time },
    ...parts.basis.map((values, j) => ({ reason: missing(parts.basisNames[j]!), values })),
  ];
  const personChecks = [
    ...parts.person.map((values, j) => ({ reason: missing(parts.personNames[j]!), values })),
    ...parts.membership.map((values, j) => ({ reason: missing(parts.membershipNames[j]!), values })),
  ];
  const counts = new Map<string, { rows: number; persons: number }>();
  const count = (reason: string, rows: number, persons: number): void => {
    const entry = counts.get(reason) ?? { rows: 0, persons: 0 };
    counts.set(reason, { rows: entry.rows + rows, persons: entry.persons + persons });
  };
  const rows = new Int32Array(table.nRows);
  const start: number[] = [0];
  const persons: number[] = [];
  let n = 0;
  for (let i = 0; i < table.nPersons; i++) {
    const first = table.personStart[i]!;
    const end = table.personStart[i + 1]!;
    const personFailure = personChecks.find((check) => !Number.isFinite(check.values[i]!));
    if (personFailure !== undefined) {
      count(personFailure.reason, end - first, 1);
      continue;
    }
    const before = n;
    for (let r = first; r < end; r++) {
      let failed = -1;
      for (let c = 0; c < rowChecks.length && failed < 0; c++)
        if (!Number.isFinite(rowChecks[c]!.values[r]!)) failed = c;
      if (failed >= 0) count(rowChecks[failed]!.reason, 1, 0);
      else rows[n++] = r;
    }
    if (n > before) {
      persons.push(i);
      start.push(n);
    }
  }
  const setAside: SetAsideReason[] = [...counts].map(([reason, { rows: lost, persons: people }]) => ({
    reason,
    description: `${reason}: the model needs it`,
    rows: lost,
    ...(people > 0 ? { persons: people } : {}),
  }));
  if (persons.length === 0)
    throw new InputError({
      code: "nobody-left",
      message: `No row can be used: ${setAside.map((s) => `${s.rows} rows with ${s.reason}`).join(", ") || "the table is empty"}.`,
      expected: "at least one person with a score, a time and every covariate",
    });
  return {
    rows: rows.slice(0, n),
    start: Int32Array.from(start),
    persons: Int32Array.from(persons),
    ledger: { read: table.nRows, used: n, setAside },
  };
}

/**
 * Values of a numeric column.
 * @param table - the table
 * @param name - an existing numeric column
 * @returns its values
 * @throws RangeError where there is no such column
 */
export function numericValues(table: LongTable, name: string): Float64Array {
  const column = table.columns.get(name);
  if (column?.kind !== "numeric") throw new RangeError(`numericValues: ${name} is not a numeric column`);
  return column.values;
}

interface Assembly {
  readonly table: LongTable;
  readonly spec: ModelSpec;
  readonly model: ParsedModel;
  readonly parts: Parts;
  readonly kept: Kept;
  readonly coding: Coding;
  readonly personSymbols: ReadonlySet<string>;
  readonly stored: StoredDesign | null;
}

function assembleDesign(a: Assembly): Design {
  const { table, spec, parts, kept } = a;
  const warnings: string[] = [];
  if (a.stored !== null) checkSameColumns(a.stored, parts);
  const outcome = takeValues(numericValues(table, spec.outcome), kept.rows);
  const basis = parts.basis.map((values) => takeValues(values, kept.rows));
  const person = parts.person.map((values) => takeValues(values, kept.persons));
  const membership = parts.membership.map((values) => takeValues(values, kept.persons));
  const aliased = a.stored === null ? aliasedMembership(membership, parts.membershipNames) : [];
  const storedNames = a.stored?.membershipNames;
  const keepMembership = parts.membershipNames.map((name, j) =>
    storedNames === undefined ? !aliased.includes(j) : storedNames.includes(name),
  );
  const membershipNames = parts.membershipNames.filter((_, j) => keepMembership[j]);
  const membershipKept = membership.filter((_, j) => keepMembership[j]);
  for (const j of aliased)
    warnings.push(
      `Membership term ${parts.membershipNames[j]} is a combination of the others and was left out.`,
    );

  const scaling =
    a.stored?.scaling ?? chooseScaling(outcome, basis, person, membershipKept, parts.fixedColumns);
  scaleInPlace(outcome, scaling.outcomeMean, scaling.outcomeSd);
  const personMeans = person.map(mean);
  basis.forEach((values, j) => {
    scaleInPlace(values, 0, scaling.basis[j]!);
  });
  person.forEach((values, j) => {
    scaleInPlace(values, 0, scaling.person[j]!);
  });
  membershipKept.forEach((values, j) => {
    scaleInPlace(values, scaling.membershipMean[j]!, scaling.membershipSd[j]!);
  });
  const moments = buildMoments({
    personStart: kept.start,
    personIndex: kept.persons,
    basis,
    outcome,
    nRandom: parts.nRandom,
    person,
    membership: membershipKept,
  });
  const dropped = a.stored === null ? aliasedColumns(moments, parts.fixedColumns) : new Set(a.stored.dropped);
  const fixedColumns = parts.fixedColumns.filter((column) => !dropped.has(column.name));
  for (const name of a.stored === null ? dropped : [])
    warnings.push(
      `${name} is constant or a combination of other terms and was left out of the fixed effects.`,
    );
  if (a.stored === null)
    warnings.push(...farTimes(spec, takeValues(numericValues(table, spec.time), kept.rows)));
  const rowMeans: Record<string, number> = {};
  for (const [name, values] of parts.still) rowMeans[name] = mean(takeValues(values, kept.rows));
  return {
    moments,
    fixed: {
      nFixed: fixedColumns.length,
      basis: Int32Array.from(fixedColumns, (c) => c.basis),
      person: Int32Array.from(fixedColumns, (c) => c.person),
      classSpecific: Uint8Array.from(fixedColumns, (c) => (c.classSpecific ? 1 : 0)),
    },
    stored: a.stored ?? {
      basisNames: parts.basisNames,
      personNames: parts.personNames,
      membershipNames,
      nRandom: parts.nRandom,
      fixedColumns,
      dropped: [...dropped],
      coding: a.coding,
      personSymbols: [...a.personSymbols],
      scaling,
      personMeans,
      rowMeans,
      symbolMeans: symbolMeans(a),
      symbolModes: symbolModes(a),
      times: describeTimes(
        takeValues(numericValues(table, spec.time), kept.rows),
        kept.start,
        [...a.model.fixed.terms, ...a.model.random.terms].some((term) =>
          term.atoms.some(
            (atom) => atom.expression.symbols.includes(spec.time) && atom.text in a.coding.levels,
          ),
        ),
      ),
    },
    ledger: kept.ledger,
    keptRows: kept.rows,
    keptStart: kept.start,
    keptPersons: kept.persons,
    rowBasis: basis,
    personColumns: person,
    warnings,
  };
}

/** Atoms of the basis in which time stands together with other columns, as in `month^age`. */
function mixedSymbols({ spec, model }: Assembly): Set<string> {
  const atoms = [...model.fixed.terms, ...model.random.terms].flatMap((term) => term.atoms);
  const mixed = atoms.filter((atom) => atom.expression.symbols.includes(spec.time));
  return new Set(mixed.flatMap((atom) => atom.expression.symbols).filter((symbol) => symbol !== spec.time));
}

/** New data may hold a column in another kind (text for numbers), which would make other terms of it. */
function checkSameColumns(stored: StoredDesign, parts: Parts): void {
  const pairs = [
    ["basis", stored.basisNames, parts.basisNames],
    ["person-level", stored.personNames, parts.personNames],
  ] as const;
  for (const [what, expected, actual] of pairs)
    if (expected.join("\n") !== actual.join("\n"))
      throw new InputError({
        code: "different-design",
        where: `${what} columns`,
        message: `These data give ${actual.join(", ")}.`,
        expected: `the columns of the fitted model, ${expected.join(", ")}`,
        fix: "Give every column the type (numbers or text) that it had when the model was fitted.",
      });
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

function symbolMeans(a: Assembly): Record<string, number> {
  const out: Record<string, number> = {};
  for (const symbol of mixedSymbols(a)) {
    const column = a.table.columns.get(symbol);
    if (column?.kind === "numeric") out[symbol] = mean(takeValues(column.values, a.kept.rows));
  }
  return out;
}

function symbolModes(a: Assembly): Record<string, string> {
  const out: Record<string, string> = {};
  for (const symbol of mixedSymbols(a)) {
    const column = a.table.columns.get(symbol);
    if (column?.kind !== "factor") continue;
    const counts = column.levels.map(() => 0);
    for (const row of a.kept.rows) if (column.codes[row]! >= 0) counts[column.codes[row]!]!++;
    out[symbol] = column.levels[counts.indexOf(Math.max(...counts))]!;
  }
  return out;
}

/**
 * Basis columns at given times, other row-level covariates held at their mean over the rows fitted.
 * @param spec - the model
 * @param stored - its fitted design
 * @param times - times, user's unit
 * @returns one array per basis column (user's scale), each of length times.length
 */
export function basisAtTimes(
  spec: ModelSpec,
  stored: StoredDesign,
  times: readonly number[],
): Float64Array[] {
  const n = times.length;
  const columns = new Map<string, Column>([
    [spec.time, { kind: "numeric", values: Float64Array.from(times) }],
  ]);
  for (const [symbol, value] of Object.entries(stored.symbolMeans))
    columns.set(symbol, { kind: "numeric", values: new Float64Array(n).fill(value) });
  for (const [symbol, level] of Object.entries(stored.symbolModes ?? {}))
    columns.set(symbol, { kind: "factor", codes: new Int32Array(n), levels: [level] });
  const personSymbols = new Set(stored.personSymbols);
  const byName = new Map<string, Float64Array>([["(Intercept)", new Float64Array(n).fill(1)]]);
  const heldAtMean = (atom: Term["atoms"][number]): AtomColumns => {
    const levels = stored.coding.levels[atom.text];
    const candidates = levels === undefined ? [atom.text] : levels.map((level) => `${atom.text}[${level}]`);
    if (atom.kind === "poly")
      candidates.push(...Array.from({ length: atom.degree }, (_, d) => `${atom.text}${d + 1}`));
    const names = candidates.filter((name) => name in stored.rowMeans);
    return { names, values: names.map((name) => new Float64Array(n).fill(stored.rowMeans[name]!)) };
  };
  for (const term of [...parseFormula(spec.random).terms, ...parseFormula(spec.fixed).terms]) {
    const product = term.atoms
      .filter((atom) => !atom.expression.symbols.every((s) => personSymbols.has(s)))
      .map((atom) =>
        atom.expression.symbols.includes(spec.time)
          ? evaluateAtom(atom, columns, n, stored.coding, true)
          : heldAtMean(atom),
      )
      .reduce(multiplyColumns, constantColumn(n));
    product.names.forEach((name, j) => {
      byName.set(productName(name), product.values[j]!);
    });
  }
  return stored.basisNames.map((name) => byName.get(name) ?? new Float64Array(n));
}

/**
 * Values at given rows (a loop: `Float64Array.from` with a function takes ten times as long).
 * @param values - a column
 * @param rows - indices into it
 * @returns a new array of rows.length
 */
export function takeValues(values: Float64Array, rows: Int32Array): Float64Array {
  const out = new Float64Array(rows.length);
  for (let r = 0; r < rows.length; r++) out[r] = values[rows[r]!]!;
  return out;
}

function mean(values: Float64Array): number {
  let sum = 0;
  for (let r = 0; r < values.length; r++) sum += values[r]!;
  return values.length === 0 ? 0 : sum / values.length;
}

function scaleInPlace(values: Float64Array, centre: number, scale: number): void {
  const inverse = 1 / scale;
  for (let r = 0; r < values.length; r++) values[r] = (values[r]! - centre) * inverse;
}

function rootMeanSquare(values: Float64Array, centre: number): number {
  let sum = 0;
  for (let r = 0; r < values.length; r++) sum += (values[r]! - centre) ** 2;
  const root = Math.sqrt(sum / Math.max(values.length, 1));
  return root > 0 && Number.isFinite(root) ? root : 1;
}

/** The outcome is centred only where an intercept can take up the shift. */
function chooseScaling(
  outcome: Float64Array,
  basis: readonly Float64Array[],
  person: readonly Float64Array[],
  membership: readonly Float64Array[],
  fixedColumns: readonly FixedColumn[],
): Scaling {
  const hasIntercept = fixedColumns[0]?.name === "(Intercept)";
  const outcomeMean = hasIntercept ? mean(outcome) : 0;
  const membershipMean = membership.map((values, j) => (j === 0 ? 0 : mean(values)));
  return {
    outcomeMean,
    outcomeSd: rootMeanSquare(outcome, outcomeMean),
    basis: basis.map((values) => rootMeanSquare(values, 0)),
    person: person.map((values) => rootMeanSquare(values, 0)),
    membershipMean,
    membershipSd: membership.map((values, j) => (j === 0 ? 1 : rootMeanSquare(values, membershipMean[j]!))),
  };
}

/** Share of a column's length that must be new for it to count as independent of the columns before it. */
const ALIAS_TOLERANCE = 1e-11;

/** Fixed columns that are combinations of earlier ones, from X'X summed over the moments. */
function aliasedColumns(moments: Moments, columns: readonly FixedColumn[]): Set<string> {
  const { nBasis: m, nPersonColumns: c } = moments;
  const p = columns.length;
  const xtx = new Float64Array(p * p);
  const ww = new Float64Array(c * c);
  for (let g = 0; g < moments.nPatterns; g++) {
    ww.fill(0);
    for (let i = moments.patternStart[g]!; i < moments.patternStart[g + 1]!; i++)
      for (let j = 0; j < c; j++)
        for (let l = 0; l < c; l++)
          ww[j * c + l]! += c === 1 ? 1 : moments.w[i * c + j]! * moments.w[i * c + l]!;
    for (let i = 0; i < p; i++)
      for (let j = 0; j <= i; j++)
        xtx[i * p + j]! +=
          moments.btb[(g * m + columns[i]!.basis) * m + columns[j]!.basis]! *
          ww[columns[i]!.person * c + columns[j]!.person]!;
  }
  return new Set(dependentColumns(xtx, p).map((j) => columns[j]!.name));
}

function aliasedMembership(columns: readonly Float64Array[], names: readonly string[]): number[] {
  const p = names.length;
  if (p === 1) return [];
  const xtx = new Float64Array(p * p);
  const centred = columns.map((values, j) => {
    if (j === 0) return values;
    const centre = mean(values);
    return values.map((value) => value - centre);
  });
  for (let i = 0; i < p; i++)
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let r = 0; r < columns[0]!.length; r++) sum += centred[i]![r]! * centred[j]![r]!;
      xtx[i * p + j] = sum;
    }
  const raw = columns.map((values) => rootMeanSquare(values, 0) ** 2 * values.length);
  return dependentColumns(xtx, p, raw);
}

/** Columns whose pivot in the Cholesky factor of X'X vanishes, in order. */
function dependentColumns(xtx: Float64Array, p: number, lengths?: readonly number[]): number[] {
  const out: number[] = [];
  const l = new Float64Array(p * p);
  for (let j = 0; j < p; j++) {
    let pivot = xtx[j * p + j]!;
    for (let k = 0; k < j; k++) pivot -= l[j * p + k]! ** 2;
    if (!(pivot > ALIAS_TOLERANCE * (lengths?.[j] ?? xtx[j * p + j]!))) {
      out.push(j);
      continue;
    }
    l[j * p + j] = Math.sqrt(pivot);
    for (let i = j + 1; i < p; i++) {
      let sum = xtx[i * p + j]!;
      for (let k = 0; k < j; k++) sum -= l[i * p + k]! * l[j * p + k]!;
      l[i * p + j] = sum / l[j * p + j]!;
    }
  }
  return out;
}
