import type { Design } from "./types.js";
import { writeOutRows } from "./usedRows.js";

/**
 * A design whose basis is written out when first asked for.
 * @param design - all the rest of it
 * @returns the design
 */
export function withRowBasis(design: Omit<Design, "rowBasis">): Design {
  let made: readonly Float64Array[] | undefined;
  return {
    ...design,
    get rowBasis() {
      made ??= writeOutRows(design.used, design.stored.scaling).basis;
      return made;
    },
  };
}
