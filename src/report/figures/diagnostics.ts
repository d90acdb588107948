import type { DiagnosticSummary, QuantilePlot } from "../../models/persons/types.js";
import { formatCount, formatNumber } from "../format.js";
import type { ReportInput } from "../input.js";
import { roundTicks } from "./axes.js";
import {
  type Datum,
  type FigureSize,
  figureSpec,
  GRID,
  INK,
  MUTED,
  PAPER,
  PLAIN,
  type ReportFigure,
  RULE,
  type VegaLiteSpec,
  type View,
} from "./theme.js";

/** Standardized residuals shown: what lies beyond is drawn at the edge. */
const EDGE = 5;

/**
 * Standardized residuals over predicted scores, with mean and spread along them.
 * @param input - the report's input
 * @returns the figure; null without diagnostics
 */
export function residualFigure({ diagnostics, measure }: ReportInput): ReportFigure | null {
  if (diagnostics === undefined || diagnostics.points.length === 0) return null;
  const { points, nObservations, trend } = diagnostics;
  const beyond = points.filter(({ residual }) => Math.abs(residual) > EDGE).length;
  const means = trend.map(({ mean }) => mean);
  const alt =
    `Standardized residuals over predicted ${measure.label}. ` +
    (trend.length === 0
      ? "There are too few scores for a mean along the predictions."
      : `Their mean along the predictions runs from ${formatNumber(Math.min(...means), 2)} to ${formatNumber(Math.max(...means), 2)}, their standard deviation from ${formatNumber(Math.min(...trend.map(({ sd }) => sd)), 2)} to ${formatNumber(Math.max(...trend.map(({ sd }) => sd)), 2)}.`);
  return {
    id: "residuals",
    title: "Residuals over predicted scores",
    caption: `Dots: ${points.length < nObservations ? `${formatCount(points.length)} of ${formatCount(nObservations)} scores, drawn at random` : "all scores"}; each is a score less the person's own predicted curve, in standard deviations that the model expects. Thick line: their mean; thin lines: one standard deviation either side. Where the model fits, the thick line runs near 0 and the thin ones near −1 and 1; a slight rise is to be expected, as people's curves are pulled towards the mean. Slanting stripes come from whole-numbered scores; a sharp slanting edge comes from the lowest or highest score possible.${beyond > 0 ? ` Residuals beyond ${EDGE} (${beyond}) are drawn at the edge.` : ""}`,
    alt,
    spec: residualSpec(diagnostics, `Predicted ${measure.label}`, "wide", alt),
    narrowSpec: residualSpec(diagnostics, `Predicted ${measure.label}`, "narrow", alt),
  };
}

function residualSpec(
  { points, trend }: DiagnosticSummary,
  xTitle: string,
  size: FigureSize,
  alt: string,
): VegaLiteSpec {
  const wide = size === "wide";
  const clamp = (value: number): number => Math.max(-EDGE, Math.min(EDGE, value));
  const limits = [...points.map((p) => Math.abs(clamp(p.residual))), 3];
  const half = Math.ceil(Math.max(...limits));
  const x = quantitative("predicted", xTitle, extent(points.map(({ predicted }) => predicted)), wide ? 9 : 5);
  const y = (field: string): View =>
    quantitative(field, "Standardized residual", [-half, half], 6, { grid: false });
  const dots: Datum[] = points.map((p) => ({ predicted: p.predicted, residual: clamp(p.residual) }));
  const lines: Datum[] = trend.map((t) => ({
    predicted: t.predicted,
    mean: t.mean,
    low: clamp(t.mean - t.sd),
    high: clamp(t.mean + t.sd),
  }));
  const along = (field: string, strokeWidth: number, color = INK): View => ({
    data: { values: lines },
    mark: { type: "line", color, strokeWidth },
    encoding: { x, y: y(field) },
  });
  const layer = [
    {
      data: { values: dots },
      mark: { type: "point", filled: true, size: 14, opacity: 0.3, color: PLAIN },
      encoding: { x, y: y("residual") },
    },
    ...[-1, 0, 1].map((at) => level(at, at === 0 ? [1, 0] : [4, 4])),
    ...(trend.length === 0
      ? []
      : [along("low", 1.2), along("high", 1.2), along("mean", 5, PAPER), along("mean", 2.6)]),
  ];
  return figureSpec({ width: wide ? 620 : 262, height: wide ? 280 : 220, layer }, alt);
}

