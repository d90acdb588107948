import { formatNumber, formatPercent, formatProportion } from "../format.js";
import type { ReportInput } from "../input.js";
import { classChannels } from "./axes.js";
import {
  type Datum,
  type FigureSize,
  figureSpec,
  MUTED,
  type ReportFigure,
  type VegaLiteSpec,
} from "./theme.js";

const BINS = 20;

/**
 * How sure the classification is: posterior probability of the most likely class, one histogram a class.
 * @param input - the report's input
 * @returns the figure; null with one class or without posteriors
 */
export function certaintyFigure(input: ReportInput): ReportFigure | null {
  const { posteriors, classes } = input.chosen;
  if (posteriors.nClasses < 2 || posteriors.personIds.length === 0) return null;
  const counts = histogram(input);
  const words = classes
    .filter((each) => each.assigned > 0)
    .map((each) => `class ${each.label}: mean ${formatProportion(each.averagePosterior)}`);
  const alt = `Histograms of the posterior probability of the most likely class, one for each class. ${words.join("; ")}.`;
  return {
    id: "certainty",
    title: "How surely people belong to their class",
    caption:
      "Posterior probability of the most likely class, among the people assigned to it. Bars crowded towards 1 mean a clear " +
      "classification; the dashed line at .70 is the usual least mean (Nagin, 2005).",
    alt,
    spec: spec(input, counts, "wide", alt),
    narrowSpec: spec(input, counts, "narrow", alt),
  };
}

function histogram(input: ReportInput): readonly Float64Array[] {
  const { values, modalClass, nClasses } = input.chosen.posteriors;
  const counts = Array.from({ length: nClasses }, () => new Float64Array(BINS));
  for (let i = 0; i < modalClass.length; i++) {
    const k = modalClass[i]! - 1;
    const p = values[i * nClasses + k]!;
    counts[k]![Math.min(BINS - 1, Math.max(0, Math.floor(p * BINS)))]!++;
  }
  return counts;
}

function spec(
  input: ReportInput,
  counts: readonly Float64Array[],
  size: FigureSize,
  alt: string,
): VegaLiteSpec {
  const classes = input.chosen.classes;
  const wide = size === "wide";
  const columns = wide ? Math.min(classes.length === 4 ? 4 : 3, classes.length) : 2;
  const width = wide ? Math.floor((700 - 50 - 28 * (columns - 1)) / columns) : 118;
  const values: Datum[] = [];
  const panels: string[] = [];
  classes.forEach((each, k) => {
    const panel = wide
      ? `Class ${each.label} (n = ${formatNumber(each.assigned, 0)})`
      : `Class ${each.label} (${formatNumber(each.assigned, 0)})`;
    panels.push(panel);
    const total = Math.max(1, each.assigned);
    counts[k]?.forEach((count, bin) => {
      if (count > 0 || bin === 0)
        values.push({
          class: each.label,
          panel,
          from: bin / BINS,
          to: (bin + 1) / BINS,
          share: count / total,
        });
    });
  });
  const { color } = classChannels(classes.map((each) => each.label));
  const x = {
    field: "from",
    type: "quantitative",
    scale: { domain: [0, 1] },
    axis: {
      title: wide ? "Posterior probability" : "Posterior prob.",
      values: [0, 0.5, 1],
      format: ".1~f",
    },
  };
  const y = {
    field: "share",
    type: "quantitative",
    axis: { title: "Share of people", format: ".0%", tickCount: 4, grid: true, domain: false, ticks: false },
  };
  const layer = [
    {
      mark: { type: "bar", binSpacing: 1 },
      encoding: { x: { ...x, bin: { binned: true, step: 1 / BINS } }, x2: { field: "to" }, y, color },
    },
    {
      mark: { type: "rule", strokeDash: [4, 3], color: MUTED },
      encoding: { x: { datum: 0.7, type: "quantitative" } },
    },
  ];
  const facet = {
    field: "panel",
    type: "nominal",
    sort: panels,
    title: null,
    header: { labelAnchor: "start", labelPadding: 4 },
  };
  return figureSpec(
    {
      data: { values },
      facet,
      columns,
      spacing: { column: 28, row: 20 },
      spec: { width, height: wide ? 130 : 100, layer },
    },
    alt,
  );
}

/**
 * The share of people whose most likely class has at least a given posterior probability.
 * @param input - the report's input
 * @param least - the probability
 * @returns e.g. `82%`
 */
export function shareAtLeast(input: ReportInput, least: number): string {
  const { values, modalClass, nClasses } = input.chosen.posteriors;
  let n = 0;
  for (let i = 0; i < modalClass.length; i++) if (values[i * nClasses + modalClass[i]! - 1]! >= least) n++;
  return formatPercent(modalClass.length === 0 ? null : n / modalClass.length);
}
