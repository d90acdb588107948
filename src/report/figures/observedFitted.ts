import { formatNumber, formatPercent } from "../format.js";
import type { ReportInput } from "../input.js";
import { classChannels, scoreAxis, scoreDomain, timeAxis, timeDomain } from "./axes.js";
import { sampleIndividuals } from "./individuals.js";
import {
  type Datum,
  type FigureSize,
  figureSpec,
  INK,
  PAPER,
  type ReportFigure,
  type VegaLiteSpec,
} from "./theme.js";

/**
 * Observed (posterior-weighted) means beside fitted means, one panel a class, over lines of persons assigned to it.
 * @param input - the report's input
 * @returns the figure; null when no class has observed means
 */
export function observedFittedFigure(input: ReportInput): ReportFigure | null {
  const { classes } = input.chosen;
  if (classes.every((each) => each.observedMeans.time.length === 0)) return null;
  const gaps = classes.map((each) => ({ label: each.label, gap: meanGap(each.observedMeans) }));
  const words = gaps
    .filter((each) => each.gap !== null)
    .map((each) => `class ${each.label}: ${formatNumber(each.gap, 2)} points`);
  const alt = `Panels of observed and fitted mean ${input.measure.label}, one for each class. Typical distance between observed and fitted mean, ${words.join("; ")}.`;
  return {
    id: "observed-fitted",
    title: "Observed and fitted means",
    caption: `Circles: observed mean scores${classes.length === 1 ? "" : ", weighted by the posterior probability of the class"}; larger circles stand on more people. Line: fitted mean of the same people at the same times. Thin lines: observed scores of ${classes.length === 1 ? "people drawn at random" : "people whose most likely class it is"}. Circles far from the line show where the model misses the data.`,
    alt,
    spec: spec(input, "wide", alt),
    narrowSpec: spec(input, "narrow", alt),
  };
}

/**
 * Weighted root-mean-square distance between observed and fitted means of a class.
 * @param means - observed and fitted means with weights
 * @returns the distance in score points; null without weight
 */
export function meanGap(means: {
  readonly observed: readonly number[];
  readonly fitted: readonly number[];
  readonly weight: readonly number[];
}): number | null {
  let sum = 0;
  let total = 0;
  means.observed.forEach((observed, i) => {
    const gap = observed - means.fitted[i]!;
    const weight = means.weight[i]!;
    if (!Number.isFinite(gap) || !(weight > 0)) return;
    sum += weight * gap * gap;
    total += weight;
  });
  return total > 0 ? Math.sqrt(sum / total) : null;
}

function spec(input: ReportInput, size: FigureSize, alt: string): VegaLiteSpec {
  const { chosen, measure } = input;
  const classes = chosen.classes;
  const wide = size === "wide";
  const columns = wide ? Math.min(classes.length === 4 ? 2 : 3, classes.length) : 1;
  const width = wide ? Math.floor(((columns > 2 ? 670 : 700) - 58 - 52 * (columns - 1)) / columns) : 262;
  const height = wide ? (columns === 3 ? 165 : 200) : 160;
  const panel = new Map(
    classes.map((each) => [
      each.label,
      classes.length === 1 ? "All people" : `Class ${each.label} (${formatPercent(each.proportion)})`,
    ]),
  );
  const values: Datum[] = [];
  for (const line of sampleIndividuals(input.long, chosen, Math.max(120, 20 * Math.min(classes.length, 12))))
    for (const p of line.points)
      values.push({
        kind: "person",
        person: line.person,
        class: line.class,
        panel: panel.get(line.class) ?? "",
        time: p.time,
        score: p.score,
      });
  for (const each of classes)
    each.observedMeans.time.forEach((time, i) => {
      const { observed, fitted, weight } = each.observedMeans;
      const common = { class: each.label, panel: panel.get(each.label)!, time };
      if (Number.isFinite(fitted[i]!)) values.push({ ...common, kind: "fitted", score: fitted[i]! });
      if (Number.isFinite(observed[i]!) && weight[i]! > 0)
        values.push({ ...common, kind: "observed", score: observed[i]!, weight: weight[i]! });
    });
  const domain = scoreDomain(
    measure,
    classes.flatMap((each) => each.observedMeans.fitted),
  );
  const times = timeDomain(
    [chosen],
    values.map((each) => Number(each.time)),
  );
  const x = timeAxis(times, input.timeLabel, width);
  const y = scoreAxis(measure, domain, measure.label);
  const { color } = classChannels(classes.map((each) => each.label));
  const of = (kind: string): readonly unknown[] => [{ filter: { field: "kind", equal: kind } }];
  const layer = [
    {
      transform: of("person"),
      mark: { type: "line", strokeWidth: 0.8, opacity: 0.18, clip: true },
      encoding: { x, y, color, detail: { field: "person", type: "nominal" } },
    },
    {
      transform: of("fitted"),
      mark: { type: "line", strokeWidth: 5, color: PAPER },
      encoding: { x, y, detail: { field: "class", type: "nominal" } },
    },
    {
      transform: of("fitted"),
      mark: { type: "line", strokeWidth: 2.4 },
      encoding: { x, y, color },
    },
    {
      transform: of("observed"),
      mark: { type: "point", filled: true, fill: PAPER, stroke: INK, strokeWidth: 1.4, opacity: 1 },
      encoding: {
        x,
        y,
        size: { field: "weight", type: "quantitative", scale: { rangeMin: 8, rangeMax: 90 }, legend: null },
      },
    },
  ];
  const facet = {
    field: "panel",
    type: "nominal",
    sort: [...panel.values()],
    title: null,
    header: { labelAnchor: "start", labelPadding: 4 },
  };
  return figureSpec(
    { data: { values }, facet, columns, spacing: { column: 52, row: 22 }, spec: { width, height, layer } },
    alt,
  );
}