/**
 * Quantiles of the standardized residuals, and of each random effect, against those of the normal distribution.
 * @param input - the report's input
 * @returns the figure; null without diagnostics
 */
export function quantileFigure({ diagnostics }: ReportInput): ReportFigure | null {
  if (diagnostics === undefined || diagnostics.quantiles.length === 0) return null;
  const { quantiles, residuals, nObservations } = diagnostics;
  const shape = residuals.shape;
  const alt = `Normal quantile plots of ${quantiles.map((plot) => panelTitle(plot).toLowerCase()).join(", ")}. Residuals: skewness ${formatNumber(shape.skewness, 2)}, excess kurtosis ${formatNumber(shape.excessKurtosis, 2)}.`;
  const shown = quantiles.some(({ n, observed }) => observed.length < n);
  return {
    id: "quantiles",
    title: "Are residuals and random effects normal?",
    caption: `Each dot: an observed value (of ${formatCount(nObservations)} residuals${quantiles.length > 1 ? ", or of the random effects of people" : ""}) against what the normal distribution has at the same rank, both in standard deviations that the model expects${shown ? "; all extremes, and some of the values between" : ""}. Dots on the line: as the model assumes. Bends at both ends: more (or less) extreme values than normal; one bend: a skew.${quantiles.length > 1 ? " Estimates of random effects are pulled towards the mean, which makes them look more normal than people may be." : ""}`,
    alt,
    spec: quantileSpec(quantiles, "wide", alt),
    narrowSpec: quantileSpec(quantiles, "narrow", alt),
  };
}

function panelTitle({ name }: QuantilePlot): string {
  if (name === "residuals") return "Residuals";
  return `Random effect: ${name === "(Intercept)" ? "intercept" : name}`;
}

function quantileSpec(quantiles: readonly QuantilePlot[], size: FigureSize, alt: string): VegaLiteSpec {
  const wide = size === "wide";
  const columns = wide ? Math.min(3, quantiles.length) : 1;
  const width = wide ? Math.min(300, Math.floor((720 - 60 * columns - 24 * (columns - 1)) / columns)) : 240;
  const all = quantiles.flatMap(({ normal, observed }) => [...normal, ...observed]);
  const half = Math.max(3, Math.min(8, Math.ceil(Math.max(...all.map(Math.abs)))));
  const clamp = (value: number): number => Math.max(-half, Math.min(half, value));
  const panels = quantiles.map((plot) => {
    const values: Datum[] = plot.normal.map((normal, i) => ({ normal, observed: clamp(plot.observed[i]!) }));
    const x = quantitative("normal", "Normal quantile", [-half, half], 6);
    const y = quantitative("observed", "Observed", [-half, half], 6);
    return {
      title: panelTitle(plot),
      width,
      height: Math.min(width, 220),
      layer: [
        {
          data: {
            values: [
              { normal: -half, observed: -half },
              { normal: half, observed: half },
            ],
          },
          mark: { type: "line", color: RULE, strokeWidth: 1 },
          encoding: { x, y },
        },
        {
          data: { values },
          mark: { type: "point", filled: true, size: 16, opacity: 0.7, color: PLAIN },
          encoding: { x, y },
        },
      ],
    };
  });
  return figureSpec({ concat: panels, columns, spacing: { column: 24, row: 26 } }, alt);
}

/**
 * Mean and spread of residuals at each occasion.
 * @param input - the report's input
 * @returns the figure; null without diagnostics or with fewer than two occasions
 */
