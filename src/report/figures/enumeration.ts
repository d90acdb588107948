import type { EnumerationResult, EnumerationRow } from "../../models/result.js";
import { formatNumber, joinWords } from "../format.js";
import type { ReportInput } from "../input.js";
import { roundTicks } from "./axes.js";
import { spreadLabels } from "./spread.js";
import { fitText } from "./textWidth.js";
import {
  type Datum,
  type FigureSize,
  FONT_SIZE,
  figureSpec,
  GRID,
  haloText,
  INK,
  MUTED,
  PAPER,
  type ReportFigure,
  RULE,
  type VegaLiteSpec,
  type View,
} from "./theme.js";

const CRITERIA = [
  { key: "bic", name: "BIC", colour: "#1c5fd6", dash: [1, 0], shape: "circle" },
  { key: "sabic", name: "SABIC", colour: "#b0288f", dash: [9, 4], shape: "square" },
  { key: "aic", name: "AIC", colour: "#1b6a3a", dash: [2, 3], shape: "triangle-up" },
] as const;

/**
 * Information criteria and entropy by number of classes, one column a structure, the chosen model ringed.
 * @param input - the report's input
 * @returns the figure; null without an enumeration or with nothing finite to draw
 */
export function enumerationFigure(input: ReportInput): ReportFigure | null {
  const { enumeration } = input;
  if (enumeration === null) return null;
  const usable = enumeration.rows.filter((row) => Number.isFinite(row.criteria.bic));
  if (usable.length === 0) return null;
  const structures = [...new Set(usable.map((row) => row.structure))];
  const lowest = structures.map((structure) => {
    const rows = usable.filter((row) => row.structure === structure);
    const best = rows.reduce((a, b) => (b.criteria.bic < a.criteria.bic ? b : a));
    return `${structure}: lowest BIC ${formatNumber(best.criteria.bic, 1)} at ${best.classes}`;
  });
  const chosen = enumeration.chosen === null ? undefined : enumeration.rows[enumeration.chosen];
  const alt = `Line charts of BIC, sample-size adjusted BIC and AIC by number of classes, with entropy beneath. ${joinWords(lowest)}. ${chosen === undefined ? "No model was chosen by the rule." : `Chosen: ${chosen.structure} with ${chosen.classes}.`}`;
  return {
    id: "enumeration",
    title: "How many classes: information criteria and entropy",
    caption:
      "Lower criteria are better; higher entropy means a clearer classification. The ring marks the chosen model. " +
      "Hollow markers are models that the rule passed over." +
      (structures.length > 1 ? " Mind the axes: each structure may have its own." : ""),
    alt,
    spec: spec(usable, structures, enumeration, "wide", alt),
    narrowSpec: spec(usable, structures, enumeration, "narrow", alt),
  };
}

function spec(
  rows: readonly EnumerationRow[],
  structures: readonly string[],
  enumeration: EnumerationResult,
  size: FigureSize,
  alt: string,
): VegaLiteSpec {
  const wide = size === "wide";
  const columns = wide ? Math.min(structures.length, 2) : 1;
  const width = wide ? Math.floor((700 - 64 * columns - 62 * columns) / columns) : 205;
  const domains = criterionDomains(rows, structures);
  const ks = [...new Set(rows.map((row) => row.classes))].sort((a, b) => a - b);
  const kAxis = {
    field: "classes",
    type: "quantitative",
    scale: { domain: [ks[0]! - 0.25, ks.at(-1)! + 0.25], nice: false, zero: false },
    axis: {
      title: "Number of classes",
      values: ks.length > 12 ? roundTicks(ks[0]!, ks.at(-1)!, 8).filter(Number.isInteger) : ks,
      format: "d",
    },
  };
  const panels = structures.map((structure) => {
    const own = rows.filter((row) => row.structure === structure);
    const height = wide ? 230 : 200;
    const bare = { ...kAxis, axis: { ...kAxis.axis, title: null } };
    return {
      spacing: 12,
      vconcat: [
        {
          width,
          height,
          layer: criteriaLayers(
            structure,
            own,
            bare,
            domains.get(structure)!,
            { width, height },
            enumeration,
          ),
        },
        { width, height: 84, layer: entropyLayers(own, kAxis) },
      ],
    };
  });
  return figureSpec({ columns, concat: panels, spacing: { column: 28, row: 26 } }, alt);
}

/**
 * The range of the criterion axis of each structure: one for all where that leaves the curves readable, else
 * each its own (one structure may fit so much worse that the others would be drawn as flat lines).
 */
function criterionDomains(
  rows: readonly EnumerationRow[],
  structures: readonly string[],
): ReadonlyMap<string, readonly [number, number]> {
  const rangeOf = (own: readonly EnumerationRow[]): readonly [number, number] => {
    const values = own
      .flatMap((row) => CRITERIA.map((each) => row.criteria[each.key]))
      .filter(Number.isFinite);
    const low = Math.min(...values);
    const high = Math.max(...values);
    const margin = (high - low) * 0.08 || 1;
    return [low - margin, high + margin];
  };
  const all = rangeOf(rows);
  const own = new Map(
    structures.map((name) => [name, rangeOf(rows.filter((row) => row.structure === name))]),
  );
  const shared = [...own.values()].every(([low, high]) => high - low > (all[1] - all[0]) / 3);
  return shared ? new Map(structures.map((name) => [name, all])) : own;
}

