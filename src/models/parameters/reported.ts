import type { StoredDesign } from "../design/types.js";
import type { ClassParameters } from "../kernels/types.js";
import { type ParameterLayout, residualVariances } from "../parameters.js";
import { residualParts } from "../residuals.js";
import type { FittedResidual, ParameterBlock } from "../result.js";

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
  out.push(...residualNames(layout, stored), ...loadingNames(layout, stored));
  for (let k = 0; k < nClasses - 1; k++)
    for (const name of stored.membershipNames)
      out.push({ name, block: "membership", class: k + 1, testable: true });
  return out;
}

/** `residual sd`, or `residual sd[3]` for the occasion 3; then `autocorrelation`. */
function residualNames(layout: ParameterLayout, { occasions }: StoredDesign): ReportedParameter[] {
  const out: ReportedParameter[] = [];
  const byClass = layout.nClasses > 1 && residualParts(layout.residual).byClass;
  for (let k = 0; k < (byClass ? layout.nClasses : 1); k++)
    for (let o = 0; o < layout.nVariances; o++) {
      const name = layout.nVariances > 1 ? `residual sd[${occasions!.values[o]}]` : "residual sd";
      out.push({ name, block: "residual", class: byClass ? k + 1 : null, testable: false });
    }
  if (layout.loadingsAt > layout.correlationAt) {
    // By time it lies between 0 and 1, so that zero is a boundary, where no Wald test holds.
    const testable = residualParts(layout.residual).correlation === "ar1";
    out.push({ name: "autocorrelation", block: "residual", class: null, testable });
  }
  return out;
}

