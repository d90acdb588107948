import { describe, expect, test } from "vitest";
import { buildReport } from "../../src/report/document.js";
import { sampleIndividuals } from "../../src/report/figures/individuals.js";
import { textWidth } from "../../src/report/figures/textWidth.js";
import { renderPng, renderSvg, withPaper } from "../../src/report/render.js";
import { makeFit, makeInput } from "./fixtures.js";
import { hardInputs } from "./hostile.js";

const { Resvg } = await import("@resvg/resvg-js");

/** Share of dark pixels of a PNG, by drawing it as an image. */
function darkShare(png: Uint8Array, width: number, height: number): number {
  const href = `data:image/png;base64,${Buffer.from(png).toString("base64")}`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><image href="${href}" width="${width}" height="${height}"/></svg>`;
  const { pixels } = new Resvg(svg, { font: { loadSystemFonts: false } }).render();
  let dark = 0;
  for (let i = 0; i < pixels.length; i += 4) if (pixels[i]! < 100 && pixels[i + 3]! > 200) dark++;
  return dark / (pixels.length / 4);
}

describe("text in PNG files", () => {
  const svg = (text: string): string =>
    `<svg xmlns="http://www.w3.org/2000/svg" width="200" height="20"><text x="2" y="15" font-size="14" font-family="Arial, sans-serif">${text}</text></svg>`;

  test("appears with the packaged font alone, in Latin, Greek and Cyrillic", async () => {
    for (const text of ["Caseness (≥ 10)", "Łódź Größe −3.2 [1, 2]", "χ² σ", "Класс"]) {
      const share = darkShare(await renderPng(withPaper(svg(text)), 1), 200, 20);
      expect(share, text).toBeGreaterThan(0.008);
    }
    expect(darkShare(await renderPng(withPaper(svg("")), 1), 200, 20)).toBe(0);
  });

  test("is as wide as the layout took it to be", () => {
    const text = "Class 2 (31%) rapid improvement";
    const probe = new Resvg(svg(text), {
      font: {
        loadSystemFonts: false,
        fontFiles: [
          import.meta
            .resolve("@expo-google-fonts/arimo/400Regular/Arimo_400Regular.ttf")
            .replace("file://", ""),
        ],
        defaultFontFamily: "Arimo",
      },
    });
    expect(probe.getBBox()!.width).toBeCloseTo(textWidth(text, 14), -0.5);
  });
});

describe("every figure draws without a warning", () => {
  test.each(Object.entries(hardInputs()))("%s", async (_, input) => {
    const { figures } = buildReport(input);
    expect(figures.length).toBeGreaterThan(0);
    expect(new Set(figures.map((figure) => figure.id)).size).toBe(figures.length);
    for (const figure of figures) {
      expect(JSON.parse(JSON.stringify(figure.spec))).toEqual(figure.spec);
      expect(figure.alt).not.toMatch(/undefined|NaN/);
      for (const spec of [figure.spec, figure.narrowSpec]) {
        const svg = await renderSvg(spec);
        expect(svg, figure.id).toMatch(/^<svg [^>]*viewBox=/);
        expect(svg, figure.id).not.toMatch(/NaN|undefined/);
        expect(svg).not.toMatch(/<script|<[^>]*onerror=|<image/);
        const width = Number(/width="([\d.]+)"/.exec(svg)![1]);
        expect(width, figure.id).toBeLessThan(spec === figure.spec ? 740 : 352);
      }
    }
  });

  test("the same input draws the same bytes", async () => {
    const [a, b] = [makeInput(), makeInput()].map((input) => buildReport(input).figures[0]!);
    expect(await renderSvg(a!.spec)).toBe(await renderSvg(b!.spec));
  });
});

describe("individual lines", () => {
  const { long, chosen } = makeInput();
  const lines = sampleIndividuals(long, chosen);

  test("are of 60 to 150 persons, each once, some of every class", () => {
    expect(lines.length).toBeGreaterThanOrEqual(60);
    expect(lines.length).toBeLessThanOrEqual(150);
    expect(new Set(lines.map((line) => line.person)).size).toBe(lines.length);
    expect(new Set(lines.map((line) => line.class))).toEqual(new Set([1, 2, 3, 4]));
  });

  test("carry the person's own scores and modal class", () => {
    for (const line of lines.slice(0, 20)) {
      const person = long.personIds.indexOf(chosen.posteriors.personIds[line.person]!);
      const scores = long.columns.get("phq9");
      expect(line.class).toBe(chosen.posteriors.modalClass[line.person]);
      expect(line.points[0]!.score).toBe(
        scores?.kind === "numeric" && scores.values[long.personStart[person]!],
      );
    }
  });

  test("are as many as wanted for any size of class", () => {
    for (const persons of [10, 37, 130, 245, 301]) {
      const { table, ...fit } = makeFit({ persons, classes: 2 });
      const drawn = sampleIndividuals(table, fit);
      const several = Array.from(
        { length: table.nPersons },
        (_, p) => table.personStart[p + 1]! - table.personStart[p]!,
      );
      const eligible = several.filter((n) => n > 1).length;
      expect(drawn.length, `${persons} persons`).toBeGreaterThanOrEqual(Math.min(eligible, 110));
    }
  });

  test("depend on the seed", () => {
    const other = sampleIndividuals(long, { ...chosen, seed: chosen.seed + 1 });
    expect(other.map((line) => line.person)).not.toEqual(lines.map((line) => line.person));
  });
});