function criteriaLayers(
  structure: string,
  rows: readonly EnumerationRow[],
  x: View,
  domain: readonly [number, number],
  { width, height }: { readonly width: number; readonly height: number },
  enumeration: EnumerationResult,
): readonly View[] {
  const y = {
    field: "value",
    type: "quantitative",
    scale: { domain, nice: false, zero: false },
    axis: { title: "Criterion", format: ",.0f", tickCount: 6, grid: true, domain: false, ticks: false },
  };
  const values: Datum[] = rows.flatMap((row) =>
    CRITERIA.filter((each) => Number.isFinite(row.criteria[each.key])).map((each) => ({
      classes: row.classes,
      criterion: each.name,
      value: row.criteria[each.key],
      passedOver: row.excludedBecause.length > 0,
    })),
  );
  const names = CRITERIA.map((each) => each.name);
  const channel = (range: readonly unknown[]): View => ({
    field: "criterion",
    type: "nominal",
    scale: { domain: names, range },
    legend: null,
  });
  const color = channel(CRITERIA.map((each) => each.colour));
  const dash = channel(CRITERIA.map((each) => each.dash));
  const shape = channel(CRITERIA.map((each) => each.shape));
  const last = values.filter((each) => each.classes === Math.max(...rows.map((row) => row.classes)));
  const toPixel = (value: number): number => (height * (domain[1] - value)) / (domain[1] - domain[0]);
  const places = spreadLabels(
    last.map((each) => toPixel(Number(each.value))),
    14,
    6,
    height - 6,
  );
  const labels = last.map((each, i) => ({
    ...each,
    value: domain[1] - (places[i]! * (domain[1] - domain[0])) / height,
  }));
  return [
    // A text mark, not a title: vega places titles by the bounds of each panel, which differ.
    {
      data: { values: [{ name: fitText(structure, FONT_SIZE, width, true) }] },
      mark: { type: "text", align: "left", baseline: "bottom", x: 0, y: -8, fontWeight: "bold", clip: false },
      encoding: { text: { field: "name", type: "nominal" } },
    },
    ...chosenLayers(rows, x, y, enumeration),
    {
      data: { values },
      mark: { type: "line", strokeWidth: 1.8 },
      encoding: { x, y, color, strokeDash: dash },
    },
    ...markers(values, x, y, color, shape),
    {
      data: { values: labels },
      mark: { type: "text", align: "left", baseline: "middle", dx: 13, fontWeight: "bold" },
      encoding: { x, y, color, text: { field: "criterion", type: "nominal" } },
    },
  ];
}

function markers(
  values: readonly Datum[],
  x: View,
  y: View,
  color: View,
  shape: View | null,
): readonly View[] {
  const encoding = { x, y, ...(shape === null ? {} : { shape }) };
  const kept = values.filter((each) => !each.passedOver);
  const passed = values.filter((each) => each.passedOver);
  const full = { type: "point", filled: true, size: 52, opacity: 1, stroke: PAPER, strokeWidth: 1 };
  const hollow = { type: "point", filled: false, size: 48, opacity: 1, fill: PAPER, strokeWidth: 1.6 };
  return [
    ...(kept.length > 0
      ? [{ data: { values: kept }, mark: full, encoding: { ...encoding, fill: color } }]
      : []),
    ...(passed.length > 0
      ? [{ data: { values: passed }, mark: hollow, encoding: { ...encoding, stroke: color } }]
      : []),
  ];
}

/** A ring around the deciding criterion of the chosen model, with the word. */
function chosenLayers(
  rows: readonly EnumerationRow[],
  x: View,
  y: View,
  enumeration: EnumerationResult,
): readonly View[] {
  const chosen = enumeration.chosen === null ? undefined : enumeration.rows[enumeration.chosen];
  if (chosen === undefined || !rows.includes(chosen)) return [];
  const deciding = CRITERIA.find((each) => each.key === enumeration.rule.criterion) ?? CRITERIA[0];
  const values = [{ classes: chosen.classes, value: chosen.criteria[deciding.key], label: "chosen" }];
  return [
    {
      data: { values },
      mark: { type: "rule", color: GRID, strokeWidth: 10 },
      encoding: { x },
    },
    {
      data: { values },
      mark: { type: "point", filled: false, size: 300, color: INK, strokeWidth: 1.6, opacity: 1 },
      encoding: { x, y },
    },
    ...haloText(
      { y: 9, fontWeight: "bold" },
      { data: { values }, encoding: { x, text: { field: "label", type: "nominal" } } },
    ),
  ];
}

function entropyLayers(rows: readonly EnumerationRow[], x: View): readonly View[] {
  const values: Datum[] = rows
    .filter((row) => row.criteria.entropy !== null && Number.isFinite(row.criteria.entropy))
    .map((row) => ({
      classes: row.classes,
      value: row.criteria.entropy,
      passedOver: row.excludedBecause.length > 0,
    }));
  const y = {
    field: "value",
    type: "quantitative",
    scale: { domain: [0, 1] },
    axis: {
      title: "Entropy",
      values: [0, 0.5, 0.8, 1],
      format: ".1f",
      grid: true,
      domain: false,
      ticks: false,
    },
  };
  const color = { value: MUTED };
  return [
    { data: { values }, mark: { type: "line", strokeWidth: 1.8, color: RULE }, encoding: { x, y } },
    ...markers(values, x, y, color, null),
  ];
}
