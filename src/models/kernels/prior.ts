import type { Evaluation } from "./types.js";

/**
 * Log prior class probabilities log softmax(v'gamma).
 * @param out - K numbers, overwritten
 * @param nClasses - K
 * @param logits - K x nMembership
 * @param nMembership - columns of the membership design, the intercept among them
 * @param v - membership row at `vOffset`; ignored when nMembership = 1
 * @param vOffset - first entry of `v` read
 */
export function logPriorInto(
  out: Float64Array,
  nClasses: number,
  logits: Float64Array,
  nMembership: number,
  v: Float64Array,
  vOffset: number,
): void {
  let largest = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < nClasses; k++) {
    let eta = logits[k * nMembership]!;
    for (let j = 1; j < nMembership; j++) eta += logits[k * nMembership + j]! * v[vOffset + j]!;
    out[k] = eta;
    if (eta > largest) largest = eta;
  }
  let sum = 0;
  for (let k = 0; k < nClasses; k++) sum += Math.exp(out[k]! - largest);
  const logSum = largest + Math.log(sum);
  for (let k = 0; k < nClasses; k++) out[k]! -= logSum;
}

/**
 * Adds `scale` times (diag(pi) - pi pi') (x) v v' to the information of the logits.
 * @param out - added to
 * @param nClasses - K
 * @param nMembership - columns of the membership design, the intercept among them
 * @param logPrior - K log prior probabilities
 * @param v - membership row at `vOffset` (nMembership > 1)
 * @param vOffset - first entry of `v` read
 * @param scale - factor of what is added, e.g. a number of persons
 */
export function addLogitInformation(
  out: Evaluation,
  nClasses: number,
  nMembership: number,
  logPrior: Float64Array,
  v: Float64Array,
  vOffset: number,
  scale: number,
): void {
  const size = nClasses * nMembership;
  for (let k = 0; k < nClasses; k++) {
    const pk = Math.exp(logPrior[k]!);
    for (let l = 0; l < nClasses; l++) {
      const weight = scale * pk * ((k === l ? 1 : 0) - Math.exp(logPrior[l]!));
      for (let a = 0; a < nMembership; a++) {
        const va = a === 0 ? weight : weight * v[vOffset + a]!;
        const row = (k * nMembership + a) * size + l * nMembership;
        for (let b = 0; b < nMembership; b++)
          out.informationLogits[row + b]! += b === 0 ? va : va * v[vOffset + b]!;
      }
    }
  }
}

/**
 * Posterior probabilities from log prior times density.
 * @param logs - nClasses log densities with log prior probabilities added, overwritten with posteriors
 * @param nClasses - K
 */
export function posteriorsInPlace(logs: Float64Array, nClasses: number): void {
  let largest = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < nClasses; k++) if (logs[k]! > largest) largest = logs[k]!;
  let sum = 0;
  for (let k = 0; k < nClasses; k++) {
    const share = Math.exp(logs[k]! - largest);
    logs[k] = share;
    sum += share;
  }
  for (let k = 0; k < nClasses; k++) logs[k]! /= sum;
}
