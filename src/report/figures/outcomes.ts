import { formatPercent, joinWords } from "../format.js";
import type { ReportInput } from "../input.js";
import { type OutcomeRate, outcomeRates } from "../outcomes.js";
import { outcomeDefinitions } from "../outcomeWords.js";
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
  type VegaLiteSpec,
} from "./theme.js";

/** With more classes than this, only the rates of everyone are drawn; the table has them all. */
const MOST_CLASSES = 8;

/**
 * Outcome rates with 95% intervals, of everyone and by class.
 * @param input - the report's input
 * @returns the figure; null when nobody is eligible for anything
 */
export function outcomeFigure(input: ReportInput): ReportFigure | null {
  const all = outcomeRates(input).filter((each) => each.rate !== null);
  const rates = input.chosen.classes.length > MOST_CLASSES ? all.filter((each) => each.class === null) : all;
  if (rates.length === 0) return null;
  const overall = rates
    .filter((each) => each.class === null)
    .map((each) => `${each.label} ${formatPercent(each.rate)}`);
  const byClass = rates.some((each) => each.class !== null);
  const alt = `Bars of outcome rates${byClass ? ", for everyone and by class" : ""}. Everyone: ${joinWords(overall)}.`;
  return {
    id: "outcomes",
    title: "Outcomes of treatment",
    caption: `Share of eligible people with each outcome, with 95% Wilson intervals.${byClass ? " Class rates weight people by their posterior probability; they describe, and are not corrected for classification error." : ""} ${outcomeDefinitions(input)}`,
    alt,
    spec: spec(rates, "wide", alt),
    narrowSpec: spec(rates, "narrow", alt),
  };
}

function spec(rates: readonly OutcomeRate[], size: FigureSize, alt: string): VegaLiteSpec {
  const wide = size === "wide";
  const grouped = rates.some((each) => each.class !== null);
  const rowHeight = grouped ? 17 : 24;
  const values: Datum[] = [];
  const heads: Datum[] = [];
  let y = 0;
  let outcome: string | null = null;
  for (const each of rates) {
    if (each.outcome !== outcome) {
      if (outcome !== null) y += 0.5;
      if (grouped) heads.push({ y: y++, name: fitText(each.label, 12, wide ? 500 : 240, true) });
    }
    outcome = each.outcome;
    const name = grouped ? (each.class === null ? "Everyone" : `Class ${each.class}`) : each.label;
    values.push({
      y,
      low: y - 0.36,
      high: y + 0.36,
      name: fitText(name, 12, wide ? 230 : 130),
      rate: each.rate,
      lower: each.lower,
      upper: each.upper,
      label: formatPercent(each.rate),
      colour: each.class === null ? PLAIN : classStyle(each.class).colour,
    });
    y++;
  }
  const left = 16 + Math.max(...values.map((each) => textWidth(String(each.name), 12)));
  const width = Math.max(110, (wide ? 700 : 326) - left - 48);
  const yChannel = (field: string): Record<string, unknown> => ({
    field,
    type: "quantitative",
    scale: { domain: [y - 0.4, -0.6], nice: false, zero: false },
    axis: null,
  });
  const top = Math.min(1, Math.max(0.1, ...values.map((each) => Number(each.upper ?? each.rate))) * 1.02);
  const x = (field: string): Record<string, unknown> => ({
    field,
    type: "quantitative",
    scale: { domain: [0, top], nice: false },
    axis: { title: "Share of eligible people", format: ".0%", tickCount: wide ? 6 : 4, grid: true },
  });
  const text = (field: string): Record<string, string> => ({ field, type: "nominal" });
  const layer = [
    {
      data: { values },
      mark: { type: "rect", opacity: 0.75 },
      encoding: {
        x: x("zero"),
        x2: { field: "rate" },
        y: yChannel("low"),
        y2: { field: "high" },
        color: { field: "colour", type: "nominal", scale: null },
      },
      transform: [{ calculate: "0", as: "zero" }],
    },
    {
      data: { values },
      mark: { type: "rule", color: INK, strokeWidth: 1.3 },
      encoding: { x: x("lower"), x2: { field: "upper" }, y: yChannel("y") },
    },
    {
      data: { values },
      mark: { type: "text", align: "left", baseline: "middle", x: width + 8, clip: false },
      encoding: { y: yChannel("y"), text: text("label") },
    },
    {
      data: { values },
      mark: {
        type: "text",
        align: "right",
        baseline: "middle",
        x: -8,
        clip: false,
        color: grouped ? MUTED : INK,
      },
      encoding: { y: yChannel("y"), text: text("name") },
    },
    ...(heads.length > 0
      ? [
          {
            data: { values: heads },
            mark: { type: "text", align: "left", baseline: "middle", x: 0, fontWeight: "bold", clip: false },
            encoding: { y: yChannel("y"), text: text("name") },
          },
        ]
      : []),
  ];
  return figureSpec({ width, height: y * rowHeight, layer, view: { stroke: GRID } }, alt);
}
