import type { LongTable } from "../core/table.js";
import { quadraticForm } from "./persons/effects.js";
import { findingsOf } from "./persons/findings.js";
import { type OccasionGroups, occasionGroups } from "./persons/occasions.js";
import { type People, type PersonInClass, personInClass, readFittedPeople } from "./persons/people.js";
import { type Shape, shapeOf } from "./persons/shape.js";
import type { Autocorrelation, Diagnostics, EffectDiagnostics, OccasionResiduals } from "./persons/types.js";
import type { FitResult } from "./result.js";

/** The limits of the measure, where it has any. */
export interface DiagnosticOptions {
  /** Lowest and highest score possible; default: unknown. */
  readonly minimum?: number;
  readonly maximum?: number;
}

/**
 * Residuals, random-effect estimates and what they say against the model. With r the score less the class mean, a residual
 * given the random effects is e = r - z'b, whose covariance under the model is R - Z C Z' (R the residual covariance, C the
 * posterior covariance of b): residuals are divided by that standard deviation, not by the residual one, because shrinkage
 * makes them smaller the fewer scores a person has. All are averaged over classes by posterior probability.
 * @param result - a fit
 * @param table - the long table that was fitted
 * @param options - limits of the measure
 * @returns residuals per row, random effects per person, summaries, and a sentence for each that is notable
 * @throws InputError where the table is not the one fitted
 * Source: residuals of mixed models: Verbeke & Molenberghs (2000, section 7.8), Nobre & Singer (2007).
 */
export function diagnose(result: FitResult, table: LongTable, options: DiagnosticOptions = {}): Diagnostics {
  const people = readFittedPeople(result, table);
  const sums = accumulate(people);
  const residuals = {
    shape: shapeOf(sums.rows.standardized),
    floorShare: shareOf(
      people.observed,
      (y) => options.minimum !== undefined && y <= options.minimum,
      options.minimum,
    ),
    ceilingShare: shareOf(
      people.observed,
      (y) => options.maximum !== undefined && y >= options.maximum,
      options.maximum,
    ),
    autocorrelation: autocorrelationOf(sums),
  };
  const found = {
    nPersons: people.posteriors.personIds.length,
    nObservations: people.observed.length,
    personIds: people.posteriors.personIds,
    rows: sums.rows,
    effects: effectDiagnostics(people, sums),
    residuals,
    occasions: occasionResiduals(sums, residuals.shape.excessKurtosis),
    limits: { minimum: options.minimum ?? null, maximum: options.maximum ?? null },
  };
  return { ...found, findings: findingsOf(found, result.model) };
}

/** What one pass over the people adds up; internal scale, save `rows`. */
interface Sums {
  readonly rows: Diagnostics["rows"];
  readonly groups: OccasionGroups;
  /** Per row: square of the residual and its expectation, averaged over classes, in units of the residual variance. */
  readonly square: Float64Array;
  readonly expectedSquare: Float64Array;
  /** Per person: sums over neighbouring rows of products, their expectations, and products of standard deviations. */
  readonly product: Float64Array;
  readonly expectedProduct: Float64Array;
  readonly scale: Float64Array;
  /** nPersons x K x q: b and its variance under the model, D - C. */
  readonly effect: Float64Array;
  readonly effectVariance: Float64Array;
}

function accumulate(people: People): Sums {
  const { design, posteriors } = people;
  const nPersons = posteriors.personIds.length;
  const n = people.observed.length;
  const size = nPersons * posteriors.nClasses * design.moments.nRandom;
  const column = (): Float64Array => new Float64Array(n);
  const groups = occasionGroups(people.time, design.keptStart);
  const sums: Sums = {
    rows: {
      person: new Int32Array(n),
      time: people.time,
      observed: people.observed,
      fitted: column(),
      predicted: column(),
      conditional: column(),
      standardized: column(),
      marginal: column(),
      marginalStandardized: column(),
    },
    groups,
    square: column(),
    expectedSquare: column(),
    product: new Float64Array(nPersons),
    expectedProduct: new Float64Array(nPersons),
    scale: new Float64Array(nPersons),
    effect: new Float64Array(size),
    effectVariance: new Float64Array(size),
  };
  for (let i = 0; i < nPersons; i++) addPerson(sums, people, i);
  return sums;
}

