import type { StoredDesign } from "../design/types.js";
import type { ClassParameters } from "../kernels/types.js";
import { covarianceOfClass, smallestVariance } from "../parameters/reported.js";
import type { ParameterLayout } from "../parameters.js";
import { residualParts } from "../residuals.js";
import type { FreeSpace } from "./freeSpace.js";

/** A random effect counts as gone when its variance, given those before it, is below this share of the residual variance. */
const BOUNDARY_SHARE = 1e-7;
/** An autocorrelation by time below this, a usual lag apart, counts as none; one that near to 1 as one. */
const SMALLEST_CORRELATION = 1e-4;
const NEAREST_TO_ONE = 1e-6;

/**
 * Names of random effects whose conditional variance (squared factor diagonal) vanished without being held at zero, and of an
 * autocorrelation at the end of its range.
 * @param layout - the layout
 * @param stored - the design
 * @param parameters - class parameters at the maximum
 * @param space - what constraints leave free
 * @returns the names, with "(correlation of one)" where the effect itself varies
 */
export function boundaryOf(
  layout: ParameterLayout,
  stored: StoredDesign,
  parameters: ClassParameters,
  space: FreeSpace | undefined,
): string[] {
  const q = layout.nRandom;
  const nEntries = layout.factorRow.length;
  const varies = space === undefined ? null : new Set(space.row);
  const effects = varyingEffects(layout, space);
  const out = new Set<string>();
  for (let k = 0; k < layout.nClasses; k++)
    for (let a = 0; a < q; a++) {
      const entry = layout.factorRow.findIndex((row, e) => row === a && layout.factorColumn[e] === a);
      const position = layout.factorAt + (layout.nFactors > 1 ? k * nEntries : 0) + entry;
      if (varies?.has(position) === false) continue;
      const conditional = parameters.factor[(k * q + a) * q + a]! ** 2;
      let total = 0;
      for (let b = 0; b <= a; b++) total += parameters.factor[(k * q + a) * q + b]! ** 2;
      if (
        conditional < BOUNDARY_SHARE * parameters.residual[k * layout.nResidual]! ||
        conditional < 1e-8 * total
      )
        out.add(
          total > conditional * 1e4 || variesInTime(layout, stored, parameters, k, a, effects)
            ? `${stored.basisNames[a]} (correlation of one)`
            : stored.basisNames[a]!,
        );
    }
  const end = varies?.has(layout.correlationAt) === false ? null : endOfCorrelation(layout, parameters);
  return end === null ? [...out] : [...out, end];
}

/**
 * Which random effects, on the internal scale, the constraints leave some variance in some class.
 * @param layout - the layout
 * @param space - what constraints leave free
 * @returns one per random effect
 */
export function varyingEffects(layout: ParameterLayout, space: FreeSpace | undefined): boolean[] {
  const varies = space === undefined ? null : new Set(space.row);
  const nEntries = layout.factorRow.length;
  return Array.from(
    { length: layout.nRandom },
    (_, a) =>
      varies === null ||
      Array.from({ length: layout.nFactors * nEntries }, (_entry, e) => e).some(
        (e) => layout.factorRow[e % nEntries] === a && varies.has(layout.factorAt + e),
      ),
  );
}

/**
 * At which end of its range an autocorrelation lies: it has no standard error there.
 * @param layout - the layout
 * @param parameters - class parameters
 * @returns the end in words; null inside, or without autocorrelation
 */
export function endOfCorrelation(layout: ParameterLayout, parameters: ClassParameters): string | null {
  const { correlation } = residualParts(layout.residual);
  if (correlation === null) return null;
  const rho = parameters.residual[layout.nResidual - 1]!;
  if (1 - Math.abs(rho) < NEAREST_TO_ONE) return "autocorrelation of one";
  return correlation === "car1" && rho < SMALLEST_CORRELATION ? "no autocorrelation" : null;
}

/**
 * Whether a random effect that has no variance at the mean time, where time is centred, has some at the user's origin: there it
 * is then a multiple of the other effects.
 */
function variesInTime(
  layout: ParameterLayout,
  stored: StoredDesign,
  parameters: ClassParameters,
  k: number,
  a: number,
  effects: readonly boolean[],
): boolean {
  if (stored.centring === undefined) return false;
  const q = layout.nRandom;
  const internal = BOUNDARY_SHARE * parameters.residual[k * layout.nResidual]!;
  return (
    covarianceOfClass(layout, stored, parameters, k)[a * q + a]! >
    1e4 * smallestVariance(stored, a, internal, effects)
  );
}
