import type { LongTable } from "../../core/table.js";
import type { ClassParameters } from "../kernels/types.js";
import type { ModelSpec } from "../spec.js";
import { latentColumns } from "../terms/latent.js";
import { numericValues, takeValues } from "./columns.js";
import { latentAtom } from "./occasions.js";
import { parseModel } from "./parse.js";
import type { Design } from "./types.js";

/**
 * A design with the loadings of its latent time basis as estimated: in its coding, for times and new people, and in its rows.
 * @param table - the table fitted
 * @param spec - the model
 * @param design - its design, with a straight line for the latent basis
 * @param parameters - estimates
 * @returns the design itself where there is no latent basis
 */
export function designAsFitted(
  table: LongTable,
  spec: ModelSpec,
  design: Design,
  parameters: Pick<ClassParameters, "loadings">,
): Design {
  const { occasions } = design.stored;
  if (parameters.loadings.length === 0 || occasions === undefined) return design;
  const atom = latentAtom(parseModel(spec))!;
  const coding = {
    ...design.stored.coding,
    loadings: { [atom.text]: { occasions: occasions.values, values: Array.from(parameters.loadings) } },
  };
  const seen = takeValues(numericValues(table, occasions.column), design.keptRows);
  const [column] = latentColumns(atom, seen, coding).values;
  const latent = design.stored.basisNames.indexOf(atom.text);
  return {
    ...design,
    stored: { ...design.stored, coding },
    rowBasis: design.rowBasis.map((values, b) => (b === latent ? column! : values)),
  };
}
