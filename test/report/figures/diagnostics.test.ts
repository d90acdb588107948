import { describe, expect, test } from "vitest";
import type { DiagnosticSummary } from "../../../src/models/persons/types.js";
import { buildCautions } from "../../../src/report/cautions/index.js";
import { buildReport } from "../../../src/report/document.js";
import { occasionFigure, quantileFigure, residualFigure } from "../../../src/report/figures/diagnostics.js";
import { renderSvg } from "../../../src/report/render.js";
import { makeInput } from "../fixtures.js";

function summary(changes: Partial<DiagnosticSummary> = {}): DiagnosticSummary {
  const shape = { weight: 100, mean: 0, sd: 1, skewness: 0.1, excessKurtosis: 0.2 };
  const quantiles = { n: 90, normal: [-2, -1, 0, 1, 2], observed: [-1.8, -1.1, 0, 0.9, 12] };
  return {
    nPersons: 30,
    nObservations: 100,
    residuals: { shape, floorShare: 0.1, ceilingShare: 0, autocorrelation: null },
    occasions: {
      by: "time",
      groups: [0, 1, 2].map((at) => ({
        at,
        n: 30,
        mean: at / 10,
        varianceRatio: 1 + at / 4,
        ratioError: 0.25,
      })),
    },
    effects: [],
    findings: [
      { name: "floor", sentence: "10% of the scores are the lowest possible (0).", advice: "Mind it." },
    ],
    points: Array.from({ length: 100 }, (_, i) => ({
      predicted: i / 5,
      residual: Math.sin(i) * (i === 7 ? 9 : 2),
    })),
    trend: [0, 1, 2].map((g) => ({ predicted: 5 * g + 2, mean: g / 10, sd: 1, n: 33 })),
    quantiles: [
      { name: "residuals", ...quantiles },
      { name: "(Intercept)", ...quantiles },
      { name: "session", ...quantiles },
    ],
    ...changes,
  };
}

const input = (changes: Partial<DiagnosticSummary> = {}): ReturnType<typeof makeInput> =>
  makeInput({ diagnostics: summary(changes) });

describe("figures of diagnostics", () => {
  test("are left out of a report without diagnostics, and in it with them, with cautions for the findings", () => {
    const ids = (each: ReturnType<typeof makeInput>): string[] =>
      buildReport(each).figures.map(({ id }) => id);
    const own = ["residuals", "quantiles", "residuals-by-occasion"];
    expect(ids(makeInput()).filter((id) => own.includes(id))).toEqual([]);
    expect(ids(input()).slice(-3)).toEqual(own);
    expect(buildCautions(input())).toContainEqual({
      weight: "note",
      text: "10% of the scores are the lowest possible (0).",
      advice: "Mind it.",
    });
  });

  test.each([residualFigure, quantileFigure, occasionFigure])(
    "are drawn with named axes: %o",
    async (figure) => {
      const found = figure(input())!;
      const wide = await renderSvg(found.spec);
      expect(wide).toMatch(/Predicted PHQ-9|Normal quantile|Variance \/ expected/);
      // About 720 and 340 pixels: what the page has room for.
      const width = (svg: string): number => Number(/width="([\d.]+)"/.exec(svg)![1]);
      expect(width(wide)).toBeLessThan(740);
      expect(width(await renderSvg(found.narrowSpec))).toBeLessThan(350);
      expect(found.alt.length).toBeGreaterThan(40);
      expect(found.caption).not.toMatch(/undefined|NaN|null/);
    },
  );

  test("name the random effect of the intercept in words, and residuals drawn at the edge", async () => {
    expect(await renderSvg(quantileFigure(input())!.spec)).toContain("Random effect: intercept");
    expect(residualFigure(input())!.caption).toContain("beyond 5 (1)");
  });

  test("do without a trend, random effects or occasions where there are too few", async () => {
    const few = input({
      trend: [],
      quantiles: summary().quantiles.slice(0, 1),
      occasions: { by: "session", groups: summary().occasions.groups.map((g) => ({ ...g, n: 3 })) },
    });
    await renderSvg(residualFigure(few)!.spec);
    expect(quantileFigure(few)!.caption).not.toContain("random effects");
    await renderSvg(quantileFigure(few)!.narrowSpec);
    expect(occasionFigure(few)).toBeNull();
    expect(residualFigure(input({ points: [] }))).toBeNull();
  });
});