/** `loading[3]` for the occasion 3; the first is 0 and the last 1. */
function loadingNames(layout: ParameterLayout, { occasions }: StoredDesign): ReportedParameter[] {
  return Array.from({ length: Math.max(layout.nLoadings - 2, 0) }, (_, o) => ({
    name: `loading[${occasions!.values[o + 1]}]`,
    block: "loading" as const,
    class: null,
    testable: false,
  }));
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
  const coefficients = Array.from({ length: nClasses }, (_, k) =>
    userCoefficients(stored, parameters.beta.subarray(k * nFixed, (k + 1) * nFixed)),
  );
  stored.fixedColumns.forEach((_, j) => {
    const specific = nClasses > 1 && layout.fixed.classSpecific[j] === 1;
    for (let k = 0; k < (specific ? nClasses : 1); k++) out.push(coefficients[k]![j]!);
  });
  for (const k of matrixClasses(layout)) {
    const d = covarianceOfClass(layout, stored, parameters, k);
    for (let a = 0; a < q; a++) for (let b = layout.diagonal ? a : 0; b <= a; b++) out.push(d[a * q + b]!);
  }
  for (let k = 0; k < layout.sigmaAt - layout.scaleAt; k++) out.push(scaleOfClass(layout, parameters, k));
  out.push(...residualValues(layout, stored, parameters));
  for (let o = 1; o < layout.nLoadings - 1; o++) out.push(parameters.loadings[o]!);
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

function residualValues(
  layout: ParameterLayout,
  stored: StoredDesign,
  parameters: ClassParameters,
): number[] {
  const { outcomeSd } = stored.scaling;
  const byClass = layout.nClasses > 1 && residualParts(layout.residual).byClass;
  const variances = residualVariances(layout, parameters);
  const shown = variances.subarray(0, (byClass ? layout.nClasses : 1) * layout.nVariances);
  const out = Array.from(shown, (variance) => Math.sqrt(variance) * outcomeSd);
  if (layout.loadingsAt > layout.correlationAt) out.push(userAutocorrelation(layout, stored, parameters));
  return out;
}

/**
 * Residual covariance on the user's scale.
 * @param layout - the layout
 * @param stored - the design
 * @param parameters - class parameters
 * @returns standard deviations by class and occasion as far as the structure tells them apart, and the autocorrelation
 */
export function describeResidual(
  layout: ParameterLayout,
  stored: StoredDesign,
  parameters: ClassParameters,
): FittedResidual {
  const values = residualValues(layout, stored, parameters);
  const correlated = layout.loadingsAt > layout.correlationAt;
  return {
    structure: layout.residual,
    sd: correlated ? values.slice(0, -1) : values,
    occasions: layout.nVariances > 1 ? stored.occasions!.values : null,
    autocorrelation: correlated ? values.at(-1)! : null,
  };
}

/**
 * Correlation of residuals one session apart (AR(1)) or one unit of the user's time apart (continuous time).
 * @param layout - the layout, with an autocorrelation
 * @param stored - the design
 * @param parameters - class parameters
 * @returns the correlation
 */
export function userAutocorrelation(
  layout: ParameterLayout,
  stored: StoredDesign,
  parameters: ClassParameters,
): number {
  const rho = parameters.residual[layout.nResidual - 1]!;
  const unit = stored.occasions?.lagUnit ?? 1;
  return unit === 1 ? rho : rho ** (1 / unit);
}

/**
 * Fixed coefficients of a class on the user's scale: unscaled, and from centred time back to the user's origin (see
 * `planCentring`).
 * @param stored - the design
 * @param internal - nFixed coefficients on the internal scale
 * @returns nFixed coefficients; the intercept takes the outcome's mean back
 */
export function userCoefficients(stored: StoredDesign, internal: Float64Array): Float64Array {
  const { scaling, fixedColumns, centring } = stored;
  const centred = internal.map((value, j) => {
    const { basis, person } = fixedColumns[j]!;
    return (value * scaling.outcomeSd) / (scaling.basis[basis]! * scaling.person[person]!);
  });
  const out = centred.slice();
  for (const { target, source, weight } of centring?.fixed ?? []) out[target]! += weight * centred[source]!;
  fixedColumns.forEach((column, j) => {
    if (column.name === "(Intercept)") out[j]! += scaling.outcomeMean;
  });
  return out;
}

/**
 * The user's random effects as combinations of those on the internal scale.
 * @param stored - the design
 * @returns U, q x q row-major: user = U internal, so D on the user's scale is U D U'
 */
export function randomEffectMap({ scaling, centring, nRandom: q }: StoredDesign): Float64Array {
  const out = new Float64Array(q * q);
  for (let a = 0; a < q; a++)
    for (let b = 0; b < q; b++) {
      const weight = centring === undefined ? (a === b ? 1 : 0) : centring.random[a]![b]!;
      out[a * q + b] = (weight * scaling.outcomeSd) / scaling.basis[b]!;
    }
  return out;
}

/**
 * Variance of one of the user's random effects if those on the internal scale were uncorrelated and all had the same small
 * variance: what counts as no variance from any origin of time.
 * @param stored - the design
 * @param a - index of the random effect
 * @param internal - the small variance
 * @param varies - of each random effect on the internal scale, whether it may have variance; default: all
 * @returns the variance on the user's scale
 */
export function smallestVariance(
  stored: StoredDesign,
  a: number,
  internal: number,
  varies?: readonly boolean[],
): number {
  const q = stored.nRandom;
  const row = randomEffectMap(stored).subarray(a * q, (a + 1) * q);
  return internal * row.reduce((sum, weight, b) => sum + (varies?.[b] === false ? 0 : weight ** 2), 0);
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
  const map = randomEffectMap(stored);
  // The factor of D on the user's scale, U L.
  const factor = new Float64Array(q * q);
  for (let a = 0; a < q; a++)
    for (let c = 0; c < q; c++)
      for (let b = c; b < q; b++)
        factor[a * q + c]! += map[a * q + b]! * parameters.factor[(k * q + b) * q + c]!;
  const out = new Float64Array(q * q);
  for (let a = 0; a < q; a++)
    for (let b = 0; b < q; b++)
      for (let c = 0; c < q; c++) out[a * q + b]! += factor[a * q + c]! * factor[b * q + c]!;
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