/** Share of the residual variance that a residual keeps at least: rounding leaves no less of one that the effects reproduce. */
const LEAST_SHARE = 1e-10;

function addPerson(sums: Sums, people: People, i: number): void {
  const { design, posteriors } = people;
  const { nClasses, values } = posteriors;
  const { outcomeMean, outcomeSd } = design.stored.scaling;
  const { rows } = sums;
  const first = design.keptStart[i]!;
  const n = design.keptStart[i + 1]! - first;
  const q = design.moments.nRandom;
  const variance = new Float64Array(n);
  const marginalVariance = new Float64Array(n);
  for (let k = 0; k < nClasses; k++) {
    const p = values[i * nClasses + k]!;
    const member = personInClass(people, i, k);
    const d = covarianceOf(people, k, q);
    const residual = new Float64Array(n);
    const own = new Float64Array(n);
    for (let r = 0; r < n; r++) {
      let predicted = member.means[r]!;
      for (let a = 0; a < q; a++) predicted += member.z[r * q + a]! * member.effects.mean[a]!;
      residual[r] = (people.observed[first + r]! - outcomeMean) / outcomeSd - predicted;
      const within = member.residualCovariance[r * n + r]!;
      own[r] = Math.max(
        within - quadraticForm(member.z, r * q, member.effects.covariance, q),
        LEAST_SHARE * within,
      );
      variance[r]! += p * own[r]!;
      marginalVariance[r]! += p * (within + quadraticForm(member.z, r * q, d, q));
      rows.fitted[first + r]! += p * member.means[r]!;
      rows.predicted[first + r]! += p * predicted;
      sums.square[first + r]! += (p * residual[r]! ** 2) / within;
      sums.expectedSquare[first + r]! += (p * own[r]!) / within;
    }
    addProducts(sums, i, p, member, residual, own);
    for (let a = 0; a < q; a++) {
      sums.effect[(i * nClasses + k) * q + a] = member.effects.mean[a]!;
      sums.effectVariance[(i * nClasses + k) * q + a] = Math.max(
        d[a * q + a]! - member.effects.covariance[a * q + a]!,
        0,
      );
    }
  }
  for (let r = first; r < first + n; r++) {
    rows.person[r] = i;
    rows.fitted[r] = rows.fitted[r]! * outcomeSd + outcomeMean;
    rows.predicted[r] = rows.predicted[r]! * outcomeSd + outcomeMean;
    rows.conditional[r] = rows.observed[r]! - rows.predicted[r]!;
    rows.marginal[r] = rows.observed[r]! - rows.fitted[r]!;
    rows.standardized[r] = rows.conditional[r]! / (Math.sqrt(variance[r - first]!) * outcomeSd);
    rows.marginalStandardized[r] = rows.marginal[r]! / (Math.sqrt(marginalVariance[r - first]!) * outcomeSd);
  }
}

/** D of a class, q x q, internal scale. */
function covarianceOf({ parameters }: People, k: number, q: number): Float64Array {
  const { factor } = parameters;
  const out = new Float64Array(q * q);
  for (let a = 0; a < q; a++)
    for (let b = 0; b < q; b++)
      for (let c = 0; c <= Math.min(a, b); c++)
        out[a * q + b]! += factor[(k * q + a) * q + c]! * factor[(k * q + b) * q + c]!;
  return out;
}

/** Products of neighbouring residuals beside what the model expects of them. */
function addProducts(
  sums: Sums,
  i: number,
  p: number,
  member: PersonInClass,
  residual: Float64Array,
  own: Float64Array,
): void {
  const n = residual.length;
  const q = member.effects.mean.length;
  for (let r = 0; r + 1 < n; r++) {
    const next = r + 1;
    sums.product[i]! += p * residual[r]! * residual[next]!;
    sums.expectedProduct[i]! +=
      p *
      (member.residualCovariance[r * n + next]! -
        quadraticForm(member.z, r * q, member.effects.covariance, q, next * q));
    sums.scale[i]! += p * Math.sqrt(own[r]! * own[next]!);
  }
}

/** People with neighbouring rows below which autocorrelation is not looked at. */
const FEWEST_PEOPLE = 10;

