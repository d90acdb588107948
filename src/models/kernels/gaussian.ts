import type { FixedStructure, Moments } from "../design/moments.js";
import type { RowData } from "../design/rowData.js";
import type { ResidualStructure } from "../residuals.js";
import { commonKernel, isCommonKernelModel } from "./common.js";
import { commonObserved } from "./commonObserved.js";
import { generalKernel, visitPersonScores } from "./general.js";
import { generalObserved } from "./generalObserved.js";
import { oneClassKernel } from "./oneClass.js";
import { isPlainModel, plainKernel } from "./plain.js";
import { rowsKernel, visitRowScores } from "./rows.js";
import type { ClassParameters, Evaluation, Kernel } from "./types.js";

/** Which kernel a model needs. */
export interface KernelOptions {
  readonly nClasses: number;
  /** D and residual variance equal over classes. */
  readonly commonCovariance: boolean;
  readonly residual: ResidualStructure;
  readonly reml: boolean;
}

/**
 * Picks the kernel that computes a normal model fastest: pattern totals for one class, linear logits for a common
 * covariance, the general kernel for the rest; row by row only where sums over rows do not suffice.
 * @param moments - the data
 * @param rows - its rows, where the model looks at each; else null
 * @param fixed - structure of the means
 * @param options - classes and covariance structure
 * @returns a kernel with scratch of its own
 */
export function gaussianKernel(
  moments: Moments,
  rows: RowData | null,
  fixed: FixedStructure,
  options: KernelOptions,
): Kernel {
  if (rows !== null) return rowsKernel(moments, rows, fixed, options);
  const kernel = momentsKernel(moments, fixed, options);
  if (options.reml) return kernel;
  return { ...kernel, addObserved: observedOf(moments, fixed, options) };
}

/** Exact observed information: the fast way where D and residual variance are common and nobody has covariates. */
function observedOf(
  moments: Moments,
  fixed: FixedStructure,
  { nClasses, commonCovariance }: KernelOptions,
): (parameters: ClassParameters, out: Float64Array) => void {
  return isPlainModel(moments, commonCovariance)
    ? commonObserved(moments, fixed, nClasses)
    : generalObserved(moments, fixed, nClasses, commonCovariance);
}

function momentsKernel(moments: Moments, fixed: FixedStructure, options: KernelOptions): Kernel {
  const plain = !options.reml && isPlainModel(moments, options.commonCovariance);
  if (options.nClasses === 1 && !(plain && hasRarePatterns(moments)))
    return oneClassKernel(moments, fixed, options.reml);
  if (plain) return plainKernel(moments, fixed, options.nClasses);
  return isCommonKernelModel(fixed, options.commonCovariance)
    ? commonKernel(moments, fixed, options.nClasses)
    : generalKernel(moments, fixed, options.nClasses);
}

/** With one class people are visited for nothing where few patterns cover them all; the algebra of a pattern takes as long as 50 people. */
function hasRarePatterns({ nPersons, nPatterns }: Moments): boolean {
  return nPersons < 50 * nPatterns;
}

/**
 * Visits the gradient of each person's log-likelihood (the score), in the order of the moments.
 * @param moments - the data
 * @param rows - its rows, where the model looks at each; else null
 * @param fixed - structure of the means
 * @param options - classes and residual structure
 * @param parameters - where
 * @param out - filled for one person at a time
 * @param visit - called once per person after `out` is filled
 */
export function visitGaussianScores(
  moments: Moments,
  rows: RowData | null,
  fixed: FixedStructure,
  options: Pick<KernelOptions, "nClasses" | "residual" | "commonCovariance">,
  parameters: ClassParameters,
  out: Evaluation,
  visit: (person: number) => void,
): void {
  if (rows === null) visitPersonScores(moments, fixed, parameters, out, visit);
  else visitRowScores(moments, rows, fixed, { ...options, reml: false }, parameters, out, visit);
}
