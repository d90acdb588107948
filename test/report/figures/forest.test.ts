import { describe, expect, it } from "vitest";
import { forestFigures } from "../../../src/report/figures/forest.js";
import { makeThreeStep } from "../fixtures.js";

describe("forest plots", () => {
  it("show each term once, with its classes beneath, when the regression lists them class by class", () => {
    const regression = makeThreeStep(4);
    const oddsRatios = [...regression.oddsRatios].sort((a, b) => a.outcome.localeCompare(b.outcome));
    const terms = [...new Set(oddsRatios.map((each) => each.term))].filter((term) => term !== "(Intercept)");
    const figures = forestFigures({ ...regression, oddsRatios }, 1);
    expect(figures).toHaveLength(4);
    for (const figure of figures) {
      const text = JSON.stringify(figure.spec);
      for (const term of terms) expect(text.split(`"${term}"`), `${figure.id}: ${term}`).toHaveLength(2);
    }
  });

  it("name the one contrast of two classes in the title, not under every term", () => {
    const [figure, ...more] = forestFigures(makeThreeStep(2), 1);
    expect(more).toHaveLength(0);
    expect(figure!.title).toMatch(/^Predictors of class [12] against class [12]$/);
    expect(JSON.stringify(figure!.spec)).not.toMatch(/"Class [12]"/);
    expect(figure!.alt).not.toMatch(/, class [12] \d/);
  });
});
