import type { StoredDesign } from "./design/types.js";
import type { ClassParameters } from "./kernels/types.js";
import type { ParameterLayout } from "./parameters.js";
import type { ParameterBlock } from "./result.js";

/** A parameter as users read it, without its value. */
export interface ReportedParameter {
  readonly name: string;
  readonly block: ParameterBlock;
  readonly class: number | null;
  /** Whether a Wald test against zero makes sense. */
  readonly testable: boolean;
  /** The two random effects of a covariance. */
  readonly effects?: readonly string[];
}

/**
 * Names of the parameters on the user's scale, in the order of {@link reportedValues}.
 * @param layout - the layout
 * @param stored - the design
 * @returns fixed effects, then covariance, residual and membership
 */
export function reportedParameters(layout: ParameterLayout, stored: StoredDesign): ReportedParameter[] {
  const { nClasses, nRandom: q } = layout;
  const out: ReportedParameter[] = [];
  stored.fixedColumns.forEach((column, j) => {
    const specific = nClasses > 1 && layout.fixed.classSpecific[j] === 1;
    for (let k = 0; k < (specific ? nClasses : 1); k++)
      out.push({ name: column.name, block: "fixed", class: specific ? k + 1 : null, testable: true });
  });
  const names = stored.basisNames;
  for (const k of matrixClasses(layout))
    for (let a = 0; a < q; a++)
      for (let b = layout.diagonal ? a : 0; b <= a; b++)
        out.push({
          name: a === b ? `var(${names[a]})` : `cov(${names[b]},${names[a]})`,
          block: "covariance",
          class: layout.nFactors > 1 ? k + 1 : null,
          testable: false,
          ...(a === b ? {} : { effects: [names[b]!, names[a]!] }),
        });
  for (let k = 0; k < layout.sigmaAt - layout.scaleAt; k++)
    out.push({ name: "random-effect scale", block: "covariance", class: k + 1, testable: false });
  const nSigma = layout.nParameters - layout.sigmaAt;
  for (let k = 0; k < nSigma; k++)
    out.push({ name: "residual sd", block: "residual", class: nSigma > 1 ? k + 1 : null, testable: false });
  for (let k = 0; k < nClasses - 1; k++)
    for (const name of stored.membershipNames)
      out.push({ name, block: "membership", class: k + 1, testable: true });
  return out;
}

/** Classes whose D is reported: all when free, else the last (the reference of proportional scales). */
function matrixClasses(layout: ParameterLayout): number[] {
  if (layout.nRandom === 0) return [];
  return layout.nFactors > 1 ? Array.from({ length: layout.nClasses }, (_, k) => k) : [layout.nClasses - 1];
}

/**
 * Values of the parameters on the user's scale.
 * @param layout - the layout
 * @param stored - the design with its scaling
 * @param parameters - class parameters on the internal scale
 * @returns values in the order of {@link reportedParameters}; logits are against the last class
 */
export function reportedValues(
  layout: ParameterLayout,
  stored: StoredDesign,
  parameters: ClassParameters,
): Float64Array {
  const { nClasses, nRandom: q, nMembership } = layout;
  const { scaling } = stored;
  const nFixed = stored.fixedColumns.length;
  const out: number[] = [];
  stored.fixedColumns.forEach((_, j) => {
    const specific = nClasses > 1 && layout.fixed.classSpecific[j] === 1;
    for (let k = 0; k < (specific ? nClasses : 1); k++)
      out.push(userCoefficient(stored, j, parameters.beta[k * nFixed + j]!));
  });
  for (const k of matrixClasses(layout)) {
    const d = covarianceOfClass(layout, stored, parameters, k);
    for (let a = 0; a < q; a++) for (let b = layout.diagonal ? a : 0; b <= a; b++) out.push(d[a * q + b]!);
  }
  for (let k = 0; k < layout.sigmaAt - layout.scaleAt; k++) out.push(scaleOfClass(layout, parameters, k));
  const nSigma = layout.nParameters - layout.sigmaAt;
  for (let k = 0; k < nSigma; k++) out.push(Math.sqrt(parameters.residual[k]!) * scaling.outcomeSd);
  const last = (nClasses - 1) * nMembership;
  for (let k = 0; k < nClasses - 1; k++) {
    let intercept = parameters.logits[k * nMembership]! - parameters.logits[last]!;
    const slopes: number[] = [];
    for (let j = 1; j < nMembership; j++) {
      const internal = parameters.logits[k * nMembership + j]! - parameters.logits[last + j]!;
      const slope = internal / scaling.membershipSd[j]!;
      slopes.push(slope);
      intercept -= slope * scaling.membershipMean[j]!;
    }
    out.push(intercept, ...slopes);
  }
  return Float64Array.from(out);
}

/**
 * A fixed coefficient on the user's scale.
 * @param stored - the design
 * @param j - index of the fixed column
 * @param internal - coefficient on the internal scale
 * @returns the coefficient; the intercept takes the outcome's mean back
 */
export function userCoefficient(stored: StoredDesign, j: number, internal: number): number {
  const column = stored.fixedColumns[j]!;
  const { scaling } = stored;
  const value =
    (internal * scaling.outcomeSd) / (scaling.basis[column.basis]! * scaling.person[column.person]!);
  return column.name === "(Intercept)" ? value + scaling.outcomeMean : value;
}

/**
 * Random-effect covariance of a class on the user's scale.
 * @param layout - the layout
 * @param stored - the design
 * @param parameters - class parameters
 * @param k - class from 0
 * @returns q x q
 */
export function covarianceOfClass(
  layout: ParameterLayout,
  stored: StoredDesign,
  parameters: ClassParameters,
  k: number,
): Float64Array {
  const q = layout.nRandom;
  const { scaling } = stored;
  const out = new Float64Array(q * q);
  for (let a = 0; a < q; a++)
    for (let b = 0; b < q; b++) {
      let sum = 0;
      for (let c = 0; c < q; c++)
        sum += parameters.factor[(k * q + a) * q + c]! * parameters.factor[(k * q + b) * q + c]!;
      out[a * q + b] = (sum * scaling.outcomeSd ** 2) / (scaling.basis[a]! * scaling.basis[b]!);
    }
  return out;
}

/** Standard-deviation scale of a class's random effects against the last class. */
function scaleOfClass(layout: ParameterLayout, parameters: ClassParameters, k: number): number {
  const q2 = layout.nRandom ** 2;
  let own = 0;
  let last = 0;
  for (let e = 0; e < q2; e++) {
    own += parameters.factor[k * q2 + e]! ** 2;
    last += parameters.factor[(layout.nClasses - 1) * q2 + e]! ** 2;
  }
  return last > 0 ? Math.sqrt(own / last) : 1;
}
