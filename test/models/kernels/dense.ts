import type { ClassParameters } from "../../../src/models/kernels/types.js";
import { allocateFor, unpackInto } from "../../../src/models/parameters.js";
import type { RandomModel } from "./randomModel.js";

// The slow route: every person's covariance matrix V = Z D Z' + s2 I written out in full, from the rows, with plain
// nested arrays. Shares no code with the kernels.

export type Matrix = number[][];

/** Lower Cholesky factor. */
function cholesky(a: Matrix): Matrix {
  const n = a.length;
  const l: Matrix = a.map((row) => row.map(() => 0));
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      let sum = a[i]![j]!;
      for (let k = 0; k < j; k++) sum -= l[i]![k]! * l[j]![k]!;
      l[i]![j] = i === j ? Math.sqrt(sum) : sum / l[j]![j]!;
    }
  return l;
}

/** Solution of a x = b for symmetric positive definite a. */
export function solve(a: Matrix, b: readonly number[]): number[] {
  const l = cholesky(a);
  const n = b.length;
  const x = [...b];
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) x[i]! -= l[i]![k]! * x[k]!;
    x[i]! /= l[i]![i]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) x[i]! -= l[k]![i]! * x[k]!;
    x[i]! /= l[i]![i]!;
  }
  return x;
}

export function logDeterminant(a: Matrix): number {
  return cholesky(a).reduce((sum, row, i) => sum + 2 * Math.log(row[i]!), 0);
}

export function multiply(a: Matrix, b: Matrix): Matrix {
  return a.map((row) => b[0]!.map((_, j) => row.reduce((sum, value, k) => sum + value * b[k]![j]!, 0)));
}

export function inverse(a: Matrix): Matrix {
  return a.map((_, j) =>
    solve(
      a,
      a.map((_row, i) => Number(i === j)),
    ),
  );
}

export function trace(a: Matrix): number {
  return a.reduce((sum, row, i) => sum + row[i]!, 0);
}

/** Covariance matrix of a person's scores in class k. */
export function denseV(model: RandomModel, parameters: ClassParameters, i: number, k: number): Matrix {
  const { personStart, nRandom: q } = model.rows;
  const first = personStart[i]!;
  const n = personStart[i + 1]! - first;
  const value = (b: number, r: number): number => basisValue(model, parameters, b, first + r);
  const factor = (a: number, b: number): number => parameters.factor[(k * q + a) * q + b]!;
  const d = Array.from({ length: q }, (_, a) =>
    Array.from({ length: q }, (_col, b) =>
      Array.from({ length: q }, (_e, c) => factor(a, c) * factor(b, c)).reduce((s, v) => s + v, 0),
    ),
  );
  return Array.from({ length: n }, (_, r) =>
    Array.from({ length: n }, (_col, s) => {
      let sum = denseR(model, parameters, first, k, r, s);
      for (let a = 0; a < q; a++) for (let b = 0; b < q; b++) sum += value(a, r) * d[a]![b]! * value(b, s);
      return sum;
    }),
  );
}

/** Residual covariance of rows r and s of the person whose rows begin at `first`. */
function denseR(
  { layout, occasion, lag }: RandomModel,
  parameters: ClassParameters,
  first: number,
  k: number,
  r: number,
  s: number,
): number {
  const { nResidual, nVariances } = layout;
  const correlated = nResidual > nVariances;
  if (r !== s && !correlated) return 0;
  const sd = (row: number): number =>
    Math.sqrt(parameters.residual[k * nResidual + (nVariances > 1 ? occasion[first + row]! : 0)]!);
  let distance = 0;
  for (let t = Math.min(r, s) + 1; t <= Math.max(r, s); t++) distance += lag[first + t]!;
  const rho = correlated ? parameters.residual[(k + 1) * nResidual - 1]! : 0;
  return sd(r) * sd(s) * (r === s ? 1 : rho ** distance);
}

/** Basis column b at a row; the latent one takes its loading. */
function basisValue(model: RandomModel, parameters: ClassParameters, b: number, row: number): number {
  const isLatent = parameters.loadings.length > 0 && b === 1;
  return isLatent ? parameters.loadings[model.occasion[row]!]! : model.rows.basis[b]![row]!;
}

/** Rows of the fixed-effects design of a person: n x nFixed. */
export function denseX(model: RandomModel, parameters: ClassParameters, i: number): Matrix {
  const { personStart, person } = model.rows;
  const first = personStart[i]!;
  return Array.from({ length: personStart[i + 1]! - first }, (_, r) =>
    Array.from(
      model.fixed.basis,
      (b, j) => basisValue(model, parameters, b, first + r) * person[model.fixed.person[j]!]![i]!,
    ),
  );
}

/** Prior class probabilities of a person. */
export function densePrior(model: RandomModel, parameters: ClassParameters, i: number): number[] {
  const { membership } = model.rows;
  const width = membership.length;
  const logits = Array.from({ length: parameters.nClasses }, (_, k) =>
    membership.reduce((sum, column, j) => sum + parameters.logits[k * width + j]! * column[i]!, 0),
  );
  const total = logits.reduce((sum, value) => sum + Math.exp(value), 0);
  return logits.map((value) => Math.exp(value) / total);
}

