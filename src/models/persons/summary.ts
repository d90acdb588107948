import { normalQuantile } from "../../core/distributions.js";
import { createStream } from "../../core/random.js";
import type { DiagnosticSummary, Diagnostics, QuantilePlot, ResidualTrend } from "./types.js";

/** Points of the figures: residuals against predictions, and quantiles. */
const MOST_POINTS = 2000;
const MOST_QUANTILES = 400;
/** Lowest and highest quantiles that are all kept. */
const TAIL = 40;
/** Groups of rows, by predicted score, whose mean residual is shown. */
const TREND_GROUPS = 20;

/**
 * What figures and words need of diagnostics, a few thousand numbers however many people there are.
 * @param diagnostics - from `diagnose`
 * @param seed - seed of the rows drawn; the same seed draws the same
 * @returns summaries, findings, at most 2,000 residuals and at most 400 quantiles of each distribution
 */
export function summarizeDiagnostics(diagnostics: Diagnostics, seed: number): DiagnosticSummary {
  const { rows, effects, residuals, occasions, findings, nPersons, nObservations } = diagnostics;
  const drawn = drawRows(rows.predicted.length, seed);
  return {
    nPersons,
    nObservations,
    residuals,
    occasions,
    findings,
    points: drawn.map((r) => ({ predicted: rows.predicted[r]!, residual: rows.standardized[r]! })),
    trend: trendOf(rows.predicted, rows.standardized),
    quantiles: [
      quantilesOf("residuals", rows.standardized),
      ...effects.map(({ name, standardized }) => quantilesOf(name, standardized)),
    ].filter(({ observed }) => observed.length > 0),
    effects: effects.map(({ name, classes }) => ({ name, classes })),
  };
}

/** One random row of each of equal stretches: spread over all people, and no session is favoured. */
function drawRows(n: number, seed: number): number[] {
  if (n <= MOST_POINTS) return Array.from({ length: n }, (_, r) => r);
  const stream = createStream(seed, 0);
  return Array.from({ length: MOST_POINTS }, (_, j) =>
    Math.min(n - 1, Math.floor(((j + stream.uniform()) * n) / MOST_POINTS)),
  );
}

/** Mean and spread of residuals in groups of about equal size by predicted score. */
function trendOf(predicted: Float64Array, residual: Float64Array): ResidualTrend[] {
  const n = predicted.length;
  const groups = Math.min(TREND_GROUPS, Math.floor(n / 10));
  if (groups < 3) return [];
  const order = Float64Array.from(predicted, (_, r) => r).sort(
    (a, b) => predicted[a]! - predicted[b]! || a - b,
  );
  return Array.from({ length: groups }, (_, g) => {
    const from = Math.floor((g * n) / groups);
    const end = Math.floor(((g + 1) * n) / groups);
    let at = 0;
    let sum = 0;
    let squares = 0;
    for (let i = from; i < end; i++) {
      const r = order[i]!;
      at += predicted[r]!;
      sum += residual[r]!;
      squares += residual[r]! ** 2;
    }
    const size = end - from;
    const mean = sum / size;
    return { predicted: at / size, mean, sd: Math.sqrt(Math.max(squares / size - mean ** 2, 0)), n: size };
  });
}

/** Sorted values beside normal quantiles at (rank - 1/2) / n; of many, all of the tails and some between. */
function quantilesOf(name: string, values: Float64Array): QuantilePlot {
  const sorted = values.slice().sort();
  const n = sorted.length;
  const ranks =
    n <= MOST_QUANTILES
      ? Array.from({ length: n }, (_, i) => i)
      : [
          ...Array.from({ length: TAIL }, (_, i) => i),
          ...Array.from({ length: MOST_QUANTILES - 2 * TAIL }, (_, j) =>
            Math.round(TAIL + ((n - 1 - 2 * TAIL) * (j + 0.5)) / (MOST_QUANTILES - 2 * TAIL)),
          ),
          ...Array.from({ length: TAIL }, (_, i) => n - TAIL + i),
        ];
  return {
    name,
    n,
    normal: ranks.map((rank) => normalQuantile((rank + 0.5) / n)),
    observed: ranks.map((rank) => sorted[rank]!),
  };
}
