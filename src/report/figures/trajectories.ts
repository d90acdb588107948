import type { ClassDescription } from "../describe.js";
import { formatNumber, formatPercent, plural } from "../format.js";
import type { ReportInput } from "../input.js";
import {
  classChannels,
  LINE_HEIGHT,
  repeatsColours,
  scoreAxis,
  scoreDomain,
  timeAxis,
  timeDomain,
} from "./axes.js";
import { type IndividualLine, sampleIndividuals } from "./individuals.js";
import { spreadLabels } from "./spread.js";
import { fitText, textWidth } from "./textWidth.js";
import {
  type Datum,
  type FigureSize,
  figureSpec,
  haloText,
  MUTED,
  PAPER,
  type ReportFigure,
  RULE,
  type VegaLiteSpec,
  type View,
} from "./theme.js";

/**
 * Class mean trajectories with 95% bands over individual lines, on the measure's own axis with its caseness line.
 * @param input - the report's input
 * @param descriptions - the classes in words
 * @returns the figure
 */
export function trajectoryFigure(
  input: ReportInput,
  descriptions: readonly ClassDescription[],
): ReportFigure {
  const { chosen, measure } = input;
  const lines = sampleIndividuals(input.long, chosen);
  const k = chosen.classes.length;
  const alt =
    k === 1
      ? `Line chart of mean ${measure.label} over time. ${descriptions[0]!.sentence}`
      : `Line chart of mean ${measure.label} over time in ${k} classes. ${descriptions.map((d) => d.sentence).join(" ")}`;
  return {
    id: "trajectories",
    title:
      k === 1 ? `Mean ${measure.label} over time` : `Mean ${measure.label} trajectories of the ${k} classes`,
    caption: caption(input, lines),
    alt,
    spec: spec(input, descriptions, lines, "wide", alt),
    narrowSpec: spec(input, descriptions, lines, "narrow", alt),
  };
}

function caption(input: ReportInput, lines: readonly IndividualLine[]): string {
  const { chosen, measure } = input;
  const k = chosen.classes.length;
  const hasBands = chosen.classes.some((each) => each.meanTrajectory.lower.some((v) => v !== null));
  const whole = chosen.classes.some(({ meanTrajectory: m }) => (m.simultaneousWidth ?? null) !== null);
  const parts = [
    `Thick lines: fitted ${k === 1 ? "mean" : "class means"}${hasBands ? ` with 95% confidence bands, ${whole ? "dark at each time by itself, faint for the whole curve" : "at each time by itself"}` : " (no standard errors, so no bands)"}.`,
  ];
  if (lines.length > 0)
    parts.push(
      `Thin lines: observed scores of ${plural(lines.length, "person", "people")} drawn ${k === 1 ? "at random" : "from every class, coloured by most likely class"}.`,
    );
  if (measure.caseness !== null)
    parts.push(
      `Dashed line: caseness (${measure.label} ${measure.casenessExclusive === true ? "above" : "of"} ${formatNumber(measure.caseness, Number.isInteger(measure.caseness) ? 0 : 1)}${measure.casenessExclusive === true ? "" : " or more"}).`,
    );
  if (repeatsColours(k)) parts.push("Colours repeat; tell classes apart by dash, marker and label.");
  parts.push(
    `N = ${formatNumber(chosen.nPersons, 0)} people, ${formatNumber(chosen.nObservations, 0)} scores.`,
  );
  return parts.join(" ");
}

function spec(
  input: ReportInput,
  descriptions: readonly ClassDescription[],
  lines: readonly IndividualLine[],
  size: FigureSize,
  alt: string,
): VegaLiteSpec {
  const { chosen, measure } = input;
  const classes = chosen.classes;
  const wide = size === "wide";
  const twoLines = wide && classes.length <= 6;
  const gap = LINE_HEIGHT * (twoLines ? 2.1 : 1);
  const labels = descriptions.map((d) => labelLines(d, classes.length, wide, twoLines));
  const labelRoom = Math.max(...labels.flat().map((text, i) => textWidth(text, 12, i % 2 === 0)), 0);
  const width = Math.max(170, (wide ? 700 : 322) - 52 - 34 - labelRoom);
  const height = Math.max(wide ? 400 : 300, classes.length * gap + 20);
  const means = classes.flatMap((each) => each.meanTrajectory.mean);
  const domain = scoreDomain(measure, means);
  const times = timeDomain(
    [chosen],
    lines.flatMap((line) => line.points.map((p) => p.time)),
  );
  const x = timeAxis(times, input.timeLabel, width);
  const y = scoreAxis(measure, domain, measure.label);
  const channels = classChannels(classes.map((each) => each.label));
  const layers: View[] = [
    ...individualLayer(lines, x, y, channels.color),
    ...casenessLayers(input, times, width, x, y),
    bandLayer(input, "simultaneous", x, y, channels.color),
    bandLayer(input, "pointwise", x, y, channels.color),
    ...meanLayers(input, x, y, channels),
    ...labelLayers(input, labels, {
      width,
      height,
      gap,
      domain,
      times,
      x,
      y,
      color: channels.color,
      twoLines,
    }),
  ];
  return figureSpec({ width, height, layer: layers }, alt);
}

