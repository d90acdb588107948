import type { OddsRatio, RegressionResult } from "../../models/result.js";
import { fileStem, formatCount, formatInterval, formatOddsRatio, joinWords } from "../format.js";
import { predictedThing, predictsClasses, regressionMethod } from "../regressions.js";
import { fitText, textWidth } from "./textWidth.js";
import {
  classStyle,
  type Datum,
  type FigureSize,
  figureSpec,
  GRID,
  INK,
  MUTED,
  PLAIN,
  type ReportFigure,
  RULE,
  type VegaLiteSpec,
} from "./theme.js";

/** Above this many rows a forest plot is a table; the table has them all. */
const MOST_ROWS = 60;

/** With more classes than this, only the largest class serves as reference in figures. */
const MOST_REFERENCES = 6;

/**
 * Forest plots of the odds ratios of a regression, one for each reference class.
 * @param regression - the regression
 * @param position - its place in the report, for file names
 * @param firstReference - the reference to show first (the largest class); default: the first there is
 * @returns the figures; none when there is nothing but intercepts
 */
export function forestFigures(
  regression: RegressionResult,
  position: number,
  firstReference?: string,
): readonly ReportFigure[] {
  const slopes = regression.oddsRatios.filter((each) => each.term !== "(Intercept)");
  const found = [...new Set(slopes.map((each) => each.reference))];
  const first = firstReference !== undefined && found.includes(firstReference) ? firstReference : found[0];
  // With two classes the second plot would only mirror the first.
  const one = found.length === 2 || found.length > MOST_REFERENCES;
  const references = one ? found.filter((each) => each === first) : found;
  references.sort((a, b) => Number(b === first) - Number(a === first));
  return references.map((reference) => {
    const own = slopes.filter((each) => each.reference === reference);
    return forestFigure(regression, groupedByTerm(own), reference, position);
  });
}

/** Classes of one term together, terms in order of first appearance, whatever order the regression lists them in. */
function groupedByTerm(ratios: readonly OddsRatio[]): OddsRatio[] {
  const terms = [...new Set(ratios.map((each) => each.term))];
  return terms.flatMap((term) => ratios.filter((each) => each.term === term));
}

function forestFigure(
  regression: RegressionResult,
  all: readonly OddsRatio[],
  reference: string,
  position: number,
): ReportFigure {
  const shown = all.slice(0, MOST_ROWS);
  const latent = predictsClasses(regression);
  const outcomes = new Set(all.map((each) => each.outcome));
  // With two classes the one contrast stands in the title; a line for it under every term would say nothing.
  const grouped = latent && outcomes.size > 1;
  const what = latent && !grouped ? lowerFirst([...outcomes].join()) : predictedThing(regression);
  const against = latent ? ` against ${lowerFirst(reference)}` : "";
  const notable = shown.filter(
    (each) => each.lower !== null && each.upper !== null && (each.lower > 1 || each.upper < 1),
  );
  const words = notable.map(
    (each) =>
      `${each.term}${grouped ? `, ${lowerFirst(each.outcome)}` : ""} ${formatOddsRatio(each.oddsRatio)} ${formatInterval(each.lower, each.upper, formatOddsRatio)}`,
  );
  const alt = `Forest plot of ${shown.length} odds ratios for ${what}${against}. ${notable.length === 0 ? "No 95% interval excludes 1." : `Intervals that exclude 1: ${joinWords(words)}.`}`;
  const method = regressionMethod(regression);
  const unsure = shown.some((each) => each.lower === null);
  return {
    id: fileStem(`forest-${position}-${regression.outcome}${latent ? `-vs-${reference}` : ""}`),
    title: `Predictors of ${what}${against}`,
    caption: `Odds ratios with 95% intervals on a logarithmic axis; above 1, ${latent ? "the class is more likely than the reference" : "the outcome is more likely"} with every unit of the predictor. Estimated by ${method}; n = ${formatCount(regression.nPersons)}.${unsure ? " Diamonds without an interval have no standard error." : ""}${all.length > shown.length ? ` The first ${shown.length} of ${all.length} rows; the table has all.` : ""}`,
    alt,
    spec: spec(shown, grouped, "wide", alt),
    narrowSpec: spec(shown, grouped, "narrow", alt),
  };
}

function lowerFirst(text: string): string {
  return text.replace(/^Class\b/, "class");
}

interface Row {
  readonly ratio: OddsRatio | null;
  readonly text: string;
  readonly bold: boolean;
  readonly y: number;
}

/** One heading a term and one row a class beneath; with a single contrast, one row a term. */
function layRows(ratios: readonly OddsRatio[], grouped: boolean): readonly Row[] {
  const rows: Row[] = [];
  let y = 0;
  let term: string | null = null;
  for (const ratio of ratios) {
    if (grouped && ratio.term !== term) {
      if (term !== null) y += 0.4;
      rows.push({ ratio: null, text: ratio.term, bold: true, y: y++ });
    }
    term = ratio.term;
    rows.push({ ratio, text: grouped ? ratio.outcome : ratio.term, bold: false, y: y++ });
  }
  return rows;
}

function ratioDomain(ratios: readonly OddsRatio[]): readonly [number, number] {
  const ends = ratios.flatMap((each) => [
    each.oddsRatio,
    each.lower ?? each.oddsRatio,
    each.upper ?? each.oddsRatio,
  ]);
  const usable = ends.filter((value) => value > 0 && Number.isFinite(value));
  const low = Math.min(0.8, ...usable);
  const high = Math.max(1.25, ...usable);
  return [Math.max(1 / 60, low / 1.08), Math.min(60, high * 1.08)];
}

const TICKS = [0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50];
const FINE_TICKS = [0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 7, 10];

