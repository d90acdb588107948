import { cheapestAssignment } from "../multistart/agreement.js";

/** Below this similarity a class of the fit has not come back (Hennig 2007: it is dissolved). */
export const DISSOLVED = 0.5;

/** How the classes of a replicate correspond to those of the fit. */
export interface ClassMatch {
  /** order[class of the fit] = class of the replicate. */
  readonly order: readonly number[];
  /** K: similarity of each class of the fit to its counterpart, from 0 to 1. */
  readonly similarity: readonly number[];
}

/**
 * Similarity of the classes of two classifications of the same people by posterior probabilities: the Jaccard coefficient of
 * fuzzy sets, sum min(p_ik, q_il) / sum max(p_ik, q_il). It is 1 where the probabilities are the same, however uncertain.
 * @param fit - n x K posteriors
 * @param replicate - n x K posteriors of the same people
 * @param nClasses - K
 * @returns K x K: similarity[class of the fit][class of the replicate]
 */
export function classSimilarity(fit: Float64Array, replicate: Float64Array, nClasses: number): number[][] {
  const shared = new Float64Array(nClasses * nClasses);
  const sizeFit = new Float64Array(nClasses);
  const sizeReplicate = new Float64Array(nClasses);
  for (let at = 0; at < fit.length; at += nClasses)
    for (let k = 0; k < nClasses; k++) {
      const p = fit[at + k]!;
      sizeFit[k]! += p;
      sizeReplicate[k]! += replicate[at + k]!;
      for (let l = 0; l < nClasses; l++) {
        const q = replicate[at + l]!;
        shared[k * nClasses + l]! += p < q ? p : q;
      }
    }
  return Array.from({ length: nClasses }, (_, k) =>
    Array.from({ length: nClasses }, (_column, l) => {
      const both = shared[k * nClasses + l]!;
      const either = sizeFit[k]! + sizeReplicate[l]! - both;
      return either > 0 ? both / either : 1;
    }),
  );
}

/**
 * Matches the classes of a replicate to those of the fit, one to one, so that the similarities of matched classes have the
 * largest sum: labels mean nothing in a mixture, and a replicate whose labels were switched would count as variation.
 * Every class has the same say, whatever its size, so that small ones are not sacrificed to a slightly better match of large ones.
 * @param fit - n x K posteriors of the fit
 * @param replicate - n x K posteriors that the replicate's parameters give to the same people
 * @param nClasses - K
 * @returns order and similarities
 * Source: relabelling by assignment: Stephens (2000, section 4); similarity: Hennig (2007).
 */
export function matchClasses(fit: Float64Array, replicate: Float64Array, nClasses: number): ClassMatch {
  const similarity = classSimilarity(fit, replicate, nClasses);
  const order = cheapestAssignment(similarity.map((row) => row.map((value) => 1 - value)));
  return { order, similarity: order.map((l, k) => similarity[k]![l]!) };
}
