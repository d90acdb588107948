import { InputError } from "../../core/errors.js";
import type { LongTable } from "../../core/table.js";
import type { Atom } from "../formula.js";
import { needsRows, residualParts } from "../residuals.js";
import type { ModelSpec } from "../spec.js";
import { numericValues, takeValues } from "./columns.js";
import type { Kept } from "./keepRows.js";
import type { ParsedModel } from "./parse.js";
import type { RowColumns } from "./rowData.js";
import type { OccasionCoding } from "./types.js";

/** Most occasions with a residual variance or a loading of their own. */
const MAX_OCCASIONS = 60;

/** What a model that looks at each row needs to know of its occasions. */
export interface Occasions {
  readonly columns: RowColumns;
  readonly coding: OccasionCoding;
}

/** A model and the rows it can use. */
export interface OccasionSource {
  readonly table: LongTable;
  readonly spec: ModelSpec;
  readonly model: ParsedModel;
  readonly kept: Kept;
  readonly basisNames: readonly string[];
}

/**
 * The latent basis atom of a model.
 * @param model - its formulas
 * @returns the atom; null without one
 * @throws InputError where there is more than one
 */
export function latentAtom(model: ParsedModel): Atom | null {
  const atoms = [model.fixed, model.random]
    .flatMap((formula) => formula.terms)
    .flatMap((term) => term.atoms)
    .filter((atom) => atom.kind === "latent");
  const names = [...new Set(atoms.map((atom) => atom.text))];
  if (names.length > 1)
    throw new InputError({
      code: "two-latent-bases",
      where: `terms ${names.join(", ")}`,
      message: "A model can have one latent time basis.",
      fix: "Use the same latent(...) in fixed and random effects.",
    });
  return atoms[0] ?? null;
}

/**
 * Occasions and lags of the rows of a model whose residuals differ by occasion or are correlated, or whose time basis is latent.
 * @param source - the model and its rows
 * @param stored - occasions of the model fitted, for new people; null when fitting
 * @returns occasions; null where sums over rows suffice
 * @throws InputError for occasions that are no numbers, too many, unseen, repeated within a person or, for AR(1), not whole; for REML with
 *   a latent basis among the fixed effects
 */
export function occasionsOf(source: OccasionSource, stored: OccasionCoding | null): Occasions | null {
  const { spec, model } = source;
  const latent = latentAtom(model);
  if (latent === null && !needsRows(spec.residual)) return null;
  if (latent !== null) refuseReml(spec, model, latent);
  const { byOccasion, correlation } = residualParts(spec.residual);
  const column = occasionColumn(source, latent);
  const occasions = takeValues(numericColumn(source.table, column), source.kept.rows);
  const distinct = byOccasion || latent !== null;
  const values = stored?.values ?? (distinct ? distinctValues(occasions, column) : []);
  const latentBasis = latent === null ? -1 : latentIndex(source.basisNames, latent);
  const clock = correlation === "ar1" ? column : spec.time;
  const lag = new Float64Array(occasions.length);
  let lagUnit = 1;
  if (correlation !== null) {
    const time = takeValues(numericColumn(source.table, clock), source.kept.rows);
    fillLags(source, time, clock, correlation === "ar1", lag);
    lagUnit = stored?.lagUnit ?? (correlation === "ar1" ? 1 : medianLag(lag));
    for (let r = 0; r < lag.length; r++) lag[r]! /= lagUnit;
  }
  return {
    columns: {
      occasion: distinct ? indexOccasions(occasions, values, column) : new Float64Array(occasions.length),
      nOccasions: distinct ? values.length : 1,
      lag,
      latentBasis,
    },
    coding: { column, values, lagUnit },
  };
}

/** REML averages over fixed effects of known columns; loadings that multiply them are estimated, so that it would depend on their scale. */
function refuseReml(spec: ModelSpec, model: ParsedModel, latent: Atom): void {
  const isFixed = model.fixed.terms.some((term) => term.atoms.some((atom) => atom.text === latent.text));
  if (!spec.reml || !isFixed) return;
  throw new InputError({
    code: "reml-with-latent-basis",
    where: `term ${latent.text}`,
    message: "REML needs fixed effects of known columns, and the values of a latent basis are estimated.",
    fix: "Leave reml out.",
  });
}

