import type { LongTable } from "../../core/table.js";
import type { ClassParameters } from "../kernels/types.js";
import type { ModelSpec } from "../spec.js";
import { latentColumns } from "../terms/latent.js";
import { numericValues, takeValues } from "./columns.js";
import { latentAtom } from "./occasions.js";
import { parseModel } from "./parse.js";
import { withRowBasis } from "./rowBasis.js";
import type { Design } from "./types.js";
import { basisValues } from "./usedRows.js";

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
  const { used } = design;
  const seen = takeValues(numericValues(table, occasions.column), used.rows);
  const [column] = latentColumns(atom, seen, coding).values;
  const latent = design.stored.basisNames.indexOf(atom.text);
  return withRowBasis({
    ...design,
    stored: { ...design.stored, coding },
    used: {
      ...used,
      rows: null,
      outcome: takeValues(used.outcome, used.rows),
      time: takeValues(used.time, used.rows),
      basis: used.basis.map((_, b) => (b === latent ? column! : basisValues(used, b))),
    },
  });
}
