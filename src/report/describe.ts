import type { BootstrapResult } from "../models/bootstrap/types.js";
import type { ClassSummary, FitResult } from "../models/result.js";
import { formatNumber, formatPercent, plural } from "./format.js";
import type { ReportInput, ReportMeasure } from "./input.js";
import { reliableChange, severityWord } from "./severity.js";

/** One class in words. */
export interface ClassDescription {
  readonly label: number;
  readonly proportion: number;
  readonly assigned: number;
  /** A few words for headings and figure labels, e.g. `rapid improvement`. */
  readonly name: string;
  /** What the class does, without the class label, e.g. `starts severe (PHQ-9 22.1), falls by …`. */
  readonly text: string;
  /** The whole sentence with label and size. */
  readonly sentence: string;
  /** Fitted means at the first and last time described; null when the class has no trajectory. */
  readonly start: number | null;
  readonly end: number | null;
}

interface Shape {
  readonly start: number;
  readonly end: number;
  readonly change: number;
  readonly low: number;
  readonly high: number;
  readonly firstTime: number;
  readonly lastTime: number;
  /** Share of the time span at which half of the change was made. */
  readonly halfway: number;
  /** Time of the extreme between the ends, for paths that turn. */
  readonly turnTime: number;
  readonly turnValue: number;
}

/**
 * The unit of the time axis in words.
 * @param input - the report's input
 * @returns e.g. `weeks`; null when neither `timeUnit` nor the axis label names one
 */
export function timeUnit(input: Pick<ReportInput, "timeUnit" | "timeLabel">): string | null {
  if (input.timeUnit !== undefined && input.timeUnit.trim() !== "") return input.timeUnit.trim();
  const found = /\b(session|day|week|month|year)s?\b/i.exec(input.timeLabel);
  return found === null ? null : `${found[1]!.toLowerCase()}s`;
}

/**
 * What the samples of a bootstrap consist of, in words.
 * @param bootstrap - the bootstrap
 * @returns e.g. `people drawn with replacement`
 */
export function bootstrapDraws({ kind, clusters }: BootstrapResult): string {
  if (kind === "parametric") return "scores drawn from the model";
  return `${clusters === null ? "people" : `clusters of ${clusters}`} drawn with replacement`;
}

/**
 * Describes every class of a fit in plain words.
 * @param fit - the fitted model
 * @param measure - the measure, for severity words, caseness and the size of a change that matters
 * @param unit - unit of time in the plural, or null
 * @param until - for each class the time to which it is described, e.g. while enough people are seen; null or left
 *   out: to the end of its path
 * @returns one description per class, in class order; names that occur twice are told apart by where they start
 */
export function describeClasses(
  fit: FitResult,
  measure: ReportMeasure,
  unit: string | null,
  until: readonly (number | null)[] = [],
): readonly ClassDescription[] {
  const shapes = fit.classes.map((summary, k) => shapeOf(summary, until[k] ?? null));
  const names = distinctNames(
    shapes.map((shape) => (shape === null ? "no trajectory" : shapeName(shape, measure))),
    shapes,
    measure,
  );
  return fit.classes.map((summary, k) => {
    const shape = shapes[k]!;
    const name = names[k]!;
    const text = shape === null ? "has no fitted trajectory" : shapeText(shape, measure, unit);
    const size = `${formatPercent(summary.proportion)}, ${plural(summary.assigned, "person", "people")}`;
    const who = fit.classes.length === 1 ? "The average person" : `Class ${summary.label} (${size})`;
    return {
      label: summary.label,
      proportion: summary.proportion,
      assigned: summary.assigned,
      name,
      text,
      sentence: `${who} ${text}: ${name}.`,
      start: shape?.start ?? null,
      end: shape?.end ?? null,
    };
  });
}

