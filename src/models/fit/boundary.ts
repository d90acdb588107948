import type { StoredDesign } from "../design/types.js";
import type { ClassParameters } from "../kernels/types.js";
import { covarianceOfClass, smallestVariance } from "../parameters/reported.js";
import type { ParameterLayout } from "../parameters.js";
import type { FreeSpace } from "./freeSpace.js";

/** A random effect counts as gone when its variance, given those before it, is below this share of the residual variance. */
const BOUNDARY_SHARE = 1e-7;

/**
 * Names of random effects whose conditional variance (squared factor diagonal) vanished without being held at zero.
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
          total > conditional * 1e4 || variesInTime(layout, stored, parameters, k, a)
            ? `${stored.basisNames[a]} (correlation of one)`
            : stored.basisNames[a]!,
        );
    }
  return [...out];
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
): boolean {
  if (stored.centring === undefined) return false;
  const q = layout.nRandom;
  const internal = BOUNDARY_SHARE * parameters.residual[k * layout.nResidual]!;
  return (
    covarianceOfClass(layout, stored, parameters, k)[a * q + a]! > 1e4 * smallestVariance(stored, a, internal)
  );
}