function ticksIn(domain: readonly [number, number]): readonly number[] {
  const source = domain[1] / domain[0] < 30 ? FINE_TICKS : TICKS;
  return source.filter((tick) => tick >= domain[0] && tick <= domain[1]);
}

function classNumber(text: string): number | null {
  const found = /^Class (\d+)$/.exec(text);
  return found === null ? null : Number(found[1]);
}

function spec(ratios: readonly OddsRatio[], grouped: boolean, size: FigureSize, alt: string): VegaLiteSpec {
  const wide = size === "wide";
  const rows = layRows(ratios, grouped);
  const indent = grouped ? 12 : 0;
  // On a phone a heading may run into the plot: its row has no mark.
  const most = (row: Row): number => (wide ? 230 : row.bold ? 300 : 108);
  const names = rows.map((row) => fitText(row.text, 12, most(row), row.bold));
  const left =
    14 +
    Math.max(
      0,
      ...rows.map((row, i) =>
        row.bold ? (wide ? textWidth(names[i]!, 12, true) : 0) : indent + textWidth(names[i]!, 12),
      ),
    );
  const numbers = rows.map((row) =>
    row.ratio === null
      ? ""
      : `${formatOddsRatio(row.ratio.oddsRatio)} ${row.ratio.lower === null ? "(no interval)" : formatInterval(row.ratio.lower, row.ratio.upper, formatOddsRatio)}`,
  );
  const right = wide ? 14 + Math.max(...numbers.map((text) => textWidth(text, 12)), 0) : 0;
  const width = Math.max(120, (wide ? 700 : 326) - left - right);
  const height = (rows.at(-1)!.y + 1) * 21;
  const domain = ratioDomain(ratios);
  const values: Datum[] = rows.map((row, i) => datum(row, names[i]!, numbers[i]!, domain));
  const data = values.filter((each) => each.ratio !== null);
  const y = {
    field: "y",
    type: "quantitative",
    scale: { domain: [rows.at(-1)!.y + 0.6, -0.6], nice: false, zero: false },
    axis: null,
  };
  const x = {
    field: "ratio",
    type: "quantitative",
    scale: { type: "log", domain, nice: false },
    axis: { title: "Odds ratio (log scale)", values: ticksIn(domain), format: "~g", grid: true },
  };
  const color = { field: "colour", type: "nominal", scale: null };
  const text = (field: string): Record<string, string> => ({ field, type: "nominal" });
  const arrow = (side: "below" | "above"): readonly Record<string, unknown>[] => {
    const cut = data.filter((each) => each[side]);
    if (cut.length === 0) return [];
    return [
      {
        data: { values: cut },
        mark: {
          type: "point",
          filled: true,
          opacity: 1,
          size: 44,
          shape: side === "below" ? "triangle-left" : "triangle-right",
        },
        encoding: { x: { ...x, field: side === "below" ? "lower" : "upper" }, y, color },
      },
    ];
  };
  const intervals = data.filter((each) => each.lower !== null && each.upper !== null);
  const layer = [
    {
      data: { values: [{ ratio: 1 }] },
      mark: { type: "rule", color: RULE, strokeWidth: 1.4 },
      encoding: { x },
    },
    ...(intervals.length > 0
      ? [
          {
            data: { values: intervals },
            mark: { type: "rule", strokeWidth: 1.8 },
            encoding: { x: { ...x, field: "lower" }, x2: { field: "upper" }, y, color },
          },
        ]
      : []),
    ...arrow("below"),
    ...arrow("above"),
    {
      data: { values: data },
      mark: { type: "point", filled: true, size: 70, opacity: 1 },
      encoding: { x, y, color, shape: { field: "shape", type: "nominal", scale: null } },
    },
    {
      data: { values: values.filter((each) => each.bold) },
      mark: {
        type: "text",
        align: "left",
        baseline: "middle",
        fontWeight: "bold",
        x: -left + 2,
        clip: false,
      },
      encoding: { y, text: text("name") },
    },
    {
      data: { values: values.filter((each) => !each.bold) },
      mark: {
        type: "text",
        align: "left",
        baseline: "middle",
        x: -left + 2 + indent,
        clip: false,
        color: grouped ? MUTED : INK,
      },
      encoding: { y, text: text("name") },
    },
    ...(wide
      ? [
          {
            data: { values: data },
            mark: { type: "text", align: "left", baseline: "middle", x: width + 12, clip: false },
            encoding: { y, text: text("numbers") },
          },
        ]
      : []),
  ].filter((each) => (each as { data: { values: readonly unknown[] } }).data.values.length > 0);
  return figureSpec({ width, height, layer, view: { stroke: GRID } }, alt);
}

function datum(row: Row, name: string, numbers: string, domain: readonly [number, number]): Datum {
  const { ratio } = row;
  if (ratio === null || !Number.isFinite(ratio.oddsRatio))
    return { y: row.y, name, numbers, bold: row.bold, ratio: null };
  const clamp = (value: number): number => Math.min(domain[1], Math.max(domain[0], value));
  const label = classNumber(ratio.outcome);
  const hasInterval = ratio.lower !== null && ratio.upper !== null;
  return {
    y: row.y,
    name,
    numbers,
    bold: row.bold,
    ratio: clamp(ratio.oddsRatio),
    lower: hasInterval ? clamp(ratio.lower) : null,
    upper: hasInterval ? clamp(ratio.upper) : null,
    below: hasInterval && ratio.lower < domain[0],
    above: hasInterval && ratio.upper > domain[1],
    colour: label === null ? PLAIN : classStyle(label).colour,
    shape: hasInterval ? (label === null ? "square" : classStyle(label).shape) : "diamond",
  };
}
