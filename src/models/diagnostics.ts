import type { LongTable } from "../core/table.js";
import { findingsOf } from "./persons/findings.js";
import { type People, readFittedPeople } from "./persons/people.js";
import { type ResidualSums, residualSums } from "./persons/residualSums.js";
import { type DistributionShape, shapeOf } from "./persons/shape.js";
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
  const sums = residualSums(people);
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

/** People with neighbouring rows below which autocorrelation is not looked at. */
const FEWEST_PEOPLE = 10;

/**
 * Autocorrelation at lag one. Residuals of one person are correlated even in the right model, because their curve was drawn through
 * them: what counts is the difference from the model's expectation. Its z has the standard error that the differences of
 * single people give; estimated parameters make that a little too large, so the test errs towards silence.
 */
function autocorrelationOf({ product, expectedProduct, scale }: ResidualSums): Autocorrelation | null {
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
  { rows, groups, square, expectedSquare }: ResidualSums,
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

function effectDiagnostics(people: People, { effect, effectVariance }: ResidualSums): EffectDiagnostics[] {
  const { posteriors, design } = people;
  const { nClasses, values } = posteriors;
  const q = design.moments.nRandom;
  const nPersons = posteriors.personIds.length;
  return Array.from({ length: q }, (_, a) => {
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
    }
    return {
      name: design.stored.basisNames[a]!,
      estimate,
      standardized: Float64Array.from(standardized),
      classes: Array.from({ length: nClasses }, (_row, k) => {
        const weights = new Float64Array(nPersons);
        const own = new Float64Array(nPersons);
        let expected = 0;
        for (let i = 0; i < nPersons; i++) {
          weights[i] = values[i * nClasses + k]!;
          own[i] = effect[(i * nClasses + k) * q + a]!;
          expected += weights[i]! * effectVariance[(i * nClasses + k) * q + a]!;
        }
        const shape: DistributionShape = shapeOf(own, weights);
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
