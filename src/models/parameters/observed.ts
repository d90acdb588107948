import { type ObservedLayout, observedLayout } from "../kernels/observed.js";
import type { ClassParameters, Evaluation } from "../kernels/types.js";
import { type ParameterLayout, sigmaPosition } from "../parameters.js";
import { scaleSlope } from "./chainRule.js";

// From the observed information in class parameters n to that in the free vector x:
//   -d2 l / dx dx' = J' (-d2 l / dn dn') J - sum_n (dl / dn) d2n / dx dx',   J = dn / dx.
// Logits and coefficients are entries of x themselves, so the second part is of D and residual variances alone:
//   D = c^2 L L', c = exp(w):   d2D_ab / dL_rj dL_sj = c^2 (d_ar d_bs + d_br d_as),  d2D / dL dw = 2 dD / dL,  d2D / dw^2 = 4 D
//   s2 = exp(2 x):              d2s2 / dx^2 = 4 s2

/**
 * Observed information of the free vector by the chain rule.
 * @param layout - the layout; residuals independent, with one variance per class
 * @param parameters - class parameters at x
 * @param evaluation - filled at x: its gradients are read
 * @param observed - observed information in class parameters, see `observedLayout`; the lower triangle is read, then mirrored
 * @returns nParameters^2, symmetric
 */
export function pullObserved(
  layout: ParameterLayout,
  parameters: ClassParameters,
  evaluation: Evaluation,
  observed: Float64Array,
): Float64Array {
  const out = pullMatrix(layout, parameters, observed);
  const { nParameters: n } = layout;
  takeCurvatureOfMap(layout, parameters, evaluation, out);
  for (let p = 0; p < n; p++) for (let r = 0; r < p; r++) out[r * n + p] = out[p * n + r]!;
  return out;
}

/**
 * J'A J: products of scores of the free vector from those of scores of the classes' parameters.
 * @param layout - as for {@link pullObserved}
 * @param parameters - class parameters at x
 * @param matrix - A, its lower triangle; mirrored
 * @returns nParameters^2, lower triangle
 */
export function pullMatrix(
  layout: ParameterLayout,
  parameters: ClassParameters,
  matrix: Float64Array,
): Float64Array {
  const { nParameters: n } = layout;
  const classes = observedLayout(layout);
  const { size } = classes;
  for (let i = 0; i < size; i++) for (let j = 0; j < i; j++) matrix[j * size + i] = matrix[i * size + j]!;
  const jacobian = jacobianOf(layout, classes, parameters);
  const half = new Float64Array(size * n);
  for (let i = 0; i < size; i++)
    for (let j = 0; j < size; j++) {
      const value = matrix[i * size + j]!;
      if (value === 0) continue;
      for (let p = 0; p < n; p++) half[i * n + p]! += value * jacobian[j * n + p]!;
    }
  const out = new Float64Array(n * n);
  for (let i = 0; i < size; i++)
    for (let p = 0; p < n; p++) {
      const value = jacobian[i * n + p]!;
      if (value === 0) continue;
      for (let r = 0; r <= p; r++) out[p * n + r]! += value * half[i * n + r]!;
    }
  return out;
}

/** J: size x n. */
function jacobianOf(
  layout: ParameterLayout,
  classes: ObservedLayout,
  parameters: ClassParameters,
): Float64Array {
  const { nClasses, nRandom: q, nMembership, fixed, nParameters: n, nResidual } = layout;
  const out = new Float64Array(classes.size * n);
  const nEntries = layout.factorRow.length;
  for (let k = 0; k < nClasses; k++) {
    const first = k * classes.width;
    if (k < nClasses - 1)
      for (let j = 0; j < nMembership; j++) out[(first + j) * n + k * nMembership + j] = 1;
    for (let j = 0; j < fixed.nFixed; j++)
      out[(first + classes.betaAt + j) * n + layout.betaPosition[j]! + (fixed.classSpecific[j] ? k : 0)] = 1;
    const variance = parameters.residual[k * nResidual]!;
    out[(first + classes.residualAt) * n + sigmaPosition(layout, k, 0)] = 2 * variance;
    const { scale, scaleMoves } = scaleSlope(layout, parameters, k);
    const factorAt = layout.factorAt + (layout.nFactors > 1 ? k * nEntries : 0);
    const entry = (a: number, b: number): number =>
      (first + classes.covarianceAt + (a >= b ? (a * (a + 1)) / 2 + b : (b * (b + 1)) / 2 + a)) * n;
    const factor = (a: number, b: number): number => parameters.factor[(k * q + a) * q + b]!;
    for (let e = 0; e < nEntries; e++) {
      const row = layout.factorRow[e]!;
      const column = layout.factorColumn[e]!;
      for (let a = 0; a < q; a++)
        out[entry(row, a) + factorAt + e]! += scale * factor(a, column) * (a === row ? 2 : 1);
    }
    if (!scaleMoves) continue;
    for (let a = 0; a < q; a++)
      for (let b = 0; b <= a; b++)
        for (let j = 0; j <= b; j++)
          out[entry(a, b) + layout.scaleAt + k]! += 2 * factor(a, j) * factor(b, j);
  }
  return out;
}

/** Takes sum_n (dl / dn) d2n / dx dx' away, in the lower triangle. */
function takeCurvatureOfMap(
  layout: ParameterLayout,
  parameters: ClassParameters,
  { gradientD, gradientResidual }: Evaluation,
  out: Float64Array,
): void {
  const { nClasses, nRandom: q, nParameters: n, nResidual } = layout;
  const nEntries = layout.factorRow.length;
  for (let k = 0; k < nClasses; k++) {
    const sigma = sigmaPosition(layout, k, 0);
    out[sigma * n + sigma]! -= 4 * parameters.residual[k * nResidual]! * gradientResidual[k * nResidual]!;
    const { scale, scaleMoves } = scaleSlope(layout, parameters, k);
    const factorAt = layout.factorAt + (layout.nFactors > 1 ? k * nEntries : 0);
    const scaleAt = layout.scaleAt + k;
    let towardsScale = 0;
    for (let e = 0; e < nEntries; e++) {
      const row = layout.factorRow[e]!;
      const column = layout.factorColumn[e]!;
      for (let f = 0; f <= e; f++)
        if (layout.factorColumn[f] === column)
          out[(factorAt + e) * n + factorAt + f]! -=
            2 * scale * scale * gradientD[(k * q + row) * q + layout.factorRow[f]!]!;
      if (!scaleMoves) continue;
      let sum = 0;
      for (let a = 0; a < q; a++)
        sum += gradientD[(k * q + row) * q + a]! * parameters.factor[(k * q + a) * q + column]!;
      out[scaleAt * n + factorAt + e]! -= 4 * scale * sum;
      towardsScale += 4 * sum * parameters.factor[(k * q + row) * q + column]!;
    }
    if (scaleMoves) out[scaleAt * n + scaleAt]! -= towardsScale;
  }
}
