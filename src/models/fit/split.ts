import { allocateFor, type ParameterLayout, pack, unpackInto } from "../parameters.js";

/**
 * How far the halves of a split class are moved apart, in standard deviations of its random effects (of the residual where it has
 * none): the small step starts as good as the model with one class fewer and can only climb; the large one looks farther.
 */
export const SPLIT_DISTANCES: readonly number[] = [0.05, 0.7];

/**
 * Start values for K classes from the fit with K - 1: one class is split in two halves, moved apart along the direction in
 * which its members differ most.
 * @param layout - layout of K classes
 * @param previous - vector and layout of the fit with K - 1 classes
 * @param split - the class to split, from 0
 * @param distance - see {@link SPLIT_DISTANCES}
 * @returns the start vector
 * Source: split step of Ueda et al. (2000), SMEM.
 */
export function splitVector(
  layout: ParameterLayout,
  previous: { readonly x: Float64Array; readonly layout: ParameterLayout },
  split: number,
  distance: number,
): Float64Array {
  const { nMembership, nRandom: q, fixed } = layout;
  const from = allocateFor(previous.layout);
  unpackInto(previous.layout, previous.x, from);
  const to = allocateFor(layout);
  const fewer = layout.nClasses - 1;
  const copyRow = (source: Float64Array, target: Float64Array, width: number): void => {
    target.set(source.subarray(0, fewer * width));
    target.set(source.subarray(split * width, (split + 1) * width), fewer * width);
  };
  copyRow(from.beta, to.beta, fixed.nFixed);
  copyRow(from.factor, to.factor, q * q);
  copyRow(from.residual, to.residual, layout.nResidual);
  to.loadings.set(from.loadings);
  if (previous.layout.nMembership === nMembership) copyRow(from.logits, to.logits, nMembership);
  for (const half of [split, fewer]) {
    to.logits[half * nMembership]! -= Math.LN2;
    const side = half === split ? -distance : distance;
    for (let j = 0; j < fixed.nFixed; j++) {
      if (!fixed.classSpecific[j] || fixed.person[j] !== 0) continue;
      const basis = fixed.basis[j]!;
      const direction =
        q > 0
          ? firstColumn(from.factor, split, q, basis)
          : noRandomEffects(from.residual[split * layout.nResidual]!, j);
      to.beta[half * fixed.nFixed + j]! += side * direction;
    }
  }
  return pack(layout, to);
}

/** First column of the class's factor: the random effects move together with the first of them. */
function firstColumn(factor: Float64Array, k: number, q: number, basis: number): number {
  return basis < q ? factor[(k * q + basis) * q]! : 0;
}

function noRandomEffects(variance: number, j: number): number {
  return j === 0 ? Math.sqrt(variance) : 0;
}