/**
 * Autocorrelation at lag one. Residuals of one person are correlated even in the right model, because their curve was drawn through
 * them: what counts is the difference from the model's expectation. Its z has the standard error that the differences of
 * single people give; estimated parameters make that a little too large, so the test errs towards silence.
 */
function autocorrelationOf({ product, expectedProduct, scale }: Sums): Autocorrelation | null {
  let observed = 0;
  let expected = 0;
  let total = 0;
  let squares = 0;
  let people = 0;
  for (let i = 0; i < product.length; i++) {
    if (!(scale[i]! > 0)) continue;
    people++;
    observed += product[i]!;
    expected += expectedProduct[i]!;
    total += scale[i]!;
    squares += (product[i]! - expectedProduct[i]!) ** 2;
  }
  if (people < FEWEST_PEOPLE || !(squares > 0)) return null;
  return {
    observed: observed / total,
    expected: expected / total,
    z: (observed - expected) / Math.sqrt(squares),
    people,
  };
}

/** A residual squared has variance (2 + excess kurtosis) times its expectation squared, and so much error its ratio. */
function occasionResiduals(
  { rows, groups, square, expectedSquare }: Sums,
  excessKurtosis: number,
): OccasionResiduals {
  const { group, at, by } = groups;
  const n = new Float64Array(at.length);
  const sum = new Float64Array(at.length);
  const observed = new Float64Array(at.length);
  const expected = new Float64Array(at.length);
  for (let r = 0; r < group.length; r++) {
    const g = group[r]!;
    if (g < 0) continue;
    n[g]!++;
    sum[g]! += rows.standardized[r]!;
    observed[g]! += square[r]!;
    expected[g]! += expectedSquare[r]!;
  }
  return {
    by,
    groups: Array.from(at, (value, g) => ({
      at: value,
      n: n[g]!,
      mean: sum[g]! / n[g]!,
      varianceRatio: observed[g]! / expected[g]!,
      ratioError: Math.sqrt((2 + Math.max(excessKurtosis, 0)) / n[g]!),
    })),
  };
}

function effectDiagnostics(people: People, { effect, effectVariance }: Sums): EffectDiagnostics[] {
  const { posteriors, design } = people;
  const { nClasses, values } = posteriors;
  const q = design.moments.nRandom;
  const nPersons = posteriors.personIds.length;
  const { scaling, basisNames } = design.stored;
  return Array.from({ length: q }, (_, a) => {
    const unit = scaling.outcomeSd / scaling.basis[a]!;
    const estimate = new Float64Array(nPersons);
    const standardized: number[] = [];
    for (let i = 0; i < nPersons; i++) {
      let variance = 0;
      for (let k = 0; k < nClasses; k++) {
        const p = values[i * nClasses + k]!;
        estimate[i]! += p * effect[(i * nClasses + k) * q + a]!;
        variance += p * effectVariance[(i * nClasses + k) * q + a]!;
      }
      if (variance > 0) standardized.push(estimate[i]! / Math.sqrt(variance));
      estimate[i]! *= unit;
    }
    return {
      name: basisNames[a]!,
      estimate,
      standardized: Float64Array.from(standardized),
      classes: Array.from({ length: nClasses }, (_row, k) => {
        const weights = new Float64Array(nPersons);
        const own = new Float64Array(nPersons);
        let expected = 0;
        for (let i = 0; i < nPersons; i++) {
          weights[i] = values[i * nClasses + k]!;
          own[i] = effect[(i * nClasses + k) * q + a]! * unit;
          expected += weights[i]! * effectVariance[(i * nClasses + k) * q + a]! * unit ** 2;
        }
        const shape: Shape = shapeOf(own, weights);
        const expectedSd = shape.weight > 0 ? Math.sqrt(expected / shape.weight) : 0;
        return { label: k + 1, ...shape, expectedSd };
      }),
    };
  });
}

function shareOf(
  values: Float64Array,
  holds: (value: number) => boolean,
  limit: number | undefined,
): number | null {
  if (limit === undefined || values.length === 0) return null;
  let count = 0;
  for (const value of values) if (holds(value)) count++;
  return count / values.length;
}