function shapeOf(summary: ClassSummary, until: number | null): Shape | null {
  const { time, mean } = summary.meanTrajectory;
  const path = time.map((t, i) => [t, mean[i]!] as const).filter(([, m]) => Number.isFinite(m));
  const points = cutAt(path, until);
  if (points.length === 0) return null;
  const [firstTime, start] = points[0]!;
  const [lastTime, end] = points.at(-1)!;
  const change = end - start;
  const span = lastTime - firstTime;
  const halfway = span > 0 ? (halfTime(points, start + change / 2) - firstTime) / span : 0.5;
  let turn = points[0]!;
  let furthest = -1;
  const [bottom, top] = [Math.min(start, end), Math.max(start, end)];
  for (const point of points) {
    const outside = Math.max(bottom - point[1], point[1] - top);
    if (outside > furthest) {
      furthest = outside;
      turn = point;
    }
  }
  const means = points.map(([, m]) => m);
  return {
    start,
    end,
    change,
    low: Math.min(...means),
    high: Math.max(...means),
    firstTime,
    lastTime,
    halfway,
    turnTime: turn[0],
    turnValue: turn[1],
  };
}

type Path = readonly (readonly [time: number, mean: number])[];

/** A path as far as a time, its last point between two of its points by a straight line. */
function cutAt(path: Path, until: number | null): Path {
  const next = until === null ? -1 : path.findIndex(([t]) => t > until);
  // A path of which not even the beginning is wanted is told whole, rather than as a standstill.
  if (until === null || next <= 0 || until <= path[0]![0]) return path;
  const [[t0, m0], [t1, m1]] = [path[next - 1]!, path[next]!];
  const kept = path.slice(0, next);
  return until > t0 ? [...kept, [until, m0 + ((until - t0) / (t1 - t0)) * (m1 - m0)]] : kept;
}

/** When a path first reaches a level, between its points by straight lines. */
function halfTime(points: Path, level: number): number {
  for (let i = 1; i < points.length; i++) {
    const [t0, m0] = points[i - 1]!;
    const [t1, m1] = points[i]!;
    if ((m0 - level) * (m1 - level) <= 0 && m0 !== m1) return t0 + ((level - m0) / (m1 - m0)) * (t1 - t0);
  }
  return (points[0]![0] + points.at(-1)![0]) / 2;
}

/** How far a path goes beyond both of its ends, and back: at least half a reliable change both ways. */
function turns(shape: Shape, measure: ReportMeasure): "dips" | "peaks" | null {
  const enough = reliableChange(measure) / 2;
  if (Math.min(shape.start, shape.end) - shape.turnValue >= enough) return "dips";
  if (shape.turnValue - Math.max(shape.start, shape.end) >= enough) return "peaks";
  return null;
}

function shapeName(shape: Shape, measure: ReportMeasure): string {
  const reliable = reliableChange(measure);
  const turn = turns(shape, measure);
  if (turn === "dips") return "improvement, then worsening";
  if (turn === "peaks") return "worsening, then improvement";
  const pace = shape.halfway <= 0.34 ? "rapid" : shape.halfway >= 0.66 ? "late" : "gradual";
  if (shape.change <= -reliable) return `${pace} improvement`;
  if (shape.change >= reliable) return `${pace} deterioration`;
  if (shape.change <= -reliable / 2) return "slight improvement";
  if (shape.change >= reliable / 2) return "slight deterioration";
  return `persistently ${levelWord(shape, measure)}`;
}

function levelWord(shape: Shape, measure: ReportMeasure): string {
  const middle = (shape.start + shape.end) / 2;
  const word = severityWord(measure, middle);
  if (word !== null) return word;
  if (measure.caseness !== null) return isCase(middle, measure) ? "at caseness" : "below caseness";
  const share = (middle - measure.minimum) / (measure.maximum - measure.minimum);
  return share < 1 / 3 ? "low" : share < 2 / 3 ? "in the middle range" : "high";
}

