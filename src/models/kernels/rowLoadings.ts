import type { RowScratch } from "./rowScratch.js";
import type { Evaluation } from "./types.js";

/**
 * Adds a pattern's share to the gradient (and information) of the loadings of the latent time basis: with lambda_t the value of
 * its column L at row t,
 *   dl/dlambda_t = sum of p u_t (eta_L + b_L) - weight (R^-1 Z M)_tL,   u = R^-1 e,
 * and, given the random effects, information R^-1_ts { sum of p (eta_L + b_L)^2 + weight M_LL }.
 * @param out - added to
 * @param x - sums of the pattern
 * @param g - the pattern
 * @param v - class, or 0 where the classes share D and residual structure
 * @param information - whether the information is wanted
 * Source: Meredith & Tisak (1990), latent curve with free basis; derivative by Fisher's identity.
 */
export function foldLoadings(
  out: Evaluation,
  x: RowScratch,
  g: number,
  v: number,
  information: boolean,
): void {
  const { rows, maxRows, basis, moments, given, whitened } = x;
  const { nBasis: m, nRandom: q } = moments;
  const latent = rows.latentBasis;
  const first = rows.patternRow[g]!;
  const w = x.whitenings[v]!;
  const weight = x.covarianceWeight[v]!;
  const isRandom = latent < q;
  const spread = x.patterns[v]!.m;
  const { n } = w;
  for (let t = 0; t < n; t++) {
    let half = 0;
    if (isRandom) for (let a = 0; a < q; a++) half += basis[t * m + a]! * spread[a * q + latent]!;
    given[t] = half;
  }
  for (let t = 0; t < n; t++)
    whitened[t] = w.own[t]! * given[t]! - (t > 0 ? w.before[t]! * given[t - 1]! : 0);
  const squares = x.latentSquares[v]! + (isRandom ? weight * spread[latent * q + latent]! : 0);
  const size = rows.nOccasions;
  for (let t = 0; t < n; t++) {
    const after = t + 1 < n ? w.before[t + 1]! : 0;
    let u = w.own[t]! * whitened[t]!;
    if (t + 1 < n) u -= after * whitened[t + 1]!;
    const at = rows.occasion[first + t]!;
    out.gradientLoadings[at]! += x.latentScore[v * maxRows + t]! - weight * u;
    if (!information) continue;
    out.informationLoadings[at * size + at]! += squares * (w.own[t]! ** 2 + after ** 2);
    if (t === 0) continue;
    const above = rows.occasion[first + t - 1]!;
    const link = -squares * w.own[t]! * w.before[t]!;
    out.informationLoadings[at * size + above]! += link;
    out.informationLoadings[above * size + at]! += link;
  }
}