/** Log density of a person's scores in class k. */
function denseDensity(model: RandomModel, parameters: ClassParameters, i: number, k: number): number {
  const { personStart, outcome } = model.rows;
  const first = personStart[i]!;
  const v = denseV(model, parameters, i, k);
  const { nFixed } = model.fixed;
  const residual = denseX(model, parameters, i).map(
    (row, r) =>
      outcome[first + r]! - row.reduce((sum, value, j) => sum + value * parameters.beta[k * nFixed + j]!, 0),
  );
  const weighted = solve(v, residual);
  const quad = residual.reduce((sum, value, r) => sum + value * weighted[r]!, 0);
  return -0.5 * (residual.length * Math.log(2 * Math.PI) + logDeterminant(v) + quad);
}

/** Class parameters at a free vector. */
export function parametersAt(model: RandomModel, x: Float64Array): ClassParameters {
  const parameters = allocateFor(model.layout);
  unpackInto(model.layout, x, parameters);
  return parameters;
}

/** Log-likelihood and posteriors (person by person, in the order of the rows). */
export function denseLikelihood(
  model: RandomModel,
  x: Float64Array,
): { logLikelihood: number; posteriors: number[][] } {
  const parameters = parametersAt(model, x);
  let logLikelihood = 0;
  const posteriors = Array.from(model.rows.personIndex, (_, i) => {
    const prior = densePrior(model, parameters, i);
    const logs = prior.map((p, k) => Math.log(p) + denseDensity(model, parameters, i, k));
    const largest = Math.max(...logs);
    const total = logs.reduce((sum, value) => sum + Math.exp(value - largest), 0);
    logLikelihood += largest + Math.log(total);
    return logs.map((value) => Math.exp(value - largest) / total);
  });
  return { logLikelihood, posteriors };
}

/** The term that restricted maximum likelihood adds: (P log 2 pi - log|X'V^-1 X|) / 2. */
export function denseRemlTerm(model: RandomModel, x: Float64Array): number {
  const parameters = parametersAt(model, x);
  const { nFixed } = model.fixed;
  const h: Matrix = Array.from({ length: nFixed }, () => new Array<number>(nFixed).fill(0));
  for (let i = 0; i < model.rows.personIndex.length; i++) {
    const design = denseX(model, parameters, i);
    const weighted = multiply(inverse(denseV(model, parameters, i, 0)), design);
    for (let a = 0; a < nFixed; a++)
      for (let b = 0; b < nFixed; b++)
        h[a]![b]! += design.reduce((sum, row, r) => sum + row[a]! * weighted[r]![b]!, 0);
  }
  return 0.5 * (nFixed * Math.log(2 * Math.PI) - logDeterminant(h));
}

/** Complete-data information: classes known with the posterior weights, expected for the variances. */
export function denseInformation(model: RandomModel, x: Float64Array): Matrix {
  const { layout, fixed, rows } = model;
  // Loadings have an information of their own: given the random effects.
  const size = layout.loadingsAt;
  const out: Matrix = Array.from({ length: size }, () => new Array<number>(size).fill(0));
  const parameters = parametersAt(model, x);
  const { posteriors } = denseLikelihood(model, x);
  const position = (j: number, k: number): number =>
    layout.betaPosition[j]! + (fixed.classSpecific[j] ? k : 0);
  const step = 1e-5;
  const shifted = Array.from({ length: layout.loadingsAt - layout.factorAt }, (_, a) => {
    const up = x.slice();
    const down = x.slice();
    up[layout.factorAt + a]! += step;
    down[layout.factorAt + a]! -= step;
    return [parametersAt(model, up), parametersAt(model, down)] as const;
  });
  for (let i = 0; i < rows.personIndex.length; i++) {
    const prior = densePrior(model, parameters, i);
    const width = rows.membership.length;
    for (let k = 0; k < layout.nClasses - 1; k++)
      for (let l = 0; l < layout.nClasses - 1; l++)
        for (let a = 0; a < width; a++)
          for (let b = 0; b < width; b++)
            out[k * width + a]![l * width + b]! +=
              prior[k]! * (Number(k === l) - prior[l]!) * rows.membership[a]![i]! * rows.membership[b]![i]!;
    const design = denseX(model, parameters, i);
    for (let k = 0; k < layout.nClasses; k++) {
      const p = posteriors[i]![k]!;
      const inverseV = inverse(denseV(model, parameters, i, k));
      const weighted = multiply(inverseV, design);
      for (let a = 0; a < fixed.nFixed; a++)
        for (let b = 0; b < fixed.nFixed; b++)
          out[position(a, k)]![position(b, k)]! +=
            p * design.reduce((sum, row, r) => sum + row[a]! * weighted[r]![b]!, 0);
      const products = shifted.map(([up, down]) => {
        const above = denseV(model, up, i, k);
        const below = denseV(model, down, i, k);
        const change = above.map((row, r) => row.map((value, s) => (value - below[r]![s]!) / (2 * step)));
        return multiply(inverseV, change);
      });
      products.forEach((a, ia) => {
        products.forEach((b, ib) => {
          out[layout.factorAt + ia]![layout.factorAt + ib]! += 0.5 * p * trace(multiply(a, b));
        });
      });
    }
  }
  return out;
}
