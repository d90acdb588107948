import { fileURLToPath } from "node:url";
import { textWidth } from "./figures/textWidth.js";
import { PAPER, type VegaLiteSpec } from "./figures/theme.js";
import { escapeHtml } from "./format.js";

type Renderer = (spec: VegaLiteSpec) => Promise<string>;

let renderer: Promise<Renderer> | undefined;

/** Loads vega once, on the first figure: fitting a model must not pay for it. */
function loadRenderer(): Promise<Renderer> {
  renderer ??= (async () => {
    const [vega, vegaLite] = await Promise.all([import("vega"), import("vega-lite")]);
    // Without a canvas vega guesses 0.8 em a letter, which leaves gaps; our figures use an Arial-metric font.
    const metrics = (vega as unknown as { textMetrics: { width: (item: TextItem, text: string) => number } })
      .textMetrics;
    metrics.width = (item, text) =>
      textWidth(String(text ?? ""), item.fontSize ?? 11, isBold(item.fontWeight));
    return async (spec) => {
      const { spec: compiled } = vegaLite.compile(spec as unknown as Parameters<typeof vegaLite.compile>[0], {
        logger: strictLogger(),
      });
      const view = new vega.View(vega.parse(compiled), { renderer: "none", logger: strictLogger() });
      try {
        return tidy(await view.toSVG());
      } finally {
        view.finalize();
      }
    };
  })();
  return renderer;
}

/**
 * Makes vega's SVG the same from run to run (its clip names count on through the process), and leaves out paths
 * that draw nothing and roles that only make sense in vega's own page.
 */
function tidy(svg: string): string {
  const names = new Map<string, string>();
  return svg
    .replace(/<path class="(?:foreground|background)"[^>]*?(?:display="none"|d="M0,0h0v0h0Z")[^>]*?\/>/g, "")
    .replace(
      / (?:role="graphics-[a-z]+"|aria-roledescription="[^"]*"|aria-hidden="true"|pointer-events="none")/g,
      "",
    )
    .replace(/\b(?:clip|gradient_)\d+\b/g, (name) => {
      if (!names.has(name)) names.set(name, `clip${names.size + 1}`);
      return names.get(name)!;
    });
}

interface TextItem {
  readonly fontSize?: number;
  readonly fontWeight?: string | number;
}

function isBold(weight: string | number | undefined): boolean {
  return weight === "bold" || Number(weight) >= 600;
}

/** A warning from vega means that a figure does not show what it should, so it is an error. */
function strictLogger(): StrictLogger {
  const fail = (...messages: readonly unknown[]): never => {
    throw new Error(`vega: ${messages.map(String).join(" ")}`);
  };
  const logger: StrictLogger = {
    level: ((level?: number) => (level === undefined ? 2 : logger)) as StrictLogger["level"],
    error: fail,
    warn: fail,
    info: () => logger,
    debug: () => logger,
  };
  return logger;
}

interface StrictLogger {
  level: { (): number; (level: number): StrictLogger };
  error(...messages: readonly unknown[]): StrictLogger;
  warn(...messages: readonly unknown[]): StrictLogger;
  info(...messages: readonly unknown[]): StrictLogger;
  debug(...messages: readonly unknown[]): StrictLogger;
}

/**
 * Draws a specification as SVG, without a browser.
 * @param spec - a vega-lite specification with inline data
 * @returns the SVG document, with no background
 * @throws Error when vega warns (an unknown field, an empty scale, …)
 */
export async function renderSvg(spec: VegaLiteSpec): Promise<string> {
  const draw = await loadRenderer();
  return draw(spec);
}

/**
 * Puts a white ground behind an SVG, as files for papers and slides need.
 * @param svg - an SVG document
 * @param title - what it shows, for readers who cannot see it; default none
 * @returns the same with a white rectangle first
 */
export function withPaper(svg: string, title = ""): string {
  const words = title === "" ? "" : `<title>${escapeHtml(title)}</title>`;
  return svg.replace(
    /<svg[^>]*>/,
    (tag) => `${tag}${words}<rect width="100%" height="100%" fill="${PAPER}"/>`,
  );
}

let fonts: readonly string[] | undefined;

/** Arimo ships with the package: a machine may have no fonts at all, and then text would silently vanish. */
function fontFiles(): readonly string[] {
  fonts ??= ["400Regular/Arimo_400Regular.ttf", "700Bold/Arimo_700Bold.ttf"].map((file) =>
    fileURLToPath(import.meta.resolve(`@expo-google-fonts/arimo/${file}`)),
  );
  return fonts;
}

/** Characters that Arimo does not have (beyond Latin, Greek, Cyrillic, Hebrew and common signs). */
const BEYOND_ARIMO = /[^\t\n\r -\u05ff\u1e00-\u22ff\u25a0-\u25ff\ufb00-\ufb06]/;

/**
 * Draws an SVG as PNG at three times its size (about 300 dots an inch at 2.2 pixels a point).
 * @param svg - an SVG document
 * @param zoom - pixels per SVG unit, default 3
 * @returns the PNG file's bytes
 */
export async function renderPng(svg: string, zoom = 3): Promise<Uint8Array> {
  const { renderAsync } = await import("@resvg/resvg-js");
  // On another thread: the next figure is laid out meanwhile.
  const image = await renderAsync(svg, {
    fitTo: { mode: "zoom", value: zoom },
    background: PAPER,
    font: {
      // System fonts only where needed: they differ between machines, and finding them takes time.
      loadSystemFonts: BEYOND_ARIMO.test(svg),
      fontFiles: [...fontFiles()],
      defaultFontFamily: "Arimo",
      sansSerifFamily: "Arimo",
    },
  });
  return image.asPng();
}