export function occasionFigure({ diagnostics, timeLabel }: ReportInput): ReportFigure | null {
  const groups = diagnostics?.occasions.groups.filter(({ n }) => n >= FEWEST_ROWS) ?? [];
  if (diagnostics === undefined || groups.length < 2) return null;
  const { by } = diagnostics.occasions;
  const label = by === "time" ? timeLabel : "Session of the person";
  const ratios = groups.map(({ varianceRatio }) => varianceRatio);
  const means = groups.map(({ mean }) => mean);
  const alt = `Residuals by ${by}. Means from ${formatNumber(Math.min(...means), 2)} to ${formatNumber(Math.max(...means), 2)} standard deviations; variance from ${formatNumber(Math.min(...ratios), 2)} to ${formatNumber(Math.max(...ratios), 2)} times what the model expects.`;
  return {
    id: "residuals-by-occasion",
    title: "Residuals by occasion",
    caption: `First panel: mean of the standardized residuals; away from 0, the shape of the trajectories misses the scores there. Second panel: variance of the residuals over what the model expects; away from 1, scores scatter more or less there than the model has it. Bars: what chance allows for in 95 of 100 (1.96 standard errors). ${by === "time" ? "Times" : "Sessions"} with fewer than ${FEWEST_ROWS} scores are left out.`,
    alt,
    spec: occasionSpec(groups, label, "wide", alt),
    narrowSpec: occasionSpec(groups, label, "narrow", alt),
  };
}

/** Scores at an occasion below which it is not shown. */
const FEWEST_ROWS = 20;

type Groups = DiagnosticSummary["occasions"]["groups"];

function occasionSpec(groups: Groups, label: string, size: FigureSize, alt: string): VegaLiteSpec {
  const wide = size === "wide";
  const width = wide ? 284 : 250;
  const at = groups.map((g) => g.at);
  const x = quantitative("at", label, extent(at), wide ? 7 : 5, { grid: false });
  const rows: Datum[] = groups.map((g) => ({
    at: g.at,
    mean: g.mean,
    meanLow: g.mean - 1.96 / Math.sqrt(g.n),
    meanHigh: g.mean + 1.96 / Math.sqrt(g.n),
    ratio: g.varianceRatio,
    ratioLow: Math.max(0, g.varianceRatio - 1.96 * g.ratioError),
    ratioHigh: g.varianceRatio + 1.96 * g.ratioError,
  }));
  const panel = (
    field: string,
    title: string,
    domain: readonly [number, number],
    reference: number,
  ): View => {
    const y = (name: string): View => quantitative(name, title, domain, 5, { grid: false });
    return {
      width,
      height: wide ? 200 : 170,
      layer: [
        level(reference, [1, 0]),
        {
          data: { values: rows },
          mark: { type: "rule", color: PLAIN, strokeWidth: 1.6 },
          encoding: { x, y: y(`${field}Low`), y2: { field: `${field}High` } },
        },
        {
          data: { values: rows },
          mark: {
            type: "point",
            filled: true,
            size: 44,
            opacity: 1,
            color: PLAIN,
            stroke: PAPER,
            strokeWidth: 0.8,
          },
          encoding: { x, y: y(field) },
        },
      ],
    };
  };
  const highest = (name: string): number => Math.max(...rows.map((row) => Math.abs(Number(row[name]))));
  const meanHalf = Math.max(0.3, Math.ceil(10 * Math.max(highest("meanLow"), highest("meanHigh"))) / 10);
  const ratioTop = Math.max(1.5, Math.ceil(4 * highest("ratioHigh")) / 4);
  const panels = [
    panel("mean", "Mean residual (SD)", [-meanHalf, meanHalf], 0),
    panel("ratio", "Variance / expected", [0, ratioTop], 1),
  ];
  return figureSpec({ concat: panels, columns: wide ? 2 : 1, spacing: { column: 40, row: 26 } }, alt);
}

/** A level across the figure. */
function level(at: number, dash: readonly number[]): View {
  return {
    data: { values: [{ at }] },
    mark: { type: "rule", color: at === 0 ? RULE : MUTED, strokeWidth: 1, strokeDash: dash },
    encoding: { y: { field: "at", type: "quantitative" } },
  };
}

function extent(values: readonly number[]): readonly [number, number] {
  const low = values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const high = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const margin = high > low ? 0.03 * (high - low) : 0.5;
  return [low - margin, high + margin];
}

function quantitative(
  field: string,
  title: string,
  domain: readonly [number, number],
  ticks: number,
  axis: View = {},
): View {
  return {
    field,
    type: "quantitative",
    scale: { domain, nice: false, zero: false },
    axis: { title, values: roundTicks(domain[0], domain[1], ticks), gridColor: GRID, tickSize: 4, ...axis },
  };
}
