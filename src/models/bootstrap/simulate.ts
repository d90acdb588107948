import type { RandomStream } from "../../core/random.js";
import type { Moments } from "../design/moments.js";
import type { RowData } from "../design/rowData.js";
import { logPriorInto } from "../kernels/prior.js";
import type { ClassParameters } from "../kernels/types.js";
import { allocateWhitening, computeWhitening, type Whitening } from "../kernels/whitening.js";
import type { ProblemData } from "../likelihood.js";
import type { ParameterLayout } from "../parameters.js";
import { type CrossProductFactor, factorCrossProducts } from "./crossProducts.js";

/** Draws scores of the same people at the same times from a fitted model. */
export interface Simulator {
  /**
   * Draws scores.
   * @returns the data with these scores, and everything else shared with the data fitted. A new object over the memory of the draw before,
   *   which is overwritten
   */
  draw(stream: RandomStream): ProblemData;
}

/** What one person's draw needs. */
interface Scratch {
  /** m: coefficients of the basis, random effects included. */
  readonly eta: Float64Array;
  /** m: normal numbers. */
  readonly z: Float64Array;
  readonly logPrior: Float64Array;
  readonly prior: Float64Array;
}

/**
 * Prepares draws from a fitted model at the same design: each person's class from their prior probabilities, random
 * effects from the class's D, residuals from its R.
 * @param data - the data fitted
 * @param layout - the layout of the model drawn from
 * @param parameters - its class parameters, internal scale
 * @returns a simulator with scratch of its own
 * Source: parametric bootstrap: Efron & Tibshirani (1993, section 6.5); for mixtures McLachlan (1987).
 */
export function createSimulator(
  data: ProblemData,
  layout: ParameterLayout,
  parameters: ClassParameters,
): Simulator {
  const { moments } = data;
  const own: Moments = {
    ...moments,
    yy: new Float64Array(moments.yy.length),
    by: new Float64Array(moments.by.length),
  };
  const rows = data.rows === null ? null : { ...data.rows, y: new Float64Array(data.rows.y.length) };
  const x: Scratch = {
    eta: new Float64Array(moments.nBasis),
    z: new Float64Array(moments.nBasis),
    logPrior: new Float64Array(layout.nClasses),
    prior: new Float64Array(layout.nClasses),
  };
  const drawScores =
    rows === null ? momentsDrawer(own, layout, parameters, x) : rowsDrawer(own, rows, layout, parameters, x);
  return {
    draw(stream) {
      for (let g = 0; g < moments.nPatterns; g++)
        for (let i = moments.patternStart[g]!; i < moments.patternStart[g + 1]!; i++) {
          const k = drawClass(x, moments, layout, parameters, i, stream);
          drawCoefficients(x, data, parameters, i, k, stream);
          drawScores(g, i, k, stream);
        }
      return { ...data, moments: own, rows };
    },
  };
}

/** Draws the scores of person i (pattern g), a member of class k, whose coefficients are in the scratch. */
type ScoreDrawer = (g: number, i: number, k: number, stream: RandomStream) => void;

function drawClass(
  x: Scratch,
  moments: Moments,
  layout: ParameterLayout,
  parameters: ClassParameters,
  i: number,
  stream: RandomStream,
): number {
  const { nClasses, nMembership } = layout;
  if (nClasses === 1) return 0;
  logPriorInto(x.logPrior, nClasses, parameters.logits, nMembership, moments.v, i * nMembership);
  for (let k = 0; k < nClasses; k++) x.prior[k] = Math.exp(x.logPrior[k]!);
  return stream.categorical(x.prior);
}

/** Fixed coefficients of person i in class k plus a draw of the random effects. */
function drawCoefficients(
  x: Scratch,
  { moments, fixed }: ProblemData,
  parameters: ClassParameters,
  i: number,
  k: number,
  stream: RandomStream,
): void {
  const { nRandom: q, nPersonColumns: c, w } = moments;
  const { eta, z } = x;
  eta.fill(0);
  for (let j = 0; j < fixed.nFixed; j++) {
    const person = fixed.person[j]!;
    const coefficient = parameters.beta[k * fixed.nFixed + j]!;
    eta[fixed.basis[j]!]! += person === 0 ? coefficient : coefficient * w[i * c + person]!;
  }
  for (let a = 0; a < q; a++) z[a] = stream.normal();
  for (let a = 0; a < q; a++)
    for (let b = 0; b <= a; b++) eta[a]! += parameters.factor[(k * q + a) * q + b]! * z[b]!;
}