/** The column that numbers the occasions: named, or time. */
function occasionColumn({ spec }: OccasionSource, latent: Atom | null): string {
  if (latent === null) return spec.occasion ?? spec.time;
  if (latent.expression.symbols[0] === spec.time && (spec.occasion ?? spec.time) === spec.time)
    return spec.time;
  throw new InputError({
    code: "latent-occasion",
    where: `term ${latent.text}`,
    message: `Time is ${spec.time}${spec.occasion === undefined ? "" : `, and occasions are counted by ${spec.occasion}`}.`,
    expected: `latent(${spec.time}), with occasions counted by ${spec.time}`,
    fix: "A latent basis has a loading at each time: let time be the session number.",
  });
}

function numericColumn(table: LongTable, name: string): Float64Array {
  const column = table.columns.get(name);
  if (column?.kind === "numeric") return numericValues(table, name);
  throw new InputError({
    code: column === undefined ? "missing-column" : "not-numeric",
    where: "occasion",
    message: column === undefined ? `There is no column "${name}".` : `The column "${name}" holds text.`,
    expected: "a column of numbers that count the occasions, such as the session number",
  });
}

function distinctValues(occasions: Float64Array, column: string): number[] {
  const values = [...new Set(occasions)].sort((a, b) => a - b);
  if (values.length > MAX_OCCASIONS)
    throw new InputError({
      code: "too-many-occasions",
      where: `occasion ${column}`,
      message: `There are ${values.length} different occasions.`,
      expected: `at most ${MAX_OCCASIONS}`,
      fix: "Name a column that counts the sessions (occasion), or choose another structure.",
    });
  return values;
}

function indexOccasions(occasions: Float64Array, values: readonly number[], column: string): Float64Array {
  const indexOf = new Map(values.map((value, index) => [value, index]));
  const unseen = new Set<number>();
  const out = occasions.map((value) => {
    const index = indexOf.get(value);
    if (index === undefined) unseen.add(value);
    return index ?? 0;
  });
  if (unseen.size > 0)
    throw new InputError({
      code: "unseen-occasion",
      where: `occasion ${column}`,
      message: `The model has not seen the occasions ${[...unseen].slice(0, 5).join(", ")}.`,
      expected: `one of ${values.join(", ")}`,
    });
  return out;
}

/** Position of the latent basis among the basis columns, alone: loadings cannot stand in a product with other row columns. */
function latentIndex(basisNames: readonly string[], latent: Atom): number {
  const product = basisNames.find((name) => name !== latent.text && name.includes(latent.text));
  if (product !== undefined)
    throw new InputError({
      code: "latent-product",
      where: `term ${product}`,
      message: "A latent time basis cannot be multiplied by something that changes between sessions.",
      expected: "products with covariates that have one value per person",
    });
  return basisNames.indexOf(latent.text);
}

function fillLags(
  { table, kept }: OccasionSource,
  time: Float64Array,
  column: string,
  whole: boolean,
  lag: Float64Array,
): void {
  for (let i = 0; i < kept.persons.length; i++)
    for (let r = kept.start[i]! + 1; r < kept.start[i + 1]!; r++) {
      const gap = time[r]! - time[r - 1]!;
      lag[r] = gap;
      if (gap > 0 && (!whole || Number.isInteger(gap))) continue;
      const person = `person ${table.personIds[kept.persons[i]!]}, ${column} ${time[r - 1]} and ${time[r]}`;
      throw new InputError({
        code: gap > 0 ? "occasion-not-whole" : "occasion-repeated",
        where: person,
        message:
          gap > 0
            ? "Residuals with an autocorrelation by session number need whole numbers."
            : "Two scores at the same occasion cannot have an autocorrelation in time.",
        expected: gap > 0 ? "occasions 1, 2, 3, …" : "one score per person and occasion",
        fix: gap > 0 ? 'Name the session number as "occasion", or use car1.' : "Keep one score per occasion.",
      });
    }
}

/** Half the gaps are shorter than this: about 1 is then a usual lag, whatever the unit of time. */
function medianLag(lag: Float64Array): number {
  const gaps = lag.filter((gap) => gap > 0).sort();
  return gaps.length > 0 ? gaps[Math.floor((gaps.length - 1) / 2)]! : 1;
}
