/** A vega-lite specification with its data inline: plain JSON. */
export type VegaLiteSpec = Readonly<Record<string, unknown>>;

/** One layer or view within a specification. */
export type View = Readonly<Record<string, unknown>>;

/** A row of inline data. */
export type Datum = Readonly<Record<string, string | number | boolean | null>>;

/** A figure: what the reader sees, and the same in words. */
export interface ReportFigure {
  /** File name stem and HTML id, e.g. `trajectories`. */
  readonly id: string;
  /** Short title, e.g. `Mean trajectories by class`. */
  readonly title: string;
  /** What is shown and how to read it. */
  readonly caption: string;
  /** The content in words, for readers who cannot see it. */
  readonly alt: string;
  /** For paper, files and wide screens (about 720 px). */
  readonly spec: VegaLiteSpec;
  /** For phones (about 340 px). */
  readonly narrowSpec: VegaLiteSpec;
}

/** Room for a figure. */
export type FigureSize = "wide" | "narrow";

/**
 * Class colours on white. Found by search for the largest least distance (OKLab) between any two under normal
 * vision and simulated protan, deutan and tritan vision (Machado et al. 2009), each with at least 3:1 contrast;
 * `test/report/theme.test.ts` keeps the figures.
 */
export const CLASS_COLOURS: readonly string[] = [
  "#1c5fd6",
  "#e0661a",
  "#1b6a3a",
  "#b0288f",
  "#4f3512",
  "#46288a",
];

/** The same colours for a dark page, in the same order. */
export const DARK_CLASS_COLOURS: readonly string[] = [
  "#79b2f2",
  "#ea8751",
  "#35e0b0",
  "#ee5aa8",
  "#f0d040",
  "#a678fa",
];

/** Colours of everything that is not data. */
export const INK = "#16181d";
export const MUTED = "#565b64";
export const RULE = "#8b9099";
export const GRID = "#e4e6ea";
export const PAPER = "#ffffff";
/** Fill of bars that are not of one class. */
export const PLAIN = "#4a6fa5";

/** Every colour a figure may use on a light page, and what a dark page shows in its place. */
export const DARK_COLOURS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(CLASS_COLOURS.map((colour, i) => [colour, DARK_CLASS_COLOURS[i]!])),
  [INK]: "#eceef2",
  [MUTED]: "#a9b0bb",
  [RULE]: "#7b828d",
  [GRID]: "#2c3138",
  [PAPER]: "#15181c",
  [PLAIN]: "#8fb0e0",
};

const DASHES: readonly (readonly number[])[] = [
  [1, 0],
  [9, 4],
  [2, 3],
  [9, 3, 2, 3],
  [14, 4, 4, 4],
];
const SHAPES: readonly string[] = [
  "circle",
  "square",
  "triangle-up",
  "diamond",
  "triangle-down",
  "cross",
  "triangle-right",
  "triangle-left",
];

/** The look of one class: never colour alone. */
export interface ClassStyle {
  readonly colour: string;
  readonly dash: readonly number[];
  readonly shape: string;
}

/**
 * The look of a class. Colour, dash and marker all change from class to class, so classes stay apart in
 * grey-scale print; 30 classes have distinct colour and dash, and every class is also named at its line.
 * @param label - class label from 1
 * @returns colour, dash pattern and marker shape
 */
export function classStyle(label: number): ClassStyle {
  const i = label - 1;
  const n = CLASS_COLOURS.length;
  return {
    colour: CLASS_COLOURS[i % n]!,
    dash: DASHES[(i + Math.floor(i / (n * DASHES.length))) % DASHES.length]!,
    shape: SHAPES[i % SHAPES.length]!,
  };
}

/** Font of every figure: Arial where there is one, else a font of the same measure. */
export const FONT = "Arial, Arimo, 'Liberation Sans', Helvetica, sans-serif";

/** Font size of axis labels and annotations, and of titles. */
export const FONT_SIZE = 12;

const CONFIG = {
  font: FONT,
  background: null,
  aria: false,
  view: { stroke: null },
  axis: {
    labelFontSize: FONT_SIZE,
    labelColor: MUTED,
    titleFontSize: FONT_SIZE,
    titleFontWeight: "normal",
    titleColor: INK,
    titlePadding: 8,
    grid: false,
    domainColor: RULE,
    tickColor: RULE,
    gridColor: GRID,
    labelPadding: 5,
    labelFlush: false,
  },
  header: { labelFontSize: FONT_SIZE, labelColor: INK, labelFontWeight: "bold", titleColor: INK },
  text: { fontSize: FONT_SIZE, color: INK },
  title: { fontSize: FONT_SIZE, color: INK, fontWeight: "bold", anchor: "start", offset: 8 },
  concat: { spacing: 24 },
};

/**
 * Completes a view to a whole specification with the common look.
 * @param view - marks, encodings or concatenated views
 * @param description - the figure in words
 * @returns the specification
 */
export function figureSpec(view: View, description: string): VegaLiteSpec {
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    description,
    padding: 6,
    config: CONFIG,
    ...view,
  };
}

/**
 * A text mark with a halo of the page colour, readable over lines.
 * @param mark - properties of the text mark
 * @param rest - data and encoding
 * @returns two layers: the halo and the text
 */
export function haloText(mark: View, rest: View): readonly View[] {
  const text = { type: "text", ...mark };
  return [
    { ...rest, mark: { ...text, stroke: PAPER, strokeWidth: 4, strokeJoin: "round", color: PAPER } },
    { ...rest, mark: text },
  ];
}
