import { plural } from "../format.js";
import type { ReportInput } from "../input.js";
import { classChannels, roundTicks, scoreAxis, scoreDomain, timeAxis, timeDomain } from "./axes.js";
import { fitText, textWidth } from "./textWidth.js";
import {
  type Datum,
  type FigureSize,
  FONT_SIZE,
  figureSpec,
  type ReportFigure,
  type VegaLiteSpec,
  type View,
} from "./theme.js";

/** More panels than this would not be looked at. */
const MOST_PANELS = 40;

/**
 * Mean trajectories of every model that was fitted, so that readers can see what the alternatives looked like.
 * @param input - the report's input
 * @returns the figure; null without an enumeration
 */
export function allModelsFigure(input: ReportInput): ReportFigure | null {
  const { enumeration } = input;
  if (enumeration === null || enumeration.rows.length < 2) return null;
  const shown = enumeration.rows.slice(0, MOST_PANELS).flatMap((row, i) => {
    const fit = enumeration.fits[i];
    return fit === undefined ? [] : [{ row, fit, chosen: i === enumeration.chosen }];
  });
  if (shown.length === 0) return null;
  const left = enumeration.rows.length - shown.length;
  const alt = `Small panels of mean ${input.measure.label} trajectories, one for each of ${shown.length} fitted models: ${shown.map((each) => `${each.row.structure} with ${each.row.classes}`).join(", ")}.`;
  const make = (size: FigureSize): VegaLiteSpec => spec(input, shown, size, alt);
  return {
    id: "all-models",
    title: "Mean trajectories of every model fitted",
    caption: `One panel a model. Look for classes that stay when one more is added, and for classes that only split hairs.${left > 0 ? ` ${plural(left, "more model")} not shown.` : ""}`,
    alt,
    spec: make("wide"),
    narrowSpec: make("narrow"),
  };
}

type Shown = readonly {
  readonly row: { readonly structure: string; readonly classes: number };
  readonly fit: ReportInput["chosen"];
  readonly chosen: boolean;
}[];

function spec(input: ReportInput, shown: Shown, size: FigureSize, alt: string): VegaLiteSpec {
  const wide = size === "wide";
  const most = Math.max(
    ...[...new Set(shown.map((s) => s.row.structure))].map(
      (name) => shown.filter((s) => s.row.structure === name).length,
    ),
  );
  const columns = wide ? (most <= 6 ? Math.max(3, most) : 5) : 2;
  const gap = 22;
  const width = Math.floor(((wide ? 700 : 322) - 66 - gap * (columns - 1)) / columns);
  const panels: string[] = [];
  const values: Datum[] = [];
  let labels = 1;
  for (const { row, fit, chosen } of shown) {
    const end = ` ${row.classes}${chosen ? " (chosen)" : ""}`;
    let panel = `${fitText(row.structure, 12, width - textWidth(end, 12, true), true)}${end}`;
    while (panels.includes(panel)) panel += "'";
    panels.push(panel);
    labels = Math.max(labels, ...fit.classes.map((each) => each.label));
    for (const each of fit.classes)
      each.meanTrajectory.time.forEach((time, i) => {
        const score = each.meanTrajectory.mean[i]!;
        if (Number.isFinite(score)) values.push({ panel, class: each.label, time, score });
      });
  }
  const domain = scoreDomain(
    input.measure,
    values.map((each) => Number(each.score)),
  );
  const times = timeDomain(shown.map((each) => each.fit));
  const channels = classChannels(Array.from({ length: labels }, (_, i) => i + 1));
  const view = {
    width,
    height: Math.round(width * 0.85),
    mark: { type: "line", strokeWidth: 1.8, clip: true, interpolate: "monotone" },
    encoding: {
      x: panelTimeAxis(times, input.timeLabel, width),
      y: scoreAxis(input.measure, domain, input.measure.label),
      color: channels.color,
      strokeDash: channels.strokeDash,
    },
  };
  const facet = {
    field: "panel",
    type: "nominal",
    sort: panels,
    title: null,
    header: { labelAnchor: "start", labelPadding: 4, labelLimit: width },
  };
  return figureSpec({ data: { values }, facet, columns, spacing: { column: gap, row: 18 }, spec: view }, alt);
}

/** Pixels that a tick of a small panel needs; fewer than in the large figures, whose labels are as long. */
const TICK_WIDTH = 32;

/** The time axis of a panel, with at least three ticks. */
function panelTimeAxis(domain: readonly [number, number], title: string, width: number): View {
  const base = timeAxis(domain, title, width);
  let values: readonly number[] = [];
  for (let count = Math.max(3, Math.round(width / TICK_WIDTH)); count <= 8 && values.length < 3; count++)
    values = roundTicks(domain[0], domain[1], count);
  return { ...base, axis: { ...(base.axis as View), title: fitText(title, FONT_SIZE, width), values } };
}
