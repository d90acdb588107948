import { choleskyInPlace, choleskySolveInPlace } from "../core/linalg.js";
import type { LongTable, RowLedger } from "../core/table.js";
import { posteriorsOf } from "./classes.js";
import { numericValues, takeValues } from "./design/columns.js";
import type { Design, Scaling } from "./design/types.js";
import { buildDesign } from "./design.js";
import { createObjective } from "./fit/objective.js";
import { gaussianKernel } from "./kernels/gaussian.js";
import type { ClassParameters } from "./kernels/types.js";
import { allocateFor, createLayout, unpackInto } from "./parameters.js";
import type { FitResult, Posteriors } from "./result.js";

/** What a stored fit says of new people. */
export interface Prediction {
  readonly posteriors: Posteriors;
  /** One entry per row used. */
  readonly rows: {
    readonly personIds: readonly string[];
    readonly time: Float64Array;
    /** Score seen. */
    readonly observed: Float64Array;
    /** Mean of the classes weighted by the person's posterior probabilities. */
    readonly fitted: Float64Array;
    /** The same with the person's predicted random effects (empirical Bayes). */
    readonly predicted: Float64Array;
  };
  readonly ledger: RowLedger;
}

/**
 * Classifies people with a stored fit and predicts their trajectories, without refitting.
 * @param result - a fit (its posteriors are not needed)
 * @param table - long table with the columns of the model; it may be the one fitted
 * @returns posterior probabilities, and per row the posterior mean with and without the person's own random effects
 * @throws InputError for missing columns or categories the model has not seen
 * Source: empirical Bayes prediction in a mixture: Verbeke & Lesaffre (1996, section 4).
 */
export function predict(result: FitResult, table: LongTable): Prediction {
  const spec = result.model;
  const design = buildDesign(table, spec, result.design);
  const layout = createLayout({
    nClasses: spec.classes,
    fixed: design.fixed,
    nRandom: result.design.nRandom,
    nMembership: spec.classes === 1 ? 1 : design.moments.nMembership,
    diagonal: spec.diagonal,
    covariance: spec.covariance,
    residual: spec.residual,
  });
  const x = Float64Array.from(result.internal);
  const moments = spec.classes === 1 ? { ...design.moments, nMembership: 1 } : design.moments;
  const kernel = gaussianKernel(moments, design.fixed, {
    nClasses: spec.classes,
    commonCovariance: layout.commonCovariance,
    reml: false,
  });
  const values = new Float64Array(moments.nPersons * spec.classes);
  createObjective(kernel, layout).evaluatePosteriors(x, values);
  const posteriors = posteriorsOf(table, design, values, spec.classes);
  const parameters = allocateFor(layout);
  unpackInto(layout, x, parameters);

  const n = design.keptRows.length;
  const { scaling } = result.design;
  const fitted = new Float64Array(n);
  const predicted = new Float64Array(n);
  const time = numericValues(table, spec.time);
  const outcome = numericValues(table, spec.outcome);
  const ids: string[] = [];
  for (let i = 0; i < design.keptPersons.length; i++) {
    const rows = { first: design.keptStart[i]!, end: design.keptStart[i + 1]! };
    for (let k = 0; k < spec.classes; k++) {
      const p = posteriors.values[i * spec.classes + k]!;
      const { means, effects } = predictPerson(design, parameters, outcome, scaling, i, k, rows);
      means.forEach((mean, r) => {
        fitted[rows.first + r]! += p * (mean * scaling.outcomeSd + scaling.outcomeMean);
        predicted[rows.first + r]! += p * ((mean + effects[r]!) * scaling.outcomeSd + scaling.outcomeMean);
      });
    }
    for (let r = rows.first; r < rows.end; r++) ids.push(posteriors.personIds[i]!);
  }
  return {
    posteriors,
    rows: {
      personIds: ids,
      time: takeValues(time, design.keptRows),
      observed: takeValues(outcome, design.keptRows),
      fitted,
      predicted,
    },
    ledger: design.ledger,
  };
}

/** Class mean and random-effect part of each of a person's rows: Z b with b = M Z'(y - mu), M = L (s2 I + L'Z'Z L)^-1 L'. */
function predictPerson(
  design: Design,
  parameters: ClassParameters,
  outcome: Float64Array,
  scaling: Scaling,
  person: number,
  k: number,
  rows: { readonly first: number; readonly end: number },
): { means: Float64Array; effects: Float64Array } {
  const { fixed, rowBasis, personColumns, moments } = design;
  const q = moments.nRandom;
  const n = rows.end - rows.first;
  const means = new Float64Array(n);
  const effects = new Float64Array(n);
  const zr = new Float64Array(q);
  const zz = new Float64Array(q * q);
  for (let r = 0; r < n; r++) {
    const row = rows.first + r;
    for (let j = 0; j < fixed.nFixed; j++)
      means[r]! +=
        parameters.beta[k * fixed.nFixed + j]! *
        rowBasis[fixed.basis[j]!]![row]! *
        personColumns[fixed.person[j]!]![person]!;
    const score = (outcome[design.keptRows[row]!]! - scaling.outcomeMean) / scaling.outcomeSd;
    for (let a = 0; a < q; a++) {
      zr[a]! += rowBasis[a]![row]! * (score - means[r]!);
      for (let b = 0; b < q; b++) zz[a * q + b]! += rowBasis[a]![row]! * rowBasis[b]![row]!;
    }
  }
  if (q === 0) return { means, effects };
  const factor = parameters.factor.subarray(k * q * q, (k + 1) * q * q);
  const inner = new Float64Array(q * q);
  const right = new Float64Array(q);
  for (let a = 0; a < q; a++) {
    for (let c = 0; c < q; c++) right[a]! += factor[c * q + a]! * zr[c]!;
    for (let b = 0; b < q; b++) {
      let sum = a === b ? parameters.variance[k]! : 0;
      for (let c = 0; c < q; c++)
        for (let d = 0; d < q; d++) sum += factor[c * q + a]! * zz[c * q + d]! * factor[d * q + b]!;
      inner[a * q + b] = sum;
    }
  }
  choleskyInPlace(inner, q);
  choleskySolveInPlace(inner, q, right);
  for (let r = 0; r < n; r++)
    for (let a = 0; a < q; a++) {
      let effect = 0;
      for (let b = 0; b < q; b++) effect += factor[a * q + b]! * right[b]!;
      effects[r]! += rowBasis[a]![rows.first + r]! * effect;
    }
  return { means, effects };
}