function labelLines(d: ClassDescription, k: number, wide: boolean, twoLines: boolean): readonly string[] {
  if (k === 1) return wide ? ["Mean", d.name] : ["Mean"];
  const percent = formatPercent(d.proportion);
  const head = wide ? `Class ${d.label} (${percent})` : `${d.label}: ${percent}`;
  return twoLines ? [head, fitText(d.name, 12, 190)] : [head];
}

function individualLayer(lines: readonly IndividualLine[], x: View, y: View, color: View): readonly View[] {
  if (lines.length === 0) return [];
  const values: Datum[] = lines.flatMap((line) =>
    line.points.map((p) => ({ person: line.person, class: line.class, time: p.time, score: p.score })),
  );
  return [
    {
      data: { values },
      mark: { type: "line", strokeWidth: 0.8, opacity: 0.2, clip: true },
      encoding: { x, y, color, detail: { field: "person", type: "nominal" } },
    },
  ];
}

/** The caseness line and its name, the name at the end and side of the line where most room is between the means. */
function casenessLayers(
  input: ReportInput,
  times: readonly [number, number],
  width: number,
  x: View,
  y: View,
): readonly View[] {
  const cut = input.measure.caseness;
  if (cut === null) return [];
  const label = `Caseness (${input.measure.casenessExclusive === true ? ">" : "≥"} ${cut})`;
  const span = (times[1] - times[0]) * Math.min(1, (textWidth(label, 12) + 8) / width);
  const room = (from: number, to: number, side: 1 | -1): number => {
    let least = Number.POSITIVE_INFINITY;
    for (const { meanTrajectory } of input.chosen.classes)
      meanTrajectory.time.forEach((t, i) => {
        const gap = side * (meanTrajectory.mean[i]! - cut);
        if (t >= from && t <= to)
          least = Math.min(least, gap < -0.3 ? Number.POSITIVE_INFINITY : Math.max(0, gap));
      });
    return least;
  };
  const places = (["left", "right"] as const).flatMap((align) =>
    ([1, -1] as const).map((side) => {
      const [from, to] = align === "left" ? [times[0], times[0] + span] : [times[1] - span, times[1]];
      return { align, side, room: room(from, to, side), time: align === "left" ? times[0] : times[1] };
    }),
  );
  const best = places.reduce((a, b) => (b.room > a.room ? b : a));
  const rule = {
    data: { values: [{ score: cut }] },
    mark: { type: "rule", strokeDash: [5, 4], color: MUTED, strokeWidth: 1.2 },
    encoding: { y },
  };
  const text = haloText(
    {
      align: best.align,
      baseline: best.side > 0 ? "bottom" : "top",
      dx: best.align === "left" ? 4 : -4,
      dy: best.side > 0 ? -3 : 4,
      color: MUTED,
    },
    {
      data: { values: [{ score: cut, time: best.time, label }] },
      encoding: { x, y, text: { field: "label", type: "nominal" } },
    },
  );
  return [rule, ...text];
}

/** The band of every class mean: the simultaneous one lies faintly around the pointwise one. */
function bandLayer(
  input: ReportInput,
  kind: "pointwise" | "simultaneous",
  x: View,
  y: View,
  color: View,
): View {
  const values: Datum[] = input.chosen.classes.flatMap(({ label, meanTrajectory: m }) => {
    // Fits stored by earlier versions have no simultaneous band.
    const lowers = kind === "pointwise" ? m.lower : (m.simultaneousLower ?? []);
    const uppers = kind === "pointwise" ? m.upper : (m.simultaneousUpper ?? []);
    return m.time.flatMap((time, i) => {
      const lower = lowers[i] ?? null;
      const upper = uppers[i] ?? null;
      return lower === null || upper === null ? [] : [{ class: label, time, score: lower, upper }];
    });
  });
  const opacity = kind === "pointwise" ? 0.22 : 0.12;
  return {
    data: { values },
    mark: { type: "area", opacity, clip: true, line: false, interpolate: "monotone" },
    encoding: { x, y, y2: { field: "upper" }, color },
  };
}

