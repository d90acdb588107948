import type { FitResult, RunnerUp } from "../../models/result.js";
import { formatNumber, formatPercent, formatProportion } from "../format.js";
import type { ReportInput } from "../input.js";
import { classChannels, scoreAxis, scoreDomain, timeAxis, timeDomain } from "./axes.js";
import {
  type Datum,
  type FigureSize,
  figureSpec,
  MUTED,
  type ReportFigure,
  type VegaLiteSpec,
} from "./theme.js";

/**
 * The next best solution beside the best, class by class, where it is close.
 * @param input - the report's input
 * @returns the figure; null where there is no close runner-up
 */
export function runnerUpFigure(input: ReportInput): ReportFigure | null {
  const { chosen } = input;
  const { runnerUp } = chosen;
  if (runnerUp === null || runnerUp === undefined) return null;
  const words = chosen.classes.map(
    (each, k) => `class ${each.label}: ${shares(each.proportion, runnerUp.classes[k]!.proportion)}`,
  );
  const alt = `Mean ${input.measure.label} trajectories of the best solution and of the next best, one panel for each class. Shares in the best and the next best: ${words.join("; ")}.`;
  return {
    id: "runner-up",
    title: "The next best solution beside the best",
    caption: `Coloured: the best solution; grey, dashed: the next best, ${formatNumber(runnerUp.below, 1)} points of log-likelihood below it, each class beside the one that it shares most people with (shares in both in the headings). ${agreementWords(runnerUp)}`,
    alt,
    spec: spec(input, chosen, runnerUp, "wide", alt),
    narrowSpec: spec(input, chosen, runnerUp, "narrow", alt),
  };
}

/**
 * How far two solutions agree on the persons.
 * @param runnerUp - the next best solution
 * @returns one sentence
 */
export function agreementWords(runnerUp: RunnerUp): string {
  return `${formatPercent(runnerUp.sameClass)} of the people are in the same class in both (adjusted Rand index ${formatProportion(runnerUp.adjustedRandIndex)}).`;
}

function shares(best: number, other: number): string {
  return `${formatPercent(best)} and ${formatPercent(other)}`;
}

function spec(
  input: ReportInput,
  chosen: FitResult,
  runnerUp: RunnerUp,
  size: FigureSize,
  alt: string,
): VegaLiteSpec {
  const wide = size === "wide";
  const gap = 22;
  const columns = wide ? Math.min(chosen.classes.length === 4 ? 4 : 3, chosen.classes.length) : 2;
  const width = Math.floor(((wide ? 700 : 322) - 66 - gap * (columns - 1)) / columns);
  const values: Datum[] = [];
  const panels: string[] = [];
  chosen.classes.forEach((each, k) => {
    const other = runnerUp.classes[k]!;
    const panel = wide
      ? `Class ${each.label} (${shares(each.proportion, other.proportion)})`
      : `${each.label} (${shares(each.proportion, other.proportion)})`;
    panels.push(panel);
    each.meanTrajectory.time.forEach((time, t) => {
      values.push({ panel, class: each.label, solution: "best", time, score: each.meanTrajectory.mean[t]! });
      values.push({ panel, class: each.label, solution: "next", time, score: other.mean[t]! });
    });
  });
  const shown = values.filter((value) => Number.isFinite(value.score));
  const domain = scoreDomain(
    input.measure,
    shown.map((value) => Number(value.score)),
  );
  const x = timeAxis(timeDomain([chosen]), input.timeLabel, width);
  const y = scoreAxis(input.measure, domain, input.measure.label);
  const { color } = classChannels(chosen.classes.map((each) => each.label));
  const line = (solution: string, mark: object, encoding: object): object => ({
    transform: [{ filter: `datum.solution === "${solution}"` }],
    mark: { type: "line", clip: true, interpolate: "monotone", ...mark },
    encoding: { x, y, ...encoding },
  });
  const layer = [
    line("best", { strokeWidth: 2.4 }, { color }),
    line("next", { strokeWidth: 2, strokeDash: [5, 4], color: MUTED }, { detail: { field: "class" } }),
  ];
  const facet = {
    field: "panel",
    type: "nominal",
    sort: panels,
    title: null,
    header: { labelAnchor: "start", labelPadding: 4, labelLimit: width + 16 },
  };
  const view = { width, height: Math.round(Math.min(width, 170) * 0.85), layer };
  return figureSpec(
    { data: { values: shown }, facet, columns, spacing: { column: gap, row: 18 }, spec: view },
    alt,
  );
}
