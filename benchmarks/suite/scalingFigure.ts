import { spreadLabels } from "#dist/report/figures/spread.js";
import {
  classStyle,
  type Datum,
  figureSpec,
  haloText,
  type VegaLiteSpec,
  type View,
} from "#dist/report/figures/theme.js";
import type { ScalingLaw, ScalingResults, ScalingSeries } from "./scalingTypes.js";

const WIDTH = 230;
const HEIGHT = 190;
/** Room to the right of a panel for the names of the curves. */
const LABELS = 118;
const LINE_HEIGHT = 14;

/**
 * The four laws, a panel each: logarithmic axes, so that a power law is a line with its exponent as slope; workers on plain ones.
 * @param results - of a run of `npm run bench:scaling`
 * @returns the figure, and the same in words
 */
export function scalingFigure(results: ScalingResults): { spec: VegaLiteSpec; alt: string } {
  const words = results.laws.map((law) => `${law.title}: ${law.series.map(nameWithSlope).join(", ")}`);
  const alt = `Time against size in four panels. ${words.join(". ")}.`;
  return {
    spec: figureSpec({ columns: 2, concat: results.laws.map(panel), spacing: { column: 34, row: 26 } }, alt),
    alt,
  };
}

function nameWithSlope({ name, power }: ScalingSeries): string {
  return power === null ? name : `${name}, slope ${power.exponent.toFixed(2)}`;
}

function panel(law: ScalingLaw): View {
  const isLog = law.name !== "workers";
  const xs = law.series.flatMap(({ points }) => points.map(({ x }) => x));
  const ys = law.series.flatMap(({ points }) =>
    points.flatMap(({ seconds }) => [seconds.fastest, seconds.slowest]),
  );
  const [lowX, highX] = [Math.min(...xs), Math.max(...xs)];
  const [lowY, highY] = isLog ? [Math.min(...ys) / 1.3, Math.max(...ys) * 1.3] : [0, Math.max(...ys) * 1.1];
  const ticks = law.name === "people" ? undefined : [...new Set(xs)];
  const x = {
    field: "x",
    type: "quantitative",
    scale: isLog
      ? { type: "log", domain: [lowX, highX], nice: false }
      : { domain: [lowX - 0.2, highX + 0.2], nice: false },
    axis: { title: law.x, format: "~s", ...(ticks === undefined ? { tickCount: 3 } : { values: ticks }) },
  };
  const y = {
    field: "y",
    type: "quantitative",
    scale: isLog
      ? { type: "log", domain: [lowY, highY], nice: false }
      : { domain: [lowY, highY], nice: false },
    axis: {
      title: "seconds",
      grid: true,
      domain: false,
      ticks: false,
      ...(isLog ? { values: decades(lowY, highY), format: "~g" } : { tickCount: 4 }),
    },
  };
  const place = (value: number): number =>
    isLog
      ? (Math.log(highY / value) / Math.log(highY / lowY)) * HEIGHT
      : (1 - (value - lowY) / (highY - lowY)) * HEIGHT;
  const wanted = law.series.map(({ points }) => place(points.at(-1)!.seconds.median));
  const places = spreadLabels(wanted, LINE_HEIGHT * 1.15, 0, HEIGHT);
  return {
    title: law.title,
    width: WIDTH,
    height: HEIGHT,
    layer: law.series.flatMap((series, s) => curve(series, s + 1, { x, y }, places[s]!)),
  };
}

/** Line, points with the range of their runs, and the name to the right of the panel. */
function curve(
  series: ScalingSeries,
  label: number,
  axes: { x: View; y: View },
  place: number,
): readonly View[] {
  const { colour, dash, shape } = classStyle(label);
  const values: Datum[] = series.points.map(({ x, seconds }) => ({
    x,
    y: seconds.median,
    low: seconds.fastest,
    high: seconds.slowest,
  }));
  const data = { values };
  return [
    { data, mark: { type: "line", color: colour, strokeDash: dash, strokeWidth: 1.8 }, encoding: axes },
    {
      data,
      mark: { type: "rule", color: colour, strokeWidth: 1.2 },
      encoding: { x: axes.x, y: { ...axes.y, field: "low" }, y2: { field: "high" } },
    },
    {
      data,
      mark: { type: "point", shape, color: colour, filled: true, size: 46, opacity: 1 },
      encoding: axes,
    },
    ...haloText(
      { align: "left", baseline: "middle", dx: 10, color: colour, limit: LABELS + 60 },
      {
        data: { values: [{ text: nameWithSlope(series) }] },
        encoding: { x: { value: WIDTH }, y: { value: place }, text: { field: "text", type: "nominal" } },
      },
    ),
  ];
}

function decades(low: number, high: number): number[] {
  const out: number[] = [];
  for (let power = Math.ceil(Math.log10(low)); power <= Math.log10(high); power++) out.push(10 ** power);
  return out.length > 0 ? out : [low, high];
}