function distinctNames(
  names: readonly string[],
  shapes: readonly (Shape | null)[],
  measure: ReportMeasure,
): readonly string[] {
  return names.map((name, k) => {
    const shape = shapes[k]!;
    const twin = names.some((other, j) => j !== k && other === name);
    if (!twin || shape === null) return name;
    const word = severityWord(measure, shape.start) ?? formatNumber(shape.start, 1);
    return name.startsWith("persistently") ? name : `${name} from ${word}`;
  });
}

function shapeText(shape: Shape, measure: ReportMeasure, unit: string | null): string {
  const score = (value: number): string => formatNumber(value, 1);
  const word = severityWord(measure, shape.start);
  const opening =
    word === null
      ? `starts at ${measure.label} ${score(shape.start)}`
      : `starts ${word} (${measure.label} ${score(shape.start)})`;
  const span = timeSpan(shape, unit);
  const turn = turns(shape, measure);
  if (turn !== null) {
    const at =
      unit === null
        ? `by ${formatNumber(shape.turnTime, 0)}`
        : `by ${formatNumber(shape.turnTime, 0)} ${unit}`;
    const there = turn === "dips" ? "falls" : "rises";
    const back = turn === "dips" ? "rises" : "falls";
    return `${opening}, ${there} to ${score(shape.turnValue)} ${at}, then ${back} to ${score(shape.end)}${casenessClause(shape, measure)}`;
  }
  if (Math.abs(shape.change) < reliableChange(measure) / 4)
    return `${opening} and stays there (${score(shape.end)} ${span.end})${casenessClause(shape, measure)}`;
  const verb = shape.change < 0 ? "falls" : "rises";
  return `${opening}, ${verb} by ${plural1(Math.abs(shape.change))} ${span.over} to ${score(shape.end)}${extremeClause(shape, measure, unit)}${casenessClause(shape, measure)}`;
}

/** A low or high point on the way that is too slight to change the name but not to leave out. */
function extremeClause(shape: Shape, measure: ReportMeasure, unit: string | null): string {
  const below = Math.min(shape.start, shape.end) - shape.turnValue;
  const above = shape.turnValue - Math.max(shape.start, shape.end);
  if (Math.max(below, above) < reliableChange(measure) / 4) return "";
  const when = unit === null ? "" : ` at ${formatNumber(shape.turnTime, 0)} ${unit}`;
  return ` (${below > above ? "lowest" : "highest"} ${formatNumber(shape.turnValue, 1)}${when})`;
}

function plural1(change: number): string {
  const text = formatNumber(change, 1);
  return `${text} ${text === "1.0" ? "point" : "points"}`;
}

function timeSpan(shape: Shape, unit: string | null): { over: string; end: string } {
  const length = shape.lastTime - shape.firstTime;
  const text = formatNumber(length, Number.isInteger(length) || length >= 10 ? 0 : 1);
  if (unit === null) return { over: "over the time observed", end: "at the end" };
  const noun = text === "1" ? unit.replace(/s$/, "") : unit;
  return { over: `over ${text} ${noun}`, end: `after ${text} ${noun}` };
}

function casenessClause(shape: Shape, measure: ReportMeasure): string {
  const cut = measure.caseness;
  if (cut === null) return "";
  const line = `the caseness cut-off (${formatNumber(cut, Number.isInteger(cut) ? 0 : 1)})`;
  const over = measure.casenessExclusive === true ? "above" : "at or above";
  const under = measure.casenessExclusive === true ? "not above" : "below";
  const [start, end] = [isCase(shape.start, measure), isCase(shape.end, measure)];
  if (!isCase(shape.high, measure)) return `, ${under} ${line} throughout`;
  if (isCase(shape.low, measure)) return `, ${over} ${line} throughout`;
  if (start && !end) return `, ${under} ${line}`;
  if (!start && end) return `, above ${line}`;
  return end ? `, ending above ${line}` : `, ending ${under} ${line}`;
}

function isCase(score: number, { caseness, casenessExclusive }: ReportMeasure): boolean {
  return caseness !== null && (casenessExclusive === true ? score > caseness : score >= caseness);
}
