import type { FitResult } from "../../models/result.js";
import type { ReportMeasure } from "../input.js";
import { severityBands } from "../severity.js";
import { fitText } from "./textWidth.js";
import { CLASS_COLOURS, classStyle, FONT_SIZE, type View } from "./theme.js";

/**
 * The range of the score axis: the measure's own, widened only where a fitted mean leaves it.
 * @param measure - the measure
 * @param values - fitted values to hold
 * @returns lowest and highest score of the axis
 */
export function scoreDomain(measure: ReportMeasure, values: Iterable<number>): readonly [number, number] {
  let low = measure.minimum;
  let high = measure.maximum;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low < measure.minimum ? Math.floor(low) : low, high > measure.maximum ? Math.ceil(high) : high];
}

/**
 * The score axis: ticks at the measure's severity cut-offs where it has them, and at its ends.
 * @param measure - the measure
 * @param domain - range of the axis
 * @param title - axis title; null for none
 * @returns a vega-lite y channel
 */
export function scoreAxis(
  measure: ReportMeasure,
  domain: readonly [number, number],
  title: string | null,
): View {
  const bands = severityBands(measure);
  const tooClose = (measure.maximum - measure.minimum) / 12;
  const values = bands
    ? [...bands.map((band) => band.from).filter((from) => measure.maximum - from > tooClose), measure.maximum]
    : roundTicks(domain[0], domain[1], 6);
  return {
    field: "score",
    type: "quantitative",
    scale: { domain, nice: false, zero: false },
    axis: {
      title: title === null ? null : fitText(title, FONT_SIZE, 190),
      values,
      grid: true,
      domain: false,
      ticks: false,
    },
  };
}

/**
 * Round tick values within a range, always with its ends when they are ticks or nearly so.
 * @param low - lowest value
 * @param high - highest value
 * @param count - about how many
 * @returns multiples of 1, 2 or 5 times a power of ten
 */
export function roundTicks(low: number, high: number, count: number): readonly number[] {
  const span = high - low;
  if (!(span > 0)) return [low];
  const rough = span / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((m) => m * power >= rough) ?? 10);
  const ticks: number[] = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++)
    ticks.push(Number((i * step).toPrecision(12)));
  return ticks;
}

/**
 * The time axis.
 * @param domain - first and last time
 * @param title - axis title; null for none
 * @param width - width of the view in pixels, for the number of ticks
 * @returns a vega-lite x channel
 */
export function timeAxis(domain: readonly [number, number], title: string | null, width: number): View {
  return {
    field: "time",
    type: "quantitative",
    scale: { domain, nice: false, zero: false },
    axis: {
      title: title === null ? null : fitText(title, FONT_SIZE, width + 30),
      values: roundTicks(domain[0], domain[1], Math.max(3, Math.round(width / 60))),
      tickSize: 4,
    },
  };
}

/**
 * First and last time of the fitted trajectories and of any further times.
 * @param fits - the fits
 * @param more - further times, e.g. of individual lines
 * @returns the range; [0, 1] when there is nothing
 */
export function timeDomain(
  fits: readonly FitResult[],
  more: Iterable<number> = [],
): readonly [number, number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  const take = (t: number): void => {
    if (!Number.isFinite(t)) return;
    low = Math.min(low, t);
    high = Math.max(high, t);
  };
  for (const fit of fits) for (const each of fit.classes) each.meanTrajectory.time.forEach(take);
  for (const t of more) take(t);
  if (!(high >= low)) return [0, 1];
  return high > low ? [low, high] : [low - 0.5, high + 0.5];
}

/**
 * Channels that give every class its own colour, dash and marker, without a legend (classes are labelled directly).
 * @param labels - class labels in the figure
 * @returns the channels to pick from
 */
export function classChannels(labels: readonly number[]): {
  readonly color: View;
  readonly strokeDash: View;
  readonly shape: View;
} {
  const styles = labels.map(classStyle);
  const channel = (range: readonly unknown[]): View => ({
    field: "class",
    type: "nominal",
    scale: { domain: labels, range },
    legend: null,
  });
  return {
    color: channel(styles.map((style) => style.colour)),
    strokeDash: channel(styles.map((style) => style.dash)),
    shape: channel(styles.map((style) => style.shape)),
  };
}

/** Height in pixels of one line of text. */
export const LINE_HEIGHT: number = FONT_SIZE + 4;

/**
 * Whether classes are many enough to share colours.
 * @param n - number of classes
 * @returns true when dash and labels have to tell some classes apart
 */
export function repeatsColours(n: number): boolean {
  return n > CLASS_COLOURS.length;
}
