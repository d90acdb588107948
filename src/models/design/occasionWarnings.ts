import { residualParts } from "../residuals.js";
import type { ModelSpec } from "../spec.js";
import type { Moments } from "./moments.js";
import type { Occasions } from "./occasions.js";

/** A residual variance that rests on fewer scores is hardly known: its standard error is above a third of it. */
const FEW_SCORES = 5;

/**
 * What the data cannot tell of residuals that differ by occasion or are correlated, found before fitting.
 * @param spec - the model
 * @param moments - the data
 * @param occasions - occasions and lags of the rows; null where the model has no use for them
 * @returns a warning each, with what to do
 */
export function occasionWarnings(spec: ModelSpec, moments: Moments, occasions: Occasions | null): string[] {
  if (occasions === null) return [];
  const { byOccasion, correlation } = residualParts(spec.residual);
  return [
    ...(correlation === null ? [] : fewPairs(correlation, moments)),
    ...(byOccasion ? fewScores(occasions) : []),
  ];
}

/** An autocorrelation shows in pairs of sessions; with two sessions a random effect has the same covariance of its own. */
function fewPairs(correlation: string, moments: Moments): string[] {
  const most = moments.patternSessions.reduce((a, b) => Math.max(a, b), 0);
  if (most > 2 || (most === 2 && moments.nRandom === 0)) return [];
  const limit =
    most === 1
      ? "Nobody has more than 1 session, so that no autocorrelation can be estimated."
      : "Nobody has more than 2 sessions, too few to tell an autocorrelation from random effects.";
  return [`${limit} Choose residuals without ${correlation}.`];
}

function fewScores({ columns, coding }: Occasions): string[] {
  const counts = new Int32Array(columns.nOccasions);
  for (const occasion of columns.occasion) counts[occasion]!++;
  const few = coding.values.flatMap((value, j) =>
    counts[j]! < FEW_SCORES ? [`${value} (${counts[j]})`] : [],
  );
  if (few.length === 0) return [];
  return [
    `Some residual variances rest on fewer than ${FEW_SCORES} scores: those of ${coding.column} ${few.join(", ")}. Leave these sessions out, or choose residuals without occasion.`,
  ];
}
