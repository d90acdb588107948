import { mean, rootMeanSquare } from "./columns.js";
import type { FixedColumn, Scaling } from "./types.js";

/** Columns of the rows and persons kept. */
export interface KeptColumns {
  /** Over rows. */
  readonly outcome: Float64Array;
  readonly basis: readonly Float64Array[];
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
  const { outcome, basis, person, membership } = columns;
  const hasIntercept = fixedColumns[0]?.name === "(Intercept)";
  const outcomeMean = hasIntercept ? mean(outcome) : 0;
  const membershipMean = membership.map((values, j) => (j === 0 ? 0 : mean(values)));
  return {
    outcomeMean,
    outcomeSd: rootMeanSquare(outcome, outcomeMean),
    basis: basis.map((values, j) => (j === latentBasis ? 1 : rootMeanSquare(values, 0))),
    person: person.map((values) => rootMeanSquare(values, 0)),
    membershipMean,
    membershipSd: membership.map((values, j) => (j === 0 ? 1 : rootMeanSquare(values, membershipMean[j]!))),
  };
}

/**
 * Brings columns to the internal scale, in place.
 * @param columns - columns on the user's scale
 * @param scaling - the scale
 */
export function scaleColumns(columns: KeptColumns, scaling: Scaling): void {
  scaleInPlace(columns.outcome, scaling.outcomeMean, scaling.outcomeSd);
  columns.basis.forEach((values, j) => {
    scaleInPlace(values, 0, scaling.basis[j]!);
  });
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
