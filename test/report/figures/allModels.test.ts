import { describe, expect, it } from "vitest";
import { allModelsFigure } from "../../../src/report/figures/allModels.js";
import { renderSvg } from "../../../src/report/render.js";
import { makeFit, makeInput } from "../fixtures.js";

interface Axis {
  readonly axis: { readonly title: string | null; readonly values: readonly number[] };
}

describe("the figure of all models", () => {
  it.each([12, 31, 52, 7])("names its axes and has ticks enough when times run to %i", async (lastWeek) => {
    const fit = makeFit({ lastWeek, persons: 200 });
    const input = makeInput();
    const { enumeration } = input;
    const fits = enumeration!.fits.map((each) => ({
      ...each,
      classes: fit.classes.slice(0, each.classes.length),
    }));
    const figure = allModelsFigure({ ...input, chosen: fit, enumeration: { ...enumeration!, fits } })!;
    for (const spec of [figure.spec, figure.narrowSpec]) {
      const { x, y } = (spec as unknown as { spec: { encoding: { x: Axis; y: Axis } } }).spec.encoding;
      expect(x.axis.title).toMatch(/^Week/);
      expect(y.axis.title).toBe(input.measure.label);
      const within = x.axis.values.filter((value) => value >= 0 && value <= lastWeek);
      expect(within.length).toBeGreaterThanOrEqual(3);
      expect(within.length).toBeLessThanOrEqual(9);
    }
    const svg = await renderSvg(figure.spec);
    expect(svg).toContain(`>${input.measure.label}<`);
  });
});
