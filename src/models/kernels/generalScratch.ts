import type { Moments } from "../design/moments.js";
import { allocatePatternAlgebra, type PatternAlgebra } from "./pattern.js";

/** Work space of the kernel of `general.ts`: sums of one pattern, per class, and one person's residual moments. */
export interface GeneralScratch {
  /** K; one for all where the covariance is common. */
  readonly patterns: readonly PatternAlgebra[];
  readonly logPrior: Float64Array;
  /** K. */
  readonly logDensity: Float64Array;
  /** K x m: B'r of the current person. */
  readonly residual: Float64Array;
  /** K: r'r. */
  readonly residualSquares: Float64Array;
  /** m. */
  readonly eta: Float64Array;
  /** K sums over the pattern: posteriors, p r'r. */
  readonly weight: Float64Array;
  readonly rr: Float64Array;
  /** K x q x q: p z z'. */
  readonly zz: Float64Array;
  /** K x c x m: p w (B'r)'. */
  readonly wr: Float64Array;
  /** K x c x c: p w w'. */
  readonly ww: Float64Array;
  readonly score: Float64Array;
  readonly bvb: Float64Array;
}

/**
 * Allocates the work space.
 * @param moments - the data
 * @param nClasses - K
 * @param commonCovariance - one algebra of a pattern serves all classes
 * @returns arrays of zeros
 */
export function allocateGeneralScratch(
  moments: Moments,
  nClasses: number,
  commonCovariance: boolean,
): GeneralScratch {
  const { nBasis: m, nRandom: q, nPersonColumns: c } = moments;
  const common = allocatePatternAlgebra(q, m);
  return {
    patterns: Array.from({ length: nClasses }, () =>
      commonCovariance ? common : allocatePatternAlgebra(q, m),
    ),
    logPrior: new Float64Array(nClasses),
    logDensity: new Float64Array(nClasses),
    residual: new Float64Array(nClasses * m),
    residualSquares: new Float64Array(nClasses),
    eta: new Float64Array(m),
    weight: new Float64Array(nClasses),
    rr: new Float64Array(nClasses),
    zz: new Float64Array(nClasses * q * q),
    wr: new Float64Array(nClasses * c * m),
    ww: new Float64Array(nClasses * c * c),
    score: new Float64Array(m),
    bvb: new Float64Array(m * m),
  };
}
