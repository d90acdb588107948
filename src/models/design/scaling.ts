import { mean, rootMeanSquare } from "./columns.js";
import type { FixedColumn, Scaling } from "./types.js";
import { basisScale, type UsedRows } from "./usedRows.js";

/** Columns of the rows and persons kept. */
export interface KeptColumns {
  /** On the user's scale: they are brought to the internal one where they are read. */
  readonly used: UsedRows;
  /** Over persons. */
  readonly person: readonly Float64Array[];
  readonly membership: readonly Float64Array[];
}

/**
 * The internal scale of a model: columns of about unit length. The outcome is centred only where an intercept can take
 * up the shift.
 * @param columns - columns on the user's scale
 * @param fixedColumns - fixed coefficients, the intercept first where there is one
 * @param latentBasis - basis column whose values are loadings, which run from 0 to 1 as they are; -1 without one
 * @returns the scale
 */
export function chooseScaling(
  columns: KeptColumns,
  fixedColumns: readonly FixedColumn[],
  latentBasis = -1,
): Scaling {
  const { used, person, membership } = columns;
  const { outcome, rows } = used;
  const hasIntercept = fixedColumns[0]?.name === "(Intercept)";
  const outcomeMean = hasIntercept ? mean(outcome, rows) : 0;
  const membershipMean = membership.map((values, j) => (j === 0 ? 0 : mean(values)));
  return {
    outcomeMean,
    outcomeSd: rootMeanSquare(outcome, outcomeMean, rows),
    basis: used.basis.map((_, j) => (j === latentBasis ? 1 : basisScale(used, j))),
    person: person.map((values) => rootMeanSquare(values, 0)),
    membershipMean,
    membershipSd: membership.map((values, j) => (j === 0 ? 1 : rootMeanSquare(values, membershipMean[j]!))),
  };
}

/**
 * Brings the columns over persons to the internal scale, in place.
 * @param columns - columns on the user's scale
 * @param scaling - the scale
 */
export function scalePersons(columns: KeptColumns, scaling: Scaling): void {
  columns.person.forEach((values, j) => {
    scaleInPlace(values, 0, scaling.person[j]!);
  });
  columns.membership.forEach((values, j) => {
    scaleInPlace(values, scaling.membershipMean[j]!, scaling.membershipSd[j]!);
  });
}

function scaleInPlace(values: Float64Array, centre: number, scale: number): void {
  const inverse = 1 / scale;
  for (let r = 0; r < values.length; r++) values[r] = (values[r]! - centre) * inverse;
}
