import type { FixedStructure, Moments } from "../moments.js";
import { commonKernel, isCommonKernelModel } from "./common.js";
import { generalKernel } from "./general.js";
import { oneClassKernel } from "./oneClass.js";
import type { Kernel } from "./types.js";

/** Which kernel a model needs. */
export interface KernelOptions {
  readonly nClasses: number;
  /** D and residual variance equal over classes. */
  readonly commonCovariance: boolean;
  readonly reml: boolean;
}

/**
 * Picks the kernel that computes a normal model fastest: pattern totals for one class, linear logits for a common
 * covariance, the general kernel for the rest.
 * @param moments - the data
 * @param fixed - structure of the means
 * @param options - classes and covariance structure
 * @returns a kernel with scratch of its own
 */
export function gaussianKernel(moments: Moments, fixed: FixedStructure, options: KernelOptions): Kernel {
  if (options.nClasses === 1) return oneClassKernel(moments, fixed, options.reml);
  return isCommonKernelModel(fixed, options.commonCovariance)
    ? commonKernel(moments, fixed, options.nClasses)
    : generalKernel(moments, fixed, options.nClasses);
}