function meanLayers(
  input: ReportInput,
  x: View,
  y: View,
  channels: ReturnType<typeof classChannels>,
): readonly View[] {
  const values: Datum[] = [];
  const markers: Datum[] = [];
  for (const each of input.chosen.classes) {
    const { time, mean } = each.meanTrajectory;
    const every = Math.max(1, Math.round((time.length - 1) / 6));
    time.forEach((t, i) => {
      const datum = { class: each.label, time: t, score: mean[i]! };
      if (!Number.isFinite(datum.score)) return;
      values.push(datum);
      if (i % every === 0) markers.push(datum);
    });
  }
  const detail = { field: "class", type: "nominal" };
  return [
    {
      data: { values },
      mark: { type: "line", strokeWidth: 5.4, color: PAPER, strokeJoin: "round", interpolate: "monotone" },
      encoding: { x, y, detail },
    },
    {
      data: { values },
      mark: { type: "line", strokeWidth: 2.6, strokeJoin: "round", interpolate: "monotone" },
      encoding: { x, y, color: channels.color, strokeDash: channels.strokeDash },
    },
    {
      data: { values: markers },
      mark: { type: "point", filled: true, size: 62, opacity: 1, stroke: PAPER, strokeWidth: 1.2 },
      encoding: { x, y, fill: channels.color, shape: channels.shape },
    },
  ];
}

interface LabelRoom {
  readonly width: number;
  readonly height: number;
  readonly gap: number;
  readonly domain: readonly [number, number];
  readonly times: readonly [number, number];
  readonly x: View;
  readonly y: View;
  readonly color: View;
  readonly twoLines: boolean;
}

/** Names at the line ends, moved apart where lines end close together, with a leader from line to name. */
function labelLayers(
  input: ReportInput,
  labels: readonly (readonly string[])[],
  room: LabelRoom,
): readonly View[] {
  const { width, height, domain, times, x, y, color, gap } = room;
  const toPixel = (score: number): number => (height * (domain[1] - score)) / (domain[1] - domain[0]);
  const toScore = (pixel: number): number => domain[1] - (pixel * (domain[1] - domain[0])) / height;
  const perPixel = (times[1] - times[0]) / width;
  const ends = input.chosen.classes.flatMap((each, k) => {
    const { time, mean } = each.meanTrajectory;
    const last = time.length - 1;
    if (last < 0 || !Number.isFinite(mean[last]!)) return [];
    return [{ label: each.label, lines: labels[k]!, time: time[last]!, score: mean[last]! }];
  });
  const places = spreadLabels(
    ends.map((end) => toPixel(end.score)),
    gap,
    LINE_HEIGHT / 2,
    height - LINE_HEIGHT / 2,
  );
  const leaders: Datum[] = ends.map((end, i) => ({
    class: end.label,
    time: Math.max(end.time, times[0]) + 7 * perPixel,
    score: end.score,
    time2: times[1] + 24 * perPixel,
    score2: toScore(places[i]!),
  }));
  const heads = textData(ends, places, 0, room.twoLines ? -7 : 0, toScore, times);
  const names = textData(ends, places, 1, 8, toScore, times);
  const text = { field: "label", type: "nominal" };
  const mark = { type: "text", align: "left", baseline: "middle", dx: 28, clip: false };
  return [
    {
      data: { values: leaders },
      mark: { type: "rule", strokeWidth: 1, color: RULE, clip: false },
      encoding: { x, y, x2: { field: "time2" }, y2: { field: "score2" } },
    },
    { data: { values: heads }, mark: { ...mark, fontWeight: "bold" }, encoding: { x, y, text, color } },
    ...(names.length === 0
      ? []
      : [{ data: { values: names }, mark: { ...mark, color: MUTED }, encoding: { x, y, text } }]),
  ];
}

function textData(
  ends: readonly { readonly label: number; readonly lines: readonly string[] }[],
  places: readonly number[],
  line: number,
  offset: number,
  toScore: (pixel: number) => number,
  times: readonly [number, number],
): readonly Datum[] {
  return ends.flatMap((end, i) => {
    const label = end.lines[line];
    if (label === undefined) return [];
    return [{ class: end.label, time: times[1], score: toScore(places[i]! + offset), label }];
  });
}