/**
 * Independent residuals of one variance: y'y and B'y are drawn as they are, without rows. With B'B = F F', F of rank r,
 * B'e = s F z with z r standard normal numbers, and the part of e that no basis column reaches has squared length
 * s2 chi2(n - r), independent of it.
 * Source: Cochran's theorem; see e.g. Seber & Lee (2003, theorem 2.7).
 */
function momentsDrawer(
  own: Moments,
  layout: ParameterLayout,
  parameters: ClassParameters,
  x: Scratch,
): ScoreDrawer {
  const { nBasis: m, btb, by, yy } = own;
  const { eta, z } = x;
  const factors = factorCrossProducts(own);
  return (g, i, k, stream) => {
    const variance = parameters.residual[k * layout.nResidual]!;
    const { factor, rank } = factors[g]! as CrossProductFactor;
    const sd = Math.sqrt(variance);
    let squares = 0;
    for (let d = 0; d < rank; d++) {
      const value = stream.normal();
      z[d] = value;
      squares += value * value;
    }
    const rest = own.patternSessions[g]! - rank;
    if (rest > 0) squares += 2 * stream.gamma(rest / 2);
    let total = variance * squares;
    for (let a = 0; a < m; a++) {
      let mean = 0;
      for (let b = 0; b < m; b++) mean += btb[(g * m + a) * m + b]! * eta[b]!;
      let residual = 0;
      for (let d = 0; d < rank; d++) residual += factor[a * m + d]! * z[d]!;
      residual *= sd;
      by[i * m + a] = mean + residual;
      total += eta[a]! * (mean + 2 * residual);
    }
    yy[i] = total;
  };
}

/** Residuals that differ by occasion or are correlated: scores row by row, un-whitened from normal numbers. */
function rowsDrawer(
  own: Moments,
  rows: RowData,
  layout: ParameterLayout,
  parameters: ClassParameters,
  x: Scratch,
): ScoreDrawer {
  const { nBasis: m } = own;
  const { nClasses, nResidual, nVariances } = layout;
  let longest = 0;
  for (const sessions of own.patternSessions) longest = Math.max(longest, sessions);
  const whitenings = Array.from({ length: nClasses }, () => allocateWhitening(longest));
  const basis = new Float64Array(m);
  let prepared = -1;
  return (g, i, k, stream) => {
    if (prepared !== g)
      for (let l = 0; l < nClasses; l++)
        computeWhitening(
          whitenings[l]!,
          rows,
          g,
          parameters.residual,
          l * nResidual,
          nVariances,
          nResidual > nVariances,
        );
    prepared = g;
    drawPersonRows(own, rows, parameters, x, basis, whitenings[k]!, g, i, stream);
  };
}

function drawPersonRows(
  own: Moments,
  rows: RowData,
  parameters: ClassParameters,
  { eta }: Scratch,
  basis: Float64Array,
  w: Whitening,
  g: number,
  i: number,
  stream: RandomStream,
): void {
  const { nBasis: m, by, yy } = own;
  yy[i] = 0;
  by.fill(0, i * m, (i + 1) * m);
  let previous = 0;
  for (let t = 0; t < w.n; t++) {
    const row = rows.patternRow[g]! + t;
    for (let b = 0; b < m; b++) basis[b] = rows.basis[row * m + b]!;
    if (rows.latentBasis >= 0) basis[rows.latentBasis] = parameters.loadings[rows.occasion[row]!]!;
    // Whitening makes a_t e_t - c_t e_(t-1) standard normal; solved for e_t.
    const residual = (stream.normal() + w.before[t]! * previous) / w.own[t]!;
    previous = residual;
    let score = residual;
    for (let b = 0; b < m; b++) score += basis[b]! * eta[b]!;
    rows.y[rows.personRow[i]! + t] = score;
    yy[i]! += score * score;
    // Only start values read these, and they use the stored basis.
    for (let b = 0; b < m; b++) by[i * m + b]! += rows.basis[row * m + b]! * score;
  }
}
