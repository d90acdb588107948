import type { FixedStructure, Moments } from "../design/moments.js";
import type { RowData } from "../design/rowData.js";
import { type ResidualStructure, residualParts } from "../residuals.js";
import { allocatePatternAlgebra, type PatternAlgebra } from "./pattern.js";
import { allocateInformation, type InformationScratch } from "./rowInformation.js";
import { allocateWhitening, type Whitening } from "./whitening.js";

/** Work space of `rowsKernel`, with the data it works on. Sums are over the persons of one pattern. */
export interface RowScratch {
  readonly moments: Moments;
  readonly rows: RowData;
  readonly fixed: FixedStructure;
  readonly nClasses: number;
  readonly nVariances: number;
  readonly nResidual: number;
  readonly maxRows: number;
  /** Classes that differ in residual structure or D: K, or 1 where they share both (their sums then go to class 0). */
  readonly nCovariances: number;
  /** One per class; the same object where classes share it. */
  readonly whitenings: readonly Whitening[];
  readonly patterns: readonly PatternAlgebra[];
  readonly whitenedBasis: readonly Float64Array[];
  readonly btb: readonly Float64Array[];
  readonly information: InformationScratch;
  /** maxRows x m: the pattern's basis, loadings in place. */
  readonly basis: Float64Array;
  readonly logPrior: Float64Array;
  readonly logDensity: Float64Array;
  readonly eta: Float64Array;
  /** K x maxRows: means and residuals of the current person. */
  readonly mean: Float64Array;
  readonly residual: Float64Array;
  /** maxRows: whitened residuals; residuals given the random effects. */
  readonly whitened: Float64Array;
  readonly given: Float64Array;
  /** K x m: B'R^-1 r. */
  readonly score: Float64Array;
  /** K x q: b = M z. */
  readonly effects: Float64Array;
  /** K sums of posteriors; K x c x m of w (B'R^-1 r)'; K x c x c of w w'. */
  readonly weight: Float64Array;
  /** nCovariances sums of posteriors; x q x q of z z'. */
  readonly covarianceWeight: Float64Array;
  readonly zz: Float64Array;
  readonly wr: Float64Array;
  readonly ww: Float64Array;
  /** nCovariances x maxRows: sums of e_t^2 and e_t e_(t-1). */
  readonly e11: Float64Array;
  readonly e10: Float64Array;
  /** K: coefficient of the latent basis; nCovariances x maxRows and nCovariances: sums for its loadings. */
  readonly latentMean: Float64Array;
  readonly latentScore: Float64Array;
  readonly latentSquares: Float64Array;
  /** m; m x m. */
  readonly column: Float64Array;
  readonly bvb: Float64Array;
  /** m x m and maxRows x m, for REML. */
  readonly remlSpread: Float64Array;
  readonly remlRows: Float64Array;
}

/**
 * Allocates the work space.
 * @param moments - the data
 * @param rows - its rows
 * @param fixed - structure of the means
 * @param model - number of classes, residual structure, and whether classes share it and D
 * @returns the work space
 */
export function allocateRowScratch(
  moments: Moments,
  rows: RowData,
  fixed: FixedStructure,
  model: {
    readonly nClasses: number;
    readonly residual: ResidualStructure;
    readonly commonCovariance: boolean;
  },
): RowScratch {
  const { nBasis: m, nRandom: q, nPersonColumns: c } = moments;
  const { nClasses } = model;
  const { byClass, byOccasion, correlation } = residualParts(model.residual);
  const nVariances = byOccasion ? rows.nOccasions : 1;
  const nResidual = nVariances + (correlation === null ? 0 : 1);
  const maxRows = moments.patternSessions.reduce((most, n) => Math.max(most, n), 1);
  const nCovariances = model.commonCovariance ? 1 : nClasses;
  /** One object for all classes, or one each. */
  const shared = <T>(isShared: boolean, make: () => T): T[] => {
    const first = make();
    return Array.from({ length: nClasses }, (_, k) => (isShared || k === 0 ? first : make()));
  };
  return {
    moments,
    rows,
    fixed,
    nClasses,
    nVariances,
    nResidual,
    maxRows,
    nCovariances,
    whitenings: shared(!byClass, () => allocateWhitening(maxRows)),
    patterns: shared(nCovariances === 1, () => allocatePatternAlgebra(q, m)),
    whitenedBasis: shared(!byClass, () => new Float64Array(maxRows * m)),
    btb: shared(!byClass, () => new Float64Array(m * m)),
    information: allocateInformation(maxRows, q, nResidual),
    basis: new Float64Array(maxRows * m),
    logPrior: new Float64Array(nClasses),
    logDensity: new Float64Array(nClasses),
    eta: new Float64Array(m),
    mean: new Float64Array(nClasses * maxRows),
    residual: new Float64Array(nClasses * maxRows),
    whitened: new Float64Array(maxRows),
    given: new Float64Array(maxRows),
    score: new Float64Array(nClasses * m),
    effects: new Float64Array(nClasses * q),
    weight: new Float64Array(nClasses),
    covarianceWeight: new Float64Array(nCovariances),
    zz: new Float64Array(nCovariances * q * q),
    wr: new Float64Array(nClasses * c * m),
    ww: new Float64Array(nClasses * c * c),
    e11: new Float64Array(nCovariances * maxRows),
    e10: new Float64Array(nCovariances * maxRows),
    latentMean: new Float64Array(nClasses),
    latentScore: new Float64Array(nCovariances * maxRows),
    latentSquares: new Float64Array(nCovariances),
    column: new Float64Array(m),
    bvb: new Float64Array(m * m),
    remlSpread: new Float64Array(m * m),
    remlRows: new Float64Array(maxRows * m),
  };
}

/**
 * Sets the sums over persons to zero.
 * @param x - changed in place
 */
export function clearRowSums(x: RowScratch): void {
  x.weight.fill(0);
  x.covarianceWeight.fill(0);
  x.zz.fill(0);
  x.wr.fill(0);
  x.ww.fill(0);
  x.e11.fill(0);
  x.e10.fill(0);
  x.latentScore.fill(0);
  x.latentSquares.fill(0);
}
