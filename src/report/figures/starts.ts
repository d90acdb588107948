import type { StartsSummary } from "../../models/result.js";
import { formatCount, formatNumber, plural } from "../format.js";
import type { ReportInput } from "../input.js";
import {
  type FigureSize,
  figureSpec,
  MUTED,
  PAPER,
  PLAIN,
  type ReportFigure,
  type VegaLiteSpec,
} from "./theme.js";

/** Finalists this close to the best are drawn as having reached it; as in the search. */
const REACHED = 1e-3;

/**
 * Log-likelihoods of the finalists in order: a level line at the top is a best solution that was found again and again.
 * @param input - the report's input
 * @returns the figure; null with one class, or with fewer than two finalists that were not refused
 */
export function startsFigure(input: ReportInput): ReportFigure | null {
  const { starts } = input.chosen;
  if (starts === null || starts.finalists - starts.refused < 2) return null;
  const values = starts.logLikelihoods.slice(0, starts.finalists - starts.refused);
  const below = values.map((value) => Math.max(0, values[0]! - value));
  const reached = below.filter((gap) => gap <= REACHED).length;
  const alt = `Log-likelihoods of ${plural(values.length, "final start")} in order. ${formatCount(reached)} of them at the best value, the last ${formatNumber(below.at(-1)!, 1)} points below it.`;
  return {
    id: "starts",
    title: "Where the final starts ended",
    caption: `Every point is one final start, best first; filled points reached the best log-likelihood. ${maximaWords(starts)}`,
    alt,
    spec: spec(below, "wide", alt),
    narrowSpec: spec(below, "narrow", alt),
  };
}

function maximaWords(starts: StartsSummary): string {
  const maxima =
    starts.distinctMaxima === 1
      ? "All of them found the same solution."
      : `They ended in ${formatCount(starts.distinctMaxima)} different solutions.`;
  const refused =
    starts.refused === 0
      ? ""
      : ` ${plural(starts.refused, "further final start")} ran into a class whose scores vary as good as not at all and ${starts.refused === 1 ? "was" : "were"} refused.`;
  return `${maxima}${refused}`;
}

function spec(below: readonly number[], size: FigureSize, alt: string): VegaLiteSpec {
  const wide = size === "wide";
  const values = below.map((gap, i) => ({ rank: i + 1, below: gap, reached: gap <= REACHED }));
  const largest = Math.max(...below);
  const encoding = {
    x: {
      field: "rank",
      type: "quantitative",
      scale: { domain: [0.5, below.length + 0.5], nice: false, zero: false },
      axis: {
        title: "Final start, best first",
        tickMinStep: 1,
        tickCount: Math.min(below.length, wide ? 10 : 5),
        format: "d",
      },
    },
    y: {
      field: "below",
      type: "quantitative",
      scale: { domain: [0, largest > REACHED ? largest * 1.08 : 1], reverse: true, nice: false },
      axis: {
        title: wide ? "Log-likelihood below the best" : "Below the best",
        tickCount: 5,
        grid: true,
        domain: false,
        ticks: false,
      },
    },
  };
  const points = {
    mark: { type: "point", size: wide ? 70 : 45, strokeWidth: 1.6, opacity: 1 },
    encoding: {
      ...encoding,
      stroke: { condition: { test: "datum.reached", value: PLAIN }, value: MUTED },
      fill: { condition: { test: "datum.reached", value: PLAIN }, value: PAPER },
    },
  };
  return figureSpec(
    { data: { values }, width: wide ? 620 : 250, height: wide ? 190 : 150, layer: [points] },
    alt,
  );
}
